//! What holds for any requests, any cut, any room, and anything that a service asks for.

use core::cell::RefCell;
use core::convert::Infallible;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Context, Disposition, Field, RequestHead, Response, ServerConnection, Status, WriteError};
use wirenut::time::Instant;
use wirenut_tests::fuzz::{LIMITS, reference_service, request_head, server_connection, small_buffer};
use wirenut_tests::oracle::{self, Verdict};
use wirenut_tests::pair::{self, Setup};
use wirenut_tests::recorder::{Event, Recorder};
use wirenut_tests::responses;

/// A request that is right, and what a service must see of it.
#[derive(Clone, Debug)]
struct Generated {
    bytes: Vec<u8>,
    method: String,
    target: String,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
    trailers: Vec<(Vec<u8>, Vec<u8>)>,
}

fn field() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let value = "[!-~\u{80}-\u{ff}]([ -~\t]{0,12}[!-~])?|";
    ("x-[a-zA-Z0-9!#$%&'*+.^_`|~-]{0,8}", value).prop_map(|(name, value)| {
        let value = value.chars().map(|sign| u8::try_from(u32::from(sign)).expect("a byte"));
        (name.into_bytes(), value.collect())
    })
}

fn request() -> impl Strategy<Value = Generated> {
    let method = select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "SEARCH"]);
    let target = "/x[a-zA-Z0-9/?:@=&;,%~-]{0,20}";
    let pieces = vec(vec(any::<u8>(), 1..20), 0..4);
    (method, target, vec(field(), 0..4), pieces, any::<bool>(), vec(field(), 0..2), "[ \t]{0,2}").prop_map(
        |(method, target, fields, pieces, is_chunked, trailers, space)| {
            let body = pieces.concat();
            let mut all = vec![(b"Host".to_vec(), b"a".to_vec())];
            all.extend(fields);
            all.push(match is_chunked {
                true => (b"Transfer-Encoding".to_vec(), b"chunked".to_vec()),
                false => (b"Content-Length".to_vec(), body.len().to_string().into_bytes()),
            });
            let mut bytes = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
            let space = space.as_bytes();
            all.iter().for_each(|(name, value)| bytes.extend([name, &b":"[..], space, value, space, b"\r\n"].concat()));
            bytes.extend(b"\r\n");
            if !is_chunked {
                bytes.extend(&body);
                return Generated { bytes, method: method.into(), target, fields: all, body, trailers: vec![] };
            }
            for piece in &pieces {
                bytes.extend(format!("{:x}\r\n", piece.len()).bytes());
                bytes.extend(piece);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n");
            trailers.iter().for_each(|(name, value)| bytes.extend([name, &b": "[..], value, b"\r\n"].concat()));
            bytes.extend(b"\r\n");
            Generated { bytes, method: method.into(), target, fields: all, body, trailers }
        },
    )
}

fn expected(requests: &[Generated]) -> Vec<Event> {
    let mut events = Vec::new();
    for request in requests {
        let framing = request.fields.last().expect("a framing field");
        let body = match &framing.0[..] {
            b"Content-Length" => wirenut::http::BodyFraming::Length(u64::try_from(request.body.len()).expect("short")),
            _ => wirenut::http::BodyFraming::Chunked,
        };
        events.push(Event::Head(wirenut_tests::recorder::Request {
            method: request.method.clone().into_bytes(),
            target: request.target.clone().into_bytes(),
            version: wirenut::http::Version::Http11,
            fields: request.fields.clone(),
            body,
        }));
        if !request.body.is_empty() {
            events.push(Event::Body(request.body.clone()));
        }
        events.push(Event::End(request.trailers.clone()));
        events.push(Event::Closed(Ok(())));
    }
    events
}

fn cut<'b>(bytes: &'b [u8], places: &[Index]) -> Vec<&'b [u8]> {
    let mut places: Vec<_> = places.iter().map(|place| place.index(bytes.len() + 1)).collect();
    places.sort_unstable();
    let starts = core::iter::once(0).chain(places.iter().copied());
    let ends = places.iter().copied().chain([bytes.len()]);
    starts.zip(ends).map(|(start, end)| &bytes[start..end]).collect()
}

/// What a service asks for, whatever it is.
#[derive(Clone, Debug)]
struct Asked {
    code: u16,
    reason: &'static str,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    length: Option<u64>,
    pieces: Vec<Vec<u8>>,
    is_closing: bool,
}

fn asked() -> impl Strategy<Value = Asked> {
    let reason = select(vec!["OK", "", "Not Found", "a\tb", "é", "a\r\nB: c", "\n", "\0", "a\rb"]);
    let bytes = || vec(select(b"abcXYZ09-_:;, \t\r\n\0\x7f\xe9\"".to_vec()), 0..8);
    let good = (select(vec![&b"X-A"[..], b"Vary", b"etag"]), select(vec![&b"b"[..], b"", b"c d"]));
    let good = good.prop_map(|(name, value)| (name.to_vec(), value.to_vec()));
    let framing = select(vec![&b"Content-Length"[..], b"transfer-encoding", b"CONNECTION"]);
    let field = prop_oneof![6 => good, 1 => (bytes(), bytes()), 1 => framing.prop_map(|f| (f.to_vec(), b"5".to_vec()))];
    let code =
        prop_oneof![8 => select(vec![200_u16, 204, 304, 404, 500, 299, 999]), 2 => any::<u16>(), 1 => 95_u16..205];
    let pieces = vec(vec(any::<u8>(), 0..30), 0..4);
    let wrong = prop_oneof![5 => Just(0_i64), 1 => -3_i64..3];
    (code, reason, vec(field, 0..3), pieces, any::<bool>(), wrong, any::<bool>()).prop_map(
        |(code, reason, fields, pieces, has_length, wrong, is_closing)| {
            let total = i64::try_from(pieces.concat().len()).expect("short") + wrong;
            let length = has_length.then(|| u64::try_from(total.max(0)).expect("not negative"));
            Asked { code, reason, fields, length, pieces, is_closing }
        },
    )
}

/// Asks for it, as far as it is let.
struct Asks {
    asked: Asked,
    refusals: RefCell<Vec<WriteError>>,
}

impl Service for Asks {
    type Exchange = (usize, usize);
    type Source = Infallible;

    fn request(
        &self,
        _: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<(Self::Exchange, Step), WriteError> {
        let fields: Vec<_> = self.asked.fields.iter().map(|(name, value)| Field { name, value }).collect();
        let mut response = Response::new(Status::new(self.asked.code, self.asked.reason)).with_fields(&fields);
        response.length = self.asked.length;
        response.close = self.asked.is_closing;
        self.told(responder.respond(&response))?;
        Ok(((0, 0), Step::More))
    }

    fn proceed(&self, (piece, start): &mut Self::Exchange, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        while let Some(rest) = self.asked.pieces.get(*piece).map(|bytes| &bytes[*start..]) {
            let taken = self.told(responder.send_body(rest))?;
            *start += taken;
            if taken < rest.len() {
                return Ok(Step::More);
            }
            (*piece, *start) = (*piece + 1, 0);
        }
        Ok(Step::Done)
    }
}

impl Asks {
    fn told<T>(&self, result: Result<T, WriteError>) -> Result<T, WriteError> {
        if let Err(error @ WriteError::Misuse(_)) = &result {
            self.refusals.borrow_mut().push(*error);
        }
        result
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests_come_through_in_any_cut_and_any_room(
        requests in vec(request(), 1..4),
        places in vec(any::<Index>(), 0..12),
        rooms in vec(0_usize..200, 0..4),
        is_eager in any::<bool>(),
    ) {
        let bytes: Vec<u8> = requests.iter().flat_map(|request| request.bytes.clone()).collect();
        let setup = Setup { rooms, is_eager, capacity: 200, ..Setup::default() };
        let (outcome, service) = pair::run(&setup, Recorder::default(), &cut(&bytes, &places), true);
        prop_assert_eq!(service.events(), expected(&requests));
        prop_assert_eq!((outcome.errors, outcome.disposition), (vec![], Disposition::Close));
        let methods: Vec<_> = requests.iter().map(|request| request.method.as_str()).collect();
        let bodies = responses::read_all(&methods, &outcome.output).into_iter().map(|response| response.body);
        let expected = requests.iter().map(|request| format!("{} {}", request.method, request.body.len()).into_bytes());
        prop_assert!(bodies.eq(expected));
    }

    #[test]
    fn what_a_service_asks_for_is_refused_or_stands_on_the_wire(
        asked in asked(),
        method in select(vec!["GET", "HEAD", "POST"]),
        version in select(vec!["1.0", "1.1"]),
        keep_alive in select(vec!["", "Connection: keep-alive\r\n", "Connection: close\r\n"]),
        rooms in vec(0_usize..300, 0..4),
    ) {
        let request = format!("{method} / HTTP/{version}\r\nHost: a\r\n{keep_alive}\r\n");
        let setup = Setup { rooms, capacity: 300, ..Setup::default() };
        let service = Asks { asked: asked.clone(), refusals: RefCell::default() };
        let (outcome, service) = pair::run(&setup, service, &[request.as_bytes()], false);
        let read = responses::read_all(&[method], &outcome.output);
        let is_interim = (100..200).contains(&asked.code);
        if outcome.errors.is_empty() && !is_interim {
            prop_assert_eq!(read.len(), 1);
            let response = &read[0];
            prop_assert_eq!(response.code, asked.code);
            // Where httparse finds a byte beyond ASCII in it, it shows no reason phrase.
            prop_assert!(response.reason == asked.reason.as_bytes() || response.reason.is_empty());
            let own = response.fields.iter().take(asked.fields.len());
            let wanted = asked.fields.iter().map(|(name, value)| (name.clone(), trimmed(value)));
            prop_assert!(own.cloned().eq(wanted), "{:?}", response.fields);
            prop_assert!(response.fields.len() <= asked.fields.len() + 2);
            prop_assert!(response.is_whole);
            if method != "HEAD" && asked.code != 204 && asked.code != 304 {
                prop_assert_eq!(&response.body, &asked.pieces.concat());
            }
            let ends = asked.is_closing || keep_alive.ends_with("close\r\n") || (version == "1.0" && keep_alive.is_empty());
            let is_unframed = version == "1.0" && asked.length.is_none() && method != "HEAD";
            prop_assert_eq!(outcome.disposition == Disposition::Open, !ends && !is_unframed);
        } else if !is_interim {
            // Refused before the head: a 500 and nothing of what was asked for. After it: cut off, and seen to be.
            prop_assert!(read.len() == 1 && (read[0].code == 500 || outcome.disposition == Disposition::Abort));
            prop_assert!(!service.refusals.borrow().is_empty() || outcome.errors.len() == 1);
        }
        // No line that was smuggled into a field: looked for in the head, since a body may begin with anything.
        let head_end = outcome.output.windows(4).position(|text| text == b"\r\n\r\n").unwrap_or(outcome.output.len());
        prop_assert_eq!(outcome.output[..head_end].windows(3).filter(|text| text == b"\nB:").count(), 0);
    }

    #[test]
    fn chunks_that_are_sent_are_read_as_the_same(
        pieces in vec((vec(any::<u8>(), 0..300), 0_usize..400), 0..12),
    ) {
        let cx = Context { now: Instant::START, limits: &LIMITS, date: None };
        let mut connection = ServerConnection::new(&cx);
        connection.receive(&cx, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &mut [0; 64]).expect("a request");
        let mut out = vec![b'?'; 1000];
        let response = Response::new(Status::OK).with_unknown_length();
        connection.respond(&cx, &response, &mut out).expect("room");
        let (mut wire, mut sent) = (Vec::new(), Vec::new());
        for (piece, room) in pieces {
            let (taken, written) = connection.send_body(&cx, &piece, &mut out[..room]).expect("a body");
            sent.extend(&piece[..taken]);
            wire.extend(&out[..written]);
        }
        connection.finish(&cx).expect("a body");
        let written = connection.poll_transmit(&cx, &mut out);
        wire.extend(&out[..written]);
        let limits = wirenut::http::Limits::DEFAULT;
        let chunked = oracle::Chunked { body: sent.clone(), trailers: vec![] };
        prop_assert_eq!(oracle::chunked(&limits, &wire), Verdict::Accepted(chunked, wire.len()));
        let request = [&b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"[..], &wire].concat();
        let (_, service) = pair::run(&Setup::default(), Recorder::default(), &[&request], false);
        let bodies = service.events().into_iter().filter_map(|event| match event {
            Event::Body(body) => Some(body),
            Event::Head(_) | Event::End(_) | Event::Closed(_) => None,
        });
        prop_assert_eq!(bodies.flatten().collect::<Vec<_>>(), sent);
    }

    #[test]
    fn any_bytes_keep_the_laws(bytes in vec(any::<u8>(), 0..300)) {
        request_head(&bytes);
        server_connection(&bytes);
        reference_service(&bytes);
        small_buffer(&bytes);
    }

    /// One byte of a good conversation replaced, removed or doubled.
    #[test]
    fn nearly_right_bytes_keep_the_laws(
        requests in vec(request(), 1..3),
        place in any::<Index>(),
        byte in select(b"\r\n\t :;,+-0a\0\x7f\x80/".to_vec()),
        manner in 0..3,
        seed in any::<[u8; 3]>(),
    ) {
        let mut bytes: Vec<u8> = requests.iter().flat_map(|request| request.bytes.clone()).collect();
        let place = place.index(bytes.len());
        match manner {
            0 => bytes[place] = byte,
            1 => drop(bytes.remove(place)),
            _ => bytes.insert(place, byte),
        }
        request_head(&bytes);
        let with_seed = [&seed[..], &bytes].concat();
        server_connection(&with_seed);
        reference_service(&with_seed);
        small_buffer(&with_seed);
    }
}

fn trimmed(value: &[u8]) -> Vec<u8> {
    let is_ink = |byte: &u8| *byte != b' ' && *byte != b'\t';
    let start = value.iter().position(is_ink).unwrap_or(value.len());
    let end = value.iter().rposition(is_ink).map_or(start, |last| last + 1);
    value[start..end].to_vec()
}

/// Every chunk-size line up to eight signs behind its size is what the oracle takes it for, and so is each beginning of
/// one. Behind a beginning that both refuse, nothing is tried.
#[test]
fn chunk_extensions_are_judged_as_the_oracle_judges_them() {
    let limits = wirenut::http::Limits::DEFAULT;
    let cx = Context { now: Instant::START, limits: &limits, date: None };
    let mut connection = ServerConnection::new(&cx);
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    connection.receive(&cx, head, &mut [0; 128]).expect("a request");
    let judge = |bytes: &[u8]| match connection.clone().receive(&cx, bytes, &mut [0; 64]) {
        Ok((used, wirenut::http::ServerEvent::End(_))) => {
            Verdict::Accepted(oracle::Chunked { body: vec![], trailers: vec![] }, used)
        }
        Ok(_) => Verdict::Incomplete,
        Err(_) => Verdict::Refused,
    };
    let (mut beginnings, mut accepted) = (vec![b"0".to_vec()], 0);
    while let Some(beginning) = beginnings.pop() {
        let line = [&beginning[..], b"\r\n\r\n"].concat();
        let [begun, ended] = [&beginning, &line].map(|bytes| (judge(bytes), oracle::chunked(&limits, bytes)));
        assert_eq!(begun.0, begun.1, "{}", beginning.escape_ascii());
        assert_eq!(ended.0, ended.1, "{}", line.escape_ascii());
        accepted += usize::from(ended.0 != Verdict::Refused);
        if begun.0 == Verdict::Incomplete && beginning.len() <= 8 {
            let signs = [b' ', b';', b'a', b'=', b'"', b'\\', b'\xe9', b'\r', b'\n'];
            beginnings.extend(signs.map(|sign| [&beginning[..], &[sign]].concat()));
        }
    }
    assert!(accepted > 1_000, "{accepted}");
}

/// A head that comes byte by byte costs linear work: were it quadratic, this would take an hour.
#[test]
fn long_heads_byte_by_byte() {
    let limits = wirenut::http::Limits { head_bytes: 1 << 16, ..wirenut::http::Limits::DEFAULT };
    for (repeats, length) in [(20, 64_000), (20, 60_000)] {
        for round in 0..repeats {
            let value = "v".repeat(if round % 2 == 0 { length } else { length / 90 - 10 });
            let count = if round % 2 == 0 { 1 } else { 85 };
            let fields = (0..count).map(|index| format!("X-{index}: {value}\r\n")).collect::<String>();
            let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
            let cx = Context { now: Instant::START, limits: &limits, date: None };
            let mut connection = ServerConnection::new(&cx);
            let mut store = vec![0; limits.store_bytes()];
            let is_head = |byte: &[u8]| {
                let received = connection.receive(&cx, byte, &mut store).expect("a head");
                matches!(received.1, wirenut::http::ServerEvent::Head(_))
            };
            assert_eq!(head.as_bytes().chunks(1).map(is_head).filter(|&is_head| is_head).count(), 1);
        }
    }
}
