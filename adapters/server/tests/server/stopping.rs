//! Servers that are told to stop.

use core::num::NonZeroUsize;
use std::thread;
use std::time::Instant;

use wirenut::http::Limits;
use wirenut::time::Duration;
use wirenut_linux::socket::{Family, Socket};
use wirenut_server::{Config, Model, Server};

use crate::client::{Client, get};
use crate::lab::{GRACE, Lab, Running, in_time, of_many_clients, wait_until};

#[test]
fn idle_connections_are_closed_and_the_others_finish() {
    let server = Running::start(Config::DEFAULT);
    let mut idle = Client::connect(server.address);
    idle.get("/hello");
    let mut busy = Client::connect(server.address);
    busy.ask("/wake");
    let waker = server.woken.recv().unwrap();
    server.stopper.stop();
    idle.assert_closed();
    assert!(busy.is_silent());
    waker.wake();
    let response = busy.response();
    assert_eq!((response.status, response.head.contains("connection: close")), (200, true));
    busy.assert_closed();
    drop(busy);
    let report = server.join();
    assert_eq!((report.accepted, report.cut), (2, 0));
}

#[test]
fn nobody_comes_in_any_more() {
    let server = Running::start(Config::DEFAULT);
    let mut busy = Client::connect(server.address);
    busy.ask("/wake");
    let waker = server.woken.recv().unwrap();
    let mut idle = Client::connect(server.address);
    idle.get("/hello");
    server.stopper.stop();
    idle.assert_closed();
    wait_until("nobody listens", || std::net::TcpStream::connect(server.address).is_err());
    waker.wake();
    busy.response();
    drop(busy);
    server.join();
}

#[test]
fn what_does_not_end_in_time_is_cut() {
    let server = Running::start(Config { drain: Duration::from_millis(200), ..Config::DEFAULT });
    let mut busy = Client::connect(server.address);
    busy.ask("/never");
    let mut half = Client::connect(server.address);
    half.get("/hello");
    half.send("GET /hel");
    // All has come once another request was answered.
    Client::connect(server.address).get("/hello");
    let lab = alloc::sync::Arc::clone(&server.lab);
    let report = server.finish();
    assert_eq!(report.cut, 2);
    assert_eq!(lab.failed.load(core::sync::atomic::Ordering::SeqCst), 1);
    assert_eq!(busy.rest().0, b"");
}

#[test]
fn a_head_that_does_not_come_whole_holds_no_drain_up() {
    let hour = Duration::from_secs(3600);
    for (linger, rest, status) in [(Duration::from_millis(100), "", 408), (hour, "lo HTTP/1.1\r\nHost: a\r\n\r\n", 200)]
    {
        let limits = Limits { head: hour, linger, ..Limits::DEFAULT };
        let server = Running::start(Config { limits, drain: hour, ..Config::DEFAULT });
        let mut halves = [Client::connect(server.address), Client::connect(server.address)];
        halves[1].get("/hello");
        for half in &mut halves {
            half.send("GET /hel");
        }
        // All has come once another request was answered.
        let mut idle = Client::connect(server.address);
        idle.get("/hello");
        server.stopper.stop();
        idle.assert_closed();
        for half in &mut halves {
            half.send(rest);
            let response = half.response();
            assert_eq!((response.status, response.head.contains("connection: close")), (status, true));
            half.assert_closed();
        }
        drop((halves, idle));
        assert_eq!(server.join().cut, 0);
    }
}

#[test]
fn a_server_that_stops_now_cuts_what_is_in_flight() {
    let server = Running::start(Config::DEFAULT);
    let mut busy = Client::connect(server.address);
    busy.send(get("/hello") + &get("/never"));
    assert_eq!(busy.response().status, 200);
    server.stopper.stop_now();
    assert_eq!(server.join().cut, 1);
    assert_eq!(busy.rest().0, b"");
}

#[test]
fn a_stopped_server_does_not_start() {
    let server = Server::bind("127.0.0.1:0", Config::DEFAULT).unwrap();
    server.stopper().stop();
    assert_eq!(server.run(&Lab::new(None).0).unwrap().accepted, 0);
}

/// One worker, and several that share the listener.
const THREADS: [NonZeroUsize; 2] = [NonZeroUsize::MIN, NonZeroUsize::new(3).unwrap()];

#[test]
fn what_waits_in_the_queue_is_answered() {
    let _alone = of_many_clients();
    for threads in THREADS {
        // Nobody accepts before it runs, so that all of them wait; and there are fewer places than that.
        let model = Model::Multiplexed { workers: threads };
        let server = Server::bind("127.0.0.1:0", Config { model, max_connections: 20, ..Config::DEFAULT }).unwrap();
        let address = server.local_addr().unwrap();
        let mut clients: Vec<Client> = (0..300).map(|_| Client::connect(address)).collect();
        for client in &mut clients {
            client.ask("/hello");
        }
        server.stopper().stop();
        let running = thread::spawn(move || server.run(&Lab::new(None).0).unwrap());
        for client in &mut clients {
            let response = client.response();
            assert_eq!((response.status, &*response.body), (200, &b"Hello, World!"[..]));
            client.assert_closed();
        }
        drop(clients);
        let report = running.join().unwrap();
        assert_eq!((report.accepted, report.refused, report.cut), (300, 0, 0));
        wait_until("nobody listens", || std::net::TcpStream::connect(address).is_err());
    }
}

/// Connections on which requests come in the moment in which the server is told to stop: each is answered, whether it was
/// connected before or asked before, and also what stands behind a request that is not answered yet.
#[test]
fn what_has_come_on_connections_is_answered() {
    for threads in THREADS {
        let server = Running::on_threads(Config::DEFAULT, threads);
        let mut busy = Client::connect(server.address);
        busy.ask("/wake");
        let waker = server.woken.recv().unwrap();
        busy.send(get("/hello") + &get("/wait/1"));
        let mut kept: Vec<Client> = (0..20).map(|_| Client::connect(server.address)).collect();
        for client in &mut kept {
            assert_eq!(client.get("/hello").status, 200);
        }
        let mut fresh: Vec<Client> = (0..20).map(|_| Client::connect(server.address)).collect();
        // Every worker is in the middle of something, so nothing of this is read before the end is wanted.
        let mut busiest: Vec<Client> = (0..threads.get() * 4).map(|_| Client::connect(server.address)).collect();
        for client in &mut busiest {
            client.ask("/sleep/300");
        }
        thread::sleep(core::time::Duration::from_millis(50));
        for client in kept.iter_mut().chain(&mut fresh) {
            client.send(get("/hello").repeat(3) + &get("/big/3000000") + &get("/hello"));
        }
        server.stopper.stop();
        for client in kept.iter_mut().chain(&mut fresh) {
            let lengths = [13, 13, 13, 3_000_000, 13];
            assert_eq!(lengths.map(|_| client.response().body.len()), lengths);
            client.assert_closed();
        }
        for client in &mut busiest {
            assert_eq!(client.response().status, 200);
        }
        assert!(busy.is_silent());
        waker.wake();
        assert_eq!(["woken", "Hello, World!", "waited"].map(str::as_bytes).to_vec(), {
            let bodies: Vec<Vec<u8>> = (0..3).map(|_| busy.response().body).collect();
            bodies
        });
        drop((busy, kept, fresh, busiest));
        assert_eq!(server.join().cut, 0);
    }
}

#[test]
fn the_second_wish_to_stop_ends_what_is_left_at_once() {
    let server = Running::start(Config::DEFAULT);
    let mut busy = Client::connect(server.address);
    busy.send(get("/never") + &get("/hello"));
    let mut other = Client::connect(server.address);
    assert_eq!(other.get("/hello").status, 200);
    server.stopper.stop();
    other.assert_closed();
    assert!(busy.is_silent());
    server.stopper.stop_now();
    assert_eq!(server.join().cut, 1);
}

/// Whoever keeps connections, and may use one at any moment, gives them up by itself.
#[test]
fn a_server_that_has_handed_over_closes_no_connection_that_may_be_used() {
    for threads in THREADS {
        let listener = Socket::tcp(Family::V4).unwrap();
        listener.bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = listener.listen(100).unwrap();
        let model = Model::Multiplexed { workers: threads };
        // As after a restart: two servers at one socket.
        let (old, new) = (listener.try_clone().unwrap(), listener);
        let old = Server::on(old, Config { model, ..Config::DEFAULT }).unwrap();
        let (address, stopper) = (old.local_addr().unwrap(), old.stopper());
        let running = thread::spawn(move || old.run(&Lab::new(None).0).unwrap());
        let mut kept: Vec<Client> = (0..20).map(|_| Client::connect(address)).collect();
        for client in &mut kept {
            assert!(!client.get("/hello").head.contains("connection: close"));
        }
        let mut fresh = Client::connect(address);
        let mut idle = Client::connect(address);
        idle.get("/hello");
        stopper.hand_over();
        let new = Server::on(new, Config { model, ..Config::DEFAULT }).unwrap();
        let stopper = new.stopper();
        let successor = thread::spawn(move || new.run(&Lab::new(None).0).unwrap());
        for client in kept.iter_mut().chain([&mut fresh]) {
            // What it answers before it has seen the wish is not the last.
            while !client.get("/hello").head.contains("connection: close") {}
            client.assert_closed();
        }
        assert!(idle.is_silent());
        drop((kept, fresh, idle));
        // It ends with its last connection, long before its time is over.
        assert_eq!(running.join().unwrap().cut, 0);
        let mut later = Client::connect(address);
        assert!(!later.get("/hello").head.contains("connection: close"), "the new one answers");
        stopper.stop();
        later.assert_closed();
        drop(later);
        assert_eq!(successor.join().unwrap().accepted, 1);
    }
}

/// Whoever asks somewhere else whether it is well has time to hear that it ends.
#[test]
fn a_server_that_delays_its_drain_goes_on_and_says_so_in_each_answer() {
    for threads in THREADS {
        let drain_delay = Duration::from_secs(600);
        let server = Running::on_threads(Config { drain_delay, ..Config::DEFAULT }, threads);
        let mut kept = Client::connect(server.address);
        kept.get("/hello");
        let mut idle = Client::connect(server.address);
        idle.get("/hello");
        server.stopper.stop();
        while !kept.get("/hello").head.contains("connection: close") {}
        kept.assert_closed();
        let mut new = Client::connect(server.address);
        while !new.get("/hello").head.contains("connection: close") {}
        new.assert_closed();
        assert!(idle.is_silent());
        server.stopper.stop_now();
        idle.assert_closed();
        drop((kept, new, idle));
        server.join();
    }
}

/// Between connecting and asking there is a moment.
#[test]
fn who_has_just_connected_may_still_ask() {
    for threads in THREADS {
        in_time(|| asks_after_the_end(threads));
    }
}

fn asks_after_the_end(threads: NonZeroUsize) -> bool {
    let server = Running::on_threads(Config::DEFAULT, threads);
    let mut clients: Vec<Client> = (0..20).map(|_| Client::connect(server.address)).collect();
    let mut silent = Client::connect(server.address);
    let mut used = Client::connect(server.address);
    assert_eq!(used.get("/hello").status, 200);
    let end = Instant::now();
    server.stopper.stop();
    used.assert_closed();
    for client in &mut clients {
        client.ask("/hello");
    }
    if end.elapsed() >= GRACE {
        return false;
    }
    for client in &mut clients {
        assert_eq!(client.response().status, 200);
        client.assert_closed();
    }
    silent.assert_closed();
    assert_eq!(server.finish().cut, 0);
    true
}
