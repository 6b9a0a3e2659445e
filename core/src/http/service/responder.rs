//! The service's hands: what it writes with.

use core::net::SocketAddr;
use core::task::Waker;

use crate::http::connection::context::Context;
use crate::http::connection::server::ServerConnection;
use crate::http::error::WriteError;
use crate::http::message::fields::Field;
use crate::http::message::response::Response;
use crate::time::Instant;

/// What a session has to know of the place where it runs.
pub trait Host {
    /// A waker for this session: from wherever it is woken, the adapter calls [`Session::wake`](crate::http::service::Session::wake)
    /// and drives the session.
    fn waker(&self) -> Waker;

    /// The peer's address, if it has one.
    fn peer(&self) -> Option<SocketAddr>;

    /// The most room that an output slice will ever have. What does not fit into that never will: a response head that
    /// does not is answered 500. The connection's own error answers take up to 160 bytes; with less room than that the
    /// peer may see an abort in their place.
    fn output_capacity(&self) -> usize;
}

/// Writes a response, as far as there is room.
pub struct Responder<'a> {
    pub(super) connection: &'a mut ServerConnection,
    pub(super) cx: &'a Context<'a>,
    pub(super) host: &'a dyn Host,
    pub(super) out: &'a mut [u8],
    pub(super) written: usize,
}

impl Responder<'_> {
    /// Writes a whole response: head, and `body` with its length declared.
    ///
    /// # Errors
    /// [`WriteError::Full`] if not all of it fits; nothing was written then. For more than fits into an output buffer
    /// use [`Self::respond`] and [`Self::send_body`].
    pub fn send(&mut self, response: &Response<'_>, body: &[u8]) -> Result<(), WriteError> {
        let (before, written) = (self.connection.clone(), self.written);
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
        self.respond(&response.with_length(length))?;
        if self.send_body(body)? < body.len() {
            *self.connection = before;
            self.written = written;
            return Err(WriteError::Full);
        }
        Ok(())
    }

    /// Writes the head of a response. See [`ServerConnection::respond`].
    ///
    /// # Errors
    /// [`WriteError::Full`] if it does not fit; nothing was written then.
    pub fn respond(&mut self, response: &Response<'_>) -> Result<(), WriteError> {
        let out = self.out.get_mut(self.written..).unwrap_or(&mut []);
        let written = self.connection.respond(self.cx, response, out)?;
        self.written = self.written.saturating_add(written);
        Ok(())
    }

    /// Writes a piece of the body, and returns how much of it was taken: zero if there is no room.
    ///
    /// # Errors
    /// Only misuse: no response, or more than its declared length.
    pub fn send_body(&mut self, piece: &[u8]) -> Result<usize, WriteError> {
        let out = self.out.get_mut(self.written..).unwrap_or(&mut []);
        let (taken, written) = self.connection.send_body(self.cx, piece, out)?;
        self.written = self.written.saturating_add(written);
        Ok(taken)
    }

    /// Lets `fill` make a piece of the body in place; it returns how many bytes it made. Returns whether there was
    /// room at all. See [`ServerConnection::fill_body`].
    ///
    /// # Errors
    /// Only misuse: there is no response.
    pub fn fill_body(&mut self, fill: impl FnOnce(&mut [u8]) -> usize) -> Result<bool, WriteError> {
        let out = self.out.get_mut(self.written..).unwrap_or(&mut []);
        let mut had_room = false;
        let written = self.connection.fill_body(self.cx, out, |place| {
            had_room = true;
            fill(place)
        })?;
        self.written = self.written.saturating_add(written);
        Ok(had_room)
    }

    /// Writes the end of a response of unknown length with these trailer fields: all of it, or nothing. Returns whether
    /// there was room; if there was none, call it again when there is. Only [`Step::Done`](crate::http::service::Step::Done) remains
    /// after that. For a client that cannot take them they are dropped. See [`ServerConnection::send_trailers`].
    ///
    /// # Errors
    /// [`WriteError::Full`] if they will never fit into an output buffer, and misuse.
    pub fn trailers(&mut self, fields: &[Field<'_>]) -> Result<bool, WriteError> {
        let is_all_there_will_be = self.written == 0 && self.out.len() >= self.host.output_capacity();
        let out = self.out.get_mut(self.written..).unwrap_or(&mut []);
        match self.connection.send_trailers(self.cx, fields, out) {
            Ok(written) => {
                self.written = self.written.saturating_add(written);
                Ok(true)
            }
            Err(WriteError::Full) if !is_all_there_will_be => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Bytes of the body that are still to be sent, where its length was declared.
    #[must_use]
    pub fn unsent(&self) -> Option<u64> {
        self.connection.unsent()
    }

    /// Has a final response been begun?
    #[must_use]
    pub const fn is_responding(&self) -> bool {
        self.connection.is_responding()
    }

    /// The time of this call.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.cx.now
    }

    /// A waker that ends a [`Step::Wait`](crate::http::service::Step::Wait) of this exchange, from any thread or interrupt that the
    /// adapter allows. It may be kept as long as one likes; a late wake does no harm.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.host.waker()
    }

    /// The peer's address, if it has one.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.host.peer()
    }
}
