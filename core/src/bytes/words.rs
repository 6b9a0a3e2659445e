//! Words at a time where a value is long enough, and vectors where the machine has them; otherwise by the table.

use super::{SP, has_class};

/// How many bytes the compiler compares at once, where it knows how to.
const BLOCK: usize = 16;

/// How many bytes a register holds.
const WORD: usize = size_of::<usize>();

/// Index of the first byte from `at` on that is not of `class`, or the length; `outside`, where it is given, marks by
/// their top bits those of a word that are perhaps not of it. What it marks above the first may be wrong.
#[inline]
pub(super) fn class_end(bytes: &[u8], at: usize, class: u8, outside: Option<Outside>) -> usize {
    let Some(outside) = outside else {
        return class_end_by_table(bytes, at, class);
    };
    let mut rest = bytes.get(at..).unwrap_or(&[]);
    if cfg!(target_pointer_width = "64") {
        while let Some((block, behind)) = rest.split_first_chunk::<BLOCK>() {
            if (outside.any)(block) {
                break;
            }
            rest = behind;
        }
    }
    while let Some((word, behind)) = rest.split_first_chunk::<WORD>() {
        let marks = (outside.marks)(usize::from_le_bytes(*word));
        if marks == 0 {
            rest = behind;
            continue;
        }
        let step = usize::try_from(marks.trailing_zeros() / 8).unwrap_or(0);
        let marked = rest.get(step..).unwrap_or(&[]);
        match marked {
            [byte, behind @ ..] if has_class(*byte, class) => rest = behind,
            _ => return index_of(marked, bytes),
        }
    }
    class_end_by_table(bytes, index_of(rest, bytes), class)
}

/// By the table, four bytes between two looks at the length: written out, since firmware is built by a compiler that is
/// told to save space and unrolls nothing.
fn class_end_by_table(bytes: &[u8], at: usize, class: u8) -> usize {
    let mut rest = bytes.get(at..).unwrap_or(&[]);
    while let Some(([a, b, c, d], behind)) = rest.split_first_chunk() {
        let step = if !has_class(*a, class) {
            0
        } else if !has_class(*b, class) {
            1
        } else if !has_class(*c, class) {
            2
        } else if !has_class(*d, class) {
            3
        } else {
            rest = behind;
            continue;
        };
        return index_of(rest, bytes).wrapping_add(step);
    }
    super::class_end(bytes, index_of(rest, bytes), class)
}

/// Index of the first place with `first` in `bytes` and `last` in `ahead` that is one.
#[inline]
pub(super) fn pair(bytes: &[u8], ahead: &[u8], first: u8, last: u8, is_there: impl Fn(usize) -> bool) -> Option<usize> {
    let mut at = 0_usize;
    for (one, other) in bytes.as_chunks::<BLOCK>().0.iter().zip(ahead.as_chunks::<BLOCK>().0) {
        // Written so that the compiler makes comparisons of vectors of it.
        let pairs = one.iter().zip(other);
        if pairs.clone().fold(false, |any, (one, other)| any | ((*one == first) & (*other == last))) {
            let mut found = pairs.zip(at..).filter(|((one, other), _)| **one == first && **other == last);
            if let Some((_, at)) = found.find(|(_, at)| is_there(*at)) {
                return Some(at);
            }
        }
        at = at.wrapping_add(BLOCK);
    }
    super::pair_in(bytes, ahead, at, first, last, is_there)
}

/// Where in `bytes` their end `rest` begins.
fn index_of(rest: &[u8], bytes: &[u8]) -> usize {
    bytes.len().wrapping_sub(rest.len())
}

/// The ends of lines, found one after the other.
pub(crate) struct LineEnds<'b>(&'b [u8]);

impl<'b> LineEnds<'b> {
    /// Those that lie at `at` or behind.
    #[inline(always)]
    pub(crate) fn new(bytes: &'b [u8], _: usize) -> Self {
        Self(bytes)
    }

    /// Where the name ends of the field line that begins at `start`, and where its value does, if it has no rare
    /// characters: they also count as ends. Lines must be asked for in their order.
    #[inline(always)]
    pub(crate) fn of(&mut self, start: usize) -> (usize, usize) {
        let name = super::token_end(self.0, start);
        (name, super::value_end(self.0, name.wrapping_add(1)))
    }
}

/// Tells bytes that are perhaps not of a class.
#[derive(Clone, Copy)]
pub(super) struct Outside {
    /// Are there any? Written so that the compiler makes one comparison of vectors of it.
    any: fn(&[u8; BLOCK]) -> bool,
    /// Where in a word is the first?
    marks: fn(usize) -> usize,
}

/// Names are short: a loop over the table is as fast as any word.
#[expect(non_upper_case_globals, reason = "stands where another file has a function")]
pub(super) const outside_names: Option<Outside> = None;

/// Hosts are short.
#[expect(non_upper_case_globals, reason = "stands where another file has a function")]
pub(super) const outside_hosts: Option<Outside> = None;

/// Targets are short, and many characters are refused.
#[expect(non_upper_case_globals, reason = "stands where another file has a function")]
pub(super) const outside_targets: Option<Outside> = None;

/// Controls: what no field value holds, and the tab.
#[expect(non_upper_case_globals, reason = "stands where another file has a function")]
pub(super) const controls: Option<Outside> = Some(Outside { any: any_control, marks: control_marks });

#[inline]
fn any_control(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(false, |any, &byte| any | (byte < SP) | (byte == 0x7f))
}

/// A byte below the space borrows and so sets its top bit, and DEL gets it from one more. A carry out of 0xff marks 0x7e
/// behind it, too: no harm, since what is marked is looked at again.
#[inline]
fn control_marks(word: usize) -> usize {
    const ONES: usize = usize::from_le_bytes([1; WORD]);
    const SPACES: usize = usize::from_le_bytes([SP; WORD]);
    const TOPS: usize = usize::from_le_bytes([0x80; WORD]);
    (word.wrapping_sub(SPACES) | word.wrapping_add(ONES)) & !word & TOPS
}

/// Paths are short.
#[expect(non_upper_case_globals, reason = "stands where another file has a function")]
pub(super) const query_marks: Option<Outside> = None;
