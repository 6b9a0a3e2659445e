//! Time as something to wait for, beside sockets.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use wirenut::time::Duration;

use crate::error::Error;

/// Readable since its time has come, until it is asked how often: timerfd_create(2). Counts time that no one sets.
///
/// One deadline needs none: [`wait_until`](super::Poller::wait_until) has one. Nor do thousands, for which a descriptor each is
/// too much.
///
/// ```
/// use std::os::fd::AsFd;
/// use wirenut_linux::poller::{Interest, Poll, Poller, Timer, Token, Waited};
/// use wirenut::time::Duration;
///
/// let timer = Timer::new()?;
/// timer.set_once(Duration::from_millis(1))?;
/// let mut poller = Poll::new();
/// poller.register(timer.as_fd(), Token(0), Interest::READABLE)?;
/// assert_eq!(poller.wait(None)?, Waited::Ready);
/// assert_eq!((timer.expirations()?, timer.expirations()?), (1, 0));
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
#[derive(Debug)]
pub struct Timer(OwnedFd);

impl Timer {
    /// One that is not set.
    ///
    /// # Errors
    /// The process or the system has no descriptor left.
    pub fn new() -> Result<Self, Error> {
        let made = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC);
        made.map(Self).map_err(|errno| Error::plain("make a timer", errno))
    }

    /// Becomes readable after that time, once, in place of what it was set to; after none, at once.
    ///
    /// # Errors
    /// None that is known.
    pub fn set_once(&self, after: Duration) -> Result<(), Error> {
        self.set(not_zero(after), Duration::default())
    }

    /// Becomes readable after that time, and again each time that it is over (a microsecond at least), in place of what
    /// it was set to.
    ///
    /// # Errors
    /// None that is known.
    pub fn set_every(&self, period: Duration) -> Result<(), Error> {
        self.set(not_zero(period), not_zero(period))
    }

    /// Becomes readable no more, and is not now.
    ///
    /// # Errors
    /// None that is known.
    pub fn stop(&self) -> Result<(), Error> {
        self.set(Duration::default(), Duration::default())
    }

    /// How often its time has come since it was set, or since it was asked. Makes it unreadable.
    ///
    /// # Errors
    /// None that is known.
    pub fn expirations(&self) -> Result<u64, Error> {
        let mut count = [0; 8];
        match rustix::io::read(&self.0, &mut count) {
            Ok(_) => Ok(u64::from_ne_bytes(count)),
            Err(Errno::AGAIN) => Ok(0),
            Err(errno) => Err(Error::on("read the timer with", &self.0, errno)),
        }
    }

    fn set(&self, after: Duration, period: Duration) -> Result<(), Error> {
        let time = Itimerspec { it_interval: timespec(period), it_value: timespec(after) };
        let set = timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &time);
        set.map(drop).map_err(|errno| Error::on("set the timer with", &self.0, errno))
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A time of zero would not set the timer, but stop it.
fn not_zero(span: Duration) -> Duration {
    span.max(Duration::from_micros(1))
}

fn timespec(span: Duration) -> Timespec {
    core::time::Duration::from(span).try_into().unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 })
}
