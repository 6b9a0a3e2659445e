//! The words of the documents for what the table holds.

extern crate alloc;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::tcp::state::{
    Acknowledgement, Call, Kind, On, Open, Paragraph, ROWS, Row, Sends, Sequence, Signal, State, TimeOut,
};

pub(super) fn call(call: Call) -> &'static str {
    match call {
        Call::OpenPassive => "passive OPEN",
        Call::OpenActive => "active OPEN",
        Call::Send => "SEND",
        Call::SendTo => "SEND to a peer",
        Call::Receive => "RECEIVE",
        Call::Close => "CLOSE",
        Call::CloseBehindData => "CLOSE behind data",
        Call::Abort => "ABORT",
        Call::Status => "STATUS",
    }
}

pub(super) fn time_out(time_out: TimeOut) -> &'static str {
    match time_out {
        TimeOut::User => "user time-out",
        TimeOut::Retransmission => "retransmission time-out",
        TimeOut::GivenUp => "given up",
        TimeOut::TimeWait => "time-wait time-out",
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Rst => "RST",
        Kind::Syn => "SYN",
        Kind::NewSyn => "new SYN",
        Kind::Fin => "FIN",
        Kind::Text => "text",
        Kind::Empty => "empty",
    }
}

fn sequences(sequences: &[Sequence]) -> &'static str {
    match sequences {
        [Sequence::InOrder] => ", in order",
        [Sequence::Ahead] => ", ahead",
        [Sequence::InOrder, Sequence::Ahead] => ", acceptable",
        [Sequence::Old] => ", old",
        [Sequence::Beyond] => ", beyond the window",
        [Sequence::Old, Sequence::Beyond] => ", not acceptable",
        _ => "",
    }
}

fn acknowledgements(from: &[State], acknowledgements: &[Acknowledgement]) -> String {
    let name = |acknowledgement: &Acknowledgement| match acknowledgement {
        Acknowledgement::Absent => "none",
        Acknowledgement::Old => "old",
        Acknowledgement::New if from.iter().any(|state| state.is_synchronized()) => "new",
        Acknowledgement::New => "of our SYN",
        Acknowledgement::Fin => "of our FIN",
        Acknowledgement::Unacceptable => "not acceptable",
    };
    match acknowledgements {
        all if all.len() == Acknowledgement::ALL.len() => String::new(),
        [Acknowledgement::Absent] => ", no ACK".into(),
        [Acknowledgement::Old, Acknowledgement::New, Acknowledgement::Fin, Acknowledgement::Unacceptable] => {
            ", ACK".into()
        }
        some => format!(", ACK {}", joined(some.iter().map(name), " or ")),
    }
}

pub(super) fn joined<'w>(words: impl Iterator<Item = &'w str>, between: &str) -> String {
    words.collect::<Vec<_>>().join(between)
}

/// The events of a row.
pub(super) fn events(row: &Row) -> String {
    match row.on {
        On::Calls(calls) => joined(calls.iter().map(|&one| call(one)), ", "),
        On::TimeOuts(all) => joined(all.iter().map(|&one| time_out(one)), ", "),
        On::Segments(kinds, places, acks) => {
            let kinds = joined(kinds.iter().map(|&one| kind(one)), ", ");
            let open = match row.open {
                Some(Open::Passive) => ", after a passive OPEN",
                Some(Open::Active) => ", after an active OPEN",
                None => "",
            };
            kinds + sequences(places) + &acknowledgements(row.from, acks) + open
        }
    }
}

/// The event of an arrow, in few words.
pub(super) fn arrow(row: &Row) -> String {
    let On::Segments(kinds, _, acks) = row.on else { return events(row) };
    let of = match acks {
        [Acknowledgement::New] if kinds.contains(&Kind::Syn) => "ACK",
        [Acknowledgement::New] => "ACK of SYN",
        [Acknowledgement::Fin] => "ACK of FIN",
        _ => "",
    };
    let control = match kinds {
        [Kind::NewSyn] => "new SYN",
        [Kind::Fin] => "FIN",
        [Kind::Rst] => "RST",
        kinds if kinds.contains(&Kind::Syn) => "SYN",
        _ => "",
    };
    joined([control, of].into_iter().filter(|word| !word.is_empty()), ",")
}

pub(super) fn sends(sends: Sends) -> &'static str {
    match sends {
        Sends::Nothing => "",
        Sends::Syn => "SYN",
        Sends::SynAck => "SYN,ACK",
        Sends::Ack => "ACK",
        Sends::ChallengeAck => "challenge ACK",
        Sends::Data => "data",
        Sends::Fin => "FIN",
        Sends::Rst => "RST",
        Sends::Retransmission => "the first again",
    }
}

pub(super) fn signal(signal: Signal) -> &'static str {
    match signal {
        Signal::Nothing => "",
        Signal::Connected => "connected",
        Signal::Data => "data",
        Signal::Closing => "the peer has ended",
        Signal::Refused => "refused",
        Signal::Reset => "reset",
        Signal::TimedOut => "timed out",
    }
}

/// Changes of the state by what a diagram shows: what both ends do when nothing goes wrong.
pub(super) fn arrows() -> Vec<(State, State, String)> {
    let mut arrows: Vec<(State, State, Vec<String>)> = Vec::new();
    for row in ROWS {
        let is_failure = match row.on {
            On::Calls(calls) => calls == [Call::Abort],
            On::TimeOuts(all) => all != [TimeOut::TimeWait],
            On::Segments(kinds, ..) => kinds == [Kind::Rst] && row.to == Some(State::Closed),
        };
        let is_rare = matches!(row.paragraph, Paragraph::Syn | Paragraph::SimultaneousOpen);
        let Some(to) = row.to.filter(|_| !is_failure && !is_rare) else { continue };
        let sent = if row.sends == Sends::Nothing { String::new() } else { format!(" / {}", sends(row.sends)) };
        let event = match row.on {
            On::Calls(calls) => call(calls[0]).into(),
            On::TimeOuts(_) | On::Segments(..) => arrow(row),
        };
        let label = event + &sent;
        for &from in row.from {
            match arrows.iter_mut().find(|(one, other, _)| (*one, *other) == (from, to)) {
                Some((_, _, labels)) if labels.contains(&label) => {}
                Some((_, _, labels)) => labels.push(label.clone()),
                None => arrows.push((from, to, Vec::from([label.clone()]))),
            }
        }
    }
    // Of several, the plain one.
    let shortest = |labels: Vec<String>| labels.into_iter().min_by_key(String::len).unwrap();
    arrows.into_iter().map(|(from, to, labels)| (from, to, shortest(labels))).collect()
}
