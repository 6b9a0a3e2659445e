//! Messages that end in a delimiter.

use core::convert::Infallible;

use super::encoder::{EncodeError, Encoder, length_of};
use super::error::Rule;
use super::event::{Decoder, Event, Lost, Tail};
use super::output::Output;
use super::streaming::{self, OpenMessage, StreamEncoder};
use crate::bytes;

/// The longest delimiter.
const MAX_DELIMITER: usize = 16;

/// Messages with a delimiter behind each: NUL, CR LF, or any other of up to 16 bytes. The end of the stream ends the last one,
/// too.
///
/// ```
/// use wirenut::framing::{Delimited, Frames, Item};
/// let mut frames = Frames::new(Delimited::new(b"--"));
/// let mut store = [0; 16];
/// assert_eq!(frames.receive(b"a-b--c", &mut store)?, (5, Item::Frame(b"a-b")));
/// # Ok::<(), wirenut::framing::FrameError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delimited {
    delimiter: &'static [u8],
    /// How many bytes of the delimiter have come. They may be of the message.
    matched: u8,
    has_begun: bool,
}

impl Delimited {
    /// The delimiter stands behind each message.
    ///
    /// # Panics
    /// It is empty, or longer than 16 bytes. In a constant that is an error of the compiler.
    #[must_use]
    pub const fn new(delimiter: &'static [u8]) -> Self {
        assert!(!delimiter.is_empty() && delimiter.len() <= MAX_DELIMITER, "a delimiter has 1 to 16 bytes");
        Self { delimiter, matched: 0, has_begun: false }
    }

    /// Messages that end in a zero byte, such as `find -print0` writes them.
    #[must_use]
    pub const fn nul() -> Self {
        Self::new(b"\0")
    }

    fn matched(&self) -> &'static [u8] {
        self.delimiter.get(..usize::from(self.matched)).unwrap_or_default()
    }

    /// The byte does not go on with what has matched: how many bytes of that are of the message for certain. The rest may
    /// still begin the delimiter.
    fn mismatched(&self) -> u8 {
        let matched = self.matched();
        // At most sixteen bytes, so at most sixteen tries for a byte.
        let shift =
            (1..=self.matched).find(|shift| self.delimiter.starts_with(bytes::from(matched, usize::from(*shift))));
        shift.unwrap_or(self.matched)
    }
}

impl Decoder for Delimited {
    type Error = Infallible;

    fn decode<'b>(&mut self, input: &'b [u8]) -> Result<(usize, Event<'b>), Lost<Infallible>> {
        let mut used: usize = 0;
        loop {
            let rest = bytes::from(input, used);
            let Some(byte) = rest.first() else { return Ok((used, Event::NeedMore(None))) };
            let expected = self.delimiter.get(usize::from(self.matched));
            if Some(byte) == expected {
                self.matched = self.matched.saturating_add(1);
                used = used.saturating_add(1);
                if usize::from(self.matched) == self.delimiter.len() {
                    (self.matched, self.has_begun) = (0, false);
                    return Ok((used, Event::End));
                }
                continue;
            }
            self.has_begun = true;
            if self.matched > 0 {
                let sure = self.mismatched();
                let piece = self.delimiter.get(..usize::from(sure)).unwrap_or_default();
                self.matched = self.matched.saturating_sub(sure);
                return Ok((used, Event::Piece(piece)));
            }
            let first = self.delimiter.first().copied().unwrap_or_default();
            let length = bytes::position(rest, first).unwrap_or(rest.len());
            // No byte of this was used by a match, so it begins where the input does.
            return Ok((used.saturating_add(length), Event::Piece(rest.get(..length).unwrap_or(rest))));
        }
    }

    fn is_within(&self) -> bool {
        self.has_begun || self.matched > 0
    }

    fn handle_eof(&mut self) -> Tail {
        let is_open = self.is_within();
        // Half a delimiter at the very end: what it would be of is not known.
        let is_cut = self.matched > 0;
        (self.matched, self.has_begun) = (0, false);
        match (is_open, is_cut) {
            (false, _) => Tail::Nothing,
            (true, false) => Tail::Complete,
            (true, true) => Tail::Void(Rule::Truncated),
        }
    }
}

impl Encoder for Delimited {
    fn max_encoded_len(&self, length: usize) -> Option<usize> {
        length.checked_add(self.delimiter.len())
    }

    fn encode(&self, message: &[&[u8]], out: &mut [u8]) -> Result<usize, EncodeError> {
        length_of(message)?;
        let mut output = Output::new(out);
        message.iter().try_for_each(|piece| output.put(piece))?;
        output.put(self.delimiter)?;
        let written = output.written();
        // Wherever it stands before its place, also across pieces, or half in the message and half behind it.
        let mut places = out.get(..written).unwrap_or_default().windows(self.delimiter.len());
        let found = places.position(|place| place == self.delimiter);
        let place = written.saturating_sub(self.delimiter.len());
        if found == Some(place) { Ok(written) } else { Err(EncodeError::HoldsDelimiter) }
    }
}

impl Delimited {
    /// How much of the delimiter these bytes end with, behind some that end with so much of it. None: they hold it.
    fn matched_behind(&self, matched: u8, bytes: &[u8]) -> Option<u8> {
        let (mut codec, mut rest) = (Self { matched, ..*self }, bytes);
        loop {
            let Ok((used, event)) = codec.decode(rest);
            match event {
                Event::NeedMore(_) => return Some(codec.matched),
                Event::Piece(_) => rest = bytes::from(rest, used),
                Event::End | Event::Void(_) => return None,
            }
        }
    }
}

impl StreamEncoder for Delimited {
    const MIN_ROOM: usize = MAX_DELIMITER;

    fn begin(&self, _: Option<usize>, _: &mut [u8]) -> Result<(OpenMessage, usize), EncodeError> {
        Ok((OpenMessage { left: 0, note: 0 }, 0))
    }

    fn write(&self, message: &mut OpenMessage, piece: &[u8], out: &mut [u8]) -> Result<(usize, usize), EncodeError> {
        let taken = streaming::copy(piece, out);
        let matched = self.matched_behind(message.note, piece.get(..taken).unwrap_or_default());
        message.note = matched.ok_or(EncodeError::HoldsDelimiter)?;
        Ok((taken, taken))
    }

    fn finish(&self, mut message: OpenMessage, last: &[u8], out: &mut [u8]) -> Result<usize, EncodeError> {
        let (taken, written) = self.write(&mut message, last, out)?;
        if taken < last.len() {
            return Err(EncodeError::NoRoom);
        }
        // The delimiter ends with its last byte, and not before.
        let (_, front) = self.delimiter.split_last().unwrap_or((&0, &[]));
        self.matched_behind(message.note, front).ok_or(EncodeError::HoldsDelimiter)?;
        let mut output = Output::new(out.get_mut(written..).unwrap_or_default());
        output.put(self.delimiter)?;
        Ok(written.saturating_add(output.written()))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::framing::testing::frames;

    #[test]
    fn what_only_begins_like_the_delimiter_is_of_the_message() {
        for (delimiter, stream, messages) in [
            (&b"aab"[..], &b"aaab"[..], &[&b"a"[..]][..]),
            (b"aab", b"aaaaabcaab", &[b"aaa", b"c"]),
            (b"abac", b"ababac-abac", &[b"ab", b"-"]),
            (b"\r\n", b"a\r\r\nb\n\r\n", &[b"a\r", b"b\n"]),
            (b"\0", b"a\0\0b", &[b"a", b"", b"b"]),
        ] {
            assert_eq!(frames(Delimited::new(delimiter), stream), messages, "{}", stream.escape_ascii());
        }
    }

    #[test]
    fn a_message_is_written_before_its_delimiter() {
        let mut out = [0; 32];
        for delimiter in [&b"\0"[..], b"\r\n", b"aab", b"----", b"0123456789abcdef"] {
            let codec = Delimited::new(delimiter);
            for message in [&b""[..], b"x", b"message"] {
                let length = codec.encode(&[message], &mut out).unwrap();
                assert_eq!(out[..length], [message, delimiter].concat(), "{}", delimiter.escape_ascii());
            }
        }
    }

    #[test]
    fn a_delimiter_within_a_message_is_refused() {
        let mut out = [0; 32];
        assert_eq!(Delimited::nul().encode(&[b"a\0"], &mut out), Err(EncodeError::HoldsDelimiter));
        for message in [&[&b"x--y"[..]][..], &[b"x-", b"-y"], &[b"x-"]] {
            assert_eq!(
                Delimited::new(b"--").encode(message, &mut out),
                Err(EncodeError::HoldsDelimiter),
                "{message:?}"
            );
        }
    }
}
