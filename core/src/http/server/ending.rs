//! How a connection ends: errors, time, resets, and the wish of either side.

use super::super::body::Sending;
use super::super::flags::Flags;
use super::super::state::{Change, Side, State};
use super::{Context, Ending, Error, Rule, ServerConnection};
use crate::time::{Deadline, Duration, Instant};

impl ServerConnection {
    /// When [`Self::handle_timeout`] is to be called, if nothing else happens before. Changes with every other call.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadline().instant()
    }

    /// The same, in the form that is kept.
    pub(crate) fn deadline(&self) -> Deadline {
        if matches!(self.ending, Ending::Close | Ending::Abort) {
            return Deadline::NEVER;
        }
        // The times to linger and to be idle run only once the last response is sent.
        let is_sending = self.write_time.is_running();
        let rests_later = is_sending && (self.ending == Ending::Linger || self.is_idle());
        // Bytes of a tunnel come when they come; the service that reads them has its own deadlines.
        let is_tunnel = self.states.client() == State::Tunnel;
        let is_peers_turn = self.is_readable() && !rests_later && !is_tunnel;
        let peer = if is_peers_turn { Deadline::at(Instant::from_micros(self.peer_time)) } else { Deadline::NEVER };
        peer.min(self.write_time.deadline())
    }

    /// Time has passed. Does nothing before [`Self::poll_timeout`] is due.
    ///
    /// # Errors
    /// [`Rule::HeadTimeout`], [`Rule::BodyTimeout`] or [`Rule::WriteTimeout`]. The end of an idle connection and of
    /// one that lingers is no error.
    pub fn handle_timeout(&mut self, cx: &Context<'_>) -> Result<(), Error> {
        if !self.deadline().is_due(cx.now) {
            return Ok(());
        }
        if self.write_time.deadline().is_due(cx.now) {
            return Err(self.fail(cx, Rule::WriteTimeout));
        }
        match (self.ending, self.states.client()) {
            (Ending::Linger, _) => {
                self.ending = Ending::Close;
                Ok(())
            }
            (_, State::Idle) if !self.flags.has(Flags::BEGUN) => {
                self.states.change(Side::Client, Change::Close);
                self.ending = Ending::Close;
                Ok(())
            }
            (_, State::Idle) => Err(self.fail(cx, Rule::HeadTimeout)),
            _ => Err(self.fail(cx, Rule::BodyTimeout)),
        }
    }

    /// Of what was written, `sent` more bytes are on their way (given to the transport's peer as far as the host can
    /// tell), and `left` bytes still wait. The peer's time to take them runs while some wait.
    pub fn handle_sent(&mut self, cx: &Context<'_>, sent: usize, left: usize) {
        let sent = u64::try_from(sent).unwrap_or(u64::MAX);
        if left > 0 {
            return self.write_time.run(cx.limits.write, cx.now, sent);
        }
        if !self.write_time.is_running() {
            return;
        }
        self.write_time.stop(cx.limits.write, cx.now, sent);
        if self.ending == Ending::Linger {
            self.restart_peer_time(cx, cx.limits.linger);
        } else if self.is_idle() {
            self.restart_peer_time(cx, cx.limits.idle);
        }
    }

    /// The transport failed: nothing more can come or go.
    pub fn handle_reset(&mut self, cx: &Context<'_>) -> Error {
        let error = self.fail(cx, Rule::Reset);
        self.ending = Ending::Abort;
        error
    }

    /// The host wants the connection to end: at once if it is idle, otherwise after the response to the current
    /// request, which says so.
    pub fn retire(&mut self) {
        if self.ending != Ending::Open {
            return;
        }
        if self.is_idle() {
            self.states.change(Side::Client, Change::Close);
            self.ending = Ending::Close;
        } else {
            self.ending = Ending::AfterResponse;
        }
    }

    /// Gives the exchange up. Before a response was begun it is answered by the status of `rule`; after that the
    /// connection is cut so that the peer can see that the response is not whole.
    pub fn abort(&mut self, cx: &Context<'_>, rule: Rule) -> Error {
        self.fail(cx, rule)
    }

    /// A rule was broken `at` bytes behind what was consumed.
    pub(super) fn fail_at(&mut self, cx: &Context<'_>, rule: Rule, at: usize) -> Error {
        self.offset = self.offset.saturating_add(u64::try_from(at).unwrap_or(u64::MAX));
        self.fail(cx, rule)
    }

    /// Poisons the connection. The first error stays.
    #[cold]
    pub(super) fn fail(&mut self, cx: &Context<'_>, rule: Rule) -> Error {
        if let Some(error) = self.error() {
            if matches!(rule, Rule::WriteTimeout | Rule::Reset | Rule::HostClosed) {
                self.ending = Ending::Abort;
            }
            return error;
        }
        self.stop_awaiting(cx.now);
        self.broken = Some(rule);
        let was_responding = self.states.server();
        let can_answer = rule.status().is_some() && self.flags.has(Flags::BEGUN);
        self.states.change(Side::Client, Change::Fail);
        self.states.change(Side::Server, Change::Fail);
        self.ending = match was_responding {
            _ if matches!(rule, Rule::WriteTimeout | Rule::Reset | Rule::HostClosed) => Ending::Abort,
            State::Idle | State::SendHead if can_answer => Ending::Answer,
            State::SendBody if self.sending == Sending::Nothing => Ending::Linger,
            State::SendBody | State::SendHead | State::Tunnel => Ending::Abort,
            State::Done if self.sending == Sending::LastChunk => Ending::Abort,
            State::Idle | State::Done | State::MustClose | State::Closed | State::Error => Ending::Linger,
        };
        if self.ending == Ending::Linger {
            self.linger_or_close(cx);
        }
        Error { rule, offset: self.offset }
    }

    /// The last response is complete.
    pub(super) fn retire_now(&mut self, cx: &Context<'_>) {
        let is_all_read = self.has_no_more_body();
        let peer_said_so = self.ending == Ending::Open;
        self.states.change(Side::Client, Change::Retire);
        self.states.change(Side::Server, Change::Retire);
        if is_all_read && peer_said_so {
            // The peer asked for it and sends nothing more, so nothing can collide with the response.
            self.ending = Ending::Close;
        } else {
            self.linger_or_close(cx);
        }
    }

    pub(super) fn linger_or_close(&mut self, cx: &Context<'_>) {
        if self.flags.has(Flags::EOF) {
            self.ending = Ending::Close;
        } else {
            self.ending = Ending::Linger;
            self.restart_peer_time(cx, cx.limits.linger);
        }
    }

    fn restart_peer_time(&mut self, cx: &Context<'_>, time: Duration) {
        self.turn().restart(cx.now, time);
    }

    /// Is an error answer still to be written by [`Self::poll_transmit`]?
    pub(crate) const fn owes_error_answer(&self) -> bool {
        matches!(self.ending, Ending::Answer)
    }

    /// The error answer is larger than any room there will be: the connection ends without it.
    pub(crate) fn give_up_answer(&mut self) {
        if self.ending == Ending::Answer {
            self.ending = Ending::Abort;
        }
    }
}
