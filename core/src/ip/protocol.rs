//! What an IP packet carries.

use core::fmt;

/// The number of a protocol above IP (IANA, *Assigned Internet Protocol Numbers*), or of an IPv6 extension header.
///
/// ```
/// use wirenut::ip::Protocol;
/// assert_eq!((Protocol::TCP.number(), std::format!("{}", Protocol::new(132))), (6, "protocol 132".into()));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Protocol(u8);

impl Protocol {
    /// RFC 792.
    pub const ICMP: Self = Self(1);
    /// RFC 9293.
    pub const TCP: Self = Self(6);
    /// RFC 768.
    pub const UDP: Self = Self(17);
    /// Encapsulating Security Payload (RFC 4303): what lies behind it cannot be read.
    pub const ESP: Self = Self(50);
    /// RFC 4443.
    pub const ICMPV6: Self = Self(58);
    /// Nothing follows (RFC 8200 §4.7).
    pub const NONE: Self = Self(59);

    /// The protocol of this number.
    #[must_use]
    pub const fn new(number: u8) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Self::ICMP => "ICMP",
            Self::TCP => "TCP",
            Self::UDP => "UDP",
            Self::ESP => "ESP",
            Self::ICMPV6 => "ICMPv6",
            Self(number) => return write!(f, "protocol {number}"),
        };
        f.write_str(name)
    }
}
