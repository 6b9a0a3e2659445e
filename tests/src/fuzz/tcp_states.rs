//! Two ends of TCP over a bad link, longer and with more on its way than can be searched: no user sees what its peer did not
//! do, poll agrees with recv and send, and once the link delivers both ends finish.

use wirenut::readiness::{Event, Token};
use wirenut::tcp::state::{Call, Connection, Queues, RecvResult, SendResult, State, TimeOut};

use crate::tcp::{Action, End, PEERS, Pair, Program};

type Link = Pair<8>;

/// The first two bytes say what both users may do, and each other one which of all that may happen next happens.
pub fn tcp_states(data: &[u8]) {
    let Some((&[one, other], choices)) = data.split_first_chunk() else { return };
    let programs = [program(one), program(other)];
    let has_one_connection = programs
        .iter()
        .all(|program| program.passive_opens + program.active_opens <= 1 && program.aborts + program.crashes == 0);
    let mut pair = Link::new(programs);
    // What it came to, for whoever has to find out why.
    let mut actions = Vec::new();
    for choice in choices.iter().take(400) {
        let possible = pair.actions(true);
        let Some(action) = possible.get(usize::from(*choice) % possible.len().max(1)) else { break };
        actions.push(*action);
        pair.step(*action);
        check(&pair, has_one_connection, &actions);
    }
    finish(&mut pair, &mut actions);
}

/// Two bits for each kind of OPEN, three for units to send, one for what is rare.
fn program(byte: u8) -> Program {
    let is_rude = byte & 0x80 != 0;
    Program {
        passive_opens: byte & 3,
        active_opens: byte >> 2 & 1,
        sends: byte >> 3 & 7,
        may_send_to: byte & 0x40 != 0,
        aborts: u8::from(is_rude && byte & 0x40 == 0),
        crashes: u8::from(is_rude && byte & 0x40 != 0),
    }
}

fn check(pair: &Link, has_one_connection: bool, actions: &[Action]) {
    for (end, peer) in [(0, 1), (1, 0)].map(|(one, other)| (&pair.ends[one], &pair.ends[other])) {
        agrees(end.connection());
        if !has_one_connection {
            continue;
        }
        let (state, other) = (end.state(), peer.state());
        assert!(PEERS.iter().any(|(one, all)| *one == state && all.contains(&other)), "{state} {other}: {actions:?}");
        // A peer that is CLOSED has forgotten nothing but its state.
        let sees_end = state != State::Closed && end.connection().recv(false) == RecvResult::End;
        assert!(end.received <= peer.sent && (!sees_end || end.received == peer.sent), "{actions:?}");
    }
}

/// What poll says, and what recv and send do.
fn agrees(connection: &Connection) {
    for (has_data, has_room) in [(false, false), (false, true), (true, false), (true, true)] {
        let queues = Queues { has_data, has_room };
        let event = Event { token: Token(0), readiness: connection.readiness(queues) };
        let state = connection.state();
        let (recv, send) = (connection.recv(has_data), connection.send(has_room));
        // Who listens is asked for connections.
        if state != State::Listen {
            // Data that came with a SYN waits until the connection is open.
            let is_early = matches!(state, State::SynSent | State::SynReceived);
            assert_eq!(event.is_readable(), recv != RecvResult::WouldBlock && !is_early, "{state} {queues:?}");
            assert_eq!(event.is_writable(), send != SendResult::WouldBlock, "{state} {queues:?}");
        }
    }
}

/// The link delivers all, users close, times pass: both get to CLOSED.
fn finish(pair: &mut Link, actions: &mut Vec<Action>) {
    for _ in 0..300 {
        if pair.states() == (State::Closed, State::Closed) && pair.is_silent() {
            return;
        }
        let possible = pair.actions(false);
        let waits = |end: &End| end.state() == State::FinWait2;
        let patience = [0, 1].into_iter().filter(|&number| waits(&pair.ends[number]));
        let patience = patience.map(|number| Action::TimeOut(number, TimeOut::User));
        // Segments come before users, and users before times.
        let next = possible.iter().copied().find(|action| matches!(action, Action::Deliver(..)));
        let next =
            next.or_else(|| possible.iter().copied().find(|action| matches!(action, Action::Call(_, Call::Close))));
        let next = next.or_else(|| possible.iter().copied().find(|action| matches!(action, Action::TimeOut(..))));
        let Some(action) = next.or_else(|| patience.into_iter().next()) else { break };
        actions.push(action);
        pair.step(action);
    }
    panic!("they do not finish: {:?} after {actions:?}", pair.states());
}
