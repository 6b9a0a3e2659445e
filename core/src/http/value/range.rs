//! Byte ranges (RFC 9110 §14.1.2, §14.2): a part of a representation, or several.

use crate::bytes;

/// A part of a representation: from its byte `first` to its byte `last`, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ByteRange {
    /// Counted from 0.
    pub first: u64,
    /// Never less than `first`, and within the representation.
    pub last: u64,
}

impl ByteRange {
    /// How many bytes these are: at least one.
    #[must_use]
    pub const fn length(self) -> u64 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }

    /// Nothing lies between them.
    const fn touches(self, other: Self) -> bool {
        self.first <= other.last.saturating_add(1) && other.first <= self.last.saturating_add(1)
    }
}

/// What a Range field asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ranges<'r> {
    /// The whole: the field is not to be obeyed, which is always allowed (RFC 9110 §14.2).
    Whole,
    /// These parts: at least one, in the order in which they were asked for. No two overlap or lie side by side.
    Parts(&'r [ByteRange]),
    /// Nothing that is there: 416, with `Content-Range: bytes */LENGTH`.
    Unsatisfiable,
}

impl<'r> Ranges<'r> {
    /// Reads the value of a Range field, for a representation of that length. Ask only for GET: for no other method ranges
    /// are defined, and only where the answer would be 200 without them.
    ///
    /// The ranges are laid into `room`. More than fit are not obeyed, and what overlaps or lies side by side becomes one:
    /// so no request makes an answer longer than the representation, or of more parts than there is room for
    /// (RFC 9110 §17.15). Not obeyed are also other units, what is malformed, and any range of nothing: some clients add
    /// a range to whatever they ask for.
    ///
    /// ```
    /// use wirenut::http::{ByteRange, Ranges};
    /// let mut room = [ByteRange::default(); 4];
    /// let parts = Ranges::select(b"bytes=0-9, 5-19, -1", 100, &mut room);
    /// assert_eq!(parts, Ranges::Parts(&[ByteRange { first: 0, last: 19 }, ByteRange { first: 99, last: 99 }]));
    /// assert_eq!(Ranges::select(b"bytes=100-", 100, &mut room), Ranges::Unsatisfiable);
    /// assert_eq!(Ranges::select(b"lines=1-2", 100, &mut room), Ranges::Whole);
    /// ```
    #[must_use]
    pub fn select(value: &[u8], length: u64, room: &'r mut [ByteRange]) -> Self {
        let Some(set) = range_set(value).filter(|_| length > 0) else { return Self::Whole };
        let (mut asked, mut kept) = (0_usize, 0);
        for spec in set.split(|&byte| byte == b',').map(bytes::trim).filter(|spec| !spec.is_empty()) {
            let Some(range) = range_of(spec, length) else { return Self::Whole };
            asked = asked.saturating_add(1);
            if asked > room.len() {
                return Self::Whole;
            }
            if let Some(range) = range {
                kept = keep(room, kept, range);
            }
        }
        match room.get(..kept) {
            _ if asked == 0 => Self::Whole,
            Some([]) | None => Self::Unsatisfiable,
            Some(parts) => Self::Parts(parts),
        }
    }
}

/// What follows the unit, if that is the one that is understood.
fn range_set(value: &[u8]) -> Option<&[u8]> {
    let (unit, set) = value.split_at_checked(6)?;
    unit.eq_ignore_ascii_case(b"bytes=").then_some(set)
}

/// One range. `None`: malformed; `Some(None)`: of nothing that is there.
fn range_of(spec: &[u8], length: u64) -> Option<Option<ByteRange>> {
    let dash = spec.iter().position(|&byte| byte == b'-')?;
    let (first, last) = (spec.get(..dash)?, spec.get(dash.wrapping_add(1)..)?);
    let end = length.saturating_sub(1);
    let range = match (first, last) {
        ([], suffix) => {
            let suffix = position(suffix)?;
            (suffix > 0).then_some(ByteRange { first: length.saturating_sub(suffix), last: end })
        }
        (first, []) => Some(ByteRange { first: position(first)?, last: end }),
        (first, last) => {
            let (first, last) = (position(first)?, position(last)?);
            if last < first {
                return None;
            }
            Some(ByteRange { first, last: last.min(end) })
        }
    };
    Some(range.filter(|range| range.first <= end))
}

/// A number of any length: what is beyond any representation is as good as the largest.
fn position(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| bytes::decimal(digits).unwrap_or(u64::MAX))
}

/// Adds a range to the `kept` first ones of `room`, and joins it with those that it touches. Gives their number.
fn keep(room: &mut [ByteRange], kept: usize, range: ByteRange) -> usize {
    let mut joined = range;
    let mut place = None;
    let mut count = 0_usize;
    // No two of those kept touch each other, so one pass finds all that the new one joins.
    for index in 0..kept {
        let Some(&other) = room.get(index) else { break };
        if other.touches(range) {
            joined = ByteRange { first: joined.first.min(other.first), last: joined.last.max(other.last) };
            if place.is_some() {
                continue;
            }
            place = Some(count);
        } else if let Some(slot) = room.get_mut(count) {
            *slot = other;
        }
        count = count.saturating_add(1);
    }
    let place = place.unwrap_or_else(|| {
        count = count.saturating_add(1);
        count.saturating_sub(1)
    });
    if let Some(slot) = room.get_mut(place) {
        *slot = joined;
    }
    count
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;

    fn check(value: &str, length: u64, expected: &str) {
        use core::fmt::Write;
        let mut room = [ByteRange::default(); 4];
        let mut got = alloc::string::String::new();
        match Ranges::select(value.as_bytes(), length, &mut room) {
            Ranges::Whole => got.push_str("whole"),
            Ranges::Unsatisfiable => got.push_str("416"),
            Ranges::Parts(parts) => {
                for part in parts {
                    write!(got, "{}-{} ", part.first, part.last).unwrap();
                }
            }
        }
        assert_eq!(got.trim_end(), expected, "{value} of {length}");
    }

    #[test]
    fn one_range() {
        check("bytes=0-0", 10, "0-0");
        check("bytes=0-9", 10, "0-9");
        check("bytes=3-", 10, "3-9");
        check("bytes=3-99", 10, "3-9");
        check("bytes=-3", 10, "7-9");
        check("bytes=-10", 10, "0-9");
        check("bytes=-11", 10, "0-9");
        check("Bytes=00003-0004", 10, "3-4");
        check("bytes= 3-4 ", 10, "3-4");
        check("bytes=0-99999999999999999999999999", 10, "0-9");
        check("bytes=-99999999999999999999999999", 10, "0-9");
        check("bytes=18446744073709551614-18446744073709551615", u64::MAX, "18446744073709551614-18446744073709551614");
    }

    #[test]
    fn nothing_that_is_there() {
        check("bytes=10-", 10, "416");
        check("bytes=10-11", 10, "416");
        check("bytes=-0", 10, "416");
        check("bytes=99999999999999999999999999-", 10, "416");
        check("bytes=10-, -0", 10, "416");
        check("bytes=10-, 2-3", 10, "2-3");
    }

    #[test]
    fn what_is_not_obeyed() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=a-b",
            "bytes=1",
            "bytes=1-2-3",
            "bytes=--1",
            "bytes=+1-2",
            "bytes=2-1",
            "bytes=0-1,2-1",
            "bytes=1 -2",
            "bytes 1-2",
            "bytes=0x1-2",
            "lines=1-2",
            "bytes =1-2",
            "none",
        ] {
            check(value, 10, "whole");
        }
        check("bytes=0-", 0, "whole");
        check("bytes=-1", 0, "whole");
    }

    #[test]
    fn several_ranges_are_joined_and_bounded() {
        check("bytes=0-1,4-5", 10, "0-1 4-5");
        check("bytes=4-5,0-1", 10, "4-5 0-1");
        check("bytes=0-1,,\t4-5,", 10, "0-1 4-5");
        check("bytes=0-1,2-3", 10, "0-3");
        check("bytes=2-3,0-1", 10, "0-3");
        check("bytes=0-,0-,0-,0-", 10, "0-9");
        check("bytes=0-0,4-4,8-8,2-2", 10, "0-0 4-4 8-8 2-2");
        check("bytes=0-0,4-4,8-8,1-5", 10, "0-5 8-8");
        check("bytes=0-0,4-4,8-8,1-7", 10, "0-8");
        check("bytes=8-8,0-0,4-4,3-5", 10, "8-8 0-0 3-5");
        check("bytes=0-0,2-2,4-4,6-6,8-8", 10, "whole");
        check("bytes=0-,0-,0-,0-,0-", 10, "whole");
        check("bytes=99-,99-,99-,99-,0-1", 10, "whole");
    }
}
