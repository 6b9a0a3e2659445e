//! A service is asked only where there is the room that is reserved for it.

extern crate alloc;

use alloc::vec;
use alloc::vec::Vec;
use core::cell::Cell;

use super::*;
use crate::http::field_filter::FieldFilter;
use crate::http::limits::Limits;
use crate::http::message::fields::Fields;
use crate::http::message::request_head::RequestHead;
use crate::http::message::response::Response;
use crate::http::status::Status;
use crate::time::Duration;

const RESERVE: usize = 64;
const LIMITS: Limits = Limits { output_reserve: RESERVE as u32, ..Limits::DEFAULT };
const CX: Context<'static> = Context { now: Instant::START, limits: &LIMITS, date: None };

/// Sends the content back, and notes with how much room it was asked, and how often.
struct Echo {
    least: Cell<usize>,
    asked: [Cell<usize>; 4],
}

impl Echo {
    fn new() -> Self {
        Self { least: Cell::new(usize::MAX), asked: Default::default() }
    }

    fn note(&self, method: usize, responder: &Responder<'_>) {
        self.least.set(self.least.get().min(responder.out.len() - responder.written));
        self.asked[method].set(self.asked[method].get() + 1);
    }
}

impl Service for Echo {
    type Exchange = ();
    type Source = core::convert::Infallible;

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        self.note(0, responder);
        responder.respond(&Response::new(Status::OK).with_unknown_length())?;
        Ok(((), Step::More))
    }

    fn body(&self, (): &mut (), piece: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step), WriteError> {
        self.note(1, responder);
        Ok((responder.send_body(piece)?, Step::More))
    }

    fn end(&self, (): &mut (), _: Fields<'_>, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        self.note(2, responder);
        Ok(Step::More)
    }

    fn proceed(&self, (): &mut (), responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        self.note(3, responder);
        Ok(if self.asked[2].get() > 0 { Step::Done } else { Step::More })
    }
}

/// Drives with these rooms over and over, until all that is left is that of the largest. What was written.
fn drive<S: Service>(service: &S, capacity: usize, rooms: &[usize], pieces: &[&[u8]]) -> (Vec<u8>, Session<S>) {
    let mut session = Session::<S>::new(&CX);
    let (mut input, mut output) = (Vec::new(), Vec::new());
    let mut store = [b'?'; LIMITS.store_bytes()];
    for piece in pieces {
        input.extend_from_slice(piece);
        let mut stuck = 0;
        for &room in rooms.iter().cycle() {
            let mut out = vec![0; room];
            let driven = session.drive(&CX, &Environment::alone(capacity), service, &input, &mut store, &mut out);
            store[session.stored()..].fill(b'?');
            input.drain(..driven.taken);
            output.extend_from_slice(&out[..driven.written]);
            session.handle_sent(&CX, driven.written, 0);
            stuck = if driven.taken + driven.written > 0 { 0 } else { stuck + 1 };
            if stuck > rooms.len() {
                break;
            }
        }
    }
    (output, session)
}

#[test]
fn every_method_is_asked_with_the_room_that_is_reserved_and_all_gets_through() {
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let content = [&b"c8\r\n"[..], &[b'e'; 200], b"\r\n0\r\nA: b\r\n\r\n"].concat();
    let request = [&head[..], &content].concat();
    for capacity in [RESERVE - 1, RESERVE, RESERVE + 1, 300] {
        for room in 0..=capacity {
            for cut in [request.len(), 20, head.len(), head.len() + 100] {
                let echo = Echo::new();
                let (first, rest) = request.split_at(cut);
                let (output, session) = drive(&echo, capacity, &[room, capacity], &[first, rest]);
                assert!(output.iter().filter(|&&byte| byte == b'e').count() >= 200, "{capacity} {room} {cut}");
                assert!(output.ends_with(b"\r\n0\r\n\r\n") && session.is_idle(), "{capacity} {room} {cut}");
                assert!(echo.least.get() >= RESERVE.min(capacity), "{} of {capacity} {room} {cut}", echo.least.get());
                assert_eq!((echo.asked[0].get(), echo.asked[2].get()), (1, 1), "each once");
                assert!(echo.asked[1].get() > 0 && echo.asked[3].get() > 0);
            }
        }
    }
}

/// Answers the last byte of the path and the length of the content; counts how often it was asked.
struct Length(Cell<usize>);

impl Service for Length {
    type Exchange = ();
    type Source = core::convert::Infallible;

    fn request(&self, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        self.0.set(self.0.get() + 1);
        let length = b'0' + u8::try_from(head.body.length().unwrap_or(9)).unwrap();
        let content = [*head.target.path().last().unwrap_or(&b'?'), length];
        responder.send(&Response::new(Status::OK), &content)?;
        Ok(((), Step::Done))
    }
}

#[test]
fn a_request_that_waits_for_room_is_understood_as_before_wherever_it_was_cut() {
    let request = b"PUT /a HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Other: x\r\nHost: a\r\n\r\n12345";
    const FILTER: FieldFilter = FieldFilter { names: &["Host"], bytes: 100 };
    let some = Context { limits: &Limits { field_filter: Some(&FILTER), ..LIMITS }, ..CX };
    for cx in [CX, some] {
        for cut in 0..request.len() {
            let service = Length(Cell::new(0));
            let mut session = Session::<Length>::new(&cx);
            let (mut store, mut out) = ([0; 256], [0; 128]);
            let mut rest = &request[..];
            for (end, room) in [(cut, 10), (cut, 20), (request.len(), RESERVE - 1), (request.len(), RESERVE)] {
                let come = &rest[..end - (request.len() - rest.len())];
                let driven = session.drive(&cx, &Environment::alone(128), &service, come, &mut store, &mut out[..room]);
                assert_eq!(session.take_error(), None, "cut at {cut}");
                rest = &rest[driven.taken..];
                // What is not to be there again may lie elsewhere meanwhile.
                store[session.stored()..].fill(b'?');
                if room < RESERVE {
                    assert_eq!((driven.written, service.0.get()), (0, 0), "cut at {cut}");
                } else {
                    assert!(out[..driven.written].ends_with(b"\r\n\r\na5"), "cut at {cut}");
                }
            }
            // What nobody asked for is thrown away with the next call.
            let driven = session.drive(&cx, &Environment::alone(128), &service, rest, &mut store, &mut out);
            assert_eq!((service.0.get(), driven.taken, session.is_idle()), (1, rest.len(), true), "cut at {cut}");
        }
    }
}

/// It is as if the peer had been heard and were waiting for us: its time stands still, and it is not idle.
#[test]
fn while_there_is_no_room_the_peers_time_stands_still() {
    let service = Length(Cell::new(0));
    let (mut store, mut out) = ([0; LIMITS.store_bytes()], [0; 128]);
    for input in [&b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"[..], b"G"] {
        let mut session = Session::<Length>::new(&CX);
        let driven = session.drive(&CX, &Environment::alone(128), &service, input, &mut store, &mut out[..RESERVE - 1]);
        assert_eq!((driven.taken, driven.written), (0, 0));
        assert!(!session.is_idle() && !session.is_readable() && session.poll_timeout(CX.now).is_none());
        // Where nothing has come, nothing is held up.
        let mut session = Session::<Length>::new(&CX);
        let _ = session.drive(&CX, &Environment::alone(128), &service, b"", &mut store, &mut out[..0]);
        assert!(session.is_idle() && session.is_readable());
        assert_eq!(session.poll_timeout(CX.now), Some(CX.now.saturating_add(Duration::from_secs(20))));
    }
}

#[test]
fn a_peer_that_takes_nothing_is_held_to_its_time_though_there_is_no_room() {
    let mut store = [0; LIMITS.store_bytes()];
    let two = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n";
    let service = Length(Cell::new(0));
    let mut session = Session::<Length>::new(&CX);
    let driven = session.drive(&CX, &Environment::alone(RESERVE), &service, two, &mut store, &mut [0; RESERVE]);
    assert!(driven.written > 0 && driven.taken < two.len() && session.disposition() == Disposition::Open);
    session.handle_sent(&CX, 0, driven.written);
    let rest = &two[driven.taken..];
    let due = session.poll_timeout(CX.now).unwrap();
    // An adapter may drive at once, and need not tell that the time is over.
    let late = Context { now: due, ..CX };
    let _ = session.drive(&late, &Environment::alone(RESERVE), &service, rest, &mut store, &mut []);
    assert_eq!(session.take_error().map(|error| error.rule), Some(Rule::WriteTimeout));
    assert_eq!((session.disposition(), service.0.get()), (Disposition::Cut, 1));
}

#[test]
fn what_lingers_is_thrown_away_without_room() {
    let service = Length(Cell::new(0));
    let mut session = Session::<Length>::new(&CX);
    let (mut store, mut out) = ([0; LIMITS.store_bytes()], [0; 128]);
    let request = b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let driven = session.drive(&CX, &Environment::alone(128), &service, request, &mut store, &mut out);
    assert_eq!((driven.taken, session.disposition()), (request.len(), Disposition::ShutdownWrite));
    let driven = session.drive(&CX, &Environment::alone(128), &service, b"rest", &mut store, &mut []);
    assert_eq!((driven.taken, session.take_error()), (4, None));
}
