//! The tables of the docs.

extern crate alloc;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::words;
use crate::tcp::state::{Call, Event, Open, Queues, ROWS, RecvResult, SendResult, State, TimeOut};

pub(super) fn document() -> String {
    let mut text =
        String::from("# The table\n\nMade from the table by `WIRENUT_BLESS=1 cargo test -p wirenut tcp::state`.\n\n");
    text += &arrows();
    text += &calls();
    text += &sockets();
    text += &rows();
    text
}

fn arrows() -> String {
    let mut text = String::from(
        "## How a connection opens and ends\n\nEach change of state that needs no failure: what happens / what is sent. \
         Besides these, ABORT, a RST in order, the user time-out and giving up lead to CLOSED.\n\n```text\n",
    );
    for (from, to, label) in words::arrows() {
        writeln!(text, "{from:<12} ── {label:<26} ──► {to}").unwrap();
    }
    text + "```\n\n"
}

/// What a call or a time-out makes of each state.
fn calls() -> String {
    let mut text =
        String::from("## Calls and time-outs\n\nThe state that follows / what is sent; or why nothing does.\n\n");
    let calls = Call::ALL.into_iter().map(|call| (words::call(call), Event::Call(call)));
    let time_outs = TimeOut::ALL.into_iter().map(|over| (words::time_out(over), Event::TimeOut(over)));
    let columns: Vec<_> = calls.chain(time_outs).collect();
    let names = words::joined(columns.iter().map(|column| column.0), " | ");
    write!(text, "| | {names} |\n|---|{}\n", "---|".repeat(columns.len())).unwrap();
    for state in State::ALL {
        let cell = |column: &(&str, Event)| match state.handle(Open::Active, column.1) {
            Ok(transition) if words::sends(transition.sends).is_empty() && transition.to == state => "stays".into(),
            Ok(transition) => {
                let to = if transition.to == state { "stays" } else { transition.to.name() };
                let sent = words::sends(transition.sends);
                if sent.is_empty() { to.into() } else { format!("{to} / {sent}") }
            }
            Err(refusal) => format!("*{refusal:?}*"),
        };
        let cells: Vec<String> = columns.iter().map(cell).collect();
        writeln!(text, "| **{state}** | {} |", cells.join(" | ")).unwrap();
    }
    text + "\n"
}

/// What the user sees in each state.
fn sockets() -> String {
    let mut text = String::from(
        "## What the user sees\n\nWith nothing to receive, and room to send. CLOSED is that of a connection whose ends \
         have both ended it; before, both say ENOTCONN, and after a failure its error, once.\n\n\
         | | recv | send | poll |\n|---|---|---|---|\n",
    );
    for state in State::ALL {
        let recv = match state.recv(false) {
            RecvResult::Data => "data".into(),
            RecvResult::WouldBlock => "would block".into(),
            RecvResult::End => "end of stream".into(),
            RecvResult::Failed(error) => error.name().to_string(),
        };
        let send = match state.send(true) {
            SendResult::Taken => "taken".into(),
            SendResult::WouldBlock => "would block".into(),
            SendResult::Failed(error) => error.name().to_string(),
        };
        let ready = format!("{:?}", state.readiness(Queues { has_data: false, has_room: true }));
        writeln!(text, "| **{state}** | {recv} | {send} | {} |", ready.trim_matches(['{', '}'])).unwrap();
    }
    text + "\n"
}

fn rows() -> String {
    let mut text = String::from(
        "## All rows\n\n| in | what happens | next | sent | the user learns | RFC 9293 |\n|---|---|---|---|---|---|\n",
    );
    for row in ROWS {
        let from = words::joined(row.from.iter().map(|state| state.name()), ", ");
        let to = match (row.refusal, row.to) {
            (Some(refusal), _) => format!("*{refusal:?}*"),
            (None, Some(to)) => to.to_string(),
            (None, None) => String::new(),
        };
        let timer = if row.starts_time_wait { ", timer" } else { "" };
        let paragraph = row.paragraph.to_string();
        let paragraph = paragraph.trim_start_matches("RFC 9293 ");
        let (sent, learns) = (words::sends(row.sends), words::signal(row.signal));
        writeln!(text, "| {from} | {} | {to}{timer} | {sent} | {learns} | {paragraph} |", words::events(row)).unwrap();
    }
    text
}
