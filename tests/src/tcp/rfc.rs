//! RFC 9293, section 3.10, once more: as the procedure that it is there, by state and in its order, written without a look
//! at the table.
#![expect(clippy::wildcard_enum_match_arm, reason = "the RFC says \"otherwise\", too")]

use wirenut::tcp::state::{
    Acknowledgement as Ack, Call, Event, Kind, Open, Refusal, Segment, Sends, Sequence, Signal, State, TimeOut,
};

/// What the procedure came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// The state that follows.
    pub to: State,
    /// The last thing that is sent; one acknowledgement stands for several.
    pub sends: Sends,
    /// The last thing that the user learns.
    pub signal: Signal,
    /// The time of TIME-WAIT begins, or begins again.
    pub starts_time_wait: bool,
}

impl Step {
    const fn stay(state: State) -> Self {
        Self { to: state, sends: Sends::Nothing, signal: Signal::Nothing, starts_time_wait: false }
    }

    const fn enter(self, to: State) -> Self {
        Self { to, starts_time_wait: self.starts_time_wait || matches!(to, State::TimeWait), ..self }
    }

    const fn send(self, sends: Sends) -> Self {
        Self { sends, ..self }
    }

    const fn tell(self, signal: Signal) -> Self {
        Self { signal, ..self }
    }
}

/// What the event does.
///
/// # Errors
/// What the RFC calls an error of a call; a timer that does not run.
pub fn handle(state: State, open: Open, event: Event) -> Result<Step, Refusal> {
    match event {
        Event::Call(call) => call_comes(state, call),
        Event::Segment(segment) => Ok(segment_arrives(state, open, segment)),
        Event::TimeOut(time_out) => time_passes(state, time_out),
    }
}

fn call_comes(state: State, call: Call) -> Result<Step, Refusal> {
    let stay = Step::stay(state);
    let is_open = call == Call::OpenPassive || call == Call::OpenActive;
    let is_close = call == Call::Close || call == Call::CloseBehindData;
    let is_send = call == Call::Send || call == Call::SendTo;
    match state {
        State::Closed => match call {
            Call::OpenPassive => Ok(stay.enter(State::Listen)),
            Call::OpenActive => Ok(stay.enter(State::SynSent).send(Sends::Syn)),
            _ => Err(Refusal::NoConnection),
        },
        State::Listen => match call {
            Call::OpenActive | Call::SendTo => Ok(stay.enter(State::SynSent).send(Sends::Syn)),
            Call::OpenPassive | Call::Send => Err(Refusal::RemoteUnspecified),
            Call::Close | Call::CloseBehindData | Call::Abort => Ok(stay.enter(State::Closed)),
            Call::Receive | Call::Status => Ok(stay),
        },
        _ if is_open => Err(Refusal::AlreadyExists),
        _ if call == Call::Status => Ok(stay),
        State::SynSent if is_close || call == Call::Abort => Ok(stay.enter(State::Closed)),
        State::SynSent => Ok(stay),
        State::SynReceived | State::Established | State::FinWait1 | State::FinWait2 | State::CloseWait
            if call == Call::Abort =>
        {
            Ok(stay.enter(State::Closed).send(Sends::Rst))
        }
        State::SynReceived if call == Call::Close => Ok(stay.enter(State::FinWait1).send(Sends::Fin)),
        State::SynReceived => Ok(stay),
        State::Established if is_send => Ok(stay.send(Sends::Data)),
        State::Established if is_close => Ok(stay.enter(State::FinWait1).send(Sends::Fin)),
        State::CloseWait if is_send => Ok(stay.send(Sends::Data)),
        State::CloseWait if is_close => Ok(stay.enter(State::LastAck).send(Sends::Fin)),
        State::Established | State::CloseWait => Ok(stay),
        State::FinWait1 | State::FinWait2 if call == Call::Receive => Ok(stay),
        State::FinWait1 | State::FinWait2 => Err(Refusal::Closing),
        State::Closing | State::LastAck | State::TimeWait if call == Call::Abort => Ok(stay.enter(State::Closed)),
        State::Closing | State::LastAck | State::TimeWait => Err(Refusal::Closing),
    }
}

fn segment_arrives(state: State, open: Open, segment: Segment) -> Step {
    let stay = Step::stay(state);
    let (is_rst, has_ack) = (segment.kind == Kind::Rst, segment.acknowledgement != Ack::Absent);
    let is_syn = matches!(segment.kind, Kind::Syn | Kind::NewSyn);
    match state {
        State::Closed if is_rst => stay,
        State::Closed => stay.send(Sends::Rst),
        State::Listen if is_rst => stay,
        State::Listen if has_ack => stay.send(Sends::Rst),
        State::Listen if is_syn => stay.enter(State::SynReceived).send(Sends::SynAck),
        State::Listen => stay,
        State::SynSent => {
            let is_acceptable = segment.acknowledgement == Ack::New;
            if has_ack && !is_acceptable {
                return if is_rst { stay } else { stay.send(Sends::Rst) };
            }
            if is_rst {
                return if is_acceptable { stay.enter(State::Closed).tell(Signal::Refused) } else { stay };
            }
            match (is_syn, is_acceptable) {
                (true, true) => stay.enter(State::Established).send(Sends::Ack).tell(Signal::Connected),
                (true, false) => stay.enter(State::SynReceived).send(Sends::SynAck),
                (false, _) => stay,
            }
        }
        _ => arrives_in_other_states(state, open, segment),
    }
}

fn arrives_in_other_states(state: State, open: Open, segment: Segment) -> Step {
    let stay = Step::stay(state);
    let Segment { kind, sequence, acknowledgement } = segment;
    let is_passive = state == State::SynReceived && open == Open::Passive;
    let is_active = state == State::SynReceived && open == Open::Active;
    let is_syn = matches!(kind, Kind::Syn | Kind::NewSyn);
    // What RFC 6191 and section 3.6.1 put before the check of the sequence number, and RFC 5961 beside it.
    if state == State::TimeWait && kind == Kind::NewSyn {
        return stay.enter(State::SynReceived).send(Sends::SynAck);
    }
    if is_syn && state != State::SynReceived {
        return stay.send(Sends::ChallengeAck);
    }
    // First.
    if matches!(sequence, Sequence::Old | Sequence::Beyond) {
        // The peer's SYN, which came before, and now acknowledges ours.
        let is_from_simultaneous_open = is_active && is_syn && sequence == Sequence::Old && acknowledgement == Ack::New;
        return match kind {
            Kind::Rst => stay,
            _ if is_from_simultaneous_open => stay.enter(State::Established).tell(Signal::Connected),
            Kind::Fin if state == State::TimeWait => stay.enter(State::TimeWait).send(Sends::Ack),
            _ => stay.send(Sends::Ack),
        };
    }
    // Second.
    if kind == Kind::Rst {
        if sequence == Sequence::Ahead {
            return stay.send(Sends::ChallengeAck);
        }
        return match state {
            State::SynReceived if is_passive => stay.enter(State::Listen),
            State::SynReceived => stay.enter(State::Closed).tell(Signal::Refused),
            State::Established | State::FinWait1 | State::FinWait2 | State::CloseWait => {
                stay.enter(State::Closed).tell(Signal::Reset)
            }
            _ => stay.enter(State::Closed),
        };
    }
    // Fourth.
    if is_syn {
        return if is_passive { stay.enter(State::Listen) } else { stay.send(Sends::ChallengeAck) };
    }
    // Fifth.
    if acknowledgement == Ack::Absent {
        return stay;
    }
    let mut step = stay;
    if state == State::SynReceived {
        if acknowledgement != Ack::New {
            return step.send(Sends::Rst);
        }
        step = step.enter(State::Established).tell(Signal::Connected);
    } else {
        let has_sent_fin = !matches!(state, State::Established | State::CloseWait);
        let is_all_acknowledged = matches!(state, State::FinWait2 | State::TimeWait);
        let is_of_what_was_not_sent = acknowledgement == Ack::Unacceptable
            || acknowledgement == Ack::Fin && !has_sent_fin
            || acknowledgement == Ack::New && is_all_acknowledged;
        if is_of_what_was_not_sent {
            return step.send(Sends::Ack);
        }
        let is_fin_acknowledged = acknowledgement == Ack::Fin;
        match state {
            State::FinWait1 if is_fin_acknowledged => step = step.enter(State::FinWait2),
            State::Closing if is_fin_acknowledged => step = step.enter(State::TimeWait),
            State::Closing => return step,
            State::LastAck if is_fin_acknowledged => return step.enter(State::Closed),
            _ => {}
        }
    }
    // Seventh and eighth. What is ahead is kept, and acknowledged as far as all has come.
    let has_length = matches!(kind, Kind::Text | Kind::Fin);
    if matches!(step.to, State::Established | State::FinWait1 | State::FinWait2) && has_length {
        step = step.send(Sends::Ack);
        if sequence == Sequence::Ahead {
            return step;
        }
        if kind == Kind::Text {
            // Of both, the user learns of the connection.
            return if step.signal == Signal::Nothing { step.tell(Signal::Data) } else { step };
        }
        step = step.tell(Signal::Closing);
    }
    if kind != Kind::Fin {
        return step;
    }
    step = step.send(Sends::Ack);
    match step.to {
        State::SynReceived | State::Established => step.enter(State::CloseWait),
        State::FinWait1 => step.enter(State::Closing),
        State::FinWait2 | State::TimeWait => step.enter(State::TimeWait),
        _ => step,
    }
}

fn time_passes(state: State, time_out: TimeOut) -> Result<Step, Refusal> {
    let stay = Step::stay(state);
    // Nothing is sent in these that waits for an acknowledgement.
    let is_quiet = matches!(state, State::Closed | State::Listen | State::FinWait2 | State::TimeWait);
    match time_out {
        TimeOut::User if state == State::Closed => Err(Refusal::NoTimer),
        TimeOut::User => Ok(stay.enter(State::Closed).tell(Signal::TimedOut)),
        TimeOut::Retransmission | TimeOut::GivenUp if is_quiet => Err(Refusal::NoTimer),
        TimeOut::Retransmission => Ok(stay.send(Sends::Retransmission)),
        TimeOut::GivenUp => Ok(stay.enter(State::Closed).tell(Signal::TimedOut)),
        TimeOut::TimeWait if state == State::TimeWait => Ok(stay.enter(State::Closed)),
        TimeOut::TimeWait => Err(Refusal::NoTimer),
    }
}
