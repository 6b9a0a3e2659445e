//! Writing messages that are longer than any buffer.

use super::encoder::{EncodeError, Encoder};
use super::output::Output;

/// A message that has begun to be written: what a [`StreamEncoder`] keeps of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct OpenMessage {
    /// How many bytes are missing, where the length is known.
    pub(super) left: usize,
    /// What the codec has to know of the bytes before.
    pub(super) note: u8,
}

/// Writes messages piece by piece, so that they may be longer than any buffer: what is written together is what
/// [`Encoder::encode`] writes.
///
/// A checksum is of the caller's making: the last bytes of the message.
///
/// ```
/// use wirenut::framing::{Slip, StreamEncoder};
///
/// let (slip, mut out, mut sent) = (Slip::new(), [0; 8], Vec::new());
/// let (mut message, written) = slip.begin(None, &mut out)?;
/// sent.extend_from_slice(&out[..written]);
/// for mut piece in [&b"a message that is "[..], b"longer than the output"] {
///     while !piece.is_empty() {
///         let (taken, written) = slip.write(&mut message, piece, &mut out)?;
///         sent.extend_from_slice(&out[..written]);
///         piece = &piece[taken..];
///     }
/// }
/// let written = slip.finish(message, b".", &mut out)?;
/// sent.extend_from_slice(&out[..written]);
/// assert_eq!(sent, b"\xc0a message that is longer than the output.\xc0");
/// # Ok::<(), wirenut::framing::EncodeError>(())
/// ```
pub trait StreamEncoder: Encoder {
    /// With an output of so many bytes each of these calls gets on: [`Self::begin`], [`Self::write`] of a piece of as many
    /// bytes, [`Self::finish`] without one.
    const MIN_ROOM: usize;

    /// Begins a message of so many bytes. Returns what is kept of it, and how many bytes were written.
    ///
    /// # Errors
    /// [`EncodeError::WrongLength`]: the length cannot be said, or it must be known and is not. [`EncodeError::NoRoom`].
    fn begin(&self, length: Option<usize>, out: &mut [u8]) -> Result<(OpenMessage, usize), EncodeError>;

    /// Writes on. Returns how many bytes of `piece` were taken, and how many were written. What is not taken has found no room,
    /// or can be written only with what follows (COBS takes whole blocks of up to 254 bytes): it is the beginning of the next
    /// piece, or of the last.
    ///
    /// # Errors
    /// The message cannot be said: it is longer than its length, or holds its delimiter. What was written of it before is a
    /// message that has no end; a codec that finds the next one by itself may [finish](Self::finish) and go on behind it, and
    /// otherwise the stream is of no use.
    fn write(&self, message: &mut OpenMessage, piece: &[u8], out: &mut [u8]) -> Result<(usize, usize), EncodeError>;

    /// Writes the last piece, which may be empty, and the end. Returns how many bytes that took.
    ///
    /// # Errors
    /// As [`Self::write`]; [`EncodeError::WrongLength`] where it is shorter than its length, or empty and must not be.
    /// [`EncodeError::NoRoom`]: nothing of it counts, and it may be called again with more room, or after more was written.
    fn finish(&self, message: OpenMessage, last: &[u8], out: &mut [u8]) -> Result<usize, EncodeError>;
}

/// As many bytes as find room, of a message whose length is known.
pub(super) fn write_counted(
    message: &mut OpenMessage,
    piece: &[u8],
    out: &mut [u8],
) -> Result<(usize, usize), EncodeError> {
    let left = message.left.checked_sub(piece.len()).ok_or(EncodeError::WrongLength)?;
    let taken = copy(piece, out);
    message.left = left.saturating_add(piece.len().saturating_sub(taken));
    Ok((taken, taken))
}

/// The last bytes of a message whose length is known, and what stands behind it.
pub(super) fn finish_counted(
    message: OpenMessage,
    last: &[u8],
    end: &[u8],
    out: &mut [u8],
) -> Result<usize, EncodeError> {
    if message.left != last.len() {
        return Err(EncodeError::WrongLength);
    }
    let mut output = Output::new(out);
    output.put(last)?;
    output.put(end)?;
    Ok(output.written())
}

/// As many bytes as find room. How many those are.
pub(super) fn copy(piece: &[u8], out: &mut [u8]) -> usize {
    let length = piece.len().min(out.len());
    if let (Some(from), Some(to)) = (piece.get(..length), out.get_mut(..length)) {
        to.copy_from_slice(from);
    }
    length
}
