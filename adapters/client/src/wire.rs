//! What bytes go through: a socket, or TLS over one.

use core::time::Duration;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};

use wirenut_linux::socket::{AnyByteStream, Attempt, Received};

use crate::error::Cause;
#[cfg(feature = "tls")]
use crate::tls::Session;

/// A stream that does not block.
pub(crate) struct Wire {
    socket: AnyByteStream,
    #[cfg(feature = "tls")]
    session: Option<Box<Session>>,
}

impl Wire {
    /// Over a socket that does not block.
    pub(crate) const fn new(socket: AnyByteStream) -> Self {
        Self {
            socket,
            #[cfg(feature = "tls")]
            session: None,
        }
    }

    /// TLS over what was plain before.
    #[cfg(feature = "tls")]
    pub(crate) fn with_session(self, session: Session) -> Self {
        Self { session: Some(Box::new(session)), ..self }
    }

    #[cfg(feature = "tls")]
    pub(crate) const fn socket(&self) -> &AnyByteStream {
        &self.socket
    }

    /// Receives what is there.
    pub(crate) fn recv(&mut self, into: &mut [u8]) -> Result<Received, Cause> {
        #[cfg(feature = "tls")]
        if let Some(session) = &mut self.session {
            return session.recv(&self.socket, into);
        }
        Ok(self.socket.recv(into)?)
    }

    /// Is there something to receive for which the socket will not become readable?
    pub(crate) fn holds_unread(&mut self) -> bool {
        #[cfg(feature = "tls")]
        if let Some(session) = &mut self.session {
            return session.holds_unread();
        }
        false
    }

    /// Sends as much as is taken now.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<Attempt<usize>, Cause> {
        #[cfg(feature = "tls")]
        if let Some(session) = &mut self.session {
            return session.send(&self.socket, bytes);
        }
        Ok(self.socket.send(bytes)?)
    }

    /// Sends what was taken and has not left this process. Is nothing left of it?
    pub(crate) fn flush(&mut self) -> Result<bool, Cause> {
        #[cfg(feature = "tls")]
        if let Some(session) = &mut self.session {
            return session.flush(&self.socket);
        }
        Ok(true)
    }

    /// Ends our direction, as far as that can be done at once.
    pub(crate) fn shutdown_write(&mut self) {
        #[cfg(feature = "tls")]
        if let Some(session) = &mut self.session {
            session.close(&self.socket);
        }
        // It fails only if the connection has: whoever reads hears that.
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// Has the socket reset its connection when it is dropped, so that the peer sees that something was given up.
    pub(crate) fn give_up(&self) {
        // Where that fails, it is closed in the usual way.
        let _ = self.socket.set_linger(Some(Duration::ZERO));
    }

    /// Is it as quiet as a connection is that nobody uses? Not if the peer has ended it, or has sent something.
    pub(crate) fn is_quiet(&mut self) -> bool {
        #[cfg(feature = "tls")]
        if let Some(session) = &mut self.session {
            // Tickets and other messages of TLS may come at any time.
            return matches!(session.recv(&self.socket, &mut [0]), Ok(Received::WouldBlock));
        }
        matches!(self.socket.peek(&mut [0]), Ok(Received::WouldBlock))
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
