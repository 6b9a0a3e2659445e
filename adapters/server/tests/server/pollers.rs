//! All that a worker asks of its poller, with each of them.

use core::num::NonZeroUsize;
use core::sync::atomic::Ordering;
use std::io::Read;
use std::net::Shutdown;

use wirenut_server::{Config, Model, PollerKind};

use crate::client::{Client, post};
use crate::lab::{Running, wait_until};

const BODY: usize = 300_000;

fn with_each(test: impl Fn(Config)) {
    for poller in [PollerKind::Epoll, PollerKind::Poll, PollerKind::Select] {
        for workers in [1, 3] {
            let model = Model::Multiplexed { workers: NonZeroUsize::new(workers).unwrap() };
            test(Config { model, poller, ..Config::DEFAULT });
        }
    }
}

#[test]
fn many_connections_are_answered_and_drained() {
    with_each(|config| {
        let server = Running::start(config);
        let mut clients: Vec<_> = (0..40).map(|_| Client::connect(server.address)).collect();
        for round in 0..3 {
            for client in &mut clients {
                client.ask("/hello");
            }
            for client in &mut clients {
                assert_eq!(client.response().body, b"Hello, World!", "round {round}");
            }
            // Each round, some go and others come.
            clients.drain(..10);
            clients.extend((0..10).map(|_| Client::connect(server.address)));
        }
        for client in &mut clients {
            assert_eq!(client.get("/hello").status, 200);
        }
        server.stopper.stop();
        for client in &mut clients {
            client.assert_closed();
        }
        assert_eq!((server.join().accepted, clients.len()), (70, 40));
    });
}

/// The interest of a connection changes: to write, to nothing, to read again.
#[test]
fn who_does_not_take_its_answer_holds_up_nobody() {
    with_each(|config| {
        let server = Running::start(config);
        let mut slow = Client::connect(server.address);
        slow.ask("/big/50000000");
        let mut echo = Client::connect(server.address);
        echo.send(post("/echo", BODY));
        echo.send(vec![b'e'; BODY]);
        assert_eq!(echo.response().body, vec![b'e'; BODY]);
        assert_eq!(Client::connect(server.address).get("/hello").status, 200);
        assert_eq!(slow.response().body.len(), 50_000_000);
        assert_eq!(slow.get("/hello").status, 200);
        server.finish();
    });
}

#[test]
fn wakes_times_half_closes_and_resets_are_noticed() {
    with_each(|config| {
        let server = Running::start(config);
        let mut woken = Client::connect(server.address);
        woken.ask("/wake");
        server.woken.recv().unwrap().wake();
        assert_eq!(woken.response().body, b"woken");
        assert_eq!(woken.get("/wait/20").body, b"waited");

        let mut half = Client::connect(server.address);
        half.ask("/wait/50");
        half.end_sending();
        assert_eq!(half.response().body, b"waited");
        half.assert_closed();

        let mut reset = Client::connect(server.address);
        reset.send(post("/sink", 100));
        reset.send("a part");
        wait_until("it is taken", || server.lab.taken.load(Ordering::SeqCst) == 6);
        // Closing with something unread resets.
        reset.ask("/hello");
        reset.stream.get_ref().shutdown(Shutdown::Both).unwrap();
        let _ = reset.stream.read(&mut [0]);
        drop(reset);
        wait_until("its end is noticed", || server.failed() == 1);
        server.finish();
    });
}
