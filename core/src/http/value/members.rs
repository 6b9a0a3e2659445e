//! The members of a list (RFC 9110 §5.6.1), over all lines of a field.

use crate::bytes;
use crate::http::value::lines::{Lines, LinesIter};

/// Goes through the members that are not empty, in order, each without the white space around it. A comma between quotes
/// separates nothing. A quote without an end swallows the rest of its line, so the member that has it is malformed.
#[derive(Clone, Debug)]
pub(super) struct Members<'b> {
    lines: LinesIter<'b>,
    line: &'b [u8],
    rest: &'b [u8],
}

/// A member, and where it begins in its line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member<'b> {
    pub(super) text: &'b [u8],
    pub(super) start: usize,
}

impl<'b> Members<'b> {
    pub(super) fn of(lines: Lines<'b>) -> Self {
        Self { lines: lines.into_iter(), line: &[], rest: &[] }
    }
}

impl<'b> Iterator for Members<'b> {
    type Item = Member<'b>;

    fn next(&mut self) -> Option<Member<'b>> {
        loop {
            while self.rest.is_empty() {
                self.line = self.lines.next()?;
                self.rest = self.line;
            }
            let start = self.line.len().saturating_sub(self.rest.len());
            let (member, behind) = self.rest.split_at_checked(comma(self.rest))?;
            self.rest = bytes::from(behind, 1);
            let text = bytes::trim(member);
            if !text.is_empty() {
                let blanks = member.iter().take_while(|byte| bytes::has_class(**byte, bytes::BLANK)).count();
                return Some(Member { text, start: start.saturating_add(blanks) });
            }
        }
    }
}

/// Index of the first comma that is not between quotes, or the length.
fn comma(bytes: &[u8]) -> usize {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let found = bytes.iter().position(|byte| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'"' => is_quoted = !is_quoted,
            b'\\' => is_escaped = is_quoted,
            b',' => return !is_quoted,
            _ => {}
        }
        false
    });
    found.unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use crate::http::message::fields::Fields;
    use alloc::vec::Vec;

    #[test]
    fn members_are_separated_by_commas_outside_of_quotes() {
        let cases: [(&str, &[(&str, usize)]); 7] = [
            ("a, b", &[("a", 0), ("b", 3)]),
            (" ,\ta b\t,,", &[("a b", 3)]),
            ("", &[]),
            (",", &[]),
            ("a=\"b,\\\",c\", d", &[("a=\"b,\\\",c\"", 0), ("d", 12)]),
            ("a\\,b", &[("a\\", 0), ("b", 3)]),
            ("a=\"b, c", &[("a=\"b, c", 0)]),
        ];
        for (value, expected) in cases {
            let members = Members::of(Lines::One(value.as_bytes()));
            let found: Vec<_> = members.map(|member| (str::from_utf8(member.text).unwrap(), member.start)).collect();
            assert_eq!(found, expected, "{value}");
        }
        let lines = Fields::parse(b"a: 1,2\r\nb: 3\r\nA:\r\na: 4\r\n").unwrap();
        assert!(Members::of(Lines::All(lines, "a")).map(|member| member.text).eq([b"1", b"2", b"4"]));
    }
}
