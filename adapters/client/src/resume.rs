//! Where a transfer goes on that broke off: which version of a resource what is there belongs to, and whether an answer
//! continues it (RFC 9110 §13.1.5, §14.4). Pure functions.

use wirenut::http::{EntityTag, HttpDate};

/// What names a version so that bytes of one are never put behind bytes of another: the value of If-Range.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Validator {
    /// A strong entity tag, as it was sent.
    Tag(Vec<u8>),
    /// The time of the last change, as it was sent; a second or more before the answer was.
    Date(Vec<u8>),
}

impl Validator {
    /// The validator among these fields, if one is strong enough: a weak tag is not (RFC 9110 §13.1.5), nor is a time in the
    /// second of the answer (§8.8.2.2).
    ///
    /// ```
    /// use wirenut_client::resume::Validator;
    /// assert_eq!(Validator::of(Some(b"\"1\""), None, None), Some(Validator::Tag(b"\"1\"".to_vec())));
    /// assert_eq!(Validator::of(Some(b"W/\"1\""), None, None), None);
    /// ```
    #[must_use]
    pub fn of(tag: Option<&[u8]>, last_modified: Option<&[u8]>, date: Option<&[u8]>) -> Option<Self> {
        if let Some(tag) = tag.filter(|tag| is_strong(tag)) {
            return Some(Self::Tag(tag.to_vec()));
        }
        let modified = last_modified?;
        let (changed, sent) = (HttpDate::parse(modified)?, HttpDate::parse(date?)?);
        (changed < sent).then(|| Self::Date(modified.to_vec()))
    }

    /// The value of If-Range.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        match self {
            Self::Tag(value) | Self::Date(value) => value,
        }
    }
}

fn is_strong(tag: &[u8]) -> bool {
    EntityTag::parse(tag).is_some_and(|parsed| parsed.is_strongly(parsed))
}

/// The version to which what is there belongs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Version {
    /// What names it.
    pub validator: Validator,
    /// How many bytes it has, if that is known.
    pub length: Option<u64>,
}

/// What of an answer decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The value of Content-Range.
    pub content_range: Option<&'a [u8]>,
    /// The value of ETag.
    pub tag: Option<&'a [u8]>,
    /// The value of Last-Modified.
    pub last_modified: Option<&'a [u8]>,
    /// How many bytes its content has, if the head says so.
    pub length: Option<u64>,
}

/// What an answer is for what is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Its content comes behind what is there; then there are so many bytes, if that is known.
    Continue {
        /// All bytes of the version.
        total: Option<u64>,
    },
    /// Its content is all of the version that the server has now: what is there is thrown away.
    Anew,
    /// What is there is the whole version.
    Finished,
    /// The answer is of no use: ask without a range. Says why.
    AskAgain(&'static str),
    /// The answer is that of an error, and what is there stays for another try.
    Failed,
}

/// What an answer is, to a request for all from byte `have` on (at least 1) if the version is still this one.
///
/// ```
/// use wirenut_client::resume::{Answer, Validator, Verdict, Version, judge};
/// let version = Version { validator: Validator::Tag(b"\"1\"".to_vec()), length: Some(10) };
/// let answer = Answer { status: 206, content_range: Some(b"bytes 4-9/10"), length: Some(6), ..Answer::default() };
/// assert_eq!(judge(4, &version, &answer), Verdict::Continue { total: Some(10) });
/// assert_eq!(judge(5, &version, &answer), Verdict::AskAgain("the server sent another range than it was asked for"));
/// ```
#[must_use]
pub fn judge(have: u64, version: &Version, answer: &Answer<'_>) -> Verdict {
    let is_other = || match &version.validator {
        Validator::Tag(tag) => answer.tag.is_some_and(|other| other != tag),
        Validator::Date(date) => answer.last_modified.is_some_and(|other| other != date),
    };
    match answer.status {
        206 if is_other() => Verdict::AskAgain("the server sent a range of another version"),
        206 => match answer.content_range.and_then(content_range) {
            None => Verdict::AskAgain("the server does not say which range it sent"),
            Some((range, total)) => judge_range(have, version, answer.length, range, total),
        },
        416 => match answer.content_range.and_then(content_range) {
            Some((None, Some(total))) if total == have && version.length.is_none_or(|length| length == total) => {
                Verdict::Finished
            }
            _ => Verdict::AskAgain("the server has no such range"),
        },
        200..=299 => Verdict::Anew,
        _ => Verdict::Failed,
    }
}

fn judge_range(
    have: u64,
    version: &Version,
    length: Option<u64>,
    range: Option<(u64, u64)>,
    total: Option<u64>,
) -> Verdict {
    let Some((first, last)) = range.filter(|(first, _)| *first == have) else {
        return Verdict::AskAgain("the server sent another range than it was asked for");
    };
    let count = last - first + 1;
    let is_total_wrong = total.is_some_and(|total| version.length.is_some_and(|length| length != total));
    if is_total_wrong || length.is_some_and(|length| length != count) {
        return Verdict::AskAgain("the server contradicts itself about the length");
    }
    // One that does not say how long the whole is has sent its rest, as it was asked for.
    Verdict::Continue { total: total.or(version.length).or_else(|| last.checked_add(1)) }
}

/// What an answer says to whoever has a file of `have` bytes that may be whole, and asked for what is behind it unless the
/// resource has changed since.
#[must_use]
pub fn is_finished(have: u64, answer: &Answer<'_>) -> bool {
    answer.status == 416 && answer.content_range.and_then(content_range) == Some((None, Some(have)))
}

/// A Content-Range of bytes: the first and the last (none: unsatisfied), and the length of all.
type ContentRange = (Option<(u64, u64)>, Option<u64>);

/// Reads one (RFC 9110 §14.4). None also for one that cannot be: its last byte before its first, or behind the end.
#[must_use]
pub fn content_range(value: &[u8]) -> Option<ContentRange> {
    let text = str::from_utf8(value).ok()?;
    let (unit, rest) = text.split_once(' ')?;
    let (range, total) = rest.split_once('/')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let total = if total == "*" { None } else { Some(number(total)?) };
    if range == "*" {
        return total.map(|total| (None, Some(total)));
    }
    let (first, last) = range.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    let is_range = first <= last && last < u64::MAX && total.is_none_or(|total| last < total);
    is_range.then_some((Some((first, last)), total))
}

/// Digits alone: `parse` takes a sign, too.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OTHER_RANGE: Verdict = Verdict::AskAgain("the server sent another range than it was asked for");
    const CONTRADICTION: Verdict = Verdict::AskAgain("the server contradicts itself about the length");
    const NO_RANGE: Verdict = Verdict::AskAgain("the server does not say which range it sent");
    const OTHER_VERSION: Verdict = Verdict::AskAgain("the server sent a range of another version");
    const NO_SUCH: Verdict = Verdict::AskAgain("the server has no such range");

    #[test]
    fn what_answers_are_for_four_bytes_of_ten() {
        let version = Version { validator: Validator::Tag(b"\"1\"".to_vec()), length: Some(10) };
        let unknown = Version { length: None, ..version.clone() };
        for (status, range, tag, length, expected, expected_if_unknown) in [
            (206, "bytes 4-9/10", "\"1\"", Some(6), (Some(10), None), Some(10)),
            (206, "Bytes 4-9/10", "", None, (Some(10), None), Some(10)),
            (206, "bytes 4-9/*", "", Some(6), (Some(10), None), Some(10)),
            (206, "bytes 4-7/10", "", Some(4), (Some(10), None), Some(10)),
            (206, "bytes 4-10/11", "", Some(7), (None, Some(CONTRADICTION)), Some(11)),
            (206, "bytes 4-9/10", "", Some(5), (None, Some(CONTRADICTION)), None),
            (206, "bytes 4-9/10", "\"2\"", Some(6), (None, Some(OTHER_VERSION)), None),
            (206, "bytes 4-9/10", "W/\"1\"", Some(6), (None, Some(OTHER_VERSION)), None),
            (206, "bytes 3-9/10", "", Some(7), (None, Some(OTHER_RANGE)), None),
            (206, "bytes 5-9/10", "", Some(5), (None, Some(OTHER_RANGE)), None),
            (206, "bytes 0-9/10", "", Some(10), (None, Some(OTHER_RANGE)), None),
            (206, "bytes */10", "", None, (None, Some(OTHER_RANGE)), None),
            (206, "bytes 4-10/10", "", None, (None, Some(NO_RANGE)), None),
            (206, "bytes 9-4/10", "", None, (None, Some(NO_RANGE)), None),
            (206, "bytes 4-/10", "", None, (None, Some(NO_RANGE)), None),
            (206, "bytes +4-9/10", "", None, (None, Some(NO_RANGE)), None),
            (206, "lines 4-9/10", "", None, (None, Some(NO_RANGE)), None),
            (206, "", "", None, (None, Some(NO_RANGE)), None),
            (200, "", "\"1\"", Some(10), (None, Some(Verdict::Anew)), None),
            (203, "", "", None, (None, Some(Verdict::Anew)), None),
            (416, "bytes */10", "", None, (None, Some(NO_SUCH)), None),
            (416, "", "", None, (None, Some(NO_SUCH)), None),
            (304, "", "", None, (None, Some(Verdict::Failed)), None),
            (302, "", "", None, (None, Some(Verdict::Failed)), None),
            (404, "", "", None, (None, Some(Verdict::Failed)), None),
            (503, "", "", None, (None, Some(Verdict::Failed)), None),
        ] {
            let some = |text: &'static str| Some(text.as_bytes()).filter(|text| !text.is_empty());
            let answer = Answer { status, content_range: some(range), tag: some(tag), length, ..Answer::default() };
            let expected = expected.1.unwrap_or(Verdict::Continue { total: expected.0 });
            assert_eq!(judge(4, &version, &answer), expected, "{answer:?}");
            let expected = expected_if_unknown.map_or(expected, |total| Verdict::Continue { total: Some(total) });
            assert_eq!(judge(4, &unknown, &answer), expected, "{answer:?}, length unknown");
        }
        let whole = Answer { status: 416, content_range: Some(b"bytes */10"), ..Answer::default() };
        assert_eq!(judge(10, &version, &whole), Verdict::Finished);
        assert_eq!(judge(10, &unknown, &whole), Verdict::Finished);
        assert_eq!(judge(10, &Version { length: Some(11), ..version }, &whole), NO_SUCH);
        assert!(is_finished(10, &whole) && !is_finished(9, &whole));
    }

    #[test]
    fn which_validators_are_strong() {
        let (then, now) = (b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sun, 06 Nov 1994 08:49:38 GMT");
        for (tag, modified, date, expected) in [
            (Some("\"a\""), None, None, Some("\"a\"")),
            (Some("W/\"a\""), Some(then), Some(now), Some(str::from_utf8(then).unwrap())),
            (None, Some(then), Some(then), None),
            (None, Some(now), Some(then), None),
            (None, Some(then), None, None),
            (Some("a"), None, None, None),
            (None, None, Some(now), None),
        ] {
            let bytes = |date: Option<&'static [u8; 29]>| date.map(|date| &date[..]);
            let found = Validator::of(tag.map(str::as_bytes), bytes(modified), bytes(date));
            assert_eq!(found.as_ref().map(Validator::value), expected.map(str::as_bytes), "{tag:?} {modified:?}");
        }
    }

    proptest! {
        /// Whatever a server answers, bytes are put behind others only where the range begins there, and is of that version.
        #[test]
        fn nothing_else_is_continued(
            status in prop_oneof![Just(200), Just(206), Just(416), 100_u16..600],
            range in "bytes ([0-9]{1,2}-[0-9]{1,2}|\\*)/([0-9]{1,2}|\\*)",
            tag in proptest::option::of("\"[12]\""),
            (have, length) in (1_u64..20, proptest::option::of(1_u64..20)),
        ) {
            let version = Version { validator: Validator::Tag(b"\"1\"".to_vec()), length };
            let tag = tag.as_deref().map(str::as_bytes);
            let answer = Answer { status, content_range: Some(range.as_bytes()), tag, ..Answer::default() };
            match judge(have, &version, &answer) {
                Verdict::Continue { total } => {
                    prop_assert!(status == 206 && tag != Some(b"\"2\""));
                    let start = format!("bytes {have}-");
                    let number = range["bytes ".len()..].split_once('-').unwrap().0.parse::<u64>().unwrap();
                    prop_assert_eq!(number, have, "{} {}", start, range);
                    prop_assert!(length.is_none_or(|length| total == Some(length)));
                }
                Verdict::Finished => prop_assert!(status == 416 && length.is_none_or(|length| length == have)),
                Verdict::Anew | Verdict::AskAgain(_) | Verdict::Failed => {}
            }
        }
    }
}
