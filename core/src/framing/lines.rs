//! Lines.

use core::convert::Infallible;

use super::encoder::{EncodeError, Encoder, length_of};
use super::event::{Decoder, Event, Lost, Tail};
use super::output::Output;
use super::streaming::{self, OpenMessage, StreamEncoder};
use crate::bytes::{self, CR, LF};

/// Lines that end in LF, and may have a CR before it, which does not belong to the line. Written they end in LF, or in CR LF.
///
/// The last line needs no end: the end of the stream is one. Where a CR without LF must be refused, or an LF without CR be
/// part of a line, use [`Delimited`](super::Delimited) with `b"\r\n"`.
///
/// ```
/// use wirenut::framing::{Frames, Item, Lines};
/// let (mut frames, mut store) = (Frames::new(Lines::new()), [0; 16]);
/// let (taken, item) = frames.receive(b"one\r\ntwo", &mut store)?;
/// assert_eq!((taken, item), (5, Item::Frame(b"one")));
/// # Ok::<(), wirenut::framing::FrameError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lines {
    writes_cr: bool,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Nothing of the line has come.
    Start,
    Within,
    /// A CR was used, which is of the line unless LF follows.
    HasCr,
}

impl Lines {
    /// Written with LF.
    #[must_use]
    pub const fn new() -> Self {
        Self { writes_cr: false, state: State::Start }
    }

    /// Written with CR LF.
    #[must_use]
    pub const fn crlf() -> Self {
        Self { writes_cr: true, state: State::Start }
    }

    const fn end(&self) -> &'static [u8] {
        if self.writes_cr { b"\r\n" } else { b"\n" }
    }
}

impl Default for Lines {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder for Lines {
    type Error = Infallible;

    fn decode<'b>(&mut self, input: &'b [u8]) -> Result<(usize, Event<'b>), Lost<Infallible>> {
        let Some(first) = input.first() else { return Ok((0, Event::NeedMore(None))) };
        if *first == LF {
            self.state = State::Start;
            return Ok((1, Event::End));
        }
        if self.state == State::HasCr {
            self.state = State::Within;
            return Ok((0, Event::Piece(b"\r")));
        }
        self.state = State::Within;
        let line_end = bytes::position(input, LF).unwrap_or(input.len());
        let piece = input.get(..line_end).unwrap_or(input);
        match piece.strip_suffix(&[CR]) {
            None => Ok((piece.len(), Event::Piece(piece))),
            // Whether it belongs to the line, the next byte says.
            Some([]) => {
                self.state = State::HasCr;
                let (used, event) = self.decode(bytes::from(input, 1))?;
                Ok((used.saturating_add(1), event))
            }
            Some(line) => Ok((line.len(), Event::Piece(line))),
        }
    }

    fn is_within(&self) -> bool {
        self.state != State::Start
    }

    fn handle_eof(&mut self) -> Tail {
        match core::mem::replace(&mut self.state, State::Start) {
            State::Start => Tail::Nothing,
            // A CR at the very end is taken for the half of a line's end that it most likely is.
            State::Within | State::HasCr => Tail::Complete,
        }
    }
}

impl Encoder for Lines {
    fn max_encoded_len(&self, length: usize) -> Option<usize> {
        length.checked_add(self.end().len())
    }

    fn encode(&self, message: &[&[u8]], out: &mut [u8]) -> Result<usize, EncodeError> {
        length_of(message)?;
        let mut output = Output::new(out);
        for piece in message {
            if bytes::position(piece, LF).is_some() {
                return Err(EncodeError::HoldsDelimiter);
            }
            output.put(piece)?;
        }
        // A CR at its end would be taken for half of ours.
        let last = message.iter().rev().find_map(|piece| piece.last());
        if last == Some(&CR) {
            return Err(EncodeError::HoldsDelimiter);
        }
        output.put(self.end())?;
        Ok(output.written())
    }
}

impl StreamEncoder for Lines {
    const MIN_ROOM: usize = 2;

    fn begin(&self, _: Option<usize>, _: &mut [u8]) -> Result<(OpenMessage, usize), EncodeError> {
        Ok((OpenMessage { left: 0, note: 0 }, 0))
    }

    fn write(&self, message: &mut OpenMessage, piece: &[u8], out: &mut [u8]) -> Result<(usize, usize), EncodeError> {
        let taken = streaming::copy(piece, out);
        let taken_bytes = piece.get(..taken).unwrap_or_default();
        if bytes::position(taken_bytes, LF).is_some() {
            return Err(EncodeError::HoldsDelimiter);
        }
        // The last byte: it may be a CR only if more follows.
        message.note = taken_bytes.last().copied().unwrap_or(message.note);
        Ok((taken, taken))
    }

    fn finish(&self, mut message: OpenMessage, last: &[u8], out: &mut [u8]) -> Result<usize, EncodeError> {
        let (taken, written) = self.write(&mut message, last, out)?;
        if taken < last.len() {
            return Err(EncodeError::NoRoom);
        }
        if message.note == CR {
            return Err(EncodeError::HoldsDelimiter);
        }
        let mut output = Output::new(out.get_mut(written..).unwrap_or_default());
        output.put(self.end())?;
        Ok(written.saturating_add(output.written()))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::framing::testing::frames;

    #[test]
    fn a_carriage_return_belongs_to_the_line_unless_it_stands_before_its_end() {
        for (stream, lines) in [
            (&b"a\nb\r\n\n\r\nc"[..], &[&b"a"[..], b"b", b"", b"", b"c"][..]),
            (b"a\rb\n\r\r\nd\r", &[b"a\rb", b"\r", b"d"]),
            (b"\r", &[b""]),
            (b"", &[]),
        ] {
            assert_eq!(frames(Lines::new(), stream), lines, "{}", stream.escape_ascii());
        }
    }
}
