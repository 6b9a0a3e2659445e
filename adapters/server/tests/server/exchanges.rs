//! Requests that are answered, however their bytes come.

use core::time::Duration;
use std::io::Write;
use std::thread;
use std::time::Instant;

use wirenut_server::Config;

use crate::client::{Client, get, post};
use crate::lab::{Running, wait_until};

#[test]
fn one_connection_carries_many_requests() {
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    for _ in 0..100 {
        let response = client.get("/hello");
        assert_eq!((response.status, &response.body[..]), (200, &b"Hello, World!"[..]));
        assert!(response.head.contains("\r\ndate: "), "{}", response.head);
    }
    assert_eq!(server.finish().accepted, 1);
}

#[test]
fn a_thousand_pipelined_requests_are_answered_in_order() {
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    // Large answers among them, so that the peer's buffers fill in the middle of requests.
    let path = |number: u32| if number.is_multiple_of(10) { "/big/50000" } else { "/hello" };
    let requests: String = (0..1_000).map(|number| get(path(number))).collect();
    let mut sender = client.stream.get_ref().try_clone().unwrap();
    let sending = thread::spawn(move || sender.write_all(requests.as_bytes()).unwrap());
    for number in 0..1_000_u32 {
        let expected = if number.is_multiple_of(10) { 50_000 } else { 13 };
        assert_eq!(client.response().body.len(), expected, "{number}");
    }
    sending.join().unwrap();
    server.finish();
}

#[test]
fn a_request_may_be_cut_at_every_byte() {
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    let request = post("/sink", 5) + "12345";
    for cut in 1..request.len() {
        client.send(&request[..cut]);
        thread::sleep(Duration::from_millis(1));
        client.send(&request[cut..]);
        assert_eq!(client.response().body, b"5", "cut at {cut}");
    }
    for byte in request.as_bytes() {
        client.send([*byte]);
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(client.response().body, b"5");
    server.finish();
}

#[test]
fn who_has_ended_sending_still_gets_the_answer() {
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    client.send(get("/wait/100") + &get("/hello"));
    client.end_sending();
    assert_eq!(client.response().body, b"waited");
    assert_eq!(client.response().body, b"Hello, World!");
    client.assert_closed();
    server.finish();
}

#[test]
fn a_named_time_is_waited_for_and_not_shorter() {
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    for milliseconds in [1, 20, 150] {
        let start = Instant::now();
        assert_eq!(client.get(&format!("/wait/{milliseconds}")).body, b"waited");
        assert!(start.elapsed() >= Duration::from_millis(milliseconds));
    }
    server.finish();
}

#[test]
fn another_thread_wakes_an_exchange() {
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    for _ in 0..50 {
        client.ask("/wake");
        let waker = server.woken.recv().unwrap();
        waker.wake_by_ref();
        assert_eq!(client.response().body, b"woken");
        // Too late, and of no effect.
        waker.wake();
    }
    server.finish();
}

#[test]
fn a_waker_outlives_its_connection_and_its_server() {
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    client.ask("/wake");
    let waker = server.woken.recv().unwrap();
    waker.wake_by_ref();
    client.response();
    drop(client);
    // Its slot is taken by the next connection.
    let mut next = Client::connect(server.address);
    next.ask("/never");
    waker.wake_by_ref();
    assert!(next.is_silent());
    server.stopper.stop_now();
    server.join();
    waker.wake();
}

#[test]
fn one_waiting_exchange_holds_up_nobody() {
    let server = Running::start(Config::DEFAULT);
    let mut waiting = Client::connect(server.address);
    waiting.ask("/wake");
    let waker = server.woken.recv().unwrap();
    // What comes meanwhile is left where it is.
    waiting.ask("/hello");
    let mut other = Client::connect(server.address);
    assert_eq!(other.get("/hello").status, 200);
    waker.wake();
    assert_eq!(waiting.response().body, b"woken");
    assert_eq!(waiting.response().body, b"Hello, World!");
    server.finish();
}

#[test]
fn an_echo_keeps_pace_with_its_slower_side() {
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    let size = 64 << 20;
    client.send(post("/echo", size));
    let mut sender = client.stream.get_ref().try_clone().unwrap();
    let sending = thread::spawn(move || {
        let piece: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
        for _ in 0..64 {
            sender.write_all(&piece).unwrap();
        }
    });
    // Nobody reads the echo: so the server must stop to take, long before all has come.
    let taken = || server.lab.taken.load(core::sync::atomic::Ordering::SeqCst);
    let mut before = u64::MAX;
    wait_until("the echo rests", || {
        thread::sleep(Duration::from_millis(100));
        core::mem::replace(&mut before, taken()) == taken()
    });
    assert!(taken() < size as u64 / 2, "{} bytes were taken", taken());
    let response = client.response();
    assert_eq!(response.body.len(), size);
    assert!(response.body.chunks(256).all(|chunk| chunk.iter().copied().eq(0..=255)));
    sending.join().unwrap();
    server.finish();
}

#[test]
fn a_client_is_told_to_continue() {
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    client.send("POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.head().status, 100);
    client.send("abc");
    assert_eq!(client.response().body, b"3");
    server.finish();
}
