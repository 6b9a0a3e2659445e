//! TLS in front of a handler.

use std::io::{self, ErrorKind};

use wirenut::readiness::Interest;
use wirenut::time::{Duration, Instant};
use wirenut::transport::Disposition;
use wirenut_linux::socket::{AnyByteStream, Attempt, Received};

use super::Stream;
use crate::board::Deadline;
use crate::layer::{Greeting, Layer, Start, log_failure};
use crate::tls::{Secured, Stage, Terms, Tls};

/// A connection's TLS.
pub(super) struct Security {
    pub(super) layer: Secured,
    pub(super) stage: Stage,
}

impl core::fmt::Debug for Security {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Security").finish_non_exhaustive()
    }
}

/// Agrees with the peer, for so long at most. If that fails, it says how the connection ends.
pub(super) fn agree(stream: &mut Stream, tls: Tls, limit: Duration) -> Result<(), Disposition> {
    let layer = Secured::new(tls, Terms { is_http: false }, limit);
    let stage = layer.begin(Start::AtOnce, Instant::START);
    stream.secure(Security { layer, stage });
    let why = match stream.agree(limit.into()) {
        Ok(Some(Greeting::Agreed { is_resumed })) => {
            stream.counts().add_handshake(is_resumed);
            return Ok(());
        }
        // It has gone without a word.
        Ok(None) => return Err(Disposition::Close),
        Ok(Some(Greeting::Cleartext)) => "the peer speaks something else".to_owned(),
        Ok(Some(Greeting::Failed(why))) => why,
        Err(error) if error.kind() == ErrorKind::TimedOut => {
            stream.counts().add_deadline(Deadline::Head);
            "it took too long".to_owned()
        }
        Err(_) => return Err(Disposition::Cut),
    };
    stream.counts().handshakes_failed.add(1);
    log_failure(Some(stream.peer()), &why);
    Err(Disposition::ShutdownWrite)
}

impl Security {
    /// Does what can be done, and says what to wait for, or how it has ended: None, because the peer has gone.
    pub(super) fn greet(&mut self, socket: &AnyByteStream) -> Result<Option<Greeting>, Interest> {
        match (self.layer.greet(&mut self.stage, socket, true), &self.stage) {
            (Some(greeting), _) => Ok(Some(greeting)),
            (None, Stage::Greeting(_, _, interest)) => Err(*interest),
            (None, Stage::New(_)) => Err(Interest::READABLE),
            (None, Stage::Header(_) | Stage::Open(_) | Stage::Clear) => Ok(None),
        }
    }

    pub(super) fn recv(&mut self, socket: &AnyByteStream, into: &mut [u8]) -> io::Result<Received> {
        if let Stage::Open(open) = &mut self.stage { open.recv(socket, into) } else { Ok(socket.recv(into)?) }
    }

    pub(super) fn send(&mut self, socket: &AnyByteStream, bytes: &[u8]) -> io::Result<Attempt<usize>> {
        if let Stage::Open(open) = &mut self.stage { open.send(socket, bytes) } else { Ok(socket.send(bytes)?) }
    }

    /// Sends what is held. `WouldBlock`: some still is.
    pub(super) fn flush(&mut self, socket: &AnyByteStream) -> io::Result<Attempt<usize>> {
        if let Stage::Open(open) = &mut self.stage { open.flush(socket) } else { Ok(Attempt::Done(0)) }
    }

    /// Says that nothing more comes.
    pub(super) fn close(&mut self, socket: &AnyByteStream) -> io::Result<()> {
        if let Stage::Open(open) = &mut self.stage { open.close(socket) } else { Ok(()) }
    }

    pub(super) fn holds_unsent(&mut self) -> bool {
        if let Stage::Open(open) = &mut self.stage { open.holds_unsent() } else { false }
    }
}
