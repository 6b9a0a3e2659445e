//! The options of a segment, one after the other (RFC 9293 §3.2).

use crate::ip::{Captured, PacketError, PacketRule};
use crate::tcp::SequenceNumber;
use crate::tcp::segment::Timestamps;

pub(super) const END: u8 = 0;
pub(super) const NO_OPERATION: u8 = 1;
pub(super) const MAX_SEGMENT_SIZE: u8 = 2;
pub(super) const WINDOW_SCALE: u8 = 3;
pub(super) const SACK_PERMITTED: u8 = 4;
pub(super) const SACK: u8 = 5;
pub(super) const TIMESTAMPS: u8 = 8;

/// An option that says something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TcpOption<'p> {
    /// The largest segment that its sender takes (RFC 9293 §3.7.1).
    MaxSegmentSize(u16),
    /// How many bits the sender's windows are shifted by (RFC 7323 §2). Above 14 it counts as 14.
    WindowScale(u8),
    /// Selective acknowledgments may be sent (RFC 2018 §2).
    SackPermitted,
    /// What was received behind a hole (RFC 2018 §3).
    Sack(SackBlocks<'p>),
    /// The sender's time, and the last of the other's (RFC 7323 §3).
    Timestamps(Timestamps),
    /// Another one, skipped by its length.
    Other {
        /// Its number.
        kind: u8,
        /// What is behind its length.
        data: &'p [u8],
    },
}

/// The options of a segment: padding is skipped, whatever stands behind the end of the list is left away.
///
/// A malformed option, or one that was not captured whole, is an error, and the last item: what follows it has no place.
///
/// ```
/// use wirenut::ip::{PacketError, PacketRule};
/// use wirenut::tcp::segment::{Options, TcpOption};
/// let mut options = Options::of(&[1, 2, 4, 5, 180, 254, 3, 9, 3, 4, 7, 7]);
/// assert_eq!(options.next(), Some(Ok(TcpOption::MaxSegmentSize(1_460))));
/// assert_eq!(options.next(), Some(Ok(TcpOption::Other { kind: 254, data: &[9] })));
/// let error = PacketError { rule: PacketRule::InvalidOptionLength, offset: 9 };
/// assert_eq!((options.next(), options.next()), (Some(Err(error)), None));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Options<'p> {
    all: Captured<'p>,
    rest: &'p [u8],
    has_failed: bool,
}

impl<'p> Options<'p> {
    /// Those that are written so, captured whole.
    #[must_use]
    pub const fn of(bytes: &'p [u8]) -> Self {
        Self::new(Captured::whole(bytes))
    }

    pub(super) const fn new(all: Captured<'p>) -> Self {
        Self { all, rest: all.bytes(), has_failed: false }
    }

    fn take(&mut self) -> Result<Option<TcpOption<'p>>, PacketError> {
        loop {
            match *self.rest {
                [] if self.all.is_whole() => return Ok(None),
                [] => return Err(self.error(PacketRule::Truncated, 0)),
                // What is behind the end of the list is padding.
                [END, ..] => return Ok(None),
                [NO_OPERATION, ref rest @ ..] => self.rest = rest,
                [_] => return Err(self.beyond(1)),
                [kind, length, ..] => return self.take_long(kind, length.into()).map(Some),
            }
        }
    }

    fn take_long(&mut self, kind: u8, length: usize) -> Result<TcpOption<'p>, PacketError> {
        let wrong = self.error(PacketRule::InvalidOptionLength, 1);
        if length < 2 {
            return Err(wrong);
        }
        let (option, rest) = self.rest.split_at_checked(length).ok_or_else(|| self.beyond(length))?;
        let data = option.get(2..).unwrap_or(&[]);
        let option = match (kind, data) {
            (MAX_SEGMENT_SIZE, &[high, low]) => TcpOption::MaxSegmentSize(u16::from_be_bytes([high, low])),
            (WINDOW_SCALE, &[shift]) => TcpOption::WindowScale(shift),
            (SACK_PERMITTED, []) => TcpOption::SackPermitted,
            (SACK, data) if !data.is_empty() && data.len() % 8 == 0 => TcpOption::Sack(SackBlocks { data }),
            (TIMESTAMPS, &[a, b, c, d, e, f, g, h]) => TcpOption::Timestamps(Timestamps {
                value: u32::from_be_bytes([a, b, c, d]),
                echo: u32::from_be_bytes([e, f, g, h]),
            }),
            (MAX_SEGMENT_SIZE | WINDOW_SCALE | SACK_PERMITTED | SACK | TIMESTAMPS, _) => return Err(wrong),
            (kind, data) => TcpOption::Other { kind, data },
        };
        self.rest = rest;
        Ok(option)
    }

    /// The header, or else the capture, ends before an option of so many bytes does.
    fn beyond(&self, length: usize) -> PacketError {
        if self.rest.len().saturating_add(self.all.missing()) < length.max(2) {
            self.error(PacketRule::OptionBeyondHeader, 0)
        } else {
            self.error(PacketRule::Truncated, self.rest.len())
        }
    }

    /// At a place of the option that is read, in bytes from the beginning of the options.
    fn error(&self, rule: PacketRule, at: usize) -> PacketError {
        PacketError::new(rule, self.all.bytes().len().saturating_sub(self.rest.len()).saturating_add(at))
    }
}

impl<'p> Iterator for Options<'p> {
    type Item = Result<TcpOption<'p>, PacketError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let item = self.take().transpose();
        self.has_failed = !matches!(item, Some(Ok(_)));
        item
    }
}

/// What a receiver has behind what it acknowledges: one to four ranges (RFC 2018 §3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SackBlocks<'p> {
    data: &'p [u8],
}

impl SackBlocks<'_> {
    /// The ranges as they stand there, which is not their order in the stream: the first byte, and the one behind the
    /// last.
    pub fn iter(&self) -> impl Iterator<Item = (SequenceNumber, SequenceNumber)> + use<'_> {
        let number = |bytes: &[u8; 4]| SequenceNumber::new(u32::from_be_bytes(*bytes));
        let (numbers, _) = self.data.as_chunks::<4>();
        numbers.chunks_exact(2).filter_map(move |pair| match pair {
            [left, right] => Some((number(left), number(right))),
            _ => None,
        })
    }
}
