//! What a user sees: bind, run, stop.

use alloc::sync::Arc;
use core::fmt;
use std::net::ToSocketAddrs;
use std::path::Path;

use wirenut_linux::Error;
use wirenut_linux::poller::Bell;
use wirenut_linux::signal::{self, Termination};
use wirenut_linux::socket::{AnyAddress, AnyDatagramSocket, Mode, Pathname, Socket};

use super::DatagramHandler;
use super::run::run;
use super::socket::bind;
use crate::board::{Board, Lead};
use crate::config::Config;
use crate::crew::Staff;
use crate::report::Report;
use crate::wake::Stopper;

/// A server of datagrams, over UDP or a Unix socket: it has its address since it was [bound](Self::bind), and handles
/// datagrams while it [runs](Self::run). See the [module](super) for an example.
///
/// Of its [`Config`] matter the model, the length of datagrams and the time for the end.
#[derive(Debug)]
pub struct DatagramServer {
    socket: AnyDatagramSocket,
    address: AnyAddress,
    /// Of a Unix socket that this server has made: it is removed in the end.
    pathname: Option<Pathname>,
    config: Config,
    board: Board,
    lead: Arc<Lead>,
    termination: Option<Termination>,
}

impl DatagramServer {
    /// Takes datagrams by UDP at an address; port 0 lets the system choose one. They wait until [`Self::run`]. Of several
    /// addresses of one name, the first that can be had. `[::]` takes datagrams over IPv4, too.
    ///
    /// ```
    /// use wirenut_server::Config;
    /// use wirenut_server::datagram::DatagramServer;
    /// let server = DatagramServer::bind("127.0.0.1:0", Config::DEFAULT)?;
    /// let address = server.address().internet().unwrap();
    /// assert_ne!(address.port(), 0);
    /// let error = DatagramServer::bind(address, Config::DEFAULT).unwrap_err();
    /// assert!(error.to_string().starts_with("cannot take datagrams at 127.0.0.1:"), "{error}");
    /// # Ok::<(), wirenut_server::Error>(())
    /// ```
    ///
    /// # Errors
    /// `AddrInUse`: somebody has it. `AddrNotAvailable`: no interface of this machine has it. `PermissionDenied`: a
    /// port below 1024. `InvalidInput`: no address; a name may be unknown. And what the system has run out of.
    pub fn bind(address: impl ToSocketAddrs + fmt::Debug, config: Config) -> Result<Self, Error> {
        bind(&address).and_then(|socket| Self::on(socket, config)).map_err(|error| {
            let written = format!("{address:?}");
            error.attributed_to("take datagrams at", &written.trim_matches('"'))
        })
    }

    /// Takes datagrams on this machine only, at a path with these permissions, such as `0o600`: who may write to it may
    /// send. The path is made, and removed when the server has ended: see [`Socket::bind_pathname`]. Only a peer that
    /// has bound its own socket gets replies.
    ///
    /// ```
    /// use wirenut_server::Config;
    /// use wirenut_server::datagram::DatagramServer;
    /// let path = std::env::temp_dir().join(format!("wirenut-datagrams-{}", std::process::id()));
    /// let server = DatagramServer::bind_unix(&path, 0o600, Config::DEFAULT)?;
    /// assert_eq!(server.address().to_string(), path.display().to_string());
    /// drop(server);
    /// assert!(!path.exists());
    /// # Ok::<(), wirenut_server::Error>(())
    /// ```
    ///
    /// # Errors
    /// As of [`Socket::bind_pathname`].
    pub fn bind_unix(path: impl AsRef<Path>, permissions: u32, config: Config) -> Result<Self, Error> {
        let socket = Socket::datagram()?;
        let pathname = socket.bind_pathname(path, permissions)?;
        Ok(Self { pathname: Some(pathname), ..Self::on(socket, config)? })
    }

    /// Takes datagrams from a socket that is bound already, such as one that this process was
    /// [started with](wirenut_linux::socket::inherited). From now on it does not block.
    ///
    /// ```
    /// use wirenut_linux::socket::UdpSocket;
    /// use wirenut_server::Config;
    /// use wirenut_server::datagram::DatagramServer;
    /// let socket = UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?;
    /// let address = socket.local_address()?;
    /// assert_eq!(DatagramServer::on(socket, Config::DEFAULT)?.address().internet(), Some(address));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// No memory or no descriptor is left.
    pub fn on(socket: impl Into<AnyDatagramSocket>, config: Config) -> Result<Self, Error> {
        let socket = socket.into();
        socket.set_mode(Mode::NonBlocking)?;
        let address = socket.local_address()?;
        let board = Board::new(1 + config.model.flows())?;
        let lead = Arc::new(Lead::new(board.seat(0, Bell::new()?)));
        Ok(Self { socket, address, pathname: None, config, board, lead, termination: None })
    }

    /// Where it takes datagrams: with the port that the system chose, where that was asked for.
    #[must_use]
    pub const fn address(&self) -> &AnyAddress {
        &self.address
    }

    /// What it takes datagrams from: for who passes it on to [another process](crate::life).
    #[must_use]
    pub const fn socket(&self) -> &AnyDatagramSocket {
        &self.socket
    }

    /// What stops it, from any thread, before it runs or while it does: at once. Datagrams that have come by then are
    /// still handled, for [`Config::drain`] at most.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper { lead: Arc::clone(&self.lead) }
    }

    /// From now on SIGTERM and SIGINT do not end the process, but stop this server: see
    /// [`Server::stop_on_signals`](crate::Server::stop_on_signals).
    ///
    /// # Errors
    /// The system has no descriptor left, or forbids it.
    pub fn stop_on_signals(&mut self) -> Result<(), Error> {
        self.termination = Some(signal::termination()?);
        Ok(())
    }

    /// Has datagrams handled, as [`Config::model`] says, until it is told to stop. Of the report, what is accepted are
    /// datagrams that were handled, and what is refused those that were too long or not wanted.
    ///
    /// # Errors
    /// Only where the system has no resources to begin with, or is broken. `Unsupported`: the model is
    /// [`Multiplexed`](crate::Model::Multiplexed), or forks and the program has more than one thread. Nothing was taken
    /// then.
    pub fn run<H: DatagramHandler + Sync + ?Sized>(self, handler: &H) -> Result<Report, Error> {
        let Self { socket, config, board, lead, termination, pathname, .. } = self;
        run(handler, socket, Staff { config: &config, board: &board, lead: &lead, termination })?;
        drop(pathname);
        Ok(Report::of(&board))
    }
}
