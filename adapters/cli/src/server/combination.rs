//! Options that contradict each other: which, and why.

use core::error::Error;
use core::fmt;
use core::num::NonZeroU32;

use super::model_options::ModelName;
use crate::frame::InvalidFraming;

/// Options that cannot be used together. Its `Display` is a line for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Combination {
    /// `--workers` for a model that has one.
    WorkersOfIterative,
    /// `--max-connections` for a model in which each process or thread serves one connection.
    ConnectionsOfOne(ModelName),
    /// More connections than there are descriptors for `--poller select`.
    ConnectionsOfSelect(NonZeroU32),
    /// `--poller` for a model in which a connection is waited for alone.
    PollerOfOne(ModelName),
    /// `--model multiplexed` for datagrams.
    MultiplexedDatagrams,
    /// An option that is about connections, for datagrams alone.
    OfStreams(&'static str),
    /// `--socket-mode` without a path.
    ModeWithoutPath,
    /// `--chroot` for a process that stays root.
    RootOfRoot,
    /// An option for a capture of an interface, for a file.
    OfInterface(&'static str),
    /// An option of drawings, where nothing is drawn.
    OfDrawings(&'static str),
    /// Another output than the picture, where the picture goes to standard output.
    PictureAlone(&'static str),
    /// `--only` and a number for `--timeline`.
    NumberTwice,
    /// Options of `wirenut get`: what is wrong with them.
    Get(&'static str),
    /// Options of `wirenut frame`.
    Framing(InvalidFraming),
}

impl fmt::Display for Combination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WorkersOfIterative => {
                f.write_str("--workers cannot be used with --model iterative: it serves one connection at a time")
            }
            Self::ConnectionsOfOne(ModelName::Iterative) => f.write_str(
                "--max-connections cannot be used with --model iterative: it serves one connection at a time",
            ),
            Self::ConnectionsOfOne(model) => write!(
                f,
                "--max-connections cannot be used with --model {model}: each process or thread serves one connection, \
                 so --workers says how many there may be"
            ),
            Self::ConnectionsOfSelect(count) => write!(
                f,
                "--max-connections {count} cannot be used with --poller select: it watches descriptors below 1024 only"
            ),
            Self::PollerOfOne(model) => write!(
                f,
                "--poller cannot be used with --model {model}: each connection is waited for alone, by poll(2)"
            ),
            Self::MultiplexedDatagrams => f.write_str(
                "--model multiplexed cannot be used with datagrams: each is done when it is answered, and there is nothing to wait \
                 for beside it",
            ),
            Self::OfStreams(option) => write!(f, "{option} cannot be used with datagrams alone: they have no connections"),
            Self::ModeWithoutPath => {
                f.write_str("--socket-mode cannot be used without --listen unix:PATH: only paths have permissions")
            }
            Self::OfInterface(option) => {
                write!(f, "{option} cannot be used without --interface NAME: it is not for files")
            }
            Self::OfDrawings(option) => {
                write!(f, "{option} cannot be used without --timeline or --svg: it says what they draw")
            }
            Self::PictureAlone(option) => {
                write!(f, "{option} cannot be used with --svg -: standard output takes one of both; give --svg a file")
            }
            Self::NumberTwice => {
                f.write_str("--only cannot be used with --timeline=NUMBER: both say which connection to draw")
            }
            Self::RootOfRoot => {
                f.write_str("--chroot cannot be used without --user: who stays root finds a way out of it")
            }
            Self::Get(what) => f.write_str(what),
            Self::Framing(invalid) => invalid.fmt(f),
        }
    }
}

impl Error for Combination {}
