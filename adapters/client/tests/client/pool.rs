//! Connections that are kept.

use core::time::Duration;
use std::sync::mpsc;
use std::thread;

use wirenut_client::{Body, Phase, PoolLimits};

use crate::lab::{Server, builder, client};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A server that says on which connection each request came.
fn counting() -> Server {
    Server::new(|number, peer| {
        while peer.head().is_some_and(|_| peer.say(format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{number:2}"))) {
        }
    })
}

#[test]
fn a_connection_is_used_again_once_its_answer_is_read() {
    let server = counting();
    let client = client();
    let get = || client.get(server.url("/")).send().unwrap();
    assert_eq!([(); 3].map(|()| get().text(10).unwrap()), [" 0"; 3]);
    let unread = get();
    assert_eq!(get().text(10).unwrap(), " 1");
    drop(unread);
    // That of an answer that was not read is closed.
    assert_eq!([(); 2].map(|()| get().text(10).unwrap()), [" 1"; 2]);
}

#[test]
fn a_server_that_closes_is_obeyed() {
    let server = Server::new(|_, peer| {
        peer.head();
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        peer.wait_for_end();
    });
    let client = client();
    for _ in 0..3 {
        assert_eq!(client.get(server.url("/")).send().unwrap().text(10).unwrap(), "ok");
    }
}

/// A server may close a connection that idles at any time.
#[test]
fn a_connection_that_was_closed_meanwhile_is_not_used() {
    let (closed, is_closed) = mpsc::channel();
    let server = Server::new(move |_, peer| {
        peer.head();
        peer.say(OK);
        peer.end();
        closed.send(()).unwrap();
        peer.wait_for_end();
    });
    let client = client();
    // Not even by a request that could not be sent again.
    for _ in 0..3 {
        let body = Body::reader(&b"x"[..]);
        assert_eq!(client.post(server.url("/")).body(body).send().unwrap().text(10).unwrap(), "ok");
        is_closed.recv_timeout(Duration::from_secs(20)).unwrap();
    }
}

/// The server closes when it gets the second request of a connection: nobody can see that before.
fn fickle(resets: bool) -> Server {
    Server::new(move |_, peer| {
        peer.head();
        peer.say(OK);
        // Content of unknown length is taken, so that it cannot be sent again.
        if peer.head().is_some_and(|head| head.contains("chunked")) {
            let mut content = Vec::new();
            while !content.ends_with(b"0\r\n\r\n") {
                content.extend(peer.bytes(1));
            }
        }
        if resets {
            peer.reset();
        }
    })
}

#[test]
fn an_idempotent_request_is_sent_again_once() {
    for resets in [false, true] {
        let server = fickle(resets);
        let client = client();
        for _ in 0..3 {
            assert_eq!(client.get(server.url("/")).send().unwrap().text(10).unwrap(), "ok");
        }
        // The first of each connection, and each but the first twice.
        assert_eq!(server.heads().len(), 5);
        let put = client.put(server.url("/")).body("again and again");
        assert_eq!(put.send().unwrap().text(10).unwrap(), "ok");
    }
}

#[test]
fn what_cannot_be_sent_again_is_not() {
    let server = fickle(false);
    let client = client();
    let first = || client.get(server.url("/")).send().unwrap().text(10).unwrap();
    first();
    let error = client.post(server.url("/")).body("x").send().unwrap_err();
    assert_eq!(error.phase(), Phase::Response);
    first();
    assert!(client.put(server.url("/")).body(Body::reader(&b"x"[..])).send().is_err());
    assert_eq!(server.heads().len(), 4);
}

/// A new connection that ends without an answer is no stale one.
#[test]
fn a_new_connection_is_not_tried_again() {
    let server = Server::new(|_, peer| {
        peer.head();
    });
    let error = client().get(server.url("/")).send().unwrap_err();
    assert_eq!((error.phase(), server.heads().len()), (Phase::Response, 1));
}

#[test]
fn a_host_has_as_many_connections_as_allowed() {
    let server = counting();
    let client = builder().pool(PoolLimits { per_host: 1, ..PoolLimits::DEFAULT }).build();
    let first = client.get(server.url("/")).send().unwrap();
    let error = client.get(server.url("/")).timeout(Duration::from_millis(50)).send().unwrap_err();
    assert_eq!(error.phase(), Phase::Pool);
    assert!(error.to_string().contains("finish or drop other responses"), "{error}");
    // Who waits gets it when it is free.
    thread::scope(|scope| {
        let waiting: Vec<_> =
            (0..4).map(|_| scope.spawn(|| client.get(server.url("/")).send().unwrap().text(10).unwrap())).collect();
        assert_eq!(first.text(10).unwrap(), " 0");
        for text in waiting {
            assert_eq!(text.join().unwrap(), " 0");
        }
    });
}

#[test]
fn an_idle_connection_makes_room_for_another_host() {
    let servers = [counting(), counting(), counting()];
    let client = builder().pool(PoolLimits { in_all: 2, ..PoolLimits::DEFAULT }).build();
    let get = |server: &Server| client.get(server.url("/")).send().unwrap().text(10).unwrap();
    assert_eq!([&servers[0], &servers[1], &servers[2]].map(get), [" 0"; 3]);
    // The first was idle for longest.
    assert_eq!([&servers[1], &servers[2], &servers[0]].map(get), [" 0", " 0", " 1"]);
}

#[test]
fn nothing_is_kept_without_a_time_for_it() {
    let server = counting();
    let client = builder().pool(PoolLimits { idle: Duration::ZERO.into(), ..PoolLimits::DEFAULT }).build();
    let texts = [(); 3].map(|()| client.get(server.url("/")).send().unwrap().text(10).unwrap());
    assert_eq!(texts, [" 0", " 1", " 2"]);
}
