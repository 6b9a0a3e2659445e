//! The comparison.

use alloc::collections::BTreeMap;
use core::fmt;
use std::io;
use std::path::Path;

use super::ours::{Connection, Programs, Trace, trace};
use super::reasons::{Expected, of_count, of_states};
use super::theirs::{Ends, Stream, streams};

/// What was found in all captures.
#[derive(Clone, Debug, Default)]
pub struct Report {
    files: u64,
    packets: u64,
    segments: u64,
    connections: u64,
    streams: u64,
    rows: u64,
    damaged: u64,
    slowest: f64,
    /// Connections of which both ends' states were looked at, and those that are as expected.
    compared: u64,
    agreeing: u64,
    /// By what is expected, and the states of both ends.
    states: BTreeMap<(Expected, String), u64>,
    differences: BTreeMap<String, Vec<String>>,
    failures: Vec<String>,
}

impl Report {
    /// Reads one more capture by both.
    ///
    /// # Errors
    /// A program cannot be started.
    pub fn add(&mut self, programs: &Programs, file: &Path) -> io::Result<()> {
        self.files += 1;
        let ours = match trace(programs, file)? {
            Ok(trace) => trace,
            Err(why) => {
                self.failures.push(format!("{}: wirenut trace: {why}", file.display()));
                return Ok(());
            }
        };
        let (streams, rows) = streams(file)?;
        self.packets += ours.packets;
        self.segments += ours.segments;
        self.connections += ours.connections.len() as u64;
        self.streams += streams.len() as u64;
        self.rows += rows as u64;
        self.damaged += u64::from(ours.damage.is_some());
        self.slowest = self.slowest.max(ours.seconds);
        self.compare(file, &ours, &streams);
        Ok(())
    }

    /// Has each difference a reason, and did all end well?
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.failures.is_empty() && !self.differences.contains_key(UNEXPLAINED)
    }

    fn compare(&mut self, file: &Path, trace: &Trace, streams: &[Stream]) {
        let mut pairs: BTreeMap<&Ends, (Vec<&Stream>, Vec<&Connection>)> = BTreeMap::new();
        streams.iter().for_each(|stream| pairs.entry(&stream.ends).or_default().0.push(stream));
        trace.connections.iter().for_each(|one| pairs.entry(&one.ends).or_default().1.push(one));
        for (ends, (streams, connections)) in pairs {
            if streams.len() != connections.len() {
                let why = of_count(&streams, &connections, trace);
                let counts = format!("we list {}, tshark {}", connections.len(), streams.len());
                self.differ(why, file, ends, &counts);
                continue;
            }
            for (stream, connection) in streams.into_iter().zip(connections) {
                self.states_of(file, stream, connection);
            }
        }
    }

    fn states_of(&mut self, file: &Path, stream: &Stream, connection: &Connection) {
        let expected = Expected::of(stream.completeness);
        let states = connection.states.join(" ");
        self.compared += 1;
        *self.states.entry((expected, states.clone())).or_default() += 1;
        if expected.fits(&connection.states) {
            self.agreeing += 1;
            return;
        }
        let details = format!("{states}, completeness {}", stream.completeness);
        self.differ(of_states(expected, stream, connection), file, &connection.ends, &details);
    }

    fn differ(&mut self, why: Option<&str>, file: &Path, ends: &Ends, details: &str) {
        let line = format!("{}: {} {}: {details}", file.display(), ends[0], ends[1]);
        self.differences.entry(why.unwrap_or(UNEXPLAINED).to_owned()).or_default().push(line);
    }
}

const UNEXPLAINED: &str = "WITHOUT A REASON";

impl fmt::Display for Report {
    /// With `#`, each difference is named.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { files, packets, segments, connections, streams, rows, damaged, compared, agreeing, .. } = self;
        writeln!(f, "{files} captures, {damaged} of them damaged: {packets} packets, {segments} segments of TCP")?;
        writeln!(f, "slowest: {:.2} s", self.slowest)?;
        writeln!(f, "connections: {connections}; tshark: {streams} streams, {rows} rows of conv,tcp")?;
        writeln!(f, "states as tcp.completeness lets expect: {agreeing} of {compared}")?;
        for ((expected, states), count) in &self.states {
            writeln!(f, "    {:<10}{states:<26}{count:>6}", format!("{expected:?}"))?;
        }
        for (why, lines) in &self.differences {
            writeln!(f, "{:>5}  {why}", lines.len())?;
            if f.alternate() || why == UNEXPLAINED {
                lines.iter().try_for_each(|line| writeln!(f, "           {line}"))?;
            }
        }
        self.failures.iter().try_for_each(|line| writeln!(f, "FAILED  {line}"))
    }
}
