//! Scenarios as text: a segment a line, and what it must show.
//!
//! `c SA 0 1 +10 w=5 > ESTABLISHED LISTEN : gap, overlap`: the client sends a segment with SYN and ACK, with the numbers 0 and
//! 1, counted from each end's first, with 10 bytes and a window of 5; then the client is ESTABLISHED and the server in
//! LISTEN, and the segment shows these anomalies. More words: `ws=7` and `ts=5/4` are options, `t=20` is how many
//! milliseconds pass before it, `rtt=20` those of the round trip that it ends, `new` says that it begins a connection,
//! `none` that it is of none.

use core::net::IpAddr;
use std::hash::RandomState;

use wirenut::ip::Captured;
use wirenut::tcp::SequenceNumber;
use wirenut::tcp::segment::{Flags, Header, OptionValues, Segment, Timestamps};
use wirenut::tcp::tracker::{Observed, Policy, Slot, Tracker};
use wirenut::time::{Duration, Instant};
use wirenut_tests::tcp::flags;

pub(super) const CLIENT: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(10, 0, 0, 2));
pub(super) const SERVER: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(10, 0, 0, 1));

/// First numbers of both ends: in the middle, and such that they wrap around at different places of a scenario.
const BASES: [[u32; 2]; 6] = [
    [1_000, 2_000],
    [u32::MAX, u32::MAX],
    [u32::MAX - 5, 7],
    [0, u32::MAX - 10],
    [u32::MAX - 100, u32::MAX - 1_000],
    [1 << 31, (1 << 31) - 1],
];

/// Runs a scenario from each base, with the client above and below the server. Returns the lines that show something else.
pub(super) fn differences(name: &str, script: &str) -> Vec<String> {
    let mut differences = Vec::new();
    for bases in BASES {
        for ports in [[40_000, 80], [80, 40_000]] {
            let mut now = Instant::START;
            let mut tracker = Tracker::new([Slot::EMPTY; 4], RandomState::new(), Policy::DEFAULT);
            for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
                let (sent, expected) = line.split_once('>').unwrap_or_else(|| panic!("{name}: no '>' in {line}"));
                let shown = show(&observe(&mut tracker, &mut now, sent, bases, ports));
                let expected = expected.split_whitespace().collect::<Vec<_>>().join(" ");
                if shown != expected {
                    differences.push(format!("{name}, bases {bases:?}, ports {ports:?}: {line}\n    shown: {shown}"));
                }
            }
        }
    }
    differences
}

fn observe(
    tracker: &mut Tracker<[Slot; 4], RandomState>,
    now: &mut Instant,
    line: &str,
    [client_base, server_base]: [u32; 2],
    [client_port, server_port]: [u16; 2],
) -> Observed {
    let mut words = line.split_whitespace();
    let is_client = match words.next() {
        Some("c") => true,
        Some("s") => false,
        other => panic!("no side: {other:?}"),
    };
    let ends = [(CLIENT, client_port, client_base), (SERVER, server_port, server_base)];
    let [(from, from_port, base), (to, to_port, other_base)] = if is_client { ends } else { [ends[1], ends[0]] };
    let mut header = Header { window: 1_000, ..Header::new(from_port, to_port) };
    header.flags = flags(words.next().expect("flags"));
    let (mut numbers, mut length) = (Vec::new(), 0);
    for word in words {
        if let Some(count) = word.strip_prefix('+') {
            length = count.parse().expect("a length");
        } else if let Some((key, value)) = word.split_once('=') {
            match key {
                "w" => header.window = value.parse().expect("a window"),
                "ws" => header.options.window_scale = Some(value.parse().expect("a scale")),
                "ts" => {
                    let (value, echo) = value.split_once('/').expect("two times");
                    let [value, echo] = [value, echo].map(|time| time.parse().expect("a time"));
                    header.options = OptionValues { timestamps: Some(Timestamps { value, echo }), ..header.options };
                }
                "t" => *now = now.saturating_add(Duration::from_millis(value.parse().expect("a time"))),
                _ => panic!("unknown: {word}"),
            }
        } else {
            numbers.push(word.parse::<i64>().unwrap_or_else(|_| panic!("no number: {word}")));
        }
    }
    let number = |base: u32, offset: Option<&i64>| {
        SequenceNumber::new(base.wrapping_add(offset.map_or(0, |offset| *offset as u32)))
    };
    header.sequence = number(base, numbers.first());
    if header.flags.contains(Flags::ACK) {
        header.acknowledgment = number(other_base, numbers.get(1));
    }
    let mut buffer = vec![0; 100 + length];
    let length = header.emit(from, to, &vec![b'x'; length], &mut buffer).expect("room");
    let segment = Segment::parse(Captured::whole(&buffer[..length])).expect("a segment");
    tracker.observe(*now, [from, to], &segment)
}

fn show(observed: &Observed) -> String {
    if observed.connection.is_none() {
        return if observed.anomalies.is_empty() { "none".into() } else { format!("none : {}", observed.anomalies) };
    }
    let mut text = String::new();
    if observed.is_new {
        text += "new ";
    }
    text += &format!("{} {}", observed.states.client, observed.states.server);
    if let Some(time) = observed.round_trip {
        text += &format!(" rtt={}", time.as_millis());
    }
    if !observed.anomalies.is_empty() {
        text += &format!(" : {}", observed.anomalies);
    }
    text
}
