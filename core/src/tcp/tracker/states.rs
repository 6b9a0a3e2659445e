//! How states follow from what passes. Each arrow is read from the [table of states](crate::tcp::state::ROWS), by the event
//! that a segment lets a watcher conclude: there is no other list of them here.

use crate::tcp::state::{Acknowledgement, Call, Event, Kind, Open, Segment, Sequence, State, Successors};

static OPEN: Successors = call(Call::OpenActive);
static CLOSE: Successors = call(Call::Close);
static SYN: Successors = arrival(Kind::Syn, Acknowledgement::Absent);
static SYN_ACK: Successors = arrival(Kind::Syn, Acknowledgement::New);
static ACK: Successors = arrival(Kind::Empty, Acknowledgement::New);
static ACK_OF_FIN: Successors = arrival(Kind::Empty, Acknowledgement::Fin);
static FIN: Successors = arrival(Kind::Fin, Acknowledgement::Old);
static FIN_AND_ACK: Successors = arrival(Kind::Fin, Acknowledgement::New);

const fn call(call: Call) -> Successors {
    Successors::of(Open::Passive, Event::Call(call))
}

const fn arrival(kind: Kind, acknowledgement: Acknowledgement) -> Successors {
    Successors::of(Open::Passive, Event::Segment(Segment { kind, sequence: Sequence::InOrder, acknowledgement }))
}

/// It has sent a SYN without an ACK.
pub(super) fn sends_syn(state: State) -> State {
    OPEN.after(state)
}

/// It has got the other's SYN, without an ACK of its own.
pub(super) fn gets_syn(state: State) -> State {
    SYN.after(state)
}

/// Its SYN is acknowledged, by a segment that is no SYN itself or answers one.
pub(super) fn opened(state: State) -> State {
    if state == State::SynSent { SYN_ACK.after(state) } else { ACK.after(state) }
}

/// It has sent a FIN; `knows_end`: it had got the other's before, as what it acknowledges shows.
pub(super) fn sends_fin(state: State, knows_end: bool) -> State {
    if state == State::CloseWait && !knows_end {
        // The two FINs have crossed: it ended first, and then got the other's.
        return FIN.after(CLOSE.after(State::Established));
    }
    CLOSE.after(state)
}

/// It has got the other's FIN, and all before it.
pub(super) fn gets_fin(state: State) -> State {
    // In SYN-RECEIVED, the segment acknowledges its SYN, or one before did.
    if state == State::SynReceived { FIN_AND_ACK.after(state) } else { FIN.after(state) }
}

/// Its FIN is acknowledged.
pub(super) fn fin_acknowledged(state: State) -> State {
    ACK_OF_FIN.after(state)
}
