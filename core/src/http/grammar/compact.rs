//! The table in the form that the machine reads: three bytes a row, made from the readable one while compiling.

use super::state::State;
use super::table::{Action, Class, On, ROWS};
use crate::bytes;

/// A row, without its state.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    on: u8,
    pub(super) next: State,
    pub(super) action: Action,
}

/// Goes through the entries of a state.
#[derive(Clone, Copy)]
pub(super) struct Entries(usize);

impl Entries {
    /// Those of `state`.
    #[inline(always)]
    pub(super) const fn of(state: State) -> Self {
        Self(state.index())
    }

    /// The first of them that takes `byte`, behind the one that was found before. `None`: it cannot stand there, or no byte
    /// of the grammar is read there.
    #[inline(always)]
    pub(super) fn find(&mut self, byte: u8) -> Option<&'static Entry> {
        let (byte, classes) = (u32::from(byte), u32::from(bytes::classes(byte)));
        loop {
            let entry = ENTRIES.get(self.0)?;
            self.0 = self.0.wrapping_add(1);
            let on = u32::from(entry.on & !LAST);
            if on & !15 == u32::from(SETS) {
                if classes >> (on & 7) & 1 != 0 {
                    return Some(entry);
                }
            } else if on == byte {
                return Some(entry);
            }
            if entry.on & LAST != 0 {
                return None;
            }
        }
    }
}

impl Entry {
    /// Is it the first of its state, does it lead back to it, and do nothing?
    #[inline(always)]
    pub(super) const fn is_run(&self) -> bool {
        self.on & !LAST & !7 == RUNS
    }

    /// The class that it takes, if it takes one.
    #[inline(always)]
    pub(super) const fn class(&self) -> u8 {
        1 << (self.on & 7)
    }
}

/// In `on`: no other entry of its state follows.
const LAST: u8 = 0x80;

/// From here on `on` is not a byte but a class, by the number of its bit. No row takes these controls.
const SETS: u8 = 0x10;

/// From here on it is a class that is taken in runs. The byte behind a run is looked for in the entries behind its own.
const RUNS: u8 = 0x18;

#[expect(clippy::as_conversions, clippy::indexing_slicing, reason = "evaluated by the compiler")]
static ENTRIES: [Entry; ROWS.len()] = {
    let mut entries = [Entry { on: 0, next: State::End, action: Action::None }; ROWS.len()];
    let mut at = 0;
    while at < ROWS.len() {
        let row = ROWS[at];
        let is_first = at == 0 || ROWS[at - 1].state.index() != row.state.index();
        assert!((row.state.index() == at) == is_first, "a state is the place of its first row");
        let is_last = at + 1 == ROWS.len() || ROWS[at + 1].state.index() != row.state.index();
        let on = match row.on {
            On::Byte(byte) => {
                assert!(byte < LAST && byte & !15 != SETS, "no row takes such a byte");
                byte
            }
            On::Class(class) => {
                let is_loop = row.next.index() == row.state.index() && matches!(row.action, Action::None);
                assert!(!(is_first && is_loop && is_last), "behind a run, other rows are tried");
                let kind = if is_first && is_loop { RUNS } else { SETS };
                kind + (class as u8).trailing_zeros() as u8
            }
        };
        entries[at] = Entry { on: on | if is_last { LAST } else { 0 }, next: row.next, action: row.action };
        at += 1;
    }
    assert!(State::ROWS == ROWS.len(), "behind the last row stand the states without");
    entries
};

/// The bytes of a class, for those who read the table.
pub(super) fn is_in_class(byte: u8, class: Class) -> bool {
    #[expect(clippy::as_conversions, reason = "a class is its bit")]
    let bit = class as u8;
    bytes::has_class(byte, bit)
}
