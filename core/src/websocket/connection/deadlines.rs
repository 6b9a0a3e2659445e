//! What a connection does when time passes.

use super::event::Abnormal;
use super::{Connection, Context, Due, State};
use crate::time::{Instant, Timer};
use crate::websocket::compression::Compression;
use crate::websocket::error::Rule;
use crate::websocket::role::Role;

impl<R: Role, C: Compression> Connection<R, C> {
    /// Of what was written, `sent` more bytes have left, and `left` still wait.
    pub fn handle_sent(&mut self, cx: &Context<'_>, sent: usize, left: usize) {
        if R::IN_TUNNEL {
            // It tells once that all has left which had to wait.
            if left == 0 {
                self.restore_message_time();
                self.resume(cx);
            }
            return;
        }
        let was_unsent = self.write_timer.note_moved(cx.limits.write, cx.now, sent, left > 0);
        if left > 0 {
            if !was_unsent {
                self.restore_message_time();
            }
            self.message_timer.stop(cx.now);
        } else if was_unsent {
            self.resume(cx);
        } else {
            self.run_message_timer(cx);
        }
    }

    /// Something was written. If it has to wait, the time of the message stands still from here on. If it leaves at once, that
    /// time runs on: otherwise a peer that sends Pings would have for ever.
    pub(super) fn note_message_time(&mut self, now: Instant) {
        if R::WATCHES {
            self.message_time_left = self.message_timer;
            self.message_time_left.stop(now);
        }
    }

    /// It has waited since it was written, and the peer was not read.
    fn restore_message_time(&mut self) {
        if R::WATCHES && self.message_time_left != Timer::FULL {
            self.message_timer = self.message_time_left;
        }
    }

    /// The handler keeps the peer waiting.
    pub(super) fn stop_message_time(&mut self, now: Instant) {
        if R::WATCHES {
            self.message_timer.stop(now);
        }
    }

    /// So many bytes have come.
    pub(super) fn note_received(&mut self, cx: &Context<'_>, taken: usize) {
        // Once only the end is awaited, what else comes buys no time.
        // Where nothing has come, the time of a message goes on as it did: it may stand still.
        if !R::WATCHES || self.state != State::Open || (taken == 0 && self.inbound.is_within()) {
            return;
        }
        if taken > 0 {
            self.awaits_pong = false;
            self.restart(cx);
        }
        self.message_timer.stop(cx.now);
        self.message_timer.earn(cx.limits.message, taken);
        self.run_message_timer(cx);
    }

    /// The peer is read again: what it sent meanwhile may still be on its way. That it takes what was sent is a sign of life.
    pub(super) fn resume(&mut self, cx: &Context<'_>) {
        self.run_message_timer(cx);
        self.restart(cx);
    }

    /// Within a message its time runs while the peer is read, and before one it is full.
    fn run_message_timer(&mut self, cx: &Context<'_>) {
        if !R::WATCHES {
            return;
        }
        if self.state != State::Open || !self.inbound.is_within() {
            self.message_timer = Timer::FULL;
        } else if self.held.is_none() {
            self.message_timer.start(cx.now);
        }
    }

    /// When to call [`Self::handle_timeout`], if nothing else happens before.
    #[must_use]
    pub fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        self.deadline(now).unless_never()
    }

    /// The same, and never if there is none.
    pub(super) fn deadline(&self, now: Instant) -> Instant {
        if self.state == State::Reset {
            return Instant::NEVER;
        }
        let first = match (R::WATCHES, R::IN_TUNNEL) {
            (false, true) => Instant::NEVER,
            (true, true) => Timer::first_deadline([self.message_timer, Timer::FULL], now),
            _ => Timer::first_deadline([self.message_timer, self.write_timer], now),
        };
        if self.is_watched() { first.min(self.deadline) } else { first }
    }

    /// Who is not read cannot show that it lives, and who has not got our Close cannot answer it.
    const fn is_watched(&self) -> bool {
        match self.state {
            State::Open => R::WATCHES && self.is_readable() && !self.due.is_close(),
            State::Closing | State::Closed | State::ClosedFirst => !self.is_unsent(),
            State::Reset => false,
        }
    }

    /// A deadline may be due. Does nothing if none is.
    pub fn handle_timeout(&mut self, cx: &Context<'_>) {
        if self.state == State::Reset {
            return;
        }
        if !R::IN_TUNNEL && self.write_timer.is_due(cx.now) {
            if matches!(self.state, State::Open | State::Closing) {
                self.end(Abnormal::WriteTimeout);
            }
            self.state = State::Reset;
        } else if R::WATCHES && self.message_timer.is_due(cx.now) {
            self.inbound.fail(Rule::MessageTimeout);
            self.begin_failing(cx);
        } else if self.is_watched() && self.deadline <= cx.now {
            match self.state {
                State::Open if !R::WATCHES => {}
                State::Open if !self.awaits_pong => (self.awaits_pong, self.due) = (true, Due::PING),
                State::Open => {
                    self.end(Abnormal::PongTimeout);
                    self.state = State::Reset;
                }
                State::Closing => self.end(Abnormal::CloseTimeout),
                State::Closed if !R::IS_SERVER => self.state = State::ClosedFirst,
                State::Closed | State::ClosedFirst | State::Reset => self.state = State::Reset,
            }
            self.restart(cx);
        }
    }
}
