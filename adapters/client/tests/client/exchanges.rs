//! Requests as they are written, responses as they are read.

use std::io::{Read, Write};
use std::{io, thread};

use wirenut::http::Method;
use wirenut_client::{Body, Cause, Phase};
use wirenut_linux::thread::Event;

use crate::lab::{LONG, Server, builder, client};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn a_request_says_what_it_must() {
    let server = Server::answering(OK);
    let client = builder().user_agent("tester").build();
    let response = client.get(server.url("/a/../b?c=d#e")).header("X-Own", "1").send().unwrap();
    assert_eq!(response.status().code(), 200);
    assert_eq!(response.text(10).unwrap(), "ok");
    let host = server.address();
    let expected =
        format!("GET /b?c=d HTTP/1.1\r\nHost: {host}\r\nX-Own: 1\r\nUser-Agent: tester\r\nAccept: */*\r\n\r\n");
    assert_eq!(server.heads(), [expected]);
}

#[test]
fn credentials_of_the_url_become_a_field() {
    let server = Server::answering(OK);
    let url = format!("http://me:pass%3aword@{}/", server.address());
    client().get(&url).send().unwrap();
    client().get(&url).basic_auth("you", "").send().unwrap();
    client().get(server.url("/")).bearer_auth("token").send().unwrap();
    let fields: Vec<_> = server.heads().iter().map(|head| field(head, "Authorization")).collect();
    assert_eq!(
        fields,
        ["Basic bWU6cGFzczp3b3Jk", "Basic eW91Og==", "Bearer token"].map(|value| Some(value.to_owned()))
    );
}

fn field(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).map(str::to_owned)
}

#[test]
fn responses_of_all_framings_are_read_whole() {
    for (method, answer, expected) in [
        (Method::Get, OK, "ok"),
        (Method::Head, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", ""),
        (Method::Get, "HTTP/1.1 204 No Content\r\n\r\n", ""),
        (Method::Get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ""),
        (Method::Get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n", "abc"),
        (
            Method::Get,
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
            "x",
        ),
        (Method::Get, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", ""),
    ] {
        let server = Server::answering(answer);
        let client = client();
        // Twice over the same connection: so nothing is left of the first.
        for _ in 0..2 {
            let response = client.request(method, server.url("/")).send().unwrap();
            assert_eq!(response.text(100).unwrap(), expected, "{answer}");
        }
        assert_eq!(server.heads().len(), 2);
    }
}

#[test]
fn content_without_a_length_ends_with_the_connection() {
    let server = Server::new(|_, peer| {
        peer.head();
        peer.say("HTTP/1.1 200 OK\r\n\r\nall of it");
    });
    for _ in 0..2 {
        let mut response = client().get(server.url("/")).send().unwrap();
        assert_eq!(response.length(), None);
        let mut text = String::new();
        response.read_to_string(&mut text).unwrap();
        assert_eq!(text, "all of it");
    }
}

#[test]
fn any_cut_of_an_answer_reads_the_same() {
    const ANSWER: &str = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n\
        5\r\nhello\r\nc;a=b\r\n, whole thin\r\n1\r\ng\r\n0\r\nSum: 1\r\n\r\n";
    for length in [1, 2, 3, 5, 7, 31] {
        let server = Server::new(move |_, peer| {
            peer.stream().set_nodelay(true).unwrap();
            while peer.head().is_some() {
                for piece in ANSWER.as_bytes().chunks(length) {
                    // Each is received alone.
                    while wirenut_linux::socket::TcpStream::from(peer.stream().try_clone().unwrap())
                        .untaken_bytes()
                        .is_ok_and(|bytes| bytes > 0)
                    {
                        thread::yield_now();
                    }
                    peer.say(piece);
                }
            }
        });
        let client = client();
        for _ in 0..2 {
            let mut response = client.get(server.url("/")).send().unwrap();
            let mut out = Vec::new();
            response.copy_to(&mut out, |_, _| {}).unwrap();
            assert_eq!(str::from_utf8(&out), Ok("hello, whole thing"), "{length}");
            let fields = (response.headers().text("x"), response.trailers().text("sum"));
            assert_eq!(fields, (Some("y"), Some("1")), "{length}");
        }
    }
}

#[test]
fn trailers_come_behind_the_content() {
    let server = Server::answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nDigest-Sketch: 1\r\n\r\n",
    );
    let mut response = client().get(server.url("/")).send().unwrap();
    assert_eq!(response.trailers().get("digest-sketch"), None);
    let mut out = Vec::new();
    assert_eq!(response.copy_to(&mut out, |_, _| {}).unwrap(), 1);
    assert_eq!(response.trailers().text("digest-sketch"), Some("1"));
}

#[test]
fn progress_is_reported_up_to_the_whole() {
    let server = Server::new(|_, peer| {
        peer.head();
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        peer.say(vec![7; 1_000_000]);
        peer.wait_for_end();
    });
    let mut response = client().get(server.url("/")).send().unwrap();
    let (mut seen, mut out) = (Vec::new(), Vec::new());
    assert_eq!(response.copy_to(&mut out, |done, total| seen.push((done, total))).unwrap(), 1_000_000);
    assert!(out.iter().all(|byte| *byte == 7) && out.len() == 1_000_000);
    assert!(seen.is_sorted());
    assert_eq!(seen.last(), Some(&(1_000_000, Some(1_000_000))));
}

#[test]
fn content_goes_out_in_the_framing_that_its_kind_allows() {
    let server = Server::new(|_, peer| {
        while let Some(head) = peer.head() {
            let body = match field(&head, "Content-Length") {
                Some(length) => peer.bytes(length.parse().unwrap()),
                None => chunks(peer),
            };
            peer.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()));
            peer.say(body);
        }
    });
    let client = client();
    let large = vec![b'x'; 500_000];
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"..file").unwrap();
    io::Seek::seek(&mut file, io::SeekFrom::Start(2)).unwrap();
    let bodies: [(Body<'_>, &[u8]); 6] = [
        ("text".into(), b"text"),
        (large.clone().into(), &large),
        (Body::reader(&b"of unknown length"[..]), b"of unknown length"),
        (Body::reader(&large[..]), &large),
        (Body::reader_with_length(&b"123456"[..], 4), b"1234"),
        (Body::file(file).unwrap(), b"file"),
    ];
    for (body, expected) in bodies {
        let (length, last) = (body.length(), core::cell::Cell::new((0, None)));
        let body = body.with_progress(|done, total| last.set((done, total)));
        let response = client.put(server.url("/")).body(body).send().unwrap();
        assert_eq!(last.get(), (expected.len() as u64, length));
        assert_eq!(response.bytes(1_000_000).unwrap(), expected);
        let head = server.heads().pop().unwrap();
        assert_eq!(field(&head, "Content-Length"), length.map(|length| length.to_string()));
        assert_eq!(field(&head, "Transfer-Encoding").as_deref(), if length.is_none() { Some("chunked") } else { None });
    }
}

/// The content of chunks.
fn chunks(peer: &mut crate::lab::Peer) -> Vec<u8> {
    let mut content = Vec::new();
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.extend(peer.bytes(1));
        }
        let size = usize::from_str_radix(str::from_utf8(&line).unwrap().trim_end(), 16).unwrap();
        content.extend(peer.bytes(size));
        peer.bytes(2);
        if size == 0 {
            return content;
        }
    }
}

#[test]
fn content_that_is_not_as_long_as_declared_fails() {
    let server = Server::new(|_, peer| {
        peer.head();
        peer.wait_for_end();
    });
    let body = Body::reader_with_length(&b"abc"[..], 5);
    let error = client().post(server.url("/")).body(body).send().unwrap_err();
    assert_eq!(error.phase(), Phase::Request);
    assert!(matches!(error.cause(), Cause::Refused(_)), "{error}");
}

#[test]
fn a_source_that_fails_is_the_cause() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let server = Server::new(|_, peer| {
        peer.head();
        peer.wait_for_end();
    });
    let error = client().post(server.url("/")).body(Body::reader(Broken)).send().unwrap_err();
    assert_eq!(error.phase(), Phase::Request);
    assert!(error.to_string().contains("the disk is gone"), "{error}");
}

#[test]
fn large_content_waits_for_a_100() {
    let server = Server::new(|number, peer| {
        let head = peer.head().unwrap();
        assert_eq!(field(&head, "Expect").as_deref(), Some("100-continue"));
        let length = field(&head, "Content-Length").unwrap().parse().unwrap();
        if number == 0 {
            peer.say("HTTP/1.1 100 Continue\r\n\r\n");
            assert_eq!(peer.bytes(length).len(), length);
            peer.say(OK);
        } else {
            peer.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
            peer.end();
            assert_eq!(peer.rest().len(), 0, "content that nobody wanted was sent");
        }
    });
    let client = client();
    let send = || client.put(server.url("/")).body(vec![1; 2 << 20]).send().unwrap().status().code();
    assert_eq!([send(), send()], [200, 413]);
}

#[test]
fn who_knows_no_expectation_is_asked_without() {
    let server = Server::new(|_, peer| {
        while let Some(head) = peer.head() {
            if field(&head, "Expect").is_some() {
                peer.say("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
                return;
            }
            peer.bytes(4);
            peer.say(OK);
        }
    });
    let response = client().put(server.url("/")).body("body").expect_continue(true).send().unwrap();
    assert_eq!((response.status().code(), server.heads().len()), (200, 2));
}

#[test]
fn an_answer_that_begins_before_the_request_has_ended_lets_it_end() {
    let server = Server::new(|_, peer| {
        peer.head();
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
        assert_eq!(peer.bytes(1_000_000).len(), 1_000_000);
        peer.say("ok");
    });
    let request = client().post(server.url("/")).body(vec![1; 1_000_000]);
    assert_eq!(request.send().unwrap().text(10).unwrap(), "ok");
}

#[test]
fn an_answer_before_the_end_of_the_request_is_heard() {
    let server = Server::new(|_, peer| {
        peer.head();
        peer.say("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
        // And it goes without reading on, so that the rest of the request breaks the connection.
    });
    let response = client().post(server.url("/")).body(Body::reader(io::repeat(1))).send().unwrap();
    assert_eq!(response.status().code(), 403);
}

/// The server reads all, so nothing ever blocks: the answer alone stops the content, which would never end.
#[test]
fn content_that_is_refused_while_it_flows_ends() {
    let server = Server::new(|_, peer| {
        peer.head();
        peer.bytes(1_000_000);
        peer.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
        io::copy(peer.stream(), &mut io::sink()).ok();
    });
    let response = client().post(server.url("/")).body(Body::reader(io::repeat(1))).send().unwrap();
    assert_eq!(response.status().code(), 413);
}

/// The last chunk is sent although the answer came before it. Without it, the server would read the next request as a chunk.
#[test]
fn content_that_is_answered_early_ends_as_its_framing_says() {
    let has_answered = Event::new();
    let server = Server::new({
        let has_answered = has_answered.clone();
        move |_, peer| {
            peer.head();
            peer.say(OK);
            has_answered.set();
            let mut content = Vec::new();
            while !content.ends_with(b"\r\nx\r\n0\r\n\r\n") {
                content.extend(peer.bytes(1));
                assert!(content.len() < 20, "{}", content.escape_ascii());
            }
            while peer.head().is_some() && peer.say(OK) {}
        }
    });
    let client = client();
    let content = Late { has_answered, left: b"x" };
    assert_eq!(client.post(server.url("/")).body(Body::reader(content)).send().unwrap().text(10).unwrap(), "ok");
    assert_eq!(client.get(server.url("/next")).send().unwrap().text(10).unwrap(), "ok");
    assert_eq!(server.lines(), ["POST / HTTP/1.1", "GET /next HTTP/1.1"]);
}

/// Content that comes behind the answer.
struct Late {
    has_answered: Event,
    left: &'static [u8],
}

impl Read for Late {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        assert!(self.has_answered.wait_timeout(LONG.into()));
        self.left.read(room)
    }
}

#[test]
fn what_is_no_request_is_refused() {
    let server = Server::answering(OK);
    let client = client();
    for request in [
        client.get(server.url("/")).header("Bad Name", "x"),
        client.get(server.url("/")).header("X", "a\r\nInjected: 1"),
        client.get(server.url("/")).header("Content-Length", "5"),
        client.get(server.url("/")).header("Transfer-Encoding", "chunked"),
        client.get(server.url("/")).header("Host", "other"),
        client.request(Method::Other(b"A B"), server.url("/")),
        client.get(server.url("/")).basic_auth("a:b", "c"),
        client.get("http://a b/"),
        client.get("ftp://a/"),
    ] {
        let shown = format!("{request:?}");
        let error = request.send().unwrap_err();
        assert!(matches!(error.phase(), Phase::Request | Phase::Prepare), "{shown}: {error}");
    }
    assert!(server.heads().is_empty());
}

#[test]
fn one_client_serves_many_threads() {
    let server = Server::answering(OK);
    let client = client();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(client.get(server.url("/")).send().unwrap().text(10).unwrap(), "ok");
                }
            });
        }
    });
    assert_eq!(server.heads().len(), 400);
}

#[test]
fn too_much_content_is_an_error() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n3\r\n890\r\n0\r\n\r\n",
    ] {
        let server = Server::answering(answer);
        let error = client().get(server.url("/")).send().unwrap().text(10).unwrap_err();
        assert!(matches!(error.cause(), Cause::TooLarge(10)), "{error}");
        assert_eq!(client().get(server.url("/")).send().unwrap().text(11).unwrap().len(), 11);
    }
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\u{80}");
    assert!(client().get(server.url("/")).send().unwrap().text(10).is_err());
}

#[test]
fn an_error_status_is_an_error_only_if_asked() {
    let server = Server::answering("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
    let response = client().get(server.url("/x")).send().unwrap();
    let error = response.checked().unwrap_err();
    assert_eq!(error.to_string(), format!("cannot get a response from {}: the answer is 500", server.url("/x")));
}
