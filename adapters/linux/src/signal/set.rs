//! Sets of signals: sigsetops(3).

use core::fmt;

use super::Signal;
use crate::sys::sigset::Bits;

/// A set of signals, to block or to wait for.
///
/// ```
/// use wirenut_linux::signal::{Signal, SignalSet};
/// let mut set = SignalSet::from([Signal::SIGINT, Signal::SIGTERM]);
/// set.insert(Signal::SIGHUP);
/// assert!(set.contains(Signal::SIGHUP) && !set.contains(Signal::SIGUSR1));
/// assert_eq!(format!("{set:?}"), "{SIGHUP, SIGINT, SIGTERM}");
/// assert_eq!(Signal::all().collect::<SignalSet>(), SignalSet::full());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SignalSet {
    bits: Bits,
}

impl SignalSet {
    /// None.
    pub const EMPTY: Self = Self { bits: 0 };

    /// All signals. That SIGKILL, SIGSTOP and what libc keeps for itself cannot be blocked is no error: the system leaves them
    /// out, as sigfillset(3) has it.
    #[must_use]
    pub fn full() -> Self {
        Signal::all().collect()
    }

    /// Adds one, which may be in it.
    pub const fn insert(&mut self, signal: Signal) {
        self.bits |= Self::bit(signal);
    }

    /// Takes one out, if it is in it.
    pub const fn remove(&mut self, signal: Signal) {
        self.bits &= !Self::bit(signal);
    }

    /// Whether it is in it.
    #[must_use]
    pub const fn contains(&self, signal: Signal) -> bool {
        self.bits & Self::bit(signal) != 0
    }

    /// Whether there is none in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bits == 0
    }

    /// Those in it, by number.
    pub fn iter(&self) -> impl Iterator<Item = Signal> + use<> {
        let set = *self;
        Signal::all().filter(move |signal| set.contains(*signal))
    }

    pub(super) const fn from_bits(bits: Bits) -> Self {
        Self { bits }
    }

    pub(crate) const fn bits(self) -> Bits {
        self.bits
    }

    const fn bit(signal: Signal) -> Bits {
        1 << (signal.number() & 127)
    }
}

impl FromIterator<Signal> for SignalSet {
    fn from_iter<I: IntoIterator<Item = Signal>>(signals: I) -> Self {
        let mut set = Self::EMPTY;
        set.extend(signals);
        set
    }
}

impl Extend<Signal> for SignalSet {
    fn extend<I: IntoIterator<Item = Signal>>(&mut self, signals: I) {
        signals.into_iter().for_each(|signal| self.insert(signal));
    }
}

impl<const N: usize> From<[Signal; N]> for SignalSet {
    fn from(signals: [Signal; N]) -> Self {
        signals.into_iter().collect()
    }
}

impl From<Signal> for SignalSet {
    fn from(signal: Signal) -> Self {
        Self::from([signal])
    }
}

impl fmt::Debug for SignalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
