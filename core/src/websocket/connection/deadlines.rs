//! What a connection does when time passes.

use super::event::Abnormal;
use super::{Connection, Context, Due, State};
use crate::time::Instant;
use crate::websocket::compression::Compression;
use crate::websocket::error::Rule;
use crate::websocket::role::Role;

impl<R: Role, C: Compression> Connection<R, C> {
    /// Of what was written, `sent` more bytes have left, and `left` still wait.
    pub fn handle_sent(&mut self, cx: &Context<'_>, sent: usize, left: usize) {
        self.timers.note_sent(cx, sent, left, self.inbound.is_within());
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
        self.timers.first_deadline(self.is_watched(), now)
    }

    /// Who is not read cannot show that it lives, and who has not got our Close cannot answer it.
    const fn is_watched(&self) -> bool {
        match self.state {
            State::Open => self.is_readable() && !matches!(self.due, Due::Close(_)),
            State::Closing | State::Closed { .. } => !self.timers.is_unsent(),
            State::Reset => false,
        }
    }

    /// A deadline may be due. Does nothing if none is.
    pub fn handle_timeout(&mut self, cx: &Context<'_>) {
        if self.state == State::Reset {
            return;
        }
        if self.timers.is_write_due(cx.now) {
            if matches!(self.state, State::Open | State::Closing) {
                self.end(Abnormal::WriteTimeout);
            }
            self.state = State::Reset;
        } else if self.timers.is_message_due(cx.now) {
            self.inbound.fail(Rule::MessageTimeout);
            self.begin_failing(cx);
        } else if self.is_watched() && self.timers.is_deadline_due(cx.now) {
            match self.state {
                State::Open if !self.timers.awaits_pong() => {
                    self.timers.await_pong(cx);
                    self.due = Due::Ping;
                }
                State::Open => {
                    self.end(Abnormal::PongTimeout);
                    self.state = State::Reset;
                }
                State::Closing => {
                    self.end(Abnormal::CloseTimeout);
                    self.timers.begin_closing(cx);
                }
                State::Closed { is_first: false } => {
                    self.state = State::Closed { is_first: true };
                    self.timers.begin_closing(cx);
                }
                State::Closed { is_first: true } | State::Reset => self.state = State::Reset,
            }
        }
    }
}
