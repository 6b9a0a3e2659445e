//! What a poller is asked to tell of.

use core::fmt;
use core::ops::BitOr;

/// What to be told of a source: any of these together, or nothing for now.
///
/// ```
/// use wirenut::readiness::Interest;
/// let both = Interest::READABLE | Interest::WRITABLE;
/// assert!(both.contains(Interest::WRITABLE) && !both.contains(Interest::PRIORITY));
/// assert_eq!(format!("{both:?}"), "{READABLE, WRITABLE}");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Interest(u8);

impl Interest {
    /// Nothing for now. The source stays registered; that it has failed or hung up may be told nevertheless.
    pub const NOTHING: Self = Self(0);
    /// There is something to read, accept or receive, or the peer has ended its direction.
    pub const READABLE: Self = Self(1);
    /// There is room to write, or a connection has come about.
    pub const WRITABLE: Self = Self(1 << 1);
    /// There is something urgent: TCP's out-of-band byte, a changed line of a GPIO chip.
    pub const PRIORITY: Self = Self(1 << 2);

    /// The peer has ended its direction, and nothing else: what comes before is not told. Where a poller cannot tell the two
    /// apart, as select(2), this is never told. With [`Self::READABLE`] it is told in any case.
    pub const READ_CLOSED: Self = Self(1 << 3);

    /// Is all of the other one in this one?
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Interest {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Self::READABLE, "READABLE"),
            (Self::WRITABLE, "WRITABLE"),
            (Self::PRIORITY, "PRIORITY"),
            (Self::READ_CLOSED, "READ_CLOSED"),
        ];
        let mut set = f.debug_set();
        for (_, name) in names.iter().filter(|(flag, _)| self.contains(*flag)) {
            set.entry(&format_args!("{name}"));
        }
        set.finish()
    }
}
