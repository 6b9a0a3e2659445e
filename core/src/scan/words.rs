//! One byte at a time, and values many at a time where the machine has vectors and words for that.

use super::{SP, has_class};

/// Is it faster to look at bytes twice than to wait until it is known where to begin?
pub(super) const LOOKS_AHEAD: bool = false;

/// How many bytes the compiler compares at once, where it knows how to.
const BLOCK: usize = 16;

/// Index of the first byte from `at` on that is not of `class`, or the length; `outside`, where it is given, marks by
/// their top bits those of eight that are perhaps not of it. What it marks above the first may be wrong.
#[inline]
pub(super) fn class_end(bytes: &[u8], mut at: usize, class: u8, outside: Option<Outside>) -> usize {
    let (Some(outside), true) = (outside, cfg!(target_pointer_width = "64")) else {
        return super::class_end(bytes, at, class);
    };
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
        if (outside.any)(block) {
            break;
        }
        at = at.wrapping_add(BLOCK);
    }
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let marks = (outside.marks)(u64::from_le_bytes(*block));
        let step = usize::try_from(marks.trailing_zeros() / 8).unwrap_or(0);
        at = at.wrapping_add(step);
        if marks != 0 {
            if block.get(step).is_none_or(|&byte| !has_class(byte, class)) {
                return at;
            }
            at = at.wrapping_add(1);
        }
    }
    super::class_end(bytes, at, class)
}

/// Tells bytes that are perhaps not of a class.
#[derive(Clone, Copy)]
pub(super) struct Outside {
    /// Are there any? Written so that the compiler makes one comparison of vectors of it.
    any: fn(&[u8; BLOCK]) -> bool,
    /// Where in a word is the first?
    marks: fn(u64) -> u64,
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

/// A byte below the space borrows from its top bit, and so does one that equals DEL after the xor.
#[inline]
fn control_marks(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const TOPS: u64 = u64::from_le_bytes([0x80; 8]);
    let delete = word ^ u64::from_le_bytes([0x7f; 8]);
    let below_space = word.wrapping_sub(u64::from_le_bytes([SP; 8])) & !word;
    (below_space | (delete.wrapping_sub(ONES) & !delete)) & TOPS
}

/// Paths are short.
#[expect(non_upper_case_globals, reason = "stands where another file has a function")]
pub(super) const query_marks: Option<Outside> = None;
