//! HTTP over sockets of tokio.

use wirenut_embedded_io::{TokioConfig, TokioFailure, TokioReport};

use super::{Kind, ask, hear, is_silent, over_both, rest, say, with_server};

over_both!(many_connections_are_served_at_once_and_a_report_is_given);

fn many_connections_are_served_at_once_and_a_report_is_given<K: Kind>() {
    let (report, failures) = with_server::<K>(TokioConfig::DEFAULT, async |world, lab| {
        let mut streams = Vec::new();
        for _ in 0..200 {
            streams.push(world.connect().await);
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
        let mut waiting = world.connect().await;
        say(&mut waiting, "/wait").await;
        ask(&mut streams[0]).await;
        assert!(is_silent(&mut waiting).await);
        lab.release();
        hear(&mut waiting, "waited").await;
        drop(streams);
        drop(waiting);
        world.stop();
    });
    let TokioReport { accepted, refused, evicted, cut, panics, .. } = report;
    assert_eq!(([accepted, refused, evicted, cut, panics], failures.len()), ([201, 0, 0, 0, 0], 0));
}

over_both!(a_panic_costs_its_connection_and_nothing_else);

fn a_panic_costs_its_connection_and_nothing_else<K: Kind>() {
    let (report, failures) = with_server::<K>(TokioConfig::DEFAULT, async |world, _| {
        let [mut broken, mut other] = [world.connect().await, world.connect().await];
        ask(&mut other).await;
        say(&mut broken, "/panic").await;
        assert_eq!(rest(&mut broken).await, (String::new(), K::HAS_RESET));
        ask(&mut other).await;
        assert_eq!(world.failures.borrow().len(), 1);
        world.stop();
    });
    assert_eq!((report.accepted, report.panics), (2, 1));
    assert!(matches!(failures[..], [TokioFailure::Panic(_)]), "{failures:?}");
}
