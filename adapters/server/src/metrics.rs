//! What a server does, for whoever watches it while it runs.

use alloc::vec;
use core::convert::Infallible;
use core::fmt;

use wirenut::http::Status;
use wirenut::http::service::{Service, routes};

use crate::board::Board;
use crate::prometheus;
use crate::report::Report;

/// What a server does, read while it runs, by any thread of any of its processes. Made by
/// [`Server::metrics`](crate::Server::metrics).
///
/// To read costs the server nothing: it counts in memory that all share, each of its threads and processes in a place of its
/// own.
///
/// ```
/// use wirenut_server::{Config, Server};
/// let server = Server::bind("127.0.0.1:0", Config::DEFAULT)?;
/// let metrics = server.metrics();
/// assert_eq!((metrics.read().accepted, metrics.is_ending()), (0, false));
/// server.stopper().stop();
/// assert!(metrics.is_ending());
/// # Ok::<(), wirenut_server::Error>(())
/// ```
///
/// Those of several servers can be collected into one, which tells their sums:
///
/// ```
/// use wirenut_server::{Config, Metrics, Server};
/// let servers = [Server::bind("127.0.0.1:0", Config::DEFAULT)?, Server::bind("127.0.0.1:0", Config::DEFAULT)?];
/// let metrics: Metrics = servers.iter().map(Server::metrics).collect();
/// servers[1].stopper().stop();
/// assert!(metrics.is_ending(), "one of them");
/// # Ok::<(), wirenut_server::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Metrics(Vec<Board>);

impl From<Board> for Metrics {
    fn from(board: Board) -> Self {
        Self(vec![board])
    }
}

/// Those of all these servers.
impl FromIterator<Metrics> for Metrics {
    fn from_iter<I: IntoIterator<Item = Self>>(all: I) -> Self {
        Self(all.into_iter().flat_map(|metrics| metrics.0).collect())
    }
}

impl Metrics {
    /// What the server has done so far.
    #[must_use]
    pub fn read(&self) -> Report {
        self.0.iter().fold(Report::default(), Report::and)
    }

    /// Was the server told to end? So since [`Stopper::stop`](crate::Stopper::stop) or the first signal, and thus also during
    /// [`Config::drain_delay`](crate::Config::drain_delay).
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.0.iter().any(Board::is_ending)
    }

    /// Writes all of it in the text format of Prometheus, version 0.0.4 ([`Self::CONTENT_TYPE`]): the numbers of [`Report`],
    /// and whether the server ends, under names that begin with `wirenut_`.
    ///
    /// ```
    /// use wirenut_server::{Config, Server};
    /// let mut text = String::new();
    /// Server::bind("127.0.0.1:0", Config::DEFAULT)?.metrics().write_prometheus(&mut text)?;
    /// assert!(text.contains("# TYPE wirenut_requests_total counter\nwirenut_requests_total{code=\"1xx\"} 0\n"), "{text}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_prometheus(&self, out: &mut impl fmt::Write) -> fmt::Result {
        prometheus::write(&self.read(), self.is_ending(), out)
    }

    /// What [`Self::write_prometheus`] writes, as the field Content-Type says it.
    pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

    /// A service that tells all of it: at `/metrics` what [`Self::write_prometheus`] writes, and at `/health` whether new
    /// requests should come here: 200, and 503 since the server was [told to end](Self::is_ending). To be run by a second
    /// server, at an address that is not public.
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::net::TcpStream;
    /// use wirenut_server::{Config, Server};
    /// let (server, monitor) = (Server::bind("127.0.0.1:0", Config::DEFAULT)?, Server::bind("127.0.0.1:0", Config::DEFAULT)?);
    /// let (metrics, address, stopper) = (server.metrics(), monitor.local_addr().unwrap(), monitor.stopper());
    /// std::thread::scope(|scope| {
    ///     let running = scope.spawn(|| monitor.run(&metrics.service()));
    ///     let health = || -> std::io::Result<String> {
    ///         let mut client = TcpStream::connect(address)?;
    ///         client.write_all(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
    ///         let mut answer = String::new();
    ///         client.read_to_string(&mut answer)?;
    ///         Ok(answer)
    ///     };
    ///     let before = health();
    ///     server.stopper().stop();
    ///     let after = health();
    ///     stopper.stop();
    ///     running.join().unwrap()?;
    ///     assert!(before?.starts_with("HTTP/1.1 200 OK\r\n"));
    ///     assert!(after?.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    ///     Ok::<(), Box<dyn std::error::Error>>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn service(&self) -> impl Service<Source = Infallible> + Sync {
        routes!(
            self,
            get("/metrics", |metrics, _, responder| {
                let mut text = String::new();
                // A string takes all that is written to it.
                let _ = metrics.write_prometheus(&mut text);
                responder.send_all(Status::OK, Self::CONTENT_TYPE, text)
            }),
            get("/health", |metrics, _, responder| {
                let (status, text) =
                    if metrics.is_ending() { (Status::SERVICE_UNAVAILABLE, "ending\n") } else { (Status::OK, "ok\n") };
                responder.send_all(status, "text/plain", text)
            })
        )
    }
}
