//! Netstrings: `5:hello,`.

use core::num::NonZeroUsize;

use super::encoder::{EncodeError, Encoder, length_of};
use super::error::Rule;
use super::event::{Decoder, Event, Lost, Tail};
use super::output::Output;
use super::streaming::{self, OpenMessage, StreamEncoder};

/// Messages with their length in decimal digits in front, and a comma behind: D. J. Bernstein's netstrings.
///
/// A length has no leading zero. One above the limit is refused before anything of the message is taken.
///
/// ```
/// use wirenut::framing::{FrameError, Frames, Item, Netstring, Rule};
/// let (mut frames, mut store) = (Frames::new(Netstring::new(100)), [0; 100]);
/// assert_eq!(frames.receive(b"5:hello,05:", &mut store)?, (8, Item::Frame(b"hello")));
/// let error = frames.receive(b"05:", &mut store).unwrap_err();
/// assert_eq!(error, FrameError { rule: Rule::InvalidLength, offset: 9 });
/// # Ok::<(), FrameError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Netstring {
    limit: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Start,
    /// The digits that have come say so much.
    Length(usize),
    /// So many bytes of the message are missing.
    Content(usize),
}

impl Netstring {
    /// Messages of at most so many bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { limit, state: State::Start }
    }

    /// The next byte of the length.
    fn length(&mut self, byte: u8) -> Result<(), Rule> {
        let digit = usize::from(byte.wrapping_sub(b'0'));
        self.state = match self.state {
            State::Start if byte.is_ascii_digit() => State::Length(digit),
            State::Length(length) if byte == b':' => State::Content(length),
            // No digit may follow a zero.
            State::Length(length) if byte.is_ascii_digit() && length > 0 => {
                let length = length.checked_mul(10).and_then(|tens| tens.checked_add(digit));
                State::Length(length.filter(|length| *length <= self.limit).ok_or(Rule::TooLong)?)
            }
            State::Start | State::Length(_) | State::Content(_) => return Err(Rule::InvalidLength),
        };
        match self.state {
            State::Length(length) if length > self.limit => Err(Rule::TooLong),
            State::Start | State::Length(_) | State::Content(_) => Ok(()),
        }
    }
}

impl Decoder for Netstring {
    type Error = Rule;

    fn decode<'b>(&mut self, input: &'b [u8]) -> Result<(usize, Event<'b>), Lost<Rule>> {
        for (at, byte) in input.iter().enumerate() {
            match self.state {
                State::Start | State::Length(_) => self.length(*byte).map_err(|error| Lost { error, at })?,
                State::Content(0) if *byte == b',' => {
                    self.state = State::Start;
                    return Ok((at.saturating_add(1), Event::End));
                }
                State::Content(0) => return Err(Lost { error: Rule::MissingTerminator, at }),
                State::Content(left) => {
                    let end = at.saturating_add(left).min(input.len());
                    let piece = input.get(at..end).unwrap_or_default();
                    self.state = State::Content(left.saturating_sub(piece.len()));
                    return Ok((end, Event::Piece(piece)));
                }
            }
        }
        let missing = match self.state {
            State::Start | State::Length(_) => None,
            State::Content(left) => NonZeroUsize::new(left.saturating_add(1)),
        };
        Ok((input.len(), Event::NeedMore(missing)))
    }

    fn is_within(&self) -> bool {
        self.state != State::Start
    }

    fn handle_eof(&mut self) -> Tail {
        if self.state == State::Start { Tail::Nothing } else { Tail::Void(Rule::Truncated) }
    }
}

impl Encoder for Netstring {
    fn max_encoded_len(&self, length: usize) -> Option<usize> {
        let digits = length.checked_ilog10().map_or(1, |log| usize::try_from(log).unwrap_or(0).saturating_add(1));
        if length <= self.limit { length.checked_add(digits)?.checked_add(2) } else { None }
    }

    fn encode(&self, message: &[&[u8]], out: &mut [u8]) -> Result<usize, EncodeError> {
        let length = length_of(message)?;
        if length > self.limit {
            return Err(EncodeError::WrongLength);
        }
        let mut output = Output::new(out);
        put_length(length, &mut output)?;
        message.iter().try_for_each(|piece| output.put(piece))?;
        output.put(b",")?;
        Ok(output.written())
    }
}

/// The most digits that a length has.
const MAX_DIGITS: usize = 20;

/// Writes a length, and the colon.
fn put_length(length: usize, output: &mut Output<'_>) -> Result<(), EncodeError> {
    let (mut digits, mut rest) = ([0; MAX_DIGITS], length);
    let mut first = digits.len();
    for (at, digit) in digits.iter_mut().enumerate().rev() {
        *digit = u8::try_from(rest.checked_rem(10).unwrap_or(0)).unwrap_or(0).saturating_add(b'0');
        (first, rest) = (at, rest.checked_div(10).unwrap_or(0));
        if rest == 0 {
            break;
        }
    }
    output.put(digits.get(first..).unwrap_or_default())?;
    output.put(b":")
}

impl StreamEncoder for Netstring {
    /// As many digits as a length may have, and a colon.
    const MIN_ROOM: usize = MAX_DIGITS + 1;

    fn begin(&self, length: Option<usize>, out: &mut [u8]) -> Result<(OpenMessage, usize), EncodeError> {
        let length = length.filter(|length| *length <= self.limit).ok_or(EncodeError::WrongLength)?;
        let mut output = Output::new(out);
        put_length(length, &mut output)?;
        Ok((OpenMessage { left: length, note: 0 }, output.written()))
    }

    fn write(&self, message: &mut OpenMessage, piece: &[u8], out: &mut [u8]) -> Result<(usize, usize), EncodeError> {
        streaming::write_counted(message, piece, out)
    }

    fn finish(&self, message: OpenMessage, last: &[u8], out: &mut [u8]) -> Result<usize, EncodeError> {
        streaming::finish_counted(message, last, b",", out)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::framing::testing::{frames, lost};

    #[test]
    fn what_is_no_netstring_is_refused_at_the_byte_that_cannot_stand_there() {
        assert_eq!(frames(Netstring::new(20), b"0:,12:hello world!,"), [&b""[..], b"hello world!"]);
        for (stream, rule, offset) in [
            (&b"x"[..], Rule::InvalidLength, 0),
            (b":,", Rule::InvalidLength, 0),
            (b"1:a,+1:a,", Rule::InvalidLength, 4),
            (b"00:,", Rule::InvalidLength, 1),
            (b"5;", Rule::InvalidLength, 1),
            (b"21:", Rule::TooLong, 1),
            (b"99999999999999999999999999:", Rule::TooLong, 1),
            (b"3:abcd", Rule::MissingTerminator, 5),
        ] {
            assert_eq!(lost(Netstring::new(20), stream), Some((rule, offset)), "{}", stream.escape_ascii());
        }
        let mut out = [0; 32];
        assert_eq!(Netstring::new(3).encode(&[b"four"], &mut out), Err(EncodeError::WrongLength));
    }
}
