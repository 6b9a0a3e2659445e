//! The table of connections: a line for each, in the order of their first packets.

use std::io::{self, Write};

use wirenut::time::Duration;

use super::record::Record;
use super::watch::Watch;
use crate::printed::Columns;

const TITLES: [&str; 9] = ["#", "CLIENT", "SERVER", "STATES", "TIME", "PACKETS", "BYTES", "RTT", "UNUSUAL"];
/// Texts begin at the left, numbers end at the right.
const IS_TEXT: [bool; 9] = [false, true, true, true, false, false, false, false, true];
const GAP: &str = "  ";
/// An address and a port of version 4 always have room.
const MIN_END: usize = 21;

/// So much of the last column is worth shorter addresses.
const SEEN_UNUSUAL: usize = 20;

/// Writes the lines, of which none has more than `columns` characters. Where they are longer, the addresses are shortened first.
pub(super) fn write(output: &mut dyn Write, watch: &Watch, columns: Option<usize>) -> io::Result<()> {
    if watch.records.is_empty() {
        return Ok(());
    }
    let lines = |longest| {
        let records = watch.records.iter().zip(1..).map(move |(record, number)| cells(number, record, longest));
        core::iter::once(TITLES.map(str::to_owned)).chain(records)
    };
    let whole = Columns::of(lines(usize::MAX), IS_TEXT, GAP);
    let longest = columns.map_or(usize::MAX, |columns| longest_end(whole.widths(), columns));
    let table = Columns::of(lines(longest), IS_TEXT, GAP);
    for cells in lines(longest) {
        output.write_all(table.line(&cells, columns).as_bytes())?;
    }
    Ok(())
}

/// How long addresses may be, so that lines fit; of the last column, so many characters should be seen.
fn longest_end(widths: [usize; 9], columns: usize) -> usize {
    let [_, client, server, .., unusual] = widths;
    let width = widths.iter().sum::<usize>() + GAP.len() * (widths.len() - 1) - unusual + unusual.min(SEEN_UNUSUAL);
    let excess = width.saturating_sub(columns);
    // The longer column first, and then both.
    let (long, short) = (client.max(server), client.min(server));
    let of_long = excess.min(long - short);
    (long - of_long).saturating_sub((excess - of_long).div_ceil(2)).max(MIN_END)
}

fn cells(number: usize, record: &Record, longest: usize) -> [String; 9] {
    let (client, server) = (record.traffic.client, record.traffic.server);
    [
        number.to_string(),
        shortened(record.addresses.client.to_string(), longest),
        shortened(record.addresses.server.to_string(), longest),
        format!("{} {}{}", record.states.client, record.states.server, if record.is_whole { "" } else { " *" }),
        seconds(record.duration()),
        format!("{}/{}", client.packets, server.packets),
        format!("{}/{}", client.bytes, server.bytes),
        record.whole_round_trip().map_or("-".into(), millis),
        record.unusual(),
    ]
}

/// Without its middle, where it is longer: the network stands before it, and the port behind. An address is ASCII.
fn shortened(end: String, longest: usize) -> String {
    if end.len() <= longest {
        return end;
    }
    let kept = longest.saturating_sub(1);
    format!("{}…{}", &end[..kept / 2], &end[end.len() - kept.div_ceil(2)..])
}

/// `1.234s`.
pub(super) fn seconds(time: Duration) -> String {
    format!("{}.{:03}s", time.as_millis() / 1_000, time.as_millis() % 1_000)
}

/// `1.234ms`.
pub(super) fn millis(time: Duration) -> String {
    format!("{}.{:03}ms", time.as_micros() / 1_000, time.as_micros() % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_addresses_lose_their_middle() {
        for (end, longest, expected) in [
            ("10.0.0.1:80", 21, "10.0.0.1:80"),
            ("[2001:db8:1:2:3:4:5:6]:40000", 28, "[2001:db8:1:2:3:4:5:6]:40000"),
            ("[2001:db8:1:2:3:4:5:6]:40000", 21, "[2001:db8:…5:6]:40000"),
        ] {
            assert_eq!(shortened(end.into(), longest), expected);
        }
    }
}
