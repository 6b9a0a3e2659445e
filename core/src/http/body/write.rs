//! Writes a body piece by piece, each with its framing.

use crate::bytes;
use crate::http::error::{Misuse, WriteError};
use crate::http::grammar::words::is_forbidden_trailer;
use crate::http::message::fields::Field;
use crate::http::message::response::Writer;

/// The end of a chunked body without trailers.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// What delimits what is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OutboundFraming {
    /// `unsent` bytes.
    Length,
    /// Chunks.
    Chunks,
    /// The last chunk is due.
    LastChunk,
    /// All until the connection ends.
    UntilClose,
    /// Nothing: it is not wanted. What is sent is thrown away.
    Nothing,
}

/// Writes a body: a view of what a connection keeps about it.
pub(crate) struct BodyWriter<'c> {
    pub(crate) sending: &'c mut OutboundFraming,
    /// Bytes left of the declared length.
    pub(crate) unsent: &'c mut u64,
}

impl BodyWriter<'_> {
    /// May `bytes` more be sent?
    #[inline]
    pub(crate) fn check(&self, bytes: u64) -> Result<(), Misuse> {
        if *self.sending == OutboundFraming::Length && bytes > *self.unsent { Err(Misuse::BodyTooLong) } else { Ok(()) }
    }

    /// Has `fill` put content into its place in `out`, and frames it. Returns how many bytes were written.
    #[inline]
    pub(crate) fn fill(&mut self, out: &mut [u8], fill: impl FnOnce(&mut [u8]) -> usize) -> usize {
        match *self.sending {
            OutboundFraming::Length => {
                let most = usize::try_from(*self.unsent).unwrap_or(usize::MAX).min(out.len());
                let Some(place) = out.get_mut(..most).filter(|place| !place.is_empty()) else { return 0 };
                let filled = fill(place).min(most);
                *self.unsent = self.unsent.saturating_sub(u64::try_from(filled).unwrap_or(u64::MAX));
                filled
            }
            OutboundFraming::UntilClose => {
                let most = out.len();
                if most == 0 { 0 } else { fill(out).min(most) }
            }
            OutboundFraming::Chunks => fill_chunk(out, fill),
            OutboundFraming::LastChunk | OutboundFraming::Nothing => 0,
        }
    }

    /// `bytes` were moved by somebody else.
    #[inline]
    pub(crate) fn skip(&mut self, bytes: u64) -> Result<(), Misuse> {
        if *self.sending != OutboundFraming::Length {
            return Err(Misuse::NoBody);
        }
        *self.unsent = self.unsent.saturating_sub(bytes);
        Ok(())
    }

    /// Writes the end of a chunked body with these trailer fields, all of it or nothing. Returns its length: zero where
    /// the peer cannot take them.
    pub(crate) fn trailers(&mut self, fields: &[Field<'_>], out: &mut [u8]) -> Result<usize, WriteError> {
        for field in fields {
            if !field.is_sound() {
                return Err(Misuse::InvalidField.into());
            }
            if is_forbidden_trailer(field.name) {
                return Err(Misuse::ForbiddenTrailer.into());
            }
        }
        let mut writer = Writer::new(out);
        match *self.sending {
            OutboundFraming::Length | OutboundFraming::LastChunk => return Err(Misuse::TrailersNotAllowed.into()),
            OutboundFraming::Nothing => return Ok(0),
            OutboundFraming::UntilClose => {}
            OutboundFraming::Chunks => {
                writer.put(b"0\r\n")?;
                for field in fields {
                    writer.put_field(field)?;
                }
                writer.put_pair(*b"\r\n")?;
            }
        }
        // As a declared length that is reached: no content may follow.
        (*self.sending, *self.unsent) = (OutboundFraming::Length, 0);
        Ok(writer.written())
    }

    /// It is complete.
    #[inline]
    pub(crate) fn finish(&mut self) -> Result<(), Misuse> {
        match *self.sending {
            OutboundFraming::Length if *self.unsent > 0 => return Err(Misuse::BodyTooShort),
            OutboundFraming::Chunks => *self.sending = OutboundFraming::LastChunk,
            OutboundFraming::Length
            | OutboundFraming::LastChunk
            | OutboundFraming::UntilClose
            | OutboundFraming::Nothing => {}
        }
        Ok(())
    }
}

/// Puts the beginning of `piece` into `place`. Returns how much of it fitted.
pub(crate) fn put_piece(piece: &[u8], place: &mut [u8]) -> usize {
    bytes::copy(piece, place);
    place.len().min(piece.len())
}

/// Writes one chunk: its size in as many digits as the room needs, its data, its line end.
fn fill_chunk(out: &mut [u8], fill: impl FnOnce(&mut [u8]) -> usize) -> usize {
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
