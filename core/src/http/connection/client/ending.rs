//! How a connection ends: errors, time, resets, and the wish of either side.

use super::{ClientConnection, Ending};
use crate::http::connection::context::Context;
use crate::http::connection::state::{Side, State, Transition};
use crate::http::error::{Error, Rule};
use crate::http::flags::Flags;
use crate::http::grammar::state::State as GrammarState;
use crate::http::limits::Limits;
use crate::time::{Duration, Instant, earlier};

impl ClientConnection {
    /// When [`Self::handle_timeout`] is to be called, if nothing else happens before. Changes with every other call.
    #[must_use]
    pub fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        let peer = if self.is_hurrying_peer() { self.peer_timer.deadline(now) } else { None };
        earlier(peer, self.write_timer.deadline(now)).filter(|_| self.has_deadlines())
    }

    /// Is one of the deadlines due?
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let is_peer_due = self.is_hurrying_peer() && self.peer_timer.is_due(now);
        self.has_deadlines() && (is_peer_due || self.write_timer.is_due(now))
    }

    const fn has_deadlines(&self) -> bool {
        !matches!(self.ending, Ending::Close | Ending::Broken(_))
    }

    /// Does the peer's time to send run, and count?
    fn is_hurrying_peer(&self) -> bool {
        let waits = self.is_waiting();
        // The times to answer and to be idle run only once the requests are sent.
        let is_sending = self.write_timer.is_running();
        let rests_later = is_sending && waits;
        // Nobody answers a request that we have not finished, except to let us go on.
        let is_our_turn = waits && self.is_sending_oldest() && !self.is_held();
        // Bytes of a tunnel come when they come; who reads them has his own deadlines.
        let is_tunnel = self.states.server() == State::Tunnel;
        self.is_readable() && !rests_later && !is_our_turn && !is_tunnel
    }

    /// Time has passed. Does nothing before [`Self::poll_timeout`] is due.
    ///
    /// # Errors
    /// [`Rule::ResponseTimeout`], [`Rule::HeadTimeout`], [`Rule::BodyTimeout`] or [`Rule::WriteTimeout`]. The end of an
    /// idle connection is no error, and that of the time for a 100 lets the body go.
    pub fn handle_timeout(&mut self, cx: &Context<'_>) -> Result<(), Error> {
        if !self.is_due(cx.now) {
            return Ok(());
        }
        if self.write_timer.is_due(cx.now) {
            return Err(self.fail(cx, Rule::WriteTimeout));
        }
        match self.states.server() {
            State::Idle => {
                self.close();
                Ok(())
            }
            State::SendHead if self.machine.flags.has(Flags::BEGUN) => Err(self.fail(cx, Rule::HeadTimeout)),
            State::SendHead if self.is_held() && self.is_sending_oldest() => {
                self.machine.flags.clear(Flags::EXPECT_CONTINUE);
                Ok(())
            }
            State::SendHead => Err(self.fail(cx, Rule::ResponseTimeout)),
            State::SendBody | State::Done | State::MustClose | State::Closed | State::Tunnel | State::Error => {
                Err(self.fail(cx, Rule::BodyTimeout))
            }
        }
    }

    /// The peer has ended its direction, and all that it sent was consumed, or is too little to go on with. Call
    /// [`Self::receive`] afterwards: a body without another end is complete with this one.
    ///
    /// # Errors
    /// [`Rule::Unanswered`] where a response is due and nothing of it has come, [`Rule::Truncated`] in the middle of
    /// one.
    pub fn handle_eof(&mut self, cx: &Context<'_>) -> Result<(), Error> {
        self.machine.flags.set(Flags::EOF);
        if !self.peer_timer.is_running() {
            // What came before is not understood yet. When it turns out to be too little, `receive` comes back here.
            return Ok(());
        }
        self.peer_timer.stop(cx.now);
        match (self.ending, self.states.server()) {
            (Ending::Close | Ending::Broken(_), _) => Ok(()),
            (_, State::Idle) => {
                self.close();
                Ok(())
            }
            (_, State::SendHead) if !self.machine.flags.has(Flags::SEEN) => Err(self.fail(cx, Rule::Unanswered)),
            (_, State::SendBody) if self.machine.state == GrammarState::UntilClose => Ok(()),
            (_, State::SendHead | State::SendBody) => Err(self.fail(cx, Rule::Truncated)),
            _ => Ok(()),
        }
    }

    /// Of what was written, `sent` more bytes are on their way (given to the transport's peer as far as the host can
    /// tell), and `left` bytes still wait. The peer's time to take them runs while some wait.
    pub fn handle_sent(&mut self, cx: &Context<'_>, sent: usize, left: usize) {
        let sent = u64::try_from(sent).unwrap_or(u64::MAX);
        if left > 0 {
            return self.write_timer.run_at(cx.limits.write, cx.now, sent);
        }
        if !self.write_timer.is_running() {
            return;
        }
        self.write_timer.rest_at(cx.limits.write, cx.now, sent);
        if self.is_waiting() {
            self.restart_wait(cx);
        }
    }

    /// The transport failed: nothing more can come or go.
    pub fn handle_reset(&mut self, cx: &Context<'_>) -> Error {
        self.fail(cx, Rule::Reset)
    }

    /// The application wants the connection to end: at once if it is idle, otherwise after the responses that are due.
    pub fn retire(&mut self) {
        if self.is_idle() {
            self.close();
        } else if self.ending == Ending::Open {
            self.ending = Ending::AfterResponse;
        }
    }

    /// Gives the connection up, with all that is outstanding on it.
    pub fn abort(&mut self, cx: &Context<'_>, rule: Rule) -> Error {
        self.fail(cx, rule)
    }

    /// Poisons the connection. The first error stays.
    #[cold]
    pub(super) fn fail(&mut self, cx: &Context<'_>, rule: Rule) -> Error {
        if let Some(error) = self.error() {
            return error;
        }
        self.peer_timer.stop(cx.now);
        self.states.change(Side::Client, Transition::Fail);
        self.states.change(Side::Server, Transition::Fail);
        self.ending = Ending::Broken(rule);
        Error { rule, offset: self.machine.offset }
    }

    fn close(&mut self) {
        self.states.change(Side::Client, Transition::Close);
        self.states.change(Side::Server, Transition::Close);
        self.ending = Ending::Close;
    }

    /// Is nothing of the next response here, or of none?
    fn is_waiting(&self) -> bool {
        matches!(self.states.server(), State::Idle | State::SendHead) && !self.machine.flags.has(Flags::BEGUN)
    }

    /// How long the first byte of the next response may take.
    pub(super) fn wait_time(&self, limits: &Limits) -> Duration {
        if self.pipeline.is_empty() {
            limits.idle
        } else if self.is_held() && self.is_sending_oldest() {
            limits.expect
        } else {
            limits.response
        }
    }

    pub(super) fn restart_wait(&mut self, cx: &Context<'_>) {
        let time = self.wait_time(cx.limits);
        self.peer_timer.restart(cx.now, time);
    }
}
