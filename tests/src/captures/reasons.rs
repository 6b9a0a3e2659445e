//! Why both say something else.

use super::ours::{Connection, Trace};
use super::theirs::{ACK, DATA, FIN, RST, SYN, SYN_ACK, Stream};

/// What `tcp.completeness` lets expect of the states of both ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Expected {
    /// Both are closed.
    Reset,
    /// One end has ended its direction, at least.
    Ended,
    /// Both are open, or one will be by the next acknowledgement.
    Open,
    /// The SYN was answered.
    Answered,
    /// The SYN was not answered.
    Asked,
    /// Nothing.
    Anything,
}

impl Expected {
    pub(super) fn of(completeness: u32) -> Self {
        let has = |bits: u32| completeness & bits == bits;
        if has(RST) {
            Self::Reset
        } else if has(FIN) {
            Self::Ended
        } else if has(DATA) || has(SYN | SYN_ACK | ACK) {
            Self::Open
        } else if has(SYN | SYN_ACK) {
            Self::Answered
        } else if completeness == SYN {
            Self::Asked
        } else {
            Self::Anything
        }
    }

    pub(super) fn fits(self, [client, server]: &[String; 2]) -> bool {
        const OPEN: [&str; 2] = ["ESTABLISHED", "SYN-RECEIVED"];
        const NOT_ENDED: [&str; 5] = ["LISTEN", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", ""];
        let (client, server) = (&client[..], &server[..]);
        match self {
            Self::Reset => client == "CLOSED" && server == "CLOSED",
            Self::Ended => !NOT_ENDED.contains(&client) || !NOT_ENDED.contains(&server),
            Self::Open => OPEN.contains(&client) && OPEN.contains(&server),
            Self::Answered => server == "SYN-RECEIVED",
            Self::Asked => client == "SYN-SENT" && server == "LISTEN",
            Self::Anything => true,
        }
    }
}

/// Why the states of a connection are not those that are expected.
pub(super) fn of_states(expected: Expected, stream: &Stream, ours: &Connection) -> Option<&'static str> {
    let has = |name: &str| ours.anomalies.iter().any(|anomaly| anomaly == name);
    match expected {
        Expected::Reset if has("reset outside of the window") || has("inexact reset") => {
            Some("a reset that its receiver does not believe (RFC 5961 §3.2)")
        }
        Expected::Open if has("data in SYN") && stream.completeness & SYN_ACK == 0 => {
            Some("a SYN with data opens nothing before it is answered")
        }
        Expected::Open if ours.states[1] == "LISTEN" => Some("the capture has one direction only"),
        Expected::Ended if has("data after FIN") => Some("a FIN before the end of what was sent counts for nothing"),
        Expected::Ended if has("outside of the window") => Some("a FIN outside of the window counts for nothing"),
        Expected::Reset
        | Expected::Ended
        | Expected::Open
        | Expected::Answered
        | Expected::Asked
        | Expected::Anything => None,
    }
}

/// Why we list so many connections between two ends, and tshark others.
pub(super) fn of_count(streams: &[&Stream], ours: &[&Connection], trace: &Trace) -> Option<&'static str> {
    let resets = streams.iter().filter(|stream| stream.segments == stream.resets).count();
    let is_tunnel = trace.others > 0 || trace.datagrams > 0;
    if streams.len() > ours.len() {
        return if resets > 0 && ours.len() + resets >= streams.len() && trace.strays > 0 {
            Some("resets of no connection begin none")
        } else if trace.fragments > 0 {
            Some("fragments are not put together")
        } else if trace.unknown_links > 0 {
            Some("a link layer that is not read")
        } else if trace.malformed > 0 {
            Some("packets that are malformed")
        } else if is_tunnel {
            Some("a tunnel, or an encapsulation that is not read")
        } else if trace.strays > 0 {
            Some("flags that no end sends")
        } else {
            None
        };
    }
    let is_reuse = streams.iter().any(|stream| stream.syns > 1);
    if is_reuse {
        return Some("a SYN behind the end of a connection begins another one");
    }
    if streams.is_empty() { Some("a packet that tshark does not read as TCP") } else { None }
}
