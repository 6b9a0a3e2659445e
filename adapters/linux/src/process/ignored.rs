//! Children that leave no status.

use crate::error::Error;
use crate::signal::{self, Previous, Signal};

/// From now on no child of this process becomes a zombie: SIGCHLD is ignored, so the system keeps no status of any.
///
/// It holds for the whole process. [`Child::join`](super::Child::join) still waits, and says
/// [`Ended::Unknown`](super::Ended); `std::process::Command` cannot tell any more how what it has started has ended. A child
/// that is forked later has its own children's status again; a program that is executed has not. What was set before may
/// be [restored](Previous::restore).
///
/// ```
/// use wirenut_linux::process::{self, Ended};
/// let previous = process::ignore_children()?;
/// assert_eq!(process::spawn(|| 7)?.join()?, Ended::Unknown);
/// previous.restore()?;
/// assert_eq!(process::spawn(|| 7)?.join()?, Ended::Exited(7));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// None that is known.
pub fn ignore_children() -> Result<Previous, Error> {
    signal::ignore(Signal::SIGCHLD)
}
