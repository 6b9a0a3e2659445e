//! What is unusual about a segment, by name.

use core::fmt;

/// Defines the anomalies, each with its place in a set and its name.
macro_rules! anomalies {
    ($($(#[$doc:meta])* $name:ident = $bit:literal, $text:literal;)*) => {
        /// Something unusual about a segment, or about what it shows of the connection or of the capture.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Anomaly {
            $($(#[$doc])* $name = $bit,)*
        }

        impl Anomaly {
            /// All of them, for tables and tests.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name, in lower-case words.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            const fn bit(self) -> u32 {
                match self { $(Self::$name => 1 << $bit,)* }
            }
        }
    };
}

anomalies! {
    // Of sequence numbers and data.
    /// All its bytes were captured before.
    Retransmission = 0, "retransmission";
    /// Its bytes come behind others that were sent after them: reordered, or sent again in place of some that were lost
    /// before they were captured.
    OutOfOrder = 1, "out of order";
    /// Some of its bytes were captured before, others were not.
    Overlap = 2, "overlap";
    /// Bytes before it are missing: they are on another way, or lost.
    Gap = 3, "gap";
    /// It lies outside of the receiver's window (RFC 9293 §3.10.7.4). It counts for nothing.
    OutsideWindow = 4, "outside of the window";
    /// Its sender had ended its direction before these bytes. They count for nothing.
    DataAfterFin = 5, "data after FIN";
    /// It carries data in a SYN (RFC 7413, or a scan).
    DataInSyn = 6, "data in SYN";

    // Of acknowledgments.
    /// Acknowledges the same as the one before, while data is on its way.
    DuplicateAck = 7, "duplicate ACK";
    /// Acknowledges bytes that were not captured: the capture lost them, not the network.
    AckOfUnseen = 8, "ACK of bytes not captured";
    /// Acknowledges what its receiver cannot have sent (RFC 9293 §3.10.7.4).
    UnacceptableAck = 9, "unacceptable ACK";
    /// The answer to something suspicious (RFC 5961): says where its sender is, and asks the other to prove itself.
    ChallengeAck = 10, "challenge ACK";

    // Of windows.
    /// Its sender takes no more bytes for now: the connection stalls.
    ZeroWindow = 11, "zero window";
    /// Asks whether the receiver's window is still zero (RFC 9293 §3.8.6.1): by the next byte, or, as Linux does it, by a
    /// segment that would be a keep-alive probe if the window were open.
    WindowProbe = 12, "window probe";
    /// Asks whether the other is still there (RFC 9293 §3.8.4).
    KeepAlive = 13, "keep-alive probe";

    // Of openings and ends.
    /// A SYN within a connection: its sender has forgotten it, or it is an old one, or forged. A challenge ACK answers it
    /// (RFC 9293 §3.10.7.4).
    SynInConnection = 14, "SYN within a connection";
    /// A reset that lies outside of its receiver's window, which ignores it (RFC 5961 §3.2): old, or forged.
    ResetOutsideWindow = 15, "reset outside of the window";
    /// A reset in the window, but not at the next byte: a challenge ACK answers it (RFC 5961 §3.2).
    InexactReset = 16, "inexact reset";
    /// A reset in answer to a SYN: nobody listens.
    Refused = 17, "refused";
    /// More connections are half open than [`Policy::max_half_open`](super::Policy::max_half_open).
    HalfOpenFlood = 18, "half-open flood";
    /// Flags that no end sends (SYN with FIN or RST; none at all): a scan. It counts for nothing.
    InvalidFlags = 19, "invalid flags";

    // Of options.
    /// The list of options is malformed. What it says is left away.
    MalformedOptions = 20, "malformed options";
    /// New data with an older time stamp than the last one that its receiver has taken (RFC 7323 §5, PAWS): overtaken by what
    /// was sent again, of an earlier connection, or forged. It counts for nothing.
    OldTimestamp = 21, "old time stamp";
    /// A window is shifted by more than 14 bits (RFC 7323 §2.3).
    ExcessiveScale = 22, "excessive window scale";
}

/// A set of anomalies.
///
/// ```
/// use wirenut::tcp::tracker::{Anomalies, Anomaly};
/// let anomalies = Anomalies::NONE.with(Anomaly::Gap).with(Anomaly::ZeroWindow);
/// assert!(anomalies.contains(Anomaly::Gap) && !anomalies.contains(Anomaly::KeepAlive));
/// assert_eq!(std::format!("{anomalies}"), "gap, zero window");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Anomalies(u32);

impl Anomalies {
    /// Nothing is unusual.
    pub const NONE: Self = Self(0);

    /// These, and one more.
    #[must_use]
    pub const fn with(self, anomaly: Anomaly) -> Self {
        Self(self.0 | anomaly.bit())
    }

    /// Is it among them?
    #[must_use]
    pub const fn contains(self, anomaly: Anomaly) -> bool {
        self.0 & anomaly.bit() != 0
    }

    /// Are there none?
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, in the order of [`Anomaly::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Anomaly> {
        Anomaly::ALL.iter().copied().filter(move |anomaly| self.contains(*anomaly))
    }

    pub(super) const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    pub(super) fn add(&mut self, anomaly: Anomaly) {
        *self = self.with(anomaly);
    }

    pub(super) fn add_if(&mut self, is_so: bool, anomaly: Anomaly) {
        if is_so {
            self.add(anomaly);
        }
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Anomalies {
    /// Their names, with commas between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for anomaly in self.iter() {
            write!(f, "{separator}{anomaly}")?;
            separator = ", ";
        }
        Ok(())
    }
}

impl fmt::Debug for Anomalies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Anomalies({self})")
    }
}
