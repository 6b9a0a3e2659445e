//! What a user sees: listen, run, stop.

use alloc::sync::Arc;
use core::fmt;
use core::net::SocketAddr;
use std::net::ToSocketAddrs;
use std::path::Path;

use wirenut::http::service::Service;
use wirenut::transport::Protocol;
use wirenut_linux::Error;
use wirenut_linux::poller::Bell;
use wirenut_linux::signal::{self, Termination};
use wirenut_linux::socket::{AnyAddress, AnyListener, Mode, Pathname, Socket};

use crate::arrival::Arrival;
use crate::board::{Board, Lead};
use crate::config::Config;
use crate::crew::{self, Staff};
use crate::handler::{Handled, Handler};
use crate::http::Http;
use crate::listen::listen;
use crate::metrics::Metrics;
use crate::places::Places;
use crate::protocols::Protocols;
use crate::report::Report;
use crate::speaking::Speaking;
use crate::throttle::Throttle;
#[cfg(feature = "tls")]
use crate::tls::Tls;
use crate::transfer::Transfer;
use crate::wake::Stopper;
use crate::work::{Others, Queue, Work};

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
    listener: AnyListener,
    address: AnyAddress,
    /// Of a Unix socket that this server has made: it is removed in the end.
    pathname: Option<Pathname>,
    config: Config,
    board: Board,
    lead: Arc<Lead>,
    termination: Option<Termination>,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

impl Server {
    /// Listens on an address; port 0 lets the system choose one. Connections wait until [`Self::run`]. Of several addresses of
    /// one name, the first that can be listened on. `[::]` takes connections over IPv4, too.
    ///
    /// ```
    /// use wirenut_server::{Config, Server};
    /// let server = Server::bind("127.0.0.1:0", Config::DEFAULT)?;
    /// assert_ne!(server.local_addr().unwrap().port(), 0);
    ///
    /// let error = Server::bind(server.local_addr().unwrap(), Config::DEFAULT).unwrap_err();
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
        let bind = || Self::on(listen(&address, config.backlog)?, config);
        bind().map_err(|error: Error| {
            let written = format!("{address:?}");
            error.attributed_to("listen on", &written.trim_matches('"'))
        })
    }

    /// Listens on this machine only, at a path with these permissions, such as `0o600`: who may write to it may connect. The
    /// path is made, and removed when the server has ended: see [`Socket::listen_at`].
    ///
    /// ```
    /// use wirenut_server::{Config, Server};
    /// let path = std::env::temp_dir().join(format!("wirenut-server-{}", std::process::id()));
    /// let server = Server::bind_unix(&path, 0o600, Config::DEFAULT)?;
    /// assert_eq!(server.address().to_string(), path.display().to_string());
    /// drop(server);
    /// assert!(!path.exists());
    /// # Ok::<(), wirenut_server::Error>(())
    /// ```
    ///
    /// # Errors
    /// As of [`Socket::listen_at`].
    pub fn bind_unix(path: impl AsRef<Path>, permissions: u32, config: Config) -> Result<Self, Error> {
        let (listener, pathname) = Socket::stream()?.listen_at(path, permissions, config.backlog)?;
        Ok(Self { pathname: Some(pathname), ..Self::on(listener, config)? })
    }

    /// Takes connections from a socket that listens already, such as one that this process was
    /// [started with](wirenut_linux::socket::inherited). From now on it does not block.
    ///
    /// ```
    /// use wirenut_linux::socket::TcpListener;
    /// use wirenut_server::{Config, Server};
    /// let listener = TcpListener::bind(&"127.0.0.1:0".parse()?)?;
    /// let server = Server::on(listener, Config::DEFAULT)?;
    /// assert!(server.local_addr().is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// No memory or no descriptor is left.
    pub fn on(listener: impl Into<AnyListener>, config: Config) -> Result<Self, Error> {
        let listener = listener.into();
        listener.set_mode(Mode::NonBlocking)?;
        let address = listener.local_address()?;
        let board = Board::new(1 + config.model.flows())?.with_drain_delay(config.drain_delay);
        let lead = Arc::new(Lead::new(board.seat(0, Bell::new()?)));
        Ok(Self {
            listener,
            address,
            pathname: None,
            config,
            board,
            lead,
            termination: None,
            #[cfg(feature = "tls")]
            tls: None,
        })
    }

    /// Speaks TLS with each peer, by that certificate and key: over HTTP, over any protocol, and with handlers.
    ///
    /// A handshake is bounded as a head is: by [`Limits::head`](wirenut::http::Limits::head), and by
    /// [`Config::min_head`](crate::Config::min_head) where others wait for a place. One that fails is logged in one line (at the
    /// level *warn*) and counted ([`Report::handshakes`]); the peer gets an alert. Who speaks HTTP without TLS gets a 400 that
    /// says so. What a proxy says ([`Config::proxy_protocol`](crate::Config::proxy_protocol)) comes before the handshake, in the
    /// clear. Who is refused ([`Config::when_full`](crate::Config::when_full)) gets an alert instead of a 503, for that would cost
    /// a handshake.
    ///
    /// Our direction always ends by close_notify, unless the connection is reset. A peer that ends without it has cut off
    /// what it said: a protocol or a handler sees a reset. HTTP does not need it (RFC 9112 §9.8).
    ///
    /// See [`Tls`] for an example.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Where it listens: with the port that the system chose, where that was asked for.
    #[must_use]
    pub const fn address(&self) -> &AnyAddress {
        &self.address
    }

    /// The same, if it is an address of the Internet.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.address.internet()
    }

    /// What it takes connections from: for who passes it on to [another process](crate::life).
    #[must_use]
    pub const fn listener(&self) -> &AnyListener {
        &self.listener
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
        Stopper { lead: Arc::clone(&self.lead) }
    }

    /// What it does and has done, for whoever watches it from another thread, or a process that is forked since: before it
    /// runs, while it does, and after that.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.board.clone().into()
    }

    /// From now on SIGTERM and SIGINT do not end the process, but stop this server gracefully; the second of them stops
    /// it at once (or only skips [`Config::drain_delay`], while that lasts). They are the whole process's: every server that
    /// asked for them stops, also one that runs later.
    ///
    /// # Errors
    /// The system has no descriptor left, or forbids it.
    pub fn stop_on_signals(&mut self) -> Result<(), Error> {
        self.termination = Some(signal::termination()?);
        Ok(())
    }

    /// Answers requests by the service, as [`Config::model`] says, until it is told to stop ([`Self::stopper`],
    /// [`Self::stop_on_signals`]) and all connections have ended.
    ///
    /// ```no_run
    /// # let hello = wirenut::http::service::service_fn(|_, responder| responder.text("Hello, World!\n"));
    /// use wirenut_server::{Config, Model, Server};
    /// let model = Model::Multiplexed { workers: std::thread::available_parallelism()? };
    /// Server::bind("127.0.0.1:8080", Config { model, ..Config::DEFAULT })?.run(&hello)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Only where the system has no resources to begin with, or is broken; or where the model cannot be run in this process.
    /// What happens on a connection is logged, and ends that connection at most.
    pub fn run<S>(self, service: &S) -> Result<Report, Error>
    where
        S: Service + Sync + ?Sized,
        S::Source: Transfer,
    {
        let config = self.config;
        let work = Speaking::new(config, |seat| Http::new(service, config.limits, seat));
        #[cfg(feature = "tls")]
        let work = work.with_tls(self.tls.clone());
        self.run_work(&work)
    }

    /// Speaks a protocol with each peer, as [`Config::model`] says, until the server is told to stop and all connections have
    /// ended. `begin` makes what is spoken over a connection that has come; it runs in the thread or process that serves it.
    ///
    /// The store of a protocol has as many bytes as one of HTTP, [`Limits::store_bytes`](wirenut::http::Limits::store_bytes) of
    /// [`Config::limits`]: a message that must lie there is no longer.
    ///
    /// What a protocol takes and writes, how it is held back by a peer that does not read, and when the connection ends, is
    /// the contract of [`Protocol`]. It lives from turn to turn, so it is told the time ([`Protocol::handle_now`]). When the
    /// server is to stop it is [retired](Protocol::retire); one that does not end then is cut after [`Config::drain`]. Nobody
    /// who is refused ([`Config::when_full`]) is told so: the connection is closed. A panic costs the connection, which is
    /// reset, and is logged and counted, as [those of a service](Self#panics-of-the-service) are.
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use wirenut::readiness::Standing;
    /// use wirenut::time::Instant;
    /// use wirenut::transport::{Disposition, Progress, Protocol};
    /// use wirenut_server::{Config, Server};
    ///
    /// /// Sends back what comes, until the peer ends or the server is to stop.
    /// #[derive(Default)]
    /// struct Echo { has_ended: bool }
    ///
    /// impl Protocol for Echo {
    ///     fn drive(&mut self, input: &[u8], _: &mut [u8], output: &mut [u8]) -> Progress {
    ///         let count = input.len().min(output.len());
    ///         output[..count].copy_from_slice(&input[..count]);
    ///         Progress { taken: count, written: count }
    ///     }
    ///     fn handle_eof(&mut self) { self.has_ended = true }
    ///     fn handle_sent(&mut self, _: usize, _: usize) {}
    ///     fn handle_timeout(&mut self) {}
    ///     fn handle_reset(&mut self) { self.has_ended = true }
    ///     fn retire(&mut self) { self.has_ended = true }
    ///     fn poll_timeout(&self) -> Option<Instant> { None }
    ///     fn is_readable(&self) -> bool { true }
    ///     fn standing(&self) -> Standing { Standing::Idle }
    ///     fn disposition(&self) -> Disposition {
    ///         if self.has_ended { Disposition::Close } else { Disposition::Open }
    ///     }
    /// }
    ///
    /// let server = Server::bind("127.0.0.1:0", Config::DEFAULT)?;
    /// let (address, stopper) = (server.local_addr().unwrap(), server.stopper());
    /// let running = std::thread::spawn(move || server.run_protocol(&|_: &_| Echo::default()));
    /// let mut client = std::net::TcpStream::connect(address)?;
    /// client.write_all(b"hello")?;
    /// let mut answer = [0; 5];
    /// client.read_exact(&mut answer)?;
    /// assert_eq!(&answer, b"hello");
    /// stopper.stop();
    /// assert_eq!(client.read(&mut answer)?, 0);
    /// assert_eq!(running.join().unwrap()?.accepted, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_protocol<Q, F>(self, begin: &F) -> Result<Report, Error>
    where
        Q: Protocol,
        F: Fn(&Arrival<'_>) -> Q + Sync + ?Sized,
    {
        let config = self.config;
        let work = Speaking::new(config, |seat| Protocols::new(begin, seat));
        #[cfg(feature = "tls")]
        let work = work.with_tls(self.tls.clone());
        self.run_work(&work)
    }

    /// Has a handler speak with each peer, as [`Config::model`] says, until the server is told to stop and all connections have
    /// ended. See [`handler`](crate::handler) for an example.
    ///
    /// ```
    /// use wirenut_server::handler::Stream;
    /// use wirenut_server::{Config, Model, Server};
    /// let server = Server::bind("127.0.0.1:0", Config { model: Model::DEFAULT, ..Config::DEFAULT })?;
    /// let error = server.run_handler(&|_: &Stream| Ok(())).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
    /// assert!(error.to_string().starts_with("cannot multiplex a handler that blocks: "), "{error}");
    /// # Ok::<(), wirenut_server::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::run`]. `Unsupported`: the model is [`Multiplexed`](crate::Model::Multiplexed); or it forks, and the program
    /// has more than one thread. Nothing was accepted then.
    pub fn run_handler<H: Handler + Sync + ?Sized>(self, handler: &H) -> Result<Report, Error> {
        let config = self.config;
        let work = Handled {
            handler,
            config,
            throttle: Throttle::default(),
            #[cfg(feature = "tls")]
            tls: self.tls.clone(),
        };
        self.run_work(&work)
    }

    fn run_work(self, work: &(impl Work + Sync)) -> Result<Report, Error> {
        let Self { listener, config, board, lead, termination, pathname, .. } = self;
        crew::run(work, listener, Staff { config: &config, board: &board, lead: &lead, termination })?;
        drop(pathname);
        Ok(Report::of(&board))
    }

    /// [`Self::run`] on this thread alone, whatever the model, for a service that no other thread can share.
    ///
    /// # Errors
    /// Only where the system has no resources to begin with, or is broken.
    pub fn run_on_this_thread<S>(self, service: &S) -> Result<Report, Error>
    where
        S: Service + ?Sized,
        S::Source: Transfer,
    {
        #[cfg(feature = "tls")]
        let tls = self.tls.clone();
        let Self { listener, config, board, lead, termination, pathname, .. } = self;
        let places = Places::new(config.max_connections);
        let queue = Queue { listener, places: &places, others: Others::Nobody };
        let work = Speaking::new(config, |seat| Http::new(service, config.limits, seat));
        #[cfg(feature = "tls")]
        let work = work.with_tls(tls);
        work.serve_all(queue, lead.seat.clone().with_termination(termination))?;
        drop(pathname);
        Ok(Report::of(&board))
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
    log::info!("listening on http://{}/", server.address());
    server.run_on_this_thread(service)
}
