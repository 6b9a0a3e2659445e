//! What tshark says.

use alloc::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Command;

/// Both ends of a connection, each as `ADDRESS:PORT`, the smaller one first.
pub(super) type Ends = [String; 2];

pub(super) fn ends(one: String, other: String) -> Ends {
    if one < other { [one, other] } else { [other, one] }
}

/// The bits of `tcp.completeness`.
pub(super) const SYN: u32 = 1;
pub(super) const SYN_ACK: u32 = 2;
pub(super) const ACK: u32 = 4;
pub(super) const DATA: u32 = 8;
pub(super) const FIN: u32 = 16;
pub(super) const RST: u32 = 32;

/// A conversation.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) ends: Ends,
    pub(super) completeness: u32,
    /// How many of its segments have a SYN, or a RST.
    pub(super) segments: u32,
    pub(super) syns: u32,
    pub(super) resets: u32,
}

/// The conversations of a capture, by their numbers, and how many lines the table `-z conv,tcp` has.
///
/// # Errors
/// tshark cannot be started.
pub(super) fn streams(file: &Path) -> io::Result<(Vec<Stream>, usize)> {
    let mut command = Command::new("timeout");
    command.args(["60", "tshark", "-n", "-2", "-R", "tcp", "-z", "conv,tcp", "-T", "fields", "-E", "separator=,"]);
    for field in [
        "tcp.stream",
        "tcp.completeness",
        "ip.src",
        "ipv6.src",
        "tcp.srcport",
        "ip.dst",
        "ipv6.dst",
        "tcp.dstport",
        "tcp.flags",
    ] {
        command.args(["-e", field]);
    }
    let output = command.arg("-r").arg(file).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut streams = BTreeMap::new();
    for line in text.lines() {
        let Some((number, segment)) = segment(line) else { continue };
        let stream =
            streams.entry(number).or_insert_with(|| Stream { segments: 0, syns: 0, resets: 0, ..segment.clone() });
        stream.completeness |= segment.completeness;
        stream.segments += 1;
        stream.syns += segment.syns;
        stream.resets += segment.resets;
    }
    let rows = text.lines().filter(|line| line.contains("<->")).count();
    Ok((streams.into_values().collect(), rows))
}

/// A line: the stream's number, and what it says of it. Of packets in packets, fields have several values: the first counts.
fn segment(line: &str) -> Option<(u32, Stream)> {
    let fields: Vec<&str> = line.split(',').collect();
    let &[number, completeness, source4, source6, source_port, to4, to6, port, flags] = &fields[..] else {
        return None;
    };
    let end = |v4: &str, v6: &str, port: &str| {
        if v4.is_empty() { format!("[{v6}]:{port}") } else { format!("{v4}:{port}") }
    };
    let flags = u32::from_str_radix(flags.trim_start_matches("0x"), 16).ok()?;
    let stream = Stream {
        ends: ends(end(source4, source6, source_port), end(to4, to6, port)),
        completeness: completeness.parse().unwrap_or(0),
        segments: 1,
        syns: u32::from(flags & 2 != 0),
        resets: u32::from(flags & 4 != 0),
    };
    Some((number.parse().ok()?, stream))
}
