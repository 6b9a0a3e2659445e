//! The command line of `wirenut frame`.

use core::fmt;
use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, ValueEnum};
use wirenut::framing::{ByteOrder, InvalidLayout};

use super::checksum::{Crc, CrcName};
use super::codec::{AnyCodec, CodecName, Layout, MAX_ITEM};
use super::encode::Items;
use super::report::Look;
use super::serial::{Flow, Line, Parity};
use crate::listen::{At, Place};

/// How long an item may be, if nobody says otherwise.
const LIMIT: u32 = 1 << 20;

const CODEC_HELP: &str = "\
How items stand in the stream

  lines            a line feed behind each, and maybe a carriage return before that
  crlf             the same, written with a carriage return and a line feed
  nul              a zero byte behind each
  delimited:HEX    these bytes behind each, 16 at most: delimited:0d0a
  fixed:N          N bytes each
  u8, u16be, u16le, u24be, u24le, u32be, u32le
                   the length in front, of 1 to 4 bytes, the highest or the lowest first
  leb128           the length in front, as LEB128
  netstring        5:hello,
  slip             RFC 1055
  cobs             consistent overhead byte stuffing, a zero byte behind each
  hdlc             RFC 1662, with octet stuffing; its checksum is --crc CRC-16/IBM-SDLC
  hdlc-controls    the same; the bytes below 20 are escaped, too, when it writes";

/// The command line of `wirenut frame`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut frame decode --codec slip --serial /dev/ttyUSB0 --baud 115200
                                    the frames that a board sends
  wirenut frame decode --codec hdlc --crc CRC-16/IBM-SDLC <capture.bin
                                    a capture; frames whose checksum is wrong are reported
  wirenut frame encode --codec cobs --hex --connect 127.0.0.1:4000
                                    each line of hexadecimal digits, as a frame, to a server
  printf 'a\\nb\\n' | wirenut frame encode --codec netstring
                                    1:a,1:b,
  wirenut frame decode --codec u16be --offset 1 --adjust -3 --listen :4000
                                    type, length (which counts both) and value, of who connects")]
pub struct FrameArguments {
    /// Read items out of a stream, or write items into one
    #[arg(value_enum, value_name = "ACTION")]
    pub(super) action: Action,
    /// How items stand in the stream
    #[arg(long, value_name = "CODEC", value_parser = CodecName::parse, long_help = CODEC_HELP)]
    codec: CodecName,
    /// A checksum stands behind each item: a CRC of 8, 16 or 32 bits by its name in the catalogue, such as CRC-16/MODBUS
    #[arg(long, value_name = "NAME", value_parser = CrcName::parse)]
    crc: Option<CrcName>,
    /// Which byte of the checksum comes first [default: the lowest, where the bits of the CRC are reflected]
    #[arg(long, value_enum, value_name = "ORDER", requires = "crc")]
    crc_order: Option<Order>,
    /// How many bytes an item may have; K, M and G stand for powers of 1024. Longer ones are skipped [default: 1M, or what the
    /// codec can say]
    #[arg(long, value_name = "BYTES", value_parser = size)]
    limit: Option<u32>,
    /// So many bytes stand in front of the length; they are the beginning of the item
    #[arg(long, value_name = "BYTES", help_heading = "Codecs with a length")]
    offset: Option<u16>,
    /// What is added to the length to get how many bytes follow it: negative, where it counts itself
    #[arg(long, value_name = "BYTES", allow_negative_numbers = true, help_heading = "Codecs with a length")]
    adjust: Option<i32>,
    /// How many bytes at the front of an item are not shown [default: the length; with --offset none, so that the length is
    /// shown, too]
    #[arg(long, value_name = "BYTES", help_heading = "Codecs with a length")]
    strip: Option<u16>,
    /// Write items as they are, one directly behind the other; the report goes to standard error
    #[arg(long, conflicts_with = "json", help_heading = "Decoding")]
    raw: bool,
    /// Print a line of JSON for each item, and for all that was skipped
    #[arg(long, help_heading = "Decoding")]
    json: bool,
    /// Each line of input is an item in hexadecimal digits; spaces may stand between bytes
    #[arg(long, conflicts_with = "whole", help_heading = "Encoding")]
    hex: bool,
    /// All of the input is one item
    #[arg(long, help_heading = "Encoding")]
    whole: bool,
    /// The stream is a connection to a server: HOST:PORT or unix:PATH
    #[arg(long, value_name = "PLACE", group = "stream", help_heading = "The stream [default: standard input, or output]",
          value_parser = OsStringValueParser::new().try_map(|text| place(&text)))]
    pub(super) connect: Option<At>,
    /// The stream is the first connection that comes in here: HOST:PORT (at the first address of a name), PORT, :PORT or
    /// unix:PATH
    #[arg(long, value_name = "PLACE", group = "stream", help_heading = "The stream [default: standard input, or output]",
          value_parser = OsStringValueParser::new().try_map(|text| place(&text)))]
    pub(super) listen: Option<At>,
    /// The stream is a serial device, such as /dev/ttyUSB0; it is left as it was found
    #[arg(
        long,
        value_name = "PATH",
        group = "stream",
        help_heading = "The stream [default: standard input, or output]"
    )]
    pub(super) serial: Option<PathBuf>,
    /// The speed of the line, in bits a second
    #[arg(long, value_name = "RATE", default_value = "115200", requires = "serial", help_heading = "Serial devices",
          value_parser = clap::value_parser!(u32).range(1..))]
    baud: u32,
    /// The parity bit
    #[arg(long, value_enum, value_name = "PARITY", default_value_t = Parity::None, requires = "serial",
          help_heading = "Serial devices")]
    parity: Parity,
    /// How many stop bits there are
    #[arg(long, value_name = "COUNT", default_value = "1", requires = "serial", help_heading = "Serial devices",
          value_parser = clap::value_parser!(u8).range(1..=2))]
    stop_bits: u8,
    /// Who holds the other end up, and how: by RTS and CTS, or by XON and XOFF, which no item may have in it then
    #[arg(long, value_enum, value_name = "FLOW", default_value_t = Flow::None, requires = "serial",
          help_heading = "Serial devices")]
    flow: Flow,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Action {
    /// Items are read out of the stream and shown on standard output
    Decode,
    /// Items are read from standard input and written into the stream
    Encode,
}

/// Which byte comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Order {
    /// The highest
    Big,
    /// The lowest
    Little,
}

fn place(text: &OsStr) -> Result<At, String> {
    match Place::parse_any(text)? {
        Place::Stream(at) => Ok(at),
        Place::Datagram(_) | Place::Number(_) | Place::Named(_) => {
            Err("expected HOST:PORT or unix:PATH, such as 127.0.0.1:4000".into())
        }
    }
}

fn size(text: &str) -> Result<u32, &'static str> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (text.split_at(text.len() - 1).0, 10),
        Some(b'm' | b'M') => (text.split_at(text.len() - 1).0, 20),
        Some(b'g' | b'G') => (text.split_at(text.len() - 1).0, 30),
        _ => (text, 0),
    };
    let number: Option<u32> = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let size = number.and_then(|number| number.checked_mul(1 << shift)).filter(|size| (1..=1 << 30).contains(size));
    size.ok_or("expected a number of bytes from 1 to 1G, such as 4096 or 64K")
}

/// Options of `wirenut frame` that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidFraming {
    /// An option that is of the other action.
    OfAction {
        /// The option.
        option: &'static str,
        /// The action that has it.
        action: &'static str,
    },
    /// An option that is of codecs with a length in front.
    OfLengths(&'static str),
    /// Each item of the codec has so many bytes, and the limit is lower.
    LimitBelowFixed(usize),
    /// Each item has at least the bytes that are added to its length, and the limit is lower.
    LimitBelowAdjusted(u32),
    /// Each item of the codec has so many bytes, and its checksum has more.
    ChecksumBeyondFixed(usize),
    /// A length cannot say what it must.
    Layout(InvalidLayout),
}

impl fmt::Display for InvalidFraming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OfAction { option, action } => write!(f, "{option} is of 'wirenut frame {action}'"),
            Self::OfLengths(option) => {
                write!(f, "{option} cannot be used with this --codec: it has no length in front of its items")
            }
            Self::Layout(InvalidLayout::StripTooLarge) => {
                f.write_str("--strip is too large: it counts what stands in front of the length, and the length")
            }
            Self::Layout(InvalidLayout::LimitTooLarge { most }) => {
                write!(f, "--limit is too large: with these options, items have {most} bytes at most")
            }
            Self::Layout(InvalidLayout::AdjustmentTooLow { least }) => {
                write!(f, "--adjust is too low: with this --codec it is {least} at least, which makes each item empty")
            }
            Self::LimitBelowAdjusted(count) => {
                write!(f, "--limit is too small: with this --adjust each item has {count} bytes at least")
            }
            Self::LimitBelowFixed(count) => {
                write!(f, "--limit is too small: each item has {count} bytes with this --codec")
            }
            Self::ChecksumBeyondFixed(count) => {
                write!(f, "--crc is too long: with this --codec an item and its checksum have {count} bytes together")
            }
            Self::Layout(layout) => layout.fmt(f),
        }
    }
}

impl core::error::Error for InvalidFraming {}

impl FrameArguments {
    /// Looks whether the options go together.
    ///
    /// # Errors
    /// The first that do not.
    pub fn check(&self) -> Result<(), InvalidFraming> {
        let (decode, encode) = ("decode", "encode");
        let other = match self.action {
            Action::Decode => [("--hex", self.hex, encode), ("--whole", self.whole, encode)],
            Action::Encode => [("--raw", self.raw, decode), ("--json", self.json, decode)],
        };
        if let Some((option, _, action)) = other.into_iter().find(|(_, is_given, _)| *is_given) {
            return Err(InvalidFraming::OfAction { option, action });
        }
        let of_lengths = [
            ("--offset", self.offset.is_some()),
            ("--adjust", self.adjust.is_some()),
            ("--strip", self.strip.is_some()),
        ];
        if let Some((option, _)) = of_lengths.into_iter().find(|(_, is_given)| *is_given && !self.codec.has_length()) {
            return Err(InvalidFraming::OfLengths(option));
        }
        self.codec().map(drop)
    }

    /// The codec, and how long an item may be.
    pub(super) fn codec(&self) -> Result<(AnyCodec, usize), InvalidFraming> {
        let is_plain = self.offset.is_none() && self.adjust.is_none() && self.strip.is_none();
        let layout = (!is_plain).then(|| Layout {
            offset: self.offset.unwrap_or(0),
            adjustment: self.adjust.unwrap_or(0),
            strip: self.strip,
        });
        // To a codec the checksum is of the item.
        let sum = self.crc.map_or(0, CrcName::bytes);
        let added = u32::try_from(self.adjust.unwrap_or(0)).unwrap_or(0);
        if self.limit.unwrap_or(LIMIT).saturating_add(sum) < added {
            return Err(InvalidFraming::LimitBelowAdjusted(added.saturating_sub(sum)));
        }
        let build = |most| AnyCodec::new(&self.codec, most, layout);
        if let Some(count) = self.codec.fixed() {
            return self.fixed(count, sum);
        }
        let wanted = self.limit.unwrap_or(LIMIT);
        let (codec, limit) = match build(wanted.saturating_add(sum)) {
            Err(InvalidLayout::LimitTooLarge { most }) if self.limit.is_none() => {
                (build(most), most.saturating_sub(sum))
            }
            built => (built, wanted),
        };
        // What stands in front of the rest is shown as well, and counts for nothing.
        let header = usize::from(self.offset.unwrap_or(0)) + super::codec::MAX_WIDTH;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(if is_plain { 0 } else { header });
        let codec = codec.map_err(|invalid| {
            InvalidFraming::Layout(if let InvalidLayout::LimitTooLarge { most } = invalid {
                InvalidLayout::LimitTooLarge { most: most.saturating_sub(sum) }
            } else {
                invalid
            })
        });
        Ok((codec?, limit))
    }

    /// The same where all items have as many bytes, with checksums of so many in them: they are the limit.
    fn fixed(&self, count: usize, sum: u32) -> Result<(AnyCodec, usize), InvalidFraming> {
        let sum = usize::try_from(sum).unwrap_or(usize::MAX);
        let item = count.checked_sub(sum).ok_or(InvalidFraming::ChecksumBeyondFixed(count))?;
        let limit = self.limit.map_or(MAX_ITEM, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        if limit < item {
            return Err(InvalidFraming::LimitBelowFixed(item));
        }
        Ok((AnyCodec::new(&self.codec, LIMIT, None).map_err(InvalidFraming::Layout)?, item))
    }

    pub(super) fn checksum(&self) -> Option<Crc> {
        let order = self.crc_order.map(|order| match order {
            Order::Big => ByteOrder::BigEndian,
            Order::Little => ByteOrder::LittleEndian,
        });
        self.crc.map(|name| name.build(order))
    }

    pub(super) const fn look(&self) -> Look {
        match (self.raw, self.json) {
            (true, _) => Look::Raw,
            (false, true) => Look::Json,
            (false, false) => Look::Dump,
        }
    }

    pub(super) const fn items(&self) -> Items {
        match (self.hex, self.whole) {
            (true, _) => Items::Hex,
            (false, true) => Items::Whole,
            (false, false) => Items::Lines,
        }
    }

    pub(super) const fn line(&self) -> Line {
        Line { baud: self.baud, parity: self.parity, stop_bits: self.stop_bits, flow: self.flow }
    }
}
