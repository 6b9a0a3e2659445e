//! Conditional requests (RFC 9110 §13): what is done is decided by what the client has.

use super::date::HttpDate;
use super::entity_tag;
use super::entity_tag::EntityTag;
use super::range::{ByteRange, Ranges};
use crate::http::message::fields::Fields;
use crate::http::method::Method;

/// What tells one state of a representation from another (RFC 9110 §8.8).
///
/// ```
/// use wirenut::http::{EntityTag, Fields, Method, Precondition, Validators};
/// let tag = EntityTag { is_weak: false, opaque: b"v1" };
/// let current = Validators { entity_tag: Some(tag), ..Validators::NONE };
/// // A request without any condition:
/// assert_eq!(current.check(Method::Get, Fields::EMPTY), Precondition::Holds);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Validators<'a> {
    /// The ETag.
    pub entity_tag: Option<EntityTag<'a>>,
    /// The Last-Modified, in seconds since 1970.
    pub last_modified: Option<u64>,
    /// It did not change twice in the second that Last-Modified names, so the date does for a range, too
    /// (RFC 9110 §8.8.2.2).
    pub is_date_strong: bool,
}

/// What the conditions of a request come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Precondition {
    /// Answer as if there were no conditions.
    Holds,
    /// The client has what it asks for: 304.
    NotModified,
    /// Do nothing: 412.
    Failed,
}

impl Validators<'_> {
    /// Of what exists, and has no validators.
    pub const NONE: Self = Self { entity_tag: None, last_modified: None, is_date_strong: false };

    /// The conditions in the order of RFC 9110 §13.2.2, for a target that exists. Ask only where the answer would be 2xx
    /// without them (§13.2.1), and see [`Self::select_ranges`] for the last one, If-Range.
    #[must_use]
    pub fn check(&self, method: Method<'_>, fields: Fields<'_>) -> Precondition {
        let is_current = |tag: EntityTag<'_>| self.entity_tag.is_some_and(|current| current.is_strongly(tag));
        match entity_tag::any(fields, "If-Match", is_current) {
            Some(true) => {}
            Some(false) => return Precondition::Failed,
            None if self.is_unmodified_since(fields, "If-Unmodified-Since") == Some(false) => {
                return Precondition::Failed;
            }
            None => {}
        }
        let is_safe = matches!(method, Method::Get | Method::Head);
        let is_known = |tag: EntityTag<'_>| self.entity_tag.is_some_and(|current| current.is_weakly(tag));
        match entity_tag::any(fields, "If-None-Match", is_known) {
            Some(true) if is_safe => Precondition::NotModified,
            Some(true) => Precondition::Failed,
            Some(false) => Precondition::Holds,
            None if is_safe && self.is_unmodified_since(fields, "If-Modified-Since") == Some(true) => {
                Precondition::NotModified
            }
            None => Precondition::Holds,
        }
    }

    /// Which part of a representation of `length` bytes is sent, once [`Self::check`] says that the conditions hold: what
    /// Range asks for, laid into `room` by [`Ranges::select`]. The whole where the method is not GET, for no other has ranges
    /// (RFC 9110 §14.2), where Range comes more than once, or where If-Range forbids it.
    ///
    /// ```
    /// use wirenut::http::{ByteRange, EntityTag, Fields, Method, Ranges, Validators};
    /// let tag = EntityTag { is_weak: false, opaque: b"v1" };
    /// let current = Validators { entity_tag: Some(tag), ..Validators::NONE };
    /// let fields = Fields::parse(b"Range: bytes=0-9\r\nIf-Range: \"v1\"\r\n").unwrap();
    /// let mut room = [ByteRange::default(); 1];
    /// let part = ByteRange { first: 0, last: 9 };
    /// assert_eq!(current.select_ranges(Method::Get, fields, 100, &mut room), Ranges::Parts(&[part]));
    /// assert_eq!(current.select_ranges(Method::Head, fields, 100, &mut room), Ranges::Whole);
    /// assert_eq!(Validators::NONE.select_ranges(Method::Get, fields, 100, &mut room), Ranges::Whole);
    /// ```
    #[must_use]
    pub fn select_ranges<'r>(
        &self,
        method: Method<'_>,
        fields: Fields<'_>,
        length: u64,
        room: &'r mut [ByteRange],
    ) -> Ranges<'r> {
        let mut ranges = fields.get_all("Range");
        match (method, ranges.next(), ranges.next()) {
            (Method::Get, Some(range), None) if self.allow_range(fields) => Ranges::select(range, length, room),
            _ => Ranges::Whole,
        }
    }

    /// May a Range field be obeyed, as far as If-Range says (RFC 9110 §13.1.5)? Otherwise the whole is sent.
    #[must_use]
    pub fn allow_range(&self, fields: Fields<'_>) -> bool {
        let mut values = fields.get_all("If-Range");
        let (Some(value), rest) = (values.next(), values.next()) else { return true };
        if rest.is_some() {
            return false;
        }
        match EntityTag::parse(value) {
            Some(tag) => self.entity_tag.is_some_and(|current| current.is_strongly(tag)),
            None => {
                // An exact match: an earlier date is as wrong as a later one.
                self.is_date_strong && self.last_modified.is_some() && HttpDate::parse(value) == self.last_modified
            }
        }
    }

    /// `None`: the field says nothing, as it is not there, is no date, has more than one, or there is no Last-Modified
    /// (RFC 9110 §13.1.3, §13.1.4).
    fn is_unmodified_since(&self, fields: Fields<'_>, name: &str) -> Option<bool> {
        let mut values = fields.get_all(name);
        let (value, rest) = (values.next()?, values.next());
        let since = HttpDate::parse(value).filter(|_| rest.is_none())?;
        Some(self.last_modified? <= since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Precondition::{Failed, Holds, NotModified};

    /// Of Sun, 06 Nov 1994 08:49:37 GMT.
    const CURRENT: Validators<'static> = Validators {
        entity_tag: Some(EntityTag { is_weak: false, opaque: b"a" }),
        last_modified: Some(784_111_777),
        is_date_strong: true,
    };
    const WEAK: Validators<'static> =
        Validators { entity_tag: Some(EntityTag { is_weak: true, opaque: b"a" }), is_date_strong: false, ..CURRENT };

    const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const LATER: &str = "Sunday, 06-Nov-94 08:49:38 GMT";

    /// In each line, `!` stands for If-Match, `<` for If-Unmodified-Since, `=` for If-None-Match, `>` for
    /// If-Modified-Since, `?` for If-Range.
    fn with_fields<T>(short: &str, ask: impl Fn(Fields<'_>) -> T) -> T {
        extern crate alloc;
        let lines: alloc::string::String = short
            .split_terminator('\n')
            .map(|line| {
                let name = match &line[..1] {
                    "!" => "If-Match",
                    "<" => "if-unmodified-since",
                    "=" => "If-None-Match",
                    ">" => "If-Modified-Since",
                    _ => "If-Range",
                };
                let value = line[1..].replace("SAME", SAME).replace("EARLIER", EARLIER).replace("LATER", LATER);
                alloc::format!("{name}: {value}\r\n")
            })
            .collect();
        ask(Fields::validated(lines.as_bytes(), None))
    }

    #[test]
    fn conditions_in_their_order() {
        for (section, fields, get, put) in [
            ("13.2.2", "", Holds, Holds),
            ("13.1.1", "!\"a\"", Holds, Holds),
            ("13.1.1", "!*", Holds, Holds),
            ("13.1.1", "!\"b\", \"a\"", Holds, Holds),
            ("13.1.1", "!\"b\"", Failed, Failed),
            ("13.1.1, strong comparison", "!W/\"a\"", Failed, Failed),
            ("13.1.1, no tag", "!a", Failed, Failed),
            ("13.1.4", "<SAME", Holds, Holds),
            ("13.1.4", "<LATER", Holds, Holds),
            ("13.1.4", "<EARLIER", Failed, Failed),
            ("13.1.4, no date", "<now", Holds, Holds),
            ("13.1.4, two", "<EARLIER\n<EARLIER", Holds, Holds),
            ("13.2.2 step 2 only without If-Match", "!\"a\"\n<EARLIER", Holds, Holds),
            ("13.1.2", "=\"a\"", NotModified, Failed),
            ("13.1.2, weak comparison", "=W/\"a\"", NotModified, Failed),
            ("13.1.2", "=*", NotModified, Failed),
            ("13.1.2", "=\"b\"\n=\"a\"", NotModified, Failed),
            ("13.1.2", "=\"b\"", Holds, Holds),
            ("13.1.3", ">SAME", NotModified, Holds),
            ("13.1.3", ">LATER", NotModified, Holds),
            ("13.1.3", ">EARLIER", Holds, Holds),
            ("13.1.3, no date", ">0", Holds, Holds),
            ("13.1.3, two", ">SAME\n>SAME", Holds, Holds),
            ("13.2.2 step 4 only without If-None-Match", "=\"b\"\n>SAME", Holds, Holds),
            ("13.2.2 step 3 after step 1", "!\"a\"\n=\"a\"", NotModified, Failed),
            ("13.2.2 step 1 before step 3", "!\"b\"\n=\"a\"", Failed, Failed),
            ("13.2.2 step 2 before step 4", "<EARLIER\n>SAME", Failed, Failed),
            ("13.2.2 steps 2 and 4", "<SAME\n>SAME", NotModified, Holds),
        ] {
            let check = |method| with_fields(fields, |fields| CURRENT.check(method, fields));
            assert_eq!(check(Method::Get), get, "GET, {section}: {fields}");
            assert_eq!(check(Method::Head), get, "HEAD, {section}: {fields}");
            assert_eq!(check(Method::Put), put, "PUT, {section}: {fields}");
        }
    }

    #[test]
    fn what_has_no_validators_exists_all_the_same() {
        for (fields, expected) in [
            ("!*", Holds),
            ("!\"a\"", Failed),
            ("=*", NotModified),
            ("=\"a\"", Holds),
            ("<EARLIER", Holds),
            (">LATER", Holds),
        ] {
            let got = with_fields(fields, |fields| Validators::NONE.check(Method::Get, fields));
            assert_eq!(got, expected, "{fields}");
        }
        let got = with_fields("!\"a\"", |fields| WEAK.check(Method::Get, fields));
        assert_eq!(got, Failed, "a weak tag never matches strongly");
        assert_eq!(with_fields("=\"a\"", |fields| WEAK.check(Method::Get, fields)), NotModified);
    }

    #[test]
    fn ranges_need_the_same_bytes() {
        for (fields, strong, weak, none) in [
            ("", true, true, true),
            ("?\"a\"", true, false, false),
            ("?W/\"a\"", false, false, false),
            ("?\"b\"", false, false, false),
            ("?\"a\", \"b\"", false, false, false),
            ("?SAME", true, false, false),
            ("?LATER", false, false, false),
            ("?EARLIER", false, false, false),
            ("?nonsense", false, false, false),
            ("?*", false, false, false),
            ("?\"a\"\n?\"a\"", false, false, false),
        ] {
            let allows = |validators: Validators<'_>| with_fields(fields, |fields| validators.allow_range(fields));
            let got = (allows(CURRENT), allows(WEAK), allows(Validators::NONE));
            assert_eq!(got, (strong, weak, none), "{fields}");
        }
    }
}
