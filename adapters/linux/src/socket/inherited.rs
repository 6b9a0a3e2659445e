//! Sockets that systemd opened for us: sd_listen_fds(3).

use core::sync::atomic::{AtomicBool, Ordering};
use std::env;
use std::os::fd::{OwnedFd, RawFd};

use rustix::io::Errno;

use super::convert::check;
use super::protocol::{Protocol, Settled};
use super::typed::Socket;
use crate::error::Error;
use crate::sys::inherit;

/// The number of the first descriptor that is passed (SD_LISTEN_FDS_START).
pub(crate) const FIRST_PASSED: RawFd = 3;

/// A descriptor that was passed to this process, and the name that its unit gives it (`FileDescriptorName=`): see
/// [`inherited`].
#[derive(Debug)]
pub struct Inherited {
    name: String,
    number: RawFd,
    descriptor: OwnedFd,
}

impl Inherited {
    /// Its name: that of the socket unit, if nothing else was said. `unknown` without names.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number that it was passed under, and that its owner has: 3, or more.
    #[must_use]
    pub const fn number(&self) -> RawFd {
        self.number
    }

    /// Whether it is a socket of this kind, so that [`Self::into_socket`] gives it.
    ///
    /// ```no_run
    /// use wirenut_linux::socket::{Listening, Stream, Tcp, inherited};
    /// for passed in inherited()? {
    ///     if passed.is_socket::<Tcp, Listening>() || passed.is_socket::<Stream, Listening>() {
    ///         println!("{} takes connections", passed.name());
    ///     }
    /// }
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    #[must_use]
    pub fn is_socket<P: Protocol, S: Settled>(&self) -> bool {
        check::<P, S>(&self.descriptor).is_ok()
    }

    /// The socket, if it is of this kind, such as a [`TcpListener`](super::TcpListener).
    ///
    /// ```
    /// use wirenut_linux::socket::{TcpListener, UdpSocket, inherited};
    /// let (mut web, mut dns): (Option<TcpListener>, Option<UdpSocket>) = (None, None);
    /// for passed in inherited()? {
    ///     match passed.name() {
    ///         "web" => web = Some(passed.into_socket()?),
    ///         "dns" => dns = Some(passed.into_socket()?),
    ///         other => eprintln!("nobody asked for {other}"),
    ///     }
    /// }
    /// # assert!(web.is_none() && dns.is_none());
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// It is something else. It is closed then.
    pub fn into_socket<P: Protocol, S: Settled>(self) -> Result<Socket<P, S>, Error> {
        self.descriptor.try_into()
    }
}

impl From<Inherited> for OwnedFd {
    fn from(inherited: Inherited) -> Self {
        inherited.descriptor
    }
}

/// The descriptors that this process was started with, in their order: LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES of the
/// environment. None, where they are for another process or were taken already: they are given once.
///
/// From now on they are closed on exec(2). Their paths, if they have any, are systemd's, and stay.
///
/// ```
/// use wirenut_linux::socket::{TcpListener, inherited};
/// let listener: TcpListener = match inherited()?.into_iter().next() {
///     Some(passed) => passed.into_socket()?,
///     None => TcpListener::bind(&"127.0.0.1:0".parse()?)?,
/// };
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The variables say something that cannot be: no number, a descriptor that is not open, or as many names as there are not
/// descriptors.
pub fn inherited() -> Result<Vec<Inherited>, Error> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    let variable = |name| env::var(name).ok();
    if variable("LISTEN_PID") != Some(std::process::id().to_string()) || TAKEN.swap(true, Ordering::SeqCst) {
        return Ok(Vec::new());
    }
    take(&variable("LISTEN_FDS").unwrap_or_default(), variable("LISTEN_FDNAMES").as_deref())
}

/// The descriptor that this process was started with under this number, by somebody who does not speak systemd's language: a
/// shell (`3<&0`), or a supervisor. Its name is empty.
///
/// # Errors
/// It is not open, was taken already, or was opened here (`ResourceBusy`); it is one of 0 to 2, which are not sockets to be
/// taken (`InvalidInput`).
pub fn inherited_at(number: RawFd) -> Result<Inherited, Error> {
    let taken = if number < FIRST_PASSED { Err(Errno::INVAL) } else { inherit::take(number) };
    let descriptor = taken.map_err(|errno| Error::of("take over descriptor", &number, errno))?;
    Ok(Inherited { name: String::new(), number, descriptor })
}

fn take(count: &str, names: Option<&str>) -> Result<Vec<Inherited>, Error> {
    let no_number = |_| Error::of("take as many descriptors as LISTEN_FDS says:", &count, Errno::INVAL);
    let count: RawFd = count.parse::<u16>().map_err(no_number)?.into();
    let numbers = FIRST_PASSED..FIRST_PASSED + count;
    let names: Vec<&str> = match names {
        Some(names) => names.split(':').collect(),
        None => vec!["unknown"; numbers.len()],
    };
    if names.len() != numbers.len() {
        return Err(Error::of("name that many descriptors as LISTEN_FDNAMES says:", &names.join(":"), Errno::INVAL));
    }
    // All of them are taken before the first error is told, so that those that are there are closed.
    let taken: Vec<_> = numbers.clone().map(inherit::take).collect();
    let each = numbers.zip(names).zip(taken).map(|((number, name), descriptor)| {
        let descriptor = descriptor.map_err(|errno| Error::of("take over descriptor", &number, errno))?;
        Ok(Inherited { name: name.to_owned(), number, descriptor })
    });
    each.collect()
}
