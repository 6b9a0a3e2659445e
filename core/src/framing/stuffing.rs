//! Byte stuffing: a flag between frames, and an escape in front of bytes that must not be seen.

use core::convert::Infallible;

use super::encoder::EncodeError;
use super::error::Rule;
use super::event::{Event, Lost, Tail};
use super::output::Output;
use super::streaming::OpenMessage;
use crate::bytes;

/// What one framing escapes, and how.
pub(super) trait Escapes {
    /// What stands between frames.
    const FLAG: u8;
    /// What stands in front of a byte that is written otherwise.
    const ESCAPE: u8;
    /// The byte that is meant by this one behind an escape.
    fn meant(byte: u8) -> Result<u8, Rule>;
}

/// Where a frame is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stuffed {
    /// Nothing of it has come. A flag here is one more between two frames.
    Start,
    Within,
    /// An escape has come.
    Escaped,
    /// It is void, for this reason: what comes up to the flag is passed over.
    Void(Rule),
}

/// All bytes, each of which can be given as a piece.
const BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut byte: u8 = 0;
    loop {
        #[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "a byte is below 256, in a constant")]
        {
            bytes[byte as usize] = byte;
        }
        match byte.checked_add(1) {
            Some(next) => byte = next,
            None => break bytes,
        }
    }
};

/// A byte as a piece of a message.
pub(super) fn piece_of(byte: u8) -> &'static [u8] {
    let at = usize::from(byte);
    BYTES.get(at..=at).unwrap_or_default()
}

/// Writes a frame between two flags. `written_as`: what stands behind an escape in place of a byte, if it is escaped. An empty
/// message is [`EncodeError::WrongLength`]: nobody would see it.
pub(super) fn encode<E: Escapes>(
    message: &[&[u8]],
    out: &mut [u8],
    written_as: impl Fn(u8) -> Option<u8>,
) -> Result<usize, EncodeError> {
    if message.iter().all(|piece| piece.is_empty()) {
        return Err(EncodeError::WrongLength);
    }
    let mut output = Output::new(out);
    output.put(&[E::FLAG])?;
    for piece in message {
        let mut rest = *piece;
        while let Some(byte) = rest.first() {
            let used = match written_as(*byte) {
                Some(instead) => output.put(&[E::ESCAPE, instead]).map(|()| 1)?,
                None => {
                    let length = rest.iter().position(|byte| written_as(*byte).is_some()).unwrap_or(rest.len());
                    output.put(rest.get(..length).unwrap_or(rest)).map(|()| length)?
                }
            };
            rest = bytes::from(rest, used);
        }
    }
    output.put(&[E::FLAG])?;
    Ok(output.written())
}

/// The bytes of a frame for which there is room. `note` of the message: 1, if it has any.
pub(super) fn write<E: Escapes>(
    message: &mut OpenMessage,
    piece: &[u8],
    out: &mut [u8],
    written_as: impl Fn(u8) -> Option<u8>,
) -> (usize, usize) {
    let (mut taken, mut output) = (0_usize, Output::new(out));
    for byte in piece {
        let put = match written_as(*byte) {
            Some(instead) => output.put(&[E::ESCAPE, instead]),
            None => output.put(&[*byte]),
        };
        if put.is_err() {
            break;
        }
        taken = taken.saturating_add(1);
        message.note = 1;
    }
    (taken, output.written())
}

/// The beginning of a frame.
pub(super) fn begin<E: Escapes>(out: &mut [u8]) -> Result<(OpenMessage, usize), EncodeError> {
    let mut output = Output::new(out);
    output.put(&[E::FLAG])?;
    Ok((OpenMessage { left: 0, note: 0 }, output.written()))
}

/// The last bytes of a frame, and its end.
pub(super) fn finish<E: Escapes>(
    mut message: OpenMessage,
    last: &[u8],
    out: &mut [u8],
    written_as: impl Fn(u8) -> Option<u8>,
) -> Result<usize, EncodeError> {
    let (taken, written) = write::<E>(&mut message, last, out, written_as);
    if taken < last.len() {
        return Err(EncodeError::NoRoom);
    }
    if message.note == 0 {
        return Err(EncodeError::WrongLength);
    }
    let mut output = Output::new(out.get_mut(written..).unwrap_or_default());
    output.put(&[E::FLAG])?;
    Ok(written.saturating_add(output.written()))
}

/// How many bytes a frame of so many takes at most.
pub(super) fn max_encoded_len(length: usize) -> Option<usize> {
    length.checked_mul(2)?.checked_add(2)
}

impl Stuffed {
    pub(super) fn decode<'b, E: Escapes>(&mut self, input: &'b [u8]) -> Result<(usize, Event<'b>), Lost<Infallible>> {
        let mut used: usize = 0;
        loop {
            let rest = bytes::from(input, used);
            let Some(byte) = rest.first().copied() else { return Ok((used, Event::NeedMore(None))) };
            let is_special = byte == E::FLAG || byte == E::ESCAPE;
            match *self {
                Self::Start | Self::Within if !is_special => {
                    *self = Self::Within;
                    let length = rest.iter().position(|byte| *byte == E::FLAG || *byte == E::ESCAPE);
                    let piece = length.and_then(|length| rest.get(..length)).unwrap_or(rest);
                    return Ok((used.saturating_add(piece.len()), Event::Piece(piece)));
                }
                Self::Void(_) if byte != E::FLAG => {
                    let length = rest.iter().position(|byte| *byte == E::FLAG).unwrap_or(rest.len());
                    used = used.saturating_add(length);
                    continue;
                }
                Self::Start | Self::Within | Self::Escaped | Self::Void(_) => used = used.saturating_add(1),
            }
            match *self {
                Self::Start if byte == E::FLAG => {}
                Self::Void(rule) => {
                    *self = Self::Start;
                    return Ok((used, Event::Void(rule)));
                }
                Self::Within if byte == E::FLAG => {
                    *self = Self::Start;
                    return Ok((used, Event::End));
                }
                Self::Escaped => match E::meant(byte) {
                    Ok(meant) => {
                        *self = Self::Within;
                        return Ok((used, Event::Piece(piece_of(meant))));
                    }
                    Err(rule) if byte == E::FLAG => {
                        *self = Self::Start;
                        return Ok((used, Event::Void(rule)));
                    }
                    Err(rule) => *self = Self::Void(rule),
                },
                Self::Start | Self::Within => *self = Self::Escaped,
            }
        }
    }

    pub(super) fn handle_eof(&mut self) -> Tail {
        match core::mem::replace(self, Self::Start) {
            Self::Start => Tail::Nothing,
            Self::Within | Self::Escaped => Tail::Void(Rule::Truncated),
            Self::Void(rule) => Tail::Void(rule),
        }
    }
}
