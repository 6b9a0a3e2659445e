//! The same for programs: one object.

use serde_json::{Map, Value, json};
use wirenut::tcp::tracker::Side;

use super::record::Record;
use super::watch::Watch;

/// The table and the counts. Times are microseconds, those of connections since 1970.
pub(super) fn render(watch: &Watch) -> String {
    let counts = &watch.counts;
    let (flows, _) = watch.udp_flows();
    let connections: Vec<Value> = watch.records.iter().map(connection).collect();
    let whole = json!({
        "connections": connections,
        "unlisted_connections": counts.unlisted,
        "packets": {
            "all": counts.packets,
            "tcp": counts.tcp,
            "udp": counts.udp,
            "others": counts.others,
            "fragments": counts.fragments,
            "unknown_links": counts.unknown_links,
            "malformed": counts.malformed,
            "of_no_connection": counts.strays,
        },
        "udp_flows": flows,
    });
    format!("{whole}\n")
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
