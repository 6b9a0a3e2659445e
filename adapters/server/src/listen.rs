//! Listening at an address.

use core::net::SocketAddr;
use std::io;
use std::net::ToSocketAddrs;

use wirenut_linux::Error;
use wirenut_linux::socket::{Family, Socket, TcpListener};

/// Listens on the first of the addresses that can be listened on.
pub(crate) fn listen(address: &impl ToSocketAddrs, backlog: u32) -> Result<TcpListener, Error> {
    first_of(address, |address, family| {
        let socket = Socket::tcp(family)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address)?;
        let listener = socket.listen(backlog)?;
        listener.set_no_delay(true)?;
        Ok(listener)
    })
}

/// Makes something of the first of the addresses of which it can be made.
pub(crate) fn first_of<T>(
    address: &impl ToSocketAddrs,
    make: impl Fn(SocketAddr, Family) -> Result<T, Error>,
) -> Result<T, Error> {
    let resolved = address.to_socket_addrs().map_err(|error| Error::new("resolve the address", error))?;
    let mut failed = None;
    for address in resolved {
        // `[::]` stands for all addresses of both kinds, `[::ffff:192.0.2.1]` for one of IPv4.
        let family = if address.is_ipv4() { Family::V4 } else { Family::DualStack };
        match make(address, family) {
            Ok(made) => return Ok(made),
            Err(error) => failed = Some(error),
        }
    }
    let nothing = || io::Error::new(io::ErrorKind::InvalidInput, "could not resolve to any addresses");
    Err(failed.unwrap_or_else(|| Error::new("resolve the address", nothing())))
}
