//! How a session ends, and waits for room.

mod outcomes;
mod refusals;
mod reserve;
mod tunnels;

use super::*;
use crate::http::error::Misuse;
use crate::http::error::WriteError;
use crate::http::limits::Limits;
use crate::http::message::request_head::RequestHead;
use crate::http::message::response::Response;
use crate::http::service::Step;
use crate::http::service::responder::Responder;
use crate::http::status::Status;
use crate::transport::Environment;

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

#[test]
fn after_an_error_the_end_of_the_peers_direction_ends_the_lingering() {
    let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
    let mut session = Session::<Nothing>::new(&cx);
    let driven = session.drive(&cx, &Environment::alone(128), &Nothing, b"\0 / HTTP/1.1\r\n", &mut [], &mut [0; 128]);
    assert!(session.take_error().is_some() && driven.written > 0);
    assert_eq!(session.disposition(), Disposition::ShutdownWrite);
    session.handle_eof(&cx, &Nothing);
    assert_eq!(session.take_error(), None);
    assert_eq!(session.disposition(), Disposition::Close);
}

#[test]
fn an_error_answer_that_never_fits_does_not_hold_the_connection_for_ever() {
    let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
    let mut session = Session::<Nothing>::new(&cx);
    let driven = session.drive(&cx, &Environment::alone(40), &Nothing, b"bad\r\n\r\n", &mut [0; 64], &mut [0; 40]);
    assert_eq!((driven.written, session.take_error().map(|error| error.rule)), (0, Some(Rule::InvalidMethod)));
    assert_eq!(session.disposition(), Disposition::Abort);
}

/// Says that nothing is to be moved, for ever.
struct Transfers;

impl Service for Transfers {
    type Exchange = ();
    type Source = ();

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step<()>), WriteError> {
        responder.respond(&Response::new(Status::OK).with_length(5))?;
        Ok(((), Step::Transfer { source: (), length: 0 }))
    }
}

#[test]
fn a_transfer_of_nothing_is_misuse_and_not_a_wait_for_ever() {
    let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
    let mut session = Session::<Transfers>::new(&cx);
    let _ = session.drive(
        &cx,
        &Environment::alone(200),
        &Transfers,
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        &mut [0; 64],
        &mut [0; 200],
    );
    assert_eq!(session.take_error().map(|error| error.rule), Some(Rule::Misused(Misuse::EmptyTransfer)));
    assert_eq!(session.disposition(), Disposition::Abort);
}
