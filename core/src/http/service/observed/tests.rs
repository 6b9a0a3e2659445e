extern crate alloc;
use super::*;
use crate::http::connection::context::Context;
use crate::http::error::Rule;
use crate::http::limits::Limits;
use crate::http::message::response::Response;
use crate::http::service::{Exchange, HandlerError, Session, routes};
use crate::time::Instant;
use crate::transport::Environment;
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use core::cell::RefCell;

/// What was told, a line for each request.
#[derive(Default)]
struct Log(RefCell<Vec<String>>);

impl<S: Service> Observer<S> for Log {
    type Record = String;

    fn begin(&self, head: &RequestHead<'_>, _: &Responder<'_>) -> String {
        String::from_utf8(head.target.raw().to_vec()).unwrap()
    }

    fn end(&self, line: String, _: &S::Exchange, summary: Summary, outcome: Result<(), Error>) {
        let Summary { status, written, moved } = summary;
        let rule = outcome.err().map(|error| error.rule);
        self.0.borrow_mut().push(format!("{line} {} {written}+{moved} {rule:?}", status.unwrap_or(0)));
    }

    fn refused(&self, refusal: &Refusal<'_>) {
        self.0.borrow_mut().push(format!("refused {:?}", refusal.error.rule));
    }
}

/// The log of requests that are answered in so much room, and of whose transfers so many bytes are moved before the peer is gone.
fn log_of(input: &str, room: usize, mut movable: u64) -> Vec<String> {
    fn new_session<S: Service>(_: &S, cx: &Context<'_>) -> Session<S> {
        Session::new(cx)
    }
    let service = routes!(
        in &'static str;
        (),
        get("/text", |_, _, responder| responder.text("12345")),
        get("/large", |_, _, responder| responder.send_all(Status::OK, "text/plain", [b'x'; 1000])),
        get("/stream", |_, _, responder| {
            let mut left = 300;
            responder.stream(&Response::new(Status::ACCEPTED).with_unknown_length(), move |place| {
                let count = place.len().min(left);
                left -= count;
                Ok(count)
            })
        }),
        get("/moved", |_, _, responder| {
            responder.respond(&Response::new(Status::OK).with_length(100))?;
            Ok(Moved(Some("a file")))
        }),
        get("/interim", |_, _, responder| {
            responder.respond(&Response::new(Status::EARLY_HINTS))?;
            responder.status(Status::NO_CONTENT)
        }),
        get("/cut", |_, _, responder| {
            responder.respond(&Response::new(Status::OK).with_length(9))?;
            responder.send_body(b"abc")?;
            Err::<Moved, _>(HandlerError::Status(Status::NOT_FOUND))
        }),
        get("/nothing", |_, _, _| Ok(Moved(None))),
        get("/impossible", |_, _, responder| responder.text(core::str::from_utf8(&[b'x'; 5000]).unwrap())),
    );
    let service = Observed { service, observer: Log::default() };
    let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
    let mut session = new_session(&service, &cx);
    let (mut store, mut out) = ([0; Limits::DEFAULT.store_bytes()], vec![0; room]);
    let mut input = input.as_bytes();
    loop {
        let driven = session.drive(&cx, &Environment::alone(room), &service, input, &mut store, &mut out);
        input = &input[driven.taken..];
        session.handle_sent(&cx, driven.written, 0);
        if let Some(length) = session.transfer_length() {
            if movable == 0 {
                session.handle_lost(&cx, &service, Rule::Reset);
                break;
            }
            let moved = length.min(movable);
            movable -= moved;
            session.handle_transferred(&cx, &service, moved);
        } else if driven.taken == 0 && driven.written == 0 {
            break;
        }
    }
    service.observer.0.take()
}

/// A response of which all content is moved by the adapter.
struct Moved(Option<&'static str>);

impl<A> Exchange<A, &'static str> for Moved {
    fn proceed(&mut self, _: A, _: &mut Responder<'_>) -> super::super::Result<Step<&'static str>> {
        Ok(self.0.take().map_or(Step::Done, |source| Step::Transfer { source, length: 100 }))
    }
}

#[test]
fn what_became_of_each_response() {
    for (request, expected) in [
        ("GET /text", "/text 200 5+0 None"),
        ("HEAD /text", "/text 200 0+0 None"),
        ("GET /large", "/large 200 1000+0 None"),
        ("HEAD /large", "/large 200 0+0 None"),
        ("GET /stream", "/stream 202 300+0 None"),
        ("GET /moved", "/moved 200 0+100 None"),
        ("HEAD /moved", "/moved 200 0+0 None"),
        ("GET /interim", "/interim 204 0+0 None"),
        ("GET /none", "/none 404 9+0 None"),
        ("POST /text", "/text 405 18+0 None"),
        ("GET /cut", "/cut 200 3+0 Some(Aborted)"),
        ("GET /nothing", "/nothing 500 0+0 Some(NoResponse)"),
        ("GET /impossible", "refused ResponseTooLarge"),
        ("GET nothing", "refused InvalidTarget"),
    ] {
        for room in [300, 4096] {
            let request = format!("{request} HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_eq!(log_of(&request, room, 1000), [expected], "{room}");
        }
    }
    let both = "GET /text HTTP/1.1\r\nHost: a\r\n\r\nGET /moved HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(log_of(both, 4096, 60), ["/text 200 5+0 None", "/moved 200 0+0 Some(Reset)"]);
}
