//! A length within a header of fixed length.

use core::num::NonZeroUsize;

use super::layout::{ByteOrder, InvalidLayout, Width};
use crate::framing::encoder::{EncodeError, length_of};
use crate::framing::error::Rule;
use crate::framing::event::{Decoder, Event, Lost, Tail};
use crate::framing::output::Output;

/// Messages with a header in which a number says how much follows, as Netty's length-field decoder reads them:
///
/// ```text
///  ├── offset ──┤├─ width ─┤├──── number + adjustment ────┤
///  │  anything  ││ number  ││           the rest          │
/// ```
///
/// The decoder gives all of it, less so many bytes at the front as are stripped. The limit counts what follows the number, *after*
/// the adjustment; a larger message is refused as soon as its number is complete, before anything is kept for it. Nobody can
/// tell where the next message begins then, so the stream is lost.
///
/// ```
/// use wirenut::framing::{ByteOrder, Frames, Item, LengthField, Width};
/// // A type, a length that counts itself and the type, and the value.
/// const TLV: LengthField = match LengthField::new(Width::U16, ByteOrder::BigEndian, 100) {
///     Ok(layout) => match layout.at(1).adjusted(-3) {
///         Ok(layout) => layout,
///         Err(_) => panic!("the limit is too large"),
///     },
///     Err(_) => panic!("the limit is too large"),
/// };
/// let (mut frames, mut store) = (Frames::new(TLV), [0; 128]);
/// let (_, item) = frames.receive(&[7, 0, 5, b'h', b'i'], &mut store)?;
/// assert_eq!(item, Item::Frame(&[7, 0, 5, b'h', b'i']));
/// # Ok::<(), wirenut::framing::FrameError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LengthField {
    width: Width,
    order: ByteOrder,
    limit: u32,
    offset: u16,
    adjustment: i32,
    /// Bytes at the front that are not given.
    strip: u16,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// So many bytes in front of the rest have come; the number so far.
    Header { count: u16, number: u32 },
    /// So many bytes of the rest are missing.
    Rest(u32),
}

const START: State = State::Header { count: 0, number: 0 };

impl LengthField {
    /// A length at the very front, of messages of at most `limit` bytes behind it. Nothing is adjusted or stripped.
    ///
    /// # Errors
    /// [`InvalidLayout::LimitTooLarge`]: the number cannot say the limit.
    pub const fn new(width: Width, order: ByteOrder, limit: u32) -> Result<Self, InvalidLayout> {
        Self { width, order, limit, offset: 0, adjustment: 0, strip: 0, state: START }.checked()
    }

    /// So many bytes stand in front of the length.
    #[must_use]
    pub const fn at(self, offset: u16) -> Self {
        Self { offset, ..self }
    }

    /// What is added to the number, to get how many bytes follow it: negative, where the number counts itself or what stands
    /// in front of it.
    ///
    /// # Errors
    /// [`InvalidLayout::LimitTooLarge`]: no number says the limit then. [`InvalidLayout::AdjustmentTooLow`]: none says any length.
    pub const fn adjusted(self, adjustment: i32) -> Result<Self, InvalidLayout> {
        Self { adjustment, ..self }.checked()
    }

    /// The limit of what follows the number, where it is more than the number alone can say, and is so once it is adjusted.
    ///
    /// # Errors
    /// [`InvalidLayout::LimitTooLarge`]: no number says the limit.
    pub const fn with_limit(self, limit: u32) -> Result<Self, InvalidLayout> {
        Self { limit, ..self }.checked()
    }

    /// So many bytes at the front are not given: of what stands in front of the length, and the length.
    ///
    /// # Errors
    /// [`InvalidLayout::StripTooLarge`]: more than that; or the length has no fixed width, and not all of it is stripped, as
    /// `u16::MAX` says.
    pub const fn stripped(self, strip: u16) -> Result<Self, InvalidLayout> {
        let most = match self.width.bytes() {
            #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "at most four")]
            Some(width) => self.offset.saturating_add(width as u16),
            None if strip <= self.offset => self.offset,
            None => u16::MAX,
        };
        if strip > most { Err(InvalidLayout::StripTooLarge) } else { Ok(Self { strip, ..self }) }
    }

    /// All in front of the rest is stripped.
    #[must_use]
    pub const fn stripped_of_all(self) -> Self {
        Self { strip: u16::MAX, ..self }
    }

    const fn checked(self) -> Result<Self, InvalidLayout> {
        // The largest number says so many bytes.
        let most = match self.width.max().checked_add_signed(self.adjustment) {
            Some(most) => most,
            None if self.adjustment > 0 => u32::MAX,
            #[expect(
                clippy::as_conversions,
                clippy::cast_possible_wrap,
                reason = "less than the adjustment takes away: 31 bits"
            )]
            None => {
                return Err(InvalidLayout::AdjustmentTooLow { least: (self.width.max() as i32).saturating_neg() });
            }
        };
        if self.limit > most { Err(InvalidLayout::LimitTooLarge { most }) } else { Ok(self) }
    }

    /// The number is complete: how many bytes follow.
    fn follow(&self, number: u32) -> Result<u32, Rule> {
        let length = number.checked_add_signed(self.adjustment);
        match length {
            Some(length) if length <= self.limit => Ok(length),
            Some(_) => Err(Rule::TooLong),
            None if self.adjustment < 0 => Err(Rule::InvalidLength),
            None => Err(Rule::TooLong),
        }
    }

    /// One more byte in front of the rest. Some: the number, once it is complete.
    fn header(&self, count: u16, number: u32, byte: u8) -> Result<(u32, bool), Rule> {
        let Some(at) = count.checked_sub(self.offset) else { return Ok((0, false)) };
        let value = u32::from(byte);
        let Some(width) = self.width.bytes() else {
            let shift = u32::from(at).saturating_mul(7);
            let bits = value & 0x7f;
            // A last byte of zero would make it longer than it need be; the fifth byte has four bits of 32.
            let is_longer = byte == 0 && at > 0;
            if is_longer || (shift > 28) || (shift == 28 && byte > 0x0f) {
                return Err(if is_longer { Rule::InvalidLength } else { Rule::TooLong });
            }
            return Ok((number | bits.checked_shl(shift).unwrap_or(0), byte & 0x80 == 0));
        };
        let number = match self.order {
            ByteOrder::BigEndian => number.checked_shl(8).unwrap_or(0) | value,
            ByteOrder::LittleEndian => number | value.checked_shl(u32::from(at).saturating_mul(8)).unwrap_or(0),
        };
        Ok((number, usize::from(at).saturating_add(1) == width))
    }

    /// Writes a message: `header` is what stands in front of the length, as many bytes as [`Self::at`] says; the length
    /// comes by itself.
    ///
    /// ```
    /// use wirenut::framing::{ByteOrder, LengthField, Width};
    /// let layout = LengthField::new(Width::U16, ByteOrder::BigEndian, 100)?.at(1).adjusted(-3)?;
    /// let mut out = [0; 8];
    /// assert_eq!(layout.encode_with_header(&[7], &[b"h", b"i"], &mut out)?, 5);
    /// assert_eq!(out[..5], [7, 0, 5, b'h', b'i']);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EncodeError::WrongLength`]: the header has another length, or the rest is longer than the limit, or no number says
    /// its length. [`EncodeError::NoRoom`].
    pub fn encode_with_header(&self, header: &[u8], rest: &[&[u8]], out: &mut [u8]) -> Result<usize, EncodeError> {
        let mut output = Output::new(out);
        self.put_header(header, length_of(rest)?, &mut output)?;
        rest.iter().try_for_each(|piece| output.put(piece))?;
        Ok(output.written())
    }

    /// Writes what stands in front of the rest, which has so many bytes.
    pub(super) fn put_header(&self, header: &[u8], rest: usize, output: &mut Output<'_>) -> Result<(), EncodeError> {
        let length = u32::try_from(rest).map_err(|_| EncodeError::WrongLength)?;
        if header.len() != usize::from(self.offset) || length > self.limit {
            return Err(EncodeError::WrongLength);
        }
        let number =
            i64::from(length).checked_sub(i64::from(self.adjustment)).and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| *number <= self.width.max()).ok_or(EncodeError::WrongLength)?;
        let (bytes, width) = self.width.write(self.order, number);
        output.put(header)?;
        output.put(bytes.get(..width).unwrap_or_default())
    }

    pub(super) const fn limit(&self) -> u32 {
        self.limit
    }
}

impl Decoder for LengthField {
    type Error = Rule;

    fn decode<'b>(&mut self, input: &'b [u8]) -> Result<(usize, Event<'b>), Lost<Rule>> {
        let mut used: usize = 0;
        while let State::Header { count, number } = self.state {
            let Some(byte) = input.get(used).copied() else {
                let width = self.width.bytes().unwrap_or(1);
                let missing = usize::from(self.offset).saturating_add(width).saturating_sub(usize::from(count));
                return Ok((used, Event::NeedMore(NonZeroUsize::new(missing.max(1)))));
            };
            let lost = |error| Lost { error, at: used };
            let (number, is_complete) = self.header(count, number, byte).map_err(lost)?;
            let next = count.checked_add(1).ok_or(lost(Rule::InvalidLength))?;
            self.state = if is_complete {
                State::Rest(self.follow(number).map_err(lost)?)
            } else {
                State::Header { count: next, number }
            };
            used = used.saturating_add(1);
            if count >= self.strip {
                let at = used.saturating_sub(1);
                return Ok((used, Event::Piece(input.get(at..used).unwrap_or_default())));
            }
        }
        let State::Rest(whole) = self.state else { return Ok((used, Event::NeedMore(None))) };
        if whole == 0 {
            self.state = START;
            return Ok((used, Event::End));
        }
        // An address may have fewer bits than a length.
        let left = usize::try_from(whole).unwrap_or(usize::MAX);
        let end = used.saturating_add(left).min(input.len());
        let piece = input.get(used..end).unwrap_or_default();
        if piece.is_empty() {
            return Ok((used, Event::NeedMore(NonZeroUsize::new(left))));
        }
        self.state = State::Rest(whole.saturating_sub(u32::try_from(piece.len()).unwrap_or(u32::MAX)));
        Ok((end, Event::Piece(piece)))
    }

    fn is_within(&self) -> bool {
        self.state != START
    }

    fn handle_eof(&mut self) -> Tail {
        if self.state == START { Tail::Nothing } else { Tail::Void(Rule::Truncated) }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::framing::testing::{frames, lost};

    const BIG: ByteOrder = ByteOrder::BigEndian;
    const LITTLE: ByteOrder = ByteOrder::LittleEndian;

    /// The examples of the documentation of Netty's decoder.
    #[test]
    fn layouts_are_read_as_netty_reads_them() {
        let two = || LengthField::new(Width::U16, BIG, 1000).unwrap();
        let three = || LengthField::new(Width::U24, BIG, 1000).unwrap();
        for (layout, stream, message) in [
            (two(), &b"\0\x0cHELLO, WORLD"[..], &b"\0\x0cHELLO, WORLD"[..]),
            (two().stripped(2).unwrap(), b"\0\x0cHELLO, WORLD", b"HELLO, WORLD"),
            (two().adjusted(-2).unwrap(), b"\0\x0eHELLO, WORLD", b"\0\x0eHELLO, WORLD"),
            (three().at(2), b"\xca\xfe\0\0\x0cHELLO, WORLD", b"\xca\xfe\0\0\x0cHELLO, WORLD"),
            (three().adjusted(2).unwrap(), b"\0\0\x0c\xca\xfeHELLO, WORLD", b"\0\0\x0c\xca\xfeHELLO, WORLD"),
            (two().at(1).adjusted(1).unwrap().stripped(3).unwrap(), b"\xca\0\x0c\xfeHELLO, WORLD", b"\xfeHELLO, WORLD"),
            (
                two().at(1).adjusted(-3).unwrap().stripped(3).unwrap(),
                b"\xca\0\x10\xfeHELLO, WORLD",
                b"\xfeHELLO, WORLD",
            ),
        ] {
            assert_eq!(frames(layout, stream), [message], "{layout:?}");
        }
    }

    #[test]
    fn a_limit_counts_after_the_adjustment() {
        let layout = LengthField::new(Width::U8, BIG, 4).unwrap();
        assert_eq!(lost(layout.adjusted(1).unwrap(), b"\x04abcde"), Some((Rule::TooLong, 0)));
        assert_eq!(frames(layout.adjusted(1).unwrap(), b"\x03abcd"), [b"\x03abcd"]);
        assert_eq!(lost(layout.adjusted(-2).unwrap(), b"\x01"), Some((Rule::InvalidLength, 0)));
        assert_eq!(frames(layout.adjusted(-2).unwrap(), b"\x06abcd"), [b"\x06abcd"]);
    }

    #[test]
    fn what_cannot_be_said_is_refused_when_it_is_built() {
        for (width, adjustment, limit, most) in [
            (Width::U8, 0, 256, 255),
            (Width::U8, -1, 255, 254),
            (Width::U16, 0, 65_536, 65_535),
            (Width::U24, 0, 0x0100_0000, 0x00ff_ffff),
            (Width::U8, -255, 1, 0),
        ] {
            let built = LengthField::new(width, BIG, 0).unwrap();
            let built = LengthField { limit, ..built }.adjusted(adjustment);
            assert_eq!(built, Err(InvalidLayout::LimitTooLarge { most }), "{width:?} {adjustment}");
        }
        for (width, adjustment, least) in
            [(Width::U8, -256, -255), (Width::U16, -65_536, -65_535), (Width::U24, i32::MIN, -0x00ff_ffff)]
        {
            let built = LengthField::new(width, BIG, 0).unwrap().adjusted(adjustment);
            assert_eq!(built, Err(InvalidLayout::AdjustmentTooLow { least }), "{width:?}");
        }
        assert!(LengthField::new(Width::U32, BIG, 0).unwrap().adjusted(i32::MIN).is_ok());
        assert!(LengthField::new(Width::U8, BIG, 256).is_err());
        let wider = LengthField::new(Width::U8, BIG, 0).unwrap().adjusted(10).unwrap();
        assert!(wider.with_limit(265).is_ok() && wider.with_limit(266).is_err());
        assert_eq!(LengthField::new(Width::U8, BIG, 9).unwrap().stripped(2), Err(InvalidLayout::StripTooLarge));
    }

    #[test]
    fn leb128_has_one_form_for_each_number() {
        let layout = LengthField::new(Width::Leb128, LITTLE, 1000).unwrap().stripped_of_all();
        for (stream, rule, at) in [
            (&b"\x80\0"[..], Rule::InvalidLength, 1),
            (b"\xe9\x07", Rule::TooLong, 1),
            (b"\xff\xff\xff\xff\x1f", Rule::TooLong, 4),
            (b"\xff\xff\xff\xff\xff", Rule::TooLong, 4),
        ] {
            assert_eq!(lost(layout, stream), Some((rule, at)), "{}", stream.escape_ascii());
        }
        let mut long = std::vec![0xc8, 0x01];
        long.extend([b'x'; 200]);
        assert_eq!(frames(layout, &long), [&long[2..]]);
    }
}
