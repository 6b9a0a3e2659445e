//! What stands before the payload of a frame, and how it is written.

use super::bits;
use super::opcode::Opcode;
use crate::bytes;

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

/// How many bytes the header of a payload of so many bytes has.
pub(in crate::websocket) const fn header_len(length: usize, is_masked: bool) -> usize {
    let extended: usize = match length {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    };
    if is_masked { extended.wrapping_add(4) } else { extended }
}

/// The first byte of a frame.
pub(in crate::websocket) const fn first_byte(is_final: bool, is_compressed: bool, opcode: Opcode) -> u8 {
    flag(is_final, bits::FIN) | flag(is_compressed, bits::RSV1) | opcode.get()
}

/// Writes the header of a payload that is in memory, to the front of `out`. `None`: it does not fit.
pub(in crate::websocket) fn write_header(
    first: u8,
    length: usize,
    key: Option<[u8; 4]>,
    out: &mut [u8],
) -> Option<usize> {
    let header_len = header_len(length, key.is_some());
    let [first_place, second_place, places @ ..] = out.get_mut(..header_len)? else { return None };
    *first_place = first;
    let places = match key {
        Some(key) => {
            let (places, key_place) = places.split_last_chunk_mut()?;
            *key_place = key;
            places
        }
        None => places,
    };
    let code = match places.len() {
        0 => u8::try_from(length).unwrap_or(0),
        2 => bits::LENGTH_16,
        _ => bits::LENGTH_64,
    };
    *second_place = code | flag(key.is_some(), bits::MASK);
    let mut left = length;
    for place in places.iter_mut().rev() {
        *place = u8::try_from(left & 0xff).unwrap_or(0);
        left >>= 8;
    }
    Some(header_len)
}

impl FrameHeader {
    /// How many bytes it takes: at most [`MAX_HEADER_LEN`].
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        // Whatever is longer than a word has the longest header, too.
        header_len(usize::try_from(self.length).unwrap_or(usize::MAX), self.mask.is_some())
    }

    /// Writes it to the front of `out`. Returns how many bytes that took. `None`: it does not fit, and nothing is written; or
    /// the length has more than 63 bits.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        if self.length >> 63 != 0 {
            return None;
        }
        let first = first_byte(self.is_final, self.is_compressed, self.opcode);
        let word = usize::try_from(self.length).unwrap_or(usize::MAX);
        let written = write_header(first, word, self.mask, out)?;
        if let Some([_, _, long @ ..]) = out.get_mut(..10).filter(|_| self.length > 0xffff) {
            bytes::copy(&self.length.to_be_bytes(), long);
        }
        Some(written)
    }
}

const fn flag(is_set: bool, bit: u8) -> u8 {
    if is_set { bit } else { 0 }
}
