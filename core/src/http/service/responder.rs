//! The service's hands: what it writes with.
//!
//! Counts of bytes taken and written never exceed the lengths of their slices, so sums and differences of them cannot
//! overflow: they wrap, which is less code than to saturate.

use core::cell::Cell;
use core::net::SocketAddr;
use core::task::Waker;

use crate::http::connection::context::Context;
use crate::http::connection::server::ServerConnection;
use crate::http::error::WriteError;
use crate::http::message::fields::Field;
use crate::http::message::response::Response;
use crate::time::Instant;
use crate::transport::Environment;

/// Writes a response, as far as there is room: at least as much as
/// [`Limits::output_reserve`](crate::http::Limits::output_reserve) when a method of a service is called.
pub struct Responder<'a> {
    pub(super) connection: &'a mut ServerConnection,
    pub(super) cx: &'a Context<'a>,
    pub(super) environment: &'a Environment<'a>,
    pub(super) out: &'a mut [u8],
    pub(super) written: usize,
    /// The room that is reserved each time that a service is asked. It begins where `out` does.
    pub(super) reserve: usize,
    /// The status that was written in this call, or zero, and how much content: for an [`Observer`](super::Observer).
    pub(super) status: u16,
    pub(super) content: usize,
    /// How much has come behind what this call is about.
    pub(super) behind: usize,
    pub(super) wakeup: Option<Wakeup>,
    pub(super) notices: &'a Notices,
    /// The connection's store, where it is lent to the exchange: in a tunnel.
    pub(super) store: Option<&'a mut [u8]>,
}

/// What ended a [`Step::Wait`](crate::http::service::Step::Wait).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Wakeup {
    /// A waker of [`Responder::waker`].
    Waker,
    /// The time that was named.
    Time,
    /// The server ends ([`Responder::is_draining`]).
    Drain,
    /// The peer has ended its direction ([`Responder::has_peer_ended`]).
    PeerEnd,
}

/// What an exchange may want to know, and what it has asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Notices {
    pub(super) is_draining: bool,
    pub(super) has_peer_ended: bool,
    /// The exchange has a waker, so that it may be woken.
    pub(super) has_waker: Cell<bool>,
}

impl Responder<'_> {
    /// Writes a whole response: head, and `body` with its length declared.
    ///
    /// # Errors
    /// [`WriteError::Full`] if both together are longer than the room that is reserved
    /// ([`Limits::output_reserve`](crate::http::Limits::output_reserve)), however much room there is; nothing was written
    /// then. For more than that use [`Self::respond`] and [`Self::send_body`].
    pub fn send(&mut self, response: &Response<'_>, body: &[u8]) -> Result<(), WriteError> {
        let written = self.connection.send(self.cx, response, body, reserved(self.out, self.written, self.reserve))?;
        self.written = self.written.wrapping_add(written);
        self.status = response.status.code();
        self.content = self.content.wrapping_add(body.len());
        Ok(())
    }

    /// Writes the head of a response. See [`ServerConnection::respond`].
    ///
    /// # Errors
    /// [`WriteError::Full`] if it is longer than the room that is reserved (with the interim responses of this call),
    /// however much room there is; nothing was written then.
    pub fn respond(&mut self, response: &Response<'_>) -> Result<(), WriteError> {
        let written = self.connection.respond(self.cx, response, reserved(self.out, self.written, self.reserve))?;
        self.written = self.written.wrapping_add(written);
        self.status = response.status.code();
        Ok(())
    }

    /// Writes a piece of the body, and returns how much of it was taken: zero if there is no room.
    ///
    /// # Errors
    /// Only misuse: no response, or more than its declared length.
    pub fn send_body(&mut self, piece: &[u8]) -> Result<usize, WriteError> {
        let out = self.out.get_mut(self.written..).unwrap_or(&mut []);
        let (taken, written) = self.connection.send_body(self.cx, piece, out)?;
        self.written = self.written.wrapping_add(written);
        self.content = self.content.wrapping_add(taken);
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
        let content = &mut self.content;
        let written = self.connection.fill_body(self.cx, out, |place| {
            had_room = true;
            let filled = fill(place);
            *content = content.wrapping_add(filled);
            filled
        })?;
        self.written = self.written.wrapping_add(written);
        Ok(had_room)
    }

    /// Writes the end of a response of unknown length with these trailer fields: all of it, or nothing. Returns whether
    /// there was room; if there was none, return [`Step::More`](crate::http::service::Step::More), and call it again when asked. Only
    /// [`Step::Done`](crate::http::service::Step::Done) remains after that. For a client that cannot take them they are dropped. See [`ServerConnection::send_trailers`].
    ///
    /// # Errors
    /// [`WriteError::Full`] if they are longer than the room that is reserved, however much room there is; and misuse.
    pub fn trailers(&mut self, fields: &[Field<'_>]) -> Result<bool, WriteError> {
        let out = reserved(self.out, self.written, self.written.saturating_add(self.reserve).min(self.out.len()));
        let is_all_there_will_be = out.len() >= self.reserve;
        match self.connection.send_trailers(self.cx, fields, out) {
            Ok(written) => {
                self.written = self.written.wrapping_add(written);
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

    /// The status of the final response that was begun in this call, if one was.
    ///
    /// ```
    /// # use wirenut::http::{Context, Limits, RequestHead, WriteError};
    /// # use wirenut::http::service::{Responder, Service, Session, Step};
    /// # use wirenut::time::Instant;
    /// # use wirenut::transport::Environment;
    /// struct Hello;
    ///
    /// impl Service for Hello {
    ///     type Exchange = ();
    ///     type Source = core::convert::Infallible;
    ///
    ///     fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
    ///         assert_eq!(responder.begun_status(), None);
    ///         responder.send(&wirenut::http::Response::new(wirenut::http::Status::OK), b"hello")?;
    ///         assert_eq!(responder.begun_status(), Some(200));
    ///         Ok(((), Step::Done))
    ///     }
    /// }
    /// # let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
    /// # let driven = Session::<Hello>::new(&cx).drive(&cx, &Environment::alone(256), &Hello, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &mut [0; 64], &mut [0; 256]);
    /// # assert!(driven.written > 0);
    /// ```
    #[must_use]
    #[inline]
    pub const fn begun_status(&self) -> Option<u16> {
        // An interim response is none yet.
        if self.status != 0 && self.is_responding() { Some(self.status) } else { None }
    }

    /// Bytes that have come behind what this call is about, as far as they were received: content of this request, or
    /// requests after it.
    #[must_use]
    pub const fn received_behind(&self) -> usize {
        self.behind
    }

    /// The connection ends after this exchange: its response says so, unless it was begun already. Requests that have come
    /// behind it ([`Self::received_behind`]) are not answered.
    ///
    /// ```
    /// # use wirenut::http::{Context, Limits, RequestHead, Response, Status, WriteError};
    /// # use wirenut::http::service::{Responder, Service, Session, Step};
    /// # use wirenut::time::Instant;
    /// # use wirenut::transport::{Disposition, Environment};
    /// struct Last;
    ///
    /// impl Service for Last {
    ///     type Exchange = ();
    ///     type Source = core::convert::Infallible;
    ///
    ///     fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
    ///         responder.retire();
    ///         responder.send(&Response::new(Status::NO_CONTENT), b"")?;
    ///         Ok(((), Step::Done))
    ///     }
    /// }
    /// # let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
    /// # let (mut session, mut out) = (Session::<Last>::new(&cx), [0; 256]);
    /// # let driven = session.drive(&cx, &Environment::alone(256), &Last, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &mut [0; 64], &mut out);
    /// assert_eq!(&out[..driven.written], b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    /// assert_eq!(session.disposition(), Disposition::ShutdownWrite);
    /// ```
    pub fn retire(&mut self) {
        self.connection.retire();
    }

    /// Is all content thrown away, since the request is HEAD?
    pub(super) fn discards_body(&self) -> bool {
        self.connection.discards_body()
    }

    /// The time of this call.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.cx.now
    }

    /// What ended the wait that the exchange was in, if it was in one: told in the first call after it. Of several, the
    /// waker goes before the others, and then the first.
    #[must_use]
    pub const fn wakeup(&self) -> Option<Wakeup> {
        self.wakeup
    }

    /// Does the connection end after this response, since the server drains or wants its place? A response that goes on for
    /// ever ends now.
    #[must_use]
    pub const fn is_draining(&self) -> bool {
        self.notices.is_draining
    }

    /// Has the peer ended its direction (a half-close), as far as is known? It may still want the response: a client may end
    /// its direction behind its last request. Most that go away look the same.
    #[must_use]
    pub const fn has_peer_ended(&self) -> bool {
        self.notices.has_peer_ended
    }

    /// Bytes that can be written now, framing included.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.out.len().saturating_sub(self.written)
    }

    /// A waker that ends a [`Step::Wait`](crate::http::service::Step::Wait) of this exchange, from any thread or
    /// interrupt that the adapter allows. It may be kept as long as one likes; a late wake does no harm. To ask again costs
    /// no memory, and gives one that [wakes the same](Waker::will_wake).
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.notices.has_waker.set(true);
        (self.environment.waker)()
    }

    /// The peer's address, if it has one.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        (self.environment.peer)()
    }
}

/// What is free of `out`, up to `end`.
pub(super) fn reserved(out: &mut [u8], written: usize, end: usize) -> &mut [u8] {
    out.get_mut(written..end).unwrap_or(&mut [])
}
