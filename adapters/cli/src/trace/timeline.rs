//! A connection as a diagram: its segments as arrows between both ends, with their states at the sides.

use core::fmt::Write;

use wirenut::tcp::segment::{Flags, Segment};
use wirenut::tcp::state::State;
use wirenut::tcp::tracker::{Anomalies, Observed, Side, Sides};
use wirenut::time::{Duration, Instant};

use super::record::Record;
use super::watch::Watch;
use crate::log::Escaped;

/// Between both ends, without the heads of arrows.
const WIDTH: usize = 48;
/// `SYN-RECEIVED` is the longest.
const STATE_WIDTH: usize = 12;
/// So much is shown of the first line of a message.
const LONGEST_LINE: usize = 40;

/// A segment, as it is drawn.
#[derive(Clone, Debug)]
pub(super) struct Event {
    time: Instant,
    sender: Side,
    label: String,
    message: Option<String>,
    anomalies: Anomalies,
    before: Sides<State>,
    states: Sides<State>,
    round_trip: Option<Duration>,
}

impl Event {
    /// Numbers are shown from the first one of each end that was captured.
    pub(super) fn new(time: Instant, observed: &Observed, segment: &Segment<'_>, record: &Record) -> Self {
        let relative = |number: wirenut::tcp::SequenceNumber, side: Side| {
            record.traffic.of(side).first.map_or(0, |first| number.since(first))
        };
        let mut label = format!("{} seq {}", segment.flags(), relative(segment.sequence(), observed.sender));
        if segment.flags().intersects(Flags::ACK) {
            let other = observed.sender.other();
            let _ = write!(label, " ack {}", relative(segment.acknowledgment(), other));
        }
        if segment.payload().length() > 0 {
            let _ = write!(label, " len {}", segment.payload().length());
        }
        Self {
            time,
            sender: observed.sender,
            label,
            message: message(segment.payload().bytes()),
            anomalies: observed.anomalies,
            before: observed.before,
            states: observed.states,
            round_trip: observed.round_trip,
        }
    }
}

/// The first line of a message of HTTP/1, if the data begins with one.
fn message(data: &[u8]) -> Option<String> {
    let line = data.split(|byte| *byte == b'\n').next()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let is_response = line.starts_with(b"HTTP/1.");
    let is_request = || {
        let mut words = line.split(|byte| *byte == b' ');
        let is_method = words.next().is_some_and(|word| !word.is_empty() && word.iter().all(u8::is_ascii_uppercase));
        is_method && words.next().is_some() && words.next().is_some_and(|word| word.starts_with(b"HTTP/1."))
    };
    (is_response || is_request()).then(|| {
        let words = line[..line.len().min(LONGEST_LINE)].split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        words.map(|word| Escaped(word).to_string()).collect::<Vec<_>>().join(" ")
    })
}

/// The diagrams of all connections whose segments were kept.
pub(super) fn render(watch: &Watch) -> String {
    let mut text = String::new();
    for (at, record) in watch.records.iter().enumerate() {
        let mut events = watch.events.iter().filter(|(of, _)| *of == at).map(|(_, event)| event).peekable();
        if events.peek().is_none() {
            continue;
        }
        let (client, server) = (record.addresses.client, record.addresses.server);
        let _ = writeln!(text, "connection {}: client {client}, server {server}", at + 1);
        for event in events {
            draw(&mut text, event, record.first);
        }
        text.push('\n');
    }
    if watch.lost_events > 0 {
        let _ = writeln!(text, "{} more segments are not shown", watch.lost_events);
    }
    text
}

fn draw(text: &mut String, event: &Event, first: Instant) {
    let since = event.time.saturating_since(first).as_micros();
    // A state is shown where it changes.
    let shown = |before: State, after: State| if before == after { "" } else { after.name() };
    let client = shown(event.before.client, event.states.client);
    let server = shown(event.before.server, event.states.server);
    let label: String = event.label.chars().take(WIDTH - 4).collect();
    let fill = WIDTH - 2 - label.chars().count();
    let (left, right) = ("─".repeat(fill / 2), "─".repeat(fill - fill / 2));
    let (tail, head) = match event.sender {
        Side::Client => ("─", "▶"),
        Side::Server => ("◀", "─"),
    };
    let time = format!("{}.{:06}", since / 1_000_000, since % 1_000_000);
    let _ =
        write!(text, "{time:>12}  {client:>STATE_WIDTH$} │{tail}{left} {label} {right}{head}│ {server:<STATE_WIDTH$}");
    if let Some(time) = event.round_trip {
        let _ = write!(text, " rtt {}.{:03}ms", time.as_micros() / 1_000, time.as_micros() % 1_000);
    }
    if !event.anomalies.is_empty() {
        let _ = write!(text, " ! {}", event.anomalies);
    }
    let trimmed = text.trim_end().len();
    text.truncate(trimmed);
    text.push('\n');
    if let Some(message) = &event.message {
        let _ = writeln!(text, "{:>12}  {:>STATE_WIDTH$} │ {message:^WIDTH$} │", "", "");
    }
}
