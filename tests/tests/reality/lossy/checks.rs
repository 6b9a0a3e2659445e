//! What the tracker says of a connection, against what the link and the kernel know of it.

use wirenut::tcp::state::State;
use wirenut::tcp::tracker::{Anomaly, Observed, Order};

use super::Connection;
use crate::agreement::{WENT_ELSEWHERE, differ, is_same};
use crate::end::{of_table, pattern};
use crate::kernel;
use crate::network::Host;
use crate::truth::Seen;
use crate::watch::{Read, Watch};

/// An anomaly that was said and did not happen, or happened and was not said.
#[expect(clippy::wildcard_enum_match_arm, reason = "no other can happen here")]
pub(super) fn untrue(connection: &mut Connection, observed: &Observed, read: &Read, seen: Seen) -> Option<String> {
    let is_said = |anomaly| observed.anomalies.contains(anomaly);
    for anomaly in observed.anomalies.iter() {
        let is_true = match anomaly {
            Anomaly::Retransmission | Anomaly::OutOfOrder | Anomaly::Overlap | Anomaly::Gap => {
                seen.anomaly() == Some(anomaly) || seen.is_unsure
            }
            // Without a time stamp, one that is late looks the same; so does one byte that is sent again.
            Anomaly::KeepAlive => {
                read.length == 1 && seen.order == Order::Again
                    || read.length == 0 && read.timestamp.is_none() && connection.link.late > 0
            }
            Anomaly::DuplicateAck => seen.is_same_ack,
            Anomaly::OldTimestamp => seen.is_older,
            Anomaly::ZeroWindow => read.window == 0,
            Anomaly::SynInConnection => read.is_syn && seen.order == Order::Again,
            Anomaly::ChallengeAck => connection.is_challenged,
            // A RST that has overtaken data, or of which data before was lost; or the answer to an old segment, where the RST
            // before was lost.
            Anomaly::InexactReset | Anomaly::ResetOutsideWindow => {
                read.is_rst && (connection.link.late > 0 || connection.link.lost > 0)
            }
            _ => false,
        };
        if !is_true {
            return Some(format!("{anomaly} is said of {read:?}, {seen:?}"));
        }
    }
    if let Some(anomaly) = seen.anomaly().filter(|anomaly| !is_said(*anomaly)) {
        let is_excused = seen.is_unsure
            || is_said(Anomaly::SynInConnection)
            || is_said(Anomaly::OldTimestamp)
            || is_said(Anomaly::KeepAlive);
        if !is_excused {
            return Some(format!("{anomaly} is not said of {read:?}, {seen:?}: {}", observed.anomalies));
        }
    }
    connection.is_challenged |= is_said(Anomaly::SynInConnection) || is_said(Anomaly::InexactReset);
    None
}

/// What we have said so far is what the kernel has done so far, or less.
pub(super) fn check_way(connection: &Connection, watch: &Watch) {
    if connection.has_begun_anew {
        return;
    }
    for host in Host::BOTH {
        let end = &connection.ends[host.index()];
        let (ours, theirs) = (watch.visited(end.address, end.peer), &connection.theirs[host.index()]);
        // A request in front of a listener is no socket yet.
        let is_no_socket = |state: &State| matches!(state, State::Listen | State::SynReceived | State::Closed);
        let is_request = theirs.is_empty() && ours.iter().all(is_no_socket);
        let is_hidden = connection.has_aborted[host.index()] || connection.is_reset_early || connection.is_fin_unsure;
        let is_explained = is_request || is_hidden || is_crossing(ours, theirs);
        if differ(ours, theirs, connection.is_reset) == Some(WENT_ELSEWHERE) && !is_explained {
            panic!("{}", connection.fail(&format!("{host:?}: the kernel did not go that way"), watch));
        }
    }
}

/// FINs that cross: when the first one arrives, nobody who watches knows that its receiver has sent its own.
fn is_crossing(ours: &[State], theirs: &[State]) -> bool {
    let crosses = |states: &[State]| states.contains(&State::FinWait1) && !states.contains(&State::CloseWait);
    crosses(theirs) && ours.contains(&State::CloseWait)
}

pub(super) fn check_end(connection: &Connection, watch: &Watch, tables: &[Vec<kernel::Row>; 2], has_tracepoint: bool) {
    let is_aborted = connection.has_aborted.contains(&true);
    for host in Host::BOTH {
        let (end, peer) = (&connection.ends[host.index()], &connection.ends[host.other().index()]);
        let (ours, theirs) = (watch.visited(end.address, end.peer), &connection.theirs[host.index()]);
        // A FIN that was lost, or late, or waited behind data, is first seen with the acknowledgement of the other one: so
        // they seem not to cross. Nor does anybody see a FIN that a reset has overtaken. Only the tracepoint says whether they did.
        let is_hidden = connection.is_fin_late[host.index()] || connection.is_reset;
        let is_crossing = is_hidden && (!has_tracepoint || is_crossing(ours, theirs));
        let states = (watch.state(end.address, end.peer), of_table(&tables[host.index()], end));
        if connection.has_given_up[host.index()] || connection.has_begun_anew {
            continue;
        }
        if !is_same(states.0, states.1) && !is_crossing {
            panic!("{}", connection.fail(&format!("{host:?} ends in {states:?}"), watch));
        }
        if has_tracepoint
            && !is_crossing
            && !connection.has_aborted[host.index()]
            && !connection.is_reset_early
            && !connection.is_fin_unsure
            && let Some(why) = differ(ours, theirs, connection.is_reset)
        {
            panic!("{}", connection.fail(&format!("{host:?}: {why}"), watch));
        }
        let bytes = watch.bytes(end.address, end.peer);
        let is_right = bytes.iter().enumerate().all(|(place, byte)| *byte == pattern(host == Host::One, place));
        let is_whole = is_aborted || (bytes.len() == end.sent && peer.read.len() == end.sent);
        if !is_right || !is_whole || !bytes.starts_with(&peer.read) {
            let counts = (end.sent, bytes.len(), peer.read.len());
            panic!("{}", connection.fail(&format!("{host:?}: sent, watched and read are {counts:?}"), watch));
        }
    }
}
