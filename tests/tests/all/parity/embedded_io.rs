//! Other wires: the adapter for embedded-io, on sockets of the standard library or of tokio.

use core::net::SocketAddr;
use core::num::NonZero;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::thread;

use wirenut::time::Duration;
use wirenut_embedded_io::{
    Buffers, Server, SystemClock, Tcp, TokioAccept, TokioConfig, TokioFailure, TokioListener, serve_on_threads,
};
use wirenut_reference::{DEVICE_LIMITS, Reference};
use wirenut_tests::parity::{Case, State, Transcript};

use super::client::{self, Failure};

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

const CONFIG: TokioConfig =
    TokioConfig { limits: DEVICE_LIMITS, drain: Duration::from_millis(200), ..TokioConfig::DEFAULT };

/// The same of a server over TCP sockets of tokio, in a runtime of its own.
pub(crate) fn ask_tokio(case: &Case, state: State, is_answered: bool) -> Result<Transcript, String> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    with_tokio(listener, state, 1, || client::converse(address, case, is_answered))
}

/// Two of them, on two threads and one socket.
pub(crate) fn ask_tokio_threads(case: &Case, state: State, is_answered: bool) -> Result<Transcript, String> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    with_tokio(listener, state, 2, || client::converse(address, case, is_answered))
}

/// A server over Unix sockets of tokio.
pub(crate) fn ask_tokio_unix(case: &Case, state: State, is_answered: bool) -> Result<Transcript, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).expect("a socket");
    with_tokio(listener, state, 1, || client::converse_unix(&path, case, is_answered))
}

fn with_tokio<L: TokioAccept + Send>(
    listener: L,
    state: State,
    threads: usize,
    ask: impl FnOnce() -> Result<Transcript, Failure>,
) -> Result<Transcript, String> {
    let threads = NonZero::new(threads).expect("one thread at least");
    let (stop, stopped) = tokio::sync::oneshot::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            let stopped = async { stopped.await.unwrap_or(()) };
            let serve = async |server: TokioListener<L>, stop| {
                let service = Reference { device: state.device() };
                // What went wrong is what the client is told.
                let on_failure = |failure| assert!(matches!(failure, TokioFailure::Connection(..)), "{failure}");
                server.serve(&service, stop, on_failure).await
            };
            serve_on_threads(listener, CONFIG, threads, stopped, serve).expect("threads and sockets");
        });
        let transcript = ask().map_err(|failure| format!("{failure:?}"));
        stop.send(()).expect("a server that runs");
        transcript
    })
}
