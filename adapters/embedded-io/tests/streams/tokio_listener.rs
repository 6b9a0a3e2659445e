//! A server over sockets of tokio: who comes in, who has to go for that, and how it ends.

use alloc::rc::Rc;
use alloc::sync::Arc;
use core::cell::{Cell, RefCell};
use core::convert::Infallible;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicU32, Ordering};
use core::task::Waker;
use core::time::Duration;
use std::io::{self, BufRead, BufReader};
use std::process::{self, Command, Stdio};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time;
use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{self, Limits, RequestHead, Response, Rule, Status, WriteError};
use wirenut::readiness::{Policy, WhenFull};
use wirenut::time as core_time;
use wirenut_embedded_io::{Error, TokioConfig, TokioFailure, TokioListener, TokioReport};

/// `/hello`; `/wait`, until it is released; `/begun`, an answer that never comes whole; `/panic`. Not for threads.
#[derive(Default)]
struct Lab {
    is_released: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
    begun: Cell<u32>,
    closed: Cell<u32>,
}

impl Lab {
    fn release(&self) {
        self.is_released.set(true);
        self.waiting.borrow_mut().drain(..).for_each(Waker::wake);
    }
}

impl Service for Lab {
    type Exchange = Rc<()>;
    type Source = Infallible;

    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<(Self::Exchange, Step), WriteError> {
        self.begun.set(self.begun.get() + 1);
        let step = match head.target.path() {
            b"/hello" => {
                responder.send(&Response::new(Status::OK), b"hello")?;
                Step::Done
            }
            b"/begun" => {
                responder.respond(&Response::new(Status::OK).with_length(100))?;
                responder.send_body(b"begun")?;
                Step::Wait(None)
            }
            b"/wait" => {
                self.waiting.borrow_mut().push(responder.waker());
                Step::Wait(None)
            }
            path => {
                // No exchange has begun.
                self.begun.set(self.begun.get() - 1);
                panic!("on purpose: {}", path.escape_ascii());
            }
        };
        Ok((Rc::new(()), step))
    }

    fn proceed(&self, _: &mut Self::Exchange, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        if !self.is_released.get() || responder.is_responding() {
            return Ok(Step::Wait(None));
        }
        responder.send(&Response::new(Status::OK), b"waited")?;
        Ok(Step::Done)
    }

    fn closed(&self, _: Self::Exchange, _: Result<(), http::Error>) {
        self.closed.set(self.closed.get() + 1);
    }
}

/// What a test works with.
struct World<'w> {
    address: SocketAddr,
    lab: &'w Lab,
    stop: oneshot::Sender<Box<dyn FnOnce()>>,
    failures: &'w RefCell<Vec<TokioFailure>>,
}

impl World<'_> {
    fn stop(self) {
        self.stop_after(|| ());
    }

    /// Does that at the very moment at which the server hears of its end.
    fn stop_after(self, last: impl FnOnce() + 'static) {
        assert!(self.stop.send(Box::new(last)).is_ok(), "no server");
    }
}

/// Runs a server beside a test, which may stop it, and what it reports at its end.
fn with_server(config: TokioConfig, test: impl AsyncFnOnce(World<'_>)) -> (TokioReport, Vec<TokioFailure>) {
    let outcome = RefCell::default();
    crate::tokio::run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (lab, failures) = (Lab::default(), RefCell::<Vec<_>>::default());
        let (stop, stopped) = oneshot::channel::<Box<dyn FnOnce()>>();
        let server = TokioListener::new(listener, config).expect("a server");
        let stopped = async { stopped.await.expect("a test that stops it")() };
        let on_failure = |failure| failures.borrow_mut().push(failure);
        let serving = server.serve(&lab, stopped, on_failure);
        let world = World { address, lab: &lab, stop, failures: &failures };
        let (report, ()) = tokio::join!(serving, test(world));
        assert_eq!(lab.begun.get(), lab.closed.get(), "exchanges begun and closed");
        *outcome.borrow_mut() = Some((report, failures.take()));
    });
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

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("a server")
}

fn from_std(stream: std::net::TcpStream) -> TcpStream {
    stream.set_nonblocking(true).expect("a socket");
    TcpStream::from_std(stream).expect("a runtime")
}

async fn say(stream: &mut TcpStream, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a server");
}

/// Reads an answer up to these bytes.
async fn hear(stream: &mut TcpStream, end: &str) -> String {
    let mut heard = Vec::new();
    while !heard.ends_with(end.as_bytes()) {
        let count = stream.read_buf(&mut heard).await.expect("an answer");
        assert_ne!(count, 0, "ended in {:?}", String::from_utf8_lossy(&heard));
    }
    String::from_utf8(heard).expect("text")
}

async fn ask(stream: &mut TcpStream) {
    say(stream, "/hello").await;
    assert!(hear(stream, "hello").await.starts_with("HTTP/1.1 200 OK\r\n"));
}

/// All that still comes, and whether it ended by a reset.
async fn rest(stream: &mut TcpStream) -> (String, bool) {
    let mut rest = Vec::new();
    let ended = stream.read_to_end(&mut rest).await;
    let was_reset = match ended {
        Ok(_) => false,
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => true,
        Err(error) => panic!("{error}"),
    };
    (String::from_utf8(rest).expect("text"), was_reset)
}

/// Is nothing said to it for a little while?
async fn is_silent(stream: &TcpStream) -> bool {
    time::timeout(Duration::from_millis(150), stream.peek(&mut [0])).await.is_err()
}

#[test]
fn many_connections_are_served_at_once_and_a_report_is_given() {
    let (report, failures) = with_server(TokioConfig::DEFAULT, async |world| {
        let mut streams = Vec::new();
        for _ in 0..200 {
            streams.push(connect(world.address).await);
        }
        for _ in 0..5 {
            for stream in &mut streams {
                say(stream, "/hello").await;
            }
            for stream in &mut streams {
                let answer = hear(stream, "hello").await;
                // A server with a clock says when it has answered (RFC 9110 §6.6.1).
                assert!(answer.contains("\r\nDate: "), "{answer}");
            }
        }
        let mut waiting = connect(world.address).await;
        say(&mut waiting, "/wait").await;
        ask(&mut streams[0]).await;
        assert!(is_silent(&waiting).await);
        world.lab.release();
        hear(&mut waiting, "waited").await;
        drop(streams);
        drop(waiting);
        world.stop();
    });
    let TokioReport { accepted, refused, evicted, cut, panics, .. } = report;
    assert_eq!(([accepted, refused, evicted, cut, panics], failures.len()), ([201, 0, 0, 0, 0], 0));
}

#[test]
fn an_idle_connection_gives_way() {
    let (report, _) = with_server(config(POLICY), async |world| {
        let [mut first, mut second] = [connect(world.address).await, connect(world.address).await];
        ask(&mut first).await;
        ask(&mut second).await;
        time::sleep(Duration::from_millis(20)).await;
        // The second one is in use: so it is the first one that goes.
        ask(&mut second).await;
        let mut third = connect(world.address).await;
        ask(&mut third).await;
        assert_eq!(rest(&mut first).await, (String::new(), false));
        ask(&mut second).await;
        world.stop();
    });
    assert_eq!((report.accepted, report.evicted, report.cut), (3, 1, 0));
}

#[test]
fn a_slow_head_gives_way_and_is_answered() {
    let (report, failures) = with_server(config(Policy { slots: 1, ..POLICY }), async |world| {
        let mut slow = connect(world.address).await;
        slow.write_all(b"GET /hello HTTP/1.1\r\nHo").await.expect("a server");
        time::sleep(Duration::from_millis(50)).await;
        let mut other = connect(world.address).await;
        say(&mut other, "/hello").await;
        let (answer, was_reset) = rest(&mut slow).await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && !was_reset, "{answer} {was_reset}");
        drop(slow);
        hear(&mut other, "hello").await;
        world.stop();
    });
    assert_eq!((report.accepted, report.evicted), (2, 1));
    assert!(
        matches!(&failures[..], [TokioFailure::Connection(_, Error::Protocol(error))] if error.rule == Rule::HeadTimeout)
    );
}

#[test]
fn whoever_is_in_use_stays_and_others_queue_until_there_is_a_place() {
    let (report, _) = with_server(config(POLICY), async |world| {
        let [mut first, mut second] = [connect(world.address).await, connect(world.address).await];
        say(&mut first, "/wait").await;
        say(&mut second, "/wait").await;
        let mut others = Vec::new();
        for _ in 0..3 {
            let mut other = connect(world.address).await;
            say(&mut other, "/hello").await;
            others.push(other);
        }
        for other in &others {
            assert!(is_silent(other).await);
        }
        world.lab.release();
        // Each of them makes room for the next one when it is idle.
        for stream in [&mut first, &mut second] {
            hear(stream, "waited").await;
        }
        for other in &mut others {
            hear(other, "hello").await;
        }
        world.stop();
    });
    assert_eq!((report.accepted, report.refused), (5, 0));
    assert!(report.evicted >= 3, "{report:?}");
}

#[test]
fn whoever_has_no_place_is_told_so_also_more_than_may_linger_at_once() {
    const MANY: usize = 40;
    let policy = Policy { evict_idle: false, when_full: WhenFull::Refuse, ..POLICY };
    // Nobody may linger for so long that the test would see its end.
    let limits = Limits { linger: core_time::Duration::from_secs(1000), ..Limits::DEFAULT };
    let (report, failures) = with_server(TokioConfig { limits, ..config(policy) }, async |world| {
        let [mut first, mut second] = [connect(world.address).await, connect(world.address).await];
        ask(&mut first).await;
        ask(&mut second).await;
        let mut refused = Vec::new();
        for _ in 0..MANY {
            let mut stream = connect(world.address).await;
            // More than is read of a request: no reset may destroy the answer.
            stream.write_all(&[b'x'; 20_000]).await.expect("a server");
            refused.push(stream);
        }
        for stream in &mut refused {
            let answer = hear(stream, "\r\n\r\n").await;
            assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
        }
        ask(&mut first).await;
        ask(&mut second).await;
        // The first of them had to go for the last, so nobody reads what it still says.
        while refused[0].write_all(b"more").await.is_ok() {
            time::sleep(Duration::from_millis(10)).await;
        }
        for _ in 0..3 {
            refused[MANY - 1].write_all(b"more").await.expect("somebody who reads");
            time::sleep(Duration::from_millis(10)).await;
        }
        drop(refused);
        world.stop();
    });
    assert_eq!((report.accepted, report.refused, report.evicted), (2, MANY as u64, 0));
    assert!(failures.iter().all(|failure| matches!(failure, TokioFailure::Connection(..))), "{failures:?}");
}

/// An answer in flight comes whole, an idle connection is closed, who has just connected has a moment, and who waits in the
/// queue is taken in; then nobody any more.
#[test]
fn a_server_that_is_told_to_stop_answers_what_has_come() {
    let (report, failures) = with_server(TokioConfig::DEFAULT, async |world| {
        let mut busy = connect(world.address).await;
        say(&mut busy, "/wait").await;
        let mut used = std::net::TcpStream::connect(world.address).expect("a server");
        let mut idle = from_std(used.try_clone().expect("a descriptor"));
        ask(&mut idle).await;
        let mut fresh = connect(world.address).await;
        assert!(is_silent(&fresh).await);
        let (address, lab) = (world.address, world.lab);
        let (sender, receiver) = std::sync::mpsc::channel();
        let start = time::Instant::now();
        world.stop_after(move || {
            let mut queued = std::net::TcpStream::connect(address).expect("a place in the queue");
            for stream in [&mut used, &mut queued] {
                io::Write::write_all(stream, b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").expect("a connection");
            }
            sender.send(queued).expect("a test");
        });

        assert!(is_silent(&busy).await);
        let mut queued = from_std(receiver.recv().expect("the end"));
        let (answer, was_reset) = rest(&mut queued).await;
        assert!(answer.ends_with("hello") && !was_reset, "{answer}");
        let (answer, was_reset) = rest(&mut idle).await;
        assert!(answer.ends_with("hello") && !was_reset, "{answer}");
        assert_eq!(rest(&mut fresh).await, (String::new(), false));
        assert!(start.elapsed() >= Duration::from_millis(100), "it had no moment to ask");
        let later = TcpStream::connect(address).await.expect_err("nobody listens");
        assert_eq!(later.kind(), io::ErrorKind::ConnectionRefused);
        assert!(is_silent(&busy).await);
        lab.release();
        let (answer, was_reset) = rest(&mut busy).await;
        assert!(answer.contains("\r\nConnection: close\r\n") && answer.ends_with("waited") && !was_reset, "{answer}");
    });
    assert_eq!((report.accepted, report.cut, failures.len()), (4, 0, 0), "{failures:?}");
}

#[test]
fn what_does_not_end_in_time_is_cut() {
    let config = TokioConfig { drain: core_time::Duration::from_millis(200), ..TokioConfig::DEFAULT };
    let (report, _) = with_server(config, async |world| {
        let [mut begun, mut waiting] = [connect(world.address).await, connect(world.address).await];
        say(&mut begun, "/begun").await;
        hear(&mut begun, "begun").await;
        say(&mut waiting, "/wait").await;
        assert!(is_silent(&waiting).await);
        world.stop();
        assert_eq!(rest(&mut begun).await, (String::new(), true));
        assert_eq!(rest(&mut waiting).await, (String::new(), true));
    });
    assert_eq!((report.accepted, report.cut), (2, 2));
}

#[test]
fn a_panic_costs_its_connection_and_nothing_else() {
    let (report, failures) = with_server(TokioConfig::DEFAULT, async |world| {
        let [mut broken, mut other] = [connect(world.address).await, connect(world.address).await];
        ask(&mut other).await;
        say(&mut broken, "/panic").await;
        assert_eq!(rest(&mut broken).await, (String::new(), true));
        ask(&mut other).await;
        assert_eq!(world.failures.borrow().len(), 1);
        world.stop();
    });
    assert_eq!((report.accepted, report.panics), (2, 1));
    assert!(matches!(failures[..], [TokioFailure::Panic(_)]), "{failures:?}");
}

/// An end of the future is no end that looks good.
#[test]
fn a_server_that_is_dropped_resets_what_is_in_flight() {
    crate::tokio::run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut stream = connect(listener.local_addr().expect("an address")).await;
        let lab = Lab::default();
        let server = TokioListener::new(listener, TokioConfig::DEFAULT).expect("a server");
        let heard = async {
            say(&mut stream, "/begun").await;
            hear(&mut stream, "begun").await
        };
        tokio::select! {
            report = server.serve(&lab, core::future::pending(), |failure| panic!("{failure}")) => panic!("{report:?}"),
            _ = heard => {}
        }
        assert_eq!(rest(&mut stream).await, (String::new(), true));
        assert_eq!((lab.begun.get(), lab.closed.get()), (1, 1));
    });
}

/// A service that threads share: a server on each of them, over one listening socket.
#[test]
fn servers_on_several_threads_share_a_socket() {
    #[derive(Default)]
    struct Counting(AtomicU32);

    impl Service for Counting {
        type Exchange = ();
        type Source = Infallible;

        fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            responder.send(&Response::new(Status::OK), b"hello")?;
            Ok(((), Step::Done))
        }
    }

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    runtime.block_on(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("a socket");
        let service = Arc::new(Counting::default());
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let mut servers = tokio::task::JoinSet::new();
        for _ in 0..2 {
            let listener = TcpListener::from_std(listener.try_clone().expect("a descriptor")).expect("a runtime");
            let (service, mut stopped) = (Arc::clone(&service), stopped.clone());
            servers.spawn(async move {
                let server = TokioListener::new(listener, TokioConfig::DEFAULT).expect("a server");
                let stopped = async move { _ = stopped.changed().await };
                server.serve(&*service, stopped, |failure| panic!("{failure}")).await
            });
        }
        let mut streams = Vec::new();
        for _ in 0..20 {
            let mut stream = connect(address).await;
            ask(&mut stream).await;
            streams.push(stream);
        }
        drop(streams);
        stop.send(true).expect("servers");
        let accepted: u64 = servers.join_all().await.iter().map(|report| report.accepted).sum();
        assert_eq!((accepted, service.0.load(Ordering::Relaxed)), (20, 20));
    });
}

const VARIABLE: &str = "WIRENUT_TEST_CHILD";

/// Not a test by itself: what a process does that has few descriptors.
#[test]
fn serve_in_the_child() {
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    crate::tokio::run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("\naddress {}", listener.local_addr().expect("an address"));
        let server = TokioListener::new(listener, config(Policy { slots: 1_000, ..POLICY })).expect("a server");
        let stop = async { _ = tokio::signal::ctrl_c().await };
        let failures = Cell::new(0);
        let on_failure = |failure| {
            assert!(matches!(failure, TokioFailure::Accept(_)), "{failure}");
            failures.set(failures.get() + 1);
        };
        let report = server.serve(&Lab::default(), stop, on_failure).await;
        println!("\nreport {} {}", report.accepted, failures.get() > 0);
    });
}

/// Where the system gives no more descriptors, whoever is idle gives way, and everybody is served.
#[test]
fn descriptors_that_run_out_are_survived() {
    const CLIENTS: usize = 40;
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 20 && exec \"$0\" --exact tokio_listener::serve_in_the_child --nocapture"]);
    command.arg(std::env::current_exe().expect("a path")).env(VARIABLE, "1").stdout(Stdio::piped());
    let mut child = Child(command.spawn().expect("a shell"));
    let mut lines = BufReader::new(child.0.stdout.take().expect("a pipe")).lines().map(Result::unwrap);
    let mut line = |prefix: &str| lines.find_map(|line| line.strip_prefix(prefix).map(str::to_owned)).expect("a line");
    let address: SocketAddr = line("address ").parse().expect("an address");
    crate::tokio::run(async {
        let mut streams = Vec::new();
        for _ in 0..CLIENTS {
            let mut stream = connect(address).await;
            say(&mut stream, "/hello").await;
            streams.push(stream);
        }
        for stream in &mut streams {
            assert!(hear(stream, "hello").await.starts_with("HTTP/1.1 200 OK\r\n"));
        }
    });
    let id = child.0.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &id]).status().expect("kill").success());
    assert_eq!(line("report "), format!("{CLIENTS} true"));
    assert!(child.0.wait().expect("our child").success());
}

/// Ended, whatever happens.
struct Child(process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
