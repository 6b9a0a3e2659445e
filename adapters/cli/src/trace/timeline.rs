//! A connection as a diagram of characters: its segments as arrows between both ends, with their states at the sides.

use std::io::{self, Write};

use wirenut::tcp::state::State;
use wirenut::tcp::tracker::Side;
use wirenut::time::Instant;

use super::drawing::Event;
use super::table::millis;
use super::totals::counted;
use super::watch::Watch;

/// Between both ends.
const WIDTH: usize = 48;
/// `SYN-RECEIVED` is the longest.
const STATE_WIDTH: usize = 12;

/// Writes the diagrams of all connections that are drawn.
pub(super) fn write(output: &mut dyn Write, watch: &Watch) -> io::Result<()> {
    for (at, drawing) in &watch.drawings {
        let record = &watch.records[*at];
        let (client, server) = (record.addresses.client, record.addresses.server);
        writeln!(output, "connection {}: client {client}, server {server}", at + 1)?;
        for event in &drawing.events {
            draw(output, event, record.first)?;
        }
        if drawing.left_out > 0 {
            writeln!(output, "{:>12}  … {}", "", counted(drawing.left_out, "more segment"))?;
        }
        writeln!(output)?;
    }
    if watch.undrawn > 0 {
        writeln!(output, "{} not drawn (see --limit)", counted(watch.undrawn, "more segment"))?;
    }
    Ok(())
}

fn draw(output: &mut dyn Write, event: &Event, first: Instant) -> io::Result<()> {
    // A state is shown where it changes.
    let shown = |before: State, after: State| if before == after { "" } else { after.name() };
    let client = shown(event.before.client, event.states.client);
    let server = shown(event.before.server, event.states.server);
    let label: String = event.to_string().chars().take(WIDTH - 4).collect();
    let fill = WIDTH - 2 - label.chars().count();
    let (left, right) = ("─".repeat(fill / 2), "─".repeat(fill - fill / 2));
    let (tail, head) = match event.sender {
        Side::Client => ("─", "▶"),
        Side::Server => ("◀", "─"),
    };
    let time = since(first, event.time);
    let mut line =
        format!("{time:>12}  {client:>STATE_WIDTH$} │{tail}{left} {label} {right}{head}│ {server:<STATE_WIDTH$}");
    if let Some(time) = event.round_trip {
        line += &format!(" rtt {}", millis(time));
    }
    if !event.anomalies.is_empty() {
        line += &format!(" ! {}", event.anomalies);
    }
    writeln!(output, "{}", line.trim_end())?;
    for message in &event.messages {
        writeln!(output, "{:>12}  {:>STATE_WIDTH$} │ {:^WIDTH$} │", "", "", clipped(message, WIDTH))?;
    }
    Ok(())
}

/// `1.234567`: seconds since the first segment.
pub(super) fn since(first: Instant, time: Instant) -> String {
    let micros = time.saturating_since(first).as_micros();
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// The beginning of a text that is longer than `longest` characters.
pub(super) fn clipped(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.into();
    }
    text.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}
