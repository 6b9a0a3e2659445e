//! Which media types a client takes (RFC 9110 §12.5.1).

use super::media_type::MediaType;
use super::quality_list::{QualityList, best};
use crate::http::message::fields::Fields;

/// The Accept of a request.
///
/// ```
/// use wirenut::http::{Accept, Fields};
/// let fields = Fields::parse(b"Accept: text/*;q=0.5, text/html\r\n").unwrap();
/// let accept = Accept::of(fields);
/// assert_eq!(accept.best(&["application/json", "text/plain", "text/html"]), Some("text/html"));
/// assert_eq!(accept.best(&["application/json"]), None);
/// assert_eq!(Accept::of(Fields::EMPTY).best(&["application/json"]), Some("application/json"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Accept<'b>(QualityList<'b>);

impl<'b> Accept<'b> {
    /// What these fields say.
    #[must_use]
    pub const fn of(fields: Fields<'b>) -> Self {
        Self(QualityList::of(fields, "Accept"))
    }

    /// Of the media types that a server has, the one that the client wants most; of several with the same weight, the
    /// first. `None` if it wants none of them: answer 406, or what there is (RFC 9110 §12.5.1). An offer that is no media
    /// type is never chosen.
    #[must_use]
    pub fn best<'s>(self, offered: &[&'s str]) -> Option<&'s str> {
        best(offered, |offer| MediaType::parse(offer.as_bytes()).map_or(0, |offer| self.weight(&offer)))
    }

    /// How much a media type is wanted, in thousandths: 0 if it must not be sent, 1000 at most. It is the weight of the
    /// most specific range that it lies in: with the most parameters, then type and subtype, then `type/*`, then `*/*`.
    /// Of ranges that are as specific the first counts.
    ///
    /// A malformed range counts as not there, and so does what stands behind a weight. Where no range is left, or there is
    /// no such field, anything will do: the weight is 1000.
    ///
    /// ```
    /// use wirenut::http::{Accept, Fields, MediaType};
    /// let fields = Fields::parse(b"Accept: text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed\r\n").unwrap();
    /// let weight = |text: &str| Accept::of(fields).weight(&MediaType::parse(text.as_bytes()).unwrap());
    /// assert_eq!(weight("text/plain;format=flowed"), 1000);
    /// assert_eq!((weight("text/plain"), weight("text/html"), weight("image/png")), (700, 300, 0));
    /// ```
    #[must_use]
    pub fn weight(self, offer: &MediaType<'_>) -> u16 {
        let mut says_nothing = true;
        let mut found = (0, 0);
        for item in self.0.into_iter().flatten() {
            let Some(range) = MediaType::parse(item.value).ok().filter(is_range) else { continue };
            says_nothing = false;
            let specificity = specificity(&range, offer);
            if specificity > found.0 {
                found = (specificity, item.weight);
            }
        }
        if says_nothing { 1000 } else { found.1 }
    }
}

/// `*/html` is no range.
fn is_range(range: &MediaType<'_>) -> bool {
    range.top_level_type() != "*" || range.subtype() == "*"
}

/// 0 if `offer` does not lie in `range`.
fn specificity(range: &MediaType<'_>, offer: &MediaType<'_>) -> usize {
    let matches = |range: &str, offer: &str| range == "*" || range.eq_ignore_ascii_case(offer);
    let lies_within = matches(range.top_level_type(), offer.top_level_type())
        && matches(range.subtype(), offer.subtype())
        && range.parameters().into_iter().all(|parameter| offer.has_parameter(parameter));
    if !lies_within {
        return 0;
    }
    let names = [range.top_level_type(), range.subtype()].iter().filter(|name| **name != "*").count();
    names.saturating_add(1).saturating_add(range.parameters().into_iter().count())
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;

    fn with_lines<T>(lines: &str, ask: impl Fn(Accept<'_>) -> T) -> T {
        ask(Accept::of(Fields::parse(lines.as_bytes()).unwrap()))
    }

    /// The table of RFC 9110 §12.5.1.
    #[test]
    fn the_example_of_the_rfc() {
        let value =
            "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5";
        for (offer, weight) in [
            ("text/plain;format=flowed", 1000),
            ("text/plain", 700),
            ("text/html", 300),
            ("image/jpeg", 500),
            ("text/plain;format=fixed", 400),
            ("text/html;level=3", 300),
        ] {
            let offer = MediaType::parse(offer.as_bytes()).unwrap();
            let lines = alloc::format!("Accept: {value}\r\n");
            assert_eq!(with_lines(&lines, |accept| accept.weight(&offer)), weight, "{offer:?}");
        }
    }

    #[test]
    fn what_is_chosen_of_html_json_and_text() {
        let (html, json, text) = (Some("text/html"), Some("application/json"), Some("text/plain;charset=utf-8"));
        for (lines, expected) in [
            ("", html),
            ("Accept:\r\n", html),
            ("Accept: ,\r\n", html),
            ("Accept: */*\r\n", html),
            ("Accept: */*;q=0\r\n", None),
            ("Accept: application/*\r\n", json),
            ("Accept: application/json, text/html;q=0.9\r\n", json),
            ("Accept: application/json, text/html\r\n", html),
            ("Accept: application/json;q=0.001, */*;q=0\r\n", json),
            ("Accept: text/html;q=0, */*\r\n", json),
            ("Accept: text/html;q=0, application/json;q=0\r\n", None),
            ("Accept: image/png\r\n", None),
            ("Accept: TEXT/PLAIN\r\n", text),
            ("Accept: text/plain;charset=UTF-8\r\n", text),
            ("Accept: text/plain;charset=latin1\r\n", None),
            ("Accept: text/html;q=0.1\r\naccept: application/json;q=0.2\r\n", json),
            ("Accept: text/html;level=1\r\n", None),
            ("Accept: text/html;q=0.1, text/html;q=0.9, application/json;q=0.5\r\n", json),
            // Malformed ranges are not there.
            ("Accept: text/html;q=7, application/json;q=0.1\r\n", json),
            ("Accept: text\r\n", html),
            ("Accept: */html, application/json\r\n", json),
            ("Accept: application/json;q=1;ext=\"a,b\"\r\n", json),
        ] {
            let best = with_lines(lines, |accept| {
                accept.best(&["nothing", "text/html", "application/json", "text/plain;charset=utf-8"])
            });
            assert_eq!(best, expected, "{lines}");
        }
    }
}
