//! Endpoints that know nothing of a server, each on a connection of one.

use core::cell::RefCell;
use core::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time;
use wirenut::readiness::{Policy, Standing, WhenFull};
use wirenut::time::Instant;
use wirenut::transport::{Disposition, Environment, Progress, Protocol};
use wirenut_embedded_io::{Endpoint, Error, TokioConfig, TokioFailure, TokioListener, TokioReport};

use super::{Failures, Kind, POLICY, World, beside, config, hear, is_silent, over_both, rest, run};

/// How long `slow` takes: far longer than what is done meanwhile, also where the machine stalls.
const DELAY: wirenut::time::Duration = wirenut::time::Duration::from_secs(3);

/// Sends each line back: `slow` after a while, `panic` never.
struct Lines {
    now: Instant,
    due: Option<Instant>,
    is_partial: bool,
    has_ended: bool,
    is_lost: bool,
}

impl Lines {
    const NEW: Self = Self { now: Instant::START, due: None, is_partial: false, has_ended: false, is_lost: false };
}

impl Protocol for Lines {
    fn drive(&mut self, input: &[u8], _: &mut [u8], output: &mut [u8]) -> Progress {
        if self.due.is_some() {
            return Progress::default();
        }
        let line = input.split_inclusive(|&byte| byte == b'\n').next().filter(|line| line.ends_with(b"\n"));
        self.is_partial = line.is_none() && !input.is_empty();
        let Some(line) = line else { return Progress::default() };
        if line == b"slow\n" {
            self.due = Some(self.now.saturating_add(DELAY));
            return Progress { taken: line.len(), written: 0 };
        }
        assert_ne!(line, b"panic\n", "on purpose");
        output[..line.len()].copy_from_slice(line);
        Progress { taken: line.len(), written: line.len() }
    }

    fn handle_eof(&mut self) {
        self.has_ended = true;
    }

    fn handle_sent(&mut self, _: usize, _: usize) {}

    fn handle_timeout(&mut self) {
        if self.due.is_some_and(|due| due <= self.now) {
            self.due = None;
        }
    }

    fn handle_reset(&mut self) {
        self.is_lost = true;
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    fn is_readable(&self) -> bool {
        self.due.is_none()
    }

    fn standing(&self) -> Standing {
        match (self.due, self.is_partial) {
            (Some(_), _) => Standing::Busy,
            (None, true) => Standing::Reading,
            (None, false) => Standing::Idle,
        }
    }

    fn disposition(&self) -> Disposition {
        match (self.is_lost, self.has_ended) {
            (true, _) => Disposition::Cut,
            (false, true) if self.due.is_none() => Disposition::Close,
            (false, _) => Disposition::Open,
        }
    }
}

impl Endpoint for Lines {
    fn with<R>(&mut self, now: Instant, _: &Environment<'_>, call: impl FnOnce(&mut dyn Protocol) -> R) -> R {
        self.now = now;
        call(self)
    }
}

fn with_lines<K: Kind>(config: TokioConfig, test: impl AsyncFnOnce(World<'_, K>)) -> (TokioReport, Failures<K>) {
    run(async {
        let serve = async |server: TokioListener<K::Listener>, stopped, failures: &RefCell<Failures<K>>| {
            server.converse(|_| Lines::NEW, stopped, |failure| failures.borrow_mut().push(failure)).await
        };
        beside::<K>(config, serve, test).await
    })
}

async fn talk<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(stream: &mut S, line: &str) {
    stream.write_all(line.as_bytes()).await.expect("a server");
    assert_eq!(hear(stream, "\n").await, line);
}

over_both!(many_speak_at_once_until_their_peers_end);

fn many_speak_at_once_until_their_peers_end<K: Kind>() {
    let (report, failures) = with_lines::<K>(TokioConfig::DEFAULT, async |world| {
        let mut streams = Vec::new();
        for _ in 0..50 {
            streams.push(world.connect().await);
        }
        for stream in &mut streams {
            talk(stream, "hello\n").await;
            stream.write_all(b"last\n").await.expect("a server");
            stream.shutdown().await.expect("a server");
        }
        for stream in &mut streams {
            assert_eq!(rest(stream).await, ("last\n".to_owned(), false));
        }
        world.stop();
    });
    assert_eq!((report.accepted, report.cut, failures.len()), (50, 0, 0), "{failures:?}");
}

over_both!(a_panic_costs_its_connection_and_nothing_else);

fn a_panic_costs_its_connection_and_nothing_else<K: Kind>() {
    let (report, failures) = with_lines::<K>(TokioConfig::DEFAULT, async |world| {
        let [mut broken, mut other] = [world.connect().await, world.connect().await];
        broken.write_all(b"panic\n").await.expect("a server");
        assert_eq!(rest(&mut broken).await, (String::new(), K::HAS_RESET));
        talk(&mut other, "hello\n").await;
        world.stop();
    });
    assert_eq!((report.accepted, report.panics), (2, 1));
    assert!(matches!(failures[..], [TokioFailure::Panic(_)]), "{failures:?}");
}

over_both!(an_idle_one_gives_way_and_so_does_one_that_does_not_finish);

fn an_idle_one_gives_way_and_so_does_one_that_does_not_finish<K: Kind>() {
    let (report, failures) = with_lines::<K>(config(Policy { slots: 1, ..POLICY }), async |world| {
        let mut idle = world.connect().await;
        talk(&mut idle, "hello\n").await;
        let mut partial = world.connect().await;
        partial.write_all(b"half a li").await.expect("a server");
        assert_eq!(rest(&mut idle).await, (String::new(), false));
        drop(idle);
        let mut last = world.connect().await;
        last.write_all(b"last\n").await.expect("a place in the queue");
        let (answer, _) = rest(&mut partial).await;
        assert_eq!(answer, "");
        hear(&mut last, "last\n").await;
        world.stop();
    });
    assert_eq!((report.accepted, report.evicted, failures.len()), (3, 2, 0), "{failures:?}");
}

over_both!(one_that_is_busy_stays_and_whoever_has_no_place_is_closed);

fn one_that_is_busy_stays_and_whoever_has_no_place_is_closed<K: Kind>() {
    let policy = Policy { slots: 1, when_full: WhenFull::Refuse, ..POLICY };
    let (report, _) = with_lines::<K>(config(policy), async |world| {
        let mut busy = world.connect().await;
        busy.write_all(b"slow\nhello\n").await.expect("a server");
        time::sleep(Duration::from_millis(50)).await;
        let mut refused = world.connect().await;
        assert_eq!(rest(&mut refused).await, (String::new(), false));
        hear(&mut busy, "hello\n").await;
        world.stop();
    });
    assert_eq!((report.accepted, report.refused, report.evicted), (1, 1, 0));
}

over_both!(a_server_that_ends_waits_for_those_that_are_busy);

fn a_server_that_ends_waits_for_those_that_are_busy<K: Kind>() {
    let (report, failures) = with_lines::<K>(TokioConfig::DEFAULT, async |world| {
        let [mut busy, mut idle] = [world.connect().await, world.connect().await];
        talk(&mut idle, "hello\n").await;
        busy.write_all(b"slow\nhello\n").await.expect("a server");
        assert!(is_silent(&mut busy).await);
        world.stop();
        assert_eq!(rest(&mut idle).await, (String::new(), false));
        assert_eq!(rest(&mut busy).await, ("hello\n".to_owned(), false));
    });
    assert_eq!((report.accepted, report.cut, failures.len()), (2, 0, 0), "{failures:?}");
}

#[test]
fn a_reset_in_the_middle_is_a_failure() {
    let (_, failures) = with_lines::<super::Tcp>(TokioConfig::DEFAULT, async |world| {
        let mut stream: tokio::net::TcpStream = world.connect().await;
        talk(&mut stream, "hello\n").await;
        stream.write_all(b"half a li").await.expect("a server");
        stream.set_zero_linger().expect("a socket");
        drop(stream);
        while world.failures.borrow().is_empty() {
            tokio::task::yield_now().await;
        }
        world.stop();
    });
    let [failure @ TokioFailure::Connection(_, Error::Stream(..))] = &failures[..] else { panic!("{failures:?}") };
    assert!(failure.to_string().contains(": read of the stream: "), "{failure}");
}
