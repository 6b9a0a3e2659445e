//! Handlers among others: who gives way, who waits, and how they end with their server.

use std::io;

use tokio::io::AsyncWriteExt;
use wirenut::http::Limits;
use wirenut::readiness::{Policy, WhenFull};
use wirenut::time as core_time;
use wirenut_embedded_io::{TokioConfig, TokioFailure};

use super::handlers::{accepted, talk, with_lines};
use super::{Kind, POLICY, config, hear, is_silent, over_both, refusal, rest};

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
        assert_eq!(refusal(&later).await, io::ErrorKind::ConnectionRefused);
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
