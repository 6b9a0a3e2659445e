//! A service that uses all that a service may: what it adds to `hello` is what the rest of HTTP weighs.

use core::convert::Infallible;

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Error, Field, FieldFilter, Fields, Limits, RequestHead, Response, Status, WriteError};
use wirenut::time::Duration;

/// It asks for one field of heads and trailers; the first line has up to 90 bytes.
pub const LIMITS: Limits =
    Limits { field_filter: Some(&FieldFilter { names: &["X-Value"], bytes: 109 }), ..Limits::DEFAULT };

/// How much content `/stream` and `/long` have.
const LENGTH: usize = 2_000;

/// What it does is decided by the first letter of the path:
///
/// | path | what it does |
/// |---|---|
/// | `/stream` | sends content of unknown length, and a trailer field |
/// | `/long` | sends content of a declared length that is larger than any buffer |
/// | `/echo` | says 100, then sends the content back as it comes |
/// | `/count` | counts the content, and answers with that and a trailer field of the request |
/// | `/wait` | answers after a tenth of a second |
/// | `/upgrade` | turns the connection into a tunnel that sends back what comes |
/// | `/abort` | gives up |
/// | `/no` | answers without content, and ends the connection |
/// | other | says hello, with the field that the client sent |
pub struct Full;

/// A request in flight.
pub struct Exchange {
    kind: u8,
    count: usize,
}

impl Service for Full {
    type Exchange = Exchange;
    type Source = Infallible;
    const UPGRADES: bool = true;

    fn request(&self, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<(Exchange, Step), WriteError> {
        let kind = head.target.path().get(1).copied().unwrap_or(0);
        let value = head.fields.get("x-value").unwrap_or(b"none");
        let fields = [Field::new("Content-Type", "text/plain"), Field::from_bytes("X-Value", value)];
        let ok = Response::new(Status::OK).with_fields(&fields);
        let mut step = Step::More;
        match kind {
            b's' => responder.respond(&ok.with_unknown_length())?,
            b'l' => responder.respond(&ok.with_length(LENGTH as u64))?,
            b'e' => {
                responder.respond(&Response::new(Status::CONTINUE))?;
                responder.respond(&ok.with_unknown_length())?;
            }
            b'c' => {}
            b'w' => step = Step::Wait(Some(responder.now().saturating_add(Duration::from_millis(100)))),
            b'u' => {
                let upgrade = [Field::new("Upgrade", "echo")];
                responder.respond(&Response::new(Status::SWITCHING_PROTOCOLS).with_fields(&upgrade))?;
            }
            b'a' => step = Step::Abort,
            b'n' => {
                responder.send(&Response::new(Status::NO_CONTENT).closing(), b"")?;
                step = Step::Done;
            }
            _ => {
                responder.send(&ok, b"Hello, world\n")?;
                step = Step::Done;
            }
        }
        Ok((Exchange { kind, count: 0 }, step))
    }

    fn body(
        &self,
        exchange: &mut Exchange,
        piece: &[u8],
        responder: &mut Responder<'_>,
    ) -> Result<(usize, Step), WriteError> {
        if matches!(exchange.kind, b'e' | b'u') {
            return Ok((responder.send_body(piece)?, Step::More));
        }
        exchange.count = exchange.count.wrapping_add(piece.len());
        Ok((piece.len(), Step::More))
    }

    fn end(
        &self,
        exchange: &mut Exchange,
        trailers: Fields<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<Step, WriteError> {
        match exchange.kind {
            b'c' => {
                let last_digit = [b'0' + (exchange.count % 10) as u8];
                let fields = [Field::from_bytes("X-Value", trailers.get("x-value").unwrap_or(b"none"))];
                responder.send(&Response::new(Status::OK).with_fields(&fields), &last_digit)?;
                Ok(Step::Done)
            }
            b'e' | b'u' => Ok(Step::Done),
            _ => self.proceed(exchange, responder),
        }
    }

    fn proceed(&self, exchange: &mut Exchange, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        match exchange.kind {
            b's' | b'l' => pour(exchange, responder),
            b'w' => {
                responder.send(&Response::new(Status::OK), b"late\n")?;
                Ok(Step::Done)
            }
            _ => Ok(Step::More),
        }
    }

    fn closed(&self, exchange: Exchange, outcome: Result<(), Error>) {
        if let Err(error) = outcome {
            crate::warn!("{} in answer to /{=[u8]:a}", error.rule, &[exchange.kind][..]);
        }
        // So that it is kept where nothing is logged.
        core::hint::black_box(exchange.count);
    }
}

/// Sends as much as there is room for.
fn pour(exchange: &mut Exchange, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
    while exchange.count < LENGTH {
        let most = LENGTH.saturating_sub(exchange.count);
        let mut filled = 0;
        responder.fill_body(|place| {
            filled = place.len().min(most);
            place.iter_mut().take(filled).for_each(|byte| *byte = b'x');
            filled
        })?;
        if filled == 0 {
            return Ok(Step::More);
        }
        exchange.count = exchange.count.saturating_add(filled);
    }
    let is_done = exchange.kind == b'l' || responder.trailers(&[Field::new("X-Sum", "1")])?;
    Ok(if is_done { Step::Done } else { Step::More })
}
