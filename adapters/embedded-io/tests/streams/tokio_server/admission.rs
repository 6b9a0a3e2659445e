//! Who comes in, and who has to go for that.

use core::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time;
use wirenut::http::{Limits, Rule};
use wirenut::readiness::{Policy, WhenFull};
use wirenut::time as core_time;
use wirenut_embedded_io::{Error, TokioConfig, TokioFailure};

use super::{Kind, POLICY, ask, config, hear, is_silent, over_both, rest, say, with_server};

over_both!(an_idle_connection_gives_way);

fn an_idle_connection_gives_way<K: Kind>() {
    let (report, _) = with_server::<K>(config(POLICY), async |world, _| {
        let [mut first, mut second] = [world.connect().await, world.connect().await];
        ask(&mut first).await;
        ask(&mut second).await;
        time::sleep(Duration::from_millis(20)).await;
        // The second one is in use: so it is the first one that goes.
        ask(&mut second).await;
        let mut third = world.connect().await;
        ask(&mut third).await;
        assert_eq!(rest(&mut first).await, (String::new(), false));
        ask(&mut second).await;
        world.stop();
    });
    assert_eq!((report.accepted, report.evicted, report.cut), (3, 1, 0));
}

over_both!(nobody_gives_way_where_nobody_waits);

fn nobody_gives_way_where_nobody_waits<K: Kind>() {
    let (report, _) = with_server::<K>(config(POLICY), async |world, _| {
        let [mut first, mut second] = [world.connect().await, world.connect().await];
        for _ in 0..3 {
            ask(&mut first).await;
            ask(&mut second).await;
            assert!(is_silent(&mut first).await);
        }
        world.stop();
    });
    assert_eq!((report.accepted, report.evicted), (2, 0));
}

over_both!(a_slow_head_gives_way_and_is_answered);

fn a_slow_head_gives_way_and_is_answered<K: Kind>() {
    let (report, failures) = with_server::<K>(config(Policy { slots: 1, ..POLICY }), async |world, _| {
        let mut slow = world.connect().await;
        slow.write_all(b"GET /hello HTTP/1.1\r\nHo").await.expect("a server");
        time::sleep(Duration::from_millis(50)).await;
        let mut other = world.connect().await;
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

over_both!(whoever_is_in_use_stays_and_others_queue_until_there_is_a_place);

fn whoever_is_in_use_stays_and_others_queue_until_there_is_a_place<K: Kind>() {
    let (report, _) = with_server::<K>(config(POLICY), async |world, lab| {
        let [mut first, mut second] = [world.connect().await, world.connect().await];
        say(&mut first, "/wait").await;
        say(&mut second, "/wait").await;
        let mut others = Vec::new();
        for _ in 0..3 {
            let mut other = world.connect().await;
            say(&mut other, "/hello").await;
            others.push(other);
        }
        for other in &mut others {
            assert!(is_silent(other).await);
        }
        lab.release();
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

over_both!(whoever_has_no_place_is_told_so_also_more_than_may_linger_at_once);

fn whoever_has_no_place_is_told_so_also_more_than_may_linger_at_once<K: Kind>() {
    const MANY: usize = 40;
    let policy = Policy { evict_idle: false, when_full: WhenFull::Refuse, ..POLICY };
    // Nobody may linger for so long that the test would see its end.
    let limits = Limits { linger: core_time::Duration::from_secs(1000), ..Limits::DEFAULT };
    let (report, failures) = with_server::<K>(TokioConfig { limits, ..config(policy) }, async |world, _| {
        let [mut first, mut second] = [world.connect().await, world.connect().await];
        ask(&mut first).await;
        ask(&mut second).await;
        let mut refused = Vec::new();
        for _ in 0..MANY {
            let mut stream = world.connect().await;
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
