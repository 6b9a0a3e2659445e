//! Heads that are larger than ring and store: of their fields, those that somebody asks for are kept.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use wirenut::http::{FieldFilter, Limits, Rule};

use super::statuses;
use super::world::{LIMITS, POLICY, World};

const FILTER: FieldFilter = FieldFilter { names: &["Accept"], bytes: 198 };
const STORED: Limits = Limits { field_filter: Some(&FILTER), head_bytes: 8192, ..LIMITS };

/// A request whose head is much larger than ring and store together.
fn with_cookie(request_line: &str, fields: &str, body: &str) -> String {
    format!("{request_line} HTTP/1.1\r\nHost: a\r\nCookie: {}\r\n{fields}\r\n{body}", "crumb=1; ".repeat(450))
}

/// The status lines of what comes within half a minute.
fn answers<const STORE: usize>(world: &mut World<2, STORE>, client: usize, request: &str) -> Vec<u16> {
    world.send(client, request.as_bytes());
    world.run_secs(30);
    statuses(&world.take_received(client))
}

#[test]
fn a_head_much_larger_than_ring_and_store_is_understood_over_a_bad_wire() {
    let mut world = World::<2, { STORED.store_bytes() }>::with_ring(256, STORED, POLICY);
    let client = world.connect();
    let reading = with_cookie("GET /reading", "", "");
    let upload = with_cookie("POST /upload", "Content-Length: 700\r\n", &"x".repeat(700));
    let chunked = with_cookie(
        "POST /upload",
        "Transfer-Encoding: chunked\r\n",
        &format!("5\r\nhello\r\n0\r\nTrail: {}\r\n\r\n", "t".repeat(3000)),
    );
    world.lose_each(31);
    for _ in 0..3 {
        for request in [&reading, &upload, &chunked] {
            assert_eq!(answers(&mut world, client, request), [200]);
        }
        // What follows in the same segment is not lost.
        let three = [&reading[..], &upload, &reading].concat();
        assert_eq!(answers(&mut world, client, &three), [200, 200, 200]);
    }
    assert_eq!(world.errors, []);
}

#[test]
fn what_a_store_cannot_hold_is_refused_by_name() {
    for (request, code, rule) in [
        (with_cookie(&format!("GET /{}", "p".repeat(300)), "", ""), 414, Some(Rule::RequestLineTooLong)),
        (with_cookie("GET /", &format!("Accept: {}\r\n", "c".repeat(300)), ""), 431, Some(Rule::FieldTooLarge)),
        (with_cookie("GET /reading", &format!("Connection: {}\r\n", "c".repeat(300)), ""), 200, None),
        (with_cookie("GET /", &format!("Cookie: {}\r\n", "c".repeat(9000)), ""), 431, Some(Rule::HeadTooLarge)),
        (with_cookie("GET /", "Bad: \0\r\n", ""), 400, Some(Rule::InvalidFieldValue)),
    ] {
        let mut world = World::<2, { STORED.store_bytes() }>::with_ring(256, STORED, POLICY);
        let client = world.connect();
        assert_eq!(answers(&mut world, client, &request), [code]);
        assert_eq!(world.errors.iter().map(|error| error.rule).collect::<Vec<_>>(), rule.as_slice());
    }
}

#[test]
#[should_panic = "STORE is less than Limits::store_bytes"]
fn a_store_that_is_too_small_is_told_at_once() {
    World::<2, { STORED.store_bytes() - 1 }>::with_ring(256, STORED, POLICY);
}
