//! Handshakes that fail, take too long, or bring more than was asked for.

use alloc::sync::Arc;
use core::time::Duration;
use std::io::{ErrorKind, Write};
use std::thread;

use rustls::{ServerConnection, version};
use wirenut_client::{Cancel, Cause, Phase, Timeouts};

use super::{Authority, OK, text, url};
use crate::lab::{LONG, Peer, Server, builder};

#[test]
fn a_handshake_that_is_cut_fails_as_one() {
    type Cut = (&'static str, fn(&mut Peer));
    let cuts: [Cut; 5] = [
        ("closed at once", |_| {}),
        ("closed after the hello", |peer| drop(peer.bytes(5))),
        ("reset", |peer| {
            peer.bytes(5);
            peer.reset();
        }),
        ("no TLS at all", |peer| {
            peer.say("HTTP/1.1 400 Bad Request\r\n\r\n");
            peer.wait_for_end();
        }),
        ("half a record", |peer| {
            peer.say([22, 3, 3, 0, 100, 2]);
            peer.end();
            peer.wait_for_end();
        }),
    ];
    for (name, cut) in cuts {
        let server = Server::new(move |_, peer| cut(peer));
        let error = text(&Authority::new().client(), &url(&server)).unwrap_err();
        assert_eq!((error.phase(), error.is_timeout()), (Phase::Tls, false), "{name}: {error}");
    }
}

#[test]
fn a_handshake_has_its_time_and_can_be_cancelled() {
    let server = Server::new(|_, peer| peer.wait_for_end());
    let authority = Authority::new();
    let timeouts = Timeouts { tls: Duration::from_millis(40).into(), whole: Some(LONG.into()), ..Timeouts::DEFAULT };
    let client = builder().add_root_certificates(authority.pem.as_bytes()).timeouts(timeouts).build();
    let error = text(&client, &url(&server)).unwrap_err();
    assert_eq!((error.phase(), error.kind()), (Phase::Tls, ErrorKind::TimedOut));
    let cancel = Cancel::new().unwrap();
    let error = thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(20));
            cancel.cancel();
        });
        authority.client().get(url(&server)).cancel(&cancel).send().unwrap_err()
    });
    assert!(matches!(error.cause(), Cause::Cancelled), "{error}");
}

/// A server that has no time for anybody may say so before it was asked, and in the same segment as its last word of the
/// handshake: then the bytes are in the session already, and the socket never becomes readable for them.
#[test]
fn an_answer_that_comes_with_the_handshake_is_heard() {
    let authority = Authority::new();
    let config = Arc::new(authority.server_of("localhost", &[&version::TLS12], |_| {}));
    let server = Server::new(move |_, peer| {
        let mut session = ServerConnection::new(Arc::clone(&config)).unwrap();
        while session.is_handshaking() {
            while session.wants_write() {
                session.write_tls(peer.stream()).unwrap();
            }
            session.read_tls(peer.stream()).unwrap();
            session.process_new_packets().unwrap();
        }
        session.writer().write_all(OK.as_bytes()).unwrap();
        let mut last = Vec::new();
        while session.wants_write() {
            session.write_tls(&mut last).unwrap();
        }
        peer.say(last);
        peer.wait_for_end();
    });
    let response = authority.client().get(url(&server)).timeout(Duration::from_secs(3)).send().unwrap();
    assert_eq!(response.text(10).unwrap(), "ok");
}
