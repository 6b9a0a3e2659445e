//! Responses in one line.

use super::handler::{Done, Result};
use super::kinds::events::{EventSink, Events};
use super::kinds::stream::{SendAll, Stream};
use super::responder::{Responder, reserved};
use crate::http::error::WriteError;
use crate::http::message::fields::Field;
use crate::http::message::response::Response;
use crate::http::status::Status;

/// A text of the field Content-Type.
const PLAIN_TEXT: &str = "text/plain; charset=utf-8";

impl Responder<'_> {
    /// Sends 200 with this text.
    ///
    /// # Errors
    /// As [`Self::send`].
    ///
    /// ```
    /// use wirenut::http::service::service_fn;
    /// let service = service_fn(|_, responder| responder.text("Hello, World!\n"));
    /// # let _ = service;
    /// ```
    pub fn text(&mut self, text: &str) -> Result {
        self.reply(Status::OK, PLAIN_TEXT, text.as_bytes())
    }

    /// Sends this status, a field Content-Type with this value, and this body.
    ///
    /// # Errors
    /// As [`Self::send`].
    ///
    /// ```
    /// use wirenut::http::service::service_fn;
    /// use wirenut::http::Status;
    /// let service = service_fn(|_, responder| responder.reply(Status::OK, "application/json", b"{}"));
    /// # let _ = service;
    /// ```
    pub fn reply(&mut self, status: Status, content_type: &str, body: &[u8]) -> Result {
        self.send(&Response::new(status).with_fields(&[Field::new("Content-Type", content_type)]), body)?;
        Ok(Done)
    }

    /// Sends this status without a body.
    ///
    /// # Errors
    /// As [`Self::respond`].
    ///
    /// ```
    /// use wirenut::http::service::service_fn;
    /// use wirenut::http::Status;
    /// let service = service_fn(|_, responder| responder.status(Status::NO_CONTENT));
    /// # let _ = service;
    /// ```
    pub fn status(&mut self, status: Status) -> Result {
        self.respond(&Response::new(status))?;
        Ok(Done)
    }

    /// Sends the client to another place: 303 (RFC 9110 §15.4.4), which it gets with GET, so that a form is not sent twice.
    ///
    /// # Errors
    /// As [`Self::respond`]; [`Misuse::InvalidField`](crate::http::Misuse::InvalidField) if `location` is no field value.
    ///
    /// ```
    /// use wirenut::http::service::service_fn;
    /// let service = service_fn(|_, responder| responder.see_other("/items"));
    /// # let _ = service;
    /// ```
    pub fn see_other(&mut self, location: &str) -> Result {
        let fields = [Field::new("Location", location)];
        self.respond(&Response::new(Status::SEE_OTHER).with_fields(&fields))?;
        Ok(Done)
    }

    /// Sends this status, a field Content-Type, and a body of any length, which is static or owned: it goes out as there
    /// is room.
    ///
    /// # Errors
    /// As [`Self::respond`].
    ///
    /// ```
    /// use wirenut::http::service::service_fn;
    /// use wirenut::http::Status;
    /// static PAGE: [u8; 100_000] = [b' '; 100_000];
    /// let service = service_fn(|_, responder| responder.send_all(Status::OK, "text/html", &PAGE));
    /// # let _ = service;
    /// ```
    pub fn send_all<B: AsRef<[u8]>>(&mut self, status: Status, content_type: &str, body: B) -> Result<SendAll<B>> {
        let length = u64::try_from(body.as_ref().len()).unwrap_or(u64::MAX);
        let fields = [Field::new("Content-Type", content_type)];
        self.respond(&Response::new(status).with_fields(&fields).with_length(length))?;
        Ok(SendAll { body })
    }

    /// Begins this response, whose body `fill` makes: it gets a place for at least one byte, puts bytes there from the
    /// start, and returns how many. Zero ends the body.
    ///
    /// Where the length is declared the body ends with it, and `fill` must not end it before
    /// ([`Misuse::BodyTooShort`](crate::http::Misuse::BodyTooShort)).
    ///
    /// # Errors
    /// As [`Self::respond`]. An error of `fill` cuts the connection, so that the peer sees that the body is not whole.
    ///
    /// ```
    /// use wirenut::http::service::service_fn;
    /// use wirenut::http::{Response, Status};
    /// let service = service_fn(|_, responder| {
    ///     let mut lines = (1..=1000).rev();
    ///     responder.stream(&Response::new(Status::OK).with_unknown_length(), move |place| {
    ///         let Some(line) = lines.next() else { return Ok(0) };
    ///         place[0] = b'0' + line as u8 % 10;
    ///         Ok(1)
    ///     })
    /// });
    /// # let _ = service;
    /// ```
    pub fn stream<F: FnMut(&mut [u8]) -> Result<usize>>(
        &mut self,
        response: &Response<'_>,
        fill: F,
    ) -> Result<Stream<F>> {
        self.respond(response)?;
        Ok(Stream { fill })
    }

    /// Lets `fill` make a piece of the body in place, which is sent whole or not at all; it returns how many bytes it made,
    /// or `None` if they did not fit. Returns whether the piece was sent; if it was not, return
    /// [`Step::More`](super::Step::More), and make it again when asked.
    ///
    /// # Errors
    /// [`WriteError::Full`] if it does not fit into the room that is reserved
    /// ([`Limits::output_reserve`](crate::http::Limits::output_reserve)), however much room there is; and misuse: there is no
    /// response.
    pub fn fill_whole(
        &mut self,
        fill: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> core::result::Result<bool, WriteError> {
        if self.connection.discards_body() {
            return Ok(true);
        }
        let out = reserved(self.out, self.written, self.written.saturating_add(self.reserve).min(self.out.len()));
        let is_all_there_will_be = out.len() >= self.reserve;
        let mut is_whole = false;
        let content = &mut self.content;
        let written = self.connection.fill_body(self.cx, out, |place| {
            let filled = fill(place);
            is_whole = filled.is_some();
            *content = content.wrapping_add(filled.unwrap_or(0));
            filled.unwrap_or(0)
        })?;
        self.written = self.written.wrapping_add(written);
        if !is_whole && is_all_there_will_be { Err(WriteError::Full) } else { Ok(is_whole) }
    }

    /// Begins server-sent events: `next` sends those that there are, and says until when it waits. See [`EventSink`].
    ///
    /// # Errors
    /// As [`Self::respond`].
    pub fn events<A, F: FnMut(A, &mut EventSink<'_, '_>) -> Result<()>>(&mut self, next: F) -> Result<Events<F>> {
        Events::begin(next, self)
    }
}
