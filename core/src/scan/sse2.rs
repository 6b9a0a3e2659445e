//! Sixteen bytes at a time, by SSE2, which every x86-64 has.
//!
//! A mask marks the bytes of a block that are perhaps not of the class: all that are not, and some that are and are rare.

use safe_arch::{
    bitand_m128i, bitor_m128i, cmp_eq_mask_i8_m128i, cmp_gt_mask_i8_m128i, load_unaligned_m128i, m128i, min_u8_m128i,
    move_mask_i8_m128i, set_splat_i8_m128i,
};

use super::has_class;

/// Is it faster to look at bytes twice than to wait until it is known where to begin?
pub(super) const LOOKS_AHEAD: bool = true;

/// Index of the first byte from `at` on that is not of `class`, or the length; `outside` marks what is perhaps not of it.
#[inline(always)]
pub(super) fn class_end(bytes: &[u8], mut at: usize, class: u8, outside: impl Fn(m128i) -> m128i) -> usize {
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<16>) {
        if let Some(step) = first_outside(block, 0, class, &outside) {
            return at.wrapping_add(step);
        }
        at = at.wrapping_add(16);
    }
    // The last block again, without what was seen of it.
    let Some(block) = bytes.last_chunk::<16>() else { return super::class_end(bytes, at, class) };
    let start = bytes.len().wrapping_sub(16);
    first_outside(block, at.wrapping_sub(start), class, &outside).map_or(bytes.len(), |step| start.wrapping_add(step))
}

/// Index of the first byte of `block` that is not of `class`, but for the first `skipped` of them.
#[inline(always)]
fn first_outside(block: &[u8; 16], skipped: usize, class: u8, outside: impl Fn(m128i) -> m128i) -> Option<usize> {
    let skipped = u32::try_from(skipped).unwrap_or(16);
    let marks = move_mask_i8_m128i(outside(load_unaligned_m128i(block))).cast_unsigned();
    let mut marks = marks & u32::MAX.wrapping_shl(skipped);
    while marks != 0 {
        let step = usize::try_from(marks.trailing_zeros()).unwrap_or(0);
        if block.get(step).is_none_or(|&byte| !has_class(byte, class)) {
            return Some(step);
        }
        marks &= marks.wrapping_sub(1);
    }
    None
}

fn all(byte: u8) -> m128i {
    set_splat_i8_m128i(byte.cast_signed())
}

fn equal(block: m128i, byte: u8) -> m128i {
    cmp_eq_mask_i8_m128i(block, all(byte))
}

/// At most `byte`, unsigned.
fn at_most(block: m128i, byte: u8) -> m128i {
    cmp_eq_mask_i8_m128i(min_u8_m128i(block, all(byte)), block)
}

/// Letters.
fn letters(block: m128i) -> m128i {
    let lower = bitor_m128i(block, all(0x20));
    // Signed comparisons: what lies beyond ASCII is below `a`.
    bitand_m128i(cmp_gt_mask_i8_m128i(lower, all(b'a' - 1)), cmp_gt_mask_i8_m128i(all(b'z' + 1), lower))
}

/// All but letters and the hyphen, of which nearly all names consist.
pub(super) fn outside_names(block: m128i) -> m128i {
    cmp_eq_mask_i8_m128i(bitor_m128i(letters(block), equal(block, b'-')), all(0))
}

/// All but letters, digits, the hyphen and the full stop, of which nearly all hosts consist.
pub(super) fn outside_hosts(block: m128i) -> m128i {
    // From the hyphen to the nine lie these, and the slash.
    let others = bitand_m128i(cmp_gt_mask_i8_m128i(block, all(b'-' - 1)), cmp_gt_mask_i8_m128i(all(b'9' + 1), block));
    let slash = equal(block, b'/');
    bitor_m128i(cmp_eq_mask_i8_m128i(bitor_m128i(letters(block), others), all(0)), slash)
}

/// What no target holds: up to the space, from DEL on, and five characters between.
pub(super) fn outside_targets(block: m128i) -> m128i {
    let visible = bitand_m128i(cmp_gt_mask_i8_m128i(block, all(b' ')), cmp_gt_mask_i8_m128i(all(0x7f), block));
    // `"` and `#`, and `<` and `>`, differ in one bit.
    let quote_or_hash = equal(bitand_m128i(block, all(!1)), b'"');
    let angles = equal(bitand_m128i(block, all(!2)), b'<');
    let refused = bitor_m128i(bitor_m128i(quote_or_hash, angles), equal(block, b'\\'));
    bitor_m128i(cmp_eq_mask_i8_m128i(visible, all(0)), refused)
}

/// Controls: what no field value holds, and the tab.
pub(super) fn controls(block: m128i) -> m128i {
    bitor_m128i(at_most(block, 0x1f), equal(block, 0x7f))
}

/// Question marks.
pub(super) fn query_marks(block: m128i) -> m128i {
    equal(block, b'?')
}
