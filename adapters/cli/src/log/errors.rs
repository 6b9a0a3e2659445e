//! What goes wrong, on standard error: each kind of line once a second at most, with a count of the others.

use alloc::sync::Arc;
use core::hash::{Hash, Hasher};
use core::time::Duration;
use std::hash::DefaultHasher;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use super::lines::LineLog;
use super::text::OneLine;
use super::throttle::{HeldBack, Throttle};

/// The sink of the `log` crate.
struct ErrorLog(Arc<Shared>);

struct Shared {
    lines: LineLog,
    throttle: Mutex<Throttle>,
    /// Something is held back: the thread that will tell of it has to know until when.
    changed: Condvar,
    begun: Instant,
}

impl ErrorLog {
    fn new(lines: LineLog) -> io::Result<Self> {
        let shared =
            Arc::new(Shared { lines, throttle: Mutex::default(), changed: Condvar::new(), begun: Instant::now() });
        let teller = Arc::clone(&shared);
        thread::Builder::new().name("wirenut errors".into()).spawn(move || teller.tell_what_is_held_back())?;
        Ok(Self(shared))
    }
}

impl log::Log for ErrorLog {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let line = record.args().to_string();
        let kind = kind(record, &line);
        let mut throttle = self.0.lock();
        let was_due = throttle.next_due();
        let mut line = Some(line);
        if throttle.admits(kind, self.0.now(), || line.take().unwrap_or_default()) {
            self.0.write(line.unwrap_or_default());
        } else if was_due != throttle.next_due() {
            self.0.changed.notify_all();
        }
    }

    /// Writes what is held back, and waits for the last lines, but not for ever.
    fn flush(&self) {
        let mut throttle = self.0.lock();
        while let Some(held_back) = throttle.take_any(self.0.now()) {
            self.0.tell(held_back);
        }
        drop(throttle);
        self.0.lines.flush();
    }
}

impl Shared {
    fn tell_what_is_held_back(&self) {
        let mut throttle = self.lock();
        loop {
            while let Some(held_back) = throttle.take_due(self.now()) {
                self.tell(held_back);
            }
            throttle = match throttle.next_due() {
                None => self.changed.wait(throttle).unwrap_or_else(PoisonError::into_inner),
                Some(due) => {
                    let left = due.saturating_sub(self.now());
                    self.changed.wait_timeout(throttle, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn tell(&self, held_back: HeldBack) {
        let HeldBack { count, last } = held_back;
        self.write(if count == 1 { last } else { format!("{last} (the last of {count} like it in a second)") });
    }

    fn write(&self, line: String) {
        self.lines.record(&format_args!("wirenut: {}", OneLine(line)));
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, Throttle> {
        // At worst a panic left a line uncounted.
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lines are of one kind where one place of the program says them for the same reason: what stands behind the last colon,
/// but for the numbers in it. Before it stand peers and paths, as many as a client likes.
fn kind(record: &log::Record<'_>, line: &str) -> u64 {
    let reason = line.rsplit(": ").next().unwrap_or_default();
    let mut hasher = DefaultHasher::new();
    (record.module_path(), record.line()).hash(&mut hasher);
    reason.bytes().filter(|byte| !byte.is_ascii_digit()).for_each(|byte| hasher.write_u8(byte));
    hasher.finish()
}

/// Has warnings and errors written to standard error from now on, without ever waiting for whoever reads it. Of lines that
/// are alike, one a second is written; [`log::Log::flush`] at the end tells of those that are still held back.
///
/// # Errors
///
/// The system would not give a thread.
pub fn write_errors_to_standard_error() -> io::Result<()> {
    let sink = ErrorLog::new(LineLog::to_standard_error()?)?;
    // It fails only if there is a sink already.
    if log::set_boxed_logger(Box::new(sink)).is_ok() {
        log::set_max_level(log::LevelFilter::Warn);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::lines::tests::Page;
    use super::*;
    use log::Log as _;

    fn log(sink: &ErrorLog, line: u32, args: core::fmt::Arguments<'_>) {
        let level = log::Level::Warn;
        sink.log(&log::Record::builder().level(level).line(Some(line)).module_path(Some("test")).args(args).build());
    }

    #[test]
    fn a_flood_of_one_kind_is_counted_and_hides_no_other() {
        let page = Page::default();
        let sink = ErrorLog::new(LineLog::new(page.clone()).unwrap()).unwrap();
        for port in 0..10_000 {
            log(&sink, 1, format_args!("127.0.0.1:{port}: missing Host field at byte {port} (RFC 9112 3.2)"));
        }
        log(&sink, 1, format_args!("127.0.0.1:1: invalid method at byte 0 (RFC 9112 3.1)"));
        log(&sink, 2, format_args!("127.0.0.1:1: invalid method at byte 0 (RFC 9112 3.1)"));
        sink.flush();
        let text = page.text();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].ends_with(":0: missing Host field at byte 0 (RFC 9112 3.2)"), "{text}");
        assert_eq!(lines.iter().filter(|line| line.contains("invalid method")).count(), 2, "{text}");
        let counted: u64 = lines.iter().filter(|line| line.contains("missing Host")).map(|line| count(line)).sum();
        assert_eq!(counted, 10_000, "{text}");
        assert!(lines.len() < 30, "{text}");
    }

    /// For how many a line stands.
    fn count(line: &str) -> u64 {
        let behind = line.split("the last of ").nth(1);
        behind.map_or(1, |behind| behind.split(' ').next().unwrap().parse().unwrap())
    }

    #[test]
    fn what_is_held_back_is_told_though_nothing_more_comes() {
        let page = Page::default();
        let sink = ErrorLog::new(LineLog::new(page.clone()).unwrap()).unwrap();
        for _ in 0..3 {
            log(&sink, 1, format_args!("same"));
        }
        let begun = Instant::now();
        while page.text().lines().count() < 2 {
            assert!(begun.elapsed() < Duration::from_secs(30), "{}", page.text());
            thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(page.text(), "wirenut: same\nwirenut: same (the last of 2 like it in a second)\n");
    }

    #[test]
    fn no_text_begins_a_line_of_its_own() {
        let page = Page::default();
        let sink = ErrorLog::new(LineLog::new(page.clone()).unwrap()).unwrap();
        log(&sink, 1, format_args!("cannot open 'a\nwirenut: b\x1b[2J'"));
        sink.flush();
        assert_eq!(page.text(), "wirenut: cannot open 'a\\x0awirenut: b\\x1b[2J'\n");
    }
}
