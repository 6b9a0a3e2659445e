//! What a user sees: listen, run, stop.

use alloc::sync::Arc;
use core::fmt;
use core::net::SocketAddr;
use core::num::NonZeroUsize;
use std::net::ToSocketAddrs;
use std::{io, thread};

use wirenut::http::service::Service;
use wirenut_linux::Error;
use wirenut_linux::signal::{self, Termination};
use wirenut_linux::socket::{Family, Mode, Socket, TcpListener};

use crate::config::Config;
use crate::guard::{Guard, RequestNames};
use crate::places::Places;
use crate::report::Report;
use crate::throttle::Throttle;
use crate::transfer::Transfer;
use crate::wake::{Stop, Stopper, WorkerHandle};
use crate::worker::{Shared, Worker};

/// A server: it listens since it was [bound](Self::bind), and answers while it [runs](Self::run).
///
/// See the [crate] for an example, and [`serve`] for the shortest one.
///
/// # Panics of the service
/// A panic of a [`Service`]'s method, of what it gives to
/// [`Responder::fill_body`](wirenut::http::service::Responder::fill_body) or of its [`Transfer`] costs the connection,
/// and nothing else: the peer gets a 500 where no answer was begun, and otherwise a reset, so that it sees that the
/// answer is not whole. One line is logged (at the level *error*), with the request's method and target and the panic's
/// message, beside what the panic hook of the program prints. The exchange is [closed](Service::closed), unless the
/// panic came before there was one. [`Report::panics`] counts them. The service goes on to be asked, in whatever state
/// the panic left it. In a program that is built to abort on panics, it aborts.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    config: Config,
    handle: Arc<WorkerHandle>,
    termination: Option<Termination>,
}

impl Server {
    /// Listens on an address; port 0 lets the system choose one. Connections wait until [`Self::run`]. Of several addresses of
    /// one name, the first that can be listened on. `[::]` takes connections over IPv4, too.
    ///
    /// ```
    /// use wirenut_server::{Config, Server};
    /// let server = Server::bind("127.0.0.1:0", Config::DEFAULT)?;
    /// assert_ne!(server.local_addr().port(), 0);
    ///
    /// let error = Server::bind(server.local_addr(), Config::DEFAULT).unwrap_err();
    /// assert!(error.to_string().starts_with("cannot listen on 127.0.0.1:"), "{error}");
    /// let error = Server::bind("nowhere", Config::DEFAULT).unwrap_err();
    /// assert_eq!(error.to_string(), "cannot listen on nowhere: invalid socket address");
    /// # Ok::<(), wirenut_server::Error>(())
    /// ```
    ///
    /// # Errors
    /// `AddrInUse`: somebody listens there. `AddrNotAvailable`: no interface of this machine has it. `PermissionDenied`: a
    /// port below 1024. `InvalidInput`: no address; a name may be unknown. And what the system has run out of.
    pub fn bind(address: impl ToSocketAddrs + fmt::Debug, config: Config) -> Result<Self, Error> {
        let listen = || {
            let listener = listen(&address, config.backlog)?;
            let (address, handle) = (listener.local_address()?, Arc::new(WorkerHandle::new()?));
            Ok(Self { listener, address, config, handle, termination: None })
        };
        listen().map_err(|error: Error| {
            let written = format!("{address:?}");
            error.attributed_to("listen on", &written.trim_matches('"'))
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
    /// # let hello = wirenut::http::service::service_fn(|_, responder| responder.text("Hello, World!\n"));
    /// use wirenut_server::{Config, Server};
    /// let server = Server::bind("127.0.0.1:0", Config::DEFAULT)?;
    /// let stopper = server.stopper();
    /// let running = std::thread::spawn(move || server.run(&hello));
    /// stopper.stop();
    /// let report = running.join().unwrap()?;
    /// assert_eq!(report.accepted, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper { worker: Arc::clone(&self.handle) }
    }

    /// From now on SIGTERM and SIGINT do not end the process, but stop this server gracefully; the second of them stops
    /// it at once. They are the whole process's: every server that asked for them stops, also one that runs later.
    ///
    /// # Errors
    /// The system has no descriptor left, or forbids it.
    pub fn stop_on_signals(&mut self) -> Result<(), Error> {
        self.termination = Some(signal::termination()?);
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
        let Self { listener, config, handle, termination, .. } = self;
        let shared = Shared { config, places: &places, throttle: &throttle, termination, is_only_worker: true };
        run_worker(service, &shared, listener, handle)
    }

    /// Like [`Self::run`], on so many threads, this one among them. Each has its own connections, taken from the one
    /// listening socket; [`Config::max_connections`] holds for all of them together. They stop together, also if one fails.
    ///
    /// One socket, and not one for each thread (`SO_REUSEPORT`): what waits in the queue of a socket that is closed is
    /// lost, and a second server at the same address would not be refused.
    ///
    /// ```no_run
    /// # let hello = wirenut::http::service::service_fn(|_, responder| responder.text("Hello, World!\n"));
    /// use wirenut_server::{Config, Server};
    /// let server = Server::bind("127.0.0.1:8080", Config::DEFAULT)?;
    /// server.run_on_threads(std::thread::available_parallelism()?, &hello)?;
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
        let Self { listener, config, handle, termination, .. } = self;
        let (places, throttle) = (Places::new(config.max_connections), Throttle::default());
        let shared = &Shared { config, places: &places, throttle: &throttle, termination, is_only_worker: false };
        let follower = |_| Ok((listener.try_clone()?, Arc::new(WorkerHandle::new()?)));
        let followers: Result<Vec<_>, Error> = (1..threads.get()).map(follower).collect();
        let followers = followers?;
        handle.lead(followers.iter().map(|(_, follower)| Arc::clone(follower)).collect());
        let leader = &handle;
        let work = |listener, handle| {
            let outcome = run_worker(service, shared, listener, handle);
            // A server of which a part is missing is not one to go on with.
            outcome.inspect_err(|_| leader.stop(Stop::Drain))
        };
        thread::scope(|scope| {
            let start = |(listener, handle)| {
                let thread = thread::Builder::new().name("wirenut worker".into());
                let started = thread.spawn_scoped(scope, move || work(listener, handle));
                let started = started.map_err(|error| Error::new("start a thread", error));
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

/// Answers requests at this address by the service, on this thread, until SIGTERM or SIGINT ends it gracefully: all that
/// [`Server`] does by [`Config::DEFAULT`]. Where it listens is logged (at the level *info*), for port 0 lets the system choose
/// one.
///
/// ```no_run
/// use wirenut::http::service::service_fn;
///
/// fn main() -> Result<(), wirenut_server::Error> {
///     let hello = service_fn(|_, responder| responder.text("Hello, World!\n"));
///     let report = wirenut_server::serve("127.0.0.1:8080", &hello)?;
///     println!("{} connections", report.accepted);
///     Ok(())
/// }
/// ```
///
/// To choose another configuration, threads, or when it stops, use [`Server`].
///
/// # Errors
/// As [`Server::bind`], [`Server::stop_on_signals`] and [`Server::run`].
pub fn serve<S>(address: impl ToSocketAddrs + fmt::Debug, service: &S) -> Result<Report, Error>
where
    S: Service + ?Sized,
    S::Source: Transfer,
{
    let mut server = Server::bind(address, Config::DEFAULT)?;
    server.stop_on_signals()?;
    log::info!("listening on http://{}/", server.local_addr());
    server.run(service)
}

/// Listens on the first of the addresses that can be listened on.
fn listen(address: &impl ToSocketAddrs, backlog: u32) -> Result<TcpListener, Error> {
    let resolved = address.to_socket_addrs().map_err(|error| Error::new("resolve the address", error))?;
    let mut failed = None;
    for address in resolved {
        let listen = || {
            // `[::]` stands for all addresses of both kinds, `[::ffff:192.0.2.1]` for one of IPv4.
            let family = if address.is_ipv4() { Family::V4 } else { Family::DualStack };
            let socket = Socket::tcp(family)?;
            socket.set_reuse_address(true)?;
            socket.bind(&address)?;
            let listener = socket.listen(backlog)?;
            listener.set_no_delay(true)?;
            listener.set_mode(Mode::NonBlocking)?;
            Ok(listener)
        };
        match listen() {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = Some(error),
        }
    }
    let nothing = || io::Error::new(io::ErrorKind::InvalidInput, "could not resolve to any addresses");
    Err(failed.unwrap_or_else(|| Error::new("resolve the address", nothing())))
}

/// All that one thread does.
fn run_worker<S: Service<Source: Transfer> + ?Sized>(
    service: &S,
    shared: &Shared<'_>,
    listener: TcpListener,
    handle: Arc<WorkerHandle>,
) -> Result<Report, Error> {
    let names = RequestNames::new();
    let guard = Guard::new(service, &names);
    let report = Worker::new(&guard, &names, shared, listener, handle)?.run()?;
    Ok(Report { panics: names.panics(), ..report })
}
