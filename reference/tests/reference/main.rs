//! The reference service over a pair in memory: any cut, any room, the same answers.

mod forms;
mod message;
mod pair;
mod properties;

use message::{Response, bare, in_chunks, responses, with_length};
use pair::{Moved, Pair, Wire};
use wirenut::http::Rule;
use wirenut::time::Duration;
use wirenut::transport::Disposition;
use wirenut_reference::{Device, MAX_DOWNLOAD, MemoryDevice, Reference, pattern_byte};

fn service() -> Reference<MemoryDevice> {
    Reference { device: MemoryDevice::new() }
}

/// What a request is answered with on a connection of its own, however it is cut and whatever the room.
#[track_caller]
fn answer(request: &[u8]) -> Response {
    let method = core::str::from_utf8(request.split(|byte| *byte == b' ').next().unwrap()).unwrap();
    let run = |wire, pieces: &[&[u8]]| {
        let service = service();
        let mut pair = Pair::new(&service, wire);
        pieces.iter().for_each(|piece| pair.send(piece));
        assert_eq!(pair.session.disposition(), Disposition::Open, "{wire:?}");
        responses(&pair.got, &[method]).remove(0)
    };
    let whole = run(Wire::of(1024), &[request]);
    for wire in
        [Wire::of(1024), Wire::of(256), Wire { room: 256, taken_at_once: 7 }, Wire { room: 150, taken_at_once: 1 }]
    {
        for cut in 0..=request.len() {
            let (before, after) = request.split_at(cut);
            assert_eq!(run(wire, &[before, after]), whole, "{wire:?} cut at {cut}");
        }
        let bytes: Vec<_> = request.chunks(1).collect();
        assert_eq!(run(wire, &bytes), whole, "{wire:?} byte by byte");
    }
    whole
}

#[track_caller]
fn check(request: &[u8], status: u16, body: &str) -> Response {
    let response = answer(request);
    assert_eq!((response.status, response.text()), (status, body));
    response
}

#[test]
fn the_page_comes_whole_through_any_room() {
    let page = check(&bare("GET", "/"), 200, include_str!("../../src/page.html"));
    assert_eq!(page.field("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(page.body.len() > 1024);
}

#[test]
fn a_reading() {
    let reading = check(&bare("GET", "/reading"), 200, r#"{"celsius":21.5,"setting":20,"requests":0}"#);
    assert_eq!(reading.field("Content-Type"), Some("application/json"));
    check(&bare("GET", "/reading?any=thing"), 200, r#"{"celsius":21.5,"setting":20,"requests":0}"#);
}

#[test]
fn settings() {
    const WRONG: &str = "a setting is a whole number from 5 to 30\n";
    for right in ["5", "30", "05", "0021"] {
        check(&with_length("PUT", "/setting", right.as_bytes()), 204, "");
        check(&in_chunks("PUT", "/setting", right.as_bytes(), &[1]), 204, "");
    }
    for wrong in ["", "4", "31", "256", "261", "+7", "7.5", "7\n", "-7", "x", "9999"] {
        check(&with_length("PUT", "/setting", wrong.as_bytes()), 400, WRONG);
        check(&in_chunks("PUT", "/setting", wrong.as_bytes(), &[3]), 400, WRONG);
    }
    check(&with_length("PUT", "/setting", b"00021"), 413, WRONG);
    check(&in_chunks("PUT", "/setting", b"00021", &[2]), 413, WRONG);
}

#[test]
fn what_is_set_is_read_and_requests_are_counted_once() {
    let service = service();
    let mut pair = Pair::new(&service, Wire { room: 200, taken_at_once: 3 });
    pair.send(&with_length("PUT", "/setting", b"27"));
    pair.send(&with_length("PUT", "/setting", b"99"));
    service.device.measure(-5);
    pair.send(&bare("GET", "/reading"));
    let answered = responses(&pair.got, &["PUT", "PUT", "GET"]);
    assert_eq!(answered.iter().map(|response| response.status).collect::<Vec<_>>(), [204, 400, 200]);
    assert_eq!(answered[2].text(), r#"{"celsius":-0.5,"setting":27,"requests":2}"#);
    assert_eq!((service.device.setting(), service.device.requests()), (27, 3));
}

#[test]
fn uploads() {
    check(&with_length("POST", "/upload", b"123456789"), 200, r#"{"length":9,"crc32":"cbf43926"}"#);
    check(&in_chunks("POST", "/upload", b"123456789", &[4, 1]), 200, r#"{"length":9,"crc32":"cbf43926"}"#);
    check(&bare("POST", "/upload"), 200, r#"{"length":0,"crc32":"00000000"}"#);
}

#[test]
fn echoes() {
    let known = check(&with_length("POST", "/echo", b"hello"), 200, "hello");
    assert_eq!(known.field("Content-Length"), Some("5"));
    let unknown = check(&in_chunks("POST", "/echo", b"hello", &[2]), 200, "hello");
    assert_eq!(unknown.field("Transfer-Encoding"), Some("chunked"));
    check(&bare("POST", "/echo"), 200, "");
    check(&in_chunks("POST", "/echo", b"", &[1]), 200, "");
}

#[test]
fn an_echo_takes_no_more_than_it_could_send() {
    let service = service();
    let mut pair = Pair::new(&service, Wire { room: 256, taken_at_once: 0 });
    pair.put_input(&with_length("POST", "/echo", &[b'x'; 10_000]));
    let head_length = 70;
    assert!(pair.turn().taken > head_length);
    assert_eq!(pair.turn(), Moved { taken: 0, sent: 0 });
    assert!(!pair.session.is_readable());
}

#[test]
fn downloads() {
    for (query, length) in [("?bytes=0", 0), ("?bytes=1000", 1000), ("?a=b&bytes=0007&c", 7), ("?byte=1", 65_536)] {
        let service = service();
        for wire in [Wire::of(1024), Wire { room: 100, taken_at_once: 33 }] {
            let mut pair = Pair::new(&service, wire);
            pair.send(&bare("GET", &format!("/download{query}")));
            let response = responses(&pair.got, &["GET"]).remove(0);
            assert_eq!(response.body, (0..length).map(pattern_byte).collect::<Vec<_>>());
        }
    }
    for wrong in ["bytes", "bytes=", "bytes=x", "bytes=-1", "bytes=1099511627777", "bytes=1&bytes=1"] {
        check(&bare("GET", &format!("/download?{wrong}")), 400, "bytes is a number up to 1099511627776\n");
    }
}

#[test]
fn a_download_may_be_larger_than_any_memory() {
    let service = service();
    let mut pair = Pair::new(&service, Wire::of(1024));
    pair.put_input(&bare("GET", &format!("/download?bytes={MAX_DOWNLOAD}")));
    while pair.got.len() < 200_000 {
        assert!(pair.turn().sent > 0);
    }
    let head = pair.got.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    assert!(pair.got[head..].iter().zip(0..).all(|(byte, index)| *byte == pattern_byte(index)));
}

#[test]
fn a_slow_answer_comes_when_its_time_has_come() {
    let service = service();
    let mut pair = Pair::new(&service, Wire::of(256));
    pair.send(&[bare("GET", "/slow?ms=500"), bare("HEAD", "/slow?ms=10"), bare("GET", "/slow?ms=0")].concat());
    assert_eq!(pair.session.poll_timeout(pair.now()), Some(pair.now().saturating_add(Duration::from_millis(500))));
    pair.wait(499);
    // Woken for nothing.
    pair.session.wake();
    pair.wait(0);
    assert_eq!(pair.got, b"");
    pair.wait(1);
    assert_eq!(responses(&pair.got, &["GET"])[0].text(), "done\n");
    pair.wait(10);
    let answered = responses(&pair.got, &["GET", "HEAD", "GET"]);
    assert_eq!(answered[2].text(), "done\n");
    for wrong in ["ms", "ms=60001", "ms=1.5"] {
        check(&bare("GET", &format!("/slow?{wrong}")), 400, "ms is a number up to 60000\n");
    }
}

#[test]
fn head_says_what_get_would() {
    for target in ["/", "/reading", "/download?bytes=12345678", "/slow?ms=0"] {
        let (head, get) = (answer(&bare("HEAD", target)), bare("GET", target));
        assert_eq!((head.status, head.body.len()), (200, 0));
        if !target.contains("bytes") {
            assert_eq!(head.fields, answer(&get).fields, "{target}");
        }
    }
    assert_eq!(answer(&bare("HEAD", "/download")).field("Content-Length"), Some("65536"));
}

#[test]
fn what_there_is_not() {
    for target in ["/nothing", "/reading/", "//", "/READING", "/%72eading"] {
        check(&bare("GET", target), 404, "there is nothing here\n");
    }
    for (method, target, allow) in [
        ("POST", "/", "GET, HEAD, OPTIONS"),
        ("GET", "/setting", "PUT, OPTIONS"),
        ("HEAD", "/upload", "POST, OPTIONS"),
        ("get", "/reading", "GET, HEAD, OPTIONS"),
    ] {
        let refused = answer(&bare(method, target));
        assert_eq!((refused.status, refused.field("Allow")), (405, Some(allow)), "{method} {target}");
        let options = answer(&bare("OPTIONS", target));
        assert_eq!((options.status, options.field("Allow")), (204, Some(allow)));
    }
    assert_eq!(answer(&bare("OPTIONS", "*")).status, 204);
    check(&bare("GET", "http://a/nothing"), 404, "there is nothing here\n");
    check(&with_length("POST", "/", b"thrown away"), 405, "this cannot be done here\n");
}

#[test]
fn content_that_nobody_asked_for_is_thrown_away() {
    let reading = r#"{"celsius":21.5,"setting":20,"requests":0}"#;
    check(&with_length("GET", "/reading", b"content"), 200, reading);
    check(&in_chunks("GET", "/reading", b"content", &[3]), 200, reading);
    check(&with_length("GET", "/slow?ms=0", b"content"), 200, "done\n");
    check(&in_chunks("GET", "/", b"content", &[3]), 200, include_str!("../../src/page.html"));
}

#[test]
fn a_client_that_waits_for_a_100_gets_one_where_its_content_is_wanted() {
    let expect = |target, length| {
        let method = if target == "/setting" { "PUT" } else { "POST" };
        format!("{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n")
    };
    for (target, status) in [("/echo", 200), ("/upload", 200), ("/setting", 204)] {
        let service = service();
        let mut pair = Pair::new(&service, Wire::of(256));
        pair.send(expect(target, 2).as_bytes());
        assert_eq!(pair.got, b"HTTP/1.1 100 Continue\r\n\r\n", "{target}");
        pair.send(b"21");
        let answered = responses(&pair.got, &["POST"]);
        assert_eq!(answered[1].status, status, "{target}");
        assert_eq!(pair.session.disposition(), Disposition::Open);
    }
    let service = service();
    let mut pair = Pair::new(&service, Wire::of(256));
    pair.send(expect("/setting", 1_000_000).as_bytes());
    assert_eq!(responses(&pair.got, &["PUT"])[0].status, 413);
    assert_eq!(pair.session.disposition(), Disposition::ShutdownWrite);
}

#[test]
fn requests_behind_each_other_are_answered_in_order() {
    let requests = [
        bare("GET", "/"),
        bare("HEAD", "/"),
        in_chunks("POST", "/echo", &[b'e'; 3000], &[700]),
        bare("GET", "/nothing"),
        with_length("POST", "/upload", b"123456789"),
        bare("GET", "/reading"),
    ];
    for wire in [Wire::of(1024), Wire { room: 200, taken_at_once: 11 }] {
        let service = service();
        let mut pair = Pair::new(&service, wire);
        pair.send(&requests.concat());
        let answered = responses(&pair.got, &["GET", "HEAD", "POST", "GET", "POST", "GET"]);
        let lengths: Vec<_> = answered.iter().map(|response| response.body.len()).collect();
        assert_eq!(lengths, [include_str!("../../src/page.html").len(), 0, 3000, 22, 31, 42]);
        assert!(answered[5].text().ends_with(r#""requests":5}"#));
    }
}

#[test]
fn a_head_that_never_fits_is_answered_500_and_changes_nothing() {
    let request = bare("GET", "/");
    for piece in [request.len(), 10, 1] {
        let service = service();
        let mut pair = Pair::new(&service, Wire::of(80));
        request.chunks(piece).for_each(|piece| pair.send(piece));
        assert_eq!(responses(&pair.got, &["GET"])[0].status, 500);
        assert_eq!(pair.error.map(|error| error.rule), Some(Rule::ResponseTooLarge));
        assert_eq!(pair.session.disposition(), Disposition::ShutdownWrite);
        assert_eq!(service.device.requests(), 0);
    }
}

#[test]
fn in_the_least_room_what_fits_is_answered() {
    let service = service();
    let mut pair = Pair::new(&service, Wire { room: 64, taken_at_once: 5 });
    pair.send(&[with_length("PUT", "/setting", b"8"), with_length("PUT", "/setting", b"9")].concat());
    assert_eq!(responses(&pair.got, &["PUT", "PUT"])[1].status, 204);
    assert_eq!(service.device.setting(), 9);
}
