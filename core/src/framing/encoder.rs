//! The contract of encoders.

use core::fmt;

/// Writes messages into a stream of bytes.
///
/// ```
/// use wirenut::framing::{EncodeError, Encoder, Lines};
/// let mut out = [0; 8];
/// assert_eq!(Lines::new().encode(&[b"a", b"bc"], &mut out), Ok(4));
/// assert_eq!(&out[..4], b"abc\n");
/// assert_eq!(Lines::new().encode(&[b"a\nb"], &mut out), Err(EncodeError::HoldsDelimiter));
/// assert_eq!(Lines::new().encode(&[b"too long"], &mut out), Err(EncodeError::NoRoom));
/// ```
pub trait Encoder {
    /// How many bytes a message of so many bytes takes at most. None: it is too long to be said, or to be counted.
    fn max_encoded_len(&self, length: usize) -> Option<usize>;

    /// Writes one message, which is given in pieces, to the front of `out`. Returns how many bytes that took.
    ///
    /// # Errors
    /// The message cannot be said in this framing, or `out` is too short. What stands in `out` then is of no use.
    fn encode(&self, message: &[&[u8]], out: &mut [u8]) -> Result<usize, EncodeError>;
}

/// Why a message was not written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EncodeError {
    /// The output is too short for it. [`Encoder::max_encoded_len`] is always enough.
    NoRoom,
    /// It is longer than the limit, or than the length in front of it can say; or not as long as all messages are.
    WrongLength,
    /// It holds what would end it.
    HoldsDelimiter,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRoom => "the output is too short for the message",
            Self::WrongLength => "the message has a length that cannot be said",
            Self::HoldsDelimiter => "the message holds what would end it",
        })
    }
}

impl core::error::Error for EncodeError {}

/// How long a message in pieces is.
pub(super) fn length_of(message: &[&[u8]]) -> Result<usize, EncodeError> {
    let add = |sum: usize, piece: &&[u8]| sum.checked_add(piece.len());
    message.iter().try_fold(0, add).ok_or(EncodeError::WrongLength)
}
