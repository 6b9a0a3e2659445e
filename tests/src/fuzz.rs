//! The bodies of the fuzz targets: plain functions of bytes, which tests replay the corpus through.
//!
//! The laws: no panic; no more taken than given, no more written than there is room (both in [`crate::pair`]); any cut
//! and any room come to the same; what is accepted, the [`crate::oracle`] accepts as the same, and the other way round.

mod cookies;
mod credentials;
mod form;
mod handshake;
mod negotiation;
mod no_proxy;
mod parameters;
mod percent;
mod proxies;
mod proxy_protocol;
mod redirects;
mod resume;
mod routes;
mod segments;
mod streams;
mod structured;
mod tcp_states;
mod tracker;
mod uri;

use wirenut::http::service::Service;
use wirenut::http::{Context, Error, FieldFilter, Limits, RequestHead, ServerConnection, ServerEvent};
use wirenut::time::{Duration, Instant};
use wirenut_reference::{DEFAULT_DOWNLOAD, MemoryDevice, Reference};

pub use crate::forms::multipart;
pub use crate::framing::laws as framing;
pub use crate::websocket::laws as websocket;
pub use cookies::{cookies, set_cookie};
pub use credentials::credentials;
pub use form::form_pairs;
pub use handshake::handshake;
pub use negotiation::negotiation;
pub use no_proxy::no_proxy;
pub use parameters::parameters;
pub use percent::percent_encoding;
pub use proxies::proxies;
pub use proxy_protocol::proxy_protocol;
pub use redirects::redirects;
pub use resume::resume;
pub use routes::routes;
pub use segments::segments;
pub use streams::grammar_streams;
pub use structured::structured_fields;
pub use tcp_states::tcp_states;
pub use tracker::{tcp_stream, tracker};
pub use uri::uri_references;

use crate::answers;
use crate::every_split::cuts;
use crate::httparse;
use crate::oracle::{self, Verdict};
use crate::pair::{Outcome, Pair, Setup};
use crate::recorder::{self, Recorder, Request};
use crate::responses::{self, Response};

/// Bounds that a fuzzer reaches.
pub const LIMITS: Limits = Limits {
    head_bytes: 512,
    field_count: 8,
    body_bytes: 1 << 16,
    chunk_line_bytes: 24,
    trailer_bytes: 64,
    discard_bytes: 64,
    ..Limits::DEFAULT
};

/// Less than is kept of many heads that [`LIMITS`] allow.
pub const FILTER: FieldFilter = FieldFilter { names: &["X-A", "Accept"], bytes: 90 };

/// What a request head that comes in `pieces` is, with its length; for one that is refused, why.
#[must_use]
pub fn read_head(limits: &Limits, pieces: &[&[u8]]) -> (Verdict<Request>, Option<Error>) {
    read_head_in(0, limits, pieces)
}

/// The same, in a store that is so much larger than it must be.
fn read_head_in(more: usize, limits: &Limits, pieces: &[&[u8]]) -> (Verdict<Request>, Option<Error>) {
    let cx = Context { now: Instant::START, limits, date: None };
    let mut connection = ServerConnection::new(&cx);
    let (mut unread, mut taken) = (Vec::new(), 0);
    let mut store = vec![b'~'; limits.store_bytes() + more];
    for piece in pieces {
        unread.extend_from_slice(piece);
        store[connection.stored()..].fill(b'~');
        match connection.receive(&cx, &unread, &mut store) {
            Ok((used, ServerEvent::Head(head))) => return (Verdict::Accepted(Request::new(&head), taken + used), None),
            Ok((used, event)) => {
                assert_eq!(event, ServerEvent::NeedMore);
                unread.drain(..used);
                taken += used;
            }
            Err(error) => return (Verdict::Refused, Some(error)),
        }
    }
    (Verdict::Incomplete, None)
}

/// A request head: in any cut the same, and to the oracle, and to httparse.
pub fn request_head(data: &[u8]) {
    let (whole, error) = read_head(&LIMITS, &[data]);
    // All cuts of a long input would be too slow for a fuzzer.
    let few = if data.len() <= 64 { usize::MAX } else { 8 };
    for pieces in cuts(data).take(few) {
        assert_eq!(read_head(&LIMITS, &pieces), (whole.clone(), error), "{}", data.escape_ascii());
    }
    let mut store = vec![b'~'; LIMITS.store_bytes()];
    let parsed = match RequestHead::parse(&LIMITS, data, &mut store) {
        Ok(Some((length, head))) => (Verdict::Accepted(Request::new(&head), length), None),
        Ok(None) => (Verdict::Incomplete, None),
        Err(error) => (Verdict::Refused, Some(error)),
    };
    assert_eq!(parsed, (whole.clone(), error), "{}", data.escape_ascii());
    falls_at_its_byte(data, error);
    match (oracle::request(&LIMITS, data), &whole) {
        (Verdict::Accepted(expected, expected_length), Verdict::Accepted(request, length)) => {
            assert_eq!((expected.method, expected.target), (request.method.clone(), request.target.clone()));
            assert_eq!((expected.fields, expected.length), (request.fields.clone(), request.body.length()));
            assert_eq!(expected_length, *length);
        }
        (Verdict::Incomplete, Verdict::Incomplete) | (Verdict::Refused, Verdict::Refused) => {}
        // The oracle judges lines. What it waits for must be hopeless, then.
        (Verdict::Incomplete, Verdict::Refused) => oracle::is_hopeless(&LIMITS, data)
            .unwrap_or_else(|end| panic!("{error:?}, but right with {end:?}: {}", data.escape_ascii())),
        (expected, _) => panic!("{expected:?} of {whole:?} {error:?}: {}", data.escape_ascii()),
    }
    let agreed = match (&whole, error) {
        (Verdict::Accepted(request, length), _) => httparse::accepts(data, request, *length),
        (_, Some(error)) => httparse::refuses(data, error.rule),
        (_, None) => Ok(()),
    };
    agreed.unwrap_or_else(|why| panic!("{why}: {}", data.escape_ascii()));
}

/// An error falls with the very byte that breaks the rule, neither before nor after it.
fn falls_at_its_byte(data: &[u8], error: Option<Error>) {
    let Some(error) = error else { return };
    let at = usize::try_from(error.offset).expect("a test is short");
    let before = read_head(&LIMITS, &[&data[..at]]);
    assert_eq!(before, (Verdict::Incomplete, None), "{error:?} too late: {}", data.escape_ascii());
    let with = read_head(&LIMITS, &[&data[..=at]]);
    assert_eq!(with, (Verdict::Refused, Some(error)), "too early: {}", data.escape_ascii());
}

/// The grammar's table, and the quick front before it: a head whose first byte came before the others is read by the table
/// alone, one that comes whole by the front where it is usual. Both must come to the same, for any filter and in a
/// store of any size that is large enough; requests and responses.
pub fn grammar(data: &[u8]) {
    let pieces: Vec<&[u8]> = data.chunks(1).collect();
    let first = data.split_at(data.len().min(1));
    for field_filter in [None, Some(&FILTER)] {
        let limits = Limits { field_filter, ..LIMITS };
        let whole = read_head(&limits, &[data]);
        assert_eq!(read_head(&limits, &[first.0, first.1]), whole, "{}", data.escape_ascii());
        assert_eq!(read_head(&limits, &pieces), whole, "{}", data.escape_ascii());
        assert_eq!(read_head_in(10, &limits, &pieces), whole, "in a larger store: {}", data.escape_ascii());
        in_a_store_too_small(&limits, &pieces, &whole);
        answers::front_and_grammar(&limits, data);
    }
}

/// What is accepted in less of a store than there should be is the same.
fn in_a_store_too_small(limits: &Limits, pieces: &[&[u8]], expected: &(Verdict<Request>, Option<Error>)) {
    for size in [0, 3, 20, limits.store_bytes() / 2] {
        let mut store = vec![b'~'; size];
        let cx = Context { now: Instant::START, limits, date: None };
        let mut connection = ServerConnection::new(&cx);
        for piece in pieces {
            match connection.receive(&cx, piece, &mut store) {
                Ok((_, ServerEvent::Head(head))) => {
                    let Verdict::Accepted(expected, _) = &expected.0 else { panic!("only in a small store: {head:?}") };
                    assert_eq!(Request::new(&head), *expected);
                    break;
                }
                Ok(_) => assert!(connection.stored() <= size, "more is stored than there is room"),
                Err(_) => break,
            }
        }
    }
}

/// A connection: in any cut and any room the same requests and the same responses, and to the oracle the same requests.
pub fn server_connection(data: &[u8]) {
    let Some((&[seed, step, room], bytes)) = data.split_first_chunk() else { return };
    let (whole, service) = converse(&plenty(), Recorder::default(), &[bytes]);
    let pieces: Vec<_> = cut(bytes, step, seed).collect();
    let (cut, cut_service) = converse(&tight(seed, room), Recorder::default(), &pieces);
    let (got, expected) = (heads(&service), oracle_heads(bytes));
    for got in [&got, &heads(&cut_service)] {
        assert!(expected.starts_with(got), "{got:?} {expected:?}");
    }
    if won_by_the_answer(&service.events(), &cut_service.events()) {
        return;
    }
    assert_eq!(service.events(), cut_service.events(), "{}", bytes.escape_ascii());
    same(&service.methods(), &whole, &cut, bytes);
    let is_tunnel = service.methods().iter().any(|method| method == "CONNECT");
    if whole.errors.is_empty() && whole.is_idle && !is_tunnel {
        assert_eq!(got.len(), expected.len(), "{}", bytes.escape_ascii());
    }
}

/// A connection with a receive buffer that is smaller than a head may be, and a store for what was asked for: the same as
/// with all the room there is, for the same filter.
pub fn small_buffer(data: &[u8]) {
    let Some((&[seed, step], bytes)) = data.split_first_chunk() else { return };
    let limits = Limits { field_filter: Some(&FILTER), ..LIMITS };
    let large = Setup { limits, ..plenty() };
    let small = Setup { buffer: Some(usize::from(seed % 32) + 1), ..large.clone() };
    let (whole, service) = converse(&large, Recorder::default(), &[bytes]);
    let pieces: Vec<_> = cut(bytes, step, seed).collect();
    let (cut, cut_service) = converse(&small, Recorder::default(), &pieces);
    if won_by_the_answer(&service.events(), &cut_service.events()) {
        return;
    }
    assert_eq!(service.events(), cut_service.events(), "{}", bytes.escape_ascii());
    same(&service.methods(), &whole, &cut, bytes);
}

/// Do the two differ first in the content of an exchange whose answer was over before that content, in one of them at
/// least? An answer that does not wait for the content (it began before its end had come) races with it: no cut decides
/// who wins, nor how much of the content came before, nor what the rest of it breaks.
fn won_by_the_answer(one: &[recorder::Event], other: &[recorder::Event]) -> bool {
    use recorder::Event::{Body, Closed, End, Head};
    let Some(at) = one.iter().zip(other).position(|(one, other)| one != other) else { return false };
    let last = one[..at].iter().rev().find(|event| matches!(event, Head(_) | End(_) | Closed(_)));
    let agrees = match (&one[at], &other[at]) {
        (Body(one), Body(other)) => one.starts_with(other) || other.starts_with(one),
        (Body(_) | End(_) | Closed(_), Body(_) | End(_) | Closed(_)) => true,
        _ => false,
    };
    let has_won = |events: &[recorder::Event]| matches!(events, [Closed(Ok(())), ..] | [Body(_), Closed(Ok(())), ..]);
    matches!(last, Some(Head(_))) && agrees && (has_won(&one[at..]) || has_won(&other[at..]))
}

/// The reference service: in any cut and any room the same responses.
pub fn reference_service(data: &[u8]) {
    let Some((&[seed, step, room], bytes)) = data.split_first_chunk() else { return };
    if asks_for_too_much(bytes) {
        return;
    }
    let service = || Reference { device: MemoryDevice::new() };
    let (whole, _) = converse(&plenty(), service(), &[bytes]);
    let pieces: Vec<_> = cut(bytes, step, seed).collect();
    let (cut, _) = converse(&tight(seed, room), service(), &pieces);
    let heads = oracle_heads(bytes);
    let methods: Vec<_> = heads.iter().map(|head| String::from_utf8_lossy(&head.0).into_owned()).collect();
    if let Some(at) = answered_before_what_is_wrong(&heads, &whole, &cut) {
        let before =
            |conversation: &Conversation| finals(&methods, conversation).into_iter().take(at).collect::<Vec<_>>();
        assert_eq!(before(&whole), before(&cut), "{}", bytes.escape_ascii());
        return;
    }
    same(&methods, &whole, &cut, bytes);
}

/// Whether a download may be longer than the one that says no length: a pair keeps all of an answer, and takes it in small
/// steps, while the service would send a terabyte.
fn asks_for_too_much(bytes: &[u8]) -> bool {
    const NAME: &[u8] = b"bytes=";
    bytes.windows(NAME.len()).enumerate().filter(|(_, name)| *name == NAME).any(|(at, _)| {
        let digits = bytes[at + NAME.len()..].iter().take_while(|byte| byte.is_ascii_digit());
        let number =
            digits.fold(0_u64, |number, digit| number.saturating_mul(10).saturating_add((digit - b'0').into()));
        number > DEFAULT_DOWNLOAD
    })
}

/// Which exchange was answered in one conversation, and in the other broken off for what is wrong with its content?
/// Only those that do not wait for their content may be: no cut decides whether it is read before they are answered.
fn answered_before_what_is_wrong(heads: &[Outline], one: &Conversation, other: &Conversation) -> Option<usize> {
    let at = one.closed.iter().zip(&other.closed).position(|(one, other)| one.is_ok() != other.is_ok())?;
    let path = heads.get(at)?.1.split(|byte| *byte == b'?').next()?;
    [&b"/"[..], b"/slow", b"/download"].contains(&path).then_some(at)
}

/// The method, the target and the declared length of a request.
type Outline = (Vec<u8>, Vec<u8>, Option<u64>);

fn heads(service: &Recorder) -> Vec<Outline> {
    let events = service.events().into_iter();
    let outlines = events.filter_map(|event| match event {
        recorder::Event::Head(head) => Some((head.method, head.target, head.body.length())),
        recorder::Event::Body(_) | recorder::Event::End(_) | recorder::Event::Closed(_) => None,
    });
    outlines.collect()
}

/// All requests that are in `bytes`, if none of them ended the connection.
#[must_use]
fn oracle_heads(mut bytes: &[u8]) -> Vec<Outline> {
    let mut heads = Vec::new();
    while let Verdict::Accepted(request, length) = oracle::request(&LIMITS, bytes) {
        bytes = &bytes[length..];
        heads.push((request.method, request.target, request.length));
        let length = match request.length {
            Some(length) => usize::try_from(length).unwrap_or(usize::MAX),
            None => match oracle::chunked(&LIMITS, bytes) {
                Verdict::Accepted(_, length) => length,
                Verdict::Incomplete | Verdict::Refused => break,
            },
        };
        let Some(rest) = bytes.get(length..) else { break };
        bytes = rest;
    }
    heads
}

/// What came of a conversation.
struct Conversation {
    outcome: Outcome,
    errors: Vec<String>,
    is_idle: bool,
}

impl core::ops::Deref for Conversation {
    type Target = Outcome;

    fn deref(&self) -> &Outcome {
        &self.outcome
    }
}

/// Says all, waits for what the service puts off, and then for as long as the connection lives.
fn converse<S: Service>(setup: &Setup, service: S, pieces: &[&[u8]]) -> (Conversation, S) {
    let mut pair = Pair::new(setup.clone(), service);
    pieces.iter().for_each(|piece| pair.put(piece));
    pair.run();
    // Nobody waits a quarter of the time that a peer has.
    for _ in 0..2_000 {
        if pair.untaken() == 0 || pair.next_timeout().is_none() || pair.is_over() {
            break;
        }
        pair.pass(Duration::from_millis(10));
    }
    let is_idle = pair.session.is_idle();
    pair.pass(Duration::from_secs(200));
    assert!(pair.next_timeout().is_none(), "still waiting");
    let errors = pair.errors.iter().map(ToString::to_string).collect();
    let (outcome, service) = pair.finish();
    (Conversation { outcome, errors, is_idle }, service)
}

fn plenty() -> Setup {
    Setup { limits: LIMITS, capacity: 4096, ..Setup::default() }
}

fn tight(seed: u8, room: u8) -> Setup {
    let rooms = vec![usize::from(room), usize::from(seed & 31), usize::from(room ^ seed)];
    Setup { rooms, is_eager: seed & 64 != 0, ..plenty() }
}

/// Pieces of lengths that follow from two bytes.
pub(crate) fn cut(mut bytes: &[u8], step: u8, seed: u8) -> impl Iterator<Item = &[u8]> {
    let (mut length, step) = (usize::from(seed), usize::from(step));
    core::iter::from_fn(move || {
        length = (length * 5 + step) % 97;
        let piece;
        (piece, bytes) = bytes.split_at((length % 48 + 1).min(bytes.len()));
        (!piece.is_empty()).then_some(piece)
    })
}

/// The responses, but for those that tell the client to go on: whether it is told depends on whether it has.
fn finals(methods: &[String], conversation: &Conversation) -> Vec<Response> {
    let methods: Vec<_> = methods.iter().map(String::as_str).collect();
    let mut responses = responses::read_all(&methods, &conversation.output);
    responses.retain(|response| response.code != 100);
    responses
}

/// Two conversations about the same bytes.
fn same(methods: &[String], whole: &Conversation, cut: &Conversation, bytes: &[u8]) {
    let summary = |conversation: &Conversation| {
        let mut responses = finals(methods, conversation);
        // How far a response that is cut off has come depends on the room.
        responses.iter_mut().filter(|response| !response.is_whole).for_each(|response| response.body.clear());
        let outcome = &conversation.outcome;
        (responses, conversation.errors.clone(), outcome.closed.clone(), outcome.disposition, conversation.is_idle)
    };
    assert_eq!(summary(whole), summary(cut), "{}", bytes.escape_ascii());
}
