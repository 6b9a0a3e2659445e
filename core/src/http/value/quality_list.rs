//! Lists with weights (RFC 9110 §12.4.2), which Accept, Accept-Encoding, Accept-Language and TE are.

use super::members::{Member, Members};
use super::parameters::Parameter;
use super::scanner::Scanner;
use crate::bytes;
use crate::http::message::fields::Fields;
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::lines::Lines;

/// The members of a field with their weights, in the order in which they came.
///
/// A member that does not parse is an error, with its offset in its line; what follows it is shown all the same.
/// [`Accept`](crate::http::Accept), [`AcceptEncoding`](crate::http::AcceptEncoding) and
/// [`AcceptLanguage`](crate::http::AcceptLanguage) take such a member for one that has not come.
///
/// ```
/// use wirenut::http::{QualityList, ValueRule};
/// let mut codings = QualityList::parse(b"trailers, deflate;q=0.5, gzip;q=2").into_iter();
/// assert!(matches!(codings.next(), Some(Ok(first)) if first.value == b"trailers" && first.weight == 1000));
/// assert!(matches!(codings.next(), Some(Ok(second)) if second.value == b"deflate" && second.weight == 500));
/// assert!(matches!(codings.next(), Some(Err(error)) if error.rule == ValueRule::InvalidWeight && error.offset == 32));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct QualityList<'b>(Lines<'b>);

/// A member of a [`QualityList`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QualityItem<'b> {
    /// What stands before the weight: a token, or tokens with slashes between them, and of Accept the parameters.
    pub value: &'b [u8],
    /// How much it is wanted, in thousandths: 0 if not at all, 1000 where no weight is given.
    pub weight: u16,
    /// Something stands behind the weight.
    pub(super) is_extended: bool,
}

impl<'b> QualityList<'b> {
    /// The list in all fields of this name.
    #[must_use]
    pub const fn of(fields: Fields<'b>, name: &'b str) -> Self {
        Self(Lines::All(fields, name))
    }

    /// The list in one field's value. This looks at nothing yet.
    #[must_use]
    pub const fn parse(value: &'b [u8]) -> Self {
        Self(Lines::One(value))
    }
}

impl<'b> IntoIterator for QualityList<'b> {
    type Item = Result<QualityItem<'b>, ValueError>;
    type IntoIter = QualityListIter<'b>;

    fn into_iter(self) -> QualityListIter<'b> {
        QualityListIter(Members::of(self.0))
    }
}

/// Goes through a [`QualityList`].
#[derive(Clone, Debug)]
pub struct QualityListIter<'b>(Members<'b>);

impl<'b> Iterator for QualityListIter<'b> {
    type Item = Result<QualityItem<'b>, ValueError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Member { text, start } = self.0.next()?;
        Some(item(text).map_err(|error| error.behind(start)))
    }
}

/// Reads `value *( OWS ";" OWS parameter ) [ OWS ";" OWS "q=" qvalue ]`. The value ends before the first `q`.
fn item(member: &[u8]) -> Result<QualityItem<'_>, ValueError> {
    let mut scanner = Scanner::new(member);
    let start = scanner;
    let name = scanner.take_while(|byte| byte == b'/' || bytes::has_class(byte, bytes::TOKEN));
    if name.is_empty() {
        return Err(start.error(ValueRule::UnexpectedByte));
    }
    loop {
        let value = bytes::trim(scanner.since(start));
        scanner.skip_blanks();
        if !scanner.takes(b';') {
            scanner.end()?;
            return Ok(QualityItem { value, weight: 1000, is_extended: false });
        }
        scanner.skip_blanks();
        if let [b'q' | b'Q', b'=', ..] = scanner.rest() {
            scanner.take(2);
            let error = scanner.error(ValueRule::InvalidWeight);
            let weight = qvalue(scanner.take_while(|byte| !matches!(byte, b';' | b' ' | b'\t'))).ok_or(error)?;
            scanner.skip_blanks();
            return Ok(QualityItem { value, weight, is_extended: !scanner.is_at_end() });
        }
        if scanner.is_at_token() {
            Parameter::read(&mut scanner)?;
        }
    }
}

/// RFC 9110 §12.4.2, in thousandths.
fn qvalue(text: &[u8]) -> Option<u16> {
    let (&whole, fraction) = text.split_first()?;
    let digits = match fraction {
        [] => fraction,
        [b'.', digits @ ..] if digits.len() <= 3 => digits,
        _ => return None,
    };
    let whole = bytes::decimal(&[whole]).filter(|whole| *whole <= 1)?;
    let number =
        [digits, b"000"].into_iter().flatten().take(3).try_fold(whole, |number, digit| {
            Some(number.saturating_mul(10).saturating_add(bytes::decimal(&[*digit])?))
        })?;
    u16::try_from(number).ok().filter(|weight| *weight <= 1000)
}

/// Of what a server has, that with the highest weight above 0; of several with the same, the first.
pub(super) fn best<'s>(offered: &[&'s str], weight: impl Fn(&str) -> u16) -> Option<&'s str> {
    let mut best = (0, None);
    for offer in offered {
        let weight = weight(offer);
        if weight > best.0 {
            best = (weight, Some(*offer));
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use ValueRule::*;
    use alloc::vec::Vec;

    /// A value with its weight, or a rule and where it was broken.
    type Item<'c> = Result<(&'c str, u16), (ValueRule, usize)>;

    #[test]
    fn items_and_weights() {
        let cases: [(&str, &[Item<'_>]); 10] = [
            ("", &[]),
            (" , ,", &[]),
            ("a", &[Ok(("a", 1000))]),
            ("a ; q=0.5,b;Q=0.25", &[Ok(("a", 500)), Ok(("b", 250))]),
            ("a/b;c=\"d,;q=0\" ; q=0.001 ; e", &[Ok(("a/b;c=\"d,;q=0\"", 1))]),
            ("a;q=1.000,b;q=0.,c;q=0.000", &[Ok(("a", 1000)), Ok(("b", 0)), Ok(("c", 0))]),
            ("a b, ;q=1, c", &[Err((UnexpectedByte, 2)), Err((UnexpectedByte, 5)), Ok(("c", 1000))]),
            ("a;q=1.001, b", &[Err((InvalidWeight, 4)), Ok(("b", 1000))]),
            ("b, a;q", &[Ok(("b", 1000)), Err((InvalidParameter, 6))]),
            ("a;q=, b;q=.5, c;q=2", &[Err((InvalidWeight, 4)), Err((InvalidWeight, 10)), Err((InvalidWeight, 18))]),
        ];
        for (value, expected) in cases {
            let items = QualityList::parse(value.as_bytes()).into_iter().map(|item| match item {
                Ok(item) => Ok((str::from_utf8(item.value).unwrap(), item.weight)),
                Err(error) => Err((error.rule, error.offset)),
            });
            assert_eq!(items.collect::<Vec<_>>(), expected, "{value}");
        }
    }
}
