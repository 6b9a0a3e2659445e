//! A pipe by which a child tells its parent that it has begun, or why it has not.

use std::fs::File;
use std::io::{Read as _, Write as _};

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::Pid;

use crate::error::Error;

/// The child's end. It has begun once all copies of this are closed.
pub(super) struct Teller(File);

/// The parent's end.
pub(super) struct Listener(File);

pub(super) fn channel() -> Result<(Listener, Teller), Error> {
    let pipe = pipe_with(PipeFlags::CLOEXEC).map_err(|errno| Error::plain("make a pipe to a child", errno))?;
    Ok((Listener(pipe.0.into()), Teller(pipe.1.into())))
}

impl Teller {
    /// Names a process, or says what has failed.
    pub(super) fn tell(mut self, what: Result<Pid, Errno>) {
        let number = what.map_or_else(|errno| -errno.raw_os_error(), |pid| pid.as_raw_nonzero().get());
        // Four bytes are written as a whole; if the parent is gone, nobody wants them.
        let _ = self.0.write_all(&number.to_ne_bytes());
    }
}

impl Listener {
    /// Waits until the child has begun, and returns the process that it has named, if it has.
    ///
    /// A child that was killed has begun, too.
    pub(super) fn hear(mut self) -> Result<Option<Pid>, Errno> {
        let (mut named, mut number) = (None, [0; size_of::<i32>()]);
        while self.0.read_exact(&mut number).is_ok() {
            match i32::from_ne_bytes(number) {
                failure @ ..0 => return Err(Errno::from_raw_os_error(-failure)),
                pid => named = Pid::from_raw(pid),
            }
        }
        Ok(named)
    }
}
