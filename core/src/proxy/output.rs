//! Where headers are written: a buffer that is given, part after part.

use core::fmt;
use core::net::{IpAddr, SocketAddr};

use super::error::WriteError;

/// What was written to the beginning of a buffer.
#[derive(Debug)]
pub(super) struct Output<'o> {
    out: &'o mut [u8],
    length: usize,
}

impl<'o> Output<'o> {
    pub(super) const fn new(out: &'o mut [u8]) -> Self {
        Self { out, length: 0 }
    }

    pub(super) const fn length(&self) -> usize {
        self.length
    }

    /// Adds these bytes, all of them or none.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.put_at(self.length, bytes)?;
        self.length = self.length.saturating_add(bytes.len());
        Ok(())
    }

    /// Writes over what stands there.
    pub(super) fn put_at(&mut self, at: usize, bytes: &[u8]) -> Result<(), WriteError> {
        let room = self.out.get_mut(at..).and_then(|rest| rest.get_mut(..bytes.len())).ok_or(WriteError::Full)?;
        crate::bytes::copy(bytes, room);
        Ok(())
    }

    /// Forgets what is behind `length`.
    pub(super) fn shorten(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    pub(super) fn written(&self) -> &[u8] {
        self.out.get(..self.length).unwrap_or_default()
    }

    pub(super) fn finish(self) -> &'o [u8] {
        self.out.get(..self.length).unwrap_or_default()
    }
}

impl fmt::Write for Output<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes()).map_err(|_| fmt::Error)
    }
}

/// Both ends, the one of IPv4 mapped into IPv6 (RFC 4291 §2.5.5.2) if the other one is of IPv6.
pub(super) fn of_one_family(source: SocketAddr, destination: SocketAddr) -> (SocketAddr, SocketAddr) {
    let is_mixed = source.is_ipv4() != destination.is_ipv4();
    let map = |address: SocketAddr| match address.ip() {
        IpAddr::V4(ip) if is_mixed => SocketAddr::new(ip.to_ipv6_mapped().into(), address.port()),
        IpAddr::V4(_) | IpAddr::V6(_) => address,
    };
    (map(source), map(destination))
}
