//! The counts at the end: packets by kind, and skipped ones by reason.

use std::io::{self, Write};

use super::watch::{Counts, Watch};

/// Writes the counts, a line for each kind. `dropped`: how many packets the kernel dropped in a live capture.
pub(super) fn write(output: &mut dyn Write, watch: &Watch, dropped: Option<u64>) -> io::Result<()> {
    let Counts { packets, tcp, udp, others, fragments, unknown_links, other_ports, malformed, strays, unlisted } =
        watch.counts;
    let (flows, is_more) = watch.udp_flows();
    write!(output, "{}: {tcp} of TCP in {}", counted(packets, "packet"), counted(watch.records.len(), "connection"))?;
    if udp > 0 {
        let more = if is_more { "at least " } else { "" };
        write!(output, ", {udp} of UDP in {more}{}", counted(flows, "flow"))?;
    }
    writeln!(output)?;
    let skipped = [
        (others, "of other protocols"),
        (other_ports, "of other ports"),
        (fragments, "in fragments"),
        (unknown_links, "of unknown link layers"),
        (strays, "of no connection"),
        (malformed, "malformed"),
    ];
    let skipped: Vec<String> =
        skipped.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if !skipped.is_empty() {
        writeln!(output, "skipped: {}", skipped.join(", "))?;
    }
    for kind in &watch.malformed {
        writeln!(output, "malformed: {} × {}; the first is packet {}", kind.count, kind.error, kind.first)?;
    }
    if unlisted > 0 {
        writeln!(output, "{} not listed (see --connections)", counted(unlisted, "more connection"))?;
    }
    if let Some(dropped) = dropped {
        let advice = if dropped > 0 { ": what is shown has gaps (--port captures less)" } else { "" };
        writeln!(output, "{} dropped by the kernel{advice}", counted(dropped, "packet"))?;
    }
    if watch.records.iter().any(|record| !record.is_whole) {
        writeln!(output, "* began before the capture")?;
    }
    Ok(())
}

/// `1 packet`, `2 packets`.
pub(super) fn counted(count: impl TryInto<u64>, what: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
