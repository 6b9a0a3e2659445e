//! Connections that end: by time, by error, by the peer.

use core::time::Duration as Span;
use std::io::{BufRead, Write};
use std::thread;

use wirenut::http::Limits;
use wirenut::time::{Duration, Pace};
use wirenut_server::Config;

use crate::client::{Client, get, post};
use crate::lab::{Running, wait_until};

const SHORT: Duration = Duration::from_millis(150);

/// A connection that has had its first answer, however late this thread asks.
fn used(server: &Running) -> Client {
    loop {
        let mut client = Client::connect(server.address);
        let sent = client.stream.get_mut().write_all(get("/hello").as_bytes());
        if sent.is_ok() && client.stream.fill_buf().is_ok_and(|bytes| !bytes.is_empty()) {
            assert_eq!(client.response().status, 200);
            return client;
        }
    }
}

fn limits(limits: Limits) -> Config {
    Config { limits, ..Config::DEFAULT }
}

#[test]
fn a_head_that_takes_too_long_is_answered_408() {
    // A fresh connection has as long to send its first byte, so this one is no fresh one.
    let server = Running::start(limits(Limits { head: SHORT, ..Limits::DEFAULT }));
    let mut client = used(&server);
    client.send("GET / HT");
    let response = client.response();
    assert_eq!(response.status, 408);
    assert!(response.head.contains("connection: close"));
    client.assert_closed();
    server.finish();
}

#[test]
fn who_sends_nothing_is_closed_without_a_word() {
    let server = Running::start(limits(Limits { head: SHORT, idle: SHORT, ..Limits::DEFAULT }));
    Client::connect(server.address).assert_closed();
    used(&server).assert_closed();
    server.finish();
}

#[test]
fn who_takes_nothing_is_cut() {
    let write = Pace { grace: SHORT, per_byte: Duration::from_micros(0) };
    let server = Running::start(limits(Limits { write, ..Limits::DEFAULT }));
    let mut client = Client::connect(server.address);
    client.ask("/big/1000000000");
    wait_until("the exchange fails", || server.failed() == 1);
    let (rest, was_reset) = client.rest();
    assert!(was_reset && rest.len() < 1_000_000_000);
    server.finish();
}

#[test]
fn a_body_that_stalls_is_answered_408() {
    let body = Pace { grace: SHORT, per_byte: Duration::from_micros(0) };
    let server = Running::start(limits(Limits { body, ..Limits::DEFAULT }));
    let mut client = Client::connect(server.address);
    client.send(post("/sink", 10) + "123");
    assert_eq!(client.response().status, 408);
    client.assert_closed();
    assert_eq!(server.failed(), 1);
    server.finish();
}

#[test]
fn an_error_answer_arrives_though_much_more_was_sent() {
    let server = Running::start(Config::DEFAULT);
    for _ in 0..10 {
        let mut client = Client::connect(server.address);
        let mut sender = client.stream.get_ref().try_clone().unwrap();
        let sending = thread::spawn(move || {
            sender.write_all(b"GET / HTTP/1.1\r\nbroken\r\n\r\n").unwrap();
            // The server may close in the middle of it.
            let _ = sender.write_all(&vec![b'x'; 4 << 20]);
            let _ = sender.shutdown(std::net::Shutdown::Write);
        });
        assert_eq!(client.response().status, 400);
        client.assert_closed();
        sending.join().unwrap();
    }
    server.finish();
}

#[test]
fn a_reset_in_the_middle_of_a_body_closes_the_exchange() {
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    client.send("POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n");
    while client.stream.get_ref().peek(&mut [0]).unwrap() == 0 {}
    // Closing a socket with something unread in it resets the connection.
    drop(client);
    wait_until("the exchange fails", || server.failed() == 1);
    server.finish();
}

#[test]
fn a_reset_is_noticed_while_an_exchange_waits() {
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    // An answer that will not be read, and then a wait.
    client.send(get("/hello") + &get("/never"));
    while client.stream.get_ref().peek(&mut [0]).unwrap() == 0 {}
    thread::sleep(Span::from_millis(20));
    drop(client);
    wait_until("the exchange fails", || server.failed() == 1);
    server.finish();
}

#[test]
fn a_body_that_ends_too_soon_is_answered_400() {
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    client.send(post("/sink", 10) + "123");
    client.end_sending();
    assert_eq!(client.response().status, 400);
    client.assert_closed();
    assert_eq!(server.failed(), 1);
    server.finish();
}

#[test]
fn a_client_that_wants_the_connection_closed_sees_it_closed() {
    let server = Running::start(Config::DEFAULT);
    for request in ["GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET /hello HTTP/1.0\r\n\r\n"] {
        let mut client = Client::connect(server.address);
        client.send(request);
        assert_eq!(client.response().status, 200);
        client.assert_closed();
    }
    server.finish();
}

#[test]
fn heads_may_be_larger_than_the_usual_buffer() {
    let server = Running::start(limits(Limits { head_bytes: 1 << 20, ..Limits::DEFAULT }));
    let mut client = Client::connect(server.address);
    let value = "v".repeat(500_000);
    client.send(format!("GET /hello HTTP/1.1\r\nHost: a\r\nLong: {value}\r\n\r\n"));
    assert_eq!(client.response().status, 200);
    server.finish();
}

/// Whole answers, a piece of one that is cut, and then the reset: whatever the cut of the requests.
#[test]
fn an_answer_that_is_cut_takes_no_earlier_one_along() {
    let server = Running::start(Config::DEFAULT);
    for _ in 0..100 {
        let mut client = Client::connect(server.address);
        client.send(get("/hello").repeat(3) + &get("/cut/5"));
        for _ in 0..3 {
            assert_eq!(client.response().body, b"Hello, World!");
        }
        assert_eq!(client.head().status, 200);
        assert_eq!(client.rest(), (b"ccccc".to_vec(), true));
    }
    server.finish();
}

/// The time to linger counts from when the peer has all, not from when the system has.
#[test]
fn who_reads_late_gets_all_although_it_goes_on_sending() {
    const BYTES: usize = 1_500_000;
    let server = Running::start(limits(Limits { linger: SHORT, ..Limits::DEFAULT }));
    let mut client = Client::connect(server.address);
    client.send(format!("GET /big/{BYTES} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    // All of it is with the system, and the time to linger over, before any of it is read.
    thread::sleep(Span::from_millis(600));
    client.send("\r\n");
    thread::sleep(Span::from_millis(50));
    assert_eq!(client.response().body.len(), BYTES);
    client.end_sending();
    client.assert_closed();
    server.finish();
}

#[test]
fn what_was_kept_for_a_slow_reader_is_sent_before_the_reset() {
    const BYTES: usize = 20_000_000;
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    client.send(get(&format!("/big/{BYTES}")) + &get("/cut/50000"));
    thread::sleep(Span::from_millis(200));
    assert_eq!(client.response().body.len(), BYTES);
    thread::sleep(Span::from_millis(200));
    assert_eq!(client.head().status, 200);
    let (rest, was_reset) = client.rest();
    assert_eq!((rest.len(), was_reset), (50_000, true));
    server.finish();
}

#[test]
fn who_does_not_read_what_comes_before_a_reset_is_not_waited_for_without_end() {
    let write = Pace { grace: SHORT, per_byte: Duration::from_micros(0) };
    let server = Running::start(limits(Limits { write, ..Limits::DEFAULT }));
    let mut client = Client::connect(server.address);
    // More than fits into the buffers of both sides, so that some is left.
    client.send(get("/hello").repeat(2_000) + &get("/big/4000000") + &get("/cut/50000"));
    wait_until("the exchange fails", || server.failed() == 1);
    server.stopper.stop();
    assert!(client.rest().1);
    server.join();
}
