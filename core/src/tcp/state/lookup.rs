//! The table as one to look up in, made while compiling. A table with a hole, or with two rows for one event, does not
//! compile.

use super::connection_state::State;
use super::event::{Acknowledgement, Event, Kind, Segment, Sequence};
use super::table::{On, ROWS, Row};
use super::transition::{Open, Paragraph, Refusal, Sends, Signal, Transition};

impl State {
    /// What `event` does in this state, of a connection that was opened so.
    ///
    /// ```
    /// use wirenut::tcp::state::{Acknowledgement, Event, Kind, Open, Segment, Sends, Sequence, Signal, State};
    /// // The peer's FIN, which acknowledges ours: the end in three segments.
    /// let (sequence, acknowledgement) = (Sequence::InOrder, Acknowledgement::Fin);
    /// let fin = Event::Segment(Segment { kind: Kind::Fin, sequence, acknowledgement });
    /// let transition = State::FinWait1.handle(Open::Active, fin)?;
    /// assert_eq!((transition.to, transition.sends), (State::TimeWait, Sends::Ack));
    /// assert!(transition.signal == Signal::Closing && transition.starts_time_wait);
    /// # Ok::<(), wirenut::tcp::state::Refusal>(())
    /// ```
    ///
    /// # Errors
    /// A call that the state refuses, or a timer that does not run in it; nothing changes. A segment is never refused.
    pub fn handle(self, open: Open, event: Event) -> Result<Transition, Refusal> {
        let cell = CELLS.get(place(self, open)).and_then(|cells| cells.get(event.number()));
        let row = cell.and_then(|row| OUTCOMES.get(usize::from(*row)));
        // There is one: the index was made so.
        let outcome = row.ok_or(Refusal::NoTimer)?;
        match outcome.refusal {
            Some(refusal) => Err(refusal),
            None => Ok(Transition {
                to: outcome.to.unwrap_or(self),
                sends: outcome.sends,
                signal: outcome.signal,
                starts_time_wait: outcome.starts_time_wait,
                paragraph: outcome.paragraph,
            }),
        }
    }
}

/// The row of an event in this state, of a connection that was opened so. For tables that the compiler makes.
#[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "evaluated by the compiler")]
pub(super) const fn row(state: State, open: Open, event: Event) -> &'static Row {
    &ROWS[INDEX[place(state, open)][event.number()] as usize]
}

/// A row without its conditions.
#[derive(Clone, Copy)]
struct Outcome {
    to: Option<State>,
    sends: Sends,
    signal: Signal,
    starts_time_wait: bool,
    refusal: Option<Refusal>,
    paragraph: Paragraph,
}

/// Of each row.
static OUTCOMES: [Outcome; ROWS.len()] = outcomes();

static CELLS: Cells = INDEX;

/// The number of the row for each state and event.
const INDEX: Cells = match index(ROWS) {
    Ok(cells) => cells,
    Err(Flaw::Missing) => panic!("an event has no row"),
    Err(Flaw::Double) => panic!("an event has two rows"),
};

type Cells = [[u8; Event::COUNT]; PLACES];

/// Each state, and once more SYN-RECEIVED: by each way to open.
const PLACES: usize = State::ALL.len() + 1;

/// No row.
const NOTHING: u8 = u8::MAX;

/// What is wrong with a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flaw {
    /// There is an event without a row.
    Missing,
    /// Two rows are for the same.
    Double,
}

const fn place(state: State, open: Open) -> usize {
    #[expect(clippy::as_conversions, reason = "discriminants are small")]
    match (state, open) {
        (State::SynReceived, Open::Passive) => State::ALL.len(),
        _ => state as usize,
    }
}

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated by the compiler")]
const fn outcomes() -> [Outcome; ROWS.len()] {
    let first = ROWS[0];
    let mut all = [outcome(&first); ROWS.len()];
    let mut row = 0;
    while row < ROWS.len() {
        all[row] = outcome(&ROWS[row]);
        row += 1;
    }
    all
}

const fn outcome(row: &Row) -> Outcome {
    Outcome {
        to: row.to,
        sends: row.sends,
        signal: row.signal,
        starts_time_wait: row.starts_time_wait,
        refusal: row.refusal,
        paragraph: row.paragraph,
    }
}

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions, reason = "by the compiler")]
const fn index(rows: &[Row]) -> Result<Cells, Flaw> {
    assert!(rows.len() < NOTHING as usize, "the number of a row is one byte");
    let mut cells = [[NOTHING; Event::COUNT]; PLACES];
    let mut number = 0;
    while number < rows.len() {
        let row = &rows[number];
        let is_on = events(&row.on);
        let mut states = row.from;
        while let [state, rest @ ..] = states {
            states = rest;
            let (passive, active) = (place(*state, Open::Passive), place(*state, Open::Active));
            let is_fine = match row.open {
                Some(Open::Passive) => enter(&mut cells[passive], &is_on, number as u8),
                Some(Open::Active) => enter(&mut cells[active], &is_on, number as u8),
                None if passive == active => enter(&mut cells[active], &is_on, number as u8),
                None => {
                    enter(&mut cells[passive], &is_on, number as u8) && enter(&mut cells[active], &is_on, number as u8)
                }
            };
            if !is_fine {
                return Err(Flaw::Double);
            }
        }
        number += 1;
    }
    if is_full(&cells) { Ok(cells) } else { Err(Flaw::Missing) }
}

/// Writes the row's number where its events are. `false`: another row was there.
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated by the compiler")]
const fn enter(cells: &mut [u8; Event::COUNT], is_on: &[bool; Event::COUNT], number: u8) -> bool {
    let mut event = 0;
    while event < Event::COUNT {
        if is_on[event] {
            if cells[event] != NOTHING {
                return false;
            }
            cells[event] = number;
        }
        event += 1;
    }
    true
}

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated by the compiler")]
const fn is_full(cells: &Cells) -> bool {
    let (mut place, mut event) = (0, 0);
    while place < PLACES {
        if cells[place][event] == NOTHING {
            return false;
        }
        event += 1;
        if event == Event::COUNT {
            (place, event) = (place + 1, 0);
        }
    }
    true
}

/// Which events a row is for.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn events(on: &On) -> [bool; Event::COUNT] {
    let mut is_on = [false; Event::COUNT];
    match *on {
        On::Calls(mut calls) => {
            while let [call, rest @ ..] = calls {
                is_on[Event::Call(*call).number()] = true;
                calls = rest;
            }
        }
        On::TimeOuts(mut time_outs) => {
            while let [time_out, rest @ ..] = time_outs {
                is_on[Event::TimeOut(*time_out).number()] = true;
                time_outs = rest;
            }
        }
        On::Segments(mut kinds, sequences, acknowledgements) => {
            while let [kind, rest @ ..] = kinds {
                mark(&mut is_on, *kind, sequences, acknowledgements);
                kinds = rest;
            }
        }
    }
    is_on
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn mark(
    is_on: &mut [bool; Event::COUNT],
    kind: Kind,
    mut sequences: &[Sequence],
    acknowledgements: &[Acknowledgement],
) {
    while let [sequence, rest @ ..] = sequences {
        let mut left = acknowledgements;
        while let [acknowledgement, rest @ ..] = left {
            let segment = Segment { kind, sequence: *sequence, acknowledgement: *acknowledgement };
            is_on[Event::Segment(segment).number()] = true;
            left = rest;
        }
        sequences = rest;
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn a_hole_and_an_overlap_are_found() {
        assert!(index(ROWS).is_ok());
        for left_out in 0..ROWS.len() {
            let rows: Vec<Row> = [&ROWS[..left_out], &ROWS[left_out + 1..]].concat();
            assert_eq!(index(&rows).err(), Some(Flaw::Missing), "without {:?}", ROWS[left_out]);
            let rows: Vec<Row> = [ROWS, &ROWS[left_out..=left_out]].concat();
            assert_eq!(index(&rows).err(), Some(Flaw::Double), "with another {:?}", ROWS[left_out]);
        }
    }

    #[test]
    fn the_look_up_says_what_the_table_says() {
        for state in State::ALL {
            for open in Open::ALL {
                for event in Event::all() {
                    let is_for = |row: &&Row| {
                        let is_on = match event {
                            Event::Call(call) => matches!(row.on, On::Calls(calls) if calls.contains(&call)),
                            Event::TimeOut(over) => matches!(row.on, On::TimeOuts(all) if all.contains(&over)),
                            Event::Segment(segment) => row.on.has(segment),
                        };
                        let is_opened_so = state != State::SynReceived || row.open.is_none_or(|only| only == open);
                        is_on && row.from.contains(&state) && is_opened_so
                    };
                    let mut rows = ROWS.iter().filter(is_for);
                    let row = rows.next().unwrap_or_else(|| panic!("no row for {event:?} in {state}"));
                    assert!(rows.next().is_none(), "two rows for {event:?} in {state}");
                    let got = state.handle(open, event);
                    assert_eq!(got.err(), row.refusal);
                    let Ok(got) = got else { continue };
                    assert_eq!((got.to, got.sends, got.signal), (row.to.unwrap_or(state), row.sends, row.signal));
                    assert_eq!((got.starts_time_wait, got.paragraph), (row.starts_time_wait, row.paragraph));
                }
            }
        }
    }

    #[test]
    fn the_look_up_is_small() {
        assert!(size_of_val(&CELLS) + size_of_val(&OUTCOMES) <= 2_304);
        assert_eq!((size_of::<State>(), size_of::<Outcome>()), (1, 6));
    }
}
