//! Connections that are handed on.

use core::time::Duration;
use std::io::{Read as _, Write as _};

use wirenut::http::Method;
use wirenut_client::{PoolLimits, Progress};
use wirenut_linux::socket::{Attempt, Received};

use crate::lab::{Peer, Server, builder, client};
use crate::proxies::through;

const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n";

/// Answers what it is asked with, and then says in capitals what comes.
fn shouting(answer: String) -> Server {
    Server::new(move |_, peer| {
        peer.head();
        peer.say(&answer);
        shout(peer);
    })
}

fn shout(peer: &mut Peer) {
    let mut bytes = [0; 100];
    while let Ok(count @ 1..) = peer.stream().read(&mut bytes) {
        peer.say(bytes[..count].to_ascii_uppercase());
    }
}

/// Whatever stands behind the head, in one piece with it or not, is the first that is received.
#[test]
fn nothing_behind_the_head_is_lost() {
    for early in ["", "X", "early bird ", &"0123456789".repeat(6_000)] {
        let server = shouting(format!("{SWITCH}{early}"));
        let client = client();
        let request = || client.get(server.url("/")).header("Upgrade", "shout");
        let response = request().send().unwrap();
        assert_eq!(response.status().code(), 101);
        let mut exchange = request().start().unwrap();
        while !matches!(exchange.poll().unwrap(), Progress::Head(_)) {
            std::thread::yield_now();
        }
        for response in [response, exchange.into_response().unwrap()] {
            let mut stream = response.into_upgraded().unwrap();
            stream.write_all(b"hello").unwrap();
            let expected = format!("{early}HELLO");
            let mut received = vec![0; expected.len()];
            stream.read_exact(&mut received).unwrap();
            assert!(received == expected.as_bytes());
            assert_eq!((stream.holds_unread(), stream.recv(&mut [0; 9]).unwrap()), (false, Received::WouldBlock));
            assert_eq!((stream.send(b"x").unwrap(), stream.flush_now().unwrap()), (Attempt::Done(1), true));
            stream.shutdown_write();
            let mut rest = String::new();
            stream.read_to_string(&mut rest).unwrap();
            assert_eq!(rest, "X");
        }
    }
}

/// It counts as a connection as long as it is there, and is none that another request gets.
#[test]
fn it_keeps_its_place_in_the_pool() {
    let server = shouting(SWITCH.to_owned());
    let client = builder().pool(PoolLimits { per_host: 1, ..PoolLimits::DEFAULT }).build();
    let request = || client.get(server.url("/")).header("Upgrade", "shout");
    let stream = request().send().unwrap().into_upgraded().unwrap();
    assert!(request().timeout(Duration::from_millis(20)).send().is_err());
    drop(stream);
    assert_eq!(request().send().unwrap().status().code(), 101);
}

#[test]
fn what_has_not_switched_is_not_handed_on() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let refusing = Server::answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    let client = client();
    let request = client.get(server.url("/")).header("Upgrade", "shout");
    let error = request.send().unwrap().into_upgraded().unwrap_err();
    assert!(error.to_string().contains("has not switched"), "{error}");
    let response = client.request(Method::Connect, refusing.url("/")).send().unwrap();
    assert_eq!((response.status().code(), response.text(10).unwrap().as_str()), (403, "no"));
}

#[test]
fn connect_opens_a_tunnel_through_a_proxy() {
    let proxy = shouting("HTTP/1.1 200 Connected\r\nContent-Length: 99\r\n\r\nearly ".to_owned());
    let client = through(&format!("u:p@{}", proxy.address()));
    for url in ["http://host.invalid/path", "https://host.invalid/"] {
        let mut stream = client.request(Method::Connect, url).send().unwrap().into_upgraded().unwrap();
        stream.write_all(b"late").unwrap();
        let mut received = [0; 10];
        stream.read_exact(&mut received).unwrap();
        assert_eq!(&received, b"early LATE");
    }
    assert_eq!(proxy.lines(), ["CONNECT host.invalid:80 HTTP/1.1", "CONNECT host.invalid:443 HTTP/1.1"]);
    for head in proxy.heads() {
        assert!(head.contains("\r\nProxy-Authorization: Basic dTpw\r\n") && head.contains("\r\nHost: host.invalid:"));
    }
}

/// An upgrade is asked of the neighbour (RFC 9110 §7.8): the proxy must not be that one.
#[test]
fn an_upgrade_goes_through_a_tunnel() {
    let proxy = Server::new(|_, peer| {
        peer.head();
        peer.say("HTTP/1.1 200 Connected\r\n\r\n");
        peer.head();
        peer.say(SWITCH);
        shout(peer);
    });
    let client = through(&proxy.address().to_string());
    let mut stream =
        client.get("http://host.invalid/a").header("Upgrade", "shout").send().unwrap().into_upgraded().unwrap();
    stream.write_all(b"x").unwrap();
    stream.read_exact(&mut [0]).unwrap();
    assert_eq!(proxy.lines(), ["CONNECT host.invalid:80 HTTP/1.1", "GET /a HTTP/1.1"]);
}
