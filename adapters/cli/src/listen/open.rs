//! A server for each socket that a place stands for, made there or passed to this process.

use core::net::SocketAddr;
use std::collections::HashSet;

use rustix::io::Errno;
use wirenut_linux::Error;
use wirenut_linux::lookup::Transport;
use wirenut_linux::socket::{
    AnyDatagram, AnyDatagramSocket, AnyListener, Inherited, Open, Pathname, Socket, inherited_at,
};
use wirenut_server::datagram::DatagramServer;
use wirenut_server::life::Passed;
use wirenut_server::{Config, Server, Tls};

use super::place::{At, Place};
use crate::failure::Failure;
use crate::server::Combination;

/// Something that listens.
#[derive(Debug)]
pub struct Listener {
    /// What takes in what comes.
    pub end: End,
    /// The path of a Unix socket that was made here: it is removed when this is dropped.
    pub pathname: Option<Pathname>,
    /// The place, by which a process that goes on in our place finds the socket.
    pub name: String,
    /// TLS is spoken there.
    pub is_secure: bool,
}

impl Listener {
    /// Speaks TLS with whoever connects.
    #[must_use]
    pub fn with_tls(self, tls: &Tls) -> Self {
        match self.end {
            End::Streams(server) => Self { end: End::Streams(server.with_tls(tls.clone())), is_secure: true, ..self },
            End::Datagrams(_) => self,
        }
    }
}

/// What takes in what comes.
#[derive(Debug)]
pub enum End {
    /// Connections.
    Streams(Server),
    /// Datagrams.
    Datagrams(DatagramServer),
}

/// Opens places, each of them once.
#[derive(Debug)]
pub struct Opener {
    /// `None`: it takes none.
    datagrams: Option<Result<Config, Combination>>,
    passed: Passed,
    is_successor: bool,
    seen: HashSet<(SocketAddr, bool)>,
    permissions: u32,
}

impl Opener {
    /// `datagrams`: how servers of datagrams run, if there may be any. `is_successor`: another process had the places before, and
    /// has passed what it had. `permissions`: who may connect to paths.
    #[must_use]
    pub fn new(
        datagrams: Option<Result<Config, Combination>>,
        passed: Passed,
        is_successor: bool,
        permissions: u32,
    ) -> Self {
        Self { datagrams, passed, is_successor, seen: HashSet::new(), permissions }
    }

    /// Listens at all addresses of a place, or takes what was passed for it: one for each. None for a place that was opened
    /// before. Datagrams are for who [parses](Place::parse_any) places of them.
    ///
    /// # Errors
    ///
    /// [`Failure::Network`]: a name is unknown, an address is taken, or not ours; what was passed is no socket that listens. Of
    /// several addresses of one name, those that this machine does not have are passed over, as long as it has one.
    /// [`Failure::NotPassed`]: there is no such socket.
    pub fn open(&mut self, place: &Place, config: Config) -> Result<Vec<Listener>, Failure> {
        let name = place.to_string();
        let listener = |end| Listener { end, pathname: None, name: name.clone(), is_secure: false };
        let passed = self.take_passed(place, &name)?;
        if !passed.is_empty() || self.is_successor {
            return passed.into_iter().map(|passed| self.end(passed, config).map(listener)).collect();
        }
        match place {
            Place::Stream(At::Host(host)) => {
                let addresses = host.addresses(Transport::Tcp)?;
                let servers = self.at_each(&addresses, false, |address| Server::bind(address, config))?;
                Ok(servers.into_iter().map(|server| listener(End::Streams(server))).collect())
            }
            Place::Datagram(At::Host(host)) => {
                let (addresses, config) = (host.addresses(Transport::Udp)?, self.datagrams(config)?);
                let servers = self.at_each(&addresses, true, |address| DatagramServer::bind(address, config))?;
                Ok(servers.into_iter().map(|server| listener(End::Datagrams(server))).collect())
            }
            Place::Stream(At::Path(path)) => {
                let (socket, pathname) = Socket::stream()?.listen_at(path, self.permissions, config.backlog)?;
                let end = End::Streams(Server::on(socket, config)?);
                Ok(vec![Listener { pathname: Some(pathname), ..listener(end) }])
            }
            Place::Datagram(At::Path(path)) => {
                let (socket, config) = (Socket::datagram()?, self.datagrams(config)?);
                let pathname = Some(socket.bind_pathname(path, self.permissions)?);
                let end = End::Datagrams(DatagramServer::on(socket, config)?);
                Ok(vec![Listener { pathname, ..listener(end) }])
            }
            Place::Number(_) | Place::Named(_) => Err(Failure::NotPassed(name)),
        }
    }

    /// How servers of datagrams run.
    fn datagrams(&self, otherwise: Config) -> Result<Config, Failure> {
        self.datagrams.unwrap_or(Ok(otherwise)).map_err(Failure::Combination)
    }

    /// A server at a socket that was passed.
    fn end(&self, passed: Inherited, config: Config) -> Result<End, Failure> {
        if self.datagrams.is_some() && passed.is_socket::<AnyDatagram, Open>() {
            let socket: AnyDatagramSocket = passed.into_socket()?;
            return Ok(End::Datagrams(DatagramServer::on(socket, self.datagrams(config)?)?));
        }
        let socket: AnyListener = passed.into_socket()?;
        Ok(End::Streams(Server::on(socket, config)?))
    }

    /// What was passed for this place: under the name of the place by the process before, or as its unit has it.
    fn take_passed(&mut self, place: &Place, name: &str) -> Result<Vec<Inherited>, Failure> {
        let mut all = |name: &str| core::iter::from_fn(|| self.passed.take(name)).collect::<Vec<_>>();
        let passed = all(name);
        if !passed.is_empty() || self.is_successor {
            return Ok(passed);
        }
        Ok(match place {
            Place::Named(name) => all(name),
            Place::Number(number) => match self.passed.take_number(*number) {
                Some(passed) => vec![passed],
                // By somebody who does not count them, such as a shell.
                None => vec![inherited_at(*number)?],
            },
            Place::Stream(_) | Place::Datagram(_) => Vec::new(),
        })
    }

    /// Opens each address that was not opened before.
    fn at_each<T>(
        &mut self,
        addresses: &[SocketAddr],
        is_datagram: bool,
        open: impl Fn(&SocketAddr) -> Result<T, Error>,
    ) -> Result<Vec<T>, Failure> {
        let (mut opened, mut missing) = (Vec::new(), None);
        for address in addresses {
            if address.port() != 0 && !self.seen.insert((*address, is_datagram)) {
                continue;
            }
            match open(address) {
                Ok(one) => opened.push(one),
                Err(error) if addresses.len() > 1 && is_missing(&error) => missing = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        match missing {
            Some(error) if opened.is_empty() => Err(error.into()),
            _ => Ok(opened),
        }
    }

    /// All places are open. What was passed must have been asked for: nobody would answer at the others.
    ///
    /// # Errors
    /// [`Failure::Unclaimed`]: the first that was not.
    pub fn finish(self) -> Result<(), Failure> {
        match self.passed.into_iter().next() {
            None => Ok(()),
            Some(passed) => Err(Failure::Unclaimed { number: passed.number(), name: passed.name().into() }),
        }
    }
}

/// This machine does not have the address, or none of its kind.
fn is_missing(error: &Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT))
}
