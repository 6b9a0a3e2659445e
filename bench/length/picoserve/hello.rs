//! The smallest server. The buffer of a connection is 2 KiB, which bounds the request head.

use std::rc::Rc;

use picoserve::{Config, Router, Server, routing::get};
use tokio::net::TcpListener;
use tokio::task::{LocalSet, spawn_local};

static CONFIG: Config = Config::const_default().keep_connection_alive();

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let app = Rc::new(Router::new().route("/", get(async || "Hello, World!\n")));
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    let serve = async {
        loop {
            let (stream, _) = listener.accept().await?;
            let app = app.clone();
            spawn_local(async move { Server::new_tokio(&app, &CONFIG, &mut [0; 2048]).serve(stream).await });
        }
    };
    LocalSet::new().run_until(serve).await
}
