//! How the header of a frame is read.

use super::bits;
use super::header::{FrameHeader, MAX_CONTROL_LEN};
use super::opcode::Opcode;
use crate::websocket::error::Rule;

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
    /// How many bytes of the header have come.
    count: u8,
    first: u8,
    second: u8,
    /// The length and the key, as far as they have come.
    length: u64,
    key: u32,
}

impl HeaderDecoder {
    /// Before a frame.
    #[must_use]
    pub const fn new() -> Self {
        Self { count: 0, first: 0, second: 0, length: 0, key: 0 }
    }

    /// Has a part of a header come?
    #[must_use]
    pub const fn is_within(&self) -> bool {
        self.count > 0
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
                Ok(true) => {
                    self.count = 0;
                    return Ok((at.wrapping_add(1), self.header()));
                }
                Err(rule) => return Err(InvalidHeader { rule, at }),
            }
        }
        Ok((input.len(), None))
    }

    /// One more byte. Is the header complete?
    fn push(&mut self, byte: u8, expected: Expected) -> Result<bool, Rule> {
        let count = self.count.wrapping_add(1);
        self.count = count;
        let code = self.second & bits::LENGTH;
        // Where the length ends.
        let end = match code {
            bits::LENGTH_16 => 4,
            bits::LENGTH_64 => 10,
            _ => 2,
        };
        match count {
            1 => {
                // That of the frame before tells nothing of this one.
                (self.first, self.second) = (byte, 0);
                return check_first(byte, expected).map(|()| false);
            }
            2 => {
                self.second = byte;
                let code = byte & bits::LENGTH;
                self.length = if code < bits::LENGTH_16 { u64::from(code) } else { 0 };
                check_second(self.first, byte, expected)?;
                return Ok(code < bits::LENGTH_16 && byte & bits::MASK == 0);
            }
            _ if count <= end => {
                self.length = self.length.wrapping_shl(8) | u64::from(byte);
                match count {
                    3 if code == bits::LENGTH_64 && byte & 0x80 != 0 => return Err(Rule::LengthTooLarge),
                    4 if code == bits::LENGTH_16 && self.length < 126 => return Err(Rule::LengthNotMinimal),
                    // All but two bytes have come, and are zero.
                    8 if self.length == 0 => return Err(Rule::LengthNotMinimal),
                    _ => {}
                }
            }
            _ => self.key = self.key.wrapping_shl(8) | u32::from(byte),
        }
        let key_len = if self.second & bits::MASK == 0 { 0 } else { 4 };
        Ok(count == end.wrapping_add(key_len))
    }

    fn header(&self) -> Option<FrameHeader> {
        Some(FrameHeader {
            is_final: self.first & bits::FIN != 0,
            is_compressed: self.first & bits::RSV1 != 0,
            opcode: Opcode::new(self.first & bits::OPCODE)?,
            mask: (self.second & bits::MASK != 0).then_some(self.key.to_be_bytes()),
            length: self.length,
        })
    }
}

fn check_first(first: u8, expected: Expected) -> Result<(), Rule> {
    let opcode = Opcode::new(first & bits::OPCODE);
    let begins = matches!(opcode, Some(Opcode::Text | Opcode::Binary));
    let is_compressed = first & bits::RSV1 != 0;
    match opcode {
        _ if first & bits::RSV2_AND_3 != 0 => Err(Rule::ReservedBit),
        _ if is_compressed && !(expected.compression && begins) => Err(Rule::ReservedBit),
        None => Err(Rule::ReservedOpcode),
        Some(opcode) if opcode.is_control() && first & bits::FIN == 0 => Err(Rule::FragmentedControl),
        Some(Opcode::Continuation) if !expected.continuation => Err(Rule::UnexpectedContinuation),
        Some(Opcode::Text | Opcode::Binary) if expected.continuation => Err(Rule::ExpectedContinuation),
        Some(_) => Ok(()),
    }
}

fn check_second(first: u8, second: u8, expected: Expected) -> Result<(), Rule> {
    let is_control = Opcode::new(first & bits::OPCODE).is_some_and(Opcode::is_control);
    if (second & bits::MASK != 0) != expected.mask {
        return Err(if expected.mask { Rule::MissingMask } else { Rule::UnexpectedMask });
    }
    if is_control && usize::from(second & bits::LENGTH) > MAX_CONTROL_LEN {
        return Err(Rule::LongControl);
    }
    Ok(())
}
