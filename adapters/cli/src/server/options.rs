//! What each server of this command is told: who serves a connection, and how the service lives.

use core::fmt;
use core::num::{NonZeroU32, NonZeroUsize};
use core::str::FromStr;
use std::path::PathBuf;
use std::thread;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, ValueEnum};
use wirenut::http::Network;
use wirenut::time::Duration;
use wirenut_server::{Config, Model, PollerKind, ProxyProtocol};

use super::combination::Combination;
use crate::listen::Place;

/// Who may connect to a path, if nothing else is said: this user.
const SOCKET_MODE: u32 = 0o600;

/// How many children there are at most under `--model forking`, threads under `threading` and `pre-threaded`.
const CHILDREN: NonZeroUsize = NonZeroUsize::new(256).unwrap();
const THREADS: NonZeroUsize = NonZeroUsize::new(1024).unwrap();
const MADE_THREADS: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// How long a connection is idle before it gives way to one that waits, where a thread serves one at a time.
const MIN_IDLE_OF_ONE: Duration = Duration::from_millis(50);

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
    fn model(&self, name: ModelName) -> Result<Model, Combination> {
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
    fn datagram_model(&self) -> Result<Model, Combination> {
        match (self.model, self.workers) {
            (Some(ModelName::Multiplexed), _) => Err(Combination::MultiplexedDatagrams),
            (Some(name), _) => self.model(name),
            (None, None) => Ok(Model::Iterative),
            (None, Some(_)) => self.model(ModelName::PreThreaded),
        }
    }

    fn check(&self) -> Result<(), Combination> {
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

/// How the service lives.
#[derive(Debug, Args)]
#[command(next_help_heading = "Life of the service")]
pub struct LifeOptions {
    /// Become this user once it listens: a name or a number, with the groups of that user, or with GROUP alone
    #[arg(long, value_name = "USER[:GROUP]")]
    pub user: Option<String>,
    /// Have this directory be the root of all paths once it listens and has opened its log; needs --user
    #[arg(long, value_name = "DIR")]
    pub chroot: Option<PathBuf>,
    /// For how long it goes on with what has begun, once it is told to end
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = str::parse::<Seconds>)]
    pub drain: Seconds,
    /// For how long before that it goes on as before, but for /health, which says 503: so that those who ask there send
    /// nobody any more
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = str::parse::<Seconds>)]
    pub drain_delay: Seconds,
    /// Serve /metrics (what it does, as text for Prometheus) and /health (503 since it is to end) there, too: a PLACE as of --listen
    #[arg(long, value_name = "PLACE", value_parser = OsStringValueParser::new().try_map(|text| Place::parse(&text)))]
    pub metrics: Option<Place>,
    /// Expect the PROXY protocol, version 1 or 2, from these addresses and networks, separated by commas; 'unix' is whoever
    /// comes over a Unix socket. The clients that they name are those of the log. From all others it is a bad request
    #[arg(long, value_name = "NETWORKS", value_delimiter = ',', value_parser = str::parse::<Proxies>)]
    pub proxy_protocol: Vec<Proxies>,
}

/// Peers that speak for their clients, as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxies {
    /// `127.0.0.1`, `10.0.0.0/8`: those with these addresses.
    Network(Network),
    /// `unix`: all that come over Unix sockets.
    Unix,
}

impl FromStr for Proxies {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text == "unix" {
            return Ok(Self::Unix);
        }
        let network = Network::parse(text.as_bytes()).map(Self::Network);
        network.map_err(|_error| "expected an address, a network or 'unix', such as 127.0.0.1 or 10.0.0.0/8")
    }
}

impl LifeOptions {
    fn proxy_protocol(&self) -> Option<ProxyProtocol> {
        if self.proxy_protocol.is_empty() {
            return None;
        }
        let networks = self.proxy_protocol.iter().filter_map(|proxies| match proxies {
            Proxies::Network(network) => Some(*network),
            Proxies::Unix => None,
        });
        // They are asked for as long as the program runs.
        let networks = networks.collect::<Vec<_>>().leak();
        let unix = self.proxy_protocol.contains(&Proxies::Unix);
        Some(ProxyProtocol { networks, unix, ..ProxyProtocol::DEFAULT })
    }
}

/// A time, as it is written: seconds, with a fraction down to milliseconds.
///
/// ```
/// use wirenut::time::Duration;
/// use wirenut_cli::server::Seconds;
/// assert_eq!("1.5".parse(), Ok(Seconds(Duration::from_millis(1500))));
/// assert!("-1".parse::<Seconds>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub Duration);

impl FromStr for Seconds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str, most| {
            let is_number = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u64>().ok().filter(|_| is_number)
        };
        // Up to eleven days.
        let milliseconds = digits(whole, 6).zip(digits(fraction, 3)).map(|(whole, part)| {
            let scale = [100, 10, 1][fraction.len() - 1];
            whole * 1000 + part * scale
        });
        let seconds = milliseconds.map(|milliseconds| Self(Duration::from_millis(milliseconds)));
        seconds.ok_or("expected seconds from 0 to 999999.999, such as 30 or 0.5")
    }
}

/// What every server is told.
#[derive(Debug, Args)]
pub struct ServerOptions {
    /// Who serves.
    #[command(flatten)]
    pub model: ModelOptions,
    /// How the service lives.
    #[command(flatten)]
    pub life: LifeOptions,
}

impl ServerOptions {
    /// Looks whether the options go together.
    ///
    /// # Errors
    /// The first that do not.
    pub fn check(&self) -> Result<(), Combination> {
        self.model.check()?;
        if self.life.chroot.is_some() && self.life.user.is_none() {
            return Err(Combination::RootOfRoot);
        }
        Ok(())
    }

    /// The same of who listens there.
    ///
    /// # Errors
    /// The first that do not.
    pub fn check_places(&self, places: &[Place]) -> Result<(), Combination> {
        let is_datagram = |place: &Place| matches!(place, Place::Datagram(_));
        if places.iter().any(is_datagram) {
            self.model.datagram_model()?;
        }
        if places.iter().all(is_datagram) {
            let of_streams = [
                ("--poller", self.model.poller.is_some()),
                ("--max-connections", self.model.max_connections.is_some()),
                ("--proxy-protocol", !self.life.proxy_protocol.is_empty()),
                ("--metrics", self.life.metrics.is_some()),
            ];
            if let Some((option, _)) = of_streams.into_iter().find(|(_, is_used)| *is_used) {
                return Err(Combination::OfStreams(option));
            }
        }
        self.check()
    }

    /// How servers run.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn config(&self) -> Result<Config, Combination> {
        self.check()?;
        let default = Config::DEFAULT;
        // Whoever serves one at a time lets nobody wait for long who might ask once more.
        let serves_one = matches!(self.model.name(), ModelName::Iterative | ModelName::PreThreaded);
        Ok(Config {
            min_idle: if serves_one { MIN_IDLE_OF_ONE } else { default.min_idle },
            model: self.model.model(self.model.name())?,
            poller: self.model.poller.unwrap_or(PollerName::Epoll).into(),
            max_connections: self.model.max_connections.map_or(default.max_connections, NonZeroU32::get),
            proxy_protocol: self.life.proxy_protocol(),
            drain_delay: self.life.drain_delay.0,
            drain: self.life.drain.0,
            ..default
        })
    }

    /// How servers of datagrams run.
    ///
    /// # Errors
    /// As of [`Self::check_places`].
    pub fn datagram_config(&self) -> Result<Config, Combination> {
        Ok(Config { model: self.model.datagram_model()?, drain: self.life.drain.0, ..Config::DEFAULT })
    }
}

/// The permissions of paths, which must be there.
///
/// # Errors
/// They are said, and no place is a path.
pub(crate) fn permissions(mode: Option<u32>, places: &[Place]) -> Result<u32, Combination> {
    use crate::listen::At;
    let is_path = |place: &Place| matches!(place, Place::Stream(At::Path(_)) | Place::Datagram(At::Path(_)));
    match mode {
        Some(_) if !places.iter().any(is_path) => Err(Combination::ModeWithoutPath),
        mode => Ok(mode.unwrap_or(SOCKET_MODE)),
    }
}

/// Reads permissions as chmod(1) does.
///
/// # Errors
/// What is expected.
pub(crate) fn socket_mode(text: &str) -> Result<u32, &'static str> {
    let is_octal = (3..=4).contains(&text.len()) && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| is_octal && *mode <= 0o777);
    mode.ok_or("expected permissions in octal digits, such as 0600 or 660")
}

fn workers(text: &str) -> Result<NonZeroUsize, &'static str> {
    let count = text.parse().ok().filter(|count: &NonZeroUsize| count.get() <= 1024);
    count.ok_or("expected a number of processes or threads from 1 to 1024")
}
