//! What becomes of what a service does wrong.

extern crate alloc;

use alloc::format;
use alloc::vec::Vec;

use super::*;
use crate::http::error::Misuse;
use crate::http::limits::Limits;
use crate::http::message::fields::Field;
use crate::http::message::fields::Fields;
use crate::http::message::request_head::RequestHead;
use crate::http::message::response::Response;
use crate::http::status::Status;

/// More than is reserved.
const CAPACITY: usize = 256;
const LIMITS: Limits = Limits { output_reserve: 128, ..Limits::DEFAULT };
const OK: Response<'static> = Response::new(Status::OK);

/// Where a service is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum At {
    Request,
    Body,
    End,
    Proceed,
}

/// Does this once, and only there.
struct Wrong<F>(At, F);

impl<F: Fn(&mut Responder<'_>) -> Result<Step, WriteError>> Wrong<F> {
    fn at(&self, at: At, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        if self.0 == at { (self.1)(responder) } else { Ok(Step::More) }
    }
}

impl<F: Fn(&mut Responder<'_>) -> Result<Step, WriteError>> Service for Wrong<F> {
    type Exchange = ();
    type Source = core::convert::Infallible;

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        Ok(((), self.at(At::Request, responder)?))
    }

    fn body(&self, (): &mut (), piece: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step), WriteError> {
        Ok((piece.len(), self.at(At::Body, responder)?))
    }

    fn end(&self, (): &mut (), _: Fields<'_>, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        self.at(At::End, responder)
    }

    fn proceed(&self, (): &mut (), responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        self.at(At::Proceed, responder)
    }
}

/// All that it writes in answer to one request with content; the rule that was told; and what is to become of the
/// connection.
fn run(
    at: At,
    cut: usize,
    what: impl Fn(&mut Responder<'_>) -> Result<Step, WriteError>,
) -> (Vec<u8>, Option<Rule>, Disposition) {
    const REQUEST: &[u8] = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
    let cx = Context { now: Instant::START, limits: &LIMITS, date: None };
    let service = Wrong(at, what);
    let mut session = Session::<Wrong<_>>::new(&cx);
    let (mut output, mut told) = (Vec::new(), None);
    let mut store = [0; LIMITS.store_bytes()];
    let mut start = 0;
    for end in [cut, REQUEST.len()] {
        let mut out = [0; CAPACITY];
        let driven =
            session.drive(&cx, &Environment::alone(CAPACITY), &service, &REQUEST[start..end], &mut store, &mut out);
        output.extend_from_slice(&out[..driven.written]);
        start += driven.taken;
        if let Some(error) = session.take_error() {
            assert_eq!(told, None, "told twice");
            told = Some(error.rule);
        }
    }
    (output, told, session.disposition())
}

const HEAD: usize = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n".len();

#[test]
fn a_service_that_ends_without_an_answer_gives_500_wherever_it_does() {
    for at in [At::Request, At::Body, At::End, At::Proceed] {
        for step in [Step::Done, Step::More] {
            for cut in 0..HEAD + 2 {
                let (output, told, disposition) = run(at, cut, |_| Ok(step));
                let case = format!("{step:?} at {at:?}, cut at {cut}");
                assert!(output.starts_with(b"HTTP/1.1 500 Internal Server Error\r\n"), "{case}");
                assert_eq!(told, Some(Rule::NoResponse), "{case}");
                assert_eq!(disposition, Disposition::ShutdownWrite, "{case}");
            }
        }
    }
}

#[test]
fn a_misuse_is_told_with_its_name() {
    for at in [At::Request, At::Body, At::End, At::Proceed] {
        for cut in 0..HEAD {
            let told = |what: fn(&mut Responder<'_>) -> Result<Step, WriteError>| run(at, cut, what);
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n";
            let (output, rule, disposition) = told(|answer| {
                answer.respond(&OK.with_length(1))?;
                answer.send_body(b"long")?;
                Ok(Step::Done)
            });
            // What was begun cannot be taken back: the peer sees that it is not whole.
            assert_eq!((&output[..], disposition), (&head[..], Disposition::Abort), "{at:?}, cut at {cut}");
            assert_eq!(rule, Some(Rule::Misused(Misuse::BodyTooLong)), "{at:?}, cut at {cut}");
            // Whoever throws the error away does not get away with it.
            let (output, rule, disposition) = told(|answer| {
                let _ = answer.send_body(b"no response");
                Ok(Step::More)
            });
            assert!(output.starts_with(b"HTTP/1.1 500 "), "{at:?}, cut at {cut}");
            assert_eq!(rule, Some(Rule::Misused(Misuse::NoBody)), "{at:?}, cut at {cut}");
            assert_eq!(disposition, Disposition::ShutdownWrite);
        }
    }
}

/// However much room there is.
#[test]
fn what_is_longer_than_the_reserve_is_answered_500_and_what_is_not_is_sent() {
    let around = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n".len();
    for at in [At::Request, At::Body, At::End, At::Proceed] {
        for cut in [0, 20, HEAD, HEAD + 1] {
            for (length, fits) in [(128 - around, true), (128 - around + 1, false), (CAPACITY - around, false)] {
                let body = [b'x'; CAPACITY];
                let case = format!("{length} bytes at {at:?}, cut at {cut}");
                let sent = run(at, cut, |answer| answer.send(&OK, &body[..length]).map(|()| Step::Done));
                let begun = run(at, cut, |answer| {
                    let value = &body[..length - "A: \r\n".len()];
                    let field = [Field::from_bytes("A", value)];
                    answer.respond(&OK.with_fields(&field).with_length(10))?;
                    answer.send_body(&body[..10])?;
                    Ok(Step::Done)
                });
                for (output, told, disposition) in [sent, begun] {
                    let expected = if fits {
                        (&b"HTTP/1.1 200 "[..], None, Disposition::Open)
                    } else {
                        (&b"HTTP/1.1 500 "[..], Some(Rule::ResponseTooLarge), Disposition::ShutdownWrite)
                    };
                    assert_eq!((&output[..13], told, disposition), expected, "{case}");
                }
            }
        }
    }
}

#[test]
fn a_service_may_answer_otherwise_what_does_not_fit() {
    let (output, told, disposition) = run(At::Request, HEAD, |answer| {
        assert_eq!(answer.send(&OK, &[0; 128]), Err(WriteError::Full));
        assert!(!answer.is_responding());
        answer.send(&Response::new(Status::CONTENT_TOO_LARGE), b"")?;
        Ok(Step::Done)
    });
    assert!(output.starts_with(b"HTTP/1.1 413 "));
    assert_eq!((told, disposition), (None, Disposition::Open));
}

#[test]
fn trailers_longer_than_the_reserve_end_the_exchange_whatever_the_room() {
    for (length, fits) in [(128, true), (129, false)] {
        let (output, told, disposition) = run(At::Request, HEAD, |answer| {
            answer.respond(&OK.with_unknown_length())?;
            let value = [b'x'; 129];
            let field = Field::from_bytes("a", &value[..length - "0\r\na: \r\n\r\n".len()]);
            assert!(answer.trailers(&[field])?, "there is room");
            Ok(Step::Done)
        });
        assert!(output.starts_with(b"HTTP/1.1 200 "));
        assert_eq!(told, (!fits).then_some(Rule::ResponseTooLarge));
        assert_eq!(disposition, if fits { Disposition::Open } else { Disposition::Abort });
    }
}
