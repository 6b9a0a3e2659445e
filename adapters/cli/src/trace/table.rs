//! The table of connections, and the counts beneath it.

use core::fmt::Write;

use wirenut::time::Duration;

use super::record::Record;
use super::watch::{Counts, Watch, summary};
use crate::printed::aligned;

const TITLES: [&str; 9] = ["#", "CLIENT", "SERVER", "STATES", "TIME", "PACKETS", "BYTES", "RTT", "UNUSUAL"];
/// Texts begin at the left, numbers end at the right.
const IS_TEXT: [bool; 9] = [false, true, true, true, false, false, false, false, true];

/// The lines, of which none has more than `columns` characters.
pub(super) fn render(watch: &Watch, columns: Option<usize>) -> String {
    let mut text = String::new();
    if !watch.records.is_empty() {
        let mut lines = vec![TITLES.map(str::to_owned)];
        lines.extend(watch.records.iter().zip(1..).map(|(record, number)| cells(number, record)));
        text += &aligned(&lines, IS_TEXT, "  ", columns);
        text.push('\n');
    }
    text + &counts(watch)
}

fn cells(number: usize, record: &Record) -> [String; 9] {
    let (client, server) = (record.traffic.client, record.traffic.server);
    [
        number.to_string(),
        record.addresses.client.to_string(),
        record.addresses.server.to_string(),
        format!("{} {}{}", record.states.client, record.states.server, if record.is_whole { "" } else { " *" }),
        seconds(record.duration()),
        format!("{}/{}", client.packets, server.packets),
        format!("{}/{}", client.bytes, server.bytes),
        record.whole_round_trip().map_or("-".into(), millis),
        summary(&record.anomalies),
    ]
}

/// `1.234s`.
pub(super) fn seconds(time: Duration) -> String {
    format!("{}.{:03}s", time.as_millis() / 1_000, time.as_millis() % 1_000)
}

/// `1.234ms`.
fn millis(time: Duration) -> String {
    format!("{}.{:03}ms", time.as_micros() / 1_000, time.as_micros() % 1_000)
}

fn counts(watch: &Watch) -> String {
    let Counts { packets, tcp, udp, others, fragments, unknown_links, malformed, strays, unlisted } = watch.counts;
    let (flows, is_more) = watch.udp_flows();
    let more = if is_more && udp > 0 { "at least " } else { "" };
    let mut text = format!("{packets} packets: {tcp} of TCP in {} connections", watch.records.len());
    let mut add = |count: u64, what: &str| {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    };
    add(udp, &format!("of UDP in {more}{flows} flows"));
    add(others, "of other protocols");
    add(fragments, "fragments");
    add(unknown_links, "of unknown link layers");
    add(malformed, "malformed");
    add(strays, "segments of no connection");
    add(unlisted, "more connections (see --connections)");
    if let Some(error) = watch.first_error {
        let _ = write!(text, "\nthe first malformed one: {error}");
    }
    if watch.records.iter().any(|record| !record.is_whole) {
        text += "\n* began before the capture";
    }
    text.push('\n');
    text
}
