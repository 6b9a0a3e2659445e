//! How a pattern begins, not looked at before the rest of it: for devices, where that is less code and a smaller table.

/// Nothing of a path.
#[derive(Clone, Copy)]
pub(super) struct Word;

#[derive(Clone, Copy, Debug)]
pub(super) struct Start;

impl Start {
    pub(super) const fn of(_: &[u8]) -> Self {
        Self
    }

    /// All of both.
    pub(super) fn strip<'s, 'p>(self, pattern: &'s [u8], path: &'p [u8], _: Word) -> Option<(&'s [u8], &'p [u8])> {
        Some((pattern, path))
    }
}

pub(super) const fn first_word(_: &[u8]) -> Word {
    Word
}
