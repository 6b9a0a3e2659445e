//! A result that is still to come.

use core::fmt;
use core::marker::PhantomData;
use std::time::Instant;

use wirenut::time::Duration;

use super::failed::TaskError;
use super::parcel::Parcel;
use super::task::Call;
use super::ticket::{Ticket, results};

/// A result that is still to come: see [`Pool::apply_async`](super::Pool::apply_async). Dropping it discards the result; the task
/// is done nevertheless.
#[must_use = "the result is discarded"]
pub struct Pending<T: Call> {
    ticket: Ticket,
    task: PhantomData<T>,
}

impl<T: Call> Pending<T> {
    pub(super) fn new(ticket: Ticket) -> Self {
        Self { ticket, task: PhantomData }
    }

    /// Waits for the result.
    ///
    /// # Errors
    /// See [`TaskError`].
    pub fn wait(self) -> Result<T::Output, TaskError> {
        match self.ticket.report(None)? {
            Some(report) => only::<T>(&report),
            None => Err(TaskError::Ended),
        }
    }

    /// The same, for so long at most; with a time of zero, it does not wait. `Err`: it is not there yet, and can be waited for
    /// again.
    ///
    /// ```
    /// use wirenut::time::Duration;
    /// use wirenut_linux::process::pool::Pool;
    /// # use std::io::{Read, Write};
    /// let (mut alarm, bed) = std::os::unix::net::UnixStream::pair()?;
    /// let mut builder = Pool::builder().workers(1);
    /// let sleep = builder.task("sleep", move |_| {
    ///     let _ = (&bed).read(&mut [0]);
    ///     Ok::<_, String>(b"well rested".to_vec())
    /// });
    /// let pool = builder.start()?;
    /// let pending = pool.apply_async(sleep, b"")?;
    /// let pending = pending.wait_timeout(Duration::from_millis(1)).unwrap_err();
    /// alarm.write_all(b"!")?;
    /// assert_eq!(pending.wait_timeout(Duration::from_secs(60)).unwrap()?, b"well rested");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`Self::wait`], within `Ok`.
    pub fn wait_timeout(self, limit: Duration) -> Result<Result<T::Output, TaskError>, Self> {
        match self.ticket.report(Instant::now().checked_add(limit.into())) {
            Ok(Some(report)) => Ok(only::<T>(&report)),
            Ok(None) => Err(self),
            Err(error) => Ok(Err(error)),
        }
    }
}

fn only<T: Call>(report: &Parcel) -> Result<T::Output, TaskError> {
    results::<T>(report, 1).pop().unwrap_or(Err(TaskError::Ended))
}

impl<T: Call> fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "result {} of a pool", self.ticket.id)
    }
}
