//! Sixteen bytes at a time, by SSE2, which every x86-64 has.
//!
//! A mask marks the bytes of a block that are perhaps not of the class: all that are not, and some that are and are rare.

use safe_arch::{
    add_i8_m128i, bitand_m128i, bitor_m128i, cmp_eq_mask_i8_m128i, cmp_gt_mask_i8_m128i, load_unaligned_m128i, m128i,
    min_u8_m128i, move_mask_i8_m128i, set_i64_m128i, set_splat_i8_m128i, set_splat_i64_m128i,
};

use super::has_class;

/// Index of the first byte from `at` on that is not of `class`, or the length; `outside` marks what is perhaps not of it.
#[inline(always)]
pub(super) fn class_end(bytes: &[u8], mut at: usize, class: u8, outside: impl Fn(m128i) -> m128i) -> usize {
    if at == 0 && is_short_and_unmarked(bytes, &outside) {
        return bytes.len();
    }
    loop {
        at = first_mark(bytes, at, &outside);
        if bytes.get(at).is_none_or(|&byte| !has_class(byte, class)) {
            return at;
        }
        at = at.wrapping_add(1);
    }
}

/// Are there 4 to 15 bytes, and is none of them marked? Their first ones and their last ones make one block.
#[inline(always)]
fn is_short_and_unmarked(bytes: &[u8], outside: impl Fn(m128i) -> m128i) -> bool {
    let block = match (bytes.first_chunk(), bytes.last_chunk()) {
        _ if bytes.len() > 15 => return false,
        (Some(first), Some(last)) => set_i64_m128i(i64::from_le_bytes(*last), i64::from_le_bytes(*first)),
        _ => match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(first), Some(last)) => {
                set_splat_i64_m128i(i64::from(u32::from_le_bytes(*first)) | i64::from(u32::from_le_bytes(*last)) << 32)
            }
            _ => return false,
        },
    };
    move_mask_i8_m128i(outside(block)) == 0
}

/// Index of the first byte from `at` on that `outside` marks, or the length; in fewer than sixteen bytes, `at`.
#[inline(always)]
fn first_mark(bytes: &[u8], mut at: usize, outside: impl Fn(m128i) -> m128i) -> usize {
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let marks = marks(block, &outside);
        if marks != 0 {
            return at.wrapping_add(lowest(marks));
        }
        at = at.wrapping_add(16);
    }
    // The last block again, without what was seen of it.
    let Some(block) = bytes.last_chunk() else { return at };
    let start = bytes.len().wrapping_sub(16);
    let seen = at.wrapping_sub(start);
    // Its end counts as a mark.
    at.wrapping_add(lowest((marks(block, outside) | 1 << 16) >> (seen & 31)))
}

/// Index of the first place with `first` in `bytes` and `last` in `ahead` that is one.
#[inline]
pub(super) fn pair(bytes: &[u8], ahead: &[u8], first: u8, last: u8, is_there: impl Fn(usize) -> bool) -> Option<usize> {
    let ends = (all(first), all(last));
    let mut at = 0_usize;
    for (ones, others) in bytes.as_chunks::<64>().0.iter().zip(ahead.as_chunks::<64>().0) {
        let (ones, others) = (ones.as_chunks().0, others.as_chunks().0);
        let any = ones.iter().zip(others).fold(all(0), |any, (one, other)| bitor_m128i(any, pairs(one, other, ends)));
        if move_mask_i8_m128i(any) != 0
            && let Some(place) = pair_in_blocks(ones, others, at, ends, &is_there)
        {
            return Some(place);
        }
        at = at.wrapping_add(64);
    }
    let (ones, others) = (super::from(bytes, at).as_chunks().0, super::from(ahead, at).as_chunks().0);
    pair_in_blocks(ones, others, at, ends, &is_there).or_else(|| {
        let at = at.wrapping_add(others.len().min(ones.len()).wrapping_mul(16));
        super::pair_in(bytes, ahead, at, first, last, is_there)
    })
}

/// The same in whole blocks, of which the first one lies at `at`. Apart from the loop that finds none.
#[inline(never)]
fn pair_in_blocks(
    ones: &[[u8; 16]],
    others: &[[u8; 16]],
    at: usize,
    ends: (m128i, m128i),
    is_there: impl Fn(usize) -> bool,
) -> Option<usize> {
    ones.iter().zip(others).zip((at..).step_by(16)).find_map(|((one, other), at)| {
        let mut marks = move_mask_i8_m128i(pairs(one, other, ends)).cast_unsigned();
        while marks != 0 {
            let place = at.wrapping_add(lowest(marks));
            if is_there(place) {
                return Some(place);
            }
            marks &= marks.wrapping_sub(1);
        }
        None
    })
}

/// Marks where the one block has the first and the other one the second of `ends`.
#[inline(always)]
fn pairs(one: &[u8; 16], other: &[u8; 16], (first, last): (m128i, m128i)) -> m128i {
    let firsts = cmp_eq_mask_i8_m128i(load_unaligned_m128i(one), first);
    bitand_m128i(firsts, cmp_eq_mask_i8_m128i(load_unaligned_m128i(other), last))
}

/// The ends of lines, of which one block may show several. Where blocks lie does not depend on where lines begin, so no
/// line waits for the end of the one before.
pub(crate) struct LineEnds<'b> {
    bytes: &'b [u8],
    /// Where the block begins.
    block: usize,
    /// Marks of the controls in it.
    controls: u64,
}

impl<'b> LineEnds<'b> {
    /// Those that lie at `at` or behind.
    #[inline(always)]
    pub(crate) fn new(bytes: &'b [u8], at: usize) -> Self {
        // Before the first block lies one without controls.
        Self { bytes, block: at.wrapping_sub(64), controls: 0 }
    }

    /// Where the name ends of the field line that begins at `start`, and where its value does, if it has no rare
    /// characters: they also count as ends. Lines must be asked for in their order.
    #[inline(always)]
    pub(crate) fn of(&mut self, start: usize) -> (usize, usize) {
        (first_mark(self.bytes, start, outside_names), self.first_control(start))
    }

    #[inline(always)]
    fn first_control(&mut self, mut at: usize) -> usize {
        loop {
            let before = at.wrapping_sub(self.block);
            let left = if before < 64 { self.controls >> before } else { 0 };
            if left != 0 {
                return at.wrapping_add(usize::try_from(left.trailing_zeros()).unwrap_or(0));
            }
            let next = self.block.wrapping_add(64);
            let Some(last) = self.bytes.last_chunk() else { return first_mark(self.bytes, at, controls) };
            at = at.max(next);
            if at >= self.bytes.len() {
                return self.bytes.len();
            }
            let block = self.bytes.get(next..).and_then(<[u8]>::first_chunk);
            self.block = if block.is_some() { next } else { self.bytes.len().wrapping_sub(64) };
            self.controls = control_marks(block.unwrap_or(last));
        }
    }
}

#[inline(always)]
fn control_marks(block: &[u8; 64]) -> u64 {
    let (quarters, _) = block.as_chunks();
    quarters.iter().rev().fold(0, |all, quarter| all << 16 | u64::from(marks(quarter, controls)))
}

#[inline(always)]
fn marks(block: &[u8; 16], outside: impl Fn(m128i) -> m128i) -> u32 {
    move_mask_i8_m128i(outside(load_unaligned_m128i(block))).cast_unsigned()
}

#[inline(always)]
fn lowest(marks: u32) -> usize {
    usize::try_from(marks.trailing_zeros()).unwrap_or(0)
}

fn all(byte: u8) -> m128i {
    set_splat_i8_m128i(byte.cast_signed())
}

fn equal(block: m128i, byte: u8) -> m128i {
    cmp_eq_mask_i8_m128i(block, all(byte))
}

fn not(block: m128i) -> m128i {
    cmp_eq_mask_i8_m128i(block, all(0))
}

/// At most `byte`, unsigned.
fn at_most(block: m128i, byte: u8) -> m128i {
    cmp_eq_mask_i8_m128i(min_u8_m128i(block, all(byte)), block)
}

/// Letters.
fn letters(block: m128i) -> m128i {
    // `z` becomes the largest signed number, and what is above it negative.
    let lower = add_i8_m128i(bitor_m128i(block, all(0x20)), all(0x7f - b'z'));
    cmp_gt_mask_i8_m128i(lower, all(0x7f - 26))
}

/// All but letters and the hyphen, of which nearly all names consist.
pub(super) fn outside_names(block: m128i) -> m128i {
    not(bitor_m128i(letters(block), equal(block, b'-')))
}

/// All but letters, digits, the hyphen and the full stop, of which nearly all hosts consist.
pub(super) fn outside_hosts(block: m128i) -> m128i {
    // From the hyphen to the nine lie these, and the slash.
    let others = bitand_m128i(cmp_gt_mask_i8_m128i(block, all(b'-' - 1)), cmp_gt_mask_i8_m128i(all(b'9' + 1), block));
    bitor_m128i(not(bitor_m128i(letters(block), others)), equal(block, b'/'))
}

/// What no target holds: up to the space, from DEL on, and five characters between.
pub(super) fn outside_targets(block: m128i) -> m128i {
    let visible = bitand_m128i(cmp_gt_mask_i8_m128i(block, all(b' ')), cmp_gt_mask_i8_m128i(all(0x7f), block));
    // `"` and `#`, and `<` and `>`, differ in one bit.
    let quote_or_hash = equal(bitand_m128i(block, all(!1)), b'"');
    let angles = equal(bitand_m128i(block, all(!2)), b'<');
    let refused = bitor_m128i(bitor_m128i(quote_or_hash, angles), equal(block, b'\\'));
    bitor_m128i(not(visible), refused)
}

/// Controls: what no field value holds, and the tab.
pub(super) fn controls(block: m128i) -> m128i {
    bitor_m128i(at_most(block, 0x1f), equal(block, 0x7f))
}

/// Question marks.
pub(super) fn query_marks(block: m128i) -> m128i {
    equal(block, b'?')
}
