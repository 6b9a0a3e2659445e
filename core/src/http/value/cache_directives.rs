//! The Cache-Control field, written (RFC 9111 §5.2, RFC 5861, RFC 8246).

use core::fmt;

/// Directives, put together by the compiler or at run time.
///
/// ```
/// use wirenut::http::{CacheDirectives, CacheDirectivesText, Field};
/// const FOREVER: CacheDirectivesText = CacheDirectives::new().public().max_age(31_536_000).immutable().to_text();
/// const CACHE: Field<'static> = Field::from_bytes("Cache-Control", FOREVER.as_bytes());
/// assert_eq!(CACHE.value, b"public, immutable, max-age=31536000");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CacheDirectives {
    flags: u16,
    /// In the order of [`SECONDS`].
    seconds: [Option<u32>; 6],
}

/// In the order in which they are written.
const FLAGS: [&str; 10] = [
    "no-cache",
    "no-store",
    "no-transform",
    "must-revalidate",
    "proxy-revalidate",
    "must-understand",
    "private",
    "public",
    "immutable",
    "only-if-cached",
];

const SECONDS: [&str; 6] =
    ["max-age=", "s-maxage=", "max-stale=", "min-fresh=", "stale-while-revalidate=", "stale-if-error="];

macro_rules! flags {
    ($($(#[$doc:meta])* $method:ident $place:literal;)*) => {
        $($(#[$doc])* #[must_use] pub const fn $method(mut self) -> Self { self.flags |= 1 << $place; self })*
    };
}

macro_rules! seconds {
    ($($(#[$doc:meta])* $method:ident [$($before:tt),*];)*) => {
        $($(#[$doc])* #[must_use] pub const fn $method(mut self, seconds: u32) -> Self {
            let [$($before,)* place, ..] = &mut self.seconds;
            *place = Some(seconds);
            self
        })*
    };
}

impl CacheDirectives {
    /// None: the field would be empty. Do not send it then.
    #[must_use]
    pub const fn new() -> Self {
        Self { flags: 0, seconds: [None; 6] }
    }

    flags! {
        /// Ask again before each use.
        no_cache 0;
        /// Store nothing of it.
        no_store 1;
        /// Do not change the content.
        no_transform 2;
        /// Never use it stale.
        must_revalidate 3;
        /// A shared cache must never use it stale.
        proxy_revalidate 4;
        /// Store it only where its status code is understood, and then despite `no-store`.
        must_understand 5;
        /// Not for shared caches.
        private 6;
        /// For shared caches, too, where it would not be otherwise.
        public 7;
        /// It does not change while it is fresh (RFC 8246).
        immutable 8;
        /// Answer from what is stored, or 504.
        only_if_cached 9;
    }

    seconds! {
        /// It is fresh for so many seconds. Said twice, the last time counts, as of all that follow.
        max_age [];
        /// It is fresh for so many seconds in shared caches.
        s_maxage [_];
        /// It may be stale for so many seconds.
        max_stale [_, _];
        /// It must be fresh for so many more seconds.
        min_fresh [_, _, _];
        /// It may be used stale for so many seconds while it is fetched again (RFC 5861 §3).
        stale_while_revalidate [_, _, _, _];
        /// It may be used stale for so many seconds instead of an error (RFC 5861 §4).
        stale_if_error [_, _, _, _, _];
    }

    /// The value of the field.
    #[must_use]
    pub const fn to_text(self) -> CacheDirectivesText {
        let mut text = CacheDirectivesText { bytes: [0; CacheDirectivesText::MAX], length: 0 };
        let (mut names, mut flags): (&[&str], _) = (&FLAGS, self.flags);
        while let [name, rest @ ..] = names {
            if flags & 1 != 0 {
                text = text.directive(name);
            }
            (names, flags) = (rest, flags >> 1);
        }
        let (mut names, mut seconds): (&[&str], &[Option<u32>]) = (&SECONDS, &self.seconds);
        while let ([name, rest @ ..], [number, others @ ..]) = (names, seconds) {
            if let Some(number) = *number {
                text = text.directive(name).decimal(number);
            }
            (names, seconds) = (rest, others);
        }
        text
    }
}

impl fmt::Display for CacheDirectives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(self.to_text().as_bytes()).map_err(|_| fmt::Error)?)
    }
}

/// [`CacheDirectives`] as the value of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CacheDirectivesText {
    bytes: [u8; Self::MAX],
    length: usize,
}

impl CacheDirectivesText {
    /// As long as all directives with the largest numbers.
    const MAX: usize = 275;

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match self.bytes.split_at_checked(self.length) {
            Some((text, _)) => text,
            None => &[],
        }
    }

    const fn directive(self, name: &str) -> Self {
        let text = if self.length == 0 { self } else { self.append(b", ") };
        text.append(name.as_bytes())
    }

    const fn decimal(self, number: u32) -> Self {
        let text = if number < 10 { self } else { self.decimal(number / 10) };
        let [digit, ..] = (number % 10).to_le_bytes();
        text.append(&[digit.wrapping_add(b'0')])
    }

    const fn append(mut self, mut text: &[u8]) -> Self {
        let length = text.len();
        if let Some((_, mut place)) = self.bytes.split_at_mut_checked(self.length) {
            while let ([byte, rest @ ..], [slot, behind @ ..]) = (text, place) {
                *slot = *byte;
                (text, place) = (rest, behind);
            }
        }
        self.length = self.length.saturating_add(length);
        self
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    const ALL: CacheDirectives = CacheDirectives::new()
        .no_cache()
        .no_store()
        .no_transform()
        .must_revalidate()
        .proxy_revalidate()
        .must_understand()
        .private()
        .public()
        .immutable()
        .only_if_cached()
        .max_age(u32::MAX)
        .s_maxage(u32::MAX)
        .max_stale(u32::MAX)
        .min_fresh(u32::MAX)
        .stale_while_revalidate(u32::MAX)
        .stale_if_error(u32::MAX);

    #[test]
    fn all_directives_have_room() {
        assert_eq!(ALL.to_text().as_bytes().len(), CacheDirectivesText::MAX);
        assert!(
            ALL.to_string()
                .ends_with("min-fresh=4294967295, stale-while-revalidate=4294967295, stale-if-error=4294967295")
        );
    }

    #[test]
    fn what_is_written() {
        let new = CacheDirectives::new();
        for (directives, expected) in [
            (new, ""),
            (new.no_store(), "no-store"),
            (new.max_age(0).max_age(10), "max-age=10"),
            (new.max_age(105).private().private(), "private, max-age=105"),
            (new.stale_if_error(7).s_maxage(1), "s-maxage=1, stale-if-error=7"),
            (new.only_if_cached().max_stale(100), "only-if-cached, max-stale=100"),
        ] {
            assert_eq!(directives.to_string(), expected);
        }
    }
}
