//! Time as the system counts it.

use wirenut::time::Duration;

/// A span of time; saturates.
pub(super) fn timespec(span: Duration) -> libc::timespec {
    let (seconds, micros) = (span.as_micros() / 1_000_000, span.as_micros() % 1_000_000);
    libc::timespec {
        tv_sec: libc::time_t::try_from(seconds).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::try_from(micros * 1_000).unwrap_or(0),
    }
}
