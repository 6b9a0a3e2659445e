//! Heads that are larger than what is received, or kept, of them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wirenut::http::{FieldFilter, Limits, Rule, Status};
use wirenut_tests::browser_head;
use wirenut_tests::fuzz::{grammar, small_buffer};
use wirenut_tests::pair::{self, Setup};
use wirenut_tests::recorder::{Event, Recorder};

const FILTER: FieldFilter = FieldFilter { names: &["Accept-Encoding", "If-None-Match"], bytes: 198 };

fn setup(buffer: Option<usize>) -> Setup {
    let limits = Limits { field_filter: Some(&FILTER), ..Limits::DEFAULT };
    Setup { limits, buffer, ..Setup::default() }
}

#[test]
fn a_browsers_head_is_understood_in_a_store_of_217_bytes() {
    let head = browser_head("/reading?unit=celsius");
    let stored = setup(None).limits.store_bytes();
    assert!(head.len() >= 4096 && stored < 256, "{} {stored}", head.len());
    let twice = head.repeat(2);
    let (_, large) = pair::run(&setup(None), Recorder::default(), &[twice.as_bytes()], false);
    let (outcome, small) = pair::run(&setup(Some(1)), Recorder::default(), &[twice.as_bytes()], false);
    assert_eq!((outcome.errors.len(), outcome.closed.len()), (0, 2));
    assert_eq!(small.events(), large.events());
    let Some(Event::Head(request)) = small.events().into_iter().next() else { panic!("no request") };
    let names: Vec<_> = request.fields.iter().map(|(name, _)| name.escape_ascii().to_string()).collect();
    assert_eq!(names, ["Accept-Encoding", "If-None-Match"]);
}

#[test]
fn what_is_too_large_for_the_buffer_is_refused_by_name() {
    let path = "x".repeat(200);
    let tag = "y".repeat(150);
    let long = |name: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{name}: {}\r\n\r\n", "z".repeat(20_000));
    let cases = [
        (format!("GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n"), Rule::RequestLineTooLong, 198),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: {tag}{tag}\r\n\r\n"), Rule::FieldTooLarge, 207),
        (long("Cookie"), Rule::HeadTooLarge, 16 * 1024),
        (long("If-None-Match"), Rule::FieldTooLarge, 207),
        (long("Content-Length"), Rule::InvalidContentLength, 41),
        // What is dropped counts for the place, too: 9 bytes of Host, 300 of another line.
        (
            format!("GET / HTTP/1.1\r\nHost: a\r\nB: {}\r\nIf-None-Match: {tag}{tag}\r\n\r\n", "z".repeat(295)),
            Rule::FieldTooLarge,
            507,
        ),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nB: {}\0\r\n\r\n", "z".repeat(995)), Rule::InvalidFieldValue, 1023),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nB{}\0: c\r\n\r\n", "z".repeat(999)), Rule::InvalidFieldName, 1025),
        (format!("GET http://b/ HTTP/1.1\r\nHost: a\r\nB: {}\r\n\r\n", "z".repeat(999)), Rule::MismatchedTarget, 31),
    ];
    for (head, rule, offset) in cases {
        for buffer in [None, Some(1), Some(100), Some(1000)] {
            let (outcome, _) = pair::run(&setup(buffer), Recorder::default(), &[head.as_bytes()], false);
            let errors: Vec<_> = outcome.errors.iter().map(|error| (error.rule, error.offset)).collect();
            assert_eq!(errors, [(rule, offset)], "in {buffer:?}: {:.60}", head.escape_debug().to_string());
            let code = rule.status().map_or(0, Status::code).to_string();
            assert!(outcome.output.windows(3).any(|text| text == code.as_bytes()));
        }
    }
}

/// Parts of which heads are made that are kept, dropped, too long, and wrong.
const PARTS: [&str; 24] = [
    "GET / HTTP/1.1\r\n",
    "POST /a?b HTTP/1.1\r\n",
    "GET http://a/ HTTP/1.1\r\n",
    "Host: a\r\n",
    "X-A: kept\r\n",
    "Accept: kept-as-well-and-rather-long-for-the-room\r\n",
    "X-B: dropped\r\n",
    "X-Dropped-And-With-A-Name-That-Is-Longer-Than-Any: dropped-and-long-long-long-long\r\n",
    "Cookie: 0123456789012345678901234567890123456789012345678901234567890123456789",
    "\r\n",
    "\r\n\r\n",
    "\r",
    "\n",
    " ",
    "\0",
    ":",
    "Content-Length: 3\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Connection: close\r\n",
    "abc",
    "3\r\nabc\r\n",
    "0\r\n",
    "Host: ",
    "X-A: ",
];

proptest! {
    #[test]
    fn a_small_buffer_shows_what_a_large_one_shows(parts in vec(select(PARTS.to_vec()), 0..14), seed in any::<[u8; 2]>()) {
        small_buffer(&[&seed[..], parts.concat().as_bytes()].concat());
    }

    #[test]
    fn the_quick_front_and_the_grammar_come_to_the_same(parts in vec(select(PARTS.to_vec()), 0..12)) {
        grammar(parts.concat().as_bytes());
        grammar(["GET / HTTP/1.1\r\nHost: a\r\n", &parts.concat()].concat().as_bytes());
        grammar(["HTTP/1.1 200 OK\r\n", &parts.concat(), "\r\n"].concat().as_bytes());
    }

    #[test]
    fn a_small_buffer_shows_the_same_of_what_begins_well(
        parts in vec(select(PARTS.to_vec()), 0..10),
        seed in any::<[u8; 2]>(),
    ) {
        let bytes = ["GET / HTTP/1.1\r\nHost: a\r\n", &parts.concat(), "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
        small_buffer(&[&seed[..], bytes.as_bytes()].concat());
        let bytes = ["POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", &parts.concat(), "\r\n\r\n"].concat();
        small_buffer(&[&seed[..], bytes.as_bytes()].concat());
    }
}
