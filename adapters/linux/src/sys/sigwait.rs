//! sigtimedwait(2), and what it tells.

use core::mem;
use core::ptr;

use rustix::io::{Errno, Result};
use wirenut::time::Duration;

use super::sigset::to_system;
use super::socket::last_error;
use super::time::timespec;
use crate::signal::{Info, Signal, SignalSet, Value};

/// Takes a signal of the set, and waits for one for at most `limit`: `AGAIN`.
pub(crate) fn wait(set: &SignalSet, limit: Option<Duration>) -> Result<Info> {
    let set = to_system(set);
    let limit = limit.map(timespec);
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: all-zero bytes are a valid siginfo_t: integers, and a union of integers and pointers.
    let mut info: libc::siginfo_t = unsafe { mem::zeroed() };
    // SAFETY: the kernel reads `set`, and `limit`, if that is not null, and writes `info`; all outlive the call.
    if unsafe { libc::sigtimedwait(&raw const set, &raw mut info, limit) } < 0 {
        return Err(last_error());
    }
    from_system(&info).ok_or(Errno::INVAL)
}

fn from_system(info: &libc::siginfo_t) -> Option<Info> {
    // SAFETY: the parts of the union that the kernel has not written are zero, and so all are initialized; any bytes are valid
    // integers. Which of them mean something, the code says, and `Info` looks at it. Nobody follows the pointer.
    let (process, user, status, value) =
        unsafe { (info.si_pid(), info.si_uid(), info.si_status(), info.si_value().sival_ptr.addr()) };
    let signal = Signal::from_number(info.si_signo)?;
    Some(Info { signal, code: info.si_code, process, user, status, value: Value::from(value) })
}
