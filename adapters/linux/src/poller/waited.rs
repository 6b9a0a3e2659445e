//! What came of a wait.

use rustix::io::Errno;
use wirenut::readiness::Waited;

use crate::error::Error;

/// What came of a wait in which the system found something (or not), was interrupted, or failed.
pub(super) fn waited(found: Result<bool, Errno>) -> Result<Waited, Error> {
    match found {
        Ok(true) => Ok(Waited::Ready),
        Ok(false) => Ok(Waited::TimedOut),
        Err(Errno::INTR) => Ok(Waited::Interrupted),
        Err(errno) => Err(Error::plain("wait for events", errno)),
    }
}
