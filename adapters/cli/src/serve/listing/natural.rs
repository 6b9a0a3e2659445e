//! The order of names that people expect: `file2` before `File10`.

use core::cmp::Ordering;

/// Compares names: digits in a row by the number that they are, all else byte by byte, ASCII letters regardless of their
/// case. What is the same by that is compared by its bytes, so that no two names are equal.
///
/// Names are bytes: of letters beyond ASCII nothing is known, and UTF-8 sorts by code points.
pub(super) fn compare(left: &[u8], right: &[u8]) -> Ordering {
    parts(left).cmp(parts(right)).then_with(|| left.cmp(right))
}

/// A part of a name.
#[derive(PartialEq, Eq)]
enum Part<'n> {
    /// Digits without the zeros before them.
    Number(&'n [u8]),
    /// In lower case.
    Byte(u8),
}

impl Ord for Part<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => left.len().cmp(&right.len()).then_with(|| left.cmp(right)),
            (Self::Byte(left), Self::Byte(right)) => left.cmp(right),
            // Any digit stands for all: no other byte lies among them.
            (Self::Number(_), Self::Byte(right)) => b'0'.cmp(right),
            (Self::Byte(left), Self::Number(_)) => left.cmp(&b'0'),
        }
    }
}

impl PartialOrd for Part<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn parts(name: &[u8]) -> impl Iterator<Item = Part<'_>> {
    let mut rest = name;
    core::iter::from_fn(move || {
        let (first, behind) = rest.split_first()?;
        if !first.is_ascii_digit() {
            rest = behind;
            return Some(Part::Byte(first.to_ascii_lowercase()));
        }
        let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, behind) = rest.split_at(end);
        rest = behind;
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        Some(Part::Number(&digits[zeros..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_that_people_expect() {
        let expected: [&[u8]; 22] = [
            b"",
            b" ",
            b"-1",
            b"0",
            b"00",
            b"01",
            b"1",
            b"1.txt",
            b"2",
            b"10",
            b"18446744073709551616",
            b"99999999999999999999999",
            b"a",
            b"a.b",
            b"A1",
            b"a2b9",
            b"a2B10",
            b"a10",
            b"B",
            b"b",
            "ä".as_bytes(),
            b"\xff",
        ];
        for (at, left) in expected.iter().enumerate() {
            for (number, right) in expected.iter().enumerate() {
                assert_eq!(compare(left, right), at.cmp(&number), "{} {}", left.escape_ascii(), right.escape_ascii());
            }
        }
    }

    /// Sorting needs that, and panics or goes astray without it.
    #[test]
    fn it_is_an_order() {
        let mut names = vec![Vec::new()];
        for start in 0..40 {
            names.extend(b"aB019".map(|byte| [names[start].as_slice(), &[byte]].concat()));
        }
        for (left, right) in names.iter().flat_map(|left| names.iter().map(move |right| (left, right))) {
            assert_eq!(compare(left, right), compare(right, left).reverse());
            assert_eq!(compare(left, right).is_eq(), left == right);
            if compare(left, right).is_lt() {
                let between = names.iter().filter(|name| compare(right, name).is_lt());
                between.for_each(|greater| assert!(compare(left, greater).is_lt(), "{left:?} {right:?} {greater:?}"));
            }
        }
    }
}
