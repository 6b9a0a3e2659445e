//! Whose turn it is: the peer's time runs only while the connection waits for the peer.

use super::flags::Flags;
use crate::time::{Duration, Instant};

/// The peer's time: a view of what a connection keeps about it.
pub(crate) struct Turn<'c> {
    /// While the peer is awaited: the microsecond at which its time is up. Otherwise: the microseconds it has left.
    pub(crate) time: &'c mut u64,
    pub(crate) flags: &'c mut Flags,
}

impl Turn<'_> {
    /// It is the peer's turn: its time runs.
    #[inline]
    pub(crate) fn begin(&mut self, now: Instant) {
        if !self.flags.has(Flags::AWAITS_PEER) {
            self.flags.set(Flags::AWAITS_PEER);
            *self.time = now.as_micros().saturating_add(*self.time);
        }
    }

    /// It is not the peer's turn: its time stands still.
    #[inline]
    pub(crate) fn end(&mut self, now: Instant) {
        if self.flags.has(Flags::AWAITS_PEER) {
            self.flags.clear(Flags::AWAITS_PEER);
            *self.time = self.time.saturating_sub(now.as_micros());
        }
    }

    /// It is the peer's turn, with so much time from now on.
    #[inline]
    pub(crate) fn restart(&mut self, now: Instant, time: Duration) {
        self.flags.clear(Flags::AWAITS_PEER);
        *self.time = time.as_micros();
        self.begin(now);
    }
}
