//! Sixteen bytes at a time, by SSE2, which every x86-64 has.
//!
//! A mask marks the bytes of a block that are perhaps not of the class: all that are not, and some that are and are rare.

use safe_arch::{
    bitand_m128i, bitor_m128i, cmp_eq_mask_i8_m128i, cmp_gt_mask_i8_m128i, load_unaligned_m128i, m128i, min_u8_m128i,
    move_mask_i8_m128i, set_splat_i8_m128i,
};

use super::has_class;

/// Length of the bytes of `class` that `bytes` begin with; `outside` marks what is perhaps not of it.
#[inline]
pub(super) fn class_end(bytes: &[u8], class: u8, outside: impl Fn(m128i) -> m128i) -> usize {
    let mut rest = bytes;
    while let Some((block, after)) = rest.split_first_chunk::<16>() {
        let mut marks = move_mask_i8_m128i(outside(load_unaligned_m128i(block))).cast_unsigned();
        while marks != 0 {
            let step = usize::try_from(marks.trailing_zeros()).unwrap_or(0);
            if block.get(step).is_none_or(|&byte| !has_class(byte, class)) {
                return bytes.len().saturating_sub(rest.len()).saturating_add(step);
            }
            marks &= marks.wrapping_sub(1);
        }
        rest = after;
    }
    bytes.len().saturating_sub(rest.len()).saturating_add(super::class_end(rest, class))
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

/// All but letters and the hyphen, of which nearly all names consist.
pub(super) fn outside_names(block: m128i) -> m128i {
    let lower = bitor_m128i(block, all(0x20));
    // Signed comparisons: what lies beyond ASCII is below `a`.
    let letters = bitand_m128i(cmp_gt_mask_i8_m128i(lower, all(b'a' - 1)), cmp_gt_mask_i8_m128i(all(b'z' + 1), lower));
    cmp_eq_mask_i8_m128i(bitor_m128i(letters, equal(block, b'-')), all(0))
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
