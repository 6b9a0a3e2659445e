//! HTTPS over tokio and rustls: `https_tokio ADDRESS CERTIFICATES KEY`, the last two in PEM.

use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use wirenut::http::{Limits, service::service_fn};
use wirenut_embedded_io::{Buffers, Server, TokioStream, TokioTimer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [address, certificates, key] =
        std::env::args().skip(1).collect::<Vec<_>>().try_into().expect("three arguments");
    let certificates = CertificateDer::pem_file_iter(certificates)?.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key)?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind(address).await?;
    let places = Arc::new(tokio::sync::Semaphore::new(100));
    loop {
        let place = places.clone().acquire_owned().await?;
        let (socket, peer) = listener.accept().await?;
        let handshake = tokio::time::timeout(Duration::from_secs(10), acceptor.accept(socket));
        tokio::spawn(async move {
            let _place = place;
            let Ok(Ok(tls)) = handshake.await else { return eprintln!("{peer}: no handshake") };
            let (mut input, mut store, mut output) = ([0; 4096], [0; Limits::DEFAULT.store_bytes()], [0; 4096]);
            let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
            let hello = service_fn(|_, responder| responder.text("Hello, World!\n"));
            let mut stream = TokioStream::over(tls, |tls| tls.get_ref().0);
            let connection = Server::new(&Limits::DEFAULT, buffers).with_peer(peer);
            if let Err(error) = connection.serve(&mut stream, &hello, &TokioTimer::new()).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}
