//! Sequence numbers, which wrap around (RFC 9293 §3.4).

use core::fmt;

/// The number of a byte of a stream, modulo 2^32.
///
/// There is no order over all of them: of two, that one lies ahead to which the way forward is the shorter one.
///
/// ```
/// use wirenut::tcp::SequenceNumber;
/// let last = SequenceNumber::new(u32::MAX);
/// let next = last.add(2);
/// assert!(next.value() == 1 && last.is_before(next) && next.is_after(last));
/// assert_eq!((next.since(last), last.distance(next)), (2, -2));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SequenceNumber(u32);

impl SequenceNumber {
    /// This number.
    #[must_use]
    pub const fn new(value: u32) -> Self {
        Self(value)
    }

    /// The number as it stands in a header.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }

    /// The number of the byte `count` further on.
    #[must_use]
    pub const fn add(self, count: u32) -> Self {
        Self(self.0.wrapping_add(count))
    }

    /// The number of the byte `count` further back.
    #[must_use]
    pub const fn back(self, count: u32) -> Self {
        Self(self.0.wrapping_sub(count))
    }

    /// The way forward from `earlier` to here.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }

    /// How far ahead of `other` it lies; negative, if it lies behind.
    #[must_use]
    pub const fn distance(self, other: Self) -> i32 {
        self.since(other).cast_signed()
    }

    /// Does it lie behind `other`?
    #[must_use]
    pub const fn is_before(self, other: Self) -> bool {
        self.distance(other) < 0
    }

    /// Does it lie ahead of `other`?
    #[must_use]
    pub const fn is_after(self, other: Self) -> bool {
        self.distance(other) > 0
    }

    /// Whichever lies further ahead.
    #[must_use]
    pub const fn latest(self, other: Self) -> Self {
        if self.is_before(other) { other } else { self }
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
