//! The one type of all ends, with what it is for as its parameter.

use alloc::sync::Arc;
use core::fmt;
use core::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::io::Errno;
use rustix::net::sockopt;

use super::direction::sealed::Direction;
use super::direction::{Both, Receiving, Sending};
use crate::error::Error;
use crate::process::inherited;
use crate::socket::SeqpacketStream;

/// One end of a pipe; `D` says what it is for. It is closed when its last clone is dropped.
///
/// What an end is not for does not compile:
///
/// ```compile_fail,E0599
/// wirenut_linux::process::pipe::pipe().unwrap().0.recv(); // a sender receives nothing
/// ```
///
/// The mode of the descriptor (O_NONBLOCK) decides nothing: whether a call waits is said by its name.
pub struct End<D> {
    socket: Arc<SeqpacketStream>,
    max_message: usize,
    direction: PhantomData<D>,
}

/// The end of a one-way pipe that sends.
pub type Sender = End<Sending>;
/// The end of a one-way pipe that receives.
pub type Receiver = End<Receiving>;
/// An end of a two-way pipe.
pub type Duplex = End<Both>;

/// What the kernel keeps for itself of a buffer for sending, if one message is to fill it (`unix_dgram_sendmsg`).
pub(super) const OVERHEAD: usize = 32;

/// However large the buffer: the kernel wants one piece of memory for most of a message, and has none above 4 MiB.
pub(super) const MAX_MESSAGE: usize = 4 << 20;

impl<D: Direction> End<D> {
    /// Both ends of a pipe have buffers of one size, so each knows how long a message of the other can be.
    pub(super) fn new(socket: SeqpacketStream) -> Result<Self, Error> {
        let buffer = sockopt::socket_send_buffer_size(&socket);
        let buffer = buffer.map_err(|errno| Error::on("tell the buffer for sending of", &socket, errno))?;
        let max_message = buffer.saturating_sub(OVERHEAD).min(MAX_MESSAGE);
        Ok(Self { socket: inherited::note(socket), max_message, direction: PhantomData })
    }

    /// The length of the longest message that can be sent, from this end and from the other.
    ///
    /// ```
    /// let (sender, receiver) = wirenut_linux::process::pipe::pipe()?;
    /// sender.send(&vec![7; sender.max_message()])?;
    /// assert_eq!(receiver.recv()?.map(|message| message.len()), Some(receiver.max_message()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn max_message(&self) -> usize {
        self.max_message
    }

    /// To be given to `map_err`.
    pub(super) fn failed(&self, operation: &'static str) -> impl Fn(Errno) -> Error + use<D> {
        let descriptor = self.as_raw_fd();
        move |errno| match errno {
            Errno::NOTSOCK => {
                Error::because(operation, &format_args!("descriptor {descriptor}"), inherited::not_captured())
            }
            errno => Error::on(operation, &descriptor, errno),
        }
    }
}

impl inherited::End for SeqpacketStream {
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.as_fd()
    }

    fn note_closed(&self) {
        // Calls on it fail from now on, since it is no socket: see `failed`.
    }
}

/// The same end once more, for another thread. It takes no descriptor.
impl<D> Clone for End<D> {
    fn clone(&self) -> Self {
        Self { socket: Arc::clone(&self.socket), max_message: self.max_message, direction: PhantomData }
    }
}

/// For any poller. A receiver is readable when a message can be received, and for good once the stream has ended. A sender
/// is writable when a quarter of the buffer, or less, is in use.
impl<D> AsFd for End<D> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl<D> AsRawFd for End<D> {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// Takes an end that came from another process, and closes it on exec(2) from now on. That it is for what `D` says is the
/// caller's knowledge: the system knows two-way pipes only.
///
/// ```
/// use std::os::fd::AsFd;
/// use wirenut_linux::process::pipe::{Sender, duplex, pipe};
/// let (one, other) = duplex()?;
/// let (sender, receiver) = pipe()?;
/// one.send_descriptors(b"answer here", &[sender.as_fd()])?;
/// drop(sender);
///
/// let mut delivery = other.recv_descriptors()?.unwrap();
/// let sender = Sender::try_from(delivery.descriptors.remove(0))?;
/// sender.send(b"an answer")?;
/// assert_eq!(receiver.recv()?.as_deref(), Some(&b"an answer"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// It is no such socket. It is closed then.
impl<D: Direction> TryFrom<OwnedFd> for End<D> {
    type Error = Error;

    fn try_from(descriptor: OwnedFd) -> Result<Self, Error> {
        Self::new(descriptor.try_into()?)
    }
}

/// What it is, and its number.
///
/// ```
/// use std::os::fd::AsRawFd;
/// let (sender, _receiver) = wirenut_linux::process::pipe::pipe()?;
/// assert_eq!(format!("{sender:?}"), format!("sending end of a pipe, descriptor {}", sender.as_raw_fd()));
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
impl<D: Direction> fmt::Debug for End<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} end of a pipe, descriptor {}", D::NAME, self.as_raw_fd())
    }
}
