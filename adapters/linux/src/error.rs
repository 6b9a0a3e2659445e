//! What could not be done, with what, and why: in one line.

use core::fmt::{self, Display as _};
use std::io;
use std::os::fd::{AsRawFd, RawFd};

use rustix::io::Errno;

use crate::lookup_failure::Failure;

/// Why something of this crate failed. Its one line names the operation, the address, name or descriptor, and what the
/// system said.
///
/// Control characters in a name are escaped:
///
/// ```
/// let error = wirenut_linux::lookup::host("no\nsuch\x1bname").unwrap_err();
/// assert!(error.to_string().starts_with("cannot look up no\\nsuch\\u{1b}name: "), "{error}");
/// ```
///
/// That a call would have to wait is no error: see [`Attempt`](crate::socket::Attempt).
///
/// ```
/// use wirenut_linux::socket::{TcpListener, TcpStream};
/// let address = TcpListener::bind(&"127.0.0.1:0".parse()?)?.local_address()?; // and closed again
/// let error = TcpStream::connect(&address).unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
/// assert_eq!(error.to_string(), format!("cannot connect to {address}: Connection refused (os error 111)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Error {
    operation: &'static str,
    subject: Subject,
    cause: Cause,
}

#[derive(Debug)]
enum Subject {
    Nothing,
    Descriptor(RawFd),
    Name(Box<str>),
}

/// Who said no.
#[derive(Debug)]
pub(crate) enum Cause {
    System(Errno),
    Lookup(Failure),
    /// The standard library, where the system said nothing: of names that it looked up.
    Library(io::Error),
}

impl From<Errno> for Cause {
    fn from(errno: Errno) -> Self {
        Self::System(errno)
    }
}

impl From<Failure> for Cause {
    fn from(failure: Failure) -> Self {
        Self::Lookup(failure)
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Errno::from_io_error(&error).map_or(Self::Library(error), Self::System)
    }
}

impl Error {
    /// The operation reads as in "cannot … descriptor 7".
    pub(crate) fn on(operation: &'static str, descriptor: &impl AsRawFd, errno: Errno) -> Self {
        Self { operation, subject: Subject::Descriptor(descriptor.as_raw_fd()), cause: errno.into() }
    }

    /// The operation reads as in "cannot … 127.0.0.1:80".
    pub(crate) fn of(operation: &'static str, subject: &impl fmt::Display, errno: Errno) -> Self {
        Self::because(operation, subject, errno)
    }

    /// The same, where it need not be the system that said no.
    pub(crate) fn because(operation: &'static str, subject: &impl fmt::Display, cause: impl Into<Cause>) -> Self {
        Self { operation, subject: Subject::Name(subject.to_string().into_boxed_str()), cause: cause.into() }
    }

    /// Something that has no name yet.
    pub(crate) fn plain(operation: &'static str, cause: impl Into<Cause>) -> Self {
        Self { operation, subject: Subject::Nothing, cause: cause.into() }
    }

    /// An error of something that is built on this crate, told in the same way. The operation reads as in "cannot …: no such
    /// file"; see [`Self::attributed_to`] for a subject.
    ///
    /// ```
    /// let error = std::fs::File::open("/no/such/file").unwrap_err();
    /// let error = wirenut_linux::Error::new("read the list of hosts", error);
    /// assert_eq!(error.to_string(), "cannot read the list of hosts: No such file or directory (os error 2)");
    /// assert_eq!(error.raw_os_error(), Some(2));
    /// ```
    #[must_use]
    pub fn new(operation: &'static str, cause: io::Error) -> Self {
        Self::plain(operation, cause)
    }

    /// The same cause, told of another operation and subject: those of the caller, who knows what it was for. What the error
    /// said of the operation and subject before is lost.
    ///
    /// ```
    /// use wirenut_linux::socket::TcpListener;
    /// let taken = TcpListener::bind(&"127.0.0.1:0".parse()?)?;
    /// let error = TcpListener::bind(&taken.local_address()?).unwrap_err();
    /// let error = error.attributed_to("serve the site", &"example.org");
    /// assert_eq!(error.to_string(), "cannot serve the site example.org: Address already in use (os error 98)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn attributed_to(self, operation: &'static str, subject: &impl fmt::Display) -> Self {
        Self { operation, subject: Subject::Name(subject.to_string().into_boxed_str()), cause: self.cause }
    }

    /// What the system said, as the standard library sorts it. Failures of look-up are sorted only roughly: see
    /// [`Self::lookup_failure`].
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match &self.cause {
            Cause::System(errno) => errno.kind(),
            Cause::Lookup(failure) => failure.kind(),
            Cause::Library(error) => error.kind(),
        }
    }

    /// The number that errno(3) had, if it was the system that failed.
    #[must_use]
    pub fn raw_os_error(&self) -> Option<i32> {
        match &self.cause {
            Cause::System(errno) => Some(errno.raw_os_error()),
            Cause::Lookup(_) | Cause::Library(_) => None,
        }
    }

    /// What getaddrinfo(3) or getnameinfo(3) said, if they failed.
    ///
    /// ```
    /// use wirenut_linux::lookup::{Failure, Transport, port};
    /// let error = port("no-such-service", Transport::Tcp).unwrap_err();
    /// assert_eq!((error.lookup_failure(), error.raw_os_error()), (Some(Failure::Service), None));
    /// ```
    #[must_use]
    pub const fn lookup_failure(&self) -> Option<Failure> {
        match &self.cause {
            Cause::Lookup(failure) => Some(*failure),
            Cause::System(_) | Cause::Library(_) => None,
        }
    }

    /// True where the process or the system has run out of descriptors or memory: the call may work later, when some are
    /// given back.
    ///
    /// ```
    /// use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    /// use wirenut_linux::socket::UnixStream;
    /// let limit = getrlimit(Resource::Nofile);
    /// setrlimit(Resource::Nofile, Rlimit { current: Some(3), ..limit })?; // standard input, output and error
    /// let error = UnixStream::pair().unwrap_err();
    /// assert!(error.is_out_of_resources());
    /// assert_eq!(error.to_string(), "cannot make a pair of sockets for Unix stream: Too many open files (os error 24)");
    /// setrlimit(Resource::Nofile, limit)?;
    /// UnixStream::pair()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn is_out_of_resources(&self) -> bool {
        matches!(&self.cause, Cause::System(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}", self.operation)?;
        match &self.subject {
            Subject::Nothing => {}
            Subject::Descriptor(number) => write!(f, " descriptor {number}")?,
            Subject::Name(name) => write_name(f, name)?,
        }
        match &self.cause {
            Cause::System(errno) => write!(f, ": {}", io::Error::from(*errno)),
            Cause::Lookup(failure) => write!(f, ": {failure}"),
            Cause::Library(error) => write!(f, ": {error}"),
        }
    }
}

/// Others choose names: one with a line end or an escape sequence in it must not make it two lines, or command a terminal.
fn write_name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    f.write_str(" ")?;
    name.chars().try_for_each(|sign| if sign.is_control() { sign.escape_default().fmt(f) } else { sign.fmt(f) })
}

// The line says all, so there is no source that a caller would print a second time.
impl core::error::Error for Error {}

/// Keeps the kind and the line.
///
/// ```
/// let error = wirenut_linux::lookup::address_from_text("nowhere").unwrap_err();
/// let line = error.to_string();
/// let error = std::io::Error::from(error);
/// assert_eq!((error.kind(), error.to_string()), (std::io::ErrorKind::InvalidInput, line));
/// ```
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error)
    }
}

/// A blocking contract has no "would block": a time that is over is `TimedOut`.
///
/// ```
/// use embedded_io::{Error, ErrorKind, Write};
/// let (mut one, _) = wirenut_linux::socket::UnixStream::pair()?;
/// assert_eq!(Error::kind(&Write::write(&mut one, b"nobody is there").unwrap_err()), ErrorKind::BrokenPipe);
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
impl embedded_io::Error for Error {
    fn kind(&self) -> embedded_io::ErrorKind {
        let kind = Self::kind(self);
        if kind == io::ErrorKind::WouldBlock { embedded_io::ErrorKind::TimedOut } else { kind.into() }
    }
}
