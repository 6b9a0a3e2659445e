//! Handlers of datagrams.

mod lab;
mod unix_peers;

use lab::{Kind, Udp, Unix, report, with_server};
use wirenut::time as core_time;
use wirenut_embedded_io::{TokioDatagramConfig, TokioDatagramFailure};

macro_rules! over_both {
    ($test:ident) => {
        mod $test {
            #[test]
            fn udp() {
                super::$test::<super::Udp>();
            }

            #[test]
            fn unix() {
                super::$test::<super::Unix>();
            }
        }
    };
}

over_both!(each_datagram_is_handled_by_itself);

fn each_datagram_is_handled_by_itself<K: Kind>() {
    let (got, failures) = with_server::<K>(TokioDatagramConfig::DEFAULT, async |world| {
        let [one, two] = [world.server.client("one"), world.server.client("two")];
        one.send(b"wait");
        for index in 0..20 {
            let said = format!("hello {index}");
            two.send(said.as_bytes());
            assert_eq!(two.recv().await, said.as_bytes());
        }
        // Empty ones are datagrams, too.
        two.send(b"");
        assert_eq!(two.recv().await, b"");
        two.send(b"none");
        assert!(one.is_silent().await && two.is_silent().await);
        world.lab.released.notify_one();
        assert_eq!(one.recv().await, b"wait");
        world.stop();
    });
    let expected = report(|report| (report.received, report.replied) = (23, 22));
    assert_eq!((got, failures.len()), (expected, 0));
}

over_both!(a_datagram_that_is_too_long_is_never_handed_out_cut_off);

fn a_datagram_that_is_too_long_is_never_handed_out_cut_off<K: Kind>() {
    const MANY: u64 = 60;
    let config = TokioDatagramConfig { datagram_bytes: 100, ..TokioDatagramConfig::DEFAULT };
    let (got, failures) = with_server::<K>(config, async |world| {
        let client = world.server.client("one");
        for _ in 0..MANY {
            client.send(&[b'x'; 101]);
            client.send(&[b'x'; 100]);
            assert_eq!(client.recv().await, [b'x'; 100]);
        }
        world.stop();
    });
    let expected = report(|report| (report.received, report.replied, report.too_long) = (MANY, MANY, MANY));
    assert_eq!(got, expected);
    // Not all of them are told, for anybody can send them.
    assert!((10..MANY).contains(&(failures.len() as u64)), "{}", failures.len());
    for failure in failures {
        assert!(matches!(failure, TokioDatagramFailure::TooLong(_, 100)), "{failure}");
        assert!(failure.to_string().ends_with(": dropped a datagram of more than 100 bytes"), "{failure}");
    }
}

over_both!(as_many_are_handled_as_may_be_and_others_wait);

fn as_many_are_handled_as_may_be_and_others_wait<K: Kind>() {
    let config = TokioDatagramConfig { handlers: 2, ..TokioDatagramConfig::DEFAULT };
    let (got, failures) = with_server::<K>(config, async |world| {
        let client = world.server.client("one");
        for _ in 0..2 {
            client.send(b"wait");
        }
        for _ in 0..3 {
            client.send(b"hello");
        }
        assert!(client.is_silent().await);
        assert_eq!(world.lab.handled.get(), 2);
        world.lab.released.notify_one();
        assert_eq!(client.recv().await, b"wait");
        for _ in 0..3 {
            assert_eq!(client.recv().await, b"hello");
        }
        world.lab.released.notify_one();
        assert_eq!(client.recv().await, b"wait");
        world.stop();
    });
    assert_eq!((got, failures.len()), (report(|report| (report.received, report.replied) = (5, 5)), 0));
}

over_both!(a_handler_that_panics_or_is_late_costs_its_reply_and_nothing_else);

fn a_handler_that_panics_or_is_late_costs_its_reply_and_nothing_else<K: Kind>() {
    let patience = core_time::Duration::from_millis(50);
    let config = TokioDatagramConfig { handlers: 1, patience, ..TokioDatagramConfig::DEFAULT };
    let (got, failures) = with_server::<K>(config, async |world| {
        let client = world.server.client("one");
        for said in ["panic", "never", "huge", "hello"] {
            client.send(said.as_bytes());
        }
        // A Unix socket takes what UDP does not.
        while client.recv().await != b"hello" {}
        world.stop();
    });
    assert_eq!((got.received, got.panics, got.timed_out), (4, 1, 1));
    let is_udp = got.unsent == 1;
    assert_eq!(got.replied, if is_udp { 1 } else { 2 });
    assert!(
        matches!(failures[..2], [TokioDatagramFailure::Panic(_), TokioDatagramFailure::TimedOut(_)]),
        "{failures:?}"
    );
    assert_eq!(failures.len(), if is_udp { 3 } else { 2 }, "{failures:?}");
}

over_both!(a_server_that_ends_handles_what_has_come);

fn a_server_that_ends_handles_what_has_come<K: Kind>() {
    let (got, _) = with_server::<K>(TokioDatagramConfig::DEFAULT, async |world| {
        let client = world.server.client("one");
        client.send(b"wait");
        assert!(client.is_silent().await);
        let lab = world.lab;
        let last = world.server.client("two");
        let (sender, receiver) = std::sync::mpsc::channel();
        let stop = move || {
            for _ in 0..3 {
                last.send(b"last");
            }
            sender.send(last).expect("a test");
        };
        assert!(world.stop.send(Box::new(stop)).is_ok(), "no server");
        assert!(client.is_silent().await);
        let last = receiver.recv().expect("the end");
        for _ in 0..3 {
            assert_eq!(last.recv().await, b"last");
        }
        lab.released.notify_one();
        assert_eq!(client.recv().await, b"wait");
    });
    assert_eq!(got, report(|report| (report.received, report.replied) = (4, 4)));
}

over_both!(a_handler_that_does_not_end_in_time_is_cut);

fn a_handler_that_does_not_end_in_time_is_cut<K: Kind>() {
    let drain = core_time::Duration::from_millis(50);
    let (got, failures) =
        with_server::<K>(TokioDatagramConfig { drain, ..TokioDatagramConfig::DEFAULT }, async |world| {
            let client = world.server.client("one");
            client.send(b"never");
            assert!(client.is_silent().await);
            world.stop();
        });
    assert_eq!((got, failures.len()), (report(|report| (report.received, report.cut) = (1, 1)), 0));
}
