//! `service`, that answers two paths in two ways, written without handlers.
#![no_std]
#![no_main]

use core::convert::Infallible;

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Field, Method, RequestHead, Response, Status, WriteError};
use wirenut_size_probes::service::run;

/// Longer than any buffer.
static PAGE: [u8; 3000] = [b'x'; 3000];

struct Two;

impl Service for Two {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        if !matches!(head.method, Method::Get | Method::Head) {
            let fields = [Field::new("Allow", "GET, HEAD")];
            responder.send(&Response::new(Status::METHOD_NOT_ALLOWED).with_fields(&fields), b"Method Not Allowed")?;
            return Ok(((), Step::Done));
        }
        match head.target.path() {
            b"/" => {
                let fields = [Field::new("Content-Type", "text/plain; charset=utf-8")];
                responder.send(&Response::new(Status::OK).with_fields(&fields), b"Hello, world\n")?;
            }
            b"/page" => {
                let fields = [Field::new("Content-Type", "text/html")];
                let response = Response::new(Status::OK).with_fields(&fields).with_length(PAGE.len() as u64);
                responder.respond(&response)?;
                return Ok(((), self.proceed(&mut (), responder)?));
            }
            _ => responder.send(&Response::new(Status::NOT_FOUND), b"Not Found")?,
        }
        Ok(((), Step::Done))
    }

    fn body(&self, exchange: &mut (), _: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step), WriteError> {
        Ok((0, self.proceed(exchange, responder)?))
    }

    fn proceed(&self, (): &mut (), responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        let unsent = responder.unsent().unwrap_or(0) as usize;
        let rest = PAGE.get(PAGE.len().saturating_sub(unsent)..).unwrap_or(&[]);
        Ok(if responder.send_body(rest)? == rest.len() { Step::Done } else { Step::More })
    }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    run(&Two)
}
