//! How states follow from what passes: the transitions of RFC 9293 §3.3.2, as a watcher sees them.

use crate::tcp::state::State;

/// It has sent a FIN; `knows_end`: it had got the other's before, as what it acknowledges shows.
pub(super) fn sends_fin(state: State, knows_end: bool) -> State {
    match state {
        State::CloseWait if knows_end => State::LastAck,
        // The two FINs have crossed: it ended first, and then got the other's.
        State::CloseWait => State::Closing,
        State::Established | State::SynReceived => State::FinWait1,
        State::Closed
        | State::Listen
        | State::SynSent
        | State::FinWait1
        | State::FinWait2
        | State::Closing
        | State::LastAck
        | State::TimeWait => state,
    }
}

/// It has got the other's FIN, and all before it.
pub(super) fn gets_fin(state: State) -> State {
    match state {
        State::Established | State::SynReceived => State::CloseWait,
        State::FinWait1 => State::Closing,
        State::FinWait2 => State::TimeWait,
        State::Closed
        | State::Listen
        | State::SynSent
        | State::CloseWait
        | State::Closing
        | State::LastAck
        | State::TimeWait => state,
    }
}

/// Its SYN is acknowledged, by a segment that is no SYN itself or answers one.
pub(super) fn opened(state: State) -> State {
    if matches!(state, State::SynSent | State::SynReceived) { State::Established } else { state }
}

/// Its FIN is acknowledged.
pub(super) fn fin_acknowledged(state: State) -> State {
    match state {
        State::FinWait1 => State::FinWait2,
        State::Closing => State::TimeWait,
        State::LastAck => State::Closed,
        State::Closed
        | State::Listen
        | State::SynSent
        | State::SynReceived
        | State::Established
        | State::FinWait2
        | State::CloseWait
        | State::TimeWait => state,
    }
}
