//! A row of the table: the same work on the same bytes.

use core::cell::RefCell;

/// Who does the work.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    /// Does it once, and returns a sum of what came of it, which is the same for all.
    pub(crate) run: fn(&str) -> u64,
}

/// One kind of work.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// What is read, or is written in the end.
    pub(crate) input: &'static str,
    /// Ours first.
    pub(crate) contestants: &'static [Contestant],
}

/// A sum that depends on each byte's place a little, so that nobody can leave something out.
pub(crate) fn sum(bytes: &[u8]) -> u64 {
    let ends = [bytes.first(), bytes.last()].into_iter().flatten().map(|byte| u64::from(*byte)).sum::<u64>();
    bytes.len() as u64 * 1_000 + ends
}

/// Calls `write` with an empty text that has had room before: no peer is charged for memory that a caller can keep.
pub(crate) fn reused(write: impl FnOnce(&mut String)) -> u64 {
    thread_local!(static TEXT: RefCell<String> = const { RefCell::new(String::new()) });
    TEXT.with_borrow_mut(|text| {
        text.clear();
        write(text);
        sum(text.as_bytes())
    })
}
