//! What bytes go through: a socket, or TLS over one.

use core::time::Duration;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};

use wirenut::readiness::Interest;
use wirenut_linux::socket::{AnyByteStream, Attempt, Received};

use crate::error::Error;
#[cfg(feature = "rustls")]
use crate::session::Session;

/// A byte stream that does not block: a socket, or TLS over one. See the [crate] for an example.
///
/// ```
/// use wirenut_linux::socket::{Attempt, Mode, Received, UnixStream};
/// use wirenut_tls::Wire;
/// let (peer, socket) = UnixStream::pair()?;
/// socket.set_mode(Mode::NonBlocking)?;
/// let mut wire = Wire::new(socket.into());
/// assert!(wire.is_quiet());
/// assert_eq!(peer.send(b"hello")?, Attempt::Done(5));
/// assert!(!wire.is_quiet());
/// assert_eq!(wire.recv(&mut [0; 100])?, Received::Data(5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Wire {
    socket: AnyByteStream,
    #[cfg(feature = "rustls")]
    session: Option<Box<Session>>,
}

impl Wire {
    /// Over a socket that does not block.
    #[must_use]
    pub const fn new(socket: AnyByteStream) -> Self {
        Self {
            socket,
            #[cfg(feature = "rustls")]
            session: None,
        }
    }

    /// TLS over what was plain before. See the [crate] for an example.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn with_session(self, session: Session) -> Self {
        Self { session: Some(Box::new(session)), ..self }
    }

    /// The socket below, for its addresses and options.
    #[must_use]
    pub const fn socket(&self) -> &AnyByteStream {
        &self.socket
    }

    /// The session of TLS, if there is one.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.session.as_deref()
    }

    /// Does what can be done of a handshake now. Returns what the socket must be ready for to go on, or `None`: both have agreed,
    /// or there is no TLS. See the [crate] for an example.
    ///
    /// # Errors
    /// [`Error::HandshakeEnded`], [`Error::System`], and what TLS says.
    pub fn handshake(&mut self) -> Result<Option<Interest>, Error> {
        #[cfg(feature = "rustls")]
        if let Some(session) = &mut self.session {
            return session.handshake(&self.socket);
        }
        Ok(None)
    }

    /// Receives what is there. The bytes behind those that it returns may hold anything. `WouldBlock`: ask a poller again, for
    /// what [`Self::handshake`] says if that has not ended, otherwise for readable.
    ///
    /// # Errors
    /// [`Error::Truncated`]: the peer's end came without close_notify. And those of [`Self::handshake`].
    pub fn recv(&mut self, into: &mut [u8]) -> Result<Received, Error> {
        #[cfg(feature = "rustls")]
        if let Some(session) = &mut self.session {
            return session.recv(&self.socket, into);
        }
        Ok(self.socket.recv(into)?)
    }

    /// Is there something to receive for which the socket does not become readable? Receive it before you wait.
    pub fn holds_unread(&mut self) -> bool {
        #[cfg(feature = "rustls")]
        if let Some(session) = &mut self.session {
            return session.holds_unread();
        }
        false
    }

    /// Sends as much as is taken now. Some of that may still be here: [`Self::flush`] sends it.
    ///
    /// # Errors
    /// As of [`Self::handshake`].
    pub fn send(&mut self, bytes: &[u8]) -> Result<Attempt<usize>, Error> {
        #[cfg(feature = "rustls")]
        if let Some(session) = &mut self.session {
            return session.send(&self.socket, bytes);
        }
        Ok(self.socket.send(bytes)?)
    }

    /// Sends what was taken and is still here. Returns whether all of it has left. A wire without TLS keeps nothing.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn flush(&mut self) -> Result<bool, Error> {
        #[cfg(feature = "rustls")]
        if let Some(session) = &mut self.session {
            return session.flush(&self.socket);
        }
        Ok(true)
    }

    /// Ends our direction, as far as that can be done at once. Call [`Self::flush`] until it returns true before, or what is
    /// still here may be lost.
    pub fn shutdown_write(&mut self) {
        #[cfg(feature = "rustls")]
        if let Some(session) = &mut self.session {
            // As far as there is room for it.
            let _ = session.close(&self.socket);
        }
        // It fails only where the connection has failed, which the next receive reports.
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// Has the socket reset its connection when it is dropped, so that the peer sees that something was given up.
    pub fn give_up(&self) {
        // Where that fails, it is closed in the usual way.
        let _ = self.socket.set_linger(Some(Duration::ZERO));
    }

    /// True if the connection can be used again: the peer has not ended it, and has sent nothing but messages of TLS.
    pub fn is_quiet(&mut self) -> bool {
        #[cfg(feature = "rustls")]
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
