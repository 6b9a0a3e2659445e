//! Entity tags (RFC 9110 §8.8.3), and lists of them.

use crate::bytes;
use crate::http::message::fields::Fields;

/// An opaque name of one state of a representation.
///
/// ```
/// use wirenut::http::EntityTag;
/// let tag = EntityTag::parse(b"W/\"v1\"").unwrap();
/// assert_eq!((tag.is_weak, tag.opaque), (true, &b"v1"[..]));
/// assert!(EntityTag::parse(b"v1").is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EntityTag<'b> {
    /// Means the same to who uses it, but perhaps not every byte.
    pub is_weak: bool,
    /// What stands between the quotes.
    pub opaque: &'b [u8],
}

impl<'b> EntityTag<'b> {
    /// Reads the value of an ETag field. `None` if it is no entity tag.
    #[must_use]
    pub fn parse(value: &'b [u8]) -> Option<Self> {
        Self::split(value).filter(|(_, rest)| rest.is_empty()).map(|(tag, _)| tag)
    }

    /// The strong comparison (RFC 9110 §8.8.3.2): every byte is the same.
    #[must_use]
    pub fn is_strongly(self, other: EntityTag<'_>) -> bool {
        !self.is_weak && !other.is_weak && self.opaque == other.opaque
    }

    /// The weak comparison (RFC 9110 §8.8.3.2): one does for the other.
    #[must_use]
    pub fn is_weakly(self, other: EntityTag<'_>) -> bool {
        self.opaque == other.opaque
    }

    /// The tag that `bytes` begin with, and what follows it.
    fn split(bytes: &'b [u8]) -> Option<(Self, &'b [u8])> {
        let (is_weak, rest) = match bytes {
            [b'W', b'/', rest @ ..] => (true, rest),
            _ => (false, bytes),
        };
        let rest = rest.strip_prefix(b"\"")?;
        let length = rest.iter().position(|&byte| !(byte == b'!' || matches!(byte, b'#'..=b'~' | 0x80..)))?;
        let (opaque, rest) = rest.split_at_checked(length)?;
        Some((Self { is_weak, opaque }, rest.strip_prefix(b"\"")?))
    }
}

/// Does any tag of the field's lists match, or `*`? What follows something that is no tag is not looked at: a match that
/// nobody can be sure of is none. `None` if there is no such field.
pub(super) fn any(fields: Fields<'_>, name: &str, matches: impl Fn(EntityTag<'_>) -> bool) -> Option<bool> {
    let mut is_there = false;
    let found = fields.get_all(name).any(|value| {
        is_there = true;
        value == b"*" || List(value).any(&matches)
    });
    is_there.then_some(found)
}

/// The members of a list of tags, up to what is none.
struct List<'b>(&'b [u8]);

impl<'b> Iterator for List<'b> {
    type Item = EntityTag<'b>;

    fn next(&mut self) -> Option<EntityTag<'b>> {
        // Recipients must understand empty members (RFC 9110 §5.6.1.2).
        while let Some(rest) = bytes::trim(self.0).strip_prefix(b",") {
            self.0 = rest;
        }
        let (tag, rest) = EntityTag::split(bytes::trim(self.0))?;
        let rest = bytes::trim(rest);
        self.0 = rest;
        (rest.is_empty() || rest.starts_with(b",")).then_some(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_quoted_and_may_be_weak() {
        let tag = |is_weak, opaque| Some(EntityTag { is_weak, opaque });
        let cases: [(&[u8], Option<EntityTag<'_>>); 13] = [
            (b"\"a\"", tag(false, b"a")),
            (b"W/\"a\"", tag(true, b"a")),
            (b"\"\"", tag(false, b"")),
            (b"\"!#,\x80~\"", tag(false, b"!#,\x80~")),
            (b"w/\"a\"", None),
            (b"W/ \"a\"", None),
            (b"a", None),
            (b"\"a", None),
            (b"\"a b\"", None),
            (b"\"a\"b", None),
            (b"\"a\x7f\"", None),
            (b"'a'", None),
            (b"", None),
        ];
        for (value, expected) in cases {
            assert_eq!(EntityTag::parse(value), expected, "{}", value.escape_ascii());
        }
    }

    /// The table of RFC 9110 §8.8.3.2.
    #[test]
    fn comparisons() {
        for (one, other, strong, weak) in [
            ("W/\"1\"", "W/\"1\"", false, true),
            ("W/\"1\"", "W/\"2\"", false, false),
            ("W/\"1\"", "\"1\"", false, true),
            ("\"1\"", "\"1\"", true, true),
        ] {
            let [one, other] = [one, other].map(|text| EntityTag::parse(text.as_bytes()).unwrap());
            assert_eq!((one.is_strongly(other), other.is_strongly(one)), (strong, strong));
            assert_eq!((one.is_weakly(other), other.is_weakly(one)), (weak, weak));
        }
    }

    #[test]
    fn lists_of_tags() {
        for (lines, expected) in [
            ("a: 1\r\n", None),
            ("t:\r\n", Some(false)),
            ("t: *\r\n", Some(true)),
            ("t: \"x\"\r\n", Some(true)),
            ("t: \"y\", W/\"z\" ,\t\"x\"\r\n", Some(true)),
            ("t: ,, \"y\",,\"x\",\r\n", Some(true)),
            ("t: \"y,x\"\r\n", Some(false)),
            ("t: \"y\"\r\nT: \"x\"\r\n", Some(true)),
            ("t: y, \"x\"\r\n", Some(false)),
            ("t: \"y\" \"x\"\r\n", Some(false)),
            ("t: \"x\" y\r\n", Some(false)),
            ("t: \"y\", *\r\n", Some(false)),
        ] {
            let fields = Fields::validated(lines.as_bytes(), None);
            assert_eq!(any(fields, "t", |tag| tag.opaque == b"x"), expected, "{lines:?}");
        }
    }
}
