//! What one event makes of each state: a column of the table, for those who need no more of it.

use super::connection_state::State;
use super::event::Event;
use super::lookup::row;
use super::transition::Open;

/// The state that follows an event, for each state. The compiler reads it from the table, of which the program then needs
/// these eleven bytes only.
pub(in crate::tcp) struct Successors([State; State::ALL.len()]);

impl Successors {
    /// Those of an event, on connections that were opened so. A call that is refused leaves the state as it is.
    #[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated by the compiler")]
    pub(in crate::tcp) const fn of(open: Open, event: Event) -> Self {
        let mut states = State::ALL;
        let mut at = 0;
        while at < states.len() {
            let row = row(states[at], open, event);
            if let (Some(to), None) = (row.to, row.refusal) {
                states[at] = to;
            }
            at += 1;
        }
        Self(states)
    }

    /// The state that follows this one.
    #[inline]
    pub(in crate::tcp) fn after(&self, state: State) -> State {
        #[expect(clippy::as_conversions, reason = "the place in `State::ALL`")]
        let place = state as usize;
        self.0.get(place).copied().unwrap_or(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_what_the_look_up_says() {
        for open in Open::ALL {
            for event in Event::all() {
                let column = Successors::of(open, event);
                for state in State::ALL {
                    let expected = state.handle(open, event).map_or(state, |transition| transition.to);
                    assert_eq!(column.after(state), expected, "{event:?} in {state}");
                }
            }
        }
    }
}
