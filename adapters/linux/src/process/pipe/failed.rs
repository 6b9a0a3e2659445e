//! Why a message could not be sent or received.

use core::fmt;
use std::io;

use rustix::io::Errno;

use crate::error::Error;
#[cfg(feature = "serde")]
use crate::value::ValueError;

/// Why a message was not sent.
///
/// ```
/// use wirenut_linux::process::pipe::{SendError, pipe};
/// let (sender, receiver) = pipe()?;
/// let error = sender.send(&vec![0; sender.max_message() + 1]).unwrap_err();
/// assert!(matches!(error, SendError::TooLarge { limit, .. } if limit == sender.max_message()));
/// drop(receiver);
/// let error = sender.send(b"hello").unwrap_err();
/// assert!(matches!(error, SendError::Closed));
/// assert_eq!(error.to_string(), "cannot send the message: nobody is left to receive it");
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum SendError {
    /// It is longer than a message may be.
    TooLarge {
        /// Its bytes.
        length: usize,
        /// The most bytes that a message may have: [`End::max_message`](super::End::max_message).
        limit: usize,
    },
    /// No receiving end is left, in any process, or this direction was shut down. So it will be for every message.
    Closed,
    /// The value cannot be written as bytes.
    #[cfg(feature = "serde")]
    Value(ValueError),
    /// The system said something else.
    System(Error),
}

/// Why a message that was received is not what was asked for. The next one can be received.
#[derive(Debug)]
#[non_exhaustive]
pub enum RecvError {
    /// There was not room enough for the message. Here is all of it, taken out of the pipe.
    TooLarge(Vec<u8>),
    /// The bytes are no such value. The message is lost.
    #[cfg(feature = "serde")]
    Value(ValueError),
    /// The system said something else.
    System(Error),
}

impl SendError {
    /// What the system means by its number.
    pub(super) fn of(errno: Errno, failed: impl Fn(Errno) -> Error, length: usize, limit: usize) -> Self {
        match errno {
            Errno::MSGSIZE => Self::TooLarge { length, limit },
            // The first is said once, where the last receiver left messages behind.
            Errno::CONNRESET | Errno::PIPE | Errno::NOTCONN => Self::Closed,
            errno => Self::System(failed(errno)),
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { length, limit } => {
                write!(f, "cannot send the message: it has {length} bytes, and may have {limit}")
            }
            Self::Closed => f.write_str("cannot send the message: nobody is left to receive it"),
            #[cfg(feature = "serde")]
            Self::Value(error) => write!(f, "cannot send the value: {error}"),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(message) => {
                write!(f, "cannot receive the message into this buffer: it has {} bytes", message.len())
            }
            #[cfg(feature = "serde")]
            Self::Value(error) => write!(f, "cannot receive the value: {error}"),
            Self::System(error) => error.fmt(f),
        }
    }
}

// The line says all, so there is no source that a caller would print a second time.
impl core::error::Error for SendError {}
impl core::error::Error for RecvError {}

impl From<Error> for RecvError {
    fn from(error: Error) -> Self {
        Self::System(error)
    }
}

/// Keeps the kind and the line.
///
/// ```
/// use std::io::{Error, ErrorKind};
/// let (sender, _) = wirenut_linux::process::pipe::pipe()?;
/// assert_eq!(Error::from(sender.send(b"hello").unwrap_err()).kind(), ErrorKind::BrokenPipe);
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
impl From<SendError> for io::Error {
    fn from(error: SendError) -> Self {
        let kind = match &error {
            SendError::TooLarge { .. } => io::ErrorKind::InvalidInput,
            SendError::Closed => io::ErrorKind::BrokenPipe,
            #[cfg(feature = "serde")]
            SendError::Value(_) => io::ErrorKind::InvalidInput,
            SendError::System(error) => error.kind(),
        };
        Self::new(kind, error)
    }
}

/// Keeps the kind and the line.
impl From<RecvError> for io::Error {
    fn from(error: RecvError) -> Self {
        let kind = match &error {
            RecvError::TooLarge(_) => io::ErrorKind::InvalidInput,
            #[cfg(feature = "serde")]
            RecvError::Value(_) => io::ErrorKind::InvalidData,
            RecvError::System(error) => error.kind(),
        };
        Self::new(kind, error)
    }
}
