//! The lines of requests: where they are written, and by which process.

use core::fmt;
use std::io;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::file::LogFile;
use super::forward::{Forward, Item};
use super::lines::LineLog;

/// Where lines are written.
#[derive(Clone, Debug)]
pub enum Out {
    /// To standard output.
    Standard,
    /// To a file that may be moved away at any time.
    File(LogFile),
}

impl Out {
    fn begin(&self) -> io::Result<LineLog> {
        match self {
            Self::Standard => LineLog::to_standard_output(),
            Self::File(file) => LineLog::new(file.clone()),
        }
    }

    fn into_file(self) -> Option<LogFile> {
        match self {
            Self::Standard => None,
            Self::File(file) => Some(file),
        }
    }
}

/// Lines, of one process or of several.
#[derive(Debug)]
pub struct Lines(Way);

#[derive(Debug)]
enum Way {
    Thread {
        log: LineLog,
        file: Option<LogFile>,
    },
    Forward {
        forward: Forward,
        /// Until a process writes. Those that do not, have let go of it.
        waiting: Mutex<Option<Out>>,
        written: OnceLock<LogFile>,
    },
}

impl Lines {
    /// Those of this process, which a thread of it writes.
    ///
    /// # Errors
    /// The system would not give a thread.
    pub fn new(out: Out) -> io::Result<Self> {
        Ok(Self(Way::Thread { log: out.begin()?, file: out.into_file() }))
    }

    /// Those of this process and of all that will be forked. No thread is made before [`Self::begin`].
    ///
    /// # Errors
    /// The system has no descriptor or no memory left.
    pub fn of_processes(out: Out) -> io::Result<Self> {
        let waiting = Mutex::new(Some(out));
        Ok(Self(Way::Forward { forward: Forward::new()?, waiting, written: OnceLock::new() }))
    }

    /// Has the line written. Never blocks for long, never fails, never panics.
    pub fn record(&self, line: &impl fmt::Display) {
        match &self.0 {
            Way::Thread { log, .. } => log.record(line),
            Way::Forward { forward, .. } => forward.send(line),
        }
    }

    /// This process writes the lines of all: the others were forked.
    ///
    /// # Errors
    /// The system would not give a thread.
    pub fn begin(&self) -> io::Result<()> {
        let Way::Forward { forward, waiting, written } = &self.0 else { return Ok(()) };
        let Some(out) = waiting.lock().unwrap_or_else(PoisonError::into_inner).take() else { return Ok(()) };
        let log = out.begin()?;
        forward.start(move |item| match item {
            Item::Line(line) => log.record(&line),
            Item::Dropped(count) => log.record(&format_args!("wirenut: {count} lines dropped, the log was not read")),
            Item::Flush => log.flush(),
        })?;
        out.into_file().map(|file| written.set(file));
        Ok(())
    }

    /// This process was forked, and another one writes: a file that is moved away is not kept open here.
    pub fn let_go(&self) {
        if let Way::Forward { waiting, .. } = &self.0 {
            waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }

    /// Goes on in the file that has the name now, if it is a file.
    ///
    /// # Errors
    /// Which file, and what the system said; then it goes on in the old one.
    pub fn reopen(&self) -> Result<(), (&Path, io::Error)> {
        let file = match &self.0 {
            Way::Thread { file, .. } => file.as_ref(),
            Way::Forward { written, .. } => written.get(),
        };
        let Some(file) = file else { return Ok(()) };
        file.reopen().map_err(|error| (file.path(), error))
    }
}

/// Those that a log of this process writes.
impl From<LineLog> for Lines {
    fn from(log: LineLog) -> Self {
        Self(Way::Thread { log, file: None })
    }
}

impl Drop for Lines {
    /// Waits for the last lines, but not for ever.
    fn drop(&mut self) {
        if let Way::Forward { forward, .. } = &self.0 {
            forward.flush();
        }
    }
}
