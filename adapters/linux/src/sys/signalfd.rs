//! signalfd(2).

use core::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::io::{Errno, Result};

use super::sigset::{Bits, to_system};
use super::sigwait::Information;
use super::socket::last_error;

/// A descriptor that is readable while signals of a set wait.
#[derive(Debug)]
pub(crate) struct SignalFd(OwnedFd);

impl SignalFd {
    pub(crate) fn new(set: Bits) -> Result<Self> {
        let set = to_system(set);
        // SAFETY: the kernel reads `set`, which outlives the call.
        let descriptor = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        if descriptor < 0 {
            return Err(last_error());
        }
        // SAFETY: the kernel has just made the descriptor, and nobody else knows it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(descriptor) }))
    }

    /// Takes a signal: `AGAIN` where none waits.
    pub(crate) fn read(&self) -> Result<Information> {
        // SAFETY: all-zero bytes are a valid signalfd_siginfo: integers.
        let mut info: libc::signalfd_siginfo = unsafe { mem::zeroed() };
        let room = size_of_val(&info);
        // SAFETY: the descriptor is open, and the kernel writes at most the `room` bytes of `info`, of which any are valid.
        let read = unsafe { libc::read(self.0.as_raw_fd(), (&raw mut info).cast(), room) };
        if read < 0 {
            return Err(last_error());
        }
        if usize::try_from(read) == Ok(room) { from_system(&info) } else { Err(Errno::INVAL) }
    }
}

impl AsFd for SignalFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn from_system(info: &libc::signalfd_siginfo) -> Result<Information> {
    Ok(Information {
        number: info.ssi_signo.try_into().map_err(|_| Errno::INVAL)?,
        code: info.ssi_code,
        process: info.ssi_pid.cast_signed(),
        user: info.ssi_uid,
        status: info.ssi_status,
        // The kernel widens the pointer of a smaller machine.
        value: usize::try_from(info.ssi_ptr).unwrap_or_default(),
    })
}
