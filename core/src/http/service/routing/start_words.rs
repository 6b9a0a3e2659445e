//! How a pattern begins, compared at once: its first machine word, and then all that stands before its first parameter.

use crate::bytes;

/// How a path begins.
pub(super) type Word = usize;

/// The bytes that are compared first.
const WORD: usize = size_of::<Word>();

/// What stands before the first parameter of a pattern.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    length: u16,
    /// Its first bytes, and which these are.
    word: Word,
    mask: Word,
}

impl Start {
    #[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated by the compiler")]
    pub(super) const fn of(pattern: &[u8]) -> Self {
        let mut length = 0;
        while length < pattern.len() && !matches!(pattern[length], b':' | b'*') {
            length += 1;
        }
        let (mut word, mut mask, mut at) = ([0; WORD], [0; WORD], 0);
        while at < WORD && at < length {
            (word[at], mask[at]) = (pattern[at], 0xff);
            at += 1;
        }
        #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "a pattern is not longer")]
        let length = length as u16;
        Self { length, word: Word::from_ne_bytes(word), mask: Word::from_ne_bytes(mask) }
    }

    /// What is left of the pattern and of a path that begins with this word, if both begin so.
    #[inline]
    pub(super) fn strip<'s, 'p>(&self, pattern: &'s [u8], path: &'p [u8], word: Word) -> Option<(&'s [u8], &'p [u8])> {
        let length = usize::from(self.length);
        let differs = (word ^ self.word) & self.mask != 0
            || (length > WORD && pattern.get(WORD..length) != path.get(WORD..length));
        (!differs).then(|| (bytes::from(pattern, length), bytes::from(path, length)))
    }
}

/// The first bytes of a path, as [`Start`] has those of its pattern. A path holds no NUL, so what is missing of it is
/// equal to nothing.
pub(super) fn first_word(path: &[u8]) -> Word {
    Word::from_ne_bytes(path.first_chunk().copied().unwrap_or_else(|| {
        let mut word = [0; WORD];
        word.iter_mut().zip(path).for_each(|(place, byte)| *place = *byte);
        word
    }))
}
