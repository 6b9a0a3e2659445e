//! What a user sees: listen, run, stop.

use alloc::sync::Arc;
use core::fmt;
use core::net::SocketAddr;
use core::num::NonZeroUsize;
use std::net::{TcpListener, ToSocketAddrs};
use std::{io, thread};

use wirenut::http::service::Service;

use crate::config::Config;
use crate::error::Error;
use crate::guard::{Guard, Names};
use crate::places::Places;
use crate::sys::signal::{self, Signals};
use crate::sys::socket;
use crate::throttle::Throttle;
use crate::transfer::Transfer;
use crate::wake::{Mailbox, Stop, Stopper};
use crate::worker::{Shared, Worker};

/// A server: it listens since it was [bound](Self::bind), and answers while it [runs](Self::run).
///
/// See the [crate] for an example.
///
/// # Panics of the service
/// A panic of a [`Service`]'s method, of what it gives to [`Responder::fill_body`](wirenut::http::service::Responder::fill_body) or of
/// its [`Transfer`] costs the connection, and nothing else: the peer gets a 500 where no answer was begun, and otherwise a
/// reset, so that it sees that the answer is not whole. One line is logged (at the level *error*), with the request's method
/// and target and the panic's message, beside what the panic hook of the program prints. The exchange is
/// [closed](Service::closed), unless the panic came before there was one. [`Report::panics`] counts them. The service goes
/// on to be asked, in whatever state the panic left it. In a program that is built to abort on panics, it aborts.
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
    /// let error = Server::bind("nowhere", Config::DEFAULT).unwrap_err();
    /// assert_eq!(error.to_string(), "cannot listen on nowhere: invalid socket address");
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `AddrInUse`: somebody listens there. `AddrNotAvailable`: no interface of this machine has it. `PermissionDenied`: a
    /// port below 1024. `InvalidInput`: no address; a name may be unknown. And what the system has run out of.
    pub fn bind(address: impl ToSocketAddrs + fmt::Debug, config: Config) -> Result<Self, Error> {
        let listen = || {
            let listener = TcpListener::bind(&address)?;
            // The standard library's queue may overflow in a burst, and a lost request comes again only after a second.
            socket::listen(&listener, config.backlog)?;
            socket::set_no_delay(&listener)?;
            listener.set_nonblocking(true)?;
            let (address, mailbox) = (listener.local_addr()?, Arc::new(Mailbox::new()?));
            Ok(Self { listener, address, config, mailbox, signals: None })
        };
        listen().map_err(|error: io::Error| {
            let written = format!("{address:?}");
            Error::because("listen on", &written.trim_matches('"'), error)
        })
    }

    /// Where it listens: with the port that the system chose, where that was asked for.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What stops it, from any thread, before it runs or while it does.
    ///
    /// ```
    /// # use wirenut::{http::{RequestHead, WriteError}, http::service::{Responder, Service, Step}};
    /// # struct Hello;
    /// # impl Service for Hello {
    /// #     type Exchange = ();
    /// #     type Source = core::convert::Infallible;
    /// #     fn request(&self, _: &RequestHead<'_>, _: &mut Responder<'_>) -> Result<((), Step), WriteError> {
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
    pub fn stop_on_signals(&mut self) -> Result<(), Error> {
        self.signals = Some(signal::catch().map_err(|error| Error::plain("take signals", error))?);
        Ok(())
    }

    /// Answers requests by the service, on this thread, until it is told to stop ([`Self::stopper`],
    /// [`Self::stop_on_signals`]) and all connections have ended.
    ///
    /// # Errors
    /// Only where the system has no resources to begin with, or is broken. What happens on a connection
    /// is logged, and ends that connection at most.
    pub fn run<S>(self, service: &S) -> Result<Report, Error>
    where
        S: Service + ?Sized,
        S::Source: Transfer,
    {
        let (places, throttle) = (Places::new(self.config.max_connections), Throttle::default());
        let Self { listener, config, mailbox, signals, .. } = self;
        let shared = Shared { config, places: &places, throttle: &throttle, signals, is_alone: true };
        run_worker(service, &shared, listener, mailbox)
    }

    /// Like [`Self::run`], on so many threads, this one among them. Each has its own connections, taken from the one
    /// listening socket; [`Config::max_connections`] holds for all of them together. They stop together, also if one fails.
    ///
    /// One socket, and not one for each thread (`SO_REUSEPORT`): what waits in the queue of a socket that is closed is
    /// lost, and a second server at the same address would not be refused.
    ///
    /// ```no_run
    /// # use wirenut::{http::{RequestHead, WriteError}, http::service::{Responder, Service, Step}};
    /// # struct Hello;
    /// # impl Service for Hello {
    /// #     type Exchange = ();
    /// #     type Source = core::convert::Infallible;
    /// #     fn request(&self, _: &RequestHead<'_>, _: &mut Responder<'_>) -> Result<((), Step), WriteError> {
    /// #         Ok(((), Step::Abort))
    /// #     }
    /// # }
    /// use wirenut_linux::{Config, Server};
    /// let server = Server::bind("127.0.0.1:8080", Config::DEFAULT)?;
    /// server.run_on_threads(std::thread::available_parallelism()?, &Hello)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::run`]; or the system would not give a thread. Of several errors, the first.
    pub fn run_on_threads<S>(self, threads: NonZeroUsize, service: &S) -> Result<Report, Error>
    where
        S: Service + Sync + ?Sized,
        S::Source: Transfer,
    {
        if threads == NonZeroUsize::MIN {
            return self.run(service);
        }
        let Self { listener, config, mailbox, signals, .. } = self;
        let (places, throttle) = (Places::new(config.max_connections), Throttle::default());
        let shared = &Shared { config, places: &places, throttle: &throttle, signals, is_alone: false };
        let follower = |_| Ok((listener.try_clone()?, Arc::new(Mailbox::new()?)));
        let followers: io::Result<Vec<_>> = (1..threads.get()).map(follower).collect();
        let followers = followers.map_err(|error| Error::plain("share the listener", error))?;
        mailbox.lead(followers.iter().map(|(_, mailbox)| Arc::clone(mailbox)).collect());
        let leader = &mailbox;
        let work = |listener, mailbox| {
            let outcome = run_worker(service, shared, listener, mailbox);
            // A server of which a part is missing is not one to go on with.
            outcome.inspect_err(|_| leader.stop(Stop::Drain))
        };
        thread::scope(|scope| {
            let start = |(listener, mailbox)| {
                let thread = thread::Builder::new().name("wirenut worker".into());
                let started = thread.spawn_scoped(scope, move || work(listener, mailbox));
                let started = started.map_err(|error| Error::plain("start a thread", error));
                started.inspect_err(|_| leader.stop(Stop::Drain))
            };
            let started: Vec<_> = followers.into_iter().map(start).collect();
            let own = work(listener, Arc::clone(leader));
            let outcomes = started
                .into_iter()
                .map(|started| started?.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            core::iter::once(own).chain(outcomes).try_fold(Report::default(), |all, one| Ok(all.with(one?)))
        })
    }
}

/// All that one thread does.
fn run_worker<S: Service<Source: Transfer> + ?Sized>(
    service: &S,
    shared: &Shared<'_>,
    listener: TcpListener,
    mailbox: Arc<Mailbox>,
) -> Result<Report, Error> {
    let names = Names::new();
    let guard = Guard::new(service, &names);
    let report = Worker::new(&guard, &names, shared, listener, mailbox)?.run()?;
    Ok(Report { panics: names.panics(), ..report })
}

/// What a server did, from its start to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Connections that were taken in.
    pub accepted: u64,
    /// Connections that were answered 503, because all places were taken.
    pub refused: u64,
    /// Connections that were closed to make room: idle ones, and such whose head did not come.
    pub evicted: u64,
    /// Connections that were cut because they did not end within [`Config::drain`], or the server was stopped at once.
    pub cut: u64,
    /// Panics of the service, each of which cost a connection at most.
    pub panics: u64,
}

impl Report {
    const fn with(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            refused: self.refused + other.refused,
            evicted: self.evicted + other.evicted,
            cut: self.cut + other.cut,
            panics: self.panics + other.panics,
        }
    }
}
