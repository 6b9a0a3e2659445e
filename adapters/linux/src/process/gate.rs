//! Keeps a child from ending before its parent has a descriptor for it.

use std::fs::File;
use std::io::Read as _;

use rustix::pipe::{PipeFlags, pipe_with};

use crate::error::Error;
use crate::signal::{Disposition, Signal, disposition};

/// Where SIGCHLD is ignored, the system reaps a child as soon as it has ended, so its number may be another process's before
/// the parent has made a descriptor by it. There the child waits until this is dropped in the parent.
pub(super) struct Gate(Option<(File, File)>);

impl Gate {
    pub(super) fn new() -> Result<Self, Error> {
        if disposition(Signal::SIGCHLD)? != Disposition::Ignored {
            return Ok(Self(None));
        }
        let pipe = pipe_with(PipeFlags::CLOEXEC).map_err(|errno| Error::plain("make a pipe to a child", errno))?;
        Ok(Self(Some((pipe.0.into(), pipe.1.into()))))
    }

    /// In the child, which has a copy of the gate as of all memory: its end of the pipe that says that the parent has one is
    /// closed, and then the pipe ends when the parent's is.
    pub(super) fn pass(&mut self) {
        if let Some((mut reader, writer)) = self.0.take() {
            drop(writer);
            // It fails at the end of the pipe.
            let _ = reader.read_exact(&mut [0]);
        }
    }
}
