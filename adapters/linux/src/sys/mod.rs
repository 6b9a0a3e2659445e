//! System calls that the standard library lacks, one module for each interface: all the unsafe code of this package.
#![expect(unsafe_code, reason = "here is where the system is called")]

pub(crate) mod address;
mod disposition;
pub(crate) mod epoll;
pub(crate) mod eventfd;
pub(crate) mod fork;
pub(crate) mod inherit;
pub(crate) mod interfaces;
pub(crate) mod mmsg;
pub(crate) mod netdb;
pub(crate) mod page;
pub(crate) mod pidfd;
pub(crate) mod poll;
pub(crate) mod replace;
pub(crate) mod select;
pub(crate) mod sendfile;
pub(crate) mod signal;
pub(crate) mod socket;
mod time;

use std::io::{Error, Result};

/// What a system call returned, or why it failed.
fn checked(returned: libc::c_int) -> Result<libc::c_int> {
    if returned < 0 { Err(Error::last_os_error()) } else { Ok(returned) }
}
