//! What a poller tells.

use core::fmt;
use core::ops::{BitOr, BitOrAssign};

/// The caller's name for a source that it registers; it comes back with each of its events. What it means is the
/// caller's: an index, a descriptor, a slot and a generation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Token(pub u64);

/// What a source is ready for. Those of [`Interest`](super::Interest), and how it ended.
///
/// ```
/// use wirenut::readiness::Readiness;
/// let ready = Readiness::READABLE | Readiness::READ_CLOSED;
/// assert!(ready.contains(Readiness::READABLE) && !ready.contains(Readiness::HANG_UP));
/// assert_eq!(format!("{ready:?}"), "{READABLE, READ_CLOSED}");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Readiness(u8);

impl Readiness {
    /// Not at all.
    pub const NOTHING: Self = Self(0);
    /// POLLIN of poll(2).
    pub const READABLE: Self = Self(1);
    /// POLLPRI.
    pub const PRIORITY: Self = Self(1 << 1);
    /// POLLOUT.
    pub const WRITABLE: Self = Self(1 << 2);
    /// The source has failed: POLLERR.
    pub const ERROR: Self = Self(1 << 3);
    /// Both directions have ended: POLLHUP.
    pub const HANG_UP: Self = Self(1 << 4);
    /// The peer has ended its direction, a half-close: POLLRDHUP. There may still be something to read.
    pub const READ_CLOSED: Self = Self(1 << 5);

    /// Is all of the other one in this one?
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Readiness {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Readiness {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Self::READABLE, "READABLE"),
            (Self::PRIORITY, "PRIORITY"),
            (Self::WRITABLE, "WRITABLE"),
            (Self::ERROR, "ERROR"),
            (Self::HANG_UP, "HANG_UP"),
            (Self::READ_CLOSED, "READ_CLOSED"),
        ];
        let mut set = f.debug_set();
        for (_, name) in names.iter().filter(|(flag, _)| self.contains(*flag)) {
            set.entry(&format_args!("{name}"));
        }
        set.finish()
    }
}

/// Which source is ready, and for what.
///
/// `is_readable` and `is_writable` mean that a call would not wait: a source that failed or ended is both or one of
/// them, so that code which asks for nothing else finds out by reading or writing. They mean the same with every
/// poller; the three others are hints that some pollers (select) never give.
///
/// ```
/// use wirenut::readiness::{Event, Readiness, Token};
/// // The reading end of a pipe whose writer is gone, as poll(2) tells it.
/// let event = Event { token: Token(1), readiness: Readiness::HANG_UP };
/// assert!(event.is_readable() && !event.is_writable());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Event {
    /// Under which name it was registered.
    pub token: Token,
    /// What for.
    pub readiness: Readiness,
}

impl Event {
    /// Reading would not wait: it gives bytes, the end, or an error.
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.readiness.meets(Readiness(Readiness::READABLE.0 | Readiness::ERROR.0 | Readiness::HANG_UP.0))
    }

    /// Writing would not wait: it takes bytes, or gives an error.
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.readiness.meets(Readiness(Readiness::WRITABLE.0 | Readiness::ERROR.0))
    }

    /// Something urgent is there.
    #[must_use]
    pub const fn is_priority(self) -> bool {
        self.readiness.meets(Readiness::PRIORITY)
    }

    /// A hint: the source has failed.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.readiness.meets(Readiness::ERROR)
    }

    /// A hint: both directions have ended. What has come may still be read.
    #[must_use]
    pub const fn is_hang_up(self) -> bool {
        self.readiness.meets(Readiness::HANG_UP)
    }

    /// A hint: the peer has ended its direction. What has come may still be read.
    #[must_use]
    pub const fn is_read_closed(self) -> bool {
        self.readiness.meets(Readiness(Readiness::READ_CLOSED.0 | Readiness::HANG_UP.0))
    }
}
