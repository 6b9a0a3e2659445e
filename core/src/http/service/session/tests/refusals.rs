//! What a service is told of requests that it was never asked about.

extern crate alloc;

use alloc::format;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::*;
use crate::http::limits::Limits;
use crate::http::message::request_head::RequestHead;
use crate::http::message::response::Response;
use crate::http::method::Method;
use crate::http::service::refusal::Refusal;
use crate::http::status::Status;

/// Keeps what it is told of refused requests.
#[derive(Default)]
struct Witness(RefCell<Vec<(Rule, Vec<u8>)>>);

impl Service for Witness {
    type Exchange = ();
    type Source = core::convert::Infallible;

    fn request(&self, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        if head.method == Method::Post {
            return Ok(((), Step::More));
        }
        responder.send(&Response::new(Status::OK), &[0; 200][..head.target.raw().len()])?;
        Ok(((), Step::Done))
    }

    fn refused(&self, refusal: &Refusal<'_>) {
        assert_eq!(refusal.peer(), None);
        self.0.borrow_mut().push((refusal.error.rule, refusal.received.into()));
    }
}

#[test]
fn each_request_that_becomes_no_exchange_is_told_once_and_no_other() {
    const GOOD: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const LATE: Instant = Instant::from_micros(600_000_000);
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(150));
    // What comes; whether the peer then ends, or is silent for long; which rule is told of, with which bytes.
    let cases: &[(&str, &str, bool, Instant, Option<Rule>)] = &[
        ("", GOOD, false, LATE, None),
        ("", "bad\r\n\r\n", false, Instant::START, Some(Rule::InvalidMethod)),
        (GOOD, "GET / HTTP/1.1\r\n\r\nrest", false, Instant::START, Some(Rule::MissingHost)),
        ("", "GET /a HTT", false, LATE, Some(Rule::HeadTimeout)),
        (GOOD, "GET /a HTT", true, Instant::START, Some(Rule::Truncated)),
        // The answer of the service never fits.
        (GOOD, &long, false, Instant::START, Some(Rule::ResponseTooLarge)),
        // These were exchanges.
        ("", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1", true, Instant::START, None),
        ("", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1", false, LATE, None),
    ];
    for (before, refused, has_ended, now, rule) in cases {
        for rooms in [&[128][..], &[40, 128]] {
            let mut cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
            let (mut session, witness) = (Session::<Witness>::new(&cx), Witness::default());
            let mut input: Vec<u8> = [*before, *refused].concat().into_bytes();
            let mut store = [0; Limits::DEFAULT.store_bytes()];
            let mut drive = |session: &mut Session<Witness>, cx: &Context<'_>| {
                for &room in rooms.iter().cycle().take(8) {
                    let driven = session.drive(
                        cx,
                        &Environment::alone(128),
                        &witness,
                        &input,
                        &mut store,
                        &mut [0; 128][..room],
                    );
                    input.drain(..driven.taken);
                    session.handle_sent(cx, driven.written, 0);
                }
            };
            drive(&mut session, &cx);
            if *has_ended {
                session.handle_eof(&cx, &witness);
                drive(&mut session, &cx);
            }
            cx.now = *now;
            session.handle_timeout(&cx, &witness);
            drive(&mut session, &cx);
            let expected = rule.map(|rule| (rule, refused.as_bytes().to_vec()));
            assert_eq!(witness.0.into_inner(), Vec::from_iter(expected), "{refused:?}, {rooms:?}");
        }
    }
}
