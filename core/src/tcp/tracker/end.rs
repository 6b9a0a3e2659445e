//! What is kept of one end.

use crate::tcp::SequenceNumber;

/// The numbers of one end, as its segments show them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct End {
    /// SND.NXT: the number behind the last one that it has sent.
    pub(super) next: SequenceNumber,
    /// All before it was captured. Without a gap it is `next`.
    pub(super) contiguous: SequenceNumber,
    /// Where the first gap ends.
    pub(super) gap_end: SequenceNumber,
    /// All from here to `next` was captured. If it lies behind `gap_end`, nobody knows what is between: one gap is kept.
    pub(super) tail: SequenceNumber,
    /// RCV.NXT: the last number that it has acknowledged.
    pub(super) received: SequenceNumber,
    /// The latest of its time stamps, but for those behind a gap.
    pub(super) timestamp: u32,
    /// Of the segment whose round trip is measured: its time stamp, or the number behind it where it has none.
    pub(super) sample: u32,
    /// When that was captured, in microseconds that wrap around.
    pub(super) sampled_at: u32,
    /// The window that it offered last, unscaled.
    pub(super) window: u16,
    pub(super) flags: EndFlags,
}

/// What is known or pending of an end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EndFlags(u16);

impl EndFlags {
    /// `next` and what belongs to it are known.
    pub(super) const KNOWN: u16 = 1;
    /// It has acknowledged: `received` and `window` are known.
    pub(super) const ACKS: u16 = 2;
    /// It has sent a FIN, which is the last number before `next`.
    pub(super) const FIN: u16 = 4;
    /// It has got the other's FIN.
    pub(super) const GOT_FIN: u16 = 8;
    /// A round trip is being measured.
    pub(super) const SAMPLE: u16 = 16;
    /// By its time stamp.
    pub(super) const BY_TIME: u16 = 32;
    /// Its last segment lay outside of the window.
    pub(super) const ASTRAY: u16 = 64;
    /// It has something to answer by a challenge ACK.
    pub(super) const CHALLENGED: u16 = 128;
    /// More gaps were there than are kept.
    pub(super) const UNSURE: u16 = 256;
    /// `timestamp` is known.
    pub(super) const TIMED: u16 = 512;
    /// It is the client.
    pub(super) const CLIENT: u16 = 1_024;
    /// Its SYN was captured, and is the first segment of the connection.
    pub(super) const FIRST_SYN: u16 = 2_048;
    /// Its address is of IPv6.
    pub(super) const V6: u16 = 4_096;

    pub(super) const fn of(bits: u16) -> Self {
        Self(bits)
    }

    pub(super) const fn has(self, flag: u16) -> bool {
        self.0 & flag != 0
    }

    pub(super) const fn set(&mut self, flag: u16, is_so: bool) {
        self.0 = if is_so { self.0 | flag } else { self.0 & !flag };
    }
}

impl End {
    /// Begins at this number: nothing before it counts.
    pub(super) fn begin(&mut self, at: SequenceNumber) {
        (self.next, self.contiguous, self.gap_end, self.tail) = (at, at, at, at);
        self.flags.set(EndFlags::KNOWN, true);
        self.flags.set(EndFlags::UNSURE, false);
    }

    pub(super) fn has(&self, flag: u16) -> bool {
        self.flags.has(flag)
    }
}
