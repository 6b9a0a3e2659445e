//! One byte at a time, and values eight at a time where the machine has words for that.

use super::{SP, has_class};

/// Length of the bytes of `class` that `bytes` begin with; `outside`, where it is given, marks by their top bits those of
/// eight that are perhaps not of it. What it marks above the first may be wrong.
#[inline]
pub(super) fn class_end(bytes: &[u8], class: u8, outside: Option<fn(u64) -> u64>) -> usize {
    let mut rest = bytes;
    if let (Some(outside), true) = (outside, cfg!(target_pointer_width = "64")) {
        while let Some((block, after)) = rest.split_first_chunk::<8>() {
            let marks = outside(u64::from_le_bytes(*block));
            if marks == 0 {
                rest = after;
                continue;
            }
            let step = usize::try_from(marks.trailing_zeros() / 8).unwrap_or(0);
            if block.get(step).is_none_or(|&byte| !has_class(byte, class)) {
                return bytes.len().saturating_sub(rest.len()).saturating_add(step);
            }
            rest = rest.get(step.saturating_add(1)..).unwrap_or(&[]);
        }
    }
    bytes.len().saturating_sub(rest.len()).saturating_add(super::class_end(rest, class))
}

/// Names are short: a loop over the table is as fast as any word.
#[expect(non_upper_case_globals, reason = "stands where another file has a function")]
pub(super) const outside_names: Option<fn(u64) -> u64> = None;

/// Targets are short, and many characters are refused.
#[expect(non_upper_case_globals, reason = "stands where another file has a function")]
pub(super) const outside_targets: Option<fn(u64) -> u64> = None;

/// Controls: what no field value holds, and the tab. A byte below the space borrows from its top bit, and so does one
/// that equals DEL after the xor.
#[expect(non_upper_case_globals, reason = "stands where another file has a function")]
pub(super) const controls: Option<fn(u64) -> u64> = Some(|word| {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const TOPS: u64 = u64::from_le_bytes([0x80; 8]);
    let delete = word ^ u64::from_le_bytes([0x7f; 8]);
    let below_space = word.wrapping_sub(u64::from_le_bytes([SP; 8])) & !word;
    (below_space | (delete.wrapping_sub(ONES) & !delete)) & TOPS
});

/// Paths are short.
#[expect(non_upper_case_globals, reason = "stands where another file has a function")]
pub(super) const query_marks: Option<fn(u64) -> u64> = None;
