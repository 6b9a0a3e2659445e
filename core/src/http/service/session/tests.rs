//! How a session ends, and waits for room.

mod refusals;

use super::*;
use crate::http::error::WriteError;
use crate::http::message::request_head::RequestHead;
use crate::http::service::Step;
use crate::http::service::responder::Responder;

struct Nothing;

impl Service for Nothing {
    type Exchange = ();
    type Source = core::convert::Infallible;

    fn request(&self, _: &RequestHead<'_>, _: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        Ok(((), Step::Done))
    }
}

#[test]
fn a_session_without_an_exchange_of_its_own_fits_in_80_bytes() {
    assert!(size_of::<Session<Nothing>>() <= 80, "{}", size_of::<Session<Nothing>>());
}
/// A host with nothing but room for output, in bytes.
struct Room(usize);

impl Host for Room {
    fn waker(&self) -> core::task::Waker {
        core::task::Waker::noop().clone()
    }

    fn peer(&self) -> Option<core::net::SocketAddr> {
        None
    }

    fn output_capacity(&self) -> usize {
        self.0
    }
}

#[test]
fn after_an_error_the_end_of_the_peers_direction_ends_the_lingering() {
    let cx = Context { now: Instant::START, limits: &crate::http::Limits::DEFAULT, date: None };
    let mut session = Session::<Nothing>::new(&cx);
    let driven = session.drive(&cx, &Room(128), &Nothing, b"\0 / HTTP/1.1\r\n", &mut [], &mut [0; 128]);
    assert!(driven.error.is_some() && driven.written > 0);
    assert_eq!(session.disposition(), Disposition::ShutdownWrite);
    assert_eq!(session.handle_eof(&cx, &Nothing).error, None);
    assert_eq!(session.disposition(), Disposition::Close);
}

#[test]
fn an_error_answer_that_never_fits_does_not_hold_the_connection_for_ever() {
    let cx = Context { now: Instant::START, limits: &crate::http::Limits::DEFAULT, date: None };
    let mut session = Session::<Nothing>::new(&cx);
    let driven = session.drive(&cx, &Room(40), &Nothing, b"bad\r\n\r\n", &mut [0; 64], &mut [0; 40]);
    assert_eq!((driven.written, driven.error.map(|error| error.rule)), (0, Some(Rule::InvalidMethod)));
    assert_eq!(session.disposition(), Disposition::Abort);
}

/// Says that nothing is to be moved, for ever.
struct Transfers;

impl Service for Transfers {
    type Exchange = ();
    type Source = ();

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step<()>), WriteError> {
        responder.respond(&crate::http::Response::new(crate::http::Status::OK).with_length(5))?;
        Ok(((), Step::Transfer { source: (), length: 0 }))
    }
}

#[test]
fn a_transfer_of_nothing_is_misuse_and_not_a_wait_for_ever() {
    let cx = Context { now: Instant::START, limits: &crate::http::Limits::DEFAULT, date: None };
    let mut session = Session::<Transfers>::new(&cx);
    let driven =
        session.drive(&cx, &Room(200), &Transfers, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &mut [0; 64], &mut [0; 200]);
    assert_eq!(driven.error.map(|error| error.rule), Some(Rule::Misused));
    assert_eq!(session.disposition(), Disposition::Abort);
}

/// Answers with the last byte of the path and the length of the request's content.
struct Length;

impl Service for Length {
    type Exchange = ();
    type Source = core::convert::Infallible;

    fn request(&self, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        let length = b'0' + u8::try_from(head.body.length().unwrap_or(9)).unwrap();
        let content = [*head.target.path().last().unwrap_or(&b'?'), length];
        responder.send(&crate::http::Response::new(crate::http::Status::OK), &content)?;
        Ok(((), Step::Done))
    }
}

#[test]
fn a_request_that_waits_for_room_is_understood_as_before_wherever_it_was_cut() {
    let request = b"PUT /a HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Other: x\r\nHost: a\r\n\r\n12345";
    let cx = Context { now: Instant::START, limits: &crate::http::Limits::DEFAULT, date: None };
    const FILTER: crate::http::FieldFilter = crate::http::FieldFilter { names: &["Host"], bytes: 100 };
    let some =
        Context { limits: &crate::http::Limits { field_filter: Some(&FILTER), ..crate::http::Limits::DEFAULT }, ..cx };
    for cx in [cx, some] {
        for cut in 0..request.len() {
            let mut session = Session::<Length>::new(&cx);
            let (mut store, mut out) = ([0; 256], [0; 128]);
            let first = session.drive(&cx, &Room(128), &Length, &request[..cut], &mut store, &mut out[..10]);
            let mut rest = &request[first.taken..];
            // What is not to be there again may lie elsewhere meanwhile.
            store[session.stored()..].fill(b'?');
            for room in [10, 20] {
                let full = session.drive(&cx, &Room(128), &Length, rest, &mut store, &mut out[..room]);
                assert_eq!((full.written, full.error), (0, None), "cut at {cut}");
                rest = &rest[full.taken..];
                store[session.stored()..].fill(b'?');
            }
            let driven = session.drive(&cx, &Room(128), &Length, rest, &mut store, &mut out);
            assert_eq!(driven.error, None, "cut at {cut}");
            assert!(out[..driven.written].ends_with(b"\r\n\r\na5"), "cut at {cut}");
        }
    }
}
