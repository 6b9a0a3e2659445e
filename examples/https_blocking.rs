//! HTTPS over sockets that block, and rustls, a thread for each connection: `https_blocking ADDRESS CERTIFICATES KEY`, the
//! last two in PEM.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use wirenut::http::{Limits, service::service_fn};
use wirenut_embedded_io::{Buffers, Server, StdStream, SystemClock, blocking::Sequential};

type Failure = Box<dyn std::error::Error>;

/// How long a read or a write may block before deadlines are looked at.
const TICK: Duration = Duration::from_secs(1);

fn main() -> Result<(), Failure> {
    let [address, certificates, key] =
        std::env::args().skip(1).collect::<Vec<_>>().try_into().expect("three arguments");
    let certificates = CertificateDer::pem_file_iter(certificates)?.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let config = Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key)?);
    let listener = TcpListener::bind(address)?;
    loop {
        let (socket, peer) = listener.accept()?;
        let config = config.clone();
        thread::spawn(move || serve(socket, peer, config).inspect_err(|error| eprintln!("{peer}: {error}")).ok());
    }
}

fn serve(socket: TcpStream, peer: SocketAddr, config: Arc<ServerConfig>) -> Result<(), Failure> {
    socket.set_read_timeout(Some(TICK))?;
    socket.set_write_timeout(Some(TICK))?;
    let tls = StreamOwned::new(ServerConnection::new(config)?, socket);
    let mut stream = Sequential(StdStream::over(
        tls,
        |tls| &tls.sock,
        |tls| {
            tls.conn.send_close_notify();
            tls.flush()
        },
    ));
    let (mut input, mut store, mut output) = ([0; 4096], [0; Limits::DEFAULT.store_bytes()], [0; 4096]);
    let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
    let hello = service_fn(|_, responder| responder.text("Hello, World!\n"));
    let clock = SystemClock::new();
    let connection = Server::new(&Limits::DEFAULT, buffers).with_peer(peer);
    connection.serve_blocking(&mut stream, &hello, &clock, |stream, wanted| stream.0.wait(wanted, &clock))?;
    Ok(())
}
