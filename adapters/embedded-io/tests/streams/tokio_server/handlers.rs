//! Handlers of whole connections.

use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time;
use wirenut::time as core_time;
use wirenut_embedded_io::{TokioAccept, TokioConfig, TokioConnection, TokioFailure, TokioListener, TokioReport};

use super::{Failures, Kind, Tcp, World, beside, hear, is_silent, over_both, rest, run};

pub(super) type Connection<'c, K> = TokioConnection<'c, <<K as Kind>::Listener as TokioAccept>::Stream>;

/// Answers lines: most come back; `wait` does when it is released; others do what they say.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) released: Notify,
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
pub(super) fn with_lines<K: Kind>(
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

pub(super) async fn talk<S: AsyncReadExt + AsyncWriteExt + Unpin>(stream: &mut S, line: &str) {
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

pub(super) fn accepted(accepted: u64) -> TokioReport {
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
    const PIECES: usize = 60;
    // Far longer than a pause, also where the machine stalls.
    let config = TokioConfig { patience: core_time::Duration::from_secs(3), ..TokioConfig::DEFAULT };
    let (_, failures) = run(async {
        let serve = async |server: TokioListener<K::Listener>, stopped, failures: &RefCell<Failures<K>>| {
            let handler =
                async |connection: &mut Connection<'_, K>, _: &_| connection.write_all(&vec![b'x'; LENGTH]).await;
            server.handle(handler, stopped, |failure| failures.borrow_mut().push(failure)).await
        };
        beside::<K>(config, serve, async |world: World<'_, K>| {
            let mut slow = world.connect().await;
            let mut piece = vec![0; LENGTH / PIECES];
            for _ in 0..PIECES {
                slow.read_exact(&mut piece).await.expect("a server");
                time::sleep(Duration::from_millis(60)).await;
            }
            assert_eq!(slow.read(&mut piece).await.expect("an end"), 0);
            world.stop();
        })
        .await
    });
    assert_eq!(failures.len(), 0, "{failures:?}");
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
