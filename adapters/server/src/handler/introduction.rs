//! What a proxy says before a handler is called: whom it passes on.

use core::net::SocketAddr;
use std::io::{ErrorKind, Read};
use std::time::Instant;

use wirenut::proxy::{Error, Parsed, Receiver};
use wirenut::time;

use super::Stream;
use crate::proxy_protocol::ProxyProtocol;

/// Why there is nobody to call the handler for.
pub(super) enum Unheard {
    /// It is no header.
    Refused(Error),
    /// The connection has failed, or the server stops.
    Failed,
}

impl From<Error> for Unheard {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Reads the header, and not a byte more: what stands behind it is the handler's. The client, if it names one.
pub(super) fn read_header(mut stream: &Stream, settings: &ProxyProtocol) -> Result<Option<SocketAddr>, Unheard> {
    let limits = &settings.limits;
    let mut receiver = Receiver::new(limits, time::Instant::START);
    let deadline = Instant::now().checked_add(limits.header.into());
    let mut header = Vec::new();
    loop {
        let start = header.len();
        match receiver.receive(limits, &header)? {
            Parsed::Header(header) => return Ok(header.source()),
            Parsed::NeedMore(length) => header.resize(length, 0),
        }
        stream.set_read_timeout(deadline.map(|at| at.saturating_duration_since(Instant::now())));
        match stream.read(&mut header[start..]) {
            Ok(0) => receiver.handle_eof()?,
            Ok(count) => header.truncate(start + count),
            Err(error) if error.kind() == ErrorKind::TimedOut && stream.has_timed_out() => {
                receiver.handle_timeout(time::Instant::START.saturating_add(limits.header))?;
            }
            Err(_) => return Err(Unheard::Failed),
        }
    }
}
