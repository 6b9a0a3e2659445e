//! Lines that are written by a thread of their own.

use alloc::sync::Arc;
use core::fmt::{self, Write as _};
use core::time::Duration;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::output::Output;

/// What is kept at most while the other end does not read: some hundred lines.
const LONGEST_BACKLOG: usize = 64 * 1024;

/// How long the lines of the end are waited for when the log is dropped.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Where the lines go.
///
/// A thread of its own writes them, so that a terminal held with Ctrl-S or a pipe that nobody reads never holds up a
/// request: lines beyond a backlog are dropped, and a line tells how many. While writing fails (a full disk), lines are lost,
/// and a line tells how many once it works again, behind a line end where one was cut off. Once nobody can read it any more
/// (a closed pipe), the log is silent.
#[derive(Debug)]
pub struct LineLog(Arc<Shared>);

impl LineLog {
    /// Writes to standard output.
    ///
    /// # Errors
    ///
    /// The system would not give a thread.
    pub fn to_standard_output() -> io::Result<Self> {
        Self::to(io::stdout())
    }

    /// Writes to standard error.
    ///
    /// # Errors
    ///
    /// The system would not give a thread.
    pub fn to_standard_error() -> io::Result<Self> {
        Self::to(io::stderr())
    }

    /// Not through the buffer of the standard library, which keeps what could not be written for another time. To an output
    /// that is closed, nothing is written.
    fn to(output: impl AsFd) -> io::Result<Self> {
        match output.as_fd().try_clone_to_owned() {
            Ok(descriptor) => Self::new(File::from(descriptor)),
            Err(_) => Self::new(io::sink()),
        }
    }

    /// Writes to whatever this is.
    ///
    /// # Errors
    ///
    /// The system would not give a thread.
    pub fn new(out: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            backlog: Mutex::new(Backlog {
                lines: String::new(),
                is_being_written: false,
                dropped: 0,
                phase: Phase::Open,
            }),
            changed: Condvar::new(),
        });
        let writer = Arc::clone(&shared);
        thread::Builder::new().name("wirenut log".into()).spawn(move || writer.write_out(out))?;
        Ok(Self(shared))
    }

    /// Has the line written. Never blocks for long, never fails, never panics.
    pub fn record(&self, line: &impl fmt::Display) {
        let mut backlog = self.0.lock();
        if backlog.phase != Phase::Open {
            return;
        }
        if backlog.lines.len() >= LONGEST_BACKLOG {
            backlog.dropped += 1;
            return;
        }
        // A `String` takes anything.
        let _ = writeln!(backlog.lines, "{line}");
        drop(backlog);
        self.0.changed.notify_all();
    }

    /// Waits until all lines are written, but not for ever.
    pub fn flush(&self) {
        let is_left = |backlog: &mut Backlog| {
            backlog.phase != Phase::Closed && (backlog.is_being_written || !backlog.lines.is_empty())
        };
        let _ = self.0.changed.wait_timeout_while(self.0.lock(), LAST_WAIT, is_left);
    }
}

impl Drop for LineLog {
    /// Waits for the last lines, but not for ever.
    fn drop(&mut self) {
        let mut backlog = self.0.lock();
        if backlog.phase == Phase::Open {
            backlog.phase = Phase::Closing;
        }
        self.0.changed.notify_all();
        let _ = self.0.changed.wait_timeout_while(backlog, LAST_WAIT, |backlog| backlog.phase != Phase::Closed);
    }
}

#[derive(Debug)]
struct Shared {
    backlog: Mutex<Backlog>,
    /// Both ends wait for it: the thread for lines, whoever closes the log for the thread.
    changed: Condvar,
}

#[derive(Debug)]
struct Backlog {
    lines: String,
    /// Lines were taken out, and may not be written yet.
    is_being_written: bool,
    dropped: u64,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// No more lines will come.
    Closing,
    /// No more lines will be written.
    Closed,
}

impl Shared {
    fn write_out(&self, out: impl Write) {
        let mut lines = String::new();
        let mut output = Output::new(out);
        while self.take(&mut lines) {
            if output.write(&lines).is_err() {
                break;
            }
        }
        self.lock().phase = Phase::Closed;
        self.changed.notify_all();
    }

    /// Waits for lines and swaps them in; false where no more will come.
    fn take(&self, lines: &mut String) -> bool {
        lines.clear();
        let mut backlog = self.lock();
        if core::mem::take(&mut backlog.is_being_written) {
            self.changed.notify_all();
        }
        let mut backlog = self
            .changed
            .wait_while(backlog, |backlog| backlog.lines.is_empty() && backlog.phase == Phase::Open)
            .unwrap_or_else(PoisonError::into_inner);
        core::mem::swap(lines, &mut backlog.lines);
        if backlog.dropped > 0 {
            let _ = writeln!(lines, "wirenut: {} lines dropped, the log was not read", backlog.dropped);
            backlog.dropped = 0;
        }
        backlog.is_being_written = !lines.is_empty();
        !lines.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Backlog> {
        // At worst a panic left half a line.
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Instant;

    /// What was written, shared with the test.
    #[derive(Clone, Default)]
    pub(in crate::log) struct Page(Arc<Mutex<Vec<u8>>>);

    impl Page {
        pub(in crate::log) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Gives each write its next outcome from the table, then takes everything.
    struct Script(Vec<io::ErrorKind>, Page);

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.0.pop() {
                Some(kind) => Err(kind.into()),
                None => self.1.write(&bytes[..1]),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Takes nothing until the other end is dropped.
    struct Stalled(mpsc::Receiver<()>, mpsc::Sender<()>, Page);

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.1.send(());
            let _ = self.0.recv();
            self.2.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_is_written_before_the_log_is_gone() {
        let page = Page::default();
        let log = LineLog::new(page.clone()).unwrap();
        for _ in 0..100 {
            log.record(&"line");
        }
        drop(log);
        assert_eq!(page.text(), format!("{}\n", "line").repeat(100));
    }

    #[test]
    fn short_writes_and_passing_errors_lose_nothing() {
        let page = Page::default();
        let log =
            LineLog::new(Script(vec![io::ErrorKind::Interrupted, io::ErrorKind::WouldBlock], page.clone())).unwrap();
        log.record(&"line");
        drop(log);
        assert_eq!(page.text(), format!("{}\n", "line"));
    }

    #[test]
    fn closed_output_is_ignored() {
        let page = Page::default();
        let log = LineLog::new(Script(vec![io::ErrorKind::BrokenPipe], page.clone())).unwrap();
        log.record(&"line");
        while log.0.lock().phase == Phase::Open {
            thread::yield_now();
        }
        log.record(&"line");
        assert_eq!(log.0.lock().lines, "");
        drop(log);
        assert_eq!(page.text(), "");
    }

    #[test]
    fn stalled_output_holds_nobody_up_and_costs_bounded_memory() {
        let page = Page::default();
        let (release, released) = mpsc::channel();
        let (writing, is_writing) = mpsc::channel();
        let log = LineLog::new(Stalled(released, writing, page.clone())).unwrap();
        log.record(&"line");
        is_writing.recv().unwrap();
        let long = "x".repeat(4000);
        for _ in 0..10_000 {
            log.record(&long);
        }
        assert!(log.0.lock().lines.len() < LONGEST_BACKLOG + 2 * long.len());
        drop(release);
        drop(log);
        let text = page.text();
        let kept = text.matches(&long).count();
        assert!(text.ends_with(&format!("\nwirenut: {} lines dropped, the log was not read\n", 10_000 - kept)));
    }

    #[test]
    fn stalled_output_does_not_keep_the_program_from_ending() {
        let (_release, released) = mpsc::channel();
        let (writing, is_writing) = mpsc::channel();
        let log = LineLog::new(Stalled(released, writing, Page::default())).unwrap();
        log.record(&"line");
        is_writing.recv().unwrap();
        let start = Instant::now();
        drop(log);
        assert!(start.elapsed() < 10 * LAST_WAIT);
    }
}
