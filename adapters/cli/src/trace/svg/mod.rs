//! Connections as a picture: their segments as arrows, the states of both ends as coloured bands at the sides, and beneath an
//! arrow the messages of HTTP that are complete with it.
//!
//! It is one SVG without scripts, and readable on light and dark backgrounds, as whoever looks at it prefers.

mod layout;

use core::fmt;
use std::io::{self, Write};

use wirenut::http::HttpDate;
use wirenut::tcp::segment::Flags;
use wirenut::tcp::tracker::{Anomaly, Side};

use self::layout::{Layout, MESSAGE, Row};
use super::drawing::{Drawing, Event};
use super::record::Record;
use super::table::{millis, seconds};
use super::timeline::{clipped, since};
use super::totals::counted;
use super::watch::Watch;

const STYLE: &str = include_str!("style.css");

const WIDTH: usize = 1_120;
/// Times end here.
const TIME: usize = 92;
/// A band is so wide.
const BAND: usize = 14;
/// The bands of both ends begin here.
const BANDS: [usize; 2] = [204, 704];
/// Arrows lie between these.
const ARROWS: [usize; 2] = [222, 700];
const MIDDLE: usize = (ARROWS[0] + ARROWS[1]) / 2;
/// What is unusual is written from here on.
const NOTES: usize = 828;
/// So many characters have room there.
const NOTE_LENGTH: usize = 44;
/// So many characters of a message have room.
const MESSAGE_LENGTH: usize = 66;
/// A character of the monospaced font, in hundredths of a pixel.
const CHARACTER: usize = 662;

/// Writes the picture of all connections that are drawn, one beneath the other.
pub(super) fn write(output: &mut dyn Write, watch: &Watch) -> io::Result<()> {
    let bottom = watch.drawings.values().fold(0, |top, drawing| Layout::new(drawing, top).bottom);
    let height = bottom + 40;
    writeln!(
        output,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\">"
    )?;
    writeln!(output, "<title>{} of TCP</title>", counted(watch.drawings.len(), "connection"))?;
    writeln!(output, "<style>\n{STYLE}</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>")?;
    let mut top = 0;
    for (at, drawing) in &watch.drawings {
        let layout = Layout::new(drawing, top);
        connection(output, at + 1, &watch.records[*at], drawing, &layout)?;
        top = layout.bottom;
    }
    let rest = match (watch.drawings.is_empty(), watch.undrawn) {
        (true, _) => "There are no segments to draw.".into(),
        (false, 0) => String::new(),
        (false, count) => format!("{} not drawn (see --limit)", counted(count, "more segment")),
    };
    text(output, "quiet", MIDDLE, bottom + 20, "middle", &rest)?;
    writeln!(output, "</svg>")
}

fn connection(
    output: &mut dyn Write,
    number: usize,
    record: &Record,
    drawing: &Drawing,
    layout: &Layout<'_>,
) -> io::Result<()> {
    writeln!(output, "<g class=\"connection\">")?;
    head(output, number, record, layout.top)?;
    for side in [Side::Client, Side::Server] {
        band(output, side, layout)?;
    }
    for row in &layout.rows {
        segment(output, record, row)?;
    }
    if drawing.left_out > 0 {
        let rest = format!("… {} of this connection", counted(drawing.left_out, "more segment"));
        text(output, "quiet", MIDDLE, layout.bottom - 18, "middle", &rest)?;
    }
    writeln!(output, "</g>")
}

fn head(output: &mut dyn Write, number: usize, record: &Record, top: usize) -> io::Result<()> {
    text(output, "title", 24, top + 34, "start", &format!("Connection {number}"))?;
    let date = HttpDate::from_unix(record.first.as_micros() / 1_000_000);
    let (client, server) = (record.traffic.client, record.traffic.server);
    let mut facts = vec![
        String::from_utf8_lossy(date.as_bytes()).into_owned(),
        seconds(record.duration()),
        counted(client.packets + server.packets, "packet"),
        format!("{} bytes up, {} down", client.bytes, server.bytes),
    ];
    facts.extend(record.whole_round_trip().map(|time| format!("round trip {}", millis(time))));
    if !record.is_whole {
        facts.push("began before the capture".into());
    }
    text(output, "quiet", BANDS[0], top + 34, "start", &facts.join(" · "))?;
    for (x, name, address) in
        [(BANDS[0], "client", record.addresses.client), (BANDS[1], "server", record.addresses.server)]
    {
        text(output, "end", x, top + 66, "start", &format!("{name} {address}"))?;
    }
    Ok(())
}

/// The states of one end: each as long as it lasts, with its name where it begins.
fn band(output: &mut dyn Write, side: Side, layout: &Layout<'_>) -> io::Result<()> {
    let Some(first) = layout.rows.first() else { return Ok(()) };
    let bottom = layout.bottom - 34;
    let mut runs = vec![(first.event.before.of(side), layout.top + 76)];
    for row in &layout.rows {
        let state = row.event.states.of(side);
        if runs.last().is_some_and(|(last, _)| *last != state) {
            runs.push((state, row.y));
        }
    }
    let (x, label, anchor) = match side {
        Side::Client => (BANDS[0], BANDS[0] - 8, "end"),
        Side::Server => (BANDS[1], BANDS[1] + BAND + 8, "start"),
    };
    let ends = runs.iter().skip(1).map(|(_, y)| *y).chain([bottom]);
    for ((state, y), end) in runs.iter().zip(ends) {
        let class = state.name().to_ascii_lowercase();
        let height = end.saturating_sub(*y);
        writeln!(output, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{BAND}\" height=\"{height}\"/>")?;
        text(output, "state mono", label, y + if *y == layout.top + 76 { 12 } else { 4 }, anchor, state.name())?;
    }
    Ok(())
}

fn segment(output: &mut dyn Write, record: &Record, row: &Row<'_>) -> io::Result<()> {
    let Row { event, y, pause } = row;
    if let Some((silence, y)) = pause {
        let [from, to] = ARROWS;
        writeln!(output, "<path class=\"pause\" d=\"M{from} {y}H{}M{} {y}H{to}\"/>", MIDDLE - 70, MIDDLE + 70)?;
        text(output, "quiet", MIDDLE, y + 4, "middle", &format!("{} later", seconds(*silence)))?;
    }
    text(output, "mono quiet", TIME, y + 4, "end", &since(record.first, event.time))?;
    text(output, "mono", MIDDLE, y - 7, "middle", &event.to_string())?;
    let [from, to] = ARROWS;
    let tip = match event.sender {
        Side::Client => format!("M{from} {y}H{to}m-8 -4l8 4l-8 4"),
        Side::Server => format!("M{to} {y}H{from}m8 -4l-8 4l8 4"),
    };
    writeln!(output, "<path class=\"{}\" d=\"{tip}\"/>", classes(event))?;
    for (message, at) in event.messages.iter().zip(0..) {
        let shown = clipped(message, MESSAGE_LENGTH);
        let width = shown.chars().count() * CHARACTER / 100 + 20;
        let (x, top) = (MIDDLE - width / 2, y + 5 + at * MESSAGE);
        writeln!(output, "<rect class=\"pill\" x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"18\" rx=\"9\"/>")?;
        text(output, "message mono", MIDDLE, top + 13, "middle", &shown)?;
    }
    let class = if event.anomalies.is_empty() { "quiet" } else { "odd" };
    let unusual = (!event.anomalies.is_empty()).then(|| format!("! {}", event.anomalies));
    let round_trip = event.round_trip.map(|time| format!("round trip {}", millis(time)));
    let note = unusual.into_iter().chain(round_trip).collect::<Vec<_>>().join(" · ");
    text(output, class, NOTES, y + 4, "start", &clipped(&note, NOTE_LENGTH))
}

/// How the arrow of a segment is drawn.
fn classes(event: &Event) -> String {
    let is_again = event.anomalies.contains(Anomaly::Retransmission);
    let all = [
        (true, "arrow"),
        (event.has_data(), "data"),
        (!event.anomalies.is_empty(), "odd"),
        (is_again, "again"),
        (event.flags.intersects(Flags::RST), "reset"),
    ];
    all.iter().filter(|(is_so, _)| *is_so).map(|(_, class)| *class).collect::<Vec<_>>().join(" ")
}

/// A text of one line, if it has any character.
fn text(output: &mut dyn Write, class: &str, x: usize, y: usize, anchor: &str, text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let anchor = if anchor == "start" { String::new() } else { format!(" text-anchor=\"{anchor}\"") };
    writeln!(output, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{anchor}>{}</text>", Xml(text))
}

/// A text that ends no element and begins none.
struct Xml<'t>(&'t str);

impl fmt::Display for Xml<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|sign| match sign {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            // XML has no way to write most of them.
            sign if sign.is_control() => f.write_str("\u{fffd}"),
            sign => write!(f, "{sign}"),
        })
    }
}
