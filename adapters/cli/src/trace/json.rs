//! The same for programs: one object, written as it is made.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use wirenut::tcp::tracker::Side;

use super::record::Record;
use super::watch::Watch;

/// Writes the table and the counts. Times are microseconds, those of connections since 1970. `dropped`: how many packets the
/// kernel dropped in a live capture.
pub(super) fn write(output: &mut dyn Write, watch: &Watch, dropped: Option<u64>) -> io::Result<()> {
    output.write_all(b"{\"connections\":[")?;
    for (at, record) in watch.records.iter().enumerate() {
        let separator = if at == 0 { "" } else { "," };
        write!(output, "{separator}{}", connection(record))?;
    }
    let counts = &watch.counts;
    let malformed: Map<String, Value> = watch
        .malformed
        .iter()
        .map(|kind| {
            let error = json!({ "packets": kind.count, "first_packet": kind.first, "offset": kind.error.offset });
            (format!("{:?}", kind.error.rule), error)
        })
        .collect();
    let packets = json!({
        "all": counts.packets,
        "tcp": counts.tcp,
        "udp": counts.udp,
        "others": counts.others,
        "other_ports": counts.other_ports,
        "fragments": counts.fragments,
        "unknown_links": counts.unknown_links,
        "malformed": counts.malformed,
        "of_no_connection": counts.strays,
        "dropped_by_kernel": dropped,
    });
    let (flows, _) = watch.udp_flows();
    writeln!(
        output,
        "],\"malformed\":{},\"packets\":{packets},\"udp_flows\":{flows},\"unlisted_connections\":{}}}",
        Value::Object(malformed),
        counts.unlisted
    )
}

fn connection(record: &Record) -> Value {
    let end = |side: Side| {
        let traffic = record.traffic.of(side);
        json!({
            "address": record.addresses.of(side).to_string(),
            "state": record.states.of(side).name(),
            "packets": traffic.packets,
            "bytes": traffic.bytes,
            "round_trip_micros": record.round_trip.of(side).map(wirenut::time::Duration::as_micros),
        })
    };
    let anomalies: Map<String, Value> =
        record.anomalies.iter().map(|(anomaly, count)| (anomaly.name().to_owned(), json!(count))).collect();
    json!({
        "client": end(Side::Client),
        "server": end(Side::Server),
        "is_whole": record.is_whole,
        "first_micros": record.first.as_micros(),
        "last_micros": record.last.as_micros(),
        "anomalies": anomalies,
    })
}
