//! What goes to the peer: the body of a message, whoever sends it.

use super::Connection;
use super::context::Context;
use super::role::Role;
use super::state::{Side, State, Transition};
use crate::http::body::write::{LAST_CHUNK, OutboundFraming, fill_chunk, put_piece};
use crate::http::error::{Misuse, Rule, WriteError};
use crate::http::flags::Flags;
use crate::http::grammar::words::is_forbidden_trailer;
use crate::http::message::fields::Field;
use crate::http::message::response::{Writer, put_whole};

impl<R: Role> Connection<R> {
    /// Writes a piece of the body into `out`, with its framing. Returns how much of the piece was taken, and how many
    /// bytes were written; both may be less than offered, and zero, if there is little room. A client's are zero also
    /// while the body is held back ([`is_held`](crate::http::ClientConnection::is_held)).
    ///
    /// To a HEAD request, and where a server does not want the rest, all is taken and nothing written.
    ///
    /// # Errors
    /// [`Misuse::NoBody`] where no body is due, [`Misuse::BodyTooLong`] beyond the declared length: nothing was
    /// written, and the connection is poisoned.
    pub fn send_body(&mut self, cx: &Context<'_>, piece: &[u8], out: &mut [u8]) -> Result<(usize, usize), WriteError> {
        self.check_body(cx, u64::try_from(piece.len()).unwrap_or(u64::MAX))?;
        if self.sending == OutboundFraming::Discarded {
            return Ok((piece.len(), 0));
        }
        let mut taken = 0;
        let written = self.fill(out, |place| {
            taken = put_piece(piece, place);
            taken
        });
        Ok((taken, written))
    }

    /// As [`Self::send_body`], for a body that is made or read in place: `fill` is given the room there is for body
    /// bytes (never more than the declared length has left) and returns how many it put there. It is not called if
    /// there is no room, nor while the body is held back or not wanted. Returns how many bytes were written, framing
    /// included.
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
        Ok(self.fill(out, fill))
    }

    /// Has `fill` put content into its place in `out`, and frames it. Returns how many bytes were written.
    #[inline]
    fn fill(&mut self, out: &mut [u8], fill: impl FnOnce(&mut [u8]) -> usize) -> usize {
        if R::SIDE == Side::Client && self.machine.flags.has(Flags::EXPECT_CONTINUE) {
            return 0;
        }
        let is_length = match self.sending {
            OutboundFraming::Length => true,
            OutboundFraming::UntilClose => false,
            OutboundFraming::Chunks => return fill_chunk(out, fill),
            OutboundFraming::LastChunk | OutboundFraming::Discarded => return 0,
        };
        let most = if is_length { usize::try_from(self.unsent).unwrap_or(usize::MAX) } else { usize::MAX };
        let most = most.min(out.len());
        let Some(place) = out.get_mut(..most).filter(|place| !place.is_empty()) else { return 0 };
        let filled = fill(place).min(most);
        if is_length {
            self.unsent = self.unsent.wrapping_sub(u64::try_from(filled).unwrap_or(u64::MAX));
        }
        filled
    }

    /// The host has moved `bytes` of the body to the peer itself (sendfile, DMA). Only for a body of declared length,
    /// and only once all that was written before is sent; a client's not while it is held back.
    ///
    /// # Errors
    /// As [`Self::send_body`].
    pub fn note_external_send(&mut self, cx: &Context<'_>, bytes: u64) -> Result<(), WriteError> {
        self.check_body(cx, bytes)?;
        match self.sending {
            OutboundFraming::Length => self.unsent = self.unsent.wrapping_sub(bytes),
            OutboundFraming::Discarded if R::SIDE == Side::Client => return Ok(()),
            OutboundFraming::Discarded
            | OutboundFraming::Chunks
            | OutboundFraming::LastChunk
            | OutboundFraming::UntilClose => {
                return Err(self.misused(cx, Misuse::NoBody));
            }
        }
        self.no_longer_hold();
        Ok(())
    }

    /// Writes the end of a chunked message with these trailer fields into `out`: all of it, or nothing. Returns its
    /// length. Only [`Self::finish`] remains after that.
    ///
    /// Whether a response is chunked depends on the request, too: an HTTP/1.0 client cannot take trailer fields, and after
    /// HEAD there is nothing that they could end. There they are dropped, and nothing is written; so are those of a
    /// request whose body is no longer wanted. A request's body that is held back ends with them without waiting: it is
    /// empty.
    ///
    /// A client that did not send `TE: trailers` may throw them away, so they must not be needed (RFC 9110 §6.5.1); the
    /// names of those that will come can be told before, in a Trailer field of the head (§6.6.2).
    ///
    /// # Errors
    /// [`WriteError::Full`] where it does not fit: call again with more room. [`Misuse::NoBody`],
    /// [`Misuse::TrailersNotAllowed`], [`Misuse::ForbiddenTrailer`] and [`Misuse::InvalidField`] poison the connection.
    ///
    /// ```
    /// # use wirenut::http::{Context, Field, Limits, Response, ServerConnection, Status};
    /// # let cx = Context { now: wirenut::time::Instant::START, limits: &Limits::DEFAULT, date: None };
    /// # let mut connection = ServerConnection::new(&cx);
    /// # let mut out = [0; 256];
    /// connection.receive(&cx, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &mut [0; 64]).unwrap();
    /// connection.respond(&cx, &Response::new(Status::OK).with_unknown_length(), &mut out).unwrap();
    /// let (_, chunk) = connection.send_body(&cx, b"hello", &mut out).unwrap();
    /// let fields = [Field::new("Digest-Sketch", "sum=1234")];
    /// let end = connection.send_trailers(&cx, &fields, &mut out[chunk..]).unwrap();
    /// connection.finish(&cx).unwrap();
    /// assert_eq!(&out[..chunk + end], b"05\r\nhello\r\n0\r\nDigest-Sketch: sum=1234\r\n\r\n");
    /// ```
    pub fn send_trailers(
        &mut self,
        cx: &Context<'_>,
        fields: &[Field<'_>],
        out: &mut [u8],
    ) -> Result<usize, WriteError> {
        self.check_body(cx, 0)?;
        self.check_trailers(fields).map_err(|misuse| self.misused(cx, misuse))?;
        let written = match self.sending {
            OutboundFraming::Discarded => 0,
            OutboundFraming::Chunks => {
                let mut writer = Writer::new(out);
                writer.put(b"0\r\n");
                fields.iter().for_each(|field| writer.put_field(field));
                writer.put_pair(*b"\r\n");
                writer.finish()?
            }
            OutboundFraming::UntilClose | OutboundFraming::Length | OutboundFraming::LastChunk => 0,
        };
        if self.sending != OutboundFraming::Discarded {
            // As a declared length that is reached: no content may follow.
            (self.sending, self.unsent) = (OutboundFraming::Length, 0);
        }
        self.no_longer_hold();
        Ok(written)
    }

    fn check_trailers(&self, fields: &[Field<'_>]) -> Result<(), Misuse> {
        if self.sender() == State::Tunnel {
            return Err(Misuse::TrailersNotAllowed);
        }
        for field in fields {
            if !field.is_sound() {
                return Err(Misuse::InvalidField);
            }
            if is_forbidden_trailer(field.name) {
                return Err(Misuse::ForbiddenTrailer);
            }
        }
        match self.sending {
            OutboundFraming::Length | OutboundFraming::LastChunk => Err(Misuse::TrailersNotAllowed),
            OutboundFraming::Discarded | OutboundFraming::UntilClose | OutboundFraming::Chunks => Ok(()),
        }
    }

    /// The body is complete, or our direction of a tunnel. What ends it comes out of `poll_transmit`. Where a client's
    /// request is complete already this does nothing.
    ///
    /// # Errors
    /// [`Misuse::BodyTooShort`] where the declared length was not reached, [`Misuse::NoBody`] where there is no
    /// message; the connection is poisoned then, so that the peer sees that the message is not whole.
    pub fn finish(&mut self, cx: &Context<'_>) -> Result<(), WriteError> {
        let is_client = R::SIDE == Side::Client;
        if is_client && matches!(self.sender(), State::Idle | State::Done) {
            return Ok(());
        }
        self.check_body(cx, 0)?;
        match self.sending {
            OutboundFraming::Discarded if is_client => return Ok(()),
            OutboundFraming::Length if self.unsent > 0 => return Err(self.misused(cx, Misuse::BodyTooShort)),
            OutboundFraming::Chunks => self.sending = OutboundFraming::LastChunk,
            OutboundFraming::Length
            | OutboundFraming::LastChunk
            | OutboundFraming::UntilClose
            | OutboundFraming::Discarded => {}
        }
        // An empty body waits for nothing.
        self.no_longer_hold();
        R::has_finished(self, cx);
        Ok(())
    }

    /// Bytes of the body that are still to be sent, where its length was declared.
    #[must_use]
    pub fn unsent(&self) -> Option<u64> {
        (self.sender() == State::SendBody && self.sending == OutboundFraming::Length).then_some(self.unsent)
    }

    /// May `bytes` more of a body be sent?
    fn check_body(&mut self, cx: &Context<'_>, bytes: u64) -> Result<(), WriteError> {
        let is_due = matches!(self.sender(), State::SendBody | State::Tunnel);
        if !is_due && (R::SIDE == Side::Server || self.sending != OutboundFraming::Discarded) {
            return Err(self.misused(cx, Misuse::NoBody));
        }
        let is_too_long = self.sending == OutboundFraming::Length && bytes > self.unsent;
        if is_too_long { Err(self.misused(cx, Misuse::BodyTooLong)) } else { Ok(()) }
    }

    /// What our side is doing.
    pub(super) const fn sender(&self) -> State {
        match R::SIDE {
            Side::Client => self.states.client(),
            Side::Server => self.states.server(),
        }
    }

    /// If the body of a request was held back, it is no longer.
    const fn no_longer_hold(&mut self) {
        if let Side::Client = R::SIDE {
            self.machine.flags.clear(Flags::EXPECT_CONTINUE);
        }
    }

    /// Writes the last chunk, where it is due. Returns its length.
    pub(super) fn transmit_last_chunk(&mut self, out: &mut [u8]) -> usize {
        let written = put_whole(LAST_CHUNK, out);
        if written > 0 {
            self.sending = OutboundFraming::Length;
        }
        written
    }

    #[cold]
    pub(super) fn misused(&mut self, cx: &Context<'_>, misuse: Misuse) -> WriteError {
        self.fail(cx, Rule::Misused(misuse));
        WriteError::Misuse(misuse)
    }

    /// Our side ends its message.
    pub(super) fn end_message(&mut self) {
        self.states.change(R::SIDE, Transition::End);
    }
}
