//! The limit of open descriptors.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::error::Error;

/// How many descriptors this process may have open at a time: the soft limit of `RLIMIT_NOFILE`. `None` where there is no
/// limit.
///
/// The system gives the smallest number that is free, so every descriptor has a number below the limit.
///
/// ```
/// use std::os::fd::AsRawFd;
/// let socket = wirenut_linux::socket::Socket::stream()?;
/// assert!(wirenut_linux::descriptor_limit().is_none_or(|limit| u64::from(socket.as_raw_fd().unsigned_abs()) < limit));
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
#[must_use]
pub fn descriptor_limit() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Raises the process's limit of open descriptors (`RLIMIT_NOFILE`) to as many as it may have: the soft limit becomes the
/// hard one. Returns the limit that holds now; `None` where there is none.
///
/// Every connection is a descriptor, and most systems allow a process 1,024 to begin with, for the sake of programs that use
/// `select(2)`. It is for the program to decide, at its start, so no server does it by itself. Programs that this one starts
/// inherit the limit.
///
/// ```
/// let limit = wirenut_linux::raise_descriptor_limit()?;
/// assert_eq!(limit, wirenut_linux::raise_descriptor_limit()?);
/// assert_eq!(limit, wirenut_linux::descriptor_limit());
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
///
/// # Errors
/// The system forbids it; the limit is as before.
pub fn raise_descriptor_limit() -> Result<Option<u64>, Error> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
            .map_err(|errno| Error::plain("raise the limit of open descriptors", errno))?;
    }
    Ok(limit.maximum)
}
