//! Other wires: the adapter for embedded-io, on one socket of the standard library or of tokio.

use core::net::SocketAddr;
use std::net::TcpListener;
use std::thread;

use wirenut::time::Duration;
use wirenut_embedded_io::{Buffers, Server, SystemClock, Tcp, TokioConfig, TokioFailure, TokioListener};
use wirenut_reference::{DEVICE_LIMITS, Reference};
use wirenut_tests::parity::{Case, State, Transcript};

use super::client;

/// What the client of `case` gets of a server of one connection.
pub(crate) fn ask(case: &Case, state: State, is_answered: bool) -> Result<Transcript, String> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address: SocketAddr = listener.local_addr().expect("an address");
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut input, mut store, mut output) = ([0; 2048], [0; DEVICE_LIMITS.store_bytes()], [0; 2048]);
            let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
            let mut socket = Tcp::new(listener.accept().expect("a connection").0).expect("a socket");
            let (service, clock) = (Reference { device: state.device() }, SystemClock::new());
            let connection = Server::new(&DEVICE_LIMITS, buffers);
            // What went wrong is what the client is told.
            let _ =
                connection.serve_blocking(&mut socket, &service, &clock, |socket, wanted| socket.wait(wanted, &clock));
        });
        client::converse(address, case, is_answered).map_err(|failure| format!("{failure:?}"))
    })
}

/// The same of a server over sockets of tokio, in a runtime of its own.
pub(crate) fn ask_tokio(case: &Case, state: State, is_answered: bool) -> Result<Transcript, String> {
    const CONFIG: TokioConfig =
        TokioConfig { limits: DEVICE_LIMITS, drain: Duration::from_millis(200), ..TokioConfig::DEFAULT };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address: SocketAddr = listener.local_addr().expect("an address");
    let (stop, stopped) = tokio::sync::oneshot::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            let service = Reference { device: state.device() };
            let stopped = async { stopped.await.unwrap_or(()) };
            // What went wrong is what the client is told.
            let on_failure = |failure| assert!(matches!(failure, TokioFailure::Connection(..)), "{failure}");
            runtime.block_on(TokioListener::new(listener, CONFIG).serve(&service, stopped, on_failure));
        });
        let transcript = client::converse(address, case, is_answered).map_err(|failure| format!("{failure:?}"));
        stop.send(()).expect("a server that runs");
        transcript
    })
}
