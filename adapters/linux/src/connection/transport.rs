//! What a turn sends and receives through: a socket, or something over one.

use std::net::Shutdown;

use wirenut::readiness::Interest;

use crate::socket::{ByteStream, Connected, Received, Socket};
use crate::sys::socket::set_unsent_low_water_mark;

/// A transport has failed. What failed, it has told whom that concerns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failed;

/// What has left of the bytes that a transport held.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flushed {
    /// So many bytes left by this call.
    pub sent: usize,
    /// So many it still holds.
    pub held: usize,
}

/// What a [turn](super::Connection::turn) sends and receives through: a socket that does not block, or something over one,
/// such as TLS, which may hold bytes of either direction. No call waits.
///
/// A socket holds nothing. What holds nothing either implements only the methods without a default.
///
/// ```
/// use wirenut_linux::connection::{Failed, Transport};
/// use wirenut_linux::socket::{Received, UnixStream};
///
/// /// A socket that counts what goes through it.
/// struct Counted<'c> { socket: &'c UnixStream, received: usize, sent: usize }
///
/// impl Transport for Counted<'_> {
///     fn recv(&mut self, into: &mut [u8]) -> Result<Received, Failed> {
///         let received = Transport::recv(&mut self.socket, into)?;
///         if let Received::Data(count) = received {
///             self.received += count;
///         }
///         Ok(received)
///     }
///
///     fn send(&mut self, bytes: &[u8]) -> Result<usize, Failed> {
///         let count = Transport::send(&mut self.socket, bytes)?;
///         self.sent += count;
///         Ok(count)
///     }
///
///     fn shutdown_write(&mut self) { Transport::shutdown_write(&mut self.socket) }
///     fn untaken_bytes(&mut self) -> u64 { Transport::untaken_bytes(&mut self.socket) }
///     fn set_low_water_mark(&mut self) -> bool { Transport::set_low_water_mark(&mut self.socket) }
/// }
///
/// let (one, other) = UnixStream::pair()?;
/// let [mut one, mut other] = [&one, &other].map(|socket| Counted { socket, received: 0, sent: 0 });
/// assert_eq!(one.send(b"hello"), Ok(5));
/// assert_eq!(other.recv(&mut [0; 100]), Ok(Received::Data(5)));
/// assert_eq!((one.sent, other.received, one.held()), (5, 5, 0));
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
pub trait Transport {
    /// What the socket must be ready for before bytes can go through, if something is to be agreed on first. `None`: they can.
    /// Nothing else is called before.
    ///
    /// # Errors
    /// They will never go through.
    #[inline]
    fn prepare(&mut self) -> Result<Option<Interest>, Failed> {
        Ok(None)
    }

    /// Receives what is there.
    ///
    /// # Errors
    /// It has failed, or its end cannot be trusted.
    fn recv(&mut self, into: &mut [u8]) -> Result<Received, Failed>;

    /// Is there something to receive, or the end, for which the socket does not become readable?
    #[inline]
    fn holds_unread(&mut self) -> bool {
        false
    }

    /// Sends as many bytes as are taken now, and returns how many those are. Some of them may be [held](Self::held).
    ///
    /// # Errors
    /// It has failed.
    fn send(&mut self, bytes: &[u8]) -> Result<usize, Failed>;

    /// How many bytes it has taken, or has made itself, that the socket has not. Nothing is given to it until there are none.
    #[inline]
    fn held(&mut self) -> usize {
        0
    }

    /// Sends what it holds. `None`: it held nothing.
    ///
    /// # Errors
    /// It has failed.
    #[inline]
    fn flush(&mut self) -> Result<Option<Flushed>, Failed> {
        Ok(None)
    }

    /// Ends our direction, behind all that was sent; once [`Self::flush`] has sent what is [held](Self::held), if something is.
    fn shutdown_write(&mut self);

    /// Both directions end in good order, right after this.
    #[inline]
    fn close(&mut self) {}

    /// How many bytes the peer has not taken, of those with the system and those that are held, as far as that is known.
    fn untaken_bytes(&mut self) -> u64;

    /// Has the socket become writable only when less than one byte of what it was given has not left the machine. False: it
    /// cannot.
    fn set_low_water_mark(&mut self) -> bool;
}

impl<P: ByteStream> Transport for &Socket<P, Connected> {
    #[inline]
    fn recv(&mut self, into: &mut [u8]) -> Result<Received, Failed> {
        (**self).recv(into).map_err(|_| Failed)
    }

    #[inline]
    fn send(&mut self, bytes: &[u8]) -> Result<usize, Failed> {
        let sent = (**self).send(bytes).map_err(|_| Failed)?;
        Ok(sent.done().unwrap_or(0))
    }

    fn shutdown_write(&mut self) {
        // It fails only if the connection has: the poller says so.
        let _ = self.shutdown(Shutdown::Write);
    }

    fn untaken_bytes(&mut self) -> u64 {
        (**self).untaken_bytes().unwrap_or(0)
    }

    fn set_low_water_mark(&mut self) -> bool {
        set_unsent_low_water_mark(*self, 1).is_ok()
    }
}
