//! The command line of `wirenut trace`.

use core::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::server::Combination;

/// The arguments of `wirenut trace`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut trace capture.pcapng                 a table of all connections
  wirenut trace --timeline=3 capture.pcapng    every segment of the third one
  wirenut trace --svg 3.svg --only 3 capture.pcapng
                                               the same as a picture
  wirenut trace --interface lo --port 8080     what passes now, until Ctrl-C
  tcpdump -w - -c 100 | wirenut trace -        what tcpdump captures")]
pub struct TraceArguments {
    /// The capture; - is standard input
    #[arg(value_name = "FILE", required_unless_present = "interface", conflicts_with = "interface")]
    pub file: Option<PathBuf>,
    /// Follow what passes this interface (lo, for example; any: all of them) from now on, until Ctrl-C; this needs the
    /// capability CAP_NET_RAW
    #[arg(long, value_name = "NAME", help_heading = "Live capture")]
    pub interface: Option<String>,
    /// Follow packets from and to this port alone; of an interface, the kernel gives no others
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// End after so many seconds
    #[arg(long, value_name = "COUNT", help_heading = "Live capture", value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: Option<u64>,
    /// End after so many packets
    #[arg(long, value_name = "COUNT", help_heading = "Live capture", value_parser = clap::value_parser!(u64).range(1..))]
    pub packets: Option<u64>,
    /// Keep what is captured in this file, as pcap
    #[arg(long, value_name = "FILE", help_heading = "Live capture")]
    pub write: Option<PathBuf>,
    /// Draw each connection: segments as arrows, the states of both ends where they change, messages of HTTP/1 by their
    /// first line, and behind a '!' what is unusual; with a number, only the connection of that number
    #[arg(long, value_name = "NUMBER", num_args = 0..=1, require_equals = true, value_parser = number,
          help_heading = "Drawings")]
    pub timeline: Option<Option<usize>>,
    /// Draw the same as a picture, into this file (- is standard output, in place of the table)
    #[arg(long, value_name = "FILE", help_heading = "Drawings")]
    pub svg: Option<PathBuf>,
    /// Draw only the connection of this number, which the table shows
    #[arg(long, value_name = "NUMBER", help_heading = "Drawings", value_parser = number)]
    pub only: Option<usize>,
    /// Draw so many segments at most, the first ones
    /// [default: 10000]
    #[arg(long, value_name = "COUNT", help_heading = "Drawings", value_parser = segments)]
    pub limit: Option<NonZeroUsize>,
    /// Print one object of JSON
    #[arg(long, conflicts_with = "timeline")]
    pub json: bool,
    /// How many connections are listed at most, and followed at a time (65536 at least)
    #[arg(long, value_name = "COUNT", default_value = "100000", value_parser = connections)]
    pub connections: NonZeroUsize,
}

impl TraceArguments {
    /// Looks whether the options go together.
    ///
    /// # Errors
    /// The first that do not.
    pub(crate) fn check(&self) -> Result<(), Combination> {
        // `requires` of clap does not hold where FILE, which conflicts with --interface, is given.
        let live = [
            ("--seconds", self.seconds.is_some()),
            ("--packets", self.packets.is_some()),
            ("--write", self.write.is_some()),
        ];
        if let Some((option, _)) = live.iter().find(|(_, is_given)| *is_given && self.interface.is_none()) {
            return Err(Combination::OfInterface(option));
        }
        let of_drawings = [("--only", self.only.is_some()), ("--limit", self.limit.is_some())];
        let draws = self.timeline.is_some() || self.svg.is_some();
        if let Some((option, _)) = of_drawings.into_iter().find(|(_, is_given)| *is_given && !draws) {
            return Err(Combination::OfDrawings(option));
        }
        if self.svg.as_deref() == Some(Path::new("-")) {
            let others = [("--json", self.json), ("--timeline", self.timeline.is_some())];
            if let Some((option, _)) = others.into_iter().find(|(_, is_given)| *is_given) {
                return Err(Combination::PictureAlone(option));
            }
        }
        let is_twice = self.only.is_some() && matches!(self.timeline, Some(Some(_)));
        if is_twice { Err(Combination::NumberTwice) } else { Ok(()) }
    }
}

fn number(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|number| *number > 0).ok_or("expected the number of a connection, from 1")
}

fn segments(text: &str) -> Result<NonZeroUsize, &'static str> {
    let count = text.parse().ok().filter(|count: &NonZeroUsize| count.get() <= 1_000_000);
    count.ok_or("expected a number of segments from 1 to 1000000")
}

fn connections(text: &str) -> Result<NonZeroUsize, &'static str> {
    let count = text.parse().ok().filter(|count: &NonZeroUsize| count.get() <= 10_000_000);
    count.ok_or("expected a number of connections from 1 to 10000000")
}
