//! How a server ends.

use core::time::Duration;
use std::io::{self, Write};

use tokio::time;
use wirenut::time as core_time;
use wirenut_embedded_io::{TokioConfig, TokioListener};

use super::lab::Lab;
use super::{Kind, ask, hear, is_silent, over_both, refusal, rest, run, say, with_server};

over_both!(a_server_that_is_told_to_stop_answers_what_has_come);

/// An answer in flight comes whole, an idle connection is closed, who has just connected has a moment, and who waits in the
/// queue is taken in; then nobody any more.
fn a_server_that_is_told_to_stop_answers_what_has_come<K: Kind>() {
    let (report, failures) = with_server::<K>(TokioConfig::DEFAULT, async |world, lab| {
        let mut busy = world.connect().await;
        say(&mut busy, "/wait").await;
        let mut used = world.address.connect_blocking();
        let mut idle = K::to_async(&used);
        ask(&mut idle).await;
        let mut fresh = world.connect().await;
        assert!(is_silent(&mut fresh).await);
        let address = world.address.clone();
        let later = address.clone();
        let (sender, receiver) = std::sync::mpsc::channel();
        let start = time::Instant::now();
        world.stop_after(move || {
            let mut queued = address.connect_blocking();
            for stream in [&mut used, &mut queued] {
                stream.write_all(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").expect("a connection");
            }
            sender.send(queued).expect("a test");
        });

        assert!(is_silent(&mut busy).await);
        let mut queued = K::to_async(&receiver.recv().expect("the end"));
        let (answer, was_reset) = rest(&mut queued).await;
        assert!(answer.ends_with("hello") && !was_reset, "{answer}");
        let (answer, was_reset) = rest(&mut idle).await;
        assert!(answer.ends_with("hello") && !was_reset, "{answer}");
        assert_eq!(rest(&mut fresh).await, (String::new(), false));
        assert!(start.elapsed() >= Duration::from_millis(100), "it had no moment to ask");
        assert_eq!(refusal(&later).await, io::ErrorKind::ConnectionRefused);
        assert!(is_silent(&mut busy).await);
        lab.release();
        let (answer, was_reset) = rest(&mut busy).await;
        assert!(answer.contains("\r\nConnection: close\r\n") && answer.ends_with("waited") && !was_reset, "{answer}");
    });
    assert_eq!((report.accepted, report.cut, failures.len()), (4, 0, 0), "{failures:?}");
}

over_both!(what_does_not_end_in_time_is_cut);

fn what_does_not_end_in_time_is_cut<K: Kind>() {
    let config = TokioConfig { drain: core_time::Duration::from_millis(200), ..TokioConfig::DEFAULT };
    let (report, _) = with_server::<K>(config, async |world, _| {
        let [mut begun, mut waiting] = [world.connect().await, world.connect().await];
        say(&mut begun, "/begun").await;
        hear(&mut begun, "begun").await;
        say(&mut waiting, "/wait").await;
        assert!(is_silent(&mut waiting).await);
        world.stop();
        assert_eq!(rest(&mut begun).await, (String::new(), K::HAS_RESET));
        assert_eq!(rest(&mut waiting).await, (String::new(), K::HAS_RESET));
    });
    assert_eq!((report.accepted, report.cut), (2, 2));
}

over_both!(a_server_that_is_dropped_resets_what_is_in_flight);

/// An end of the future is no end that looks good.
fn a_server_that_is_dropped_resets_what_is_in_flight<K: Kind>() {
    run(async {
        let folder = tempfile::tempdir().expect("a folder");
        let (listener, address) = K::listen(&folder);
        let mut stream = address.try_connect().await.expect("a place in the queue");
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
        assert_eq!(rest(&mut stream).await, (String::new(), K::HAS_RESET));
        lab.check();
        assert_eq!(lab.begun(), 1);
    });
}
