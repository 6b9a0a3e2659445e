//! The pairs of a query or of a form (`application/x-www-form-urlencoded`, WHATWG URL §5).

use core::mem;
use core::str::FromStr;

use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::find::find;
use crate::http::value::output::Output;
use crate::http::value::percent::PercentEncoded;
use crate::http::value::percent_encode::{EncodeSet, PercentEncode};

/// The name-value pairs of a query, or of a form's content. They stay encoded and where they are until one is asked for.
///
/// Pairs are separated by `&`; what follows the first `=` is the value, which is empty where there is none; empty pairs
/// count as not there (WHATWG URL §5.1). In one thing this is stricter: a `%` that is not of an encoded byte is an
/// error of that name or value where WHATWG takes it literally. A malformed name is the name of nothing, then.
///
/// ```
/// use wirenut::http::{FormPairs, ValueRule};
/// let query = FormPairs::new(b"q=caf%C3%A9+noir&page=2");
/// assert_eq!(query.parse::<u32>("page"), Ok(Some(2)));
/// assert_eq!(query.parse::<u32>("size"), Ok(None));
/// let mut room = [0; 32];
/// assert_eq!(query.get("q").unwrap().decode_str(&mut room), Ok("café noir"));
/// let error = FormPairs::new(b"page=2&page=3").parse::<u32>("page").unwrap_err();
/// assert_eq!((error.rule, error.offset), (ValueRule::DuplicateName, 7));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FormPairs<'b>(&'b [u8]);

impl<'b> FormPairs<'b> {
    /// The pairs of a query, as [`Target::query`](crate::http::Target::query) gives it, or of a form. This looks at
    /// nothing yet.
    #[must_use]
    pub const fn new(encoded: &'b [u8]) -> Self {
        Self(encoded)
    }

    /// The value of the first pair of this name.
    #[must_use]
    pub fn get(self, name: &str) -> Option<PercentEncoded<'b>> {
        self.get_all(name).next()
    }

    /// The values of all pairs of this name, in order.
    ///
    /// ```
    /// use wirenut::http::FormPairs;
    /// let mut tags = FormPairs::new(b"tag=a&tag=b&c").get_all("tag");
    /// assert!(tags.all(|tag| tag.is("a") || tag.is("b")));
    /// ```
    pub fn get_all(self, name: &str) -> impl Iterator<Item = PercentEncoded<'b>> {
        self.into_iter().filter(move |pair| pair.0.is(name)).map(|pair| pair.1)
    }

    /// The value of the only pair of this name; `None` if there is none.
    ///
    /// # Errors
    /// [`ValueRule::DuplicateName`], with the offset of the second pair of this name.
    pub fn get_single(self, name: &str) -> Result<Option<PercentEncoded<'b>>, ValueError> {
        let mut pairs = self.into_iter().filter(|pair| pair.0.is(name));
        let first = pairs.next();
        match pairs.next() {
            Some((second, _)) => Err(ValueError::new(ValueRule::DuplicateName, second.start())),
            None => Ok(first.map(|pair| pair.1)),
        }
    }

    /// Decodes the names and values of a form where they are: what needs no room but the form's own.
    ///
    /// ```
    /// use wirenut::http::FormPairs;
    /// let mut form = *b"name=Zo%C3%AB+Doe&page=2";
    /// let mut pairs = FormPairs::decode_in_place(&mut form);
    /// let (name, value) = pairs.next().unwrap()?;
    /// assert_eq!((&*name, &*value), (&b"name"[..], "Zoë Doe".as_bytes()));
    /// # Ok::<(), wirenut::http::ValueError>(())
    /// ```
    #[must_use]
    pub const fn decode_in_place(form: &mut [u8]) -> DecodedPairs<'_> {
        DecodedPairs { rest: form, start: 0 }
    }

    /// The only value of this name, as [`PercentEncoded::parse`] reads it; `None` if there is none.
    ///
    /// # Errors
    /// Those of [`Self::get_single`] and of [`PercentEncoded::parse`].
    pub fn parse<T: FromStr>(self, name: &str) -> Result<Option<T>, ValueError> {
        self.get_single(name)?.map(PercentEncoded::parse).transpose()
    }
}

impl<'b> IntoIterator for FormPairs<'b> {
    type Item = (PercentEncoded<'b>, PercentEncoded<'b>);
    type IntoIter = FormPairsIter<'b>;

    fn into_iter(self) -> FormPairsIter<'b> {
        FormPairsIter { rest: self.0, start: 0 }
    }
}

/// Goes through [`FormPairs`] in the order in which they came: names and values, still encoded.
#[derive(Clone, Debug)]
pub struct FormPairsIter<'b> {
    rest: &'b [u8],
    start: usize,
}

impl<'b> Iterator for FormPairsIter<'b> {
    type Item = (PercentEncoded<'b>, PercentEncoded<'b>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while let [b'&', rest @ ..] = self.rest {
            self.rest = rest;
            self.start = self.start.saturating_add(1);
        }
        if self.rest.is_empty() {
            return None;
        }
        let name_length = find(self.rest, [b'=', b'&']);
        let (name, behind) = self.rest.split_at_checked(name_length)?;
        let name = PercentEncoded::form_part(name, self.start);
        let mut value_start = self.start.saturating_add(name_length);
        let (value, behind) = match behind {
            [b'=', behind @ ..] => {
                value_start = value_start.saturating_add(1);
                behind.split_at_checked(find(behind, [b'&']))?
            }
            _ => behind.split_at_checked(0)?,
        };
        self.start = value_start.saturating_add(value.len());
        self.rest = behind;
        Some((name, PercentEncoded::form_part(value, value_start)))
    }
}

/// Goes through the pairs of a form and decodes each where it is. A malformed name or value is the error of its pair, with
/// the offset in the form; what is malformed stays as it was, and what follows is decoded all the same.
#[derive(Debug)]
pub struct DecodedPairs<'b> {
    rest: &'b mut [u8],
    start: usize,
}

impl<'b> Iterator for DecodedPairs<'b> {
    type Item = Result<(&'b mut [u8], &'b mut [u8]), ValueError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut pairs = FormPairsIter { rest: self.rest, start: self.start };
        let (name, value) = pairs.next()?;
        let (name_length, value_length) = (name.as_encoded().len(), value.as_encoded().len());
        let (name_start, value_start, end) = (name.start(), value.start(), pairs.start);
        let rest = mem::take(&mut self.rest);
        let (_, rest) = rest.split_at_mut_checked(name_start.saturating_sub(self.start))?;
        let (name, rest) = rest.split_at_mut_checked(name_length)?;
        let between = value_start.saturating_sub(name_start).saturating_sub(name_length);
        let (_, rest) = rest.split_at_mut_checked(between)?;
        let (value, rest) = rest.split_at_mut_checked(value_length)?;
        (self.rest, self.start) = (rest, end);
        let decode = |part, start| PercentEncoded::decode_form_in_place(part).map_err(|error| error.behind(start));
        Some(match (decode(name, name_start), decode(value, value_start)) {
            (Ok(name), Ok(value)) => Ok((name, value)),
            (Err(error), _) | (_, Err(error)) => Err(error),
        })
    }
}

/// Writes pairs as a query or as the content of a form (WHATWG URL §5.2), into a buffer that is given.
///
/// ```
/// use wirenut::http::FormWriter;
/// let mut room = [0; 64];
/// let mut form = FormWriter::new(&mut room);
/// form.pair("name", "Zoë & Co")?.pair("page", "2")?;
/// assert_eq!(form.finish(), b"name=Zo%C3%AB+%26+Co&page=2");
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Debug)]
pub struct FormWriter<'o>(Output<'o>);

impl<'o> FormWriter<'o> {
    /// Writes to the beginning of `out`.
    #[must_use]
    pub const fn new(out: &'o mut [u8]) -> Self {
        Self(Output::new(out))
    }

    /// Adds a pair, whole or not at all: what was written before stays.
    ///
    /// # Errors
    /// [`ValueRule::BufferTooShort`], with the length of `out`.
    pub fn pair(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<&mut Self, ValueError> {
        let length = self.0.length();
        let [name, value] = [name.as_ref(), value.as_ref()].map(|part| PercentEncode::new(part, &EncodeSet::FORM));
        let written = (if length > 0 { self.0.add(|writer| writer.put(b"&")) } else { Ok(()) })
            .and_then(|()| self.0.fill(|room| name.fill(room)))
            .and_then(|()| self.0.add(|writer| writer.put(b"=")))
            .and_then(|()| self.0.fill(|room| value.fill(room)));
        if written.is_err() {
            self.0.shorten(length);
        }
        written?;
        Ok(self)
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> &'o [u8] {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn pairs_are_split_as_whatwg_does() {
        let cases: [(&str, &[(&str, &str)]); 14] = [
            ("", &[]),
            ("&&", &[]),
            ("a", &[("a", "")]),
            ("a=", &[("a", "")]),
            ("=", &[("", "")]),
            ("=b", &[("", "b")]),
            ("a=b=c", &[("a", "b=c")]),
            ("a=b&c=d", &[("a", "b"), ("c", "d")]),
            ("&a=b&&c&", &[("a", "b"), ("c", "")]),
            ("a&b=c", &[("a", ""), ("b", "c")]),
            ("a+b=c+d", &[("a b", "c d")]),
            ("a%3Db=c%26d", &[("a=b", "c&d")]),
            ("a;b=c", &[("a;b", "c")]),
            ("a=b?c", &[("a", "b?c")]),
        ];
        for (text, expected) in cases {
            let pairs: Vec<_> = FormPairs::new(text.as_bytes()).into_iter().collect();
            assert_eq!(pairs.len(), expected.len(), "{text}");
            let mut form = text.as_bytes().to_vec();
            let decoded = FormPairs::decode_in_place(&mut form).map(Result::unwrap);
            let expected_bytes = expected.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
            assert!(decoded.map(|(name, value)| (&*name, &*value)).eq(expected_bytes), "{text}");
            for ((name, value), (expected_name, expected_value)) in pairs.iter().zip(expected) {
                assert!(name.is(expected_name) && value.is(expected_value), "{text}");
                for part in [name, value] {
                    let encoded = part.as_encoded();
                    assert_eq!(&text.as_bytes()[part.start()..][..encoded.len()], encoded, "{text}");
                }
            }
        }
    }

    #[test]
    fn values_are_looked_up_by_what_their_names_decode_to() {
        let pairs = FormPairs::new(b"a=1&%61=2&b%=3&c=%4&d=x&a");
        assert_eq!(pairs.get("a").map(PercentEncoded::as_encoded), Some(&b"1"[..]));
        assert_eq!(pairs.get_all("a").count(), 3);
        assert_eq!(pairs.get("b%"), None);
        let error = |rule, offset| Err(ValueError::new(rule, offset));
        assert_eq!(pairs.parse::<u8>("a"), error(ValueRule::DuplicateName, 4));
        assert_eq!(pairs.parse::<u8>("c"), error(ValueRule::InvalidPercentEncoding, 17));
        assert_eq!(pairs.parse::<u8>("d"), error(ValueRule::WrongType, 22));
        assert_eq!(pairs.parse::<char>("d"), Ok(Some('x')));
        assert_eq!(pairs.parse::<u8>("e"), Ok(None));
    }

    #[test]
    fn what_is_malformed_is_the_error_of_its_pair_and_of_no_other() {
        let mut form = *b"&a=%4&%41%=b&+=%41";
        let pairs: Vec<_> = FormPairs::decode_in_place(&mut form).collect();
        let error = |offset| Err(ValueError::new(ValueRule::InvalidPercentEncoding, offset));
        assert_eq!(pairs, [error(3), error(9), Ok((&mut b" "[..].to_vec()[..], &mut b"A"[..].to_vec()[..]))]);
    }

    #[test]
    fn pairs_that_do_not_fit_are_not_written() {
        let mut room = [0; 8];
        let mut form = FormWriter::new(&mut room);
        form.pair("a", "b").unwrap();
        let error = form.pair("c", "def").unwrap_err();
        assert_eq!(error, ValueError::new(ValueRule::BufferTooShort, 8));
        form.pair("c", " ~").unwrap_err();
        form.pair("c", " ").unwrap();
        assert_eq!(form.finish(), b"a=b&c=+");
    }
}
