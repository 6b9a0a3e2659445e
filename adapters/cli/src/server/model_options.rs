//! Who serves a connection or a datagram.

use core::fmt;
use core::num::{NonZeroU32, NonZeroUsize};
use std::thread;

use clap::{Args, ValueEnum};
use wirenut_server::{Model, PollerKind};

use super::combination::Combination;

/// How many children there are at most under `--model forking`, threads under `threading` and `pre-threaded`.
const CHILDREN: NonZeroUsize = NonZeroUsize::new(256).unwrap();
const THREADS: NonZeroUsize = NonZeroUsize::new(1024).unwrap();
const MADE_THREADS: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// More descriptors than select(2) watches.
const SELECT_LIMIT: u32 = 1024;

const MODEL_HELP: &str = "\
Who serves a connection, or a datagram, at each place where it listens [default: multiplexed; for datagrams: iterative]";

const WORKERS_HELP: &str = "\
How many processes or threads there are, for each place where it listens

  multiplexed, pre-forked   so many are made [default: one for each core]
  pre-threaded              so many are made, and each serves one connection at a time [default: 64]
  forking                   so many children at most, one for each connection [default: 256]
  threading                 so many threads at most, one for each connection [default: 1024]
  iterative                 there is one";

const CONNECTIONS_HELP: &str = "\
How many connections there may be at a time, at each place where it listens [default: 10000]

Idle ones give way to new ones then, and the others wait. It is for multiplexed and pre-forked: under the other models, \
--workers says how many there may be.";

/// Who serves.
#[derive(Debug, Args)]
#[command(next_help_heading = "Who serves")]
pub struct ModelOptions {
    /// Who serves a connection, or a datagram [default: multiplexed; for datagrams: iterative]
    #[arg(long, value_enum, value_name = "MODEL", long_help = MODEL_HELP)]
    pub model: Option<ModelName>,
    /// How many processes or threads there are [default: one for each core, or as the model needs]
    #[arg(long, value_name = "COUNT", value_parser = workers, long_help = WORKERS_HELP)]
    pub workers: Option<NonZeroUsize>,
    /// How many connections there may be at a time [default: 10000]
    #[arg(long, value_name = "COUNT", long_help = CONNECTIONS_HELP)]
    pub max_connections: Option<NonZeroU32>,
    /// What waits until a socket is ready [default: epoll]
    #[arg(long, value_enum, value_name = "POLLER")]
    pub poller: Option<PollerName>,
}

/// One of the models of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModelName {
    /// One connection at a time; an idle one gives way
    Iterative,
    /// A process for each connection
    Forking,
    /// A thread for each connection
    Threading,
    /// Some processes, made at the start and again when they die; each serves many connections
    PreForked,
    /// Some threads, made at the start; each serves one connection at a time
    PreThreaded,
    /// Some threads, made at the start; each serves many connections
    Multiplexed,
}

impl ModelName {
    /// Its processes are made by fork(2), which a program must not call once it has threads.
    #[must_use]
    pub const fn forks(self) -> bool {
        matches!(self, Self::Forking | Self::PreForked)
    }

    /// Each process or thread serves many connections at a time.
    pub(super) const fn multiplexes(self) -> bool {
        matches!(self, Self::PreForked | Self::Multiplexed)
    }
}

/// As it is written on the command line.
impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Iterative => "iterative",
            Self::Forking => "forking",
            Self::Threading => "threading",
            Self::PreForked => "pre-forked",
            Self::PreThreaded => "pre-threaded",
            Self::Multiplexed => "multiplexed",
        })
    }
}

/// One of the system's ways to wait for several sockets at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PollerName {
    /// For many connections
    Epoll,
    /// For a few
    Poll,
    /// For descriptors below 1024
    Select,
}

impl From<PollerName> for PollerKind {
    fn from(name: PollerName) -> Self {
        match name {
            PollerName::Epoll => Self::Epoll,
            PollerName::Poll => Self::Poll,
            PollerName::Select => Self::Select,
        }
    }
}

impl ModelOptions {
    /// The model of connections.
    #[must_use]
    pub fn name(&self) -> ModelName {
        self.model.unwrap_or(ModelName::Multiplexed)
    }

    /// A model with its numbers.
    ///
    /// # Errors
    /// Options that contradict each other.
    pub(super) fn model(&self, name: ModelName) -> Result<Model, Combination> {
        let cores = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let workers = self.workers;
        Ok(match name {
            ModelName::Iterative if workers.is_some() => return Err(Combination::WorkersOfIterative),
            ModelName::Iterative => Model::Iterative,
            ModelName::Forking => Model::Forking { children: workers.unwrap_or(CHILDREN) },
            ModelName::Threading => Model::Threading { threads: workers.unwrap_or(THREADS) },
            ModelName::PreForked => Model::PreForked { workers: workers.unwrap_or_else(cores) },
            ModelName::PreThreaded => Model::PreThreaded { workers: workers.unwrap_or(MADE_THREADS) },
            ModelName::Multiplexed => Model::Multiplexed { workers: workers.unwrap_or_else(cores) },
        })
    }

    /// That of datagrams. Several threads may take turns where their number was said, and no model.
    pub(super) fn datagram_model(&self) -> Result<Model, Combination> {
        match (self.model, self.workers) {
            (Some(ModelName::Multiplexed), _) => Err(Combination::MultiplexedDatagrams),
            (Some(name), _) => self.model(name),
            (None, None) => Ok(Model::Iterative),
            (None, Some(_)) => self.model(ModelName::PreThreaded),
        }
    }

    pub(super) fn check(&self) -> Result<(), Combination> {
        let name = self.name();
        if self.poller.is_some() && matches!(name, ModelName::Forking | ModelName::Threading) {
            return Err(Combination::PollerOfOne(name));
        }
        match self.max_connections {
            Some(_) if !name.multiplexes() => Err(Combination::ConnectionsOfOne(name)),
            Some(most) if self.poller == Some(PollerName::Select) && most.get() >= SELECT_LIMIT => {
                Err(Combination::ConnectionsOfSelect(most))
            }
            _ => self.model(name).map(drop),
        }
    }
}

fn workers(text: &str) -> Result<NonZeroUsize, &'static str> {
    let count = text.parse().ok().filter(|count: &NonZeroUsize| count.get() <= 1024);
    count.ok_or("expected a number of processes or threads from 1 to 1024")
}
