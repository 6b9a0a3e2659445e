//! A server for each socket that a place stands for, made there or passed to this process.

use core::net::SocketAddr;
use std::collections::HashSet;

use rustix::io::Errno;
use wirenut_linux::lookup::Transport;
use wirenut_linux::socket::{Inherited, Pathname, Socket, inherited_at};
use wirenut_server::life::Passed;
use wirenut_server::{Config, Server};

use super::place::{At, Host, Place};
use crate::failure::Failure;

/// A server that listens.
#[derive(Debug)]
pub struct Listener {
    /// What runs.
    pub server: Server,
    /// The path of a Unix socket that was made here: it is removed when this is dropped.
    pub pathname: Option<Pathname>,
    /// The place, by which a process that goes on in our place finds the socket.
    pub name: String,
}

/// Opens places, each of them once.
#[derive(Debug)]
pub struct Opener {
    passed: Passed,
    is_successor: bool,
    seen: HashSet<SocketAddr>,
    permissions: u32,
}

impl Opener {
    /// `is_successor`: another process had the places before, and has passed what it had. `permissions`: who may connect to
    /// paths.
    #[must_use]
    pub fn new(passed: Passed, is_successor: bool, permissions: u32) -> Self {
        Self { passed, is_successor, seen: HashSet::new(), permissions }
    }

    /// Listens at all addresses of a place, or takes what was passed for it: a server for each. None for a place that was opened
    /// before.
    ///
    /// # Errors
    ///
    /// [`Failure::Network`]: a name is unknown, an address is taken, or not ours; what was passed is no socket that listens. Of
    /// several addresses of one name, those that this machine does not have are passed over, as long as it has one.
    /// [`Failure::NotPassed`]: there is no such socket.
    pub fn streams(&mut self, place: &Place, config: Config) -> Result<Vec<Listener>, Failure> {
        let name = place.to_string();
        let on = |passed: Inherited| {
            let listener =
                passed.into_socket::<wirenut_linux::socket::AnyStream, wirenut_linux::socket::Listening>()?;
            Ok(Listener { server: Server::on(listener, config)?, pathname: None, name: name.clone() })
        };
        let passed = self.take_passed(place, &name)?;
        if !passed.is_empty() || self.is_successor {
            return passed.into_iter().map(on).collect();
        }
        match place {
            Place::Stream(At::Host(host)) => self.at_host(host, &name, config),
            Place::Stream(At::Path(path)) => {
                let (listener, pathname) = Socket::stream()?.listen_at(path, self.permissions, config.backlog)?;
                Ok(vec![Listener { server: Server::on(listener, config)?, pathname: Some(pathname), name }])
            }
            Place::Number(_) | Place::Named(_) => Err(Failure::NotPassed(name)),
            Place::Datagram(_) => Ok(Vec::new()),
        }
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

    fn at_host(&mut self, host: &Host, name: &str, config: Config) -> Result<Vec<Listener>, Failure> {
        let addresses = host.addresses(Transport::Tcp)?;
        let (mut listeners, mut missing) = (Vec::new(), None);
        for address in &addresses {
            if address.port() != 0 && !self.seen.insert(*address) {
                continue;
            }
            match Server::bind(address, config) {
                Ok(server) => listeners.push(Listener { server, pathname: None, name: name.into() }),
                Err(error) if addresses.len() > 1 && is_missing(&error) => missing = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        match missing {
            Some(error) if listeners.is_empty() => Err(error.into()),
            _ => Ok(listeners),
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
fn is_missing(error: &wirenut_linux::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT))
}
