//! The Cache-Control field, read (RFC 9111 §5.2, RFC 5861, RFC 8246).

use super::members::{Member, Members};
use super::parameter_value::ParameterValue;
use super::scanner::Scanner;
use crate::bytes;
use crate::http::message::fields::Fields;
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::lines::Lines;

/// The directives of a request or a response, where they came in.
///
/// A malformed directive counts as not there; iterating shows it as an error, with its offset in its line. Of a
/// directive that comes twice the first counts (RFC 9111 §4.2.1).
///
/// ```
/// use wirenut::http::CacheControl;
/// let control = CacheControl::parse(b"Max-Age=60, private=\"set-cookie\", community=UCI");
/// assert_eq!(control.max_age(), Some(60));
/// assert!(control.private() && !control.no_store());
/// assert!(control.get("community").unwrap().argument.unwrap().is("UCI"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CacheControl<'b>(Lines<'b>);

macro_rules! present {
    ($($(#[$doc:meta])* $method:ident $name:literal;)*) => {
        $($(#[$doc])* #[must_use] pub fn $method(self) -> bool { self.get($name).is_some() })*
    };
}

/// Directives without seconds: is it there, with or without an argument?
impl CacheControl<'_> {
    present! {
        /// Ask again before each use. With the names of fields it is about those only ([`Directive::field_names`]), but
        /// many caches obey it as if it were about all (RFC 9111 §5.2.2.4).
        no_cache "no-cache";
        /// Store nothing of it.
        no_store "no-store";
        /// Do not change the content.
        no_transform "no-transform";
        /// Never use it stale.
        must_revalidate "must-revalidate";
        /// A shared cache must never use it stale.
        proxy_revalidate "proxy-revalidate";
        /// Store it only where its status code is understood, and then despite `no-store`.
        must_understand "must-understand";
        /// Not for shared caches. With the names of fields it is about those only ([`Directive::field_names`]).
        private "private";
        /// For shared caches, too, where it would not be otherwise.
        public "public";
        /// It does not change while it is fresh (RFC 8246).
        immutable "immutable";
        /// Answer from what is stored, or 504.
        only_if_cached "only-if-cached";
    }
}

impl<'b> CacheControl<'b> {
    /// What these fields say.
    #[must_use]
    pub const fn of(fields: Fields<'b>) -> Self {
        Self(Lines::All(fields, "Cache-Control"))
    }

    /// What one field's value says. This looks at nothing yet.
    #[must_use]
    pub const fn parse(value: &'b [u8]) -> Self {
        Self(Lines::One(value))
    }

    /// The first directive of this name, in any case.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Directive<'b>> {
        self.into_iter().flatten().find(|directive| directive.name.eq_ignore_ascii_case(name))
    }

    /// For how many seconds it is fresh. 0 if the number is malformed: RFC 9111 §4.2.1 would have that stale.
    #[must_use]
    pub fn max_age(self) -> Option<u32> {
        self.get("max-age").map(|directive| directive.seconds().unwrap_or(0))
    }

    /// The same, for shared caches.
    #[must_use]
    pub fn s_maxage(self) -> Option<u32> {
        self.get("s-maxage").map(|directive| directive.seconds().unwrap_or(0))
    }

    /// For how many seconds it may be stale; without an argument, for any time: then it is [`u32::MAX`]. `None` if the
    /// number is malformed.
    #[must_use]
    pub fn max_stale(self) -> Option<u32> {
        let directive = self.get("max-stale")?;
        if directive.argument.is_none() { Some(u32::MAX) } else { directive.seconds() }
    }

    /// For how many more seconds it must be fresh. `None` if the number is malformed.
    #[must_use]
    pub fn min_fresh(self) -> Option<u32> {
        self.get("min-fresh")?.seconds()
    }

    /// For how many seconds it may be used stale while it is fetched again (RFC 5861 §3). `None` if the number is
    /// malformed.
    #[must_use]
    pub fn stale_while_revalidate(self) -> Option<u32> {
        self.get("stale-while-revalidate")?.seconds()
    }

    /// For how many seconds it may be used stale instead of an error (RFC 5861 §4). `None` if the number is malformed.
    #[must_use]
    pub fn stale_if_error(self) -> Option<u32> {
        self.get("stale-if-error")?.seconds()
    }
}

/// A directive, also one that no RFC knows.
///
/// ```
/// use wirenut::http::CacheControl;
/// let mut directives = CacheControl::parse(b"x-grace=\"30\", a b").into_iter();
/// assert!(directives.next().is_some_and(|first| first.is_ok_and(|grace| grace.seconds() == Some(30))));
/// assert!(directives.next().is_some_and(|second| second.is_err()));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Directive<'b> {
    /// The name as it came; case means nothing.
    pub name: &'b str,
    /// What stands behind the `=`.
    pub argument: Option<ParameterValue<'b>>,
}

impl<'b> Directive<'b> {
    /// The argument as seconds (RFC 9111 §1.2.2), quoted or not: 2,147,483,648 if it is larger than that. `None` if there
    /// is none, or it is not only digits.
    #[must_use]
    pub fn seconds(&self) -> Option<u32> {
        const MOST: u64 = 1 << 31;
        let digits = self.argument?.as_raw();
        let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        is_number
            .then(|| bytes::decimal(digits).unwrap_or(MOST).min(MOST))
            .and_then(|seconds| u32::try_from(seconds).ok())
    }

    /// The names of fields in the argument of `no-cache` or `private`; none if it has no argument.
    ///
    /// ```
    /// use wirenut::http::CacheControl;
    /// let private = CacheControl::parse(b"private=\"set-cookie, x-user\"").get("private").unwrap();
    /// assert!(private.field_names().eq([&b"set-cookie"[..], b"x-user"]));
    /// ```
    pub fn field_names(&self) -> impl Iterator<Item = &'b [u8]> {
        let names = self.argument.map_or(&[][..], ParameterValue::as_raw);
        names.split(|byte| *byte == b',').map(bytes::trim).filter(|name| bytes::is_token(name))
    }

    fn parse(text: &'b [u8]) -> Result<Self, ValueError> {
        let mut scanner = Scanner::new(text);
        let name = scanner.token(ValueRule::InvalidDirective)?;
        let argument = match scanner.takes(b'=') {
            true if scanner.peek() == Some(b'"') || scanner.is_at_token() => Some(ParameterValue::read(&mut scanner)?),
            true => return Err(scanner.error(ValueRule::InvalidDirective)),
            false => None,
        };
        scanner.end()?;
        Ok(Self { name, argument })
    }
}

impl<'b> IntoIterator for CacheControl<'b> {
    type Item = Result<Directive<'b>, ValueError>;
    type IntoIter = CacheControlIter<'b>;

    fn into_iter(self) -> CacheControlIter<'b> {
        CacheControlIter(Members::of(self.0))
    }
}

/// Goes through the directives of a [`CacheControl`] in the order in which they came.
#[derive(Clone, Debug)]
pub struct CacheControlIter<'b>(Members<'b>);

impl<'b> Iterator for CacheControlIter<'b> {
    type Item = Result<Directive<'b>, ValueError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Member { text, start } = self.0.next()?;
        Some(Directive::parse(text).map_err(|error| error.behind(start)))
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn ages() {
        for (value, expected) in [
            ("", None),
            ("max-age=0", Some(0)),
            ("MAX-AGE=\"60\"", Some(60)),
            ("max-age=60, max-age=10", Some(60)),
            ("max-age=2147483647", Some(2_147_483_647)),
            ("max-age=4294967296", Some(2_147_483_648)),
            ("max-age=99999999999999999999999", Some(2_147_483_648)),
            // RFC 9111 §4.2.1: stale.
            ("max-age=abc", Some(0)),
            ("max-age=-1", Some(0)),
            ("max-age=1.5", Some(0)),
            ("max-age=\"\"", Some(0)),
            ("max-age", Some(0)),
            // Not there.
            ("max-age=", None),
            ("max-age= 60", None),
            ("max-age =60", None),
            ("max-age=60 s", None),
            ("s-maxage=1", None),
        ] {
            assert_eq!(CacheControl::parse(value.as_bytes()).max_age(), expected, "{value}");
        }
        let control =
            CacheControl::parse(b"max-stale, min-fresh=x, stale-if-error=5, stale-while-revalidate, s-maxage=7");
        assert_eq!((control.max_stale(), control.min_fresh(), control.s_maxage()), (Some(u32::MAX), None, Some(7)));
        assert_eq!((control.stale_if_error(), control.stale_while_revalidate()), (Some(5), None));
    }

    #[test]
    fn directives_that_are_there() {
        let fields =
            Fields::parse(b"Cache-Control: no-cache=\"a\", NO-STORE\r\ncache-control: x=y, public\r\n").unwrap();
        let control = CacheControl::of(fields);
        assert!(control.no_cache() && control.no_store() && control.public());
        assert!(!control.private() && !control.immutable() && !control.must_revalidate());
        assert_eq!(control.into_iter().count(), 4);
    }

    #[test]
    fn malformed_directives_damage_no_other() {
        let value = b"=1, no-store, a=, b c, private=\"x, d=e\"f, no-cache";
        let read: Vec<_> = CacheControl::parse(value).into_iter().collect();
        let error = |rule, offset| Err(ValueError::new(rule, offset));
        let named = |name| Ok(Directive { name, argument: None });
        let expected = [
            error(ValueRule::InvalidDirective, 0),
            named("no-store"),
            error(ValueRule::InvalidDirective, 16),
            error(ValueRule::UnexpectedByte, 20),
            error(ValueRule::UnexpectedByte, 39),
            named("no-cache"),
        ];
        assert_eq!(read, expected);
    }
}
