//! What was once wrong.

use core::convert::Infallible;

use wirenut::http::service::{Responder, Service, Session, Step};
use wirenut::http::{
    Context, HttpDate, Limits, Misuse, RequestHead, Response, Rule, ServerConnection, Status, WriteError,
};
use wirenut::time::{Duration, Instant};
use wirenut::transport::Disposition;
use wirenut::transport::Environment;
use wirenut_tests::every_split::every_split;
use wirenut_tests::pair::{self, Pair, Setup};
use wirenut_tests::recorder::{BIG, Recorder};
use wirenut_tests::responses;
use wirenut_tests::wire::bytes;

const GET: &str = "GET / HTTP/1.1↵Host: a↵↵";

/// What did not fit was counted as written, and what happened to be in the buffer went to the peer.
#[test]
fn what_does_not_fit_is_not_sent() {
    for rooms in (0..40).map(|room| vec![room]) {
        let setup = Setup { rooms, capacity: 200, ..Setup::default() };
        let (outcome, _) = pair::run(&setup, Recorder::default(), &[&bytes("GET /unknown HTTP/1.1↵Host: a↵↵")], false);
        let responses = responses::read_all(&["GET"], &outcome.output);
        assert_eq!((responses.len(), &responses[0].body[..]), (1, &b"Hello, World!"[..]));
        let expecting = "POST / HTTP/1.1↵Host: a↵Content-Length: 1↵Expect: 100-continue↵↵";
        let (outcome, _) = pair::run(&setup, Recorder::default(), &[&bytes(expecting), b"x"], false);
        let codes: Vec<_> = responses::read_all(&["POST"], &outcome.output).iter().map(|r| r.code).collect();
        assert_eq!(codes, [100, 200]);
    }
}

/// The last chunk was forgotten when there was no room for it at once, and content of the request was left unread.
#[test]
fn the_last_chunk_is_sent_before_the_connection_lingers() {
    for room in 6..40 {
        let setup = Setup { rooms: vec![room], capacity: 100, ..Setup::default() };
        let post = "POST /early-big HTTP/1.1↵Host: a↵Content-Length: 1000000↵↵abc";
        let (outcome, _) = pair::run(&setup, Recorder::default(), &[&bytes(post)], false);
        let responses = responses::read_all(&["POST"], &outcome.output);
        assert!(responses[0].is_whole, "room {room}");
        assert_eq!((responses.len(), responses[0].body.len()), (1, BIG));
        assert_eq!(outcome.disposition, Disposition::ShutdownWrite);
    }
}

/// Chunked coding was offered to HTTP/1.0 (RFC 9112 §6.1).
#[test]
fn http10_is_never_told_of_transfer_codings() {
    for method in ["GET", "HEAD"] {
        for connection in ["", "Connection: keep-alive↵"] {
            let request = bytes(&format!("{method} /unknown HTTP/1.0↵{connection}↵"));
            let (outcome, _) = pair::run(&Setup::default(), Recorder::default(), &[&request], false);
            let responses = responses::read_all(&[method], &outcome.output);
            assert_eq!(responses[0].field("transfer-encoding"), None, "{method} {connection}");
        }
    }
}

/// An end that was told while a response was on its way was forgotten, and the connection stayed until it was idle for
/// too long.
#[test]
fn an_end_told_early_is_heeded_after_the_response() {
    let setup = Setup { is_eager: true, ..Setup::default() };
    let mut pair = Pair::new(setup.clone(), Recorder::default());
    pair.put(&bytes("GET /wait HTTP/1.1↵Host: a↵↵"));
    pair.put_end();
    pair.run();
    assert_eq!(pair.session.disposition(), Disposition::Open);
    pair.pass(Duration::from_secs(1));
    let (outcome, _) = pair.finish();
    assert_eq!(responses::read_all(&["GET"], &outcome.output)[0].code, 200);
    assert_eq!((outcome.disposition, outcome.errors), (Disposition::Close, vec![]));
    // In the middle of the next head it is an error, as it would have been without the response before.
    let mut pair = Pair::new(setup, Recorder::default());
    pair.put(&bytes("GET /wait HTTP/1.1↵Host: a↵↵GET"));
    pair.put_end();
    pair.run();
    pair.pass(Duration::from_secs(1));
    let (outcome, _) = pair.finish();
    let codes: Vec<_> = responses::read_all(&["GET"], &outcome.output).iter().map(|r| r.code).collect();
    assert_eq!((codes, outcome.disposition), (vec![200, 400], Disposition::Close));
}

/// A request that waited for room was forgotten when the peer had ended its direction behind it, and the connection
/// counted as idle meanwhile.
#[test]
fn a_request_that_waits_for_room_is_not_dropped() {
    let setup = Setup { is_eager: true, capacity: 60, ..Setup::default() };
    let mut pair = Pair::new(setup.clone(), Recorder::default());
    pair.peer_reads = false;
    pair.put(&bytes(&GET.repeat(3)));
    pair.put_end();
    pair.run();
    assert!(!pair.session.is_idle());
    for _ in 0..100 {
        pair.take_output(7);
    }
    let (outcome, _) = pair.finish();
    assert_eq!(responses::read_all(&["GET"; 3], &outcome.output).len(), 3);
    assert_eq!((outcome.disposition, outcome.errors), (Disposition::Close, vec![]));
}

/// The peer got no 500 for a response too large for the buffer if its head had come in one piece.
#[test]
fn a_response_head_that_never_fits_is_answered_500_in_any_cut() {
    let request = bytes("GET /early HTTP/1.1↵Host: a↵↵");
    let date = HttpDate::from_unix(0);
    let setup = Setup { date: Some(date), capacity: 128, ..Setup::default() };
    let run = |pieces: &[&[u8]]| pair::run(&setup, TooLarge, pieces, false).0;
    let outcome = every_split(&request, run);
    assert_eq!(responses::read_all(&["GET"], &outcome.output)[0].code, 500);
    assert_eq!(outcome.disposition, Disposition::ShutdownWrite);
}

struct TooLarge;

impl Service for TooLarge {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        responder.send(&Response::new(Status::OK), &[b'x'; 1000])?;
        Ok(((), Step::Done))
    }
}

/// A chunk of 65,536 bytes was announced as one of zero.
#[test]
fn chunk_sizes_are_right_for_every_room() {
    let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
    let mut connection = ServerConnection::new(&cx);
    let mut out = vec![0; 70_000];
    connection.receive(&cx, &bytes(GET), &mut [0; 64]).expect("a request");
    connection.respond(&cx, &Response::new(Status::OK).with_unknown_length(), &mut out).expect("room");
    let near = |edge: usize| edge.saturating_sub(8)..edge + 8;
    for room in near(0).chain(near(21)).chain(near(262)).chain(near(4_103)).chain(near(65_545)) {
        let (taken, written) = connection.send_body(&cx, &[b'x'; 70_000], &mut out[..room]).expect("a body");
        if written == 0 {
            assert!(taken == 0 && room < 6, "nothing goes into {room} bytes");
            continue;
        }
        let line = out.iter().position(|&byte| byte == b'\r').expect("a line");
        let size = usize::from_str_radix(core::str::from_utf8(&out[..line]).expect("digits"), 16).expect("a size");
        assert_eq!((size, written), (taken, line + 2 + taken + 2), "in {room} bytes");
    }
}

/// A tunnel whose peer had ended its direction was never asked again, and its exchange was never closed.
#[test]
fn a_tunnel_goes_on_after_the_peers_end() {
    for room in 1..20 {
        let setup = Setup { rooms: vec![room], capacity: 100, ..Setup::default() };
        let mut pair = Pair::new(setup, Recorder::default());
        pair.peer_reads = false;
        pair.put(&bytes("CONNECT a:1 HTTP/1.1↵Host: a:1↵↵abcdefgh"));
        pair.put_end();
        pair.run();
        while !pair.is_over() && pair.output.len() < 200 {
            let before = pair.output.len();
            pair.take_output(50);
            if pair.output.len() == before {
                break;
            }
        }
        let (outcome, _) = pair.finish();
        assert!(outcome.output.ends_with(b"abcdefghbye"), "{}", outcome.output.escape_ascii());
        assert_eq!((outcome.closed, outcome.disposition), (vec![Ok(())], Disposition::Close));
    }
}

/// An empty line behind a request counted as the beginning of the next: an end was an error, and so was silence.
#[test]
fn an_empty_line_alone_is_no_request() {
    for after in ["", "↵", "↵↵", "␍", "↵␍"] {
        let request = bytes(&format!("{GET}{after}"));
        let run = |pieces: &[&[u8]]| pair::run(&Setup::default(), Recorder::default(), pieces, true).0;
        let outcome = every_split(&request, run);
        assert_eq!((outcome.disposition, outcome.errors), (Disposition::Close, vec![]), "{after}");
        let mut pair = Pair::new(Setup::default(), Recorder::default());
        pair.send(&request);
        assert!(pair.session.is_idle(), "{after}");
        pair.pass(Limits::DEFAULT.idle);
        let (outcome, _) = pair.finish();
        assert_eq!((outcome.disposition, outcome.errors), (Disposition::Close, vec![]), "{after}");
    }
}

/// The deadline of what could not be written stayed due for ever after it had passed.
#[test]
fn a_write_timeout_is_told_once() {
    let mut pair = Pair::new(Setup::default(), Recorder::default());
    pair.peer_reads = false;
    pair.send(&bytes("GET /big HTTP/1.1↵Host: a↵↵"));
    pair.pass(Duration::from_secs(100));
    assert_eq!(pair.session.poll_timeout(pair.now()), None);
    let (outcome, _) = pair.finish();
    assert_eq!(outcome.disposition, Disposition::Cut);
    assert_eq!(outcome.errors[0].rule, Rule::WriteTimeout);
    assert_eq!(outcome.errors.len(), 1);
}

/// A transfer longer than what the response has left was begun, and its last bytes stood on the wire as a response of
/// their own before anybody noticed.
#[test]
fn a_transfer_longer_than_the_response_is_refused_before_it_begins() {
    let refused = |misuse| Some(Rule::Misused(misuse));
    let (too_long, no_body) = (refused(Misuse::BodyTooLong), refused(Misuse::NoBody));
    for (declared, expected) in [(Some(9), too_long), (Some(10), None), (Some(11), None), (None, no_body)] {
        let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
        let mut session = Session::<Transfers>::new(&cx);
        let mut out = [0; 256];
        let _ = session.drive(&cx, &Environment::alone(256), &Transfers(declared), &bytes(GET), &mut [0; 64], &mut out);
        assert_eq!(session.transfer().is_some(), expected.is_none(), "{declared:?}");
        assert_eq!(session.take_error().map(|error| error.rule), expected, "{declared:?}");
        session.handle_lost(&cx, &Transfers(declared), Rule::HostClosed);
    }
}

/// Transfers ten bytes as the body of a response of this length.
struct Transfers(Option<u64>);

impl Service for Transfers {
    type Exchange = ();
    type Source = ();

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step<()>), WriteError> {
        let mut response = Response::new(Status::OK);
        response.length = self.0;
        responder.respond(&response)?;
        Ok(((), Step::Transfer { source: (), length: 10 }))
    }
}
