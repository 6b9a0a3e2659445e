//! A server and its clients, on a wire in memory.

mod client;
mod counted;
mod endings;
mod eviction;
mod handshakes;
mod lines;
mod overload;
mod stores;
mod stranger;
mod waiting;
mod wire;
mod world;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use wirenut::http::{Limits, Rule};
use wirenut_reference::pattern_byte;

use world::{LIMITS, POLICY, RING, World};

const READING: &[u8] = b"GET /reading HTTP/1.1\r\nHost: a\r\n\r\n";

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// The status lines in a stream whose bodies hold none.
fn statuses(bytes: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(bytes);
    text.split("HTTP/1.1 ").skip(1).map(|rest| rest[..3].parse().unwrap()).collect()
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| pattern_byte(index as u64)).collect()
}

/// The data of a chunked body that is whole.
fn unchunk(mut body: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    loop {
        let line = body.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = usize::from_str_radix(core::str::from_utf8(&body[..line]).unwrap(), 16).unwrap();
        if size == 0 {
            assert_eq!(&body[line..], b"\r\n\r\n");
            return data;
        }
        let start = line + 2;
        data.extend_from_slice(&body[start..start + size]);
        body = &body[start + size + 2..];
    }
}

/// Head and body of a response.
fn parts(response: &[u8]) -> (String, &[u8]) {
    let end = response.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    (text(response[..end].to_vec()), &response[end..])
}

#[test]
fn a_connection_serves_one_request_after_another_and_many_at_once() {
    let mut world = World::new();
    let client = world.connect();
    assert_eq!(statuses(&world.ask(client, READING)), [200]);
    assert_eq!(statuses(&world.ask(client, READING)), [200]);
    assert_eq!(statuses(&world.ask(client, &READING.repeat(5))), [200; 5]);
    assert_eq!(world.counts(), (7, 7, 0));
    assert_eq!((world.server.connections(), world.listening()), (1, 1));
    world.close(client);
    world.run_ms(50);
    assert_eq!((world.server.connections(), world.listening()), (0, 2));
    assert!(world.errors.is_empty());
}

#[test]
fn any_cut_of_the_bytes_gives_the_same_answers() {
    let bytes = b"PUT /setting HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n23\
        POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4;x\r\nabcd\r\n0\r\nt: u\r\n\r\n";
    let mut world = World::new();
    let whole = world.connect();
    let expected = world.ask(whole, bytes);
    assert_eq!(statuses(&expected), [204, 200]);
    for cut in 1..bytes.len() {
        world.send(whole, &bytes[..cut]);
        world.run_ms(5);
        world.send(whole, &bytes[cut..]);
        world.run_ms(10);
        assert_eq!(world.take_received(whole), expected, "cut at {cut}: {:?}", world.errors);
    }
    for byte in bytes {
        world.send(whole, &[*byte]);
        world.run_ms(1);
    }
    world.run_ms(10);
    assert_eq!(world.take_received(whole), expected);
    assert!(world.errors.is_empty());
}

#[test]
fn bodies_may_be_larger_than_the_rings_both_ways_even_over_a_bad_wire() {
    let content = pattern(100_000);
    for loses_each in [0, 13] {
        let mut world = World::new();
        let client = world.connect();
        world.run_ms(10);
        world.lose_each(loses_each);
        world.send(
            client,
            format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", content.len()).as_bytes(),
        );
        world.send(client, &content);
        let mut response = Vec::new();
        while !response.ends_with(&content[99_990..]) && !response.ends_with(b"\r\n0\r\n\r\n") {
            let more = world.await_bytes(client, 1);
            assert!(!more.is_empty(), "stalled at {} of echo", response.len());
            response.extend(more);
        }
        let (head, body) = parts(&response);
        let body = if head.contains("chunked") { unchunk(body) } else { body.to_vec() };
        assert!(body == content);

        world.send(client, b"GET /download?bytes=100000 HTTP/1.1\r\nHost: a\r\n\r\n");
        let response = world.await_bytes(client, 100_000 + 60);
        assert!(parts(&response).1 == content);
        assert_eq!(world.counts(), (2, 2, 0));
        assert!(world.errors.is_empty());
    }
}

#[test]
fn a_head_may_be_larger_than_the_ring_and_not_than_its_limit() {
    const LIMIT: usize = 4 * RING;
    let head = |length: usize| {
        let start = "GET /reading HTTP/1.1\r\nHost: a\r\nX: ";
        format!("{start}{}\r\n\r\n", "x".repeat(length - start.len() - 4))
    };
    let limits = Limits { head_bytes: LIMIT as u32, ..LIMITS };
    for (length, expected) in [(RING - 1, 200), (RING, 200), (RING + 1, 200), (LIMIT, 200), (LIMIT + 1, 431)] {
        let mut world = World::<2>::with(limits, POLICY);
        let client = world.connect();
        // So that the head lies across the end of the ring.
        assert_eq!(statuses(&world.ask(client, READING)), [200]);
        assert_eq!(statuses(&world.ask(client, head(length).as_bytes())), [expected], "{length} bytes");
    }
    let mut world = World::new();
    let client = world.connect();
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(2 * RING));
    assert_eq!(statuses(&world.ask(client, long.as_bytes())), [414]);
    assert_eq!(world.errors[0].rule, Rule::RequestLineTooLong);
}

#[test]
fn a_ring_of_one_byte_gives_the_same_answers() {
    let requests = b"PUT /setting HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n23\
        POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4;x\r\nabcd\r\n0\r\nt: u\r\n\r\n\
        GET /reading HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\nGET / HTTP/1.1\r\nHost : a\r\n\r\n";
    let answers = [1, RING].map(|received| {
        let mut world = World::<2>::with_rings([received, RING], LIMITS, POLICY);
        let client = world.connect();
        world.send(client, requests);
        world.run_secs(9);
        (world.take_received(client), world.errors)
    });
    assert_eq!(statuses(&answers[0].0), [204, 200, 200, 400]);
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn who_waits_is_asked_again_at_its_time() {
    let mut world = World::new();
    let client = world.connect();
    assert!(world.ask(client, b"GET /slow?ms=2000 HTTP/1.1\r\nHost: a\r\n\r\n").is_empty());
    // The other one is not held up.
    let other = world.connect();
    assert_eq!(statuses(&world.ask(other, READING)), [200]);
    world.run_ms(1_900);
    assert!(world.take_received(client).is_empty());
    world.run_ms(60);
    assert_eq!(statuses(&world.take_received(client)), [200]);
}
