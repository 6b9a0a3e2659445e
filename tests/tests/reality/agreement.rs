//! Whether the states that we say are those that the kernel says.

use wirenut::tcp::state::State;

/// Whether both say the same. Whoever only listens, or has refused, has no connection.
pub(crate) fn is_same(ours: Option<State>, theirs: Option<State>) -> bool {
    ours == theirs || (theirs.is_none() && matches!(ours, None | Some(State::Closed | State::Listen)))
}

/// Of [`differ`]: we say a state that the kernel was not in, or not then.
pub(crate) const WENT_ELSEWHERE: &str = "the kernel did not go that way";

/// Why the states that we say of an end are not those that its socket went through. A socket knows neither LISTEN of a
/// connection nor TIME-WAIT: it is CLOSED then.
///
/// `is_reset`: a reset has passed, and has overtaken what its receiver has sent.
pub(crate) fn differ(ours: &[State], theirs: &[State], is_reset: bool) -> Option<&'static str> {
    let plain = |states: &[State]| {
        let states = states.iter().filter(|state| **state != State::Listen);
        let mut plain: Vec<_> =
            states.map(|state| if *state == State::TimeWait { State::Closed } else { *state }).collect();
        plain.dedup();
        plain
    };
    let (mut ours, theirs) = (plain(ours), plain(theirs));
    // Of SYNs that cross, the second one is not known yet when the first one arrives.
    let has_opened =
        theirs.starts_with(&[State::SynSent, State::SynReceived]) && ours.first() == Some(&State::SynReceived);
    let theirs = if has_opened { &theirs[1..] } else { &theirs[..] };
    // The same of FINs: its receiver has sent its own before it came.
    let crosses = |pair: &[State]| pair == [State::CloseWait, State::Closing];
    if let Some(at) = ours.windows(2).position(crosses) {
        ours[at] = State::FinWait1;
        ours.dedup();
    }
    // A request that came to nothing was no socket yet.
    if theirs.first() != Some(&State::SynReceived) && ours.first() == Some(&State::SynReceived) && theirs.is_empty() {
        ours.clear();
    }
    // Who refuses has no socket.
    if theirs.is_empty() && ours == [State::Closed] {
        ours.clear();
    }
    let mut left = theirs.iter().peekable();
    for state in &ours {
        loop {
            match left.next() {
                Some(next) if next == state => break,
                // One segment with FIN and ACK goes through two states.
                Some(State::FinWait2) if *state == State::Closed => {}
                Some(next) if is_reset && *state == State::Closed && next.has_ended() => {}
                _ => return Some(WENT_ELSEWHERE),
            }
        }
    }
    left.next().map(|_| "the kernel went further")
}
