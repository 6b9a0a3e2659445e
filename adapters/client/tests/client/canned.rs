//! What curl's test server answers, over real sockets.

use std::path::Path;
use std::{env, io};

use wirenut::http::{ClientConnection, ClientEvent, Context, Limits, Method, Request};
use wirenut::time::Instant;
use wirenut_client::Redirects;
use wirenut_tests::suites::{Side, curl};

use crate::lab::{Server, builder};

/// Status and content; none where the bytes are refused.
type Read = Option<(u16, Vec<u8>)>;

/// What the core reads in all the bytes at once.
fn read(method: &str, bytes: &[u8]) -> Read {
    let limits = Limits::DEFAULT;
    let cx = Context { now: Instant::START, limits: &limits, date: None };
    let (mut connection, mut store) = (ClientConnection::new(&cx), [0; Limits::DEFAULT.store_bytes()]);
    let request = Request::new(Method::from_token(method.as_bytes()), "/", "a");
    connection.request(&cx, &request, &mut [0; 1_024]).ok()?;
    let (mut rest, mut status, mut content, mut has_ended) = (bytes, 0, Vec::new(), false);
    loop {
        let (used, event) = connection.receive(&cx, rest, &mut store).ok()?;
        rest = &rest[used..];
        match event {
            ClientEvent::Head(head) => status = head.status.code(),
            ClientEvent::Body(piece) => {
                let count = piece.len();
                content.extend_from_slice(piece);
                rest = &rest[count..];
                connection.take_body(&cx, count);
            }
            ClientEvent::End(_) => return Some((status, content)),
            ClientEvent::Interim(_) => {}
            ClientEvent::NeedMore | ClientEvent::Paused | ClientEvent::Closed if has_ended => return None,
            ClientEvent::NeedMore | ClientEvent::Paused | ClientEvent::Closed => {
                has_ended = true;
                connection.handle_eof(&cx).ok()?;
            }
        }
    }
}

/// The client over sockets reads what the core reads, and refuses what it refuses.
#[test]
#[ignore = "needs a checkout of curl/curl, which the variable CURL names"]
fn each_is_read_as_the_core_reads_it() {
    let cases = curl::cases(Path::new(&env::var("CURL").unwrap())).unwrap();
    let (mut counts, mut wrong) = ([0; 2], Vec::new());
    for case in cases {
        let Side::Answers(methods) = &case.side else { continue };
        let [method] = &methods[..] else { continue };
        if !matches!(method.as_str(), "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS") {
            continue;
        }
        let expected = read(method, &case.bytes);
        let bytes = case.bytes.clone();
        let server = Server::new(move |_, peer| {
            if peer.head().is_some() {
                peer.say(&bytes);
                peer.end();
                io::copy(peer.stream(), &mut io::sink()).ok();
            }
        });
        // It is dropped before the server, which waits for the end of its connections.
        let client = builder().redirects(Redirects::OFF).build();
        let sent = client.request(Method::from_token(method.as_bytes()), server.url("/")).send();
        let read = sent.and_then(|response| Ok((response.status().code(), response.bytes(1 << 24)?)));
        counts[usize::from(expected.is_some())] += 1;
        if read.as_ref().ok() != expected.as_ref() {
            wrong.push(format!("{}: {read:?} for {expected:?}", case.name));
        }
    }
    println!("{} refused, {} read", counts[0], counts[1]);
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
    assert_eq!(wrong, [""; 0]);
}
