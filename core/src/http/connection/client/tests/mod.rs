//! Answers, as tables: what comes, and what is heard of it.

extern crate alloc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use super::*;
use crate::http::error::Error;
use crate::http::framing::ResponseFraming;
use crate::http::limits::Limits;
use crate::http::message::fields::Field;
use crate::http::message::request::Request;
use crate::http::method::Method;
use crate::time::Instant;
use crate::transport::Disposition;

mod call;
mod commands;

const GET: Request<'static> = Request::new(Method::Get, "/", "a");
const HEAD: Request<'static> = Request::new(Method::Head, "/", "a");
const POST: Request<'static> = Request::new(Method::Post, "/", "a").with_length(4);
const CONNECT: Request<'static> = Request::new(Method::Connect, "a:1", "a:1");
const UPGRADE: Request<'static> = GET.with_fields(&[Field::new("Upgrade", "x")]);
const LIMITS: Limits = Limits { head_bytes: 120, field_count: 4, body_bytes: 20, ..Limits::DEFAULT };

fn at(millis: u64) -> Context<'static> {
    Context { now: Instant::from_micros(millis * 1_000), limits: &LIMITS, date: None }
}

fn asked(requests: &[Request<'_>]) -> ClientConnection {
    let mut connection = ClientConnection::new(&at(0));
    for request in requests {
        connection.request(&at(0), request, &mut [0; 256]).unwrap();
    }
    connection
}

/// What comes out of `pieces`, and then of their end if `has_end`, in words; body pieces are joined.
fn hear(connection: &mut ClientConnection, pieces: &[&[u8]], has_end: bool) -> String {
    let mut heard: Vec<String> = Vec::new();
    let mut body = String::new();
    let mut unread: Vec<u8> = Vec::new();
    let mut store = [0; 1024];
    let mut left = pieces.iter();
    let mut is_end_told = false;
    loop {
        let (used, event) = match connection.receive(&at(0), &unread, &mut store) {
            Ok(received) => received,
            Err(error) => {
                heard.push(body);
                heard.push(format!("{:?}@{}", error.rule, error.offset));
                break;
            }
        };
        if let ClientEvent::Body(piece) = event {
            body += str::from_utf8(piece).unwrap();
            let length = piece.len();
            connection.take_body(&at(0), length);
            unread.drain(..used + length);
            continue;
        }
        let word = match event {
            ClientEvent::Interim(head) => format!("~{}", head.status.code()),
            ClientEvent::Head(head) => match head.body {
                ResponseFraming::Length(length) => format!("{}:{length}", head.status.code()),
                ResponseFraming::Chunked => format!("{}:chunked", head.status.code()),
                ResponseFraming::UntilClose => format!("{}:close", head.status.code()),
                ResponseFraming::Tunnel => format!("{}:tunnel", head.status.code()),
            },
            ClientEvent::End(trailers) => {
                trailers.into_iter().fold(".".to_string(), |all, field| all + "+" + str::from_utf8(field.name).unwrap())
            }
            ClientEvent::Paused => "paused".to_string(),
            ClientEvent::Closed => "closed".to_string(),
            ClientEvent::NeedMore | ClientEvent::Body(_) => String::new(),
        };
        let (needs_more, is_over) =
            (event == ClientEvent::NeedMore, matches!(event, ClientEvent::Closed | ClientEvent::Paused));
        unread.drain(..used);
        if !needs_more {
            heard.push(core::mem::take(&mut body));
            heard.push(word);
        }
        if is_over {
            break;
        }
        if needs_more {
            match left.next() {
                Some(piece) => unread.extend_from_slice(piece),
                None if has_end && !is_end_told => {
                    is_end_told = true;
                    // Its error comes out of `receive` too.
                    let _ = connection.handle_eof(&at(0));
                }
                None => {
                    heard.push(body);
                    break;
                }
            }
        }
    }
    heard.retain(|word| !word.is_empty());
    heard.join(" ")
}

/// `↵` stands for a line end. Every cut must give the same.
fn check(requests: &[Request<'_>], answer: &str, expected: &str) {
    check_to(requests, answer, false, expected);
}

fn check_to(requests: &[Request<'_>], answer: &str, has_end: bool, expected: &str) {
    let bytes = answer.replace('↵', "\r\n").into_bytes();
    let singles: Vec<&[u8]> = bytes.chunks(1).collect();
    let halves = (1..bytes.len()).map(|cut| vec![&bytes[..cut], &bytes[cut..]]);
    for pieces in [vec![&bytes[..]], singles].into_iter().chain(halves) {
        let got = hear(&mut asked(requests), &pieces, has_end);
        let cut = pieces.first().map_or(0, |piece| piece.len());
        assert_eq!(got, expected, "{answer} cut at {cut} after {requests:?}");
    }
}

#[test]
fn a_connection_fits_in_64_bytes() {
    assert!(size_of::<ClientConnection>() <= 64, "{}", size_of::<ClientConnection>());
}

#[test]
fn status_lines() {
    for (line, expected) in [
        ("HTTP/1.1 200 OK", "200:close"),
        ("HTTP/1.1 200 ", "200:close"),
        ("HTTP/1.1 200  a\tb\u{e9} ", "200:close"),
        ("HTTP/1.0 200 OK", "200:close"),
        ("HTTP/1.7 299 x", "299:close"),
        ("HTTP/1.1 999 x", "999:close"),
        // The space is there even if the phrase is not (RFC 9112 §4).
        ("HTTP/1.1 200", "InvalidStatusLine@12"),
        ("HTTP/1.1 099 x", "InvalidStatusLine@9"),
        ("HTTP/1.1 20 x", "InvalidStatusLine@11"),
        ("HTTP/1.1 2000 x", "InvalidStatusLine@12"),
        ("HTTP/1.1 +20 x", "InvalidStatusLine@9"),
        ("HTTP/1.1 2x0 x", "InvalidStatusLine@10"),
        ("HTTP/1.1\t200 x", "InvalidStatusLine@8"),
        ("HTTP/1.1  200 x", "InvalidStatusLine@9"),
        ("HTTP/1.1 200 a\0b", "InvalidStatusLine@14"),
        ("HTTP/1.1 200 a\rb", "BareCarriageReturn@15"),
        ("HTTP/1.1 200 a\n", "BareLineFeed@14"),
        ("HTTP/2.0 200 OK", "UnsupportedVersion@5"),
        ("http/1.1 200 OK", "InvalidVersion@0"),
        ("HTTP/11 200 OK", "InvalidVersion@6"),
        ("ICY 200 OK", "InvalidVersion@0"),
        ("", "InvalidVersion@0"),
        (" HTTP/1.1 200 OK", "InvalidVersion@0"),
    ] {
        check(&[GET], &format!("{line}↵↵"), expected);
    }
    check(&[GET], &"x".repeat(130), "InvalidVersion@0");
    check(&[GET], &format!("HTTP/1.1 200 {}", "x".repeat(130)), "HeadTooLarge@120");
    check(&[GET], "HTTP/1.1 200 OK↵A: b↵C: d↵E: f↵G: h↵I: j↵↵", "TooManyFields@41");
    check(&[GET], "HTTP/1.1 200 OK↵A : b↵↵", "SpaceBeforeColon@18");
    check(&[GET], "HTTP/1.1 200 OK↵Host: a↵Host: b c↵Expect: x↵Content-Length: 0↵↵", "200:0 .");
}

/// RFC 9112 §6.3: the method, the status and the fields decide.
#[test]
fn framing_by_method_status_and_fields() {
    const LENGTH: &str = "Content-Length: 3↵";
    const CHUNKED: &str = "Transfer-Encoding: chunked↵";
    for (request, status, fields, expected) in [
        (GET, 200, LENGTH, "200:3"),
        (GET, 200, CHUNKED, "200:chunked"),
        (GET, 200, "", "200:close"),
        (GET, 404, LENGTH, "404:3"),
        (GET, 204, "", "204:0 ."),
        (GET, 204, LENGTH, "204:0 ."),
        (GET, 304, LENGTH, "304:0 ."),
        (GET, 304, CHUNKED, "304:0 ."),
        (HEAD, 200, LENGTH, "200:0 ."),
        (HEAD, 200, CHUNKED, "200:0 ."),
        (HEAD, 200, "", "200:0 ."),
        (HEAD, 500, LENGTH, "500:0 ."),
        (Request { method: Method::Other(b"HEAD"), ..GET }, 200, LENGTH, "200:0 ."),
        (CONNECT, 200, "", "200:tunnel"),
        (CONNECT, 299, LENGTH, "299:tunnel"),
        (CONNECT, 200, CHUNKED, "200:tunnel"),
        (CONNECT, 407, LENGTH, "407:3"),
        (CONNECT, 101, "Upgrade: x↵Connection: upgrade↵", "UnrequestedSwitch@52"),
        (UPGRADE, 101, "Upgrade: x↵Connection: upgrade↵", "101:tunnel"),
        (UPGRADE, 101, "Upgrade: x↵", "UnrequestedSwitch@31"),
        (UPGRADE, 101, "", "UnrequestedSwitch@19"),
        (UPGRADE, 200, LENGTH, "200:3"),
        (GET, 101, "Upgrade: x↵Connection: upgrade↵", "UnrequestedSwitch@52"),
        (GET, 200, "Transfer-Encoding: gzip↵", "200:close"),
        (GET, 200, "Transfer-Encoding: gzip, chunked↵", "UnknownTransferCoding@53"),
        (GET, 200, "Transfer-Encoding: chunked, gzip↵", "ChunkedNotFinal@45"),
        (GET, 200, "Transfer-Encoding: chunked, chunked↵", "ChunkedNotFinal@45"),
        (GET, 200, "Transfer-Encoding:↵", "InvalidTransferEncoding@37"),
        (GET, 200, "Transfer-Encoding: chunked↵Content-Length: 3↵", "ContentLengthWithTransferEncoding@61"),
        (GET, 200, "Content-Length: 3↵Content-Length: 3↵", "DuplicateContentLength@52"),
        (GET, 200, "Content-Length: 3, 3↵", "InvalidContentLength@36"),
        (GET, 200, "Content-Length: +3↵", "InvalidContentLength@35"),
        (GET, 200, "Content-Length: 21↵", "BodyTooLarge@39"),
        (GET, 204, "Content-Length: x↵", "InvalidContentLength@35"),
    ] {
        check(&[request], &format!("HTTP/1.1 {status} Some↵{fields}↵"), expected);
    }
    check(&[GET], "HTTP/1.0 200 OK↵Transfer-Encoding: chunked↵↵", "TransferEncodingInHttp10@34");
}

#[test]
fn bodies() {
    const LENGTH: &str = "HTTP/1.1 200 OK↵Content-Length: 3↵↵";
    const CHUNKED: &str = "HTTP/1.1 200 OK↵Transfer-Encoding: chunked↵↵";
    check(&[GET], &format!("{LENGTH}abc"), "200:3 abc .");
    check(&[GET], &format!("{LENGTH}abcd"), "200:3 abc . UnsolicitedResponse@0");
    check(&[GET], &format!("{CHUNKED}3;x=y↵abc↵0↵↵"), "200:chunked abc .");
    check(&[GET], &format!("{CHUNKED}3↵abc↵1↵d↵0↵A: b↵↵"), "200:chunked abcd .+A");
    check(&[GET], &format!("{CHUNKED}3↵abcd"), "200:chunked abc MissingChunkEnd@53");
    check(&[GET], &format!("{CHUNKED}15↵"), "200:chunked BodyTooLarge@50");
    check(&[GET], &format!("{CHUNKED}0↵Content-Length: 3↵↵"), "200:chunked ForbiddenTrailer@64");
    check_to(&[GET], "HTTP/1.1 200 OK↵↵abc", true, "200:close abc . closed");
    check_to(&[GET], "HTTP/1.1 200 OK↵↵", true, "200:close . closed");
    check(&[GET], "HTTP/1.1 200 OK↵↵0123456789012345678901", "200:close 01234567890123456789 BodyTooLarge@39");
    check(&[GET, GET], &format!("{LENGTH}abc{LENGTH}def"), "200:3 abc . 200:3 def .");
    check(&[GET, HEAD, GET], &format!("{LENGTH}abc{LENGTH}{LENGTH}def"), "200:3 abc . 200:0 . 200:3 def .");
    check(&[GET.closing()], &format!("{LENGTH}abc"), "200:3 abc . closed");
    check(&[GET], "HTTP/1.1 200 OK↵Content-Length: 0↵Connection: close↵↵", "200:0 . closed");
    check(&[GET], "HTTP/1.0 200 OK↵Content-Length: 1↵↵a", "200:1 a . closed");
    check(&[GET], "HTTP/1.0 200 OK↵Content-Length: 1↵Connection: keep-alive↵↵a", "200:1 a .");
    check_to(&[CONNECT], "HTTP/1.1 200 OK↵↵bytes", true, "200:tunnel bytes . paused");
    check(&[], "HTTP/1.1 408 Late↵↵", "UnsolicitedResponse@0");
    check_to(&[], "", true, "closed");
}

#[test]
fn interim_responses_are_passed_on_and_have_an_end() {
    const EARLY: &str = "HTTP/1.1 103 Early Hints↵Link: a↵↵";
    check(&[GET], &format!("{EARLY}HTTP/1.1 150 ↵↵HTTP/1.1 204 ↵↵"), "~103 ~150 204:0 .");
    check(&[GET], &"HTTP/1.1 100 ↵↵".repeat(5), "~100 ~100 ~100 ~100 TooManyFields@15");
    check_to(&[GET], EARLY, true, "~103 Truncated@0");
}

#[test]
fn what_is_cut_off_is_never_whole() {
    let answers = [
        "HTTP/1.1 200 OK↵Content-Length: 3↵↵abc",
        "HTTP/1.1 200 OK↵Transfer-Encoding: chunked↵↵3↵abc↵0↵A: b↵↵",
        "HTTP/1.1 204 No↵↵",
    ];
    for answer in answers {
        let bytes = answer.replace('↵', "\r\n").into_bytes();
        for cut in 0..bytes.len() {
            let mut connection = asked(&[GET]);
            let heard = hear(&mut connection, &[&bytes[..cut]], true);
            let rule = if cut == 0 { Rule::Unanswered } else { Rule::Truncated };
            assert_eq!(
                connection.error(),
                Some(Error { rule, offset: connection.machine.offset }),
                "{answer} at {cut}: {heard}"
            );
            assert!(!heard.contains('.'), "{answer} at {cut}: {heard}");
            assert_eq!(connection.may_retry(0), cut == 0, "{answer} at {cut}");
            assert_eq!(connection.disposition(), Disposition::Abort);
        }
    }
}

#[test]
fn an_error_names_what_may_be_asked_again() {
    let post = POST.with_length(0);
    let closing = "HTTP/1.1 200 OK↵Content-Length: 0↵Connection: close↵↵";
    // A server that says "close" has not acted on what follows, whatever it was.
    check(&[GET, post], closing, "200:0 . NotProcessed@0");
    let old = "HTTP/1.0 200 OK↵Content-Length: 0↵↵";
    check(&[GET, post], old, "200:0 . Unanswered@0");
    for (answer, expected) in [(closing, [true, true]), (old, [false, true])] {
        let mut connection = asked(&[GET, post, GET]);
        hear(&mut connection, &[answer.replace('↵', "\r\n").as_bytes()], false);
        assert_eq!([connection.may_retry(0), connection.may_retry(1)], expected, "{answer}");
        assert!(!connection.may_retry(2) && connection.outstanding() == 2);
    }
    let mut connection = asked(&[GET, GET]);
    hear(&mut connection, &[b"HTTP"], false);
    assert_eq!(connection.handle_reset(&at(0)).rule, Rule::Reset);
    assert_eq!([connection.may_retry(0), connection.may_retry(1)], [false, true]);
}

#[test]
fn the_fields_of_interim_responses_are_counted_in_any_cut() {
    const LIMITS: Limits = Limits { field_count: 3, ..Limits::DEFAULT };
    let cx = Context { now: Instant::START, limits: &LIMITS, date: None };
    let answer = b"HTTP/1.1 100 \r\nA: b\r\n\r\nHTTP/1.1 200 \r\nC: d\r\nE: f\r\n\r\n";
    for cut in [1, 7, answer.len()] {
        let mut store = [0; LIMITS.store_bytes()];
        let mut connection = ClientConnection::new(&cx);
        connection.request(&cx, &GET, &mut [0; 64]).unwrap();
        let mut unread = Vec::new();
        for piece in answer.chunks(cut) {
            unread.extend_from_slice(piece);
            while let Ok((used, event)) = connection.receive(&cx, &unread, &mut store) {
                let is_done = matches!(event, ClientEvent::NeedMore);
                unread.drain(..used);
                if is_done {
                    break;
                }
            }
        }
        assert_eq!(connection.error().map(|error| error.rule), Some(Rule::TooManyFields), "in pieces of {cut}");
    }
}
