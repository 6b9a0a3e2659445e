//! Lines of several processes, which one of them writes.

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use core::time::Duration;
use std::io::{self, BufRead as _, BufReader, PipeReader, PipeWriter, Write as _};
use std::process;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use wirenut_linux::sync::Shared;

/// What a pipe takes in one piece, whoever else writes to it at the time: PIPE_BUF of pipe(7). Lines are cut to that.
const WHOLE: usize = 4096;

/// Asks the writer to say when it has come this far. No line begins so: controls are escaped.
const MARK: &str = "\0";

/// How long the writer is waited for.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// A pipe that lines are put into, in each process that was forked since it was made, and that a thread of one process takes
/// them out of. A line that finds the pipe full is dropped and counted, so nobody is held up. No process needs a thread for it
/// but the one that writes, which may begin when all others were forked.
#[derive(Debug)]
pub(super) struct Forward {
    writer: PipeWriter,
    reader: Mutex<Option<PipeReader>>,
    dropped: Shared<AtomicU64>,
    /// The id of the process that writes.
    owner: AtomicU32,
    /// How many marks have come out.
    marks: Arc<(Mutex<u64>, Condvar)>,
}

/// What the thread is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Item<'l> {
    Line(&'l str),
    /// So many lines were dropped before.
    Dropped(u64),
    /// Somebody waits until all lines before are written.
    Flush,
}

impl Forward {
    /// # Errors
    /// The system has no descriptor or no memory left.
    pub(super) fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        fcntl_setfl(&writer, fcntl_getfl(&writer)? | OFlags::NONBLOCK)?;
        let dropped = Shared::new(AtomicU64::new(0)).map_err(io::Error::other)?;
        Ok(Self { writer, reader: Mutex::new(Some(reader)), dropped, owner: AtomicU32::new(0), marks: Arc::default() })
    }

    /// Never blocks, never fails.
    pub(super) fn send(&self, line: &impl fmt::Display) {
        if !self.try_send(line) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn try_send(&self, line: &impl fmt::Display) -> bool {
        let mut text = line.to_string();
        if text.len() >= WHOLE {
            text.truncate(text.floor_char_boundary(WHOLE - 1));
        }
        text.push('\n');
        // A pipe takes all of it or nothing.
        (&self.writer).write(text.as_bytes()).is_ok()
    }

    /// Has a thread of this process take the lines out. Called again, it does nothing.
    ///
    /// # Errors
    /// The system would not give a thread.
    pub(super) fn start(&self, mut each: impl FnMut(Item<'_>) + Send + 'static) -> io::Result<()> {
        let Some(reader) = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take() else { return Ok(()) };
        let (dropped, marks) = (self.dropped.clone(), Arc::clone(&self.marks));
        let receive = move || {
            let mut reader = BufReader::new(reader);
            let mut line = Vec::new();
            while let Ok(1..) = reader.read_until(b'\n', &mut line) {
                let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line));
                match dropped.swap(0, Ordering::Relaxed) {
                    0 => {}
                    count => each(Item::Dropped(count)),
                }
                if text == MARK {
                    each(Item::Flush);
                    *marks.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                    marks.1.notify_all();
                } else {
                    each(Item::Line(&text));
                }
                line.clear();
            }
        };
        thread::Builder::new().name("wirenut lines".into()).spawn(receive)?;
        self.owner.store(process::id(), Ordering::SeqCst);
        Ok(())
    }

    /// Waits until all lines before are written, but not for ever. In a process that does not write them, it does nothing.
    pub(super) fn flush(&self) {
        if self.owner.load(Ordering::SeqCst) != process::id() {
            return;
        }
        let deadline = Instant::now() + LAST_WAIT;
        let marks = self.marks.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *marks;
        while !self.try_send(&MARK) {
            if Instant::now() >= deadline {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let _ = self.marks.1.wait_timeout_while(marks, left, |marks| *marks == before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes out of it.
    fn received(forward: &Forward) -> (Vec<String>, u64) {
        let out = Arc::new(Mutex::new((Vec::new(), 0)));
        let copy = Arc::clone(&out);
        let each = move |item: Item<'_>| {
            let mut out = copy.lock().unwrap();
            match item {
                Item::Line(line) => out.0.push(line.to_owned()),
                Item::Dropped(more) => out.1 += more,
                Item::Flush => {}
            }
        };
        forward.start(each).unwrap();
        forward.flush();
        let out = out.lock().unwrap();
        out.clone()
    }

    #[test]
    fn lines_come_out_whole() {
        let forward = Forward::new().unwrap();
        forward.flush();
        let long = format!("{}\u{fc}", "x".repeat(WHOLE - 2));
        for line in ["one", "", "two", &long] {
            forward.send(&line);
        }
        let (lines, dropped) = received(&forward);
        assert_eq!((&lines[..3], dropped), (&["one".to_owned(), String::new(), "two".to_owned()][..], 0));
        assert_eq!(lines[3], "x".repeat(WHOLE - 2), "no sign is cut in two");
    }

    #[test]
    fn a_full_pipe_holds_nobody_up_and_is_told_of() {
        let forward = Forward::new().unwrap();
        let line = "x".repeat(1000);
        for _ in 0..1000 {
            forward.send(&line);
        }
        let (lines, dropped) = received(&forward);
        assert!(lines.len() > 10 && dropped == 1000 - lines.len() as u64, "{}, {dropped}", lines.len());
    }
}
