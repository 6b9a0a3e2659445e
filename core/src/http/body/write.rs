//! Writes a body piece by piece, each with its framing.

use crate::bytes;

/// The end of a chunked body without trailers.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// What delimits what is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OutboundFraming {
    /// So many bytes as are unsent; none is left where all was sent.
    Length,
    /// Chunks.
    Chunks,
    /// The last chunk is due.
    LastChunk,
    /// All until the connection ends.
    UntilClose,
    /// It is not wanted: what is sent is thrown away.
    Discarded,
}

/// Puts the beginning of `piece` into `place`. Returns how much of it fitted.
pub(crate) fn put_piece(piece: &[u8], place: &mut [u8]) -> usize {
    bytes::copy(piece, place);
    place.len().min(piece.len())
}

/// Writes one chunk: its size in as many digits as the room needs, its data, its line end.
pub(crate) fn fill_chunk(out: &mut [u8], fill: impl FnOnce(&mut [u8]) -> usize) -> usize {
    let room = out.len();
    // Four line-end bytes besides the digits; sizes are written with leading zeros, so that the data can be put in
    // their place before their size is known.
    let digits = match room {
        0..=20 => 1,
        21..=261 => 2,
        262..=4_102 => 3,
        4_103..=65_543 => 4,
        _ => 16,
    };
    let most = room.saturating_sub(digits).saturating_sub(4);
    let data_start = digits.saturating_add(2);
    let Some(place) = out.get_mut(data_start..data_start.saturating_add(most)).filter(|place| !place.is_empty()) else {
        return 0;
    };
    let filled = fill(place).min(most);
    if filled == 0 {
        return 0;
    }
    let end = data_start.saturating_add(filled);
    put_line_end(out, digits);
    put_line_end(out, end);
    let mut rest = filled;
    for digit in out.iter_mut().take(digits).rev() {
        *digit = *b"0123456789abcdef".get(rest & 15).unwrap_or(&b'0');
        rest >>= 4;
    }
    end.saturating_add(2)
}

fn put_line_end(out: &mut [u8], at: usize) {
    if let Some(place) = out.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *place = *b"\r\n";
    }
}
