//! A hyper server on one thread of tokio that answers as the canned server does, with a semaphore for its connections: the
//! usual way to bound them.

extern crate alloc;

use alloc::sync::Arc;
use core::convert::Infallible;
use core::net::SocketAddr;
use core::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpSocket;
use tokio::sync::Semaphore;

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("usage: hello_hyper ADDR:PORT [MAX-CONNECTIONS]")?;
    let most = arguments.next().map_or(Ok(Semaphore::MAX_PERMITS), |most| most.parse())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(tokio::task::LocalSet::new().run_until(serve(address.parse()?, most)))
}

async fn serve(address: SocketAddr, most: usize) -> Result<(), Box<dyn core::error::Error>> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(4_096)?;
    let places = Arc::new(Semaphore::new(most));
    loop {
        let place = Arc::clone(&places).acquire_owned().await?;
        let Ok((stream, _)) = listener.accept().await else {
            // Descriptors have run out.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        stream.set_nodelay(true)?;
        tokio::task::spawn_local(async move {
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(hello)).await;
            drop(place);
        });
    }
}

async fn hello(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() == "/slow" {
        // A handler that blocks, as that of `models`.
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(Response::new(Full::new(Bytes::from_static(b"Hello, World!"))))
}
