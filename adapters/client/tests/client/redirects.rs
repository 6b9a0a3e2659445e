//! Redirects over real connections; the rules are tested where they are.

use wirenut_client::{Body, Cause, Phase, Redirects};

use crate::lab::{Server, client};

/// Answers `/N?location` by a redirect of status N there, all else by what came.
fn redirecting() -> Server {
    Server::new(|_, peer| {
        while let Some(head) = peer.head() {
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            let body = peer.bytes(length.map_or(0, |length| length.parse().unwrap()));
            let target = head.split(' ').nth(1).unwrap();
            let is_sent = match target[1..].split_once('?') {
                Some((status, location)) => peer
                    .say(format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 5\r\n\r\nmoved")),
                None => {
                    let text = format!("{head}{}", String::from_utf8(body).unwrap());
                    peer.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len()))
                }
            };
            if !is_sent {
                return;
            }
        }
    })
}

#[test]
fn they_are_followed_over_the_same_connection() {
    let server = redirecting();
    let response = client().get(server.url("/302?/301?/308?/end")).send().unwrap();
    assert_eq!((response.redirects(), response.url().to_string()), (3, server.url("/end")));
    assert_eq!(server.lines().last().unwrap(), "GET /end HTTP/1.1");
}

#[test]
fn methods_and_content_follow_as_the_status_says() {
    let server = redirecting();
    for (status, method, has_content) in
        [(301, "GET", false), (302, "GET", false), (303, "GET", false), (307, "POST", true), (308, "POST", true)]
    {
        let request =
            client().post(server.url(&format!("/{status}?/end"))).header("Content-Type", "text/plain").body("hello");
        let text = request.send().unwrap().text(1_000).unwrap();
        assert!(text.starts_with(&format!("{method} /end ")), "{status}: {text}");
        assert_eq!(
            (text.contains("Content-Type:"), text.ends_with("hello")),
            (has_content, has_content),
            "{status}: {text}"
        );
    }
}

#[test]
fn content_that_is_gone_cannot_follow() {
    let server = redirecting();
    let request = client().post(server.url("/307?/end")).body(Body::reader_with_length(&b"hello"[..], 5));
    let error = request.send().unwrap_err();
    assert_eq!(error.phase(), Phase::Redirect);
    assert!(matches!(error.cause(), Cause::RefusedRedirect(_)));
}

#[test]
fn credentials_stay_with_their_origin() {
    let (one, other) = (redirecting(), redirecting());
    let send = |url: String| {
        let request = client().get(url).basic_auth("me", "secret").header("Cookie", "a=b").header("X-Own", "1");
        request.send().unwrap().text(1_000).unwrap()
    };
    for (url, keeps) in [(one.url("/302?/end"), true), (one.url(&format!("/302?{}", other.url("/end"))), false)] {
        let text = send(url);
        assert_eq!((text.contains("Authorization:"), text.contains("Cookie:")), (keeps, keeps), "{text}");
        assert!(text.contains("X-Own:"), "{text}");
    }
}

#[test]
fn they_end() {
    let server = Server::answering("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n");
    let error = client().get(server.url("/")).send().unwrap_err();
    assert!(matches!(error.cause(), Cause::TooManyRedirects(10)), "{error}");
    assert_eq!(server.heads().len(), 11);
    let response = client().get(server.url("/")).redirects(Redirects::OFF).send().unwrap();
    assert_eq!(response.status().code(), 302);
}

/// Its content is of no use, so nobody waits long for it.
#[test]
fn a_redirect_whose_content_does_not_come_is_followed() {
    let server = Server::new(|_, peer| {
        if peer.head().is_some_and(|head| head.starts_with("GET /end ")) {
            peer.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        } else {
            peer.say("HTTP/1.1 302 Found\r\nLocation: /end\r\nContent-Length: 100\r\n\r\nmoved");
        }
        peer.wait_for_end();
    });
    let response = client().get(server.url("/")).send().unwrap();
    assert_eq!(response.text(10).unwrap(), "ok");
}
