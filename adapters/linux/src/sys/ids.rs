//! getpgid(2) and getsid(2), which say 0 for threads of the kernel and for what is not seen in this process namespace: no
//! number that rustix's `Pid` may have.

use rustix::io::Result;
use rustix::process::Pid;

use super::socket::last_error;

pub(crate) fn group_of(process: Pid) -> Result<u32> {
    // SAFETY: the call takes no pointer.
    number(unsafe { libc::getpgid(process.as_raw_nonzero().get()) })
}

pub(crate) fn session_of(process: Pid) -> Result<u32> {
    // SAFETY: the call takes no pointer.
    number(unsafe { libc::getsid(process.as_raw_nonzero().get()) })
}

fn number(returned: libc::pid_t) -> Result<u32> {
    u32::try_from(returned).map_err(|_| last_error())
}
