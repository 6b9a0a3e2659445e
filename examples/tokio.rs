//! A server over sockets of tokio, until Ctrl-C ends it gracefully.

use wirenut::http::service::service_fn;
use wirenut_embedded_io::{TokioConfig, TokioListener};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = tokio::net::TcpListener::bind(address).await?;
    let hello = service_fn(|_, responder| responder.text("Hello, World!\n"));
    let server = TokioListener::new(listener, TokioConfig::DEFAULT)?;
    let stop = async { _ = tokio::signal::ctrl_c().await };
    server.serve(&hello, stop, |failure| eprintln!("{failure}")).await;
    Ok(())
}
