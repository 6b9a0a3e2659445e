//! Two ends of TCP over a bad link, longer and with more on its way than can be searched: no user sees what its peer did not
//! do, poll agrees with recv and send, and once the link delivers both ends finish.

use wirenut::readiness::{Event, Token};
use wirenut::tcp::state::{Call, Connection, Queues, RecvResult, SendResult, State, TimeOut};

use crate::tcp::{Action, PEERS, Pair, Program};

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
    finish(&mut pair, has_one_connection, &mut actions);
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

/// The link delivers all, users close, times pass for both in turn: both get to CLOSED. Where there was one connection only,
/// and nobody broke it off, that needs nobody to lose patience.
fn finish(pair: &mut Link, has_one_connection: bool, actions: &mut Vec<Action>) {
    let mut times_passed = 0;
    for round in 0..600 {
        if pair.states() == (State::Closed, State::Closed) && pair.is_silent() {
            return;
        }
        let possible = pair.actions(false);
        let some = |is_meant: fn(&Action) -> bool| possible.iter().copied().find(is_meant);
        let mut times: Vec<_> =
            possible.iter().copied().filter(|action| matches!(action, Action::TimeOut(..))).collect();
        // An old SYN that comes to a listener may lead to ends of which neither accepts what the other sends, if its user
        // closes at once; and nobody tells FIN-WAIT-2 that its peer is gone.
        if round > 300 && !has_one_connection {
            let has_patience = |number: &usize| pair.ends[*number].state() == State::Closed;
            let impatient = [0, 1].into_iter().filter(|number| !has_patience(number));
            times.extend(impatient.map(|number| Action::TimeOut(number, TimeOut::User)));
        }
        // Such ends tell each other so for ever, unless they pause, as RFC 5961, section 7, says.
        let lost = pair.actions(true).into_iter().find(|action| matches!(action, Action::Lose(..)));
        // Segments come before users, and users before times.
        let next = lost
            .filter(|_| round % 64 > 55)
            .or_else(|| some(|action| matches!(action, Action::Deliver(..))))
            .or_else(|| some(|action| matches!(action, Action::Call(_, Call::Close))))
            .or_else(|| times.get(times_passed % times.len().max(1)).copied());
        let Some(action) = next else { continue };
        times_passed += usize::from(matches!(action, Action::TimeOut(..)));
        actions.push(action);
        pair.step(action);
    }
    panic!("they do not finish: {pair:?} after {actions:?}");
}
