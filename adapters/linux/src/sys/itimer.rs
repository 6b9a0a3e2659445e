//! setitimer(2).

use rustix::io::Result;
use wirenut::time::Duration;

use super::socket::last_error;

/// Which timer of the process.
pub(crate) use libc::{ITIMER_PROF, ITIMER_REAL, ITIMER_VIRTUAL};

/// Until the timer is over, zero for one that stands still; and what it starts anew with.
pub(crate) type Times = (Duration, Duration);

/// Sets the timer, which was this before.
pub(crate) fn set(timer: libc::c_int, (left, period): Times) -> Result<Times> {
    let time = libc::itimerval { it_interval: timeval(period), it_value: timeval(left) };
    let mut before =
        libc::itimerval { it_interval: timeval(Duration::default()), it_value: timeval(Duration::default()) };
    // SAFETY: the kernel reads `time` and writes `before`, which outlive the call.
    if unsafe { libc::setitimer(timer as _, &raw const time, &raw mut before) } < 0 {
        return Err(last_error());
    }
    Ok((duration(before.it_value), duration(before.it_interval)))
}

pub(crate) fn get(timer: libc::c_int) -> Result<Times> {
    let mut now = libc::itimerval { it_interval: timeval(Duration::default()), it_value: timeval(Duration::default()) };
    // SAFETY: the kernel writes `now`, which outlives the call.
    if unsafe { libc::getitimer(timer as _, &raw mut now) } < 0 {
        return Err(last_error());
    }
    Ok((duration(now.it_value), duration(now.it_interval)))
}

/// Saturates.
fn timeval(span: Duration) -> libc::timeval {
    let (seconds, micros) = (span.as_micros() / 1_000_000, span.as_micros() % 1_000_000);
    libc::timeval {
        tv_sec: libc::time_t::try_from(seconds).unwrap_or(libc::time_t::MAX),
        tv_usec: libc::suseconds_t::try_from(micros).unwrap_or(0),
    }
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0).saturating_mul(1_000_000);
    Duration::from_micros(seconds.saturating_add(u64::try_from(time.tv_usec).unwrap_or(0)))
}
