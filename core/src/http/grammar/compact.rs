//! The table in the form that the machine reads: four bytes a row, made from the readable one while compiling.

use super::state::State;
use super::table::{Action, Class, On, ROWS, Row};
use crate::bytes;

/// A row, without its state.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    on: u8,
    pub(super) next: State,
    pub(super) action: Action,
    /// No other entry of its state follows.
    is_last: bool,
}

/// What a state has for a byte.
pub(super) enum Found {
    /// This entry takes it.
    Entry(Entry),
    /// It cannot stand there.
    Nothing,
    /// No byte of the grammar is read in this state.
    NoGrammar,
}

/// The entry of `state` that takes `byte`.
#[inline(always)]
pub(super) fn find(state: State, byte: u8) -> Found {
    let classes = bytes::classes(byte);
    let mut at = BEGINS.get(state.index()).map_or(ENTRIES.len(), |begin| usize::from(*begin));
    while let Some(entry) = ENTRIES.get(at) {
        if entry.takes(byte, classes) {
            return Found::Entry(*entry);
        }
        if entry.is_last {
            return Found::Nothing;
        }
        at = at.wrapping_add(1);
    }
    Found::NoGrammar
}

impl Entry {
    /// Does it take this byte, which is of these classes?
    #[inline(always)]
    pub(super) fn takes(self, byte: u8, classes: u8) -> bool {
        match self.on {
            on @ ..SETS => on == byte,
            on @ SETS..LETTERS => classes >> (on & 7) & 1 != 0,
            on => byte | 0x20 == on & !SETS,
        }
    }

    /// Does it lead back to its own state and only collect, and does no row before it take any of its bytes?
    #[inline(always)]
    pub(super) const fn is_run(self) -> bool {
        matches!(self.on, RUNS..LETTERS)
    }

    /// How many bytes such an entry takes at once.
    #[inline(always)]
    pub(super) fn run_length(self, bytes: &[u8]) -> usize {
        bytes::set_length(bytes, self.on & 7)
    }
}

/// From here on `on` is a set: the number of its bit.
const SETS: u8 = 0x80;

/// From here on it is a set that is taken in runs.
const RUNS: u8 = 0x88;

/// From here on `on` is a letter of either case, with the highest bit set.
const LETTERS: u8 = 0xe0;

static ENTRIES: [Entry; ROWS.len()] = {
    let mut entries = [Entry { on: 0, next: State::End, action: Action::None, is_last: true }; ROWS.len()];
    let (mut rows, mut at) = (ROWS, 0_usize);
    while let [row, rest @ ..] = rows {
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
        {
            let run = if is_run(at) { RUNS - SETS } else { 0 };
            let is_last = match rest {
                [next, ..] => next.state.index() != row.state.index(),
                [] => true,
            };
            entries[at] = Entry { on: code(row.on) | run, next: row.next, action: row.action, is_last };
        }
        (rows, at) = (rest, at.wrapping_add(1));
    }
    entries
};

/// Can the row of this index be taken in runs?
#[expect(
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "evaluated by the compiler"
)]
const fn is_run(at: usize) -> bool {
    let row = ROWS[at];
    let is_loop = row.next.index() == row.state.index() && matches!(row.action, Action::None | Action::Push);
    if !is_loop || !matches!(row.on, On::Class(_)) {
        return false;
    }
    let mut before = at;
    while before > 0 && ROWS[before - 1].state.index() == row.state.index() {
        before -= 1;
        let mut byte = 0;
        while byte < 256 {
            if holds(row.on, byte as u8) && holds(ROWS[before].on, byte as u8) {
                return false;
            }
            byte += 1;
        }
    }
    true
}

/// Is it one of these bytes?
#[expect(clippy::as_conversions, clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn holds(on: On, byte: u8) -> bool {
    match on {
        On::Byte(only) => byte == only,
        On::Letter(letter) => byte.eq_ignore_ascii_case(&letter),
        On::Class(class) => bytes::CLASS_TABLE[byte as usize] & class as u8 != 0,
    }
}

#[expect(clippy::as_conversions, clippy::arithmetic_side_effects, reason = "evaluated by the compiler")]
const fn code(on: On) -> u8 {
    match on {
        On::Byte(byte) => byte,
        On::Letter(letter) => SETS | letter,
        On::Class(class) => SETS + (class as u8).trailing_zeros() as u8,
    }
}

/// Where the rows of each state begin that has any.
static BEGINS: [u8; State::WITH_ROWS] = {
    let mut begins = [0; State::WITH_ROWS];
    let (mut rows, mut at, mut state) = (ROWS, 0_u8, 0);
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    while let [Row { state: of, .. }, rest @ ..] = rows {
        if of.index() != state {
            assert!(of.index() == state + 1, "the rows stand in the order of their states");
            state += 1;
            begins[state] = at;
        }
        (rows, at) = (rest, at + 1);
    }
    assert!(state + 1 == State::WITH_ROWS, "every such state has rows");
    begins
};

/// The rows of a state, for tests.
#[cfg(test)]
pub(super) fn rows(state: State) -> &'static [Entry] {
    let begin = usize::from(BEGINS[state.index()]);
    let length = ENTRIES[begin..].iter().position(|entry| entry.is_last).unwrap() + 1;
    &ENTRIES[begin..begin + length]
}

/// The bytes of a class, for those who read the table.
pub(super) fn is_in_class(byte: u8, class: Class) -> bool {
    #[expect(clippy::as_conversions, reason = "a class is its bit")]
    let bit = class as u8;
    bytes::has_class(byte, bit)
}
