//! The search for a delimiter that may be cut anywhere.

use super::boundary::Boundary;
use crate::bytes::{self, CR, LF};

/// Where a search stands. Bytes that may begin a delimiter are not kept: they are a part of the delimiter.
///
/// CR and LF stand nowhere in a delimiter but at its start. So a match that fails holds no beginning of another one, each
/// byte is compared once with the delimiter, and the search is linear whatever comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Search {
    /// So many bytes of the delimiter have matched.
    matched: u8,
    /// The first of them that really came: none before it did.
    from: u8,
}

/// What comes next in the input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// All of the input was used, and may begin a delimiter.
    NeedMore,
    /// So many bytes of the input are no part of a delimiter: at least one.
    Content(usize),
    /// These bytes of the delimiter came, the first of them perhaps in earlier inputs, and are no part of one: at least one.
    Held(u8, u8),
    /// A delimiter, without its CR and LF if [`Line`] says so.
    Delimiter(Line),
}

/// How the line of a delimiter begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Line {
    /// Behind CR and LF.
    Whole,
    /// Behind a LF alone.
    BareLineFeed,
    /// Where the search began.
    Start,
}

impl Search {
    /// At the start of content, where a delimiter may stand without a line end before it.
    pub(super) const START: Self = Self { matched: 2, from: 2 };
    /// Within content.
    const WITHIN: Self = Self { matched: 0, from: 0 };

    /// Searches on. Returns how many bytes of the input were used, of what was found, too.
    #[inline]
    pub(super) fn next(&mut self, boundary: &Boundary, input: &[u8]) -> (usize, Found) {
        let delimiter = boundary.delimiter();
        if self.matched > 0 {
            let (used, found) = self.match_on(delimiter, input);
            if let Some(found) = found {
                return (used, found);
            }
        }
        self.search(delimiter, input)
    }

    /// Compares on; `None` where nothing came that would have to be given out.
    fn match_on(&mut self, delimiter: &[u8], input: &[u8]) -> (usize, Option<Found>) {
        let rest = bytes::from(delimiter, usize::from(self.matched));
        let same = rest.iter().zip(input).take_while(|(one, other)| one == other).count();
        // A delimiter has at most 74 bytes.
        self.matched = self.matched.wrapping_add(u8::try_from(same).unwrap_or(0));
        if same == rest.len() {
            let line = [Line::Whole, Line::BareLineFeed, Line::Start].get(usize::from(self.from)).copied();
            *self = Self::WITHIN;
            return (same, Some(Found::Delimiter(line.unwrap_or(Line::Whole))));
        }
        if same == input.len() {
            return (same, Some(Found::NeedMore));
        }
        let Self { matched, from } = *self;
        *self = Self::WITHIN;
        (same, (matched > from).then_some(Found::Held(from, matched)))
    }

    fn search(&mut self, delimiter: &[u8], input: &[u8]) -> (usize, Found) {
        let without_cr = bytes::from(delimiter, 1);
        if let Some(at) = bytes::find(input, without_cr) {
            let (before, from) = without_last_cr(input.get(..at).unwrap_or(input));
            if before > 0 {
                return (before, Found::Content(before));
            }
            self.from = from;
            self.matched = from;
            let (used, found) = self.match_on(delimiter, input);
            return (used, found.unwrap_or(Found::NeedMore));
        }
        let (content, from) = self.hold_back(without_cr, input);
        *self = Self { matched: from.wrapping_add(self.matched), from };
        (input.len(), if content == 0 { Found::NeedMore } else { Found::Content(content) })
    }

    /// Where the end of the input begins that may begin a delimiter, and at which byte of it; leaves in `matched` how many
    /// bytes that are.
    fn hold_back(&mut self, without_cr: &[u8], input: &[u8]) -> (usize, u8) {
        self.matched = 0;
        let tail_start = input.len().saturating_sub(without_cr.len().wrapping_sub(1));
        let tail = bytes::from(input, tail_start);
        let line_feed =
            tail.iter().rposition(|&byte| byte == LF).filter(|&at| without_cr.starts_with(bytes::from(tail, at)));
        let (content, from) = match line_feed {
            Some(at) => without_last_cr(input.get(..tail_start.wrapping_add(at)).unwrap_or(input)),
            None if input.last() == Some(&CR) => (input.len().wrapping_sub(1), 0),
            None => (input.len(), 0),
        };
        self.matched = u8::try_from(input.len().wrapping_sub(content)).unwrap_or(0);
        (content, from)
    }
}

/// How long `before` is without a CR at its end, and which byte of a delimiter stands behind that.
fn without_last_cr(before: &[u8]) -> (usize, u8) {
    match before {
        [rest @ .., CR] => (rest.len(), 0),
        _ => (before.len(), 1),
    }
}
