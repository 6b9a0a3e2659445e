//! Why a header cannot be read or written.

use core::fmt;

use crate::rules::rules;

/// Why a header was refused. All rules but [`Rule::Finished`] are broken by the sender: close the connection, and answer
/// nothing.
///
/// ```
/// use wirenut::proxy::{Error, Limits, Rule, parse};
/// let error = parse(&Limits::DEFAULT, b"PROXY TCP4 192.0.2.07").unwrap_err();
/// assert_eq!(error, Error { rule: Rule::InvalidAddress, offset: 20 });
/// assert_eq!(std::format!("{error}"), "invalid address at byte 20 (proxy-protocol 2.1)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Error {
    /// What was broken.
    pub rule: Rule,
    /// The byte that broke it, counted from the first byte of the header. Of a TLV that does not end, its first byte; of a
    /// value of a wrong length, the first byte of that length; of a wrong checksum, its first byte. For what no byte broke (a time-out, an end): how
    /// many bytes had come.
    pub offset: usize,
}

impl Error {
    pub(super) const fn new(rule: Rule, offset: usize) -> Self {
        Self { rule, offset }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} ({})", self.rule.text(), self.offset, self.rule.section())
    }
}

impl core::error::Error for Error {}

rules! {
    /// A rule that a header can break.
    Rule

    /// The first bytes are neither `PROXY` and a space nor the signature of version 2.
    InvalidSignature: "proxy-protocol 2", "no PROXY header";

    /// Version 1: the protocol is not TCP4, TCP6 or UNKNOWN.
    InvalidProtocol: "proxy-protocol 2.1", "protocol other than TCP4, TCP6 and UNKNOWN";
    /// Version 1: an address is not of the family that the protocol names, or no space follows it.
    InvalidAddress: "proxy-protocol 2.1", "invalid address";
    /// Version 1: a port is not a decimal number up to 65,535 without leading zeros, or not followed by what must follow.
    InvalidPort: "proxy-protocol 2.1", "invalid port";
    /// Version 1: a carriage return without line feed, or a line feed without carriage return.
    InvalidLineEnd: "proxy-protocol 2.1", "line end other than CR LF";
    /// Version 1: the line does not end within 107 bytes.
    LineTooLong: "proxy-protocol 2.1", "line longer than 107 bytes";

    /// The version behind the signature is not 2.
    UnsupportedVersion: "proxy-protocol 2.2", "version other than 2 behind the signature of version 2";
    /// The command is neither LOCAL nor PROXY.
    UnknownCommand: "proxy-protocol 2.2", "unknown command";
    /// The address family is not AF_INET, AF_INET6 or AF_UNIX, nor are both it and the transport unspecified.
    UnknownFamily: "proxy-protocol 2.2", "unknown address family";
    /// The transport is neither STREAM nor DGRAM, nor are both it and the address family unspecified.
    UnknownTransport: "proxy-protocol 2.2", "unknown transport protocol";
    /// The length that is told is not enough for the addresses.
    BlockTooShort: "proxy-protocol 2.2", "length too short for the addresses";
    /// The length that is told exceeds [`Limits::header_bytes`](super::Limits::header_bytes).
    HeaderTooLong: "proxy-protocol 2.2", "header longer than the limit";

    /// A TLV does not end within what contains it: the header, or the TLV about TLS.
    InvalidTlvLength: "proxy-protocol 2.2", "TLV that does not end within the header";
    /// The value of a TLV is not of its type: no UTF-8 or ASCII where it is text, or of another length than it must be.
    InvalidTlvValue: "proxy-protocol 2.2", "invalid value of a TLV";
    /// A TLV that can be there once only is there twice.
    DuplicateTlv: "proxy-protocol 2.2", "TLV that comes twice";
    /// The header has another CRC32C than it says.
    WrongChecksum: "proxy-protocol 2.2.3", "wrong CRC32C";

    /// The connection ended before the header was whole.
    Truncated: "proxy-protocol 2", "header cut off";
    /// The header was not whole within [`Limits::header`](super::Limits::header).
    Timeout: "proxy-protocol 2", "header took too long";
    /// Misuse: a [`Receiver`](super::Receiver) was given bytes after it had given the header. There is one only.
    Finished: "proxy-protocol 2", "misuse: a second header is asked for";
}

/// Why a header was not written. What the buffer holds then is undefined.
///
/// ```
/// use wirenut::proxy::{Endpoints, WriteError, write_v1};
/// assert_eq!(write_v1(&Endpoints::Unspecified, &mut [0; 14]), Err(WriteError::Full));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum WriteError {
    /// It does not fit into the room that there is, or is longer than a header can be.
    Full,
    /// A receiver would refuse the value of this TLV, or the TLV twice.
    InvalidTlv,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "no room for the header",
            Self::InvalidTlv => "TLV that a receiver would refuse",
        })
    }
}

impl core::error::Error for WriteError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_says_what_is_wrong_and_where_that_is_written() {
        for (number, rule) in Rule::ALL.iter().enumerate() {
            assert!(rule.section().starts_with("proxy-protocol 2") && !rule.text().ends_with('.'), "{rule}");
            assert!(Rule::ALL[number + 1..].iter().all(|other| other.text() != rule.text()), "{rule} twice");
        }
    }
}
