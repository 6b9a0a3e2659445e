//! Servers and callers that mean no good.

use core::time::Duration;
use std::io::Read as _;
use std::sync::mpsc;
use std::thread;

use wirenut::http::{Limits, Method};
use wirenut_client::{Body, Cancel, Cause, Phase, PoolLimits, Url};
use wirenut_linux::thread::Event;

use crate::lab::{LONG, Server, builder, client};
use crate::proxies::through;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Memory is taken for what comes, not for what a head announces.
#[test]
fn an_announced_length_takes_no_memory() {
    let limits = Limits { body_bytes: u64::MAX, ..Limits::DEFAULT };
    for length in [Limits::DEFAULT.body_bytes, 1 << 62, u64::MAX] {
        let server = Server::new(move |_, peer| {
            peer.head();
            peer.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nx"));
            peer.end();
            peer.wait_for_end();
        });
        let sent = builder().limits(limits).build().get(server.url("/")).send();
        let error = sent.and_then(|response| response.bytes(usize::MAX)).unwrap_err();
        assert!(matches!(error.cause(), Cause::Protocol(_)), "{length}: {error}");
    }
}

/// A password with a sign that a URL does not allow there is a common mistake, and the error goes to a log.
#[test]
fn errors_show_no_password() {
    for text in [
        "http://me:se/cret@a/",
        "http://me:se?cret@a/",
        "http://me:se#cret@a/",
        "http://me:se cret@a b/",
        "http:me:secret@a/",
        "me:secret@a/",
        "me:se://cret@a/",
        "ftp://me:secret@a/",
        "http://me:secret@a:99999/",
        "//me:secret@a",
    ] {
        let Err(error) = text.parse::<Url>() else { panic!("{text} is a URL") };
        assert!(!format!("{error} {error:?}").contains("cret"), "{text}: {error}");
    }
    let base: Url = "http://a/".parse().unwrap();
    for reference in ["http://me:secret@a b/", "//me:secret@a b/", "ftp://me:secret@a/"] {
        let error = base.join(reference.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"), "{reference}: {error}");
    }
}

/// One who waits for a host that is busy does not keep the place of another host from those who wait for that.
#[test]
fn a_free_place_goes_to_one_who_can_use_it() {
    let (busy, other) = (Server::answering(OK), Server::answering(OK));
    let client = builder().pool(PoolLimits { per_host: 1, ..PoolLimits::DEFAULT }).build();
    let (get, cancel) = (|server: &Server| client.get(server.url("/")), Cancel::new().unwrap());
    let (first, second) = (get(&busy).send().unwrap(), get(&other).send().unwrap());
    thread::scope(|scope| {
        let (done, is_done) = mpsc::channel();
        let stuck = scope.spawn(|| get(&busy).cancel(&cancel).send().unwrap_err());
        // Both wait now, in this order, or the test shows nothing.
        thread::sleep(Duration::from_millis(100));
        let (get, other) = (&get, &other);
        scope.spawn(move || done.send(get(other).send().map(|response| response.text(10).unwrap())).unwrap());
        thread::sleep(Duration::from_millis(100));
        assert_eq!(second.text(10).unwrap(), "ok");
        assert_eq!(is_done.recv_timeout(Duration::from_secs(20)).unwrap().unwrap(), "ok");
        assert!(!stuck.is_finished(), "the place came only when the other gave up");
        cancel.cancel();
        assert_eq!(stuck.join().unwrap().phase(), Phase::Pool);
    });
    drop(first);
}

/// Many more threads than places: nobody starves, and nothing is left over.
#[test]
fn a_hundred_threads_share_few_places() {
    let servers = [Server::answering(OK), Server::answering(OK), Server::answering(OK)];
    let client = builder().pool(PoolLimits { per_host: 2, in_all: 3, ..PoolLimits::DEFAULT }).build();
    thread::scope(|scope| {
        for number in 0..100 {
            let (client, servers) = (&client, &servers);
            scope.spawn(move || {
                for turn in 0..5 {
                    let request = client.get(servers[(number + turn) % 3].url("/"));
                    let response = request.timeout(Duration::from_secs(60)).send().unwrap();
                    // Some are dropped half-way.
                    if (number + turn) % 4 > 0 {
                        assert_eq!(response.text(10).unwrap(), "ok");
                    }
                }
            });
        }
    });
    assert_eq!(servers.iter().map(|server| server.heads().len()).sum::<usize>(), 500);
}

/// Whatever the caller passes, the server sees the one request or none.
#[test]
fn callers_cannot_smuggle() {
    let server = Server::answering(OK);
    let crlf = "x\r\nInjected: 1\r\n\r\nGET /evil HTTP/1.1\r\n";
    let named = |name: &str| builder().user_agent(name).build().get(server.url("/"));
    let client = client();
    for (number, request) in [
        client.request(Method::from_token(b"GET / HTTP/1.1\r\nX:"), server.url("/")),
        client.request(Method::from_token(b""), server.url("/")),
        client.get(server.url("/")).header(crlf, "1"),
        client.get(server.url("/")).header("", "1"),
        client.get(server.url("/")).header("X", "a\rb"),
        client.get(server.url("/")).header("X", "a\nb"),
        client.get(server.url("/")).header("X", "a\0b"),
        client.get(server.url("/")).bearer_auth(crlf),
        client.get(server.url("/")).basic_auth("a\r\nb", "c"),
        client.get(server.url(&format!("/{crlf}"))),
        client.get(format!("http://a\r\nX: y@{}/", server.address())),
        named(crlf),
        client.get(server.url("/")).header("host", "other"),
        client.get(server.url("/")).header("Content-length", "5"),
        client.get(server.url("/")).header("transfer-Encoding", "chunked"),
    ]
    .into_iter()
    .enumerate()
    {
        let error = request.send().map(|response| response.status()).unwrap_err();
        assert!(matches!(error.phase(), Phase::Prepare | Phase::Request), "{number}: {error}");
    }
    assert_eq!(server.lines(), [""; 0]);
}

/// Trailers and chunks without an end are errors.
#[test]
fn content_that_never_gets_anywhere_is_an_error() {
    for piece in ["X: y\r\n", "0;a\r\n", "00000000000000000000", "X: yyyyyyyyyyyy"] {
        for start in ["", "0\r\n"] {
            let server = Server::new(move |_, peer| {
                peer.head();
                peer.say(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{start}"));
                while peer.say(piece.repeat(1_000)) {}
            });
            let error = client().get(server.url("/")).send().and_then(|response| response.bytes(100)).unwrap_err();
            assert!(matches!(error.cause(), Cause::Protocol(_)), "{start}{piece}: {error}");
        }
    }
}

/// A proxy can refuse or delay a tunnel, and nothing else.
#[test]
fn a_hostile_proxy_gets_no_request() {
    for answer in [
        "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 407 Denied\r\n\r\nno",
        "HTTP/1.1 204 No\r\n\r\n\x16\x03\x03\x7f\x7f",
        "200 OK\r\n\r\n",
        "",
    ] {
        let proxy = Server::new(move |_, peer| {
            peer.head();
            peer.say(answer);
            peer.end();
            peer.wait_for_end();
        });
        let client = through(&format!("http://u:p@{}", proxy.address()));
        let request = client.get("https://host.invalid/secret").bearer_auth("token");
        let error = request.send().map(|response| response.status()).unwrap_err();
        assert!(matches!(error.phase(), Phase::Proxy | Phase::Tls), "{answer:?}: {error}");
        assert_eq!(proxy.lines(), ["CONNECT host.invalid:443 HTTP/1.1"]);
        assert!(!proxy.heads()[0].contains("token"));
    }
}

/// A wait that has begun, in the phases that no other test has.
#[test]
fn requests_are_cancelled_while_they_wait() {
    let is_over = Event::new();
    let ending = is_over.clone();
    let server = Server::new(move |number, peer| {
        peer.head();
        match number {
            // Takes nothing more.
            0 => drop(ending.wait_timeout(LONG.into())),
            1 => peer.drip(format!("HTTP/1.1 200 OK\r\nX: {:1000}", "y"), Duration::from_millis(1)),
            _ => peer.wait_for_end(),
        }
    });
    let proxied = through(&server.address().to_string());
    let plain = builder().pool(PoolLimits { per_host: 1, ..PoolLimits::DEFAULT }).build();
    let busy = Server::answering(OK);
    let _held = plain.get(busy.url("/")).send().unwrap();
    let content = Body::reader(std::io::repeat(1));
    for request in [
        plain.post(server.url("/")).body(content),
        plain.get(server.url("/")),
        proxied.get("https://host.invalid/"),
        plain.get(busy.url("/")),
    ] {
        let cancel = Cancel::new().unwrap();
        let error = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(50));
                cancel.cancel();
            });
            request.cancel(&cancel).send().unwrap_err()
        });
        assert!(matches!(error.cause(), Cause::Cancelled), "{error}");
    }
    is_over.set();
}

/// What follows 101 has no end that HTTP knows, and no pace: to read it as content could take for ever.
#[test]
fn another_protocol_is_no_content() {
    let server = Server::new(|_, peer| {
        peer.head();
        peer.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nin x");
        peer.wait_for_end();
    });
    let client = builder().pool(PoolLimits { per_host: 1, ..PoolLimits::DEFAULT }).build();
    for _ in 0..2 {
        let response = client.get(server.url("/")).header("Upgrade", "x").send().unwrap();
        assert_eq!((response.status().code(), response.length()), (101, None));
        let error = response.text(100).unwrap_err();
        assert!(matches!(error.cause(), Cause::Other(_)), "{error}");
    }
}

/// A limit is for what is still to come.
#[test]
fn what_was_read_before_needs_no_room() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789");
    let client = client();
    for (read, limit, expected) in [(10, 0, Some("")), (8, 2, Some("89")), (7, 2, None)] {
        let mut response = client.get(server.url("/")).send().unwrap();
        response.read_exact(&mut vec![0; read]).unwrap();
        assert_eq!(response.text(limit).ok().as_deref(), expected);
    }
}
