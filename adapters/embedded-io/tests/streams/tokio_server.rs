//! Servers over sockets of tokio, TCP and Unix: who comes in, who has to go for that, and how it ends.

use core::cell::RefCell;
use core::future::Future;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::path::PathBuf;

use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::time;
use wirenut::readiness::Policy;
use wirenut::time as core_time;
use wirenut_embedded_io::{TokioAccept, TokioConfig, TokioFailure, TokioListener, TokioReport, TokioSocket};

mod admission;
mod datagrams;
mod descriptors;
mod ending;
mod endpoints;
mod handlers;
mod handlers_and_places;
mod http;
mod lab;
mod peers;
mod threads;

use lab::Lab;

/// A kind of sockets, and where a server of it listens.
trait Kind: Clone + 'static {
    type Listener: TokioAccept<Stream = Self::Stream, Peer: 'static>;
    type Stream: TokioSocket;
    type Blocking: io::Write + 'static;
    /// Can a peer tell an abort from an end?
    const HAS_RESET: bool;

    fn listen(folder: &TempDir) -> (Self::Listener, Self);
    async fn try_connect(&self) -> io::Result<Self::Stream>;
    fn connect_blocking(&self) -> Self::Blocking;
    fn to_async(blocking: &Self::Blocking) -> Self::Stream;
}

#[derive(Clone)]
struct Tcp(SocketAddr);

impl Kind for Tcp {
    type Listener = TcpListener;
    type Stream = TcpStream;
    type Blocking = std::net::TcpStream;
    const HAS_RESET: bool = true;

    fn listen(_: &TempDir) -> (TcpListener, Self) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("a socket");
        (TcpListener::from_std(listener).expect("a runtime"), Self(address))
    }

    async fn try_connect(&self) -> io::Result<TcpStream> {
        TcpStream::connect(self.0).await
    }

    fn connect_blocking(&self) -> std::net::TcpStream {
        std::net::TcpStream::connect(self.0).expect("a place in the queue")
    }

    fn to_async(blocking: &std::net::TcpStream) -> TcpStream {
        blocking.set_nonblocking(true).expect("a socket");
        TcpStream::from_std(blocking.try_clone().expect("a descriptor")).expect("a runtime")
    }
}

#[derive(Clone)]
struct Unix(PathBuf);

impl Kind for Unix {
    type Listener = UnixListener;
    type Stream = UnixStream;
    type Blocking = std::os::unix::net::UnixStream;
    const HAS_RESET: bool = false;

    fn listen(folder: &TempDir) -> (UnixListener, Self) {
        let path = folder.path().join("socket");
        (UnixListener::bind(&path).expect("a socket"), Self(path))
    }

    async fn try_connect(&self) -> io::Result<UnixStream> {
        UnixStream::connect(&self.0).await
    }

    fn connect_blocking(&self) -> std::os::unix::net::UnixStream {
        std::os::unix::net::UnixStream::connect(&self.0).expect("a place in the queue")
    }

    fn to_async(blocking: &std::os::unix::net::UnixStream) -> UnixStream {
        blocking.set_nonblocking(true).expect("a socket");
        UnixStream::from_std(blocking.try_clone().expect("a descriptor")).expect("a runtime")
    }
}

/// Makes a test of it over each kind.
macro_rules! over_both {
    ($test:ident) => {
        mod $test {
            #[test]
            fn tcp() {
                super::$test::<crate::tokio_server::Tcp>();
            }

            #[test]
            fn unix() {
                super::$test::<crate::tokio_server::Unix>();
            }
        }
    };
}
use over_both;

type Failures<K> = Vec<TokioFailure<<<K as Kind>::Listener as TokioAccept>::Peer>>;

/// What a test works with.
struct World<'w, K: Kind> {
    address: K,
    stop: oneshot::Sender<Box<dyn FnOnce()>>,
    failures: &'w RefCell<Failures<K>>,
}

impl<K: Kind> World<'_, K> {
    async fn connect(&self) -> K::Stream {
        self.address.try_connect().await.expect("a server")
    }

    fn stop(self) {
        self.stop_after(|| ());
    }

    /// Does that at the very moment at which the server hears of its end.
    fn stop_after(self, last: impl FnOnce() + 'static) {
        assert!(self.stop.send(Box::new(last)).is_ok(), "no server");
    }
}

/// Runs a server beside a test, which stops it. What it reports, and what went wrong.
async fn beside<K: Kind>(
    config: TokioConfig,
    serve: impl AsyncFnOnce(TokioListener<K::Listener>, Stopped, &RefCell<Failures<K>>) -> TokioReport,
    test: impl AsyncFnOnce(World<'_, K>),
) -> (TokioReport, Failures<K>) {
    let folder = tempfile::tempdir().expect("a folder");
    let (listener, address) = K::listen(&folder);
    let server = TokioListener::new(listener, config).expect("a server");
    let failures = RefCell::default();
    let (stop, stopped) = oneshot::channel::<Box<dyn FnOnce()>>();
    let stopped = Box::pin(async { stopped.await.expect("a test that stops it")() });
    let world = World { address, stop, failures: &failures };
    let (report, ()) = tokio::join!(serve(server, stopped, &failures), test(world));
    (report, failures.take())
}

type Stopped = core::pin::Pin<Box<dyn Future<Output = ()>>>;

/// The same of HTTP, answered by a [`Lab`].
fn with_server<K: Kind>(config: TokioConfig, test: impl AsyncFnOnce(World<'_, K>, &Lab)) -> (TokioReport, Failures<K>) {
    run(async {
        let lab = Lab::default();
        let serve = async |server: TokioListener<K::Listener>, stopped, failures: &RefCell<Failures<K>>| {
            server.serve(&lab, stopped, |failure| failures.borrow_mut().push(failure)).await
        };
        let outcome = beside::<K>(config, serve, async |world: World<'_, K>| test(world, &lab).await).await;
        lab.check();
        outcome
    })
}

/// What comes of it, in a runtime of one thread, and a bounded time.
fn run<R>(future: impl Future<Output = R>) -> R {
    let outcome = RefCell::new(None);
    crate::tokio::run(async { *outcome.borrow_mut() = Some(future.await) });
    outcome.into_inner().expect("an end")
}

/// Whoever has been quiet for a moment gives way.
const POLICY: Policy = Policy {
    slots: 2,
    min_idle: core_time::Duration::from_millis(1),
    min_head: core_time::Duration::from_millis(1),
    ..Policy::DEFAULT
};

const fn config(policy: Policy) -> TokioConfig {
    TokioConfig { policy, ..TokioConfig::DEFAULT }
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a server");
}

/// Reads an answer up to these bytes.
async fn hear(stream: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut heard = Vec::new();
    while !heard.ends_with(end.as_bytes()) {
        let count = stream.read_buf(&mut heard).await.expect("an answer");
        assert_ne!(count, 0, "ended in {:?}", String::from_utf8_lossy(&heard));
    }
    String::from_utf8(heard).expect("text")
}

async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    say(stream, "/hello").await;
    assert!(hear(stream, "hello").await.starts_with("HTTP/1.1 200 OK\r\n"));
}

/// All that still comes, and whether it ended by a reset.
async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> (String, bool) {
    let mut rest = Vec::new();
    let ended = stream.read_to_end(&mut rest).await;
    let was_reset = match ended {
        Ok(_) => false,
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => true,
        Err(error) => panic!("{error}"),
    };
    (String::from_utf8(rest).expect("text"), was_reset)
}

/// How whoever comes is refused, once nobody listens any more. (A process that another test starts has a copy of each socket for
/// a moment.)
async fn refusal<K: Kind>(address: &K) -> io::ErrorKind {
    loop {
        match address.try_connect().await {
            Ok(_) => time::sleep(Duration::from_millis(10)).await,
            Err(error) => return error.kind(),
        }
    }
}

/// Is nothing said to it for a little while?
async fn is_silent(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    time::timeout(Duration::from_millis(150), stream.read(&mut [0])).await.is_err()
}
