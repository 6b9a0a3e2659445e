//! Each segment in each state of a connection of the running kernel, against the table: where both do not do the same, it
//! is said why.
#![expect(clippy::wildcard_enum_match_arm, reason = "few states are not as the others")]

use alloc::collections::BTreeMap;
use std::env;
use std::process::Command;

use wirenut::tcp::state::{Acknowledgement, Event, Kind, Open, Segment, Sends, Sequence, State, Transition};
use wirenut_tests::tools::{Verdict, has};

/// The status by which the script says that it may not do it here.
const UNAVAILABLE: i32 = 77;

/// What the kernel did: the state that followed, and what it sent.
type Did = (State, String);

/// The one whose name that is.
fn named<T: Copy + core::fmt::Debug>(all: &[T], name: &str) -> T {
    *all.iter().find(|one| format!("{one:?}") == name).unwrap_or_else(|| panic!("{name}?"))
}

fn cases(text: &str) -> impl Iterator<Item = (State, Open, Segment, Did)> + '_ {
    text.lines().map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [state, open, kind, sequence, acknowledgement, to, sent] = words[..] else { panic!("{line}") };
        let segment = Segment {
            kind: named(&Kind::ALL, kind),
            sequence: named(&Sequence::ALL, sequence),
            acknowledgement: named(&Acknowledgement::ALL, acknowledgement.trim_end_matches(':')),
        };
        (named(&State::ALL, state), named(&Open::ALL, open), segment, (named(&State::ALL, to), sent.into()))
    })
}

fn sends(sends: Sends) -> &'static str {
    match sends {
        Sends::Nothing => "-",
        Sends::SynAck => "SYN,ACK",
        Sends::Ack | Sends::ChallengeAck => "ACK",
        Sends::Rst => "RST",
        Sends::Syn | Sends::Data | Sends::Fin | Sends::Retransmission => panic!("no segment makes it send {sends:?}"),
    }
}

/// What Linux does instead of what the table says, and why. (6.18; before 6.11 it did not open simultaneously by a SYN.)
fn instead(
    state: State,
    open: Open,
    segment: Segment,
    ours: Transition,
) -> Option<(&'static str, State, &'static str)> {
    use Acknowledgement as Ack;
    let Segment { kind, sequence, acknowledgement } = segment;
    let is_inside = matches!(sequence, Sequence::InOrder | Sequence::Ahead);
    let (is_old, is_rst) = (sequence == Sequence::Old, kind == Kind::Rst);
    let is_long = matches!(kind, Kind::Fin | Kind::Text);
    let has_bad_ack = matches!(acknowledgement, Ack::Old | Ack::Unacceptable);
    match state {
        State::Closed | State::Listen | State::SynSent => None,
        // Behind a listener it is not a socket yet, with rules of its own.
        State::SynReceived if open == Open::Passive => match kind {
            Kind::Syn if is_old && acknowledgement == Ack::Absent => Some(("answers a SYN again", state, "SYN,ACK")),
            _ if has_bad_ack && !is_rst => Some(("looks at the acknowledgement before the place", state, "RST")),
            Kind::Syn if is_inside => Some(("resets at a SYN in the window", State::Listen, "RST")),
            Kind::Fin => Some(("acknowledges a FIN later", ours.to, "-")),
            _ => None,
        },
        State::TimeWait => match kind {
            Kind::Rst => Some(("drops a RST that is ahead of TIME-WAIT", state, "-")),
            Kind::NewSyn => Some(("opens anew only behind RCV.NXT", state, "ACK")),
            Kind::Empty if sequence == Sequence::InOrder => {
                Some(("does not look at acknowledgements in TIME-WAIT", state, "-"))
            }
            _ => Some(("acknowledges whatever comes in TIME-WAIT", state, "ACK")),
        },
        _ if is_rst && state.has_peer_ended() => Some(("takes a RST at the place of the FIN", State::Closed, "-")),
        _ if acknowledgement == Ack::Absent => Some(("drops what has no ACK without a look at its place", state, "-")),
        State::SynReceived if kind == Kind::Syn => {
            Some(("acknowledges the SYN of a simultaneous open", ours.to, "ACK"))
        }
        State::SynReceived if acknowledgement == Ack::Old || is_old && acknowledgement == Ack::New => {
            let why = "opens by any acknowledgement that is not of the future, from what ends at RCV.NXT on";
            match (kind, sequence) {
                (Kind::Fin, Sequence::InOrder) => Some((why, State::CloseWait, "-")),
                (Kind::Empty, _) => Some((why, State::Established, "-")),
                _ => Some((why, State::Established, "ACK")),
            }
        }
        State::SynReceived if is_old && is_long => Some(("looks at what ends at RCV.NXT", state, "RST")),
        // The acknowledgement of such a segment counts.
        _ if is_old && is_long && acknowledgement == Ack::Fin => {
            let why = "looks at what ends at RCV.NXT";
            match state {
                State::FinWait1 => Some((why, State::FinWait2, "ACK")),
                State::Closing => Some((why, State::TimeWait, "-")),
                _ => Some((why, State::Closed, "-")),
            }
        }
        _ if kind == Kind::Fin => Some(("acknowledges a FIN later, and a second one not at all", ours.to, "-")),
        _ => None,
    }
}

#[test]
fn the_kernel_does_the_same_but_where_it_is_said() {
    if !has("python3") {
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/tcp_kernel.py");
    let output = Command::new("unshare").args(["-rn", "python3", script]).output().expect("unshare");
    let said = String::from_utf8_lossy(&output.stderr);
    // Where nobody may make a namespace, or a device in it.
    let is_unavailable = said.starts_with("unshare:");
    let status = if is_unavailable { Some(UNAVAILABLE) } else { output.status.code() };
    match Verdict::of(status, env::var_os("CI").as_deref()) {
        Verdict::Run => {}
        Verdict::Skip => return eprintln!("skipped: no network namespace with a TUN device: {said}"),
        Verdict::Fail => panic!("{said}"),
    }
    let text = String::from_utf8(output.stdout).expect("text");
    let mut reasons = BTreeMap::new();
    for (state, open, segment, did) in cases(&text) {
        let ours = state.handle(open, Event::Segment(segment)).expect("no segment is refused");
        let reason = if did == (ours.to, sends(ours.sends).into()) {
            "the same"
        } else {
            let (reason, to, sent) = instead(state, open, segment, ours)
                .unwrap_or_else(|| panic!("{segment:?} in {state}, {open:?}: {did:?}, and not {ours:?}"));
            assert_eq!(did, (to, sent.into()), "{segment:?} in {state}, {open:?}: {reason}");
            reason
        };
        *reasons.entry(reason).or_insert(0) += 1;
    }
    let same = reasons.get("the same").copied().unwrap_or(0);
    assert_eq!(reasons.values().sum::<usize>(), 1_023, "{reasons:?}");
    assert!(same > 850, "too little is the same: {reasons:?}");
}
