//! sigtimedwait(2), and what it tells.

use core::mem;
use core::ptr;

use rustix::io::Result;
use wirenut::time::Duration;

use super::sigset::{Bits, to_system};
use super::socket::last_error;
use super::time::timespec;

/// What the system tells of a signal; what of it means something, the code says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Information {
    pub(crate) number: libc::c_int,
    pub(crate) code: libc::c_int,
    pub(crate) process: libc::pid_t,
    pub(crate) user: libc::uid_t,
    pub(crate) status: libc::c_int,
    pub(crate) value: usize,
}

/// Takes a signal of the set, and waits for one for at most `limit`: `AGAIN`.
pub(crate) fn wait(set: Bits, limit: Option<Duration>) -> Result<Information> {
    let set = to_system(set);
    let limit = limit.map(timespec);
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: all-zero bytes are a valid siginfo_t: integers, and a union of integers and pointers.
    let mut info: libc::siginfo_t = unsafe { mem::zeroed() };
    // SAFETY: the kernel reads `set`, and `limit`, if that is not null, and writes `info`; all outlive the call.
    if unsafe { libc::sigtimedwait(&raw const set, &raw mut info, limit) } < 0 {
        return Err(last_error());
    }
    Ok(from_system(&info))
}

fn from_system(info: &libc::siginfo_t) -> Information {
    // SAFETY: the parts of the union that the kernel has not written are zero, and so all are initialized; any bytes are valid
    // integers. Nobody follows the pointer.
    let (process, user, status, value) =
        unsafe { (info.si_pid(), info.si_uid(), info.si_status(), info.si_value().sival_ptr.addr()) };
    Information { number: info.si_signo, code: info.si_code, process, user, status, value }
}
