//! The smallest service, and how a service is driven without an adapter.

use core::convert::Infallible;
use core::hint::black_box;

use wirenut::http::service::{Responder, Service, Session, Step};
use wirenut::http::{RequestHead, Response, Rule, Status, WriteError};
use wirenut::transport::Environment;

use crate::{BUFFER, LIMITS, STORE, context, keep, receive, send};

/// Says hello to whatever is asked.
pub struct Hello;

impl Service for Hello {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        responder.send(&Response::new(Status::OK), b"Hello, world\n")?;
        Ok(((), Step::Done))
    }
}

/// Drives a session for this service.
#[inline(always)]
pub fn run<S: Service>(service: &S) -> ! {
    let (mut input, mut store, mut out) = ([0; BUFFER], [0; STORE], [0; BUFFER]);
    let mut session = Session::<S>::new(&context(&LIMITS));
    keep(&session);
    loop {
        let cx = context(&LIMITS);
        let length = receive(&mut input);
        if length == 0 {
            session.handle_eof(&cx, service);
        }
        let driven = session.drive(
            &cx,
            &Environment::alone(BUFFER),
            service,
            input.get(..length).unwrap_or(&[]),
            &mut store,
            &mut out,
        );
        let sent = send(out.get(..driven.written).unwrap_or(&[]));
        session.handle_sent(&cx, sent, driven.written - sent);
        black_box((
            driven.taken,
            session.take_error(),
            session.disposition(),
            session.is_readable(),
            session.poll_timeout(cx.now),
        ));
        session.handle_timeout(&cx, service);
        session.handle_lost(&cx, service, Rule::Reset);
    }
}
