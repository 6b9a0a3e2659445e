//! How the header of a frame is read.

use super::bits;
use super::header::FrameHeader;
use super::opcode::Opcode;
use crate::websocket::error::Rule;
use crate::websocket::mask::Mask;

/// What decides whether a header may come now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expected {
    /// The frame must be masked (to a server); otherwise it must not be.
    pub mask: bool,
    /// RSV1 may be set on the first frame of a message.
    pub compression: bool,
    /// A message has begun, and not ended.
    pub continuation: bool,
}

/// A header breaks a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidHeader {
    /// Which rule.
    pub rule: Rule,
    /// The byte of the input that breaks it.
    pub at: usize,
}

/// Reads headers of frames, in whatever pieces they come.
///
/// ```
/// use wirenut::websocket::{Expected, HeaderDecoder, Opcode, Rule};
/// let expected = Expected { mask: false, compression: false, continuation: false };
/// let mut decoder = HeaderDecoder::new();
/// assert_eq!(decoder.decode(b"\x89", expected)?, (1, None));
/// let (taken, header) = decoder.decode(b"\x02hi", expected)?;
/// let header = header.expect("it is complete");
/// assert_eq!((taken, header.opcode, header.length), (1, Opcode::Ping, 2));
/// let error = decoder.decode(b"\x89\xff", expected).unwrap_err();
/// assert_eq!((error.rule, error.at), (Rule::UnexpectedMask, 1));
/// # Ok::<(), wirenut::websocket::InvalidHeader>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct HeaderDecoder {
    /// How many of the first two bytes have come.
    begun: u8,
    /// The first byte, also once the header is complete.
    first: u8,
    /// How many bytes of the length and of the key have not come.
    length_left: u8,
    key_left: u8,
    /// The length and the key, as far as they have come.
    length: u64,
    key: u32,
}

impl HeaderDecoder {
    /// Before a frame.
    #[must_use]
    pub const fn new() -> Self {
        Self { begun: 0, first: 0, length_left: 0, key_left: 0, length: 0, key: 0 }
    }

    /// Has a part of a header come?
    #[must_use]
    pub const fn is_within(&self) -> bool {
        self.begun > 0
    }

    /// Reads on. Returns how many bytes were used, and the header once it is complete: behind those bytes its payload begins.
    /// `None`: all of the input was used, and more must come.
    ///
    /// # Errors
    /// A byte cannot stand there. The decoder must not be called again.
    pub fn decode(&mut self, input: &[u8], expected: Expected) -> Result<(usize, Option<FrameHeader>), InvalidHeader> {
        for (at, byte) in input.iter().enumerate() {
            match self.push(*byte, expected) {
                Ok(false) => {}
                Ok(true) => return Ok((at.wrapping_add(1), self.header(expected.mask))),
                Err(rule) => return Err(InvalidHeader { rule, at }),
            }
        }
        Ok((input.len(), None))
    }

    /// One more byte. Is the header complete?
    ///
    /// # Errors
    /// The byte cannot stand there. This must not be called again.
    pub(in crate::websocket) fn push(&mut self, byte: u8, expected: Expected) -> Result<bool, Rule> {
        if self.begun == 0 {
            (self.begun, self.first) = (1, byte);
            check_first(byte, expected)?;
            return Ok(false);
        }
        if self.begun == 1 {
            self.begun = 2;
            check_second(self.first, byte, expected)?;
            let code = byte & bits::LENGTH;
            (self.length, self.length_left) = match code {
                bits::LENGTH_16 => (0, 2),
                bits::LENGTH_64 => (0, 8),
                _ => (u64::from(code), 0),
            };
            self.key_left = if expected.mask { 4 } else { 0 };
        } else if self.length_left > 0 {
            self.length_left = self.length_left.wrapping_sub(1);
            self.length = self.length.wrapping_shl(8) | u64::from(byte);
            match self.length_left {
                7 if byte & 0x80 != 0 => return Err(Rule::LengthTooLarge),
                // The last two bytes could say it alone.
                2 if self.length == 0 => return Err(Rule::LengthNotMinimal),
                0 if self.length < 126 => return Err(Rule::LengthNotMinimal),
                _ => {}
            }
        } else {
            self.key_left = self.key_left.wrapping_sub(1);
            self.key = self.key >> 8 | u32::from(byte) << 24;
        }
        let is_complete = self.length_left == 0 && self.key_left == 0;
        if is_complete {
            self.begun = 0;
        }
        Ok(is_complete)
    }

    /// The opcode of the frame that has begun.
    pub(in crate::websocket) const fn opcode(&self) -> u8 {
        self.first & bits::OPCODE
    }

    /// Is it a control frame?
    pub(in crate::websocket) const fn is_control(&self) -> bool {
        self.first & bits::CONTROL != 0
    }

    /// Is it the last fragment of its message?
    pub(in crate::websocket) const fn is_final(&self) -> bool {
        self.first & bits::FIN != 0
    }

    /// Does a compressed message begin with it?
    pub(in crate::websocket) const fn is_compressed(&self) -> bool {
        self.first & bits::RSV1 != 0
    }

    /// How many bytes its payload has.
    pub(in crate::websocket) const fn length(&self) -> u64 {
        self.length
    }

    /// By what its payload is masked: nothing, if it is not.
    pub(in crate::websocket) const fn mask(&self) -> Mask {
        Mask::new(self.key.to_le_bytes())
    }

    fn header(&self, is_masked: bool) -> Option<FrameHeader> {
        Some(FrameHeader {
            is_final: self.is_final(),
            is_compressed: self.is_compressed(),
            opcode: Opcode::new(self.opcode())?,
            mask: is_masked.then_some(self.key.to_le_bytes()),
            length: self.length,
        })
    }
}

fn check_first(first: u8, expected: Expected) -> Result<(), Rule> {
    let opcode = first & bits::OPCODE;
    let is_data = first & bits::CONTROL == 0;
    let begins = is_data && opcode != 0;
    let reserved = if expected.compression && begins { bits::RSV2_AND_3 } else { bits::RSV };
    if first & reserved != 0 {
        return Err(Rule::ReservedBit);
    }
    // Three of data, and three of control.
    if opcode & !bits::CONTROL > 2 {
        return Err(Rule::ReservedOpcode);
    }
    match (is_data, begins) {
        (false, _) if first & bits::FIN == 0 => Err(Rule::FragmentedControl),
        (true, true) if expected.continuation => Err(Rule::ExpectedContinuation),
        (true, false) if !expected.continuation => Err(Rule::UnexpectedContinuation),
        _ => Ok(()),
    }
}

fn check_second(first: u8, second: u8, expected: Expected) -> Result<(), Rule> {
    if (second & bits::MASK != 0) != expected.mask {
        return Err(if expected.mask { Rule::MissingMask } else { Rule::UnexpectedMask });
    }
    if first & bits::CONTROL != 0 && second & bits::LENGTH >= bits::LENGTH_16 {
        return Err(Rule::LongControl);
    }
    Ok(())
}
