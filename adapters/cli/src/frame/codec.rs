//! Codecs by their names.

use core::num::NonZeroUsize;

use wirenut::framing::{
    ByteOrder, Cobs, Decoder, Delimited, EncodeError, Encoder, Event, Fixed, Hdlc, InvalidLayout, LengthField,
    LengthPrefixed, Lines, Lost, Netstring, Rule, Slip, Tail, Width,
};

/// What `--codec` takes, for its errors.
const NAMES: &str = "lines, crlf, nul, delimited:HEX, fixed:N, u8, u16be, u16le, u24be, u24le, u32be, u32le, leb128, \
                     netstring, slip, cobs, hdlc or hdlc-controls";

/// How long an item may be at most, whatever is asked for.
pub(super) const MAX_ITEM: usize = 1 << 30;

/// A codec, as it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CodecName {
    Lines { writes_cr: bool },
    Delimited(Vec<u8>),
    Fixed(NonZeroUsize),
    Length(Width, ByteOrder),
    Netstring,
    Slip,
    Cobs,
    Hdlc { escapes_controls: bool },
}

impl CodecName {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (big, little) = (ByteOrder::BigEndian, ByteOrder::LittleEndian);
        Ok(match text {
            "lines" => Self::Lines { writes_cr: false },
            "crlf" => Self::Lines { writes_cr: true },
            "nul" => Self::Delimited(vec![0]),
            "u8" => Self::Length(Width::U8, big),
            "u16be" => Self::Length(Width::U16, big),
            "u16le" => Self::Length(Width::U16, little),
            "u24be" => Self::Length(Width::U24, big),
            "u24le" => Self::Length(Width::U24, little),
            "u32be" => Self::Length(Width::U32, big),
            "u32le" => Self::Length(Width::U32, little),
            "leb128" => Self::Length(Width::Leb128, little),
            "netstring" => Self::Netstring,
            "slip" => Self::Slip,
            "cobs" => Self::Cobs,
            "hdlc" => Self::Hdlc { escapes_controls: false },
            "hdlc-controls" => Self::Hdlc { escapes_controls: true },
            _ => match text.split_once(':') {
                Some(("delimited", hex)) => {
                    let bytes = bytes_of_hex(hex.as_bytes()).filter(|bytes| (1..=16).contains(&bytes.len()));
                    Self::Delimited(
                        bytes.ok_or("expected 1 to 16 bytes as pairs of hexadecimal digits, such as delimited:0d0a")?,
                    )
                }
                Some(("fixed", count)) => {
                    let is_number = count.bytes().all(|byte| byte.is_ascii_digit());
                    let count = count.parse().ok().filter(|count: &NonZeroUsize| is_number && count.get() <= MAX_ITEM);
                    Self::Fixed(count.ok_or("expected a number of bytes from 1 to 1073741824, such as fixed:64")?)
                }
                _ => return Err(format!("expected {NAMES}")),
            },
        })
    }

    /// How many bytes each message has, if all have as many.
    pub(super) const fn fixed(&self) -> Option<usize> {
        if let Self::Fixed(count) = self { Some(count.get()) } else { None }
    }

    /// Is the length of a message a number in front of it?
    pub(super) const fn has_length(&self) -> bool {
        matches!(self, Self::Length(..))
    }
}

/// The bytes that pairs of digits say; spaces may stand between pairs.
pub(super) fn bytes_of_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Vec::with_capacity(text.len() / 2);
    for word in text.split(u8::is_ascii_whitespace) {
        let (pairs, rest) = word.as_chunks::<2>();
        for [high, low] in pairs {
            bytes.push(digit(*high)? << 4 | digit(*low)?);
        }
        if !rest.is_empty() {
            return None;
        }
    }
    Some(bytes)
}

/// Where in a message its length stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Layout {
    pub(super) offset: u16,
    pub(super) adjustment: i32,
    pub(super) strip: Option<u16>,
}

/// A codec that is chosen while the program runs.
#[derive(Clone, Copy, Debug)]
pub(super) enum AnyCodec {
    Lines(Lines),
    Delimited(Delimited),
    Fixed(Fixed),
    Prefixed(LengthPrefixed),
    Field(LengthField, usize),
    Netstring(Netstring),
    Slip(Slip),
    Cobs(Cobs),
    Hdlc(Hdlc),
}

impl AnyCodec {
    /// The codec, for messages of at most so many bytes, with a checksum.
    pub(super) fn new(name: &CodecName, limit: u32, layout: Option<Layout>) -> Result<Self, InvalidLayout> {
        Ok(match name {
            CodecName::Lines { writes_cr: false } => Self::Lines(Lines::new()),
            CodecName::Lines { writes_cr: true } => Self::Lines(Lines::crlf()),
            // For as long as the process runs, which needs one.
            CodecName::Delimited(bytes) => Self::Delimited(Delimited::new(bytes.clone().leak())),
            CodecName::Fixed(count) => Self::Fixed(Fixed::new(*count)),
            CodecName::Length(width, order) => match layout {
                None => Self::Prefixed(LengthPrefixed::new(*width, *order, limit)?),
                Some(layout) => {
                    let field = LengthField::new(*width, *order, 0)?.at(layout.offset).adjusted(layout.adjustment)?;
                    let field = field.with_limit(limit)?;
                    let field = match layout.strip {
                        Some(strip) => field.stripped(strip)?,
                        None if layout.offset == 0 => field.stripped_of_all(),
                        None => field,
                    };
                    Self::Field(field, layout.offset.into())
                }
            },
            CodecName::Netstring => Self::Netstring(Netstring::new(usize::try_from(limit).unwrap_or(usize::MAX))),
            CodecName::Slip => Self::Slip(Slip::new()),
            CodecName::Cobs => Self::Cobs(Cobs::new()),
            CodecName::Hdlc { escapes_controls: false } => Self::Hdlc(Hdlc::new()),
            CodecName::Hdlc { escapes_controls: true } => Self::Hdlc(Hdlc::escaping_controls()),
        })
    }
}

/// The same call of whichever codec it is.
macro_rules! each {
    ($self:expr, $codec:ident => $call:expr) => {
        match $self {
            Self::Lines($codec) => $call,
            Self::Delimited($codec) => $call,
            Self::Fixed($codec) => $call,
            Self::Prefixed($codec) => $call,
            Self::Field($codec, _) => $call,
            Self::Netstring($codec) => $call,
            Self::Slip($codec) => $call,
            Self::Cobs($codec) => $call,
            Self::Hdlc($codec) => $call,
        }
    };
}

impl Decoder for AnyCodec {
    type Error = Rule;

    #[expect(clippy::useless_conversion, reason = "some of them have no errors")]
    fn decode<'b>(&mut self, input: &'b [u8]) -> Result<(usize, Event<'b>), Lost<Rule>> {
        each!(self, codec => codec.decode(input).map_err(|lost| Lost { error: lost.error.into(), at: lost.at }))
    }

    fn is_within(&self) -> bool {
        each!(self, codec => codec.is_within())
    }

    fn handle_eof(&mut self) -> Tail {
        each!(self, codec => codec.handle_eof())
    }
}

/// The most bytes that a length takes.
pub(super) const MAX_WIDTH: usize = 5;

impl Encoder for AnyCodec {
    fn max_encoded_len(&self, length: usize) -> Option<usize> {
        match self {
            Self::Lines(codec) => codec.max_encoded_len(length),
            Self::Delimited(codec) => codec.max_encoded_len(length),
            Self::Fixed(codec) => codec.max_encoded_len(length),
            Self::Prefixed(codec) => codec.max_encoded_len(length),
            Self::Field(..) => length.checked_add(MAX_WIDTH),
            Self::Netstring(codec) => codec.max_encoded_len(length),
            Self::Slip(codec) => codec.max_encoded_len(length),
            Self::Cobs(codec) => codec.max_encoded_len(length),
            Self::Hdlc(codec) => codec.max_encoded_len(length),
        }
    }

    /// What stands in front of a length is the beginning of the message.
    fn encode(&self, message: &[&[u8]], out: &mut [u8]) -> Result<usize, EncodeError> {
        match self {
            Self::Lines(codec) => codec.encode(message, out),
            Self::Delimited(codec) => codec.encode(message, out),
            Self::Fixed(codec) => codec.encode(message, out),
            Self::Prefixed(codec) => codec.encode(message, out),
            Self::Field(codec, offset) => {
                let message = message.concat();
                let (header, rest) = message.split_at_checked(*offset).ok_or(EncodeError::WrongLength)?;
                codec.encode_with_header(header, &[rest], out)
            }
            Self::Netstring(codec) => codec.encode(message, out),
            Self::Slip(codec) => codec.encode(message, out),
            Self::Cobs(codec) => codec.encode(message, out),
            Self::Hdlc(codec) => codec.encode(message, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_are_what_they_are_named() {
        for (text, name) in [
            ("lines", CodecName::Lines { writes_cr: false }),
            ("nul", CodecName::Delimited(vec![0])),
            ("delimited:0D0a", CodecName::Delimited(vec![13, 10])),
            ("fixed:3", CodecName::Fixed(NonZeroUsize::new(3).unwrap())),
            ("u24le", CodecName::Length(Width::U24, ByteOrder::LittleEndian)),
        ] {
            assert_eq!(CodecName::parse(text), Ok(name), "{text}");
        }
        for (text, said) in [
            ("", "expected lines, crlf"),
            ("SLIP", "slip, cobs"),
            ("u16", "u16be, u16le"),
            ("fixed:0", "fixed:64"),
            ("fixed:+1", "fixed:64"),
            ("fixed", "fixed:N"),
            ("delimited:", "pairs of hexadecimal digits"),
            ("delimited:0", "pairs of hexadecimal digits"),
            ("delimited:0g", "pairs of hexadecimal digits"),
            ("delimited:0102030405060708090a0b0c0d0e0f1011", "1 to 16 bytes"),
        ] {
            let error = CodecName::parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn digits_come_in_pairs() {
        for (text, bytes) in [
            (&b""[..], Some(&b""[..])),
            (b"c0 DE", Some(b"\xc0\xde")),
            (b"  c0de\t01 ", Some(b"\xc0\xde\x01")),
            (b"c 0", None),
            (b"c0d", None),
            (b"0x", None),
            (b"\xc2\xb2", None),
        ] {
            assert_eq!(bytes_of_hex(text).as_deref(), bytes, "{}", text.escape_ascii());
        }
    }
}
