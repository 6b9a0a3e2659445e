//! The table of connections: a line for each, in the order of their first packets.

use core::fmt::{self, Write as _};
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

/// The texts of a line.
type Cells = [String; 9];

/// Writes the lines, of which none has more than `columns` characters. Where they are longer, the addresses are shortened first.
pub(super) fn write(output: &mut dyn Write, watch: &Watch, columns: Option<usize>) -> io::Result<()> {
    if watch.records.is_empty() {
        return Ok(());
    }
    let whole = columns_of(watch, usize::MAX);
    let longest = columns.map_or(usize::MAX, |columns| longest_end(whole.widths(), columns));
    let table = if longest == usize::MAX { whole } else { columns_of(watch, longest) };
    let mut line = String::new();
    table.line(&TITLES.map(str::to_owned), columns, &mut line);
    let mut cells = Cells::default();
    for (record, number) in watch.records.iter().zip(1..) {
        output.write_all(line.as_bytes())?;
        line.clear();
        fill(&mut cells, number, record, longest);
        table.line(&cells, columns, &mut line);
    }
    output.write_all(line.as_bytes())
}

/// Wide enough for all lines.
fn columns_of(watch: &Watch, longest: usize) -> Columns<9> {
    let mut table = Columns::new(IS_TEXT, GAP);
    table.widen(&TITLES.map(str::to_owned));
    let mut cells = Cells::default();
    for (record, number) in watch.records.iter().zip(1..) {
        fill(&mut cells, number, record, longest);
        table.widen(&cells);
    }
    table
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

/// What a line shows of a connection. The texts before are replaced: there may be many lines.
fn fill(cells: &mut Cells, number: usize, record: &Record, longest: usize) {
    cells.iter_mut().for_each(String::clear);
    let [place, client, server, states, time, packets, bytes, round_trip, unusual] = cells;
    let (of_client, of_server) = (record.traffic.client, record.traffic.server);
    let beginning = if record.is_whole { "" } else { " *" };
    append(place, format_args!("{number}"));
    append(client, format_args!("{}", record.addresses.client));
    append(server, format_args!("{}", record.addresses.server));
    shorten(client, longest);
    shorten(server, longest);
    append(states, format_args!("{} {}{beginning}", record.states.client, record.states.server));
    append(packets, format_args!("{}/{}", of_client.packets, of_server.packets));
    append(bytes, format_args!("{}/{}", of_client.bytes, of_server.bytes));
    time.push_str(&seconds(record.duration()));
    round_trip.push_str(&record.whole_round_trip().map_or("-".into(), millis));
    unusual.push_str(&record.unusual());
}

fn append(cell: &mut String, what: fmt::Arguments<'_>) {
    // A text takes everything.
    let _ = cell.write_fmt(what);
}

/// Takes the middle out, where an address is longer: the network stands before it, and the port behind. It is ASCII.
fn shorten(end: &mut String, longest: usize) {
    if end.len() > longest {
        let kept = longest.saturating_sub(1);
        end.replace_range(kept / 2..end.len() - kept.div_ceil(2), "…");
    }
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
            let mut shown = String::from(end);
            shorten(&mut shown, longest);
            assert_eq!(shown, expected);
        }
    }
}
