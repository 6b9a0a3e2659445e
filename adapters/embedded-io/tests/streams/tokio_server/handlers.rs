//! Handlers of whole connections.

use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time;
use wirenut::http::Limits;
use wirenut::readiness::{Policy, WhenFull};
use wirenut::time as core_time;
use wirenut_embedded_io::{TokioAccept, TokioConfig, TokioConnection, TokioFailure, TokioListener, TokioReport};

use super::{Failures, Kind, POLICY, Tcp, Unix, World, beside, config, hear, is_silent, over_both, rest, run};

type Connection<'c, K> = TokioConnection<'c, <<K as Kind>::Listener as TokioAccept>::Stream>;

/// Answers lines: most come back; `wait` does when it is released; others do what they say.
#[derive(Default)]
struct Lines {
    released: Notify,
    /// How many connections are handled now.
    open: Cell<u32>,
    /// How the last read or write failed.
    failed: RefCell<Option<io::ErrorKind>>,
}

impl Lines {
    async fn handle<K: Kind>(&self, connection: &mut Connection<'_, K>) -> io::Result<()> {
        let _counted = Counted::new(&self.open);
        let mut line = Vec::new();
        while connection.await_more().await {
            while !line.ends_with(b"\n") {
                let count = connection.read_buf(&mut line).await.inspect_err(|error| self.note(error))?;
                if count == 0 {
                    connection.write_all(b"the end\n").await?;
                    return Ok(());
                }
            }
            match &line[..] {
                b"wait\n" => self.released.notified().await,
                b"panic\n" => panic!("on purpose"),
                b"fail\n" => return Err(io::Error::other("on purpose")),
                b"leave\n" => return Ok(()),
                b"flood\n" => loop {
                    connection.write_all(&[b'x'; 65_536]).await.inspect_err(|error| self.note(error))?;
                },
                b"stay\n" => {
                    connection.write_all(b"stay\n").await?;
                    line.clear();
                    assert!(!connection.await_more().await, "it was to stay silent");
                    core::future::pending::<()>().await;
                }
                _ => {}
            }
            connection.write_all(&line).await?;
            line.clear();
        }
        Ok(())
    }

    fn note(&self, error: &io::Error) {
        *self.failed.borrow_mut() = Some(error.kind());
    }
}

/// Counts what lives.
struct Counted<'c>(&'c Cell<u32>);

impl<'c> Counted<'c> {
    fn new(count: &'c Cell<u32>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Handles [`Lines`] beside a test.
fn with_lines<K: Kind>(
    config: TokioConfig,
    test: impl AsyncFnOnce(World<'_, K>, &Lines),
) -> (TokioReport, Failures<K>) {
    run(async {
        let lines = Lines::default();
        let serve = async |server: TokioListener<K::Listener>, stopped, failures: &RefCell<Failures<K>>| {
            let handler = async |connection: &mut Connection<'_, K>, _: &_| lines.handle::<K>(connection).await;
            server.handle(handler, stopped, |failure| failures.borrow_mut().push(failure)).await
        };
        let outcome = beside::<K>(config, serve, async |world: World<'_, K>| test(world, &lines).await).await;
        assert_eq!(lines.open.get(), 0, "handlers that were not dropped");
        outcome
    })
}

async fn talk<S: AsyncReadExt + AsyncWriteExt + Unpin>(stream: &mut S, line: &str) {
    stream.write_all(line.as_bytes()).await.expect("a server");
    assert_eq!(hear(stream, "\n").await, line);
}

over_both!(many_connections_are_handled_at_once_and_end_when_the_peer_does);

fn many_connections_are_handled_at_once_and_end_when_the_peer_does<K: Kind>() {
    let (report, failures) = with_lines::<K>(TokioConfig::DEFAULT, async |world, _| {
        let mut streams = Vec::new();
        for _ in 0..100 {
            streams.push(world.connect().await);
        }
        for round in 0..3 {
            for (index, stream) in streams.iter_mut().enumerate() {
                talk(stream, &format!("{round} of {index}\n")).await;
            }
        }
        for stream in &mut streams {
            stream.shutdown().await.expect("a server");
            assert_eq!(rest(stream).await, (String::new(), false));
        }
        world.stop();
    });
    assert_eq!((report, failures.len()), (accepted(100), 0));
}

fn accepted(accepted: u64) -> TokioReport {
    let mut report = TokioReport::default();
    report.accepted = accepted;
    report
}

over_both!(a_peer_that_has_ended_is_still_answered);

fn a_peer_that_has_ended_is_still_answered<K: Kind>() {
    let (report, failures) = with_lines::<K>(TokioConfig::DEFAULT, async |world, lines| {
        let mut stream = world.connect().await;
        stream.write_all(b"wait\n").await.expect("a server");
        stream.shutdown().await.expect("a server");
        assert!(is_silent(&mut stream).await);
        lines.released.notify_one();
        assert_eq!(rest(&mut stream).await, ("wait\n".to_owned(), false));

        let mut cut = world.connect().await;
        cut.write_all(b"half a li").await.expect("a server");
        cut.shutdown().await.expect("a server");
        assert_eq!(rest(&mut cut).await, ("the end\n".to_owned(), false));
        world.stop();
    });
    assert_eq!((report, failures.len()), (accepted(2), 0));
}

over_both!(what_a_handler_wrote_arrives_although_the_peer_goes_on_sending);

/// The connection lingers: no reset destroys the answer.
fn what_a_handler_wrote_arrives_although_the_peer_goes_on_sending<K: Kind>() {
    let (_, failures) = with_lines::<K>(TokioConfig::DEFAULT, async |world, _| {
        let mut stream = world.connect().await;
        stream.write_all(b"hello\n").await.expect("a server");
        hear(&mut stream, "hello\n").await;
        stream.write_all(b"leave\n").await.expect("a server");
        assert_eq!(rest(&mut stream).await, (String::new(), false));
        for _ in 0..3 {
            stream.write_all(b"more").await.expect("somebody who reads");
            time::sleep(Duration::from_millis(10)).await;
        }
        drop(stream);
        world.stop();
    });
    assert_eq!(failures.len(), 0, "{failures:?}");
}

over_both!(a_panic_and_a_failure_cost_their_connection_and_nothing_else);

fn a_panic_and_a_failure_cost_their_connection_and_nothing_else<K: Kind>() {
    let (report, failures) = with_lines::<K>(TokioConfig::DEFAULT, async |world, _| {
        let mut other = world.connect().await;
        for (line, count) in [("panic\n", 1), ("fail\n", 2)] {
            let mut broken = world.connect().await;
            broken.write_all(line.as_bytes()).await.expect("a server");
            assert_eq!(rest(&mut broken).await, (String::new(), K::HAS_RESET));
            talk(&mut other, "hello\n").await;
            assert_eq!(world.failures.borrow().len(), count);
        }
        world.stop();
    });
    assert_eq!((report.accepted, report.panics), (3, 1));
    let [TokioFailure::Panic(_), failed @ TokioFailure::Handler(_, cause)] = &failures[..] else {
        panic!("{failures:?}")
    };
    assert_eq!(cause.to_string(), "on purpose");
    assert!(failed.to_string().ends_with(": the handler failed: on purpose"), "{failed}");
}

#[test]
fn a_reset_in_the_middle_is_a_failure_with_peer_and_cause() {
    let peer = Cell::new(None);
    let (_, failures) = with_lines::<Tcp>(TokioConfig::DEFAULT, async |world, lines| {
        let stream: TcpStream = world.connect().await;
        peer.set(stream.local_addr().ok());
        let mut stream = stream;
        stream.write_all(b"half a li").await.expect("a server");
        while lines.open.get() == 0 {
            tokio::task::yield_now().await;
        }
        // The handler waits for the rest of the line now.
        assert!(is_silent(&mut stream).await);
        stream.set_zero_linger().expect("a socket");
        drop(stream);
        while lines.open.get() > 0 {
            tokio::task::yield_now().await;
        }
        world.stop();
    });
    let [TokioFailure::Handler(from, cause)] = &failures[..] else { panic!("{failures:?}") };
    assert_eq!((Some(*from), cause.kind()), (peer.get(), io::ErrorKind::ConnectionReset));
}

/// For a peer that says nothing, and for one that takes nothing.
const IMPATIENT: TokioConfig = TokioConfig { patience: core_time::Duration::from_millis(100), ..TokioConfig::DEFAULT };

over_both!(a_peer_that_does_not_go_on_or_does_not_read_times_out);

fn a_peer_that_does_not_go_on_or_does_not_read_times_out<K: Kind>() {
    let (_, failures) = with_lines::<K>(IMPATIENT, async |world, lines| {
        for said in ["half a li", "flood\n"] {
            let mut slow = world.connect().await;
            slow.write_all(said.as_bytes()).await.expect("a server");
            while lines.failed.borrow().is_none() {
                time::sleep(Duration::from_millis(5)).await;
            }
            assert_eq!(lines.failed.take(), Some(io::ErrorKind::TimedOut), "{said}");
        }
        world.stop();
    });
    assert_eq!(failures.len(), 2);
    let is_late =
        |failure: &_| matches!(failure, TokioFailure::Handler(_, error) if error.kind() == io::ErrorKind::TimedOut);
    assert!(failures.iter().all(is_late), "{failures:?}");
}

over_both!(a_peer_that_reads_slowly_gets_all);

/// Progress counts: none of its pauses is too long, but all together are.
fn a_peer_that_reads_slowly_gets_all<K: Kind>() {
    const LENGTH: usize = 3_000_000;
    let (_, failures) = run(async {
        let serve = async |server: TokioListener<K::Listener>, stopped, failures: &RefCell<Failures<K>>| {
            let handler =
                async |connection: &mut Connection<'_, K>, _: &_| connection.write_all(&vec![b'x'; LENGTH]).await;
            server.handle(handler, stopped, |failure| failures.borrow_mut().push(failure)).await
        };
        beside::<K>(IMPATIENT, serve, async |world: World<'_, K>| {
            let mut slow = world.connect().await;
            let (mut buffer, mut got) = (vec![0; LENGTH / 10], 0);
            loop {
                let count = slow.read(&mut buffer).await.expect("a server");
                got += count;
                if count == 0 {
                    break;
                }
                if got % 7 == 0 {
                    time::sleep(Duration::from_millis(20)).await;
                }
            }
            assert_eq!(got, LENGTH);
            world.stop();
        })
        .await
    });
    assert_eq!(failures.len(), 0, "{failures:?}");
}

over_both!(a_connection_between_two_requests_gives_way_or_ends_when_it_is_idle_for_long);

fn a_connection_between_two_requests_gives_way_or_ends_when_it_is_idle_for_long<K: Kind>() {
    let limits = Limits { idle: core_time::Duration::from_millis(50), ..Limits::DEFAULT };
    let (report, failures) = with_lines::<K>(TokioConfig { limits, ..config(POLICY) }, async |world, _| {
        let mut idle = world.connect().await;
        talk(&mut idle, "hello\n").await;
        assert_eq!(rest(&mut idle).await, (String::new(), false));
        world.stop();
    });
    assert_eq!((report.evicted, failures.len()), (0, 0));

    let (report, failures) = with_lines::<K>(config(Policy { slots: 1, ..POLICY }), async |world, _| {
        let mut idle = world.connect().await;
        talk(&mut idle, "hello\n").await;
        let mut fresh = world.connect().await;
        assert_eq!(rest(&mut idle).await, (String::new(), false));
        drop(idle);
        // It says nothing, so it goes for the next one.
        let mut last = world.connect().await;
        assert_eq!(rest(&mut fresh).await, (String::new(), false));
        drop(fresh);
        talk(&mut last, "hello\n").await;
        world.stop();
    });
    assert_eq!((report.accepted, report.evicted, failures.len()), (3, 2, 0));
}

over_both!(a_handler_that_is_busy_stays_and_others_wait);

fn a_handler_that_is_busy_stays_and_others_wait<K: Kind>() {
    let (report, _) = with_lines::<K>(config(Policy { slots: 1, ..POLICY }), async |world, lines| {
        let mut busy = world.connect().await;
        busy.write_all(b"wait\n").await.expect("a server");
        let mut other = world.connect().await;
        other.write_all(b"hello\n").await.expect("a place in the queue");
        assert!(is_silent(&mut other).await);
        lines.released.notify_one();
        hear(&mut busy, "wait\n").await;
        // It is idle now.
        hear(&mut other, "hello\n").await;
        world.stop();
    });
    assert_eq!((report.accepted, report.evicted), (2, 1));
}

over_both!(a_handler_that_does_not_go_when_it_is_told_is_cut);

fn a_handler_that_does_not_go_when_it_is_told_is_cut<K: Kind>() {
    let (report, failures) = with_lines::<K>(config(Policy { slots: 1, ..POLICY }), async |world, _| {
        let mut stubborn = world.connect().await;
        talk(&mut stubborn, "stay\n").await;
        let mut other = world.connect().await;
        talk(&mut other, "hello\n").await;
        assert_eq!(rest(&mut stubborn).await, (String::new(), K::HAS_RESET));
        world.stop();
    });
    assert_eq!((report.accepted, report.evicted), (2, 1));
    assert!(
        matches!(&failures[..], [TokioFailure::Handler(_, error)] if error.kind() == io::ErrorKind::ConnectionAborted),
        "{failures:?}"
    );
}

over_both!(whoever_has_no_place_is_closed_without_a_word);

fn whoever_has_no_place_is_closed_without_a_word<K: Kind>() {
    let policy = Policy { slots: 1, evict_idle: false, when_full: WhenFull::Refuse, ..POLICY };
    let (report, failures) = with_lines::<K>(config(policy), async |world, _| {
        let mut first = world.connect().await;
        talk(&mut first, "hello\n").await;
        for _ in 0..3 {
            let mut refused = world.connect().await;
            assert_eq!(rest(&mut refused).await, (String::new(), false));
        }
        talk(&mut first, "hello\n").await;
        world.stop();
    });
    assert_eq!((report.accepted, report.refused, failures.len()), (1, 3, 0));
}

over_both!(a_server_that_ends_answers_what_has_come);

/// As with HTTP: the one in flight, the one that came in the last moment, and the one in the queue; and nobody later.
fn a_server_that_ends_answers_what_has_come<K: Kind>() {
    let (report, failures) = with_lines::<K>(TokioConfig::DEFAULT, async |world, lines| {
        let mut busy = world.connect().await;
        busy.write_all(b"wait\n").await.expect("a server");
        let mut used = world.address.connect_blocking();
        let mut idle = K::to_async(&used);
        talk(&mut idle, "hello\n").await;
        let mut fresh = world.connect().await;
        assert!(is_silent(&mut fresh).await);
        let (address, (sender, receiver)) = (world.address.clone(), std::sync::mpsc::channel());
        let later = address.clone();
        world.stop_after(move || {
            let mut queued = address.connect_blocking();
            for stream in [&mut used, &mut queued] {
                io::Write::write_all(stream, b"last\n").expect("a connection");
            }
            sender.send(queued).expect("a test");
        });
        assert!(is_silent(&mut busy).await);
        let mut queued = K::to_async(&receiver.recv().expect("the end"));
        assert_eq!(rest(&mut queued).await, ("last\n".to_owned(), false));
        assert_eq!(rest(&mut idle).await, ("last\n".to_owned(), false));
        assert_eq!(rest(&mut fresh).await, (String::new(), false));
        let later = later.try_connect().await.err().map(|error| error.kind());
        assert_eq!(later, Some(io::ErrorKind::ConnectionRefused));
        lines.released.notify_one();
        assert_eq!(rest(&mut busy).await, ("wait\n".to_owned(), false));
    });
    assert_eq!((report, failures.len()), (accepted(4), 0), "{failures:?}");
}

over_both!(a_handler_that_does_not_end_in_time_is_cut);

fn a_handler_that_does_not_end_in_time_is_cut<K: Kind>() {
    let config = TokioConfig { drain: core_time::Duration::from_millis(100), ..TokioConfig::DEFAULT };
    let (report, failures) = with_lines::<K>(config, async |world, _| {
        let mut busy = world.connect().await;
        talk(&mut busy, "hello\n").await;
        busy.write_all(b"wait\n").await.expect("a server");
        assert!(is_silent(&mut busy).await);
        world.stop();
        assert_eq!(rest(&mut busy).await, (String::new(), K::HAS_RESET));
    });
    assert_eq!((report.accepted, report.cut, failures.len()), (1, 1, 0));
}

/// What a handler drops may panic, too, when the server cuts it.
#[test]
fn a_panic_while_a_handler_is_cut_costs_nothing_else() {
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }

    let config = TokioConfig { drain: core_time::Duration::from_millis(50), ..TokioConfig::DEFAULT };
    let (report, _) = run(async {
        let serve = async |server: TokioListener<_>, stopped, failures: &RefCell<Failures<Tcp>>| {
            let handler = async |connection: &mut Connection<'_, Tcp>, _: &_| {
                let _bomb = Bomb;
                connection.write_all(b"ready\n").await?;
                core::future::pending().await
            };
            server.handle(handler, stopped, |failure| failures.borrow_mut().push(failure)).await
        };
        beside::<Tcp>(config, serve, async |world: World<'_, Tcp>| {
            let mut streams = [world.connect().await, world.connect().await, world.connect().await];
            for stream in &mut streams {
                hear(stream, "ready\n").await;
            }
            world.stop();
            for stream in &mut streams {
                assert_eq!(rest(stream).await, (String::new(), true));
            }
        })
        .await
    });
    assert_eq!((report.cut, report.panics), (3, 0));
}

#[test]
fn whoever_is_not_wanted_is_closed_before_it_has_a_place() {
    let seen = RefCell::new(Vec::new());
    let (report, failures) = run(async {
        let serve = async |server: TokioListener<_>, stopped, failures: &RefCell<Failures<Tcp>>| {
            let verify = |peer: &core::net::SocketAddr| {
                seen.borrow_mut().push(*peer);
                match seen.borrow().len() {
                    1 => false,
                    2 => panic!("on purpose"),
                    _ => true,
                }
            };
            let handler = async |connection: &mut Connection<'_, Tcp>, _: &_| connection.write_all(b"hello\n").await;
            server.with_verify(verify).handle(handler, stopped, |failure| failures.borrow_mut().push(failure)).await
        };
        beside::<Tcp>(config(Policy { slots: 1, ..POLICY }), serve, async |world: World<'_, Tcp>| {
            for (answer, was_reset) in [("", false), ("", true), ("hello\n", false)] {
                let mut stream = world.connect().await;
                let address = stream.local_addr().expect("an address");
                assert_eq!(rest(&mut stream).await, (answer.to_owned(), was_reset));
                assert_eq!(seen.borrow().last(), Some(&address));
            }
            world.stop();
        })
        .await
    });
    assert_eq!((report.accepted, report.rejected, report.panics), (1, 1, 1));
    assert!(matches!(failures[..], [TokioFailure::Panic(_)]), "{failures:?}");
}

#[test]
fn a_unix_peer_is_known_by_its_process() {
    let (report, _) = run(async {
        let serve = async |server: TokioListener<_>, stopped, failures: &RefCell<Failures<Unix>>| {
            let handler = async |connection: &mut Connection<'_, Unix>, peer: &wirenut_embedded_io::TokioUnixPeer| {
                let process = peer.credentials().and_then(|credentials| credentials.pid());
                connection.write_all(format!("{process:?} {peer}").as_bytes()).await
            };
            server.handle(handler, stopped, |failure| failures.borrow_mut().push(failure)).await
        };
        beside::<Unix>(TokioConfig::DEFAULT, serve, async |world: World<'_, Unix>| {
            let mut stream = world.connect().await;
            let id = std::process::id();
            let (known, _) = rest(&mut stream).await;
            assert!(known.starts_with(&format!("Some({id}) (unnamed) pid {id} uid ")), "{known}");
            world.stop();
        })
        .await
    });
    assert_eq!(report, accepted(1));
}
