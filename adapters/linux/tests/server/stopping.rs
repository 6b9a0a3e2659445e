//! Servers that are told to stop.

use wirenut::time::Duration;
use wirenut_linux::{Config, Server};

use crate::client::{Client, get};
use crate::lab::{Lab, Running};

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
    assert!(std::net::TcpStream::connect(server.address).is_err());
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
