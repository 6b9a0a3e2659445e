//! Timers that send signals: alarm(2), setitimer(2).

use wirenut::time::Duration;

use super::Signal;
use crate::error::Error;
use crate::sys::itimer;

/// One of the three interval timers that each process has: setitimer(2). They send a signal, which ends the process if it is neither
/// [handled](super::handle), ignored nor blocked. A child made by fork(2) begins with none running.
///
/// For time-outs of connections there is [`poller::Timer`](crate::poller::Timer), of which there are as many as one likes.
///
/// ```
/// use wirenut::time::Duration;
/// use wirenut_linux::signal::{self, Interval, Signal};
///
/// let _blocked = signal::block(&Signal::SIGALRM.into());
/// Interval::Real.start(Duration::from_millis(2))?;
/// for _ in 0..3 {
///     assert!(signal::wait(&Signal::SIGALRM.into(), None)?.done().is_some());
/// }
/// Interval::Real.stop()?;
/// assert_eq!(Interval::Real.left()?, None);
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Interval {
    /// Counts real time, and sends SIGALRM.
    Real,
    /// Counts the processor time that the process's own code uses, and sends SIGVTALRM.
    Virtual,
    /// Counts the processor time that the process uses, also in the kernel, and sends SIGPROF.
    Prof,
}

impl Interval {
    /// Sends the signal after that time, and again each time that it has passed. Zero is a microsecond. A running timer starts
    /// anew; it is told how much time it had left, if it ran.
    ///
    /// # Errors
    /// The system does not take so long a time.
    pub fn start(self, period: Duration) -> Result<Option<Duration>, Error> {
        let period = not_zero(period);
        self.set(period, period)
    }

    /// Sends the signal once, after that time, as [`Self::start`].
    ///
    /// ```
    /// use wirenut::time::Duration;
    /// use wirenut_linux::signal::Interval;
    /// assert_eq!(Interval::Prof.start_once(Duration::from_secs(1_000))?, None);
    /// assert!(Interval::Prof.left()? > Some(Duration::from_secs(900)));
    /// assert!(Interval::Prof.stop()?.is_some());
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_once(self, after: Duration) -> Result<Option<Duration>, Error> {
        self.set(not_zero(after), Duration::default())
    }

    /// Sends no more. It is told how much time was left, if it ran. A signal that it has sent may still wait.
    ///
    /// # Errors
    /// The system says so.
    pub fn stop(self) -> Result<Option<Duration>, Error> {
        self.set(Duration::default(), Duration::default())
    }

    /// How much time is left until the next signal, if it runs.
    ///
    /// # Errors
    /// The system says so.
    pub fn left(self) -> Result<Option<Duration>, Error> {
        let times = itimer::get(self.number()).map_err(|errno| Error::plain("read an interval timer", errno))?;
        Ok(running(times))
    }

    /// What it sends.
    #[must_use]
    pub const fn signal(self) -> Signal {
        match self {
            Self::Real => Signal::SIGALRM,
            Self::Virtual => Signal::SIGVTALRM,
            Self::Prof => Signal::SIGPROF,
        }
    }

    fn set(self, first: Duration, period: Duration) -> Result<Option<Duration>, Error> {
        let before = itimer::set(self.number(), (first, period));
        before.map(running).map_err(|errno| Error::plain("set an interval timer", errno))
    }

    const fn number(self) -> i32 {
        match self {
            Self::Real => itimer::ITIMER_REAL,
            Self::Virtual => itimer::ITIMER_VIRTUAL,
            Self::Prof => itimer::ITIMER_PROF,
        }
    }
}

/// Sends SIGALRM to this process after that time, in place of an earlier alarm, and tells how much time that had left: alarm(2), with
/// parts of seconds. It is [`Interval::Real`]: use one or the other.
///
/// ```
/// use wirenut::time::Duration;
/// use wirenut_linux::signal::{self, Handler, Signal};
/// assert_eq!(signal::alarm(Duration::from_secs(1_000))?, None);
/// assert!(signal::cancel_alarm()? > Some(Duration::from_secs(900)));
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
///
/// # Errors
/// The system does not take so long a time.
pub fn alarm(after: Duration) -> Result<Option<Duration>, Error> {
    Interval::Real.start_once(after)
}

/// The [`alarm`] does not come, and tells how much time it had left, if it was on.
///
/// # Errors
/// The system says so.
pub fn cancel_alarm() -> Result<Option<Duration>, Error> {
    Interval::Real.stop()
}

/// A time of zero would not start the timer, but stop it.
fn not_zero(span: Duration) -> Duration {
    span.max(Duration::from_micros(1))
}

fn running((left, _): itimer::Times) -> Option<Duration> {
    (left != Duration::default()).then_some(left)
}
