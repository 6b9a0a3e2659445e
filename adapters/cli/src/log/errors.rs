//! What goes wrong, on standard error: each kind of line once a second at most, with a count of the others.

use alloc::sync::Arc;
use core::hash::{Hash, Hasher};
use core::time::Duration;
use std::hash::DefaultHasher;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Instant;

use super::forward::{Forward, Item};
use super::lines::LineLog;
use super::text::OneLine;
use super::throttle::{HeldBack, Throttle};

/// Writes lines, and holds back those that are alike.
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

    fn record(&self, kind: u64, line: String) {
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
    fn flush_all(&self) {
        let mut throttle = self.0.lock();
        while let Some(held_back) = throttle.take_any(self.0.now()) {
            self.0.tell(held_back);
        }
        drop(throttle);
        self.0.lines.flush();
    }
}

/// The sink of the `log` crate in a program that does not fork.
impl log::Log for ErrorLog {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        is_shown(metadata)
    }

    fn log(&self, record: &log::Record<'_>) {
        if is_shown(record.metadata()) {
            let line = record.args().to_string();
            self.record(kind(record, &line), line);
        }
    }

    fn flush(&self) {
        self.flush_all();
    }
}

fn is_shown(metadata: &log::Metadata<'_>) -> bool {
    metadata.level() <= log::Level::Warn
}

/// The sink of the `log` crate in a program that forks: what it is given goes to the process that writes, so that lines are
/// alike wherever they come from.
struct Forwarded(Forward);

static FORWARDED: OnceLock<Forwarded> = OnceLock::new();

impl log::Log for Forwarded {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        is_shown(metadata)
    }

    fn log(&self, record: &log::Record<'_>) {
        if is_shown(record.metadata()) {
            let line = record.args().to_string();
            self.0.send(&format_args!("{:016x} {}", kind(record, &line), OneLine(line)));
        }
    }

    fn flush(&self) {
        self.0.flush();
    }
}

impl Forwarded {
    fn begin(&self) -> io::Result<()> {
        let sink = ErrorLog::new(LineLog::to_standard_error()?)?;
        self.0.start(move |item| match item {
            Item::Line(line) => {
                // Whoever else writes to the pipe is of this program, too.
                let (kind, line) = line.split_once(' ').unwrap_or_default();
                sink.record(u64::from_str_radix(kind, 16).unwrap_or(0), line.to_owned());
            }
            Item::Dropped(count) => sink.record(0, format!("{count} lines dropped, there were too many at a time")),
            Item::Flush => sink.flush_all(),
        })
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

/// Who writes errors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Writer {
    /// A thread of this process.
    Thread,
    /// A thread of one process, for this one and all that will be forked: it is made by [`Self::begin`].
    Process,
}

impl Writer {
    /// This process writes for all: the others were forked.
    ///
    /// # Errors
    /// The system would not give a thread.
    pub fn begin(self) -> io::Result<()> {
        FORWARDED.get().map_or(Ok(()), Forwarded::begin)
    }
}

/// Has warnings and errors written to standard error from now on, without ever waiting for whoever reads it. Of lines that
/// are alike, one a second is written; [`log::Log::flush`] at the end tells of those that are still held back.
///
/// # Errors
///
/// The system would not give a thread, or a pipe.
pub fn write_errors_to_standard_error(writer: Writer) -> io::Result<()> {
    // To set it fails only if there is a sink already.
    let set = match writer {
        Writer::Thread => log::set_boxed_logger(Box::new(ErrorLog::new(LineLog::to_standard_error()?)?)),
        Writer::Process => {
            let forwarded = Forwarded(Forward::new()?);
            log::set_logger(FORWARDED.get_or_init(|| forwarded))
        }
    };
    if set.is_ok() {
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
