//! Each segment in each state of a socket of smoltcp, against the table: where both do not do the same, it is said why.
#![expect(clippy::wildcard_enum_match_arm, reason = "of eleven states, three are not as the others")]

extern crate alloc;

mod lab;

use alloc::collections::BTreeMap;

use lab::{Lab, OUR_PORT, OURS, THEIR_PORT};
use smoltcp::socket::tcp;
use smoltcp::wire::{TcpControl, TcpRepr};
use wirenut::readiness::Readiness;
use wirenut::tcp::state::{Acknowledgement, Call, Event, Kind, Open, Segment, Sends, Sequence, State, Transition};

/// What was sent in answer.
fn words(sent: &[TcpRepr<'_>]) -> String {
    let word = |segment: &TcpRepr<'_>| match (segment.control, segment.ack_number) {
        (TcpControl::Syn, None) => "SYN",
        (TcpControl::Syn, Some(_)) => "SYN,ACK",
        (TcpControl::Rst, _) => "RST",
        (TcpControl::Fin, _) => "FIN",
        (TcpControl::None | TcpControl::Psh, _) => "ACK",
    };
    sent.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// The same of the table.
fn expected(sends: Sends) -> &'static str {
    match sends {
        Sends::Nothing => "",
        Sends::SynAck => "SYN,ACK",
        Sends::Ack | Sends::ChallengeAck => "ACK",
        Sends::Rst => "RST",
        Sends::Syn | Sends::Data | Sends::Fin | Sends::Retransmission => panic!("no segment makes it send {sends:?}"),
    }
}

/// What smoltcp does instead of what the table says, and why.
fn instead(
    state: State,
    open: Open,
    segment: Segment,
    ours: Transition,
) -> Option<(&'static str, State, &'static str)> {
    use Acknowledgement as Ack;
    let Segment { kind, sequence, acknowledgement } = segment;
    let is_inside = matches!(sequence, Sequence::InOrder | Sequence::Ahead);
    let is_ahead = sequence == Sequence::Ahead;
    let has_peer_ended = state.has_peer_ended() && state != State::TimeWait;
    let is_bad = matches!(acknowledgement, Ack::Old | Ack::Unacceptable);
    match (state, kind) {
        (State::Closed | State::Listen, _) => None,
        (State::SynSent, Kind::Fin) => Some(("does not reset a FIN with a bad acknowledgement", state, "")),
        (State::SynSent, _) => None,
        (State::SynReceived, Kind::Rst) if is_ahead && open == Open::Passive => {
            Some(("resets by any RST in the window", State::Listen, ""))
        }
        (_, Kind::Rst) if is_ahead => Some(("resets by any RST in the window", State::Closed, "")),
        (_, Kind::Rst) => None,
        _ if acknowledgement == Ack::Absent => Some(("drops what has no ACK without a look at its place", state, "")),
        (State::SynReceived, _) if is_bad => Some(("looks at the acknowledgement before the place", state, "RST")),
        (State::SynReceived, Kind::Syn) if is_inside => Some(("drops a SYN in the window", state, "")),
        (State::SynReceived, Kind::Syn) => Some(("opens simultaneously by the acknowledgements only", state, "ACK")),
        (_, Kind::Syn) if is_inside => Some(("drops a SYN in the window", state, "")),
        (State::FinWait2 | State::TimeWait, _) if acknowledgement == Ack::Old => {
            Some(("drops what acknowledges less than before", state, ""))
        }
        (State::LastAck, Kind::Fin) if is_ahead && acknowledgement == Ack::Old => None,
        (_, Kind::Fin) if is_ahead => Some(("does not acknowledge a FIN that is ahead", ours.to, "")),
        (_, Kind::Fin) if state.has_peer_ended() => Some(("drops a second FIN", state, "")),
        (_, Kind::Text) if has_peer_ended => Some(("acknowledges text behind the FIN", ours.to, "ACK")),
        (State::LastAck, Kind::Empty) => Some(("challenges what acknowledges nothing new", state, "ACK")),
        _ => None,
    }
}

/// A state by each way that leads to it, where that matters.
fn opened(state: State) -> Vec<(State, Open)> {
    match state {
        State::SynReceived => vec![(state, Open::Passive), (state, Open::Active)],
        State::SynSent => vec![(state, Open::Active)],
        _ => vec![(state, Open::Passive)],
    }
}

#[test]
fn smoltcp_does_the_same_but_where_it_is_said() {
    let mut reasons = BTreeMap::new();
    for (state, open) in State::ALL.into_iter().flat_map(opened) {
        for segment in Segment::all() {
            let mut lab = Lab::in_state(state, open);
            assert_eq!(lab.state(), state);
            let Some(sent) = lab.arrives(segment, state) else { continue };
            let ours = state.handle(open, Event::Segment(segment)).expect("no segment is refused");
            let got = (lab.state(), words(&sent));
            let reason = if got == (ours.to, expected(ours.sends).into()) {
                "the same"
            } else {
                let (reason, to, sends) = instead(state, open, segment, ours)
                    .unwrap_or_else(|| panic!("{segment:?} in {state}: {got:?}, and not {ours:?}"));
                assert_eq!(got, (to, sends.into()), "{segment:?} in {state}: {reason}");
                reason
            };
            *reasons.entry(reason).or_insert(0) += 1;
        }
    }
    let same = reasons.remove("the same").unwrap_or(0);
    assert_eq!((same, reasons.values().sum::<usize>(), reasons.len()), (745, 275, 11), "{reasons:?}");
}

/// Calls of the user; `None`: smoltcp refuses.
fn calls(lab: &mut Lab, call: Call) -> Option<String> {
    let Lab { interface, sockets, handle, .. } = lab;
    let socket: &mut tcp::Socket<'_> = sockets.get_mut(*handle);
    let is_taken = match call {
        Call::OpenPassive => socket.listen(THEIR_PORT).is_ok(),
        Call::OpenActive => socket.connect(interface.context(), (OURS, OUR_PORT), THEIR_PORT).is_ok(),
        Call::Send => socket.send_slice(b"x").is_ok(),
        Call::Close => {
            socket.close();
            true
        }
        Call::Abort => {
            socket.abort();
            true
        }
        Call::SendTo | Call::Receive | Call::CloseBehindData | Call::Status => panic!("smoltcp has no {call:?}"),
    };
    let sent = lab.sent();
    is_taken.then(|| words(&sent))
}

#[test]
fn calls_do_the_same_but_where_it_is_said() {
    for (state, open) in State::ALL.into_iter().flat_map(opened) {
        for call in [Call::OpenPassive, Call::OpenActive, Call::Send, Call::Close, Call::Abort] {
            let mut lab = Lab::in_state(state, open);
            let said = calls(&mut lab, call);
            let got = (said.as_deref(), lab.state());
            let ours = state.handle(open, Event::Call(call));
            let sent = ours.map(|ours| match ours.sends {
                Sends::Syn => "SYN",
                Sends::Fin => "FIN",
                Sends::Rst => "RST",
                // Text, with the acknowledgement of what has come.
                Sends::Data => "ACK",
                Sends::Nothing => "",
                other => panic!("no call sends {other:?}"),
            });
            let expected = match (state, call) {
                // It forgets no connection without a RST, and says nothing of what is closed already.
                (State::SynSent, Call::Close) => (Some("RST"), State::Closed),
                // The FIN waits for the acknowledgement of the SYN.
                (State::SynReceived, Call::Close) => (Some(""), State::FinWait1),
                (State::SynSent | State::Closing | State::LastAck | State::TimeWait, Call::Abort) => {
                    (Some("RST"), State::Closed)
                }
                (_, Call::Close | Call::Abort) => (sent.ok().or(Some("")), ours.map_or(state, |ours| ours.to)),
                // Who listens there listens, and TIME-WAIT is given up for a new connection.
                (State::Listen | State::TimeWait, Call::OpenPassive) => (Some(""), State::Listen),
                (State::TimeWait, Call::OpenActive) => (Some("SYN"), State::SynSent),
                // Who listens, or waits to be connected, is not asked.
                (State::Listen, Call::OpenActive) => (None, state),
                (State::SynSent | State::SynReceived, Call::Send) => (None, state),
                _ => (sent.ok(), ours.map_or(state, |ours| ours.to)),
            };
            assert_eq!(got, expected, "{call:?} in {state}");
        }
    }
}

/// What poll says of a socket of smoltcp is what can be done with it.
#[test]
fn readiness_is_what_the_socket_does() {
    for state in State::ALL {
        let mut lab = Lab::in_state(state, if state == State::SynSent { Open::Active } else { Open::Passive });
        let ready = wirenut_smoltcp::readiness(lab.socket());
        let can_send = lab.socket().can_send();
        let would_send = ready.contains(Readiness::WRITABLE) && state.can_send();
        assert_eq!(would_send, can_send, "{state}");
        assert_eq!(ready.contains(Readiness::READ_CLOSED), !lab.socket().may_recv() && !is_opening(state), "{state}");
    }
}

fn is_opening(state: State) -> bool {
    matches!(state, State::Listen | State::SynSent | State::SynReceived)
}
