//! Protocols that are not HTTP: every event that a connection has for them, and panics in each of their methods.

use core::cell::Cell;
use core::net::SocketAddr;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::Waker;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::thread;

use wirenut::readiness::{Standing, WhenFull};
use wirenut::time::{Duration, Instant};
use wirenut::transport::{Disposition, Progress, Protocol};
use wirenut_server::{Arrival, Config, Model, PollerKind, Report, Server, Stopper};

/// What the test sees of all connections.
#[derive(Default)]
struct World {
    wakers: Mutex<Vec<Waker>>,
    dropped: AtomicU64,
}

/// Answers lines: `echo …`, `late` (after 20 ms), `wake` (once it is woken), `bye`, and the names of methods, which panic from
/// then on.
struct Lines<'w> {
    world: &'w World,
    waker: Waker,
    now: Instant,
    due: Option<Instant>,
    /// It waits to be woken.
    waits: bool,
    owed: &'static [u8],
    has_ended: bool,
    panics_in: Cell<&'static str>,
}

const METHODS: [&str; 11] = [
    "drive",
    "stored",
    "wants_read_closed",
    "handle_sent",
    "handle_now",
    "poll_timeout",
    "is_readable",
    "standing",
    "disposition",
    "transfer",
    "drop",
];

impl<'w> Lines<'w> {
    fn new(world: &'w World, arrival: &Arrival<'_>) -> Self {
        assert!(arrival.peer().is_some());
        Self {
            world,
            waker: arrival.waker(),
            now: arrival.now(),
            due: None,
            waits: false,
            owed: b"",
            has_ended: false,
            panics_in: Cell::new(""),
        }
    }

    const fn waits_for_something(&self) -> bool {
        self.due.is_some() || self.waits
    }

    fn enter(&self, method: &str) {
        if self.panics_in.get() == method {
            self.panics_in.set("");
            panic!("asked to, in {method}");
        }
    }
}

impl Drop for Lines<'_> {
    fn drop(&mut self) {
        self.world.dropped.fetch_add(1, Ordering::SeqCst);
        self.enter("drop");
    }
}

impl Protocol for Lines<'_> {
    fn drive(&mut self, input: &[u8], _: &mut [u8], output: &mut [u8]) -> Progress {
        self.enter("drive");
        if !self.owed.is_empty() {
            output[..self.owed.len()].copy_from_slice(self.owed);
            return Progress { taken: 0, written: core::mem::take(&mut self.owed).len() };
        }
        if self.waits_for_something() {
            return Progress::default();
        }
        let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return Progress::default() };
        let line = core::str::from_utf8(&input[..end]).unwrap();
        let mut written = 0;
        match line {
            "late" => self.due = Some(self.now.saturating_add(Duration::from_millis(20))),
            "wake" => {
                self.waits = true;
                self.world.wakers.lock().unwrap().push(self.waker.clone());
            }
            "bye" => self.has_ended = true,
            _ => match METHODS.iter().find(|method| **method == line) {
                Some(method) => self.panics_in.set(method),
                None => {
                    written = end + 1;
                    output[..written].copy_from_slice(&input[..written]);
                }
            },
        }
        Progress { taken: end + 1, written }
    }

    fn stored(&self) -> usize {
        self.enter("stored");
        0
    }

    fn handle_eof(&mut self) {
        self.has_ended = true;
    }

    fn wants_read_closed(&self) -> bool {
        self.enter("wants_read_closed");
        false
    }

    fn handle_sent(&mut self, _: usize, _: usize) {
        self.enter("handle_sent");
    }

    fn handle_timeout(&mut self) {
        if self.due.is_some_and(|due| due <= self.now) {
            self.due = None;
            self.owed = b"late\n";
        }
    }

    fn handle_reset(&mut self) {
        self.has_ended = true;
    }

    fn handle_now(&mut self, now: Instant) {
        assert!(now >= self.now);
        self.now = now;
        self.enter("handle_now");
    }

    fn handle_wake(&mut self) {
        if core::mem::take(&mut self.waits) {
            self.owed = b"woken\n";
        }
    }

    fn retire(&mut self) {
        self.has_ended = true;
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.enter("poll_timeout");
        self.due
    }

    fn is_readable(&self) -> bool {
        self.enter("is_readable");
        !self.waits_for_something()
    }

    fn standing(&self) -> Standing {
        self.enter("standing");
        if self.waits_for_something() || !self.owed.is_empty() { Standing::Busy } else { Standing::Idle }
    }

    fn disposition(&self) -> Disposition {
        self.enter("disposition");
        if self.has_ended { Disposition::Close } else { Disposition::Open }
    }

    fn transfer(&self) -> Option<u64> {
        self.enter("transfer");
        None
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(address).unwrap();
    // Only so that a test that fails ends.
    client.set_read_timeout(Some(core::time::Duration::from_secs(20))).unwrap();
    client
}

#[track_caller]
fn ask(client: &mut TcpStream, line: &str, answer: &str) {
    client.write_all(line.as_bytes()).unwrap();
    let mut bytes = vec![0; answer.len()];
    client.read_exact(&mut bytes).unwrap();
    assert_eq!(bytes.escape_ascii().to_string(), answer.as_bytes().escape_ascii().to_string());
}

#[track_caller]
fn assert_reset(client: &mut TcpStream, what: &str) {
    let error = client.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{what}");
}

/// What still comes.
fn rest(client: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).unwrap();
    rest
}

/// Stops the server also if the test fails.
struct Stopping(Stopper);

impl Drop for Stopping {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Runs a server, and stops it when the clients have done their part.
fn with(config: Config, clients: impl FnOnce(SocketAddr, &World)) -> (Report, u64) {
    let world = World::default();
    let server = Server::bind("127.0.0.1:0", config).unwrap();
    let (address, stopping) = (server.local_addr().unwrap(), Stopping(server.stopper()));
    let report = thread::scope(|scope| {
        let running = scope.spawn(|| server.run_protocol(&|arrival: &Arrival<'_>| Lines::new(&world, arrival)));
        let stopping = stopping;
        clients(address, &world);
        drop(stopping);
        running.join().unwrap().unwrap()
    });
    (report, world.dropped.load(Ordering::SeqCst))
}

const THREE: NonZeroUsize = NonZeroUsize::new(3).unwrap();

#[test]
fn a_protocol_hears_of_bytes_times_wakes_and_ends_under_each_model_and_poller() {
    for model in [
        Model::Iterative,
        Model::DEFAULT,
        Model::Multiplexed { workers: THREE },
        Model::PreThreaded { workers: THREE },
        Model::Threading { threads: THREE },
    ] {
        for poller in [PollerKind::Epoll, PollerKind::Poll, PollerKind::Select] {
            let (report, dropped) = with(Config { model, poller, ..Config::DEFAULT }, |address, world| {
                let mut client = connect(address);
                ask(&mut client, "echo\n", "echo\n");
                ask(&mut client, "late\necho\n", "late\necho\n");
                client.write_all(b"wake\n").unwrap();
                let waker = loop {
                    match world.wakers.lock().unwrap().pop() {
                        Some(waker) => break waker,
                        None => thread::yield_now(),
                    }
                };
                waker.wake();
                ask(&mut client, "", "woken\n");
                ask(&mut client, "bye\n", "");
                assert_eq!(rest(&mut client), b"");

                let mut client = connect(address);
                ask(&mut client, "one\ntwo\n", "one\ntwo\n");
                client.write_all(b"three\n").unwrap();
                client.shutdown(std::net::Shutdown::Write).unwrap();
                assert_eq!(rest(&mut client), b"three\n");
            });
            assert_eq!((report.accepted, report.cut, report.panics, dropped), (2, 0, 0, 2), "{model:?} {poller:?}");
        }
    }
}

#[test]
fn what_has_come_is_answered_when_the_server_stops() {
    let mut client = None;
    let (report, dropped) = with(Config::DEFAULT, |address, _| {
        let mut connected = connect(address);
        ask(&mut connected, "one\n", "one\n");
        connected.write_all(b"two\nthree\n").unwrap();
        client = Some(connected);
    });
    assert_eq!(rest(&mut client.unwrap()), b"two\nthree\n");
    assert_eq!((report.accepted, report.cut, dropped), (1, 0, 1));
}

#[test]
fn one_that_does_not_end_is_cut_after_the_drain() {
    let config = Config { drain: Duration::from_millis(50), ..Config::DEFAULT };
    let mut client = None;
    let (report, dropped) = with(config, |address, world| {
        let mut connected = connect(address);
        connected.write_all(b"wake\n").unwrap();
        while world.wakers.lock().unwrap().is_empty() {
            thread::yield_now();
        }
        // More that it does not read, so that it cannot end.
        connected.write_all(b"more\n").unwrap();
        client = Some(connected);
    });
    assert_eq!((report.cut, dropped), (1, 1));
    assert_reset(&mut client.unwrap(), "it is cut");
}

#[test]
fn who_is_idle_gives_way_and_who_is_refused_is_closed() {
    let config = Config { max_connections: 1, min_idle: Duration::default(), ..Config::DEFAULT };
    let (report, _) = with(config, |address, _| {
        let mut first = connect(address);
        ask(&mut first, "one\n", "one\n");
        let mut second = connect(address);
        ask(&mut second, "two\n", "two\n");
        assert_eq!(rest(&mut first), b"");
    });
    assert_eq!((report.accepted, report.evicted, report.refused), (2, 1, 0));

    let config = Config { max_connections: 1, evict_idle: false, when_full: WhenFull::Refuse, ..Config::DEFAULT };
    let (report, _) = with(config, |address, _| {
        let mut first = connect(address);
        ask(&mut first, "one\n", "one\n");
        assert_eq!(rest(&mut connect(address)), b"");
        ask(&mut first, "one\n", "one\n");
    });
    assert_eq!((report.accepted, report.evicted, report.refused), (1, 0, 1));
}

#[test]
fn a_panic_in_any_method_costs_its_connection_alone() {
    let (report, dropped) = with(Config::DEFAULT, |address, world| {
        let mut other = connect(address);
        for method in METHODS {
            ask(&mut other, "before\n", "before\n");
            let mut client = connect(address);
            ask(&mut client, "one\n", "one\n");
            client.write_all(format!("{method}\n").as_bytes()).unwrap();
            match method {
                "drop" => {
                    ask(&mut client, "two\n", "two\n");
                    drop(client);
                }
                // What comes while it does not read.
                "wants_read_closed" => {
                    client.write_all(b"wake\n").unwrap();
                    while world.wakers.lock().unwrap().pop().is_none() {
                        thread::yield_now();
                    }
                    client.write_all(b"two\n").unwrap();
                    assert_reset(&mut client, method);
                }
                // One turn may answer before another one panics.
                _ => {
                    let mut ask = || {
                        client.write_all(b"late\n")?;
                        client.read_exact(&mut [0; 5])
                    };
                    let failed = ask().and_then(|()| ask()).unwrap_err();
                    assert_eq!(failed.kind(), ErrorKind::ConnectionReset, "{method}");
                }
            }
            ask(&mut other, "after\n", "after\n");
        }
    });
    let count = METHODS.len() as u64;
    assert_eq!((report.accepted, report.panics, dropped), (1 + count, count, 1 + count));
}

#[test]
fn a_panic_of_who_makes_the_protocol_costs_the_connection_alone() {
    let calls = AtomicU64::new(0);
    let server = Server::bind("127.0.0.1:0", Config::DEFAULT).unwrap();
    let (address, stopping) = (server.local_addr().unwrap(), Stopping(server.stopper()));
    let world = World::default();
    let report = thread::scope(|scope| {
        let stopping = stopping;
        let begin = |arrival: &Arrival<'_>| {
            assert_ne!(calls.fetch_add(1, Ordering::SeqCst), 0, "the first");
            Lines::new(&world, arrival)
        };
        let running = scope.spawn(move || server.run_protocol(&begin));
        assert_reset(&mut connect(address), "it was never made");
        ask(&mut connect(address), "one\n", "one\n");
        drop(stopping);
        running.join().unwrap().unwrap()
    });
    assert_eq!((report.accepted, report.panics), (2, 1));
}
