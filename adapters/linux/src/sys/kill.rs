//! Sending signals: kill(2), tgkill(2), sigqueue(3), pidfd_send_signal(2).

use core::ptr;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::{Errno, Result};

use super::socket::last_error;

/// The kernel's number of the calling thread.
pub(crate) fn thread_id() -> libc::pid_t {
    // SAFETY: the call takes no pointer.
    unsafe { libc::gettid() }
}

pub(crate) fn to_process(process: u32, signal: libc::c_int) -> Result<()> {
    kill(one_process(process)?, signal)
}

/// To all processes of the group.
pub(crate) fn to_group(group: u32, signal: libc::c_int) -> Result<()> {
    match one_process(group)? {
        // The system takes -1 for all processes that there are.
        1 => Err(Errno::SRCH),
        group => kill(-group, signal),
    }
}

pub(crate) fn to_own_group(signal: libc::c_int) -> Result<()> {
    kill(0, signal)
}

/// To a thread of this process.
pub(crate) fn to_thread(thread: libc::pid_t, signal: libc::c_int) -> Result<()> {
    // SAFETY: the calls take no pointer; a thread that has ended is not found.
    done(unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, signal) })
}

pub(crate) fn by_descriptor(process: BorrowedFd<'_>, signal: libc::c_int) -> Result<()> {
    let process = process.as_raw_fd();
    let information: *const libc::siginfo_t = ptr::null();
    // SAFETY: the descriptor is open, and the kernel makes the information itself where there is none.
    done(unsafe { libc::syscall(libc::SYS_pidfd_send_signal, process, signal, information, 0) })
}

pub(crate) fn queue(process: u32, signal: libc::c_int, value: usize) -> Result<()> {
    let value = libc::sigval { sival_ptr: ptr::without_provenance_mut(value) };
    // SAFETY: nobody follows the pointer: it is a number that is handed to the other process.
    done(unsafe { libc::sigqueue(one_process(process)?, signal, value) }.into())
}

fn kill(target: libc::pid_t, signal: libc::c_int) -> Result<()> {
    // SAFETY: the call takes no pointer.
    done(unsafe { libc::kill(target, signal) }.into())
}

/// The system takes 0 and negative numbers for many processes.
fn one_process(number: u32) -> Result<libc::pid_t> {
    libc::pid_t::try_from(number).ok().filter(|number| *number > 0).ok_or(Errno::SRCH)
}

fn done(returned: libc::c_long) -> Result<()> {
    if returned < 0 { Err(last_error()) } else { Ok(()) }
}
