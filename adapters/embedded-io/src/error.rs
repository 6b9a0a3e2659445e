//! What went wrong on a stream.

use core::fmt;

use embedded_io::ErrorKind;
use wirenut::http;

/// What a stream was asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// Read, or tell whether it can be read.
    Read,
    /// Write, or tell whether it can be written.
    Write,
    /// Flush.
    Flush,
    /// End its direction ([`Shutdown::shutdown_write`](crate::Shutdown::shutdown_write)), or send what was written before a
    /// reset ([`Shutdown::drain`](crate::Shutdown::drain)).
    Shutdown,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Flush => "flush",
            Self::Shutdown => "shutdown",
        })
    }
}

/// How a stream failed.
///
/// ```
/// use embedded_io::ErrorKind;
/// use wirenut_embedded_io::{Operation, StreamError};
/// let error = StreamError::Failed(Operation::Write, ErrorKind::BrokenPipe);
/// assert_eq!(error.to_string(), "write of the stream: BrokenPipe");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StreamError<E> {
    /// An operation returned an error.
    Failed(Operation, E),
    /// It wrote nothing, or more than it was given, or read more than there was room for.
    Miscounted(Operation),
}

impl<E: fmt::Display> fmt::Display for StreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(operation, error) => write!(f, "{operation} of the stream: {error}"),
            Self::Miscounted(operation) => write!(f, "{operation} of the stream: impossible number of bytes"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for StreamError<E> {}

/// Why a connection did not end in good order. The first reason, if there are several.
///
/// ```
/// use embedded_io::ErrorKind;
/// use wirenut_embedded_io::{Error, Operation};
/// let error = Error::Stream(Operation::Read, ErrorKind::ConnectionReset);
/// assert_eq!(error.to_string(), "read of the stream: ConnectionReset");
/// assert_eq!(embedded_io::Error::kind(&error), ErrorKind::ConnectionReset);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Error<E> {
    /// A rule of the protocol was broken, or a deadline passed. The peer was told where that is possible.
    Protocol(http::Error),
    /// The stream failed.
    Stream(Operation, E),
    /// The stream wrote nothing, or more than it was given, or read more than there was room for.
    Miscounted(Operation),
    /// The request is none, or cannot be sent now. (Of clients only.)
    Refused(http::WriteError),
}

impl<E> From<StreamError<E>> for Error<E> {
    fn from(error: StreamError<E>) -> Self {
        match error {
            StreamError::Failed(operation, error) => Self::Stream(operation, error),
            StreamError::Miscounted(operation) => Self::Miscounted(operation),
        }
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(error) => error.fmt(f),
            Self::Stream(operation, error) => write!(f, "{operation} of the stream: {error}"),
            Self::Refused(error) => error.fmt(f),
            Self::Miscounted(operation) => write!(f, "{operation} of the stream: impossible number of bytes"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for Error<E> {}

impl<E: embedded_io::Error> embedded_io::Error for Error<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Protocol(_) => ErrorKind::Other,
            Self::Stream(_, error) => error.kind(),
            Self::Miscounted(_) => ErrorKind::InvalidData,
            Self::Refused(_) => ErrorKind::InvalidInput,
        }
    }
}
