//! Slow servers, and requests that are given up.

use core::time::Duration;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::thread;
use std::time::Instant;

use wirenut::time::Pace;
use wirenut_client::{Body, Cancel, Cause, Client, Phase, Timeouts};
use wirenut_linux::thread::Event;

use crate::lab::{LONG, Peer, Server, builder, client};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
const SHORT: wirenut::time::Duration = wirenut::time::Duration::from_millis(40);

fn with(timeouts: Timeouts) -> Client {
    builder().timeouts(timeouts).build()
}

/// Each phase has a server that is too slow in it, and only in it.
#[test]
fn each_phase_has_its_time() {
    type Case = (Phase, Timeouts, fn(&mut Peer));
    let whole = Timeouts { whole: Some(LONG.into()), ..Timeouts::DEFAULT };
    let pace = Pace { grace: SHORT, per_byte: wirenut::time::Duration::from_micros(1) };
    let cases: [Case; 4] = [
        (Phase::Response, Timeouts { response: SHORT, ..whole }, |peer| peer.wait_for_end()),
        (Phase::Response, Timeouts { head: SHORT, ..whole }, |peer| {
            peer.drip(HEAD, Duration::from_millis(10));
        }),
        (Phase::Body, Timeouts { body: pace, ..whole }, |peer| {
            peer.say(HEAD);
            peer.wait_for_end();
        }),
        (Phase::Body, Timeouts { body: pace, ..whole }, |peer| {
            peer.say(HEAD);
            peer.drip([b'x'; 1_000], Duration::from_millis(10));
        }),
    ];
    for (number, (phase, timeouts, serve)) in cases.into_iter().enumerate() {
        let server = Server::new(move |_, peer| {
            peer.head();
            serve(peer);
        });
        let outcome = with(timeouts).get(server.url("/")).send().and_then(|response| response.bytes(1_000));
        let error = outcome.unwrap_err();
        assert_eq!((error.phase(), error.kind()), (phase, ErrorKind::TimedOut), "{number}: {error}");
        assert!(error.is_timeout());
    }
}

#[test]
fn a_request_that_is_not_taken_is_given_up() {
    let is_over = Event::new();
    let server = Server::new({
        let is_over = is_over.clone();
        move |_, peer| {
            peer.head();
            is_over.wait();
        }
    });
    let pace = Pace { grace: SHORT, per_byte: wirenut::time::Duration::from_micros(0) };
    let client = with(Timeouts { request: pace, whole: Some(LONG.into()), ..Timeouts::DEFAULT });
    let sent = client.post(server.url("/")).body(Body::reader(std::io::repeat(1))).send();
    is_over.set();
    let error = sent.unwrap_err();
    assert_eq!((error.phase(), error.kind()), (Phase::Request, ErrorKind::TimedOut), "{error}");
}

#[test]
fn one_deadline_is_for_all_of_it() {
    let server = Server::new(|_, peer| {
        peer.head();
        peer.say(HEAD);
        peer.drip([b'x'; 1_000], Duration::from_millis(10));
    });
    let response = client().get(server.url("/")).timeout(Duration::from_secs(2)).send().unwrap();
    let error = response.bytes(1_000).unwrap_err();
    assert!(matches!(error.cause(), Cause::TimedOut(limit) if limit.as_millis() == 2_000), "{error}");
    assert_eq!(error.phase(), Phase::Body);
}

#[test]
fn redirects_do_not_lengthen_it() {
    let server = Server::new(|_, peer| {
        while peer.head().is_some() {
            thread::sleep(Duration::from_millis(20));
            if !peer.say("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n") {
                return;
            }
        }
    });
    let error = client().get(server.url("/")).timeout(Duration::from_millis(90)).send().unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(server.heads().len() <= 6);
}

#[test]
fn another_thread_stops_it_in_every_phase() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server::new(|_, peer| {
        if peer.head().is_some_and(|head| head.starts_with("GET /body")) {
            peer.say(HEAD);
        }
        peer.wait_for_end();
    });
    let urls = [format!("http://{}/", silent.local_addr().unwrap()), server.url("/"), server.url("/body")];
    for url in urls {
        let cancel = Cancel::new().unwrap();
        let started = Instant::now();
        let error = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(30));
                cancel.cancel();
            });
            let sent = client().get(&url).cancel(&cancel).send().and_then(|response| response.bytes(1_000));
            sent.unwrap_err()
        });
        assert!(matches!(error.cause(), Cause::Cancelled), "{url}: {error}");
        assert!(started.elapsed() < LONG);
        // It stays so.
        assert!(matches!(client().get(&url).cancel(&cancel).send().unwrap_err().cause(), Cause::Cancelled));
    }
}

#[test]
fn a_wait_for_a_place_can_be_cancelled() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let client = builder().pool(wirenut_client::PoolLimits { per_host: 1, ..Default::default() }).build();
    let first = client.get(server.url("/")).send().unwrap();
    let cancel = Cancel::new().unwrap();
    cancel.cancel();
    assert!(matches!(client.get(server.url("/")).cancel(&cancel).send().unwrap_err().cause(), Cause::Cancelled));
    assert_eq!(first.text(10).unwrap(), "ok");
}
