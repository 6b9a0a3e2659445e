//! What a server is told before it runs.

use wirenut::http::Limits;
use wirenut::readiness::{Policy, WhenFull};
use wirenut::time::Duration;

use crate::model::Model;
use crate::proxy_protocol::ProxyProtocol;
use crate::watcher::PollerKind;

/// How a [`Server`](crate::Server) runs.
///
/// ```
/// use wirenut_server::Config;
/// const SMALL: Config = Config { max_connections: 100, ..Config::DEFAULT };
/// assert_eq!(SMALL.limits, Config::DEFAULT.limits);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// Who serves a connection: by default one thread all of them.
    ///
    /// Default: `Model::DEFAULT`.
    pub model: Model,
    /// How connections are waited for, where one thread serves several.
    ///
    /// Default: `PollerKind::Epoll`.
    pub poller: PollerKind,
    /// The bounds that each connection keeps.
    ///
    /// Default: `Limits::DEFAULT`.
    pub limits: Limits,
    /// How many connections there may be at a time, on all threads together. The system may allow fewer: each is a
    /// descriptor ([`raise_descriptor_limit`](wirenut_linux::raise_descriptor_limit)), and some of these are left to the service: a
    /// sixteenth of the limit, 32 at most.
    ///
    /// Default: `10_000`.
    pub max_connections: u32,
    /// When there is room for no more, close the connection that has been idle for longest, or whose head does not come:
    /// those of [`Self::min_idle`] and [`Self::min_head`]. Who has all that it asked for, and does not close, goes first.
    ///
    /// Default: `true`.
    pub evict_idle: bool,
    /// How long a connection must have been idle to be closed for another one.
    ///
    /// Default: `Duration::from_secs(1)`.
    pub min_idle: Duration,
    /// How long a connection must have sent a part of a head, and not the rest, to be closed for another one (after a 408); or
    /// nothing since it was accepted.
    ///
    /// Default: `Duration::from_secs(2)`.
    pub min_head: Duration,
    /// What happens to the next one when there are as many as there may be, and nobody gives way. Where it is the system
    /// that allows no more, it waits.
    ///
    /// Default: `WhenFull::Queue`.
    pub when_full: WhenFull,
    /// For how long a server that was told to stop goes on before its [drain](Self::drain), so that whoever distributes requests
    /// among several servers has the time to notice: [`/health`](crate::Metrics::service) says that it ends, new connections are
    /// accepted, and every answer over HTTP says that it is the last one of its connection (`Connection: close`). So those who
    /// keep connections, and may use them at any moment, give them up themselves. The drain begins at once when the server is told
    /// so once more, by [`Stopper::stop`](crate::Stopper::stop) or a second signal.
    ///
    /// A connection that is closed while a request is on its way loses that request. What is idle for all of this time is closed
    /// then: a proxy whose idle connections live shorter loses nothing.
    ///
    /// Default: `Duration::from_secs(0)`.
    pub drain_delay: Duration,
    /// For how long a server that was told to stop goes on to answer what has come by then.
    ///
    /// Default: `Duration::from_secs(30)`.
    pub drain: Duration,
    /// Which peers are proxies that pass clients on by the PROXY protocol. `None`: no peer is.
    ///
    /// Default: `None`.
    pub proxy_protocol: Option<ProxyProtocol>,
    /// For how long a [handler](crate::handler) that blocks waits for bytes of its peer; `None`: for ever. What HTTP waits for
    /// is in [`Self::limits`].
    ///
    /// Default: `Some(Duration::from_secs(60))`.
    pub read_timeout: Option<Duration>,
    /// For how long it waits until its peer takes some.
    ///
    /// Default: `Some(Duration::from_secs(60))`.
    pub write_timeout: Option<Duration>,
    /// How long a datagram may be for a [server of datagrams](crate::datagram): one that is longer is thrown away, and told. All
    /// of UDP fits into the default.
    ///
    /// Default: `65_536`.
    pub max_datagram: usize,
    /// How many connections may wait to be accepted. The system has its own bound (`net.core.somaxconn`).
    ///
    /// Default: `4_096`.
    pub backlog: u32,
}

impl Config {
    /// Sane values for a server on a machine with memory to spare.
    pub const DEFAULT: Self = Self {
        model: Model::DEFAULT,
        poller: PollerKind::Epoll,
        limits: Limits::DEFAULT,
        max_connections: 10_000,
        evict_idle: true,
        min_idle: Duration::from_secs(1),
        min_head: Duration::from_secs(2),
        when_full: WhenFull::Queue,
        drain_delay: Duration::from_secs(0),
        drain: Duration::from_secs(30),
        proxy_protocol: None,
        read_timeout: Some(Duration::from_secs(60)),
        write_timeout: Some(Duration::from_secs(60)),
        max_datagram: 65_536,
        backlog: 4_096,
    };
}

impl Config {
    pub(crate) const fn policy(&self) -> Policy {
        Policy {
            slots: self.max_connections,
            evict_idle: self.evict_idle,
            min_idle: self.min_idle,
            min_head: self.min_head,
            when_full: self.when_full,
            ..Policy::DEFAULT
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::DEFAULT
    }
}
