//! The rules that a peer can break, and what each is answered.

use core::fmt;

// The macro calls an answer so.
use super::close::CloseCode as Status;
use crate::rules::rules;

rules! {
    /// A rule that the peer broke. Each has the code with which the connection closes.
    Rule
    /// The code with which the connection closes.
    close_code
    /// A reserved bit is set for which no extension was agreed on; or RSV1 on a frame that cannot begin a compressed message
    /// (RFC 7692 §6).
    ReservedBit: PROTOCOL_ERROR, "RFC 6455 5.2", "a reserved bit is set";
    /// An opcode that has no meaning.
    ReservedOpcode: PROTOCOL_ERROR, "RFC 6455 5.2", "reserved opcode";
    /// A control frame that is not final.
    FragmentedControl: PROTOCOL_ERROR, "RFC 6455 5.5", "fragmented control frame";
    /// A control frame with more than 125 bytes.
    LongControl: PROTOCOL_ERROR, "RFC 6455 5.5", "control frame longer than 125 bytes";
    /// A client's frame without a mask.
    MissingMask: PROTOCOL_ERROR, "RFC 6455 5.1", "a client's frame is not masked";
    /// A server's frame with a mask.
    UnexpectedMask: PROTOCOL_ERROR, "RFC 6455 5.1", "a server's frame is masked";
    /// A length that is not in its shortest form.
    LengthNotMinimal: PROTOCOL_ERROR, "RFC 6455 5.2", "the length is not in its shortest form";
    /// A length with its most significant bit set.
    LengthTooLarge: PROTOCOL_ERROR, "RFC 6455 5.2", "the length has its first bit set";
    /// A continuation frame where no message is to be continued.
    UnexpectedContinuation: PROTOCOL_ERROR, "RFC 6455 5.4", "a continuation frame without a message";
    /// A text or binary frame within a fragmented message.
    ExpectedContinuation: PROTOCOL_ERROR, "RFC 6455 5.4", "a new message within a fragmented one";
    /// A Close frame with one byte of payload.
    ShortClose: PROTOCOL_ERROR, "RFC 6455 5.5.1", "a Close frame with half a code";
    /// A code that may not be sent.
    InvalidCloseCode: PROTOCOL_ERROR, "RFC 6455 7.4", "invalid close code";
    /// The reason of a Close frame is not UTF-8.
    InvalidCloseReason: INVALID_PAYLOAD, "RFC 6455 5.5.1", "the reason of a Close frame is not UTF-8";
    /// Text that is not UTF-8.
    InvalidUtf8: INVALID_PAYLOAD, "RFC 6455 8.1", "text is not UTF-8";
    /// Payload that cannot be inflated.
    InvalidCompressedData: INVALID_PAYLOAD, "RFC 7692 7.2.2", "invalid compressed data";
    /// A frame longer than the limit.
    FrameTooLong: TOO_BIG, "RFC 6455 7.4.1", "frame too long";
    /// A message longer than the limit, or than the store.
    MessageTooLong: TOO_BIG, "RFC 6455 7.4.1", "message too long";
    /// A message that does not come at the pace that the limits want.
    MessageTimeout: POLICY_VIOLATION, "RFC 6455 7.4.1", "message too slow";
    /// The store has no room for a control frame: it must have at least 125 bytes. This end's fault.
    StoreTooSmall: INTERNAL_ERROR, "RFC 6455 7.4.1", "no room for a control frame";
}

/// The peer broke a rule. The connection closes with the code of the rule, and throws away what still comes.
///
/// ```
/// use wirenut::websocket::{CloseCode, Error, Rule};
/// let error = Error { rule: Rule::InvalidUtf8, offset: 7 };
/// assert_eq!(error.to_string(), "text is not UTF-8 at byte 7 (RFC 6455 8.1)");
/// assert_eq!(error.rule.close_code(), CloseCode::INVALID_PAYLOAD);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Error {
    /// What was broken.
    pub rule: Rule,
    /// How many bytes behind the handshake came before the one that broke it. Within a compressed message: about where.
    pub offset: u64,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} ({})", self.rule, self.offset, self.rule.section())
    }
}

impl core::error::Error for Error {}
