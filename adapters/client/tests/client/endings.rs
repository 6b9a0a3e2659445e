//! Servers that mean no good, and connections that end too early.

use wirenut_client::{Cause, Error, Phase};

use crate::lab::{Peer, Server, client};

/// What becomes of a request that is answered so.
fn ask(answer: impl Fn(&mut Peer) + Send + Sync + 'static) -> Result<Vec<u8>, Error> {
    let server = Server::new(move |_, peer| {
        if peer.head().is_some() {
            answer(peer);
        }
    });
    client().get(server.url("/")).send()?.bytes(1 << 20)
}

#[test]
fn content_that_was_cut_off_is_an_error() {
    for (answer, is_reset) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", false),
        // Until the connection closes: a reset is no close.
        ("HTTP/1.1 200 OK\r\n\r\nabc", true),
    ] {
        let error = ask(move |peer| {
            peer.say(answer);
            if is_reset {
                peer.reset();
            }
        });
        let error = error.unwrap_err();
        // A reset may overtake the head.
        assert!(error.phase() == Phase::Body || (is_reset && error.phase() == Phase::Response), "{answer:?}: {error}");
    }
}

/// A read after a failure must not look like the end.
#[test]
fn what_has_failed_fails_again() {
    let server = Server::new(|_, peer| {
        peer.head();
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc");
    });
    let mut response = client().get(server.url("/")).send().unwrap();
    for _ in 0..2 {
        assert!(std::io::copy(&mut response, &mut std::io::sink()).is_err());
        assert!(response.copy_to(&mut std::io::sink(), |_, _| {}).is_err());
    }
}

#[test]
fn what_is_no_response_is_refused() {
    let endless = "X: y\r\n".repeat(100_000);
    let long = "y".repeat(100_000);
    for answer in [
        "".to_owned(),
        "\r\n\r\n".to_owned(),
        "HTTP/1.1".to_owned(),
        "HTTP/0.9 200 OK\r\n\r\n".to_owned(),
        "HTTP/2 200\r\n\r\n".to_owned(),
        "220 mail.example ESMTP\r\n".to_owned(),
        "HTTP/1.1 2000 OK\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n".to_owned(),
        "HTTP/1.1 200 OK\r\n Folded: x\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx".to_owned(),
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;{long}\r\n"),
        format!("HTTP/1.1 200 OK\r\n{endless}\r\n"),
        format!("HTTP/1.1 200 OK\r\nX: {long}\r\n\r\n"),
        "HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000),
    ] {
        let shown = answer.get(..60).unwrap_or(&answer).to_owned();
        let error = ask(move |peer| {
            peer.say(&answer);
            peer.end();
            peer.wait_for_end();
        });
        let error = error.unwrap_err();
        assert!(matches!(error.cause(), Cause::Protocol(_)), "{shown:?}: {error}");
    }
}

/// What comes behind an answer belongs to no request: the connection is not used again.
#[test]
fn bytes_behind_an_answer_are_no_answer() {
    let server = Server::new(|number, peer| {
        while peer.head().is_some() {
            let answer = if number == 0 {
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
            } else {
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb"
            };
            peer.say(answer);
        }
    });
    let client = client();
    let texts = [(); 2].map(|()| client.get(server.url("/")).send().unwrap().text(10).unwrap());
    assert_eq!(texts, ["a", "b"]);
}
