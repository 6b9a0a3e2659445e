//! What became of a call that may have to wait.

use rustix::io::Errno;

/// What became of a call that succeeds or would have to wait.
///
/// On a [non-blocking](super::Mode) socket, `WouldBlock` means: try again when a poller says so. On a blocking one it means that
/// the time-out of the socket is over, and without a time-out it does not happen.
///
/// ```
/// use wirenut_linux::socket::Attempt;
/// assert_eq!(Attempt::Done(7).map(|seven| seven + 1).done(), Some(8));
/// assert_eq!(Attempt::<u8>::WouldBlock.done(), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[must_use]
pub enum Attempt<T> {
    /// It is done.
    Done(T),
    /// Nothing was done: it would have to wait.
    WouldBlock,
}

impl<T> Attempt<T> {
    pub(super) fn of(result: Result<T, Errno>) -> Result<Self, Errno> {
        match result {
            Ok(value) => Ok(Self::Done(value)),
            Err(Errno::AGAIN) => Ok(Self::WouldBlock),
            Err(errno) => Err(errno),
        }
    }

    /// What was done, if it was.
    #[must_use]
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(value) => Some(value),
            Self::WouldBlock => None,
        }
    }

    /// The same about something made of it.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Attempt<U> {
        match self {
            Self::Done(value) => Attempt::Done(change(value)),
            Self::WouldBlock => Attempt::WouldBlock,
        }
    }
}

/// What came over a connection: for a byte stream, how many bytes.
///
/// recv(2) says 0 for the end and for "no bytes", and an error for "would block". Here are three answers.
///
/// ```
/// use wirenut_linux::socket::{Attempt, Mode, Received, SeqpacketStream};
/// let (one, other) = SeqpacketStream::pair()?;
/// other.set_mode(Mode::NonBlocking)?;
/// assert_eq!(other.recv_message(&mut [0; 10])?, Received::WouldBlock);
/// assert_eq!(one.send_message(b"")?, Attempt::Done(()));
/// assert!(matches!(other.recv_message(&mut [0; 10])?, Received::Data(message) if message.length == 0));
/// drop(one);
/// assert_eq!(other.recv_message(&mut [0; 10])?, Received::End);
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[must_use]
pub enum Received<T = usize> {
    /// This came. Of a byte stream, no bytes only where room for none was given.
    Data(T),
    /// The peer has ended its direction, and nothing more comes.
    End,
    /// Nothing is there, see [`Attempt::WouldBlock`].
    WouldBlock,
}

impl<T> Received<T> {
    /// The same about something made of what came.
    ///
    /// ```
    /// use wirenut_linux::socket::Received;
    /// assert_eq!(Received::Data(7).map(|seven| seven + 1), Received::Data(8));
    /// assert_eq!(Received::<u8>::End.map(|seven| seven + 1), Received::End);
    /// ```
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Received<U> {
        match self {
            Self::Data(value) => Received::Data(change(value)),
            Self::End => Received::End,
            Self::WouldBlock => Received::WouldBlock,
        }
    }
}
