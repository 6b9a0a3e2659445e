//! Requests that are refused before they are understood: each has its line, and a flood of them floods no terminal.

use core::time::Duration;
use std::fs;
use std::thread;
use std::time::Instant;

use crate::client::{Client, get};
use crate::process::{PATIENCE, Server, wirenut};
use crate::tree::Tree;

#[test]
fn each_refused_request_has_one_line_with_what_is_known_of_it() {
    let tree = Tree::with(&[("small", "small")]);
    let server = Server::serve(&tree.public());
    let (long, many) = ("a".repeat(100_000), "A: b\r\n".repeat(10_000));
    let cases = [
        ("nonsense\r\n\r\n".into(), "nonsense - 400 0"),
        ("\x16\x03\x01\x02 \x01\n".into(), "\\x16\\x03\\x01\\x02 \\x01 400 0"),
        ("\r\nGET /\x1b[31m HTTP/1.1\r\n\r\n".into(), "GET /\\x1b[31m 400 0"),
        ("GET /a?b HTTP/1.1\r\n\r\n".into(), "GET /a?b 400 0"),
        ("GET /a HTTP/1.1\nHost: a\n\n".into(), "GET /a 400 0"),
        ("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n".into(), "POST /a 400 0"),
        ("GET /a HTTP/2.0\r\n\r\n".into(), "GET /a 505 0"),
        ("GET /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n".into(), "GET /a 501 0"),
        ("GET /a HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n".into(), "GET /a 417 0"),
        (format!("GET /{long}"), &*format!("GET /{}... 414 0", &long[..1023])),
        (format!("GET /a HTTP/1.1\r\n{many}"), "GET /a 431 0"),
        (long.clone(), &*format!("{}... - 501 0", &long[..1024])),
    ];
    for (number, (request, line)) in cases.iter().enumerate() {
        let mut client = Client::connect(server.address);
        client.send(get("/small"));
        assert_eq!(client.response().text(), "small");
        client.send(request);
        let status = client.head().status.to_string();
        assert!(line.split(' ').any(|word| word == status), "{line}: {status}");
        assert_eq!(server.output.wait_for_requests(2 * number + 2)[2 * number + 1], *line);
    }
    let mut client = Client::connect(server.address);
    client.send("GET /cut HTTP/1.1\r\nHo");
    client.end_sending();
    assert_eq!(client.head().status, 400);
    assert_eq!(server.output.wait_for_requests(2 * cases.len() + 1).last().unwrap(), "GET /cut 400 0");
    for line in server.output.all() {
        assert_eq!(line.split(' ').count(), 6, "{line}");
        assert!(line.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{line:?}");
    }
}

#[test]
fn refused_requests_have_their_lines_in_every_format() {
    let tree = Tree::new();
    for (format, end) in
        [("common", "\"GET /a HTTP/1.1\" 400 0"), ("combined", "\"GET /a HTTP/1.1\" 400 0 \"-\" \"-\"")]
    {
        let server = Server::serve_with(&tree.public(), &["--log-format", format]);
        let mut client = Client::connect(server.address);
        client.send("GET /a HTTP/1.1\r\nUser-Agent: \"\x1b\r\n\r\n");
        assert_eq!(client.response().status, 400);
        let line = &server.output.wait_for(1)[0];
        assert!(line.starts_with("127.0.0.1 - - [") && line.ends_with(end), "{line}");
    }
}

/// Alike, as far as whoever reads the errors can act on them: other peers, other bytes.
#[test]
fn a_flood_of_bad_requests_is_a_line_a_second() {
    const REQUESTS: usize = 500;
    let tree = Tree::with(&[("small", "small")]);
    let log = tree.path().join("log");
    let mut server = Server::start(
        wirenut().arg("serve").arg(tree.public()).args(["--listen", "127.0.0.1:0", "--log-file"]).arg(&log),
    );
    let begun = Instant::now();
    for number in 0..REQUESTS {
        let mut client = Client::connect(server.address);
        client.send(format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(number)));
        assert_eq!(client.response().status, 400);
    }
    let mut client = Client::connect(server.address);
    client.send("GET / HTTP/9.9\r\n\r\n");
    assert_eq!(client.response().status, 505);
    drop(client);
    server.signal("TERM");
    assert_eq!(server.end().code(), Some(0));
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap();
    let count = |line: &String| match line.split_once("(the last of ") {
        Some((_, rest)) => rest.split(' ').next().unwrap().parse().unwrap(),
        None => 1,
    };
    // It has ended, but what it said may still be on its way to us.
    let errors = loop {
        let errors = server.errors.all();
        let missing: usize = errors.iter().filter(|line| line.contains("missing Host field")).map(count).sum();
        if missing == REQUESTS && errors.iter().any(|line| line.contains("unsupported protocol version")) {
            break errors;
        }
        assert!(missing <= REQUESTS && begun.elapsed() < 2 * PATIENCE, "{missing} are told of: {errors:?}");
        thread::sleep(Duration::from_millis(5));
    };
    assert!(errors.len() <= seconds + 4, "{errors:?} in {seconds} s");
    assert_eq!(fs::read_to_string(log).unwrap().lines().count(), REQUESTS + 1);
}
