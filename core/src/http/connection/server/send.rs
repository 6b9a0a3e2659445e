//! What goes to the peer: response heads, bodies, and what the connection itself has to say.

use super::{Ending, ServerConnection};
use crate::http::body::write::{LAST_CHUNK, OutboundFraming, put_piece};
use crate::http::connection::context::Context;
use crate::http::connection::state::{Side, State, Transition};
use crate::http::error::Rule;
use crate::http::error::{Misuse, WriteError};
use crate::http::flags::Flags;
use crate::http::grammar::state::State as GrammarState;
use crate::http::message::fields::Field;
use crate::http::message::response::{Response, Writer};
use crate::http::status::Status;

impl ServerConnection {
    /// Writes the head of a response into `out`: all of it, or nothing. Returns its length. A head is never cut: the
    /// largest room that will ever be offered must hold it. A [`Session`](crate::http::service::Session) answers 500 in place
    /// of one that is larger ([`Rule::ResponseTooLarge`]).
    ///
    /// A 1xx status other than 101 is an interim response: the final one still has to come. 101, and 2xx to CONNECT,
    /// turn the connection into a tunnel: from then on body pieces are its bytes, both ways.
    ///
    /// # Errors
    /// [`WriteError::Full`] where it does not fit: call again with more room. [`WriteError::Misuse`] poisons the
    /// connection: the message would be invalid.
    pub fn respond(&mut self, cx: &Context<'_>, response: &Response<'_>, out: &mut [u8]) -> Result<usize, WriteError> {
        let plan = self.plan(response).map_err(|misuse| self.misused(cx, misuse))?;
        let mut writer = Writer::new(out);
        if plan.is_silent {
            return Ok(0);
        }
        writer.put_status(response.status, cx.date)?;
        for field in response.fields {
            writer.put_field(field)?;
        }
        if plan.writes_framing {
            match response.length {
                Some(length) => {
                    writer.put(b"Content-Length: ")?;
                    writer.put_decimal(length)?;
                    writer.put_pair(*b"\r\n")?;
                }
                // An HTTP/1.0 client knows no transfer coding (RFC 9112 §6.1), not even of a body that it will not get.
                None if self.machine.flags.has(Flags::HTTP10) => {}
                None => writer.put(b"Transfer-Encoding: chunked\r\n")?,
            }
        }
        if response.status == Status::SWITCHING_PROTOCOLS {
            writer.put(b"Connection: upgrade\r\n")?;
        } else if plan.change == Transition::Final && !plan.persists {
            writer.put(b"Connection: close\r\n")?;
        } else if plan.change == Transition::Final && self.machine.flags.has(Flags::HTTP10) {
            writer.put(b"Connection: keep-alive\r\n")?;
        }
        writer.put_pair(*b"\r\n")?;
        let written = writer.written();
        self.begin_response(response, plan);
        Ok(written)
    }

    /// What a response would do, if it may be sent now.
    fn plan(&self, response: &Response<'_>) -> Result<Plan, Misuse> {
        if self.states.server() != State::SendHead {
            return Err(Misuse::NoRequest);
        }
        response.check()?;
        let status = response.status;
        let is_http10 = self.machine.flags.has(Flags::HTTP10);
        let plan = |change, sending, writes_framing, persists| {
            Ok(Plan { change, sending, writes_framing, persists, is_silent: false })
        };
        if status == Status::SWITCHING_PROTOCOLS {
            let is_asked = self.machine.flags.has_all(Flags::UPGRADE_FIELD.with(Flags::UPGRADE_OPTION)) && !is_http10;
            return if is_asked && self.has_no_more_body() {
                plan(Transition::Switch, OutboundFraming::UntilClose, false, false)
            } else {
                Err(Misuse::UpgradeNotRequested)
            };
        }
        if self.machine.flags.has(Flags::CONNECT) && (200..300).contains(&status.code()) {
            return if self.has_no_more_body() {
                plan(Transition::Switch, OutboundFraming::UntilClose, false, false)
            } else {
                Err(Misuse::UpgradeNotRequested)
            };
        }
        if status.is_informational() {
            // An HTTP/1.0 client does not know interim responses (RFC 9110 §15.2).
            return Ok(Plan {
                change: Transition::Interim,
                sending: self.sending,
                writes_framing: false,
                persists: true,
                is_silent: is_http10,
            });
        }
        if status.forbids_body() && response.length != Some(0) {
            return Err(Misuse::BodyNotAllowed);
        }
        let ends_by_close = response.length.is_none() && is_http10 && !self.machine.flags.has(Flags::HEAD);
        // A client that still waits for a 100 may or may not send its content now: nobody can tell.
        let is_unframed = self.machine.flags.has(Flags::EXPECT_CONTINUE) && self.states.client() == State::SendBody;
        let persists = self.persists() && !response.close && !ends_by_close && !is_unframed;
        let sending = match response.length {
            _ if self.machine.flags.has(Flags::HEAD) => OutboundFraming::Nothing,
            Some(_) => OutboundFraming::Length,
            None if is_http10 => OutboundFraming::UntilClose,
            None => OutboundFraming::Chunks,
        };
        plan(Transition::Final, sending, !status.forbids_body(), persists)
    }

    pub(super) fn has_no_more_body(&self) -> bool {
        self.states.client() == State::Done || self.machine.state == GrammarState::End
    }

    fn begin_response(&mut self, response: &Response<'_>, plan: Plan) {
        self.states.change(Side::Server, plan.change);
        if response.status == Status::CONTINUE {
            self.machine.flags.clear(Flags::EXPECT_CONTINUE);
        }
        if plan.change == Transition::Interim {
            return;
        }
        self.write_timer.refill();
        self.sending = plan.sending;
        self.unsent = response.length.unwrap_or(0);
        if plan.change == Transition::Switch {
            self.states.change(Side::Client, Transition::Switch);
            self.machine.state = GrammarState::UntilClose;
        }
        // What the peer asked for itself is not our wish.
        if !plan.persists && self.persists() {
            self.ending = Ending::AfterResponse;
        }
    }

    /// Writes a piece of the response's body into `out`, with its framing. Returns how much of the piece was taken, and
    /// how many bytes were written; both may be less than offered, and zero, if there is little room.
    ///
    /// To a HEAD request all is taken and nothing written.
    ///
    /// # Errors
    /// [`Misuse::NoBody`] and [`Misuse::BodyTooLong`]: nothing was written, and the connection is poisoned.
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
    /// there is no room. Returns how many bytes were written, framing included.
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
        Ok(self.body_writer().fill(out, fill))
    }

    /// The host has moved `bytes` of the body to the peer itself (sendfile, DMA). Only for a body of declared length,
    /// and only once all that was written before is sent.
    ///
    /// # Errors
    /// As [`Self::send_body`].
    pub fn note_external_send(&mut self, cx: &Context<'_>, bytes: u64) -> Result<(), WriteError> {
        self.check_body(cx, bytes)?;
        self.body_writer().skip(bytes).map_err(|misuse| self.misused(cx, misuse))
    }

    /// Writes the end of a chunked response with these trailer fields into `out`: all of it, or nothing. Returns its
    /// length. Only [`Self::finish`] remains after that.
    ///
    /// Whether the body is chunked depends on the request, too: an HTTP/1.0 client cannot take trailer fields, and after
    /// HEAD there is nothing that they could end. There they are dropped, and nothing is written.
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
        if self.states.server() == State::Tunnel {
            return Err(self.misused(cx, Misuse::TrailersNotAllowed));
        }
        self.body_writer().trailers(fields, out).map_err(|error| match error {
            WriteError::Full => WriteError::Full,
            WriteError::Misuse(misuse) => self.misused(cx, misuse),
        })
    }

    /// The response's body is complete. What ends it comes out of [`Self::poll_transmit`].
    ///
    /// # Errors
    /// [`Misuse::BodyTooShort`] where the declared length was not reached, [`Misuse::NoBody`] where there is no
    /// response; the connection is poisoned then, so that the peer sees that the message is not whole.
    pub fn finish(&mut self, cx: &Context<'_>) -> Result<(), WriteError> {
        self.check_body(cx, 0)?;
        self.body_writer().finish().map_err(|misuse| self.misused(cx, misuse))?;
        let was_tunnel = self.states.server() == State::Tunnel;
        self.states.change(Side::Server, Transition::End);
        if was_tunnel {
            self.linger_or_close(cx);
        }
        Ok(())
    }

    /// Bytes of the body that are still to be sent, where its length was declared.
    #[must_use]
    pub fn unsent(&self) -> Option<u64> {
        (self.states.server() == State::SendBody && self.sending == OutboundFraming::Length).then_some(self.unsent)
    }

    /// Is the response swallowed because the request was HEAD?
    #[must_use]
    pub fn discards_body(&self) -> bool {
        self.sending == OutboundFraming::Nothing && self.states.server() == State::SendBody
    }

    /// Writes what the connection itself has to say: a 100, the last chunk, the answer to an error. Returns its length,
    /// zero if there is nothing, or no room for it yet.
    #[must_use]
    pub fn poll_transmit(&mut self, cx: &Context<'_>, out: &mut [u8]) -> usize {
        let mut writer = Writer::new(out);
        if self.ending == Ending::Answer {
            return self.transmit_answer(cx, writer);
        }
        if self.sending == OutboundFraming::LastChunk && self.states.server() == State::Done {
            if writer.put(LAST_CHUNK).is_ok() {
                self.sending = OutboundFraming::Length;
            }
        } else if self.machine.flags.has(Flags::EXPECT_CONTINUE)
            && self.peer_timer.is_running()
            && (self.states.client(), self.states.server()) == (State::SendBody, State::SendHead)
            && writer.put(b"HTTP/1.1 100 Continue\r\n\r\n").is_ok()
        {
            self.machine.flags.clear(Flags::EXPECT_CONTINUE);
        }
        writer.written()
    }

    fn transmit_answer(&mut self, cx: &Context<'_>, mut writer: Writer<'_>) -> usize {
        let status = self.broken.and_then(Rule::status).unwrap_or(Status::INTERNAL_SERVER_ERROR);
        let put = writer
            .put_status(status, cx.date)
            .and_then(|()| writer.put(b"Content-Length: 0\r\nConnection: close\r\n\r\n"));
        if put.is_err() {
            return 0;
        }
        self.linger_or_close(cx);
        writer.written()
    }

    /// May `bytes` more of a body be sent?
    fn check_body(&mut self, cx: &Context<'_>, bytes: u64) -> Result<(), WriteError> {
        if !matches!(self.states.server(), State::SendBody | State::Tunnel) {
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

/// What a response does to the connection.
#[derive(Clone, Copy)]
struct Plan {
    change: Transition,
    sending: OutboundFraming,
    writes_framing: bool,
    persists: bool,
    is_silent: bool,
}
