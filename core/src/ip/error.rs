//! Why a packet could not be read or written: which rule, at which byte.

use core::fmt;

use crate::rules::rules;

/// A packet breaks a rule of its format, or does not fit.
///
/// The sender is at fault, or whoever captured it; never the reader. A packet like this is counted and skipped.
///
/// ```
/// use wirenut::ip::{Captured, Packet, PacketError, PacketRule};
/// let error = Packet::parse(Captured::whole(&[0x42; 40])).unwrap_err();
/// assert_eq!(error, PacketError { rule: PacketRule::HeaderTooShort, offset: 0 });
/// assert_eq!(std::format!("{error}"), "header length below the least there can be at byte 0 (RFC 791 3.1, RFC 9293 3.1)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PacketError {
    /// What was broken.
    pub rule: PacketRule,
    /// Where: the place of the field that is wrong, counted from the first byte of what was to be read. Where bytes are
    /// missing, that of the first missing one.
    pub offset: usize,
}

impl PacketError {
    /// This rule, broken at this byte.
    #[must_use]
    pub(crate) const fn new(rule: PacketRule, offset: usize) -> Self {
        Self { rule, offset }
    }

    /// The same, counted from `start` bytes further ahead.
    #[must_use]
    pub(crate) const fn behind(self, start: usize) -> Self {
        Self { rule: self.rule, offset: self.offset.saturating_add(start) }
    }
}

impl fmt::Display for PacketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} ({})", self.rule.text(), self.offset, self.rule.section())
    }
}

impl core::error::Error for PacketError {}

rules! {
    /// A rule that a packet can break.
    PacketRule

    /// The capture ends within a header.
    Truncated: "draft-ietf-opsawg-pcap 4", "capture that ends within a header";
    /// The packet itself ends within a header: a length says so, or the frame was no longer on the wire.
    HeaderBeyondPacket: "RFC 9293 3.1", "header longer than its packet";
    /// The version of IP is neither 4 nor 6, or not the one that the link layer or the caller named.
    UnknownVersion: "RFC 791 3.1, RFC 8200 3", "unexpected version of IP";
    /// A header says that it is shorter than its fixed part.
    HeaderTooShort: "RFC 791 3.1, RFC 9293 3.1", "header length below the least there can be";
    /// A packet says that it is shorter than its header.
    LengthBelowHeader: "RFC 791 3.1, RFC 768", "total length below that of the header";
    /// A packet says that it is longer than what carries it.
    LengthBeyondPacket: "RFC 791 3.1, RFC 768", "total length beyond what carries the packet";
    /// A hop-by-hop header that does not come first.
    HopByHopNotFirst: "RFC 8200 4.1", "hop-by-hop options behind another header";
    /// The length of an authentication header is below the least there can be.
    InvalidAuthenticationLength: "RFC 4302 2.2", "authentication header of an impossible length";
    /// An option's length is below two, or not the one that its kind has.
    InvalidOptionLength: "RFC 9293 3.1", "option of an impossible length";
    /// An option is longer than what is left for options.
    OptionBeyondHeader: "RFC 9293 3.1", "option longer than its header";
    /// The frame's link layer is not of the form that its type has.
    InvalidLinkHeader: "LINKTYPE registry", "link-layer header that names no address family";
    /// To be written: the buffer is too short. Its content is then undefined.
    BufferTooShort: "RFC 791 3.1", "buffer too short for the packet";
    /// To be written: a length or an option that has no place in the header.
    DoesNotFit: "RFC 791 3.1, RFC 9293 3.1", "value that has no room in its header";
}
