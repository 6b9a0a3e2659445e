//! Waiting for signals: pause(2), sigsuspend(2), sigtimedwait(2).

use std::time::Instant;

use rustix::io::Errno;
use wirenut::time::Duration;

use super::{Info, SignalSet, mask};
use crate::error::Error;
use crate::socket::Attempt;
use crate::sys::{sigset, sigwait};

/// Waits until a handler of this thread has run: pause(2).
///
/// It waits for the next signal. Where the program looks at something that a handler changes and then pauses, the signal may come
/// in between, and the pause never ends: block it before the look, and [`suspend`].
///
/// ```
/// use wirenut::time::Duration;
/// use wirenut_linux::signal::{self, Handler, Interval, Signal};
/// signal::handle(Signal::SIGALRM, Handler::new())?;
/// Interval::Real.start(Duration::from_millis(1))?; // again and again: one of them ends the pause
/// signal::pause();
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
pub fn pause() {
    sigset::suspend(mask().bits());
}

/// Has that mask until a handler of this thread has run, and then the one from before: sigsuspend(2). Nothing comes in between.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use wirenut::time::Duration;
/// use wirenut_linux::signal::{self, Handler, Signal};
///
/// let alarms = Arc::new(AtomicUsize::new(0));
/// signal::handle(Signal::SIGALRM, Handler::new().count(&alarms))?;
/// let blocked = signal::block(&Signal::SIGALRM.into());
/// signal::alarm(Duration::from_millis(1))?;
/// while alarms.load(Ordering::SeqCst) == 0 {
///     signal::suspend(&blocked.previous());
/// }
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
pub fn suspend(mask: &SignalSet) {
    sigset::suspend(mask.bits());
}

/// Takes a signal of the set that has come, or waits for one for at most `limit`: sigtimedwait(2). Its handler is not called.
///
/// `None` waits for ever, and zero not at all. Where several have come, real-time signals are taken last, and of them the lowest
/// first. Signals that are not of the set are handled while it waits, and do not lengthen it.
///
/// Every thread [blocks](super::block) the signals of the set, or they are delivered to one that does not.
///
/// ```
/// use wirenut::time::Duration;
/// use wirenut_linux::signal::{self, Signal};
/// use wirenut_linux::socket::Attempt;
///
/// let set = Signal::SIGUSR1.into();
/// let _blocked = signal::block(&set);
/// assert_eq!(signal::wait(&set, Some(Duration::from_millis(1)))?, Attempt::WouldBlock);
/// signal::send(Signal::SIGUSR1, std::process::id())?;
/// let info = signal::wait(&set, Some(Duration::from_secs(1)))?.done().unwrap();
/// assert_eq!(info.sender().unwrap().process, std::process::id());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// This thread does not block all of the set: a signal that comes before the wait would do what it does unawaited.
///
/// ```
/// use wirenut_linux::signal::{self, Signal};
/// let error = signal::wait(&Signal::SIGUSR1.into(), None).unwrap_err();
/// assert_eq!(error.to_string(), "cannot wait, as this thread does not block, for SIGUSR1: Invalid argument (os error 22)");
/// ```
pub fn wait(set: &SignalSet, limit: Option<Duration>) -> Result<Attempt<Info>, Error> {
    check_blocked(set)?;
    // A limit too far away is none.
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit.into()));
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        match sigwait::wait(set.bits(), left.map(round_up)).and_then(Info::new) {
            Ok(info) => return Ok(Attempt::Done(info)),
            Err(Errno::AGAIN) => return Ok(Attempt::WouldBlock),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(Error::plain("wait for a signal", errno)),
        }
    }
}

/// Of the signals that can be blocked, all must be.
pub(super) fn check_blocked(set: &SignalSet) -> Result<(), Error> {
    let mask = mask();
    let unblocked = set.iter().find(|signal| !mask.contains(*signal) && signal.can_be_caught());
    unblocked.map_or(Ok(()), |signal| Err(Error::of("wait, as this thread does not block, for", &signal, Errno::INVAL)))
}

/// To microseconds, so that it does not end before its time.
fn round_up(span: core::time::Duration) -> Duration {
    Duration::from(span.saturating_add(core::time::Duration::from_nanos(999)))
}
