//! Servers on several threads, over one listening socket.

use alloc::sync::Arc;
use core::convert::Infallible;
use core::net::SocketAddr;
use core::num::NonZero;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Mutex;
use std::{panic, thread};

use tokio::sync::oneshot;
use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{RequestHead, Response, Status, WriteError};
use wirenut::readiness::Policy;
use wirenut_embedded_io::{TokioAccept, TokioConfig, TokioListener, TokioReport, serve_on_threads};

/// Counts what it answers.
#[derive(Default)]
struct Counting(AtomicU32);

impl Service for Counting {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        assert_ne!(head.target.path(), b"/panic", "on purpose");
        self.0.fetch_add(1, Ordering::Relaxed);
        responder.send(&Response::new(Status::OK), b"hello")?;
        Ok(((), Step::Done))
    }
}

const THREADS: NonZero<usize> = NonZero::new(3).unwrap();

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Asks, and takes the answer.
fn ask(stream: impl Read + Write) {
    assert!(try_ask(stream).expect("an answer"), "the server has ended");
}

/// Asks, and takes the answer. False: the server has ended instead, before the first byte of one.
fn try_ask(mut stream: impl Read + Write) -> io::Result<bool> {
    stream.write_all(REQUEST)?;
    let mut answer = BufReader::new(stream);
    let mut line = String::new();
    while line != "\r\n" {
        let is_first = line.is_empty();
        line.clear();
        if answer.read_line(&mut line)? == 0 {
            assert!(is_first, "an answer that is cut off");
            return Ok(false);
        }
    }
    let mut content = [0; 5];
    answer.read_exact(&mut content)?;
    assert_eq!(&content, b"hello");
    Ok(true)
}

/// Serves beside a test, and then stops.
fn with_threads<L: TokioAccept + Send>(
    listener: L,
    config: TokioConfig,
    serve: impl AsyncFn(TokioListener<L>, wirenut_embedded_io::TokioStop) -> TokioReport + Sync,
    test: impl FnOnce(),
) -> io::Result<TokioReport> {
    let (stop, stopped) = oneshot::channel::<()>();
    thread::scope(|scope| {
        let serve = &serve;
        let serving = scope.spawn(move || {
            let stopped = async { _ = stopped.await };
            serve_on_threads(listener, config, THREADS, stopped, async |server, stop| serve(server, stop).await)
        });
        // Its failure stops them, too.
        test();
        drop(stop);
        serving.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
    })
}

fn tcp() -> (std::net::TcpListener, SocketAddr) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a server");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
    stream
}

#[test]
fn they_share_a_socket_and_end_together() {
    let (listener, address) = tcp();
    let service = Arc::new(Counting::default());
    let serve =
        async |server: TokioListener<_>, stop| server.serve(&*service, stop, |failure| panic!("{failure}")).await;
    let report = with_threads(listener, TokioConfig::DEFAULT, serve, || {
        let streams: Vec<_> = (0..30).map(|_| connect(address)).collect();
        for _ in 0..3 {
            streams.iter().for_each(ask);
        }
    });
    let report = report.expect("threads");
    assert_eq!((report.accepted, report.cut, service.0.load(Ordering::Relaxed)), (30, 0, 90));
    // A process that another test starts has a copy of each socket for a moment.
    let end = std::time::Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(address).is_ok() {
        assert!(std::time::Instant::now() < end, "somebody listens still");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Whatever was done for a client, the client knows of: no answer is lost, however busy the servers are when they are stopped.
#[test]
fn no_answer_is_lost_when_they_are_stopped_under_load() {
    let (listener, address) = tcp();
    let (service, answered) = (Counting::default(), AtomicU32::new(0));
    let serve = async |server: TokioListener<_>, stop| {
        // A peer that sends one more request may meet a closed connection.
        server.serve(&service, stop, |_| ()).await
    };
    let client = || {
        while let Ok(stream) = TcpStream::connect(address) {
            stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
            for _ in 0..20 {
                match try_ask(&stream) {
                    Ok(true) => _ = answered.fetch_add(1, Ordering::Relaxed),
                    Ok(false) => break,
                    Err(error) => {
                        assert_ne!(error.kind(), io::ErrorKind::UnexpectedEof, "an answer that is cut off");
                        assert_ne!(error.kind(), io::ErrorKind::WouldBlock, "no answer at all");
                        break;
                    }
                }
            }
        }
    };
    let report = thread::scope(|scope| {
        with_threads(listener, TokioConfig::DEFAULT, serve, || {
            for _ in 0..8 {
                scope.spawn(client);
            }
            while answered.load(Ordering::Relaxed) < 1_000 {
                thread::sleep(Duration::from_millis(1));
            }
        })
    });
    assert_eq!(report.expect("threads").cut, 0);
    assert_eq!(service.0.into_inner(), answered.into_inner());
}

#[test]
fn over_unix_sockets_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).expect("a socket");
    let service = Counting::default();
    let serve =
        async |server: TokioListener<_>, stop| server.serve(&service, stop, |failure| panic!("{failure}")).await;
    let report = with_threads(listener, TokioConfig::DEFAULT, serve, || {
        let streams: Vec<_> = (0..10).map(|_| UnixStream::connect(&path).expect("a server")).collect();
        streams.iter().for_each(ask);
    });
    assert_eq!(report.expect("threads").accepted, 10);
}

/// One count for all: there are never more than that, and whoever waits is taken in by the thread that has a place.
#[test]
fn they_share_their_places() {
    const SLOTS: u32 = 4;
    let (listener, address) = tcp();
    let (now, most) = (AtomicU32::new(0), AtomicU32::new(0));
    let policy = Policy { slots: SLOTS, evict_idle: false, ..Policy::DEFAULT };
    let serve = async |server: TokioListener<std::net::TcpListener>, stop| {
        let handler = async |connection: &mut wirenut_embedded_io::TokioConnection<'_, _>, _: &_| {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            connection.write_all(b"in\n").await?;
            let ended = connection.read(&mut [0]).await;
            now.fetch_sub(1, Ordering::SeqCst);
            ended.map(drop)
        };
        server.handle(handler, stop, |failure| panic!("{failure}")).await
    };
    let report = with_threads(listener, TokioConfig { policy, ..TokioConfig::DEFAULT }, serve, || {
        thread::scope(|scope| {
            for _ in 0..40 {
                scope.spawn(|| {
                    let mut stream = connect(address);
                    let mut word = [0; 3];
                    stream.read_exact(&mut word).expect("a place, in the end");
                    thread::sleep(Duration::from_millis(2));
                });
            }
        });
    });
    let report = report.expect("threads");
    assert_eq!((report.accepted, report.refused, most.load(Ordering::SeqCst)), (40, 0, SLOTS));
}

#[test]
fn a_thread_that_panics_ends_them_all() {
    let (listener, address) = tcp();
    let threads = Mutex::new(Vec::new());
    let serve = async |server: TokioListener<_>, stop| {
        threads.lock().expect("no panic").push(thread::current().id());
        server.serve(&Counting::default(), stop, |failure| panic!("the log: {failure}")).await
    };
    let outcome = panic::catch_unwind(panic::AssertUnwindSafe(|| {
        with_threads(listener, TokioConfig::DEFAULT, serve, || {
            ask(&connect(address));
            let mut stream = connect(address);
            stream.write_all(b"GET /panic HTTP/1.1\r\nHost: a\r\n\r\n").expect("a server");
            // They end without being stopped.
            let end = std::time::Instant::now() + Duration::from_secs(20);
            while TcpStream::connect(address).is_ok() {
                assert!(std::time::Instant::now() < end, "they go on");
                thread::sleep(Duration::from_millis(10));
            }
        })
    }));
    let panic = outcome.expect_err("a panic");
    let text = panic.downcast_ref::<String>().expect("text");
    assert!(text.starts_with("the log: 127.0.0.1:") && text.ends_with(": the service has panicked"), "{text}");
    assert_eq!(threads.lock().expect("no panic").len(), THREADS.get());
}
