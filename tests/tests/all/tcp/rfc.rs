//! Each event in each state, against the procedure of RFC 9293.

use wirenut::tcp::state::{Event, Open, State};
use wirenut_tests::tcp::{Step, handle};

#[test]
fn each_event_does_in_each_state_what_the_rfc_says() {
    let mut count = 0;
    for state in State::ALL {
        for open in Open::ALL {
            for event in Event::all() {
                let got = state.handle(open, event).map(|transition| Step {
                    to: transition.to,
                    sends: transition.sends,
                    signal: transition.signal,
                    starts_time_wait: transition.starts_time_wait,
                });
                assert_eq!(got, handle(state, open, event), "{event:?} in {state}, {open:?}");
                count += 1;
            }
        }
    }
    assert_eq!(count, 11 * 2 * 133);
}
