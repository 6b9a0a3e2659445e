//! Errors: each rule is broken, by either end's peer where it can be, and an error stays.

use wirenut::http::state::State;
use wirenut::http::{
    ClientConnection, ClientEvent, Connection, Context, Error, Fault, Field, FieldFilter, Limits, Method, Misuse,
    Request, Response, Role, Rule, ServerConnection, ServerEvent, Status,
};
use wirenut::time::{Duration, Instant};
use wirenut::transport::Disposition;
use wirenut_tests::cases::SMALL;
use wirenut_tests::wire::bytes;

/// With room for sizes that overflow, and for fields that are too large though the head is not.
const LIMITS: Limits = Limits {
    head_bytes: 128,
    field_filter: Some(&FieldFilter { names: &["A"], bytes: 80 }),
    chunk_line_bytes: 20,
    ..SMALL
};
const AGE: Duration = Duration::from_secs(10_000);

fn at(now: Instant) -> Context<'static> {
    Context { now, limits: &LIMITS, date: None }
}

/// How a peer breaks a rule. Bytes are in the signs of [`wirenut_tests::wire`].
#[derive(Clone, Copy, Debug)]
enum Breach {
    /// By these bytes.
    Bytes(&'static str),
    /// By ending its direction behind these bytes.
    End(&'static str),
    /// By sending nothing behind these bytes.
    Delay(&'static str),
    /// By not taking what is sent to it.
    Stall,
    /// This end looks at nothing that could break it.
    Never,
}

use Breach::*;

macro_rules! fifty {
    () => {
        "01234567890123456789012345678901234567890123456789"
    };
}

macro_rules! post {
    ($($rest:tt)*) => {
        Bytes(concat!("POST / HTTP/1.1↵Host: a↵", $($rest)*))
    };
}

macro_rules! chunks {
    ($($rest:tt)*) => {
        Bytes(concat!("POST / HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵", $($rest)*))
    };
}

macro_rules! ok {
    ($($rest:tt)*) => {
        Bytes(concat!("HTTP/1.1 200 ↵", $($rest)*))
    };
}

macro_rules! ok_chunks {
    ($($rest:tt)*) => {
        Bytes(concat!("HTTP/1.1 200 ↵Transfer-Encoding: chunked↵↵", $($rest)*))
    };
}

/// How a client breaks it, and how a server that was asked twice does.
const BREACHES: &[(Rule, Breach, Breach)] = &[
    (Rule::InvalidMethod, Bytes("(↵↵"), Never),
    (Rule::InvalidTarget, Bytes("GET /\" HTTP/1.1↵↵"), Never),
    (Rule::MismatchedTarget, Bytes("GET * HTTP/1.1↵Host: a↵↵"), Never),
    (Rule::InvalidVersion, Bytes("GET / HTTP/x.1↵↵"), Bytes("HTTP/x.1 200 ↵↵")),
    (Rule::UnsupportedVersion, Bytes("GET / HTTP/2.0↵↵"), Bytes("HTTP/2.0 200 ↵↵")),
    (Rule::MethodTooLong, Bytes(concat!(fifty!(), fifty!())), Never),
    (Rule::RequestLineTooLong, Bytes(concat!("GET /", fifty!(), fifty!(), " HTTP/1.1↵")), Never),
    (Rule::HeadTooLarge, post!("B: ", fifty!(), fifty!(), "↵"), ok!("B: ", fifty!(), fifty!(), fifty!(), "↵")),
    (Rule::FieldTooLarge, post!("A: ", fifty!(), "6789012345↵"), ok!("A: ", fifty!(), fifty!(), "↵")),
    (Rule::TooManyFields, post!("B: c↵C: d↵E: f↵↵"), ok!("A: b↵B: c↵C: d↵E: f↵↵")),
    (Rule::InvalidFieldName, post!(":↵↵"), ok!(":↵↵")),
    (Rule::SpaceBeforeColon, post!("A : b↵↵"), ok!("A : b↵↵")),
    (Rule::MissingColon, post!("A↵↵"), ok!("A↵↵")),
    (Rule::ObsoleteLineFolding, post!("A: b↵ c↵↵"), ok!("A: b↵ c↵↵")),
    (Rule::BareCarriageReturn, post!("A: b␍c↵↵"), ok!("A: b␍c↵↵")),
    (Rule::BareLineFeed, post!("A: b␊↵"), ok!("A: b␊↵")),
    (Rule::InvalidFieldValue, post!("A: ␀↵↵"), ok!("A: ␀↵↵")),
    (Rule::MissingHost, Bytes("GET / HTTP/1.1↵↵"), Never),
    (Rule::DuplicateHost, post!("Host: a↵↵"), Never),
    (Rule::InvalidHost, Bytes("GET / HTTP/1.1↵Host: /↵↵"), Never),
    (Rule::InvalidContentLength, post!("Content-Length: +1↵↵"), ok!("Content-Length: +1↵↵")),
    (
        Rule::DuplicateContentLength,
        post!("Content-Length: 1↵Content-Length: 1↵↵"),
        ok!("Content-Length: 1↵Content-Length: 1↵↵"),
    ),
    (
        Rule::ContentLengthWithTransferEncoding,
        Bytes("PUT / HTTP/1.1↵Content-Length: 1↵Transfer-Encoding: a↵↵"),
        Bytes("HTTP/1.1 200 ↵Content-Length: 1↵Transfer-Encoding: a↵↵"),
    ),
    (Rule::ChunkedNotFinal, post!("Transfer-Encoding: chunked, a↵↵"), ok!("Transfer-Encoding: chunked, a↵↵")),
    (Rule::InvalidTransferEncoding, post!("Transfer-Encoding:↵↵"), ok!("Transfer-Encoding:↵↵")),
    (
        Rule::TransferEncodingInHttp10,
        Bytes("POST / HTTP/1.0↵Transfer-Encoding: chunked↵↵"),
        Bytes("HTTP/1.0 200 ↵Transfer-Encoding: chunked↵↵"),
    ),
    (Rule::UnknownTransferCoding, post!("Transfer-Encoding: a, chunked↵↵"), ok!("Transfer-Encoding: a, chunked↵↵")),
    (Rule::UnknownExpectation, post!("Expect: more↵↵"), Never),
    (Rule::BodyTooLarge, post!("Content-Length: 11↵↵"), ok!("Content-Length: 11↵↵")),
    (Rule::InvalidChunkSize, chunks!("+1↵"), ok_chunks!("+1↵")),
    (Rule::ChunkSizeOverflow, chunks!("10000000000000000"), ok_chunks!("10000000000000000")),
    (Rule::InvalidChunkExtension, chunks!("1;↵"), ok_chunks!("1;↵")),
    (Rule::ChunkLineTooLong, chunks!("1;abcdefghijklmnopqrst↵"), ok_chunks!("1;abcdefghijklmnopqrst↵")),
    (Rule::MissingChunkEnd, chunks!("1↵ab"), ok_chunks!("1↵ab")),
    (Rule::TrailersTooLarge, chunks!("0↵A: 345678901234567↵"), ok_chunks!("0↵A: 345678901234567↵")),
    (Rule::ForbiddenTrailer, chunks!("0↵Host: a↵↵"), ok_chunks!("0↵Host: a↵↵")),
    (Rule::Truncated, End("GET"), End("HTTP")),
    (Rule::HeadTimeout, Delay("GET"), Delay("HTTP")),
    (
        Rule::BodyTimeout,
        Delay("POST / HTTP/1.1↵Host: a↵Content-Length: 1↵↵"),
        Delay("HTTP/1.1 200 ↵Content-Length: 1↵↵"),
    ),
    (Rule::WriteTimeout, Stall, Stall),
    (Rule::InvalidStatusLine, Never, Bytes("HTTP/1.1 2000 ↵↵")),
    (Rule::UnrequestedSwitch, Never, Bytes("HTTP/1.1 101 ↵↵")),
    (Rule::UnsolicitedResponse, Never, Bytes("HTTP/1.1 204 ↵↵HTTP/1.1 204 ↵↵HTTP/1.1 204 ↵↵")),
    (Rule::ResponseTimeout, Never, Delay("")),
    (Rule::Unanswered, Never, End("")),
    (Rule::NotProcessed, Never, Bytes("HTTP/1.1 204 ↵Connection: close↵↵")),
];

/// Takes all that comes in `input`, with as much content as there is, up to the first error.
fn feed_server(connection: &mut ServerConnection, cx: &Context<'_>, mut input: &[u8]) -> Result<(), Error> {
    let mut store = vec![0; cx.limits.store_bytes()];
    loop {
        let (mut used, event) = connection.receive(cx, input, &mut store)?;
        match event {
            ServerEvent::Body(piece) => {
                connection.take_body(cx, piece.len());
                used += piece.len();
            }
            ServerEvent::NeedMore | ServerEvent::Paused | ServerEvent::Closed => return Ok(()),
            ServerEvent::Head(_) | ServerEvent::End(_) => {}
        }
        input = &input[used..];
    }
}

fn feed_client(connection: &mut ClientConnection, cx: &Context<'_>, mut input: &[u8]) -> Result<(), Error> {
    let mut store = vec![0; cx.limits.store_bytes()];
    loop {
        let (mut used, event) = connection.receive(cx, input, &mut store)?;
        match event {
            ClientEvent::Body(piece) => {
                connection.take_body(cx, piece.len());
                used += piece.len();
            }
            ClientEvent::NeedMore | ClientEvent::Paused | ClientEvent::Closed => return Ok(()),
            ClientEvent::Interim(_) | ClientEvent::Head(_) | ClientEvent::End(_) => {}
        }
        input = &input[used..];
    }
}

const GET: Request<'static> = Request::new(Method::Get, "/", "a");
const OK: Response<'static> = Response::new(Status::OK);
const TRAILERS: &[Field<'static>] = &[Field::new("a", "b")];

/// The bytes that come first.
fn sent(breach: Breach) -> Vec<u8> {
    match breach {
        Bytes(text) | End(text) | Delay(text) => bytes(text),
        Stall | Never => vec![],
    }
}

// What is wrong comes out of `error`.
fn break_as_client(breach: Breach) -> ServerConnection {
    let cx = at(Instant::START);
    let mut connection = ServerConnection::new(&cx);
    let _ = feed_server(&mut connection, &cx, &sent(breach));
    go_on(&mut connection, breach);
    connection
}

fn break_as_server(breach: Breach) -> ClientConnection {
    let cx = at(Instant::START);
    let mut connection = ClientConnection::new(&cx);
    for _ in 0..2 {
        connection.request(&cx, &GET, &mut [0; 64]).expect("a request");
    }
    let _ = feed_client(&mut connection, &cx, &sent(breach));
    go_on(&mut connection, breach);
    connection
}

/// What the peer does behind its bytes.
fn go_on<R: Role>(connection: &mut Connection<R>, breach: Breach) {
    let (cx, later) = (at(Instant::START), at(Instant::START.saturating_add(AGE)));
    match breach {
        Bytes(_) | Never => {}
        End(_) => _ = connection.handle_eof(&cx),
        Delay(_) => _ = connection.handle_timeout(&later),
        Stall => {
            connection.handle_sent(&cx, 0, 1);
            let _ = connection.handle_timeout(&later);
        }
    }
}

/// If it fails, with the same error.
fn same<T>(result: Result<T, Error>, error: Error) {
    assert_eq!(result.err().unwrap_or(error), error);
}

/// Calls everything that there is, and wants the same error each time.
fn stays_broken_server(broken: &ServerConnection, rule: Rule) {
    let error = broken.error().unwrap_or_else(|| panic!("{rule:?} is not broken: {broken:?}"));
    assert_eq!(error.rule, rule);
    let (cx, later) = (at(Instant::START), at(Instant::START.saturating_add(AGE).saturating_add(AGE)));
    let mut out = [0; 256];
    let calls: [&mut dyn FnMut(&mut ServerConnection); 15] = [
        &mut |c| match c.receive(&cx, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &mut []) {
            // What comes while it lingers is thrown away.
            Ok(thrown) => {
                assert_eq!((thrown, c.disposition()), ((27, ServerEvent::NeedMore), Disposition::ShutdownWrite));
            }
            Err(again) => assert_eq!(again, error),
        },
        &mut |c| same(c.receive(&cx, b"", &mut []), error),
        &mut |c| c.take_body(&cx, 0),
        &mut |c| same(c.handle_eof(&cx), error),
        &mut |c| same(c.handle_timeout(&later), error),
        &mut |c| c.handle_sent(&cx, 1, 0),
        &mut |c| assert_eq!(c.handle_reset(&cx), error),
        &mut |c| assert_eq!(c.abort(&cx, Rule::HostClosed), error),
        &mut |c| c.retire(),
        &mut |c| assert!(c.respond(&cx, &OK, &mut out).is_err()),
        &mut |c| assert!(c.send_body(&cx, b"x", &mut [0; 8]).is_err()),
        &mut |c| assert!(c.note_external_send(&cx, 1).is_err()),
        &mut |c| assert!(c.send_trailers(&cx, TRAILERS, &mut [0; 64]).is_err()),
        &mut |c| assert!(c.finish(&cx).is_err()),
        &mut |c| _ = c.poll_transmit(&cx, &mut [0; 256]),
    ];
    let mut all = broken.clone();
    for call in calls {
        let mut one = broken.clone();
        for connection in [&mut one, &mut all] {
            call(connection);
            assert_eq!((connection.error(), connection.states()), (Some(error), (State::Error, State::Error)));
            assert!(!connection.is_idle());
        }
    }
}

fn stays_broken_client(broken: &ClientConnection, rule: Rule) {
    let error = broken.error().unwrap_or_else(|| panic!("{rule:?} is not broken: {broken:?}"));
    assert_eq!(error.rule, rule);
    let (cx, later) = (at(Instant::START), at(Instant::START.saturating_add(AGE).saturating_add(AGE)));
    let mut out = [0; 256];
    let calls: [&mut dyn FnMut(&mut ClientConnection); 15] = [
        &mut |c| assert_eq!(c.receive(&cx, b"HTTP/1.1 200 OK\r\n\r\n", &mut []), Err(error)),
        &mut |c| assert_eq!(c.receive(&cx, b"", &mut []), Err(error)),
        &mut |c| c.take_body(&cx, 0),
        &mut |c| same(c.handle_eof(&cx), error),
        &mut |c| same(c.handle_timeout(&later), error),
        &mut |c| c.handle_sent(&cx, 1, 0),
        &mut |c| assert_eq!(c.handle_reset(&cx), error),
        &mut |c| assert_eq!(c.abort(&cx, Rule::HostClosed), error),
        &mut |c| c.retire(),
        &mut |c| assert!(c.request(&cx, &GET, &mut out).is_err()),
        &mut |c| assert!(c.send_body(&cx, b"x", &mut [0; 8]).is_err()),
        &mut |c| assert!(c.note_external_send(&cx, 1).is_err()),
        &mut |c| assert!(c.send_trailers(&cx, TRAILERS, &mut [0; 64]).is_err()),
        &mut |c| assert!(c.finish(&cx).is_err()),
        &mut |c| assert_eq!(c.poll_transmit(&cx, &mut [0; 256]), 0),
    ];
    let mut all = broken.clone();
    for call in calls {
        let mut one = broken.clone();
        for connection in [&mut one, &mut all] {
            call(connection);
            assert_eq!((connection.error(), connection.states()), (Some(error), (State::Error, State::Error)));
            assert_eq!((connection.disposition(), connection.is_idle()), (Disposition::Abort, false));
        }
    }
}

#[test]
fn every_rule_of_the_peers_is_broken_and_stays_so() {
    for &(rule, as_client, as_server) in BREACHES {
        if !matches!(as_client, Never) {
            stays_broken_server(&break_as_client(as_client), rule);
        }
        if !matches!(as_server, Never) {
            stays_broken_client(&break_as_server(as_server), rule);
        }
    }
    let of_peers = Rule::ALL.iter().filter(|rule| rule.fault() == Fault::Peer);
    let unbroken = of_peers.filter(|rule| {
        let is_broken = |&&(broken, as_client, as_server): &&(Rule, Breach, Breach)| {
            broken == **rule && !matches!((as_client, as_server), (Never, Never))
        };
        !BREACHES.iter().any(|row| is_broken(&row))
    });
    assert_eq!(unbroken.collect::<Vec<_>>(), Vec::<&Rule>::new(), "rules that nothing breaks");
}

/// The other rules are broken on our side of the peer.
#[test]
fn every_other_rule_stays_broken_too() {
    let cx = at(Instant::START);
    for rule in Rule::ALL.iter().copied().filter(|rule| rule.fault() != Fault::Peer) {
        let mut server = ServerConnection::new(&cx);
        feed_server(&mut server, &cx, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("a request");
        let mut client = ClientConnection::new(&cx);
        client.request(&cx, &GET, &mut [0; 64]).expect("a request");
        if rule == Rule::Reset {
            server.handle_reset(&cx);
            client.handle_reset(&cx);
        } else if rule == Rule::Misused(Misuse::NoBody) {
            server.finish(&cx).expect_err("no response");
            client.send_body(&cx, b"x", &mut []).expect_err("no body");
        } else {
            server.abort(&cx, rule);
            client.abort(&cx, rule);
        }
        stays_broken_server(&server, rule);
        stays_broken_client(&client, rule);
    }
}
