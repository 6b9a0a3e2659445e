//! Which languages a client takes (RFC 9110 §12.5.4), by the two ways of RFC 4647.

use core::cmp::Reverse;

use super::quality_list::{QualityItem, QualityList, best};
use crate::http::message::fields::Fields;

/// The Accept-Language of a request.
///
/// ```
/// use wirenut::http::{AcceptLanguage, Fields};
/// let fields = Fields::parse(b"Accept-Language: de-CH, fr;q=0.5\r\n").unwrap();
/// let languages = AcceptLanguage::of(fields);
/// // A page in the language of who asks, or in the server's own:
/// assert_eq!(languages.lookup(&["en", "fr", "de"]).unwrap_or("en"), "de");
/// // Whatever lies in a range that was asked for:
/// assert_eq!(languages.filter(&["en", "fr-CA", "de"]), Some("fr-CA"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AcceptLanguage<'b>(QualityList<'b>);

impl<'b> AcceptLanguage<'b> {
    /// What these fields say.
    #[must_use]
    pub const fn of(fields: Fields<'b>) -> Self {
        Self(QualityList::of(fields, "Accept-Language"))
    }

    /// Lookup (RFC 4647 §3.4): of the tags that a server has, the one for the range with the highest weight; of ranges
    /// with the same, for the first. A range without a tag of its own is shortened at its end until there is one: `zh-Hant-TW`
    /// to `zh-Hant` to `zh`. A tag that lies in a range of weight 0 is not chosen.
    ///
    /// `None` if there is no such field, or no range finds a tag; `*` finds none. The server takes its default then.
    #[must_use]
    pub fn lookup<'s>(self, offered: &[&'s str]) -> Option<&'s str> {
        let mut found = None;
        for tag in offered.iter().filter(|tag| self.range_weight(tag) != Some(0)) {
            for (place, range) in self.ranges().enumerate() {
                // The heavier range, then the earlier one, then the tag for which it is shortened less.
                let rank = (range.weight, Reverse(place), tag.len());
                let is_better = found.is_none_or(|(best, _)| rank > best);
                if is_better && range.weight > 0 && shortens_to(range.value, tag.as_bytes()) {
                    found = Some((rank, *tag));
                }
            }
        }
        found.map(|(_, tag)| tag)
    }

    /// Basic filtering (RFC 4647 §3.3.1): of the tags that a server has, the one with the highest [weight](Self::weight);
    /// of several with the same, the first. `None` if none is wanted: answer 406, or in the server's default language, as
    /// RFC 9110 §12.5.4 allows.
    #[must_use]
    pub fn filter<'s>(self, offered: &[&'s str]) -> Option<&'s str> {
        best(offered, |tag| self.weight(tag))
    }

    /// How much a language is wanted, in thousandths: 0 if not at all, 1000 at most. It is the weight of the longest range
    /// that is the tag, or with which the tag begins before a hyphen, in any case; or else of `*`.
    ///
    /// A malformed range counts as not there. Where no range is left, or there is no such field, any language will do: the
    /// weight is 1000.
    ///
    /// ```
    /// use wirenut::http::{AcceptLanguage, Fields};
    /// let fields = Fields::parse(b"Accept-Language: en;q=0.5, en-GB, *;q=0.1\r\n").unwrap();
    /// let weight = |tag| AcceptLanguage::of(fields).weight(tag);
    /// assert_eq!((weight("en-GB-oed"), weight("en-US"), weight("eng")), (1000, 500, 100));
    /// ```
    #[must_use]
    pub fn weight(self, tag: &str) -> u16 {
        match self.ranges().next() {
            Some(_) => self.range_weight(tag).unwrap_or(0),
            None => 1000,
        }
    }

    /// The weight of the most specific range that the tag lies in.
    fn range_weight(self, tag: &str) -> Option<u16> {
        let mut found = None;
        for range in self.ranges() {
            let specificity = if range.value == b"*" { 0 } else { range.value.len() };
            let is_more = found.is_none_or(|(earlier, _)| specificity > earlier);
            if is_more && (specificity == 0 || begins_with(tag.as_bytes(), range.value)) {
                found = Some((specificity, range.weight));
            }
        }
        found.map(|(_, weight)| weight)
    }

    fn ranges(self) -> impl Iterator<Item = QualityItem<'b>> {
        self.0.into_iter().flatten().filter(|item| !item.is_extended && is_range(item.value))
    }
}

/// Is the tag this range, or a narrower one?
fn begins_with(tag: &[u8], range: &[u8]) -> bool {
    tag.split_at_checked(range.len())
        .is_some_and(|(front, behind)| front.eq_ignore_ascii_case(range) && matches!(behind, [] | [b'-', ..]))
}

/// Does lookup come to this tag when it shortens the range? It takes the last subtag away, and with it a single letter
/// before it, which only introduces (RFC 4647 §3.4).
fn shortens_to(range: &[u8], tag: &[u8]) -> bool {
    let introduces = matches!(tag, [_] | [.., b'-', _]);
    begins_with(range, tag) && (range.len() == tag.len() || !introduces)
}

/// RFC 4647 §2.1.
fn is_range(range: &[u8]) -> bool {
    let is_subtag = |subtag: &[u8]| (1..=8).contains(&subtag.len()) && subtag.iter().all(u8::is_ascii_alphanumeric);
    let mut subtags = range.split(|byte| *byte == b'-');
    let is_first_of_letters = range.iter().take_while(|byte| **byte != b'-').all(u8::is_ascii_alphabetic);
    range == b"*" || (is_first_of_letters && subtags.all(is_subtag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask<T>(lines: &str, ask: impl Fn(AcceptLanguage<'_>) -> T) -> T {
        ask(AcceptLanguage::of(Fields::parse(lines.as_bytes()).unwrap()))
    }

    #[test]
    fn filtering_and_lookup() {
        let offered = ["en", "de", "de-CH", "zh-Hant", "fr-CA"];
        for (lines, filtered, looked_up) in [
            ("", Some("en"), None),
            ("Accept-Language:\r\n", Some("en"), None),
            ("Accept-Language: *\r\n", Some("en"), None),
            ("Accept-Language: *;q=0\r\n", None, None),
            ("Accept-Language: de\r\n", Some("de"), Some("de")),
            ("Accept-Language: DE-ch\r\n", Some("de-CH"), Some("de-CH")),
            ("Accept-Language: de-AT\r\n", None, Some("de")),
            ("Accept-Language: de-CH-1996, en\r\n", Some("en"), Some("de-CH")),
            ("Accept-Language: fr\r\n", Some("fr-CA"), None),
            ("Accept-Language: zh-Hant-CN-x-private1-private2\r\n", None, Some("zh-Hant")),
            ("Accept-Language: zh-a-b\r\n", None, None),
            ("Accept-Language: en;q=0.5, de;q=0.8\r\n", Some("de"), Some("de")),
            ("Accept-Language: en;q=0.5\r\nAccept-Language: de-CH;q=0.6\r\n", Some("de-CH"), Some("de-CH")),
            ("Accept-Language: de, de-CH;q=0\r\n", Some("de"), Some("de")),
            ("Accept-Language: de-CH, de;q=0\r\n", Some("de-CH"), Some("de-CH")),
            ("Accept-Language: de-AT, de;q=0, en;q=0.1\r\n", Some("en"), Some("en")),
            ("Accept-Language: *, en;q=0\r\n", Some("de"), None),
            ("Accept-Language: xx, *;q=0.1\r\n", Some("en"), None),
            // Malformed ranges are not there.
            ("Accept-Language: deutsch-, en;q=0.1\r\n", Some("en"), Some("en")),
            ("Accept-Language: de_CH, 1a, -, ninelettr, de;q=1;x\r\n", Some("en"), None),
        ] {
            assert_eq!(ask(lines, |languages| languages.filter(&offered)), filtered, "{lines}");
            assert_eq!(ask(lines, |languages| languages.lookup(&offered)), looked_up, "{lines}");
        }
    }
}
