//! Deadlines of a connection.

use super::Context;
use crate::time::{Instant, Timer};

/// When what is due.
#[derive(Clone, Debug)]
pub(super) struct Timers {
    /// Until then the peer must end its message, at its pace.
    message: Timer,
    /// Until then it must take what was sent, at its pace.
    write: Timer,
    /// Until then it must say something: anything, a Pong, or once this end has closed, Close and the end of its stream.
    deadline: Instant,
    awaits_pong: bool,
    /// Only the end is awaited: what else comes buys no time.
    is_closing: bool,
}

impl Timers {
    pub(super) const fn new(cx: &Context<'_>) -> Self {
        Self {
            message: Timer::FULL,
            write: Timer::FULL,
            deadline: cx.now.saturating_add(cx.limits.ping),
            awaits_pong: false,
            is_closing: false,
        }
    }

    /// Does something that was sent wait?
    pub(super) const fn is_unsent(&self) -> bool {
        self.write.is_running()
    }

    pub(super) fn note_received(&mut self, cx: &Context<'_>, taken: usize, is_within: bool) {
        if self.is_closing {
            return;
        }
        if taken > 0 {
            (self.deadline, self.awaits_pong) = (cx.now.saturating_add(cx.limits.ping), false);
        }
        if is_within {
            self.message.stop(cx.now);
            self.message.earn(cx.limits.message, taken);
            self.message.start(cx.now);
        } else {
            self.message = Timer::FULL;
        }
    }

    /// The peer is not read for a while.
    pub(super) fn pause(&mut self, cx: &Context<'_>) {
        self.message.stop(cx.now);
    }

    /// It is read again: what it sent meanwhile may still be on its way.
    pub(super) fn resume(&mut self, cx: &Context<'_>, is_within: bool) {
        if is_within {
            self.message.start(cx.now);
        }
        self.deadline = self.deadline.max(cx.now.saturating_add(cx.limits.pong));
    }

    /// The peer's time runs while it is its turn. While something that was sent waits, it is read no more; and then its own
    /// time to take that runs.
    pub(super) fn note_sent(&mut self, cx: &Context<'_>, sent: usize, left: usize, is_within: bool) {
        let was_unsent = self.write.note_moved(cx.limits.write, cx.now, sent, left > 0);
        if self.is_closing {
            if was_unsent && left == 0 {
                self.begin_closing(cx);
            }
        } else if left > 0 {
            self.pause(cx);
        } else if was_unsent {
            self.resume(cx, is_within);
        }
    }

    /// Close was sent, or its answer has come: what follows is awaited, from when all of it has left.
    pub(super) const fn begin_closing(&mut self, cx: &Context<'_>) {
        (self.message, self.is_closing) = (Timer::FULL, true);
        self.deadline = cx.now.saturating_add(cx.limits.close);
    }

    /// It has ended without a Close: nothing of the peer is awaited but its end.
    pub(super) const fn end(&mut self) {
        (self.message, self.is_closing) = (Timer::FULL, true);
    }

    /// Was a Ping sent, and nothing has come since?
    pub(super) const fn awaits_pong(&self) -> bool {
        self.awaits_pong
    }

    /// A Ping is sent.
    pub(super) const fn await_pong(&mut self, cx: &Context<'_>) {
        (self.deadline, self.awaits_pong) = (cx.now.saturating_add(cx.limits.pong), true);
    }

    /// `is_read`: the peer can show that it lives, or ends.
    pub(super) fn first_deadline(&self, is_read: bool, now: Instant) -> Instant {
        let first = Timer::first_deadline([self.message, self.write], now);
        if is_read { first.min(self.deadline) } else { first }
    }

    pub(super) fn is_message_due(&self, now: Instant) -> bool {
        self.message.is_due(now)
    }

    pub(super) fn is_write_due(&self, now: Instant) -> bool {
        self.write.is_due(now)
    }

    pub(super) fn is_deadline_due(&self, now: Instant) -> bool {
        self.deadline <= now
    }
}
