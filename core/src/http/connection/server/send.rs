//! What goes to the peer: response heads, bodies, and what the connection itself has to say.

use crate::bytes;
use crate::http::body::write::OutboundFraming;
use crate::http::connection::context::Context;
use crate::http::connection::state::{Side, State, Transition};
use crate::http::connection::{Connection, Ending, Server};
use crate::http::error::{Misuse, Rule, WriteError};
use crate::http::flags::Flags;
use crate::http::grammar::state::State as GrammarState;
use crate::http::message::response::{Response, Writer, put_whole};
use crate::http::status::Status;
use crate::http::value::date::HttpDate;

impl Connection<Server> {
    /// Writes the head of a response into `out`: all of it, or nothing. Returns its length. A head is never cut: the
    /// largest room that will ever be offered must hold it. A [`Session`](crate::http::service::Session) answers 500 in
    /// place of one that is larger ([`Rule::ResponseTooLarge`]).
    ///
    /// A 1xx status other than 101 is an interim response: the final one still has to come. 101, and 2xx to CONNECT,
    /// turn the connection into a tunnel: from then on body pieces are its bytes, both ways.
    ///
    /// # Errors
    /// [`WriteError::Full`] where it does not fit: call again with more room. [`WriteError::Misuse`] poisons the
    /// connection: the message would be invalid.
    pub fn respond(&mut self, cx: &Context<'_>, response: &Response<'_>, out: &mut [u8]) -> Result<usize, WriteError> {
        let plan = self.plan(response).map_err(|misuse| self.misused(cx, misuse))?;
        let written = self.write_head(cx, response, plan, out)?;
        self.begin_response(response, plan);
        Ok(written)
    }

    /// Writes a response with this body, all of it or nothing: [`WriteError::Full`] where it does not fit, to a HEAD
    /// request as to a GET.
    pub(crate) fn send(
        &mut self,
        cx: &Context<'_>,
        response: &Response<'_>,
        body: &[u8],
        out: &mut [u8],
    ) -> Result<usize, WriteError> {
        let response = response.with_length(u64::try_from(body.len()).unwrap_or(u64::MAX));
        let plan = self.plan(&response).map_err(|misuse| self.misused(cx, misuse))?;
        let head = self.write_head(cx, &response, plan, out)?;
        let rest = out.get_mut(head..).filter(|rest| rest.len() >= body.len()).ok_or(WriteError::Full)?;
        if plan.change == Transition::Interim {
            // Its body would be that of a response that has not begun.
            return Err(self.misused(cx, Misuse::NoBody));
        }
        self.begin_response(&response, plan);
        self.unsent = 0;
        if self.sending == OutboundFraming::Discarded {
            return Ok(head);
        }
        bytes::copy(body, rest);
        Ok(head.wrapping_add(body.len()))
    }

    fn write_head(
        &self,
        cx: &Context<'_>,
        response: &Response<'_>,
        plan: Plan,
        out: &mut [u8],
    ) -> Result<usize, WriteError> {
        let is_http10 = self.machine.flags.has(Flags::HTTP10);
        // Such a client does not know interim responses (RFC 9110 §15.2).
        if is_http10 && plan.change == Transition::Interim {
            return Ok(0);
        }
        let mut writer = Writer::new(out);
        writer.put_status(response.status, cx.date.map(HttpDate::as_bytes));
        response.fields.iter().for_each(|field| writer.put_field(field));
        if plan.change == Transition::Final {
            match response.length {
                _ if response.status.forbids_body() => {}
                Some(length) => writer.put_content_length(length),
                // An HTTP/1.0 client knows no transfer coding (RFC 9112 §6.1), not even of a body that it will not get.
                None if is_http10 => {}
                None => writer.put(b"Transfer-Encoding: chunked\r\n"),
            }
            if !plan.persists {
                writer.put(b"Connection: close\r\n");
            } else if is_http10 {
                writer.put(b"Connection: keep-alive\r\n");
            }
        }
        // Whoever says what it would upgrade to says so in Connection, too (RFC 9110 §7.8).
        if response.status == Status::SWITCHING_PROTOCOLS || response.status == Status::UPGRADE_REQUIRED {
            writer.put(b"Connection: upgrade\r\n");
        }
        writer.put_pair(*b"\r\n");
        writer.finish()
    }

    /// What a response would do, if it may be sent now.
    fn plan(&self, response: &Response<'_>) -> Result<Plan, Misuse> {
        if self.states.server() != State::SendHead {
            return Err(Misuse::NoRequest);
        }
        response.check()?;
        let status = response.status;
        let is_http10 = self.machine.flags.has(Flags::HTTP10);
        let is_upgrade = status == Status::SWITCHING_PROTOCOLS;
        if is_upgrade || (self.machine.flags.has(Flags::CONNECT) && status.is_successful()) {
            let asks = self.machine.flags.has_all(Flags::UPGRADE_FIELD.with(Flags::UPGRADE_OPTION)) && !is_http10;
            return if (asks || !is_upgrade) && self.has_no_more_body() {
                Ok(Plan { change: Transition::Switch, sending: OutboundFraming::UntilClose, persists: false })
            } else {
                Err(Misuse::UpgradeNotRequested)
            };
        }
        if status.is_informational() {
            return Ok(Plan { change: Transition::Interim, sending: self.sending, persists: true });
        }
        if status.forbids_body() && response.length != Some(0) {
            return Err(Misuse::BodyNotAllowed);
        }
        let ends_by_close = response.length.is_none() && is_http10 && !self.machine.flags.has(Flags::HEAD);
        // A client that still waits for a 100 may or may not send its content now: nobody can tell.
        let is_unframed = self.machine.flags.has(Flags::EXPECT_CONTINUE) && self.states.client() == State::SendBody;
        let persists = self.persists() && !response.close && !ends_by_close && !is_unframed;
        let sending = match response.length {
            _ if self.machine.flags.has(Flags::HEAD) => OutboundFraming::Discarded,
            Some(_) => OutboundFraming::Length,
            None if is_http10 => OutboundFraming::UntilClose,
            None => OutboundFraming::Chunks,
        };
        Ok(Plan { change: Transition::Final, sending, persists })
    }

    pub(super) fn has_no_more_body(&self) -> bool {
        self.states.client() == State::Done || self.machine.state == GrammarState::End
    }

    fn begin_response(&mut self, response: &Response<'_>, plan: Plan) {
        if response.status == Status::CONTINUE {
            self.machine.flags.clear(Flags::EXPECT_CONTINUE);
        }
        if plan.change == Transition::Interim {
            self.states.change(Side::Server, Transition::Interim);
            return;
        }
        if plan.change == Transition::Switch {
            self.states.change_both(Transition::Switch);
            self.machine.state = GrammarState::UntilClose;
            // Trailer fields of the request are none of the tunnel's.
            self.machine.flags.clear(Flags::TRAILERS);
        } else {
            self.states.change(Side::Server, Transition::Final);
        }
        self.write_timer.refill();
        self.sending = plan.sending;
        self.unsent = response.length.unwrap_or(0);
        // What the peer asked for itself is not our wish.
        if !plan.persists && self.persists() {
            self.ending = Ending::AfterResponse;
        }
    }

    /// Is the response swallowed because the request was HEAD?
    #[must_use]
    pub fn discards_body(&self) -> bool {
        self.sending == OutboundFraming::Discarded && self.states.server() == State::SendBody
    }

    /// Writes what the connection itself has to say: a 100, the last chunk, the answer to an error. Returns its length,
    /// zero if there is nothing, or no room for it yet.
    #[must_use]
    pub fn poll_transmit(&mut self, cx: &Context<'_>, out: &mut [u8]) -> usize {
        if self.ending == Ending::Answer {
            return self.transmit_answer(cx, out);
        }
        if self.sending == OutboundFraming::LastChunk && self.states.server() == State::Done {
            return self.transmit_last_chunk(out);
        }
        let owes_continue = self.machine.flags.has(Flags::EXPECT_CONTINUE)
            && self.peer_timer.is_running()
            && (self.states.client(), self.states.server()) == (State::SendBody, State::SendHead);
        let written = if owes_continue { put_whole(b"HTTP/1.1 100 Continue\r\n\r\n", out) } else { 0 };
        if written > 0 {
            self.machine.flags.clear(Flags::EXPECT_CONTINUE);
        }
        written
    }

    fn transmit_answer(&mut self, cx: &Context<'_>, out: &mut [u8]) -> usize {
        let Some(status) = self.broken.and_then(Rule::status) else { return 0 };
        let mut writer = Writer::new(out);
        writer.put_status(status, cx.date.map(HttpDate::as_bytes));
        writer.put(b"Content-Length: 0\r\nConnection: close\r\n\r\n");
        let written = writer.finish().unwrap_or(0);
        if written > 0 {
            self.linger_or_close(cx);
        }
        written
    }
}

/// What a response does to the connection.
#[derive(Clone, Copy)]
struct Plan {
    change: Transition,
    sending: OutboundFraming,
    persists: bool,
}
