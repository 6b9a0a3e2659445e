//! A server for each socket that a place stands for.

use core::net::SocketAddr;
use std::collections::HashSet;

use rustix::io::Errno;
use wirenut_linux::lookup::Transport;
use wirenut_linux::socket::{Pathname, Socket};
use wirenut_server::{Config, Server};

use super::passed::Passed;
use super::place::{At, Host, Place};
use crate::failure::Failure;

/// A server that listens.
#[derive(Debug)]
pub struct Listener {
    /// What runs.
    pub server: Server,
    /// The path of a Unix socket that was made here: it is removed when this is dropped.
    pub pathname: Option<Pathname>,
}

/// Opens places, each of them once.
#[derive(Debug)]
pub struct Opener {
    passed: Passed,
    seen: HashSet<SocketAddr>,
    permissions: u32,
}

impl Opener {
    /// `permissions`: who may connect to paths.
    #[must_use]
    pub fn new(passed: Passed, permissions: u32) -> Self {
        Self { passed, seen: HashSet::new(), permissions }
    }

    /// Listens at all addresses of a place, or takes what was passed: a server for each.
    ///
    /// # Errors
    ///
    /// [`Failure::Network`]: a name is unknown, an address is taken, or not ours. Of several addresses of one name, those that
    /// this machine does not have are passed over, as long as it has one. [`Failure::NotPassed`]: see [`Passed`].
    pub fn streams(&mut self, place: &Place, config: Config) -> Result<Vec<Listener>, Failure> {
        let on = |listener| Ok(Listener { server: Server::on(listener, config)?, pathname: None });
        match place {
            Place::Stream(At::Host(host)) => self.at_host(host, config),
            Place::Stream(At::Path(path)) => {
                let (listener, pathname) = Socket::stream()?.listen_at(path, self.permissions, config.backlog)?;
                Ok(vec![Listener { server: Server::on(listener, config)?, pathname: Some(pathname) }])
            }
            Place::Number(number) => Ok(vec![on(self.passed.number(*number)?)?]),
            Place::Named(name) => self.passed.named(name)?.into_iter().map(on).collect(),
            Place::Datagram(_) => Ok(Vec::new()),
        }
    }

    fn at_host(&mut self, host: &Host, config: Config) -> Result<Vec<Listener>, Failure> {
        let addresses = host.addresses(Transport::Tcp)?;
        let (mut listeners, mut missing) = (Vec::new(), None);
        for address in &addresses {
            if address.port() != 0 && !self.seen.insert(*address) {
                continue;
            }
            match Server::bind(address, config) {
                Ok(server) => listeners.push(Listener { server, pathname: None }),
                Err(error) if addresses.len() > 1 && is_missing(&error) => missing = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        match missing {
            Some(error) if listeners.is_empty() => Err(error.into()),
            _ => Ok(listeners),
        }
    }

    /// All places are open.
    ///
    /// # Errors
    /// As of [`Passed::finish`].
    pub fn finish(self) -> Result<(), Failure> {
        self.passed.finish()
    }
}

/// This machine does not have the address, or none of its kind.
fn is_missing(error: &wirenut_linux::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT))
}
