//! What stands before the payload of a frame, and how it is written.

use super::bits;
use super::opcode::Opcode;

/// The most bytes that a header has.
pub const MAX_HEADER_LEN: usize = 14;

/// The most bytes that the payload of a control frame has (RFC 6455 §5.5).
pub const MAX_CONTROL_LEN: usize = 125;

/// What stands before the payload of a frame (RFC 6455 §5.2).
///
/// ```
/// use wirenut::websocket::{FrameHeader, Opcode};
/// let header = FrameHeader { is_final: true, is_compressed: false, opcode: Opcode::Binary, mask: None, length: 256 };
/// let mut out = [0; 14];
/// assert_eq!(header.write(&mut out), Some(4));
/// assert_eq!(&out[..4], b"\x82\x7e\x01\x00");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameHeader {
    /// FIN: it is the last fragment of its message.
    pub is_final: bool,
    /// RSV1: the message that begins here is compressed (RFC 7692 §6).
    pub is_compressed: bool,
    /// What the payload is.
    pub opcode: Opcode,
    /// The key by which the payload is masked, if it is.
    pub mask: Option<[u8; 4]>,
    /// Bytes of the payload: below 2^63.
    pub length: u64,
}

/// The bytes of a header that has no mask and a short length.
const HEADER_LEN: usize = 2;

/// How many bytes the header of a payload of so many bytes has.
pub(in crate::websocket) const fn header_len(length: u64, is_masked: bool) -> usize {
    let mask = if is_masked { 4 } else { 0 };
    let extended = match length {
        0..=125 => 0,
        126..=0xffff => 2,
        _ => 8,
    };
    HEADER_LEN.wrapping_add(mask).wrapping_add(extended)
}

impl FrameHeader {
    /// How many bytes it takes: at most [`MAX_HEADER_LEN`].
    #[must_use]
    pub const fn encoded_len(&self) -> usize {
        header_len(self.length, self.mask.is_some())
    }

    /// Writes it to the front of `out`. Returns how many bytes that took. `None`: it does not fit, and nothing is written; or
    /// the length has more than 63 bits.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let encoded_len = self.encoded_len();
        if self.length >> 63 != 0 {
            return None;
        }
        let out = out.get_mut(..encoded_len)?;
        let length = self.length.to_be_bytes();
        let ([.., low], [_, _, _, _, _, _, short @ ..]) = (length, length);
        let (code, extended): (u8, &[u8]) = match self.length {
            0..=125 => (low, &[]),
            126..=0xffff => (bits::LENGTH_16, &short),
            _ => (bits::LENGTH_64, &length),
        };
        let first = flag(self.is_final, bits::FIN) | flag(self.is_compressed, bits::RSV1) | self.opcode.get();
        let start = [first, flag(self.mask.is_some(), bits::MASK) | code];
        let key = self.mask.as_ref().map_or(&[][..], |key| key);
        for (to, from) in out.iter_mut().zip(start.iter().chain(extended).chain(key)) {
            *to = *from;
        }
        Some(encoded_len)
    }
}

const fn flag(is_set: bool, bit: u8) -> u8 {
    if is_set { bit } else { 0 }
}
