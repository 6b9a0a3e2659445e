//! What a user sees: listen, run, stop.

use alloc::sync::Arc;
use core::fmt;
use core::net::SocketAddr;
use std::io;
use std::net::{TcpListener, ToSocketAddrs};

use wirenut::service::Service;

use crate::config::Config;
use crate::error::Error;
use crate::sys::signal::{self, Signals};
use crate::sys::socket;
use crate::transfer::Transfer;
use crate::wake::{Mailbox, Stopper};
use crate::worker::Worker;

/// A server on one thread: it listens since it was [bound](Self::bind), and answers while it [runs](Self::run).
///
/// See the [crate] for an example.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    config: Config,
    mailbox: Arc<Mailbox>,
    signals: Option<&'static Signals>,
}

impl Server {
    /// Listens on an address; port 0 lets the system choose one. Connections wait until [`Self::run`].
    ///
    /// ```
    /// use wirenut_linux::{Config, Server};
    /// let server = Server::bind("127.0.0.1:0", Config::DEFAULT)?;
    /// assert_ne!(server.local_addr().port(), 0);
    ///
    /// let error = Server::bind(server.local_addr(), Config::DEFAULT).unwrap_err();
    /// assert!(error.to_string().starts_with("cannot listen on 127.0.0.1:"), "{error}");
    /// # Ok::<(), wirenut_linux::BindError>(())
    /// ```
    ///
    /// # Errors
    /// [`BindError`], which says what could not be done, with which address, and why.
    pub fn bind(address: impl ToSocketAddrs + fmt::Debug, config: Config) -> Result<Self, BindError> {
        let failed = |source| BindError { address: format!("{address:?}").trim_matches('"').to_owned(), source };
        let listen = || {
            let listener = TcpListener::bind(&address)?;
            socket::listen(&listener, config.backlog)?;
            socket::set_no_delay(&listener)?;
            listener.set_nonblocking(true)?;
            let (address, mailbox) = (listener.local_addr()?, Arc::new(Mailbox::new()?));
            Ok(Self { listener, address, config, mailbox, signals: None })
        };
        listen().map_err(failed)
    }

    /// Where it listens: with the port that the system chose, where that was asked for.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What stops it, from any thread, before it runs or while it does.
    ///
    /// ```
    /// # use wirenut::{http::{Head, WriteError}, service::{Answer, Service, Step}};
    /// # struct Hello;
    /// # impl Service for Hello {
    /// #     type Exchange = ();
    /// #     type Source = core::convert::Infallible;
    /// #     fn request(&self, _: &Head<'_>, _: &mut Answer<'_>) -> Result<((), Step), WriteError> {
    /// #         Ok(((), Step::Abort))
    /// #     }
    /// # }
    /// use wirenut_linux::{Config, Server};
    /// let server = Server::bind("127.0.0.1:0", Config::DEFAULT)?;
    /// let stopper = server.stopper();
    /// let running = std::thread::spawn(move || server.run(&Hello));
    /// stopper.stop();
    /// let report = running.join().unwrap()?;
    /// assert_eq!(report.accepted, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper { mailbox: Arc::clone(&self.mailbox) }
    }

    /// From now on SIGTERM and SIGINT do not end the process, but stop this server gracefully; the second of them stops
    /// it at once. They are the whole process's: every server that asked for them stops, also one that runs later.
    ///
    /// # Errors
    /// The system has no descriptor left, or forbids it.
    pub fn stop_on_signals(&mut self) -> io::Result<()> {
        self.signals = Some(signal::catch()?);
        Ok(())
    }

    /// Answers requests by the service, on this thread, until it is told to stop ([`Self::stopper`],
    /// [`Self::stop_on_signals`]) and all connections have ended.
    ///
    /// # Errors
    /// [`RunError`], only where the system has no resources to begin with, or is broken. What happens on a connection
    /// is logged, and ends that connection at most.
    pub fn run<S>(self, service: &S) -> Result<Report, RunError>
    where
        S: Service + ?Sized,
        S::Source: Transfer,
    {
        Worker::new(service, self.config, self.listener, self.mailbox, self.signals)?.run()
    }
}

/// What a server did, from its start to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Connections that were taken in.
    pub accepted: u64,
    /// Connections that were answered 503, because all places were taken.
    pub refused: u64,
    /// Idle connections that were closed to make room.
    pub evicted: u64,
    /// Connections that were cut because they did not end within [`Config::drain`].
    pub cut: u64,
}

/// Why a server could not listen, in one line.
#[derive(Debug)]
pub struct BindError {
    address: String,
    source: io::Error,
}

impl BindError {
    /// What the system said.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen on {}: {}", self.address, self.source)
    }
}

// The line says all, so there is no source that a caller would print a second time.
impl core::error::Error for BindError {}

/// Why a server could not go on, in one line.
#[derive(Debug)]
pub struct RunError(Error);

impl RunError {
    /// To be given to `map_err`.
    pub(crate) fn of(operation: &'static str) -> impl Fn(Error) -> Self {
        move |error| Self(error.during(operation))
    }

    /// What the system said.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.0.kind()
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for RunError {}
