//! How the header of a frame is read.

use super::bits;
use super::header::{FrameHeader, MAX_CONTROL_LEN, MAX_HEADER_LEN};
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
    bytes: [u8; MAX_HEADER_LEN],
    count: u8,
}

impl HeaderDecoder {
    /// Before a frame.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; MAX_HEADER_LEN], count: 0 }
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
            let count = usize::from(self.count);
            let Some(place) = self.bytes.get_mut(count) else { break };
            *place = *byte;
            self.count = self.count.wrapping_add(1);
            self.check(count, expected).map_err(|rule| InvalidHeader { rule, at })?;
            if let Some(header) = self.complete() {
                self.count = 0;
                return Ok((at.wrapping_add(1), Some(header)));
            }
        }
        Ok((input.len(), None))
    }

    /// May the byte with this index stand there?
    fn check(&self, index: usize, expected: Expected) -> Result<(), Rule> {
        let [first, second, ..] = self.bytes;
        match index {
            0 => check_first(first, expected),
            1 => check_second(first, second, expected),
            2 if second & bits::LENGTH == bits::LENGTH_64 && self.length() >> 63 != 0 => Err(Rule::LengthTooLarge),
            3 if second & bits::LENGTH == bits::LENGTH_16 && self.length() < 126 => Err(Rule::LengthNotMinimal),
            // All but two bytes are zero.
            7 if second & bits::LENGTH == bits::LENGTH_64 && self.length() >> 16 == 0 => Err(Rule::LengthNotMinimal),
            _ => Ok(()),
        }
    }

    /// The length, as far as it has come.
    const fn length(&self) -> u64 {
        let [_, second, a, b, c, d, e, f, g, h, ..] = self.bytes;
        match second & bits::LENGTH {
            bits::LENGTH_16 => u64::from_be_bytes([0, 0, 0, 0, 0, 0, a, b]),
            bits::LENGTH_64 => u64::from_be_bytes([a, b, c, d, e, f, g, h]),
            short => u64::from_be_bytes([0, 0, 0, 0, 0, 0, 0, short]),
        }
    }

    fn complete(&self) -> Option<FrameHeader> {
        let [first, second, a, b, c, d, e, f, _, _, i, j, k, l] = self.bytes;
        let (extended, key) = match second & bits::LENGTH {
            bits::LENGTH_16 => (2, [c, d, e, f]),
            bits::LENGTH_64 => (8, [i, j, k, l]),
            _ => (0, [a, b, c, d]),
        };
        let is_masked = second & bits::MASK != 0;
        let whole = if is_masked { 6_u8 } else { 2 }.wrapping_add(extended);
        // Before the second byte has come, it is the one of the frame before.
        if self.count < 2 || self.count < whole {
            return None;
        }
        Some(FrameHeader {
            is_final: first & bits::FIN != 0,
            is_compressed: first & bits::RSV1 != 0,
            opcode: Opcode::new(first & bits::OPCODE)?,
            mask: is_masked.then_some(key),
            length: self.length(),
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
