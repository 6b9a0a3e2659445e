//! What goes to the peer: request heads and bodies, and what the connection itself has to say.

use crate::http::body::write::{LAST_CHUNK, OutboundFraming};
use crate::http::connection::context::Context;
use crate::http::connection::state::{Side, State, Transition};
use crate::http::connection::{Client, Connection, Ending};
use crate::http::error::{Misuse, WriteError};
use crate::http::flags::Flags;
use crate::http::message::request::Request;
use crate::http::message::response::Writer;

impl Connection<Client> {
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
            writer.put(LAST_CHUNK);
        }
        request.write(&mut writer);
        let written = writer.finish()?;
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

    /// Writes what the connection itself has to say: the last chunk. Returns its length, zero if there is nothing, or
    /// no room for it yet.
    #[must_use]
    pub fn poll_transmit(&mut self, _: &Context<'_>, out: &mut [u8]) -> usize {
        if self.sending != OutboundFraming::LastChunk || self.error().is_some() {
            return 0;
        }
        self.transmit_last_chunk(out)
    }
}
