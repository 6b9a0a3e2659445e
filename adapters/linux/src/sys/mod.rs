//! System calls that the standard library lacks, one module for each interface: all the unsafe code of this package.
#![expect(unsafe_code, reason = "here is where the system is called")]

pub(crate) mod address;
pub(crate) mod epoll;
pub(crate) mod eventfd;
pub(crate) mod execute;
pub(crate) mod fork;
pub(crate) mod identity;
pub(crate) mod ids;
pub(crate) mod inherit;
pub(crate) mod interfaces;
pub(crate) mod itimer;
pub(crate) mod kill;
pub(crate) mod memory;
pub(crate) mod mmsg;
pub(crate) mod netdb;
pub(crate) mod packet;
pub(crate) mod page;
pub(crate) mod poll;
pub(crate) mod replace;
pub(crate) mod robust;
pub(crate) mod select;
pub(crate) mod sendfile;
pub(crate) mod sigaction;
pub(crate) mod signal;
pub(crate) mod signalfd;
pub(crate) mod sigset;
pub(crate) mod sigwait;
pub(crate) mod socket;
pub(crate) mod threads;
mod time;
pub(crate) mod users;

use std::io::{Error, Result};

/// What a system call returned, or why it failed.
fn checked(returned: libc::c_int) -> Result<libc::c_int> {
    if returned < 0 { Err(Error::last_os_error()) } else { Ok(returned) }
}
