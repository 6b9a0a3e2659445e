//! What goes to the peer: request heads and bodies, and what the connection itself has to say.

use super::{ClientConnection, Ending};
use crate::http::body::write::{LAST_CHUNK, OutboundFraming, put_piece};
use crate::http::connection::context::Context;
use crate::http::connection::state::{Side, State, Transition};
use crate::http::error::Rule;
use crate::http::error::{Misuse, WriteError};
use crate::http::flags::Flags;
use crate::http::message::fields::Field;
use crate::http::message::request::Request;
use crate::http::message::response::Writer;

impl ClientConnection {
    /// Writes the head of a request into `out`: all of it, or nothing. Returns its length. A head is never cut: the
    /// largest room that will ever be offered must hold it. If the last chunk of the request before is still due, it
    /// goes with it.
    ///
    /// A request of length zero is complete with that; every other one wants its body and [`Self::finish`]. The next
    /// one may follow once it is complete, before its answer has come; whether that is wise is said by RFC 9112 §9.3.2:
    /// not behind a method that is not idempotent.
    ///
    /// # Errors
    /// [`WriteError::Full`] where it does not fit: call again with more room. [`WriteError::Misuse`] where the message
    /// would be invalid, or cannot be sent now ([`Misuse::PipelineFull`], [`Misuse::RequestUnfinished`],
    /// [`Misuse::ConnectionEnding`]). Either way nothing has happened.
    pub fn request(&mut self, cx: &Context<'_>, request: &Request<'_>, out: &mut [u8]) -> Result<usize, WriteError> {
        self.check_request(request)?;
        let mut writer = Writer::new(out);
        if self.sending == OutboundFraming::LastChunk {
            writer.put(LAST_CHUNK)?;
        }
        request.write(&mut writer)?;
        let written = writer.written();
        self.begin_request(cx, request);
        Ok(written)
    }

    fn check_request(&self, request: &Request<'_>) -> Result<(), Misuse> {
        match (self.ending, self.states.client()) {
            (Ending::Open, _) if self.machine.flags.has(Flags::EOF) => return Err(Misuse::ConnectionEnding),
            (Ending::Open, State::Idle | State::Done) => {}
            (Ending::Open, State::SendBody) => return Err(Misuse::RequestUnfinished),
            _ => return Err(Misuse::ConnectionEnding),
        }
        if self.states.server() == State::SendBody && !self.persists() {
            // The server has said that it acts on nothing more.
            return Err(Misuse::ConnectionEnding);
        }
        if !self.pipeline.may_grow() {
            return Err(Misuse::PipelineFull);
        }
        if request.length.is_none() && self.machine.flags.has(Flags::OLD_PEER) {
            return Err(Misuse::LengthRequired);
        }
        request.check()
    }

    fn begin_request(&mut self, cx: &Context<'_>, request: &Request<'_>) {
        let is_oldest = self.pipeline.is_empty();
        self.pipeline.push(request.asked());
        self.states.change(Side::Client, Transition::Request);
        self.write_timer.refill();
        self.unsent = request.length.unwrap_or(0);
        self.sending = if request.length.is_some() { OutboundFraming::Length } else { OutboundFraming::Chunks };
        if request.length == Some(0) {
            self.states.change(Side::Client, Transition::End);
        }
        if request.expect_continue {
            self.machine.flags.set(Flags::EXPECT_CONTINUE);
        }
        if request.close {
            self.ending = Ending::AfterResponse;
        }
        if is_oldest {
            self.states.change(Side::Server, Transition::Request);
            self.restart_wait(cx);
        }
    }

    /// Writes a piece of the request's body into `out`, with its framing. Returns how much of the piece was taken, and
    /// how many bytes were written; both may be less than offered, and zero, if there is little room, or while the
    /// body is held back ([`Self::is_held`]).
    ///
    /// # Errors
    /// [`Misuse::NoBody`] where no body is due, [`Misuse::BodyTooLong`] beyond the declared length: nothing was
    /// written, and the connection is poisoned.
    pub fn send_body(&mut self, cx: &Context<'_>, piece: &[u8], out: &mut [u8]) -> Result<(usize, usize), WriteError> {
        self.check_body(cx, u64::try_from(piece.len()).unwrap_or(u64::MAX))?;
        if self.sending == OutboundFraming::Nothing {
            return Ok((piece.len(), 0));
        }
        let mut taken = 0;
        let written = self.fill_body(cx, out, |place| {
            taken = put_piece(piece, place);
            taken
        })?;
        Ok((taken, written))
    }

    /// As [`Self::send_body`], for a body that is made or read in place: `fill` is given the room there is for body
    /// bytes (never more than the declared length has left) and returns how many it put there. It is not called if
    /// there is no room, nor while the body is held back or no longer wanted. Returns how many bytes were written,
    /// framing included.
    ///
    /// # Errors
    /// As [`Self::send_body`].
    pub fn fill_body(
        &mut self,
        cx: &Context<'_>,
        out: &mut [u8],
        fill: impl FnOnce(&mut [u8]) -> usize,
    ) -> Result<usize, WriteError> {
        self.check_body(cx, 0)?;
        if self.is_held() {
            return Ok(0);
        }
        Ok(self.body_writer().fill(out, fill))
    }

    /// The host has moved `bytes` of the body to the peer itself (sendfile, DMA). Only for a body of declared length,
    /// only once all that was written before is sent, and not while it is held back.
    ///
    /// # Errors
    /// As [`Self::send_body`].
    pub fn note_external_send(&mut self, cx: &Context<'_>, bytes: u64) -> Result<(), WriteError> {
        self.check_body(cx, bytes)?;
        if self.sending == OutboundFraming::Nothing {
            return Ok(());
        }
        // If it was held back, it is no longer.
        self.machine.flags.clear(Flags::EXPECT_CONTINUE);
        self.body_writer().skip(bytes).map_err(|misuse| self.misused(cx, misuse))
    }

    /// Writes the end of a chunked request with these trailer fields into `out`: all of it, or nothing. Returns its
    /// length. Only [`Self::finish`] remains after that. Where the rest of the body is no longer wanted
    /// ([`Self::is_stopped`]) they are dropped, and nothing is written. A body that is held back ends with them without
    /// waiting: it is empty.
    ///
    /// # Errors
    /// [`WriteError::Full`] where it does not fit: call again with more room. [`Misuse::NoBody`],
    /// [`Misuse::TrailersNotAllowed`], [`Misuse::ForbiddenTrailer`] and [`Misuse::InvalidField`] poison the connection.
    pub fn send_trailers(
        &mut self,
        cx: &Context<'_>,
        fields: &[Field<'_>],
        out: &mut [u8],
    ) -> Result<usize, WriteError> {
        self.check_body(cx, 0)?;
        if self.states.client() == State::Tunnel {
            return Err(self.misused(cx, Misuse::TrailersNotAllowed));
        }
        let written = self.body_writer().trailers(fields, out).map_err(|error| match error {
            WriteError::Full => WriteError::Full,
            WriteError::Misuse(misuse) => self.misused(cx, misuse),
        })?;
        self.machine.flags.clear(Flags::EXPECT_CONTINUE);
        Ok(written)
    }

    /// The request's body is complete, or our direction of the tunnel. What ends it comes out of
    /// [`Self::poll_transmit`]. Does nothing where the request is complete already.
    ///
    /// # Errors
    /// [`Misuse::BodyTooShort`] where the declared length was not reached, [`Misuse::NoBody`] where the connection has
    /// ended; it is poisoned then, so that the peer sees that the message is not whole.
    pub fn finish(&mut self, cx: &Context<'_>) -> Result<(), WriteError> {
        if matches!(self.states.client(), State::Idle | State::Done) {
            return Ok(());
        }
        self.check_body(cx, 0)?;
        if self.sending == OutboundFraming::Nothing {
            return Ok(());
        }
        self.body_writer().finish().map_err(|misuse| self.misused(cx, misuse))?;
        // An empty body waits for nothing.
        self.machine.flags.clear(Flags::EXPECT_CONTINUE);
        self.states.change(Side::Client, Transition::End);
        match self.states.server() {
            State::SendHead if self.pipeline.len() == 1 && !self.machine.flags.has(Flags::BEGUN) => {
                self.restart_wait(cx);
            }
            State::Done => self.settle(cx),
            // The peer has ended its direction of the tunnel before.
            State::MustClose => self.ending = Ending::Close,
            State::Idle | State::SendHead | State::SendBody | State::Closed | State::Tunnel | State::Error => {}
        }
        Ok(())
    }

    /// Bytes of the body that are still to be sent, where its length was declared.
    #[must_use]
    pub fn unsent(&self) -> Option<u64> {
        (self.states.client() == State::SendBody && self.sending == OutboundFraming::Length).then_some(self.unsent)
    }

    /// Writes what the connection itself has to say: the last chunk. Returns its length, zero if there is nothing, or
    /// no room for it yet.
    #[must_use]
    pub fn poll_transmit(&mut self, _: &Context<'_>, out: &mut [u8]) -> usize {
        let mut writer = Writer::new(out);
        let is_due = self.sending == OutboundFraming::LastChunk && self.error().is_none();
        if is_due && writer.put(LAST_CHUNK).is_ok() {
            self.sending = OutboundFraming::Length;
        }
        writer.written()
    }

    /// May `bytes` more of a body be sent?
    fn check_body(&mut self, cx: &Context<'_>, bytes: u64) -> Result<(), WriteError> {
        let is_due = matches!(self.states.client(), State::SendBody | State::Tunnel);
        if !is_due && self.sending != OutboundFraming::Nothing {
            return Err(self.misused(cx, Misuse::NoBody));
        }
        self.body_writer().check(bytes).map_err(|misuse| self.misused(cx, misuse))
    }

    #[cold]
    fn misused(&mut self, cx: &Context<'_>, misuse: Misuse) -> WriteError {
        self.fail(cx, Rule::Misused);
        WriteError::Misuse(misuse)
    }
}
