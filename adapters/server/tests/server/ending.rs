//! A server that goes on for a while after it was told to end.

use core::num::NonZeroUsize;

use wirenut::time::Duration;
use wirenut_server::{Config, Model};

use crate::client::{Client, get, post};
use crate::lab::{Running, wait_until};

const THREE: NonZeroUsize = NonZeroUsize::new(3).unwrap();

const MODELS: [Model; 4] = [
    Model::DEFAULT,
    Model::Multiplexed { workers: THREE },
    Model::PreThreaded { workers: THREE },
    Model::Threading { threads: THREE },
];

fn closes(response: &crate::client::Response) -> bool {
    response.head.contains("\r\nconnection: close\r\n")
}

#[test]
fn during_the_delay_all_are_served_and_asked_to_go() {
    for model in MODELS {
        let config = Config { model, drain_delay: Duration::from_secs(3600), ..Config::DEFAULT };
        let server = Running::start(config);
        let mut kept = Client::connect(server.address);
        assert!(!closes(&kept.get("/hello")));
        assert!(!server.metrics.is_ending());
        server.stopper.stop();
        assert!(server.metrics.is_ending());
        // It is not closed, for its next request may be on its way.
        assert!(kept.is_silent(), "{model:?}");
        let last = kept.get("/hello");
        assert!(last.status == 200 && closes(&last), "{model:?}: {last:?}");
        kept.assert_closed();
        drop(kept);
        // New ones are accepted.
        let mut late = Client::connect(server.address);
        let last = late.get("/hello");
        assert!(last.status == 200 && closes(&last), "{model:?}: {last:?}");
        late.assert_closed();
        drop(late);
        // Whoever asks for it once more does not wait for it.
        server.stopper.stop();
        assert_eq!(server.join().accepted, 2, "{model:?}");
    }
}

/// The last of them says so, and none is lost: also behind one that takes its time, and behind content.
#[test]
fn what_has_come_during_the_delay_is_answered() {
    let server = Running::start(Config { drain_delay: Duration::from_secs(3600), ..Config::DEFAULT });
    let mut client = Client::connect(server.address);
    assert_eq!(client.get("/hello").status, 200);
    let mut waiting = Client::connect(server.address);
    waiting.ask("/wake");
    let waker = server.woken.recv().unwrap();
    waiting.send(get("/hello"));
    server.stopper.stop();
    let echo = post("/echo", 4) + "body";
    client.send(get("/hello").repeat(5) + &echo + &post("/sink", 4) + "body");
    for _ in 0..6 {
        assert!(!closes(&client.response()));
    }
    let last = client.response();
    assert!(last.body == b"4" && closes(&last), "{last:?}");
    client.assert_closed();
    waker.wake();
    assert!(!closes(&waiting.response()));
    assert!(closes(&waiting.response()));
    waiting.assert_closed();
    drop((client, waiting));
    server.stopper.stop();
    assert_eq!(server.join().accepted, 2);
}

#[test]
fn after_the_delay_it_ends() {
    for model in MODELS {
        let config = Config { model, drain_delay: Duration::from_millis(50), ..Config::DEFAULT };
        let server = Running::start(config);
        let mut idle = Client::connect(server.address);
        assert_eq!(idle.get("/hello").status, 200);
        server.stopper.stop();
        idle.assert_closed();
        drop(idle);
        let report = server.join();
        assert_eq!((report.accepted, report.cut), (1, 0), "{model:?}");
    }
}

#[test]
fn without_a_delay_it_ends_at_once_and_says_so_to_those_who_have_asked() {
    let server = Running::start(Config::DEFAULT);
    let mut busy = Client::connect(server.address);
    busy.ask("/wait/100");
    wait_until("it has begun", || server.metrics.read().connections.busy == 1);
    server.stopper.stop();
    let last = busy.response();
    assert!(last.status == 200 && closes(&last), "{last:?}");
    server.join();
}

#[test]
fn it_is_cut_at_once_also_during_the_delay() {
    let config = Config { drain_delay: Duration::from_secs(3600), ..Config::DEFAULT };
    let server = Running::start(config);
    let mut busy = Client::connect(server.address);
    busy.ask("/never");
    wait_until("it has begun", || server.metrics.read().connections.busy == 1);
    server.stopper.stop();
    server.stopper.stop_now();
    assert_eq!(server.join().cut, 1);
}
