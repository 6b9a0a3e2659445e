//! One line per request on standard output; what goes wrong with the command itself goes to standard error.
//!
//! ```text
//! 127.0.0.1:50312 GET /a%20b.txt 200 1234 0.482ms
//! ```
//!
//! The address of the peer, the method, the target, the status, the bytes of the body that were sent, the time it took:
//! six fields without spaces, whatever a client sends. [`Format`] has the lines of other servers, too.

use alloc::sync::Arc;
use core::fmt::{self, Write as _};
use core::net::SocketAddr;
use core::time::Duration;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::SystemTime;

use wirenut::http::{HttpDate, Version};

/// What is kept at most while the other end does not read: some hundred lines.
const LONGEST_BACKLOG: usize = 64 * 1024;

/// What is shown at most of a method or a target, in bytes before escaping.
const LONGEST_TEXT: usize = 1024;

/// How long the lines of the end are waited for when the log is dropped.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// How long to wait where standard output was handed to us as one that does not block, and is full.
const PAUSE: Duration = Duration::from_millis(10);

/// One request and how it ended. `Display` is its line, without the end of line.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Who asked.
    pub peer: SocketAddr,
    /// As it was on the wire.
    pub method: &'a [u8],
    /// As it was on the wire.
    pub target: &'a [u8],
    /// Of the request.
    pub version: Version,
    /// As it was on the wire; empty if it was not there.
    pub referer: &'a [u8],
    /// As it was on the wire; empty if it was not there.
    pub user_agent: &'a [u8],
    /// When the request came.
    pub date: SystemTime,
    /// What was answered, if anything was: `-` otherwise.
    pub status: Option<u16>,
    /// Bytes of the body that went out.
    pub sent: u64,
    /// From the request's head to the end of the answer.
    pub took: Duration,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { peer, method, target, status, sent, took, .. } = self;
        let (milliseconds, microseconds) = (took.as_millis(), took.subsec_micros() % 1000);
        write!(f, "{peer} {} {} ", Escaped(method), Escaped(target))?;
        match status {
            Some(status) => write!(f, "{status}")?,
            None => f.write_char('-')?,
        }
        write!(f, " {sent} {milliseconds}.{microseconds:03}ms")
    }
}

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Address, method, target, status, bytes sent, time taken
    Short,
    /// The Common Log Format, in UTC
    Common,
    /// The Common Log Format with Referer and User-Agent
    Combined,
}

/// A log of requests.
#[derive(Debug)]
pub struct AccessLog {
    /// Where the lines go.
    pub lines: LineLog,
    /// How they look.
    pub format: Format,
}

impl AccessLog {
    /// Has the line written. Never blocks for long, never fails, never panics.
    pub fn record(&self, line: &Line<'_>) {
        match self.format {
            Format::Short => self.lines.record(line),
            Format::Common => self.lines.record(&Common(line)),
            Format::Combined => {
                let (referer, agent) = (Quoted(line.referer), Quoted(line.user_agent));
                self.lines.record(&format_args!("{} \"{referer}\" \"{agent}\"", Common(line)));
            }
        }
    }
}

/// A line in the Common Log Format of NCSA's server: `host ident user [date] "request" status bytes`.
struct Common<'a>(&'a Line<'a>);

impl fmt::Display for Common<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { peer, method, target, version, status, sent, date, .. } = self.0;
        let seconds = date.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let date = HttpDate::from_unix(seconds);
        // Of `Sun, 06 Nov 1994 08:49:37 GMT`.
        let part = |range: core::ops::Range<usize>| String::from_utf8_lossy(&date.as_bytes()[range]);
        let (day, month, year, time) = (part(5..7), part(8..11), part(12..16), part(17..25));
        let version = match version {
            Version::Http10 => "HTTP/1.0",
            Version::Http11 => "HTTP/1.1",
        };
        let (ip, method, target) = (peer.ip(), Quoted(method), Quoted(target));
        write!(f, "{ip} - - [{day}/{month}/{year}:{time} +0000] \"{method} {target} {version}\" ")?;
        match status {
            Some(status) => write!(f, "{status} {sent}"),
            None => write!(f, "- {sent}"),
        }
    }
}

/// Bytes of a client within quotes: printable ASCII that ends neither the quotes nor the line.
struct Quoted<'a>(&'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_char('-');
        }
        for &byte in self.0.iter().take(LONGEST_TEXT) {
            match byte {
                b'"' | b'\\' => write!(f, "\\x{byte:02x}")?,
                b' '..=b'~' => f.write_char(char::from(byte))?,
                byte => write!(f, "\\x{byte:02x}")?,
            }
        }
        if self.0.len() > LONGEST_TEXT { f.write_str("...") } else { Ok(()) }
    }
}

/// A file that lines are appended to. Once it was moved or removed, as those do who rotate logs, the next line begins a new
/// file in its old place: nobody has to send a signal.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    /// The last write ended a line: only then may another file be begun.
    is_between_lines: bool,
}

impl LogFile {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().append(true).create(true).open(path)?;
        Ok(Self { path: path.to_owned(), file, is_between_lines: true })
    }

    fn is_moved(&self) -> bool {
        let place = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
        match (self.file.metadata(), fs::metadata(&self.path)) {
            (Ok(open), Ok(named)) => place(open) != place(named),
            (_, Err(error)) => error.kind() == io::ErrorKind::NotFound,
            (Err(_), _) => false,
        }
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_between_lines && self.is_moved() {
            // Where it cannot be made, the old one is better than none.
            if let Ok(new) = Self::open(&self.path) {
                *self = new;
            }
        }
        let written = self.file.write(bytes)?;
        self.is_between_lines = bytes[..written].ends_with(b"\n");
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Bytes of a client as one word of printable ASCII: it can neither begin a line of its own nor command a terminal.
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_char('-');
        }
        for &byte in self.0.iter().take(LONGEST_TEXT) {
            match byte {
                b'\\' => f.write_str("\\\\")?,
                byte if byte.is_ascii_graphic() => f.write_char(char::from(byte))?,
                byte => write!(f, "\\x{byte:02x}")?,
            }
        }
        if self.0.len() > LONGEST_TEXT { f.write_str("...") } else { Ok(()) }
    }
}

/// Where the lines go.
///
/// A thread of its own writes them, so that a terminal held with Ctrl-S or a pipe that nobody reads never holds up a
/// request: lines beyond a backlog are dropped, and a line tells how many. Once writing has failed (a closed pipe), the
/// log is silent.
#[derive(Debug)]
pub struct LineLog(Option<Arc<Shared>>);

impl LineLog {
    /// Writes to standard output.
    ///
    /// # Errors
    ///
    /// The system would not give a thread.
    pub fn to_standard_output() -> io::Result<Self> {
        Self::new(io::stdout())
    }

    /// Writes to whatever this is.
    ///
    /// # Errors
    ///
    /// The system would not give a thread.
    pub fn new(out: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            backlog: Mutex::new(Backlog { lines: String::new(), dropped: 0, phase: Phase::Open }),
            changed: Condvar::new(),
        });
        let writer = Arc::clone(&shared);
        thread::Builder::new().name("wirenut log".into()).spawn(move || writer.write_out(out))?;
        Ok(Self(Some(shared)))
    }

    /// Writes nothing.
    #[must_use]
    pub const fn silent() -> Self {
        Self(None)
    }

    /// Has the line written. Never blocks for long, never fails, never panics.
    pub fn record(&self, line: &impl fmt::Display) {
        let Some(shared) = &self.0 else { return };
        let mut backlog = shared.lock();
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
        shared.changed.notify_all();
    }
}

impl Drop for LineLog {
    /// Waits for the last lines, but not for ever.
    fn drop(&mut self) {
        let Some(shared) = &self.0 else { return };
        let mut backlog = shared.lock();
        if backlog.phase == Phase::Open {
            backlog.phase = Phase::Closing;
        }
        shared.changed.notify_all();
        let _ = shared.changed.wait_timeout_while(backlog, LAST_WAIT, |backlog| backlog.phase != Phase::Closed);
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
    fn write_out(&self, mut out: impl Write) {
        let mut lines = String::new();
        while self.take(&mut lines) {
            if write_all(&mut out, lines.as_bytes()).is_err() {
                break;
            }
        }
        self.lock().phase = Phase::Closed;
        self.changed.notify_all();
    }

    /// Waits for lines and swaps them in; false where no more will come.
    fn take(&self, lines: &mut String) -> bool {
        lines.clear();
        let mut backlog = self
            .changed
            .wait_while(self.lock(), |backlog| backlog.lines.is_empty() && backlog.phase == Phase::Open)
            .unwrap_or_else(PoisonError::into_inner);
        core::mem::swap(lines, &mut backlog.lines);
        if backlog.dropped > 0 {
            let _ = writeln!(lines, "wirenut: {} lines dropped, the log was not read", backlog.dropped);
            backlog.dropped = 0;
        }
        !lines.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Backlog> {
        // At worst a panic left half a line.
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Like `Write::write_all`, but it stays with an output that was set not to block, by whoever shares it with us.
fn write_all(out: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match out.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Err(error) => return Err(error),
        }
    }
    loop {
        match out.flush() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
            outcome => return outcome,
        }
    }
}

/// What goes wrong on connections, on standard error: the sink of the `log` crate.
struct ErrorLog(LineLog);

impl log::Log for ErrorLog {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            self.0.record(&format_args!("wirenut: {}", record.args()));
        }
    }

    fn flush(&self) {}
}

/// Has warnings and errors written to standard error from now on, without ever waiting for whoever reads it.
///
/// # Errors
///
/// The system would not give a thread.
pub fn write_errors_to_standard_error() -> io::Result<()> {
    let sink = ErrorLog(LineLog::new(io::stderr())?);
    // It fails only if there is a sink already.
    if log::set_boxed_logger(Box::new(sink)).is_ok() {
        log::set_max_level(log::LevelFilter::Warn);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv6Addr;
    use std::sync::mpsc;
    use std::time::Instant;

    const PEER: SocketAddr = SocketAddr::new(core::net::IpAddr::V6(Ipv6Addr::LOCALHOST), 80);

    fn line<'a>(method: &'a [u8], target: &'a [u8]) -> Line<'a> {
        Line {
            peer: PEER,
            method,
            target,
            version: Version::Http11,
            referer: b"",
            user_agent: b"a \"b\"\x1b\\\xff",
            date: SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777),
            status: Some(200),
            sent: 1234,
            took: Duration::from_micros(61_000_482),
        }
    }

    /// What was written, shared with the test.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Page {
        fn text(&self) -> String {
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
    fn lines_are_six_words_of_printable_ascii() {
        let long = [b'a'; LONGEST_TEXT + 1];
        let shown = format!("{}...", "a".repeat(LONGEST_TEXT));
        let cases: &[(&[u8], &str)] = &[
            (b"/", "/"),
            (b"/a%20b?c=d&e", "/a%20b?c=d&e"),
            (b"", "-"),
            (b"/ a", "/\\x20a"),
            (b"/\r\n1.2.3.4 GET", "/\\x0d\\x0a1.2.3.4\\x20GET"),
            (b"/\x1b[2J\x7f\0", "/\\x1b[2J\\x7f\\x00"),
            (b"/\xc3\xa4\x9b", "/\\xc3\\xa4\\x9b"),
            (b"/\\x0a", "/\\\\x0a"),
            (&long, &shown),
        ];
        for (target, shown) in cases {
            assert_eq!(line(b"GET", target).to_string(), format!("[::1]:80 GET {shown} 200 1234 61000.482ms"));
            assert_eq!(line(target, b"/").to_string(), format!("[::1]:80 {shown} / 200 1234 61000.482ms"));
        }
    }

    #[test]
    fn lines_of_other_servers_cannot_be_forged_either() {
        for (format, target, expected) in [
            (Format::Common, &b"/"[..], "::1 - - [06/Nov/1994:08:49:37 +0000] \"GET / HTTP/1.1\" 200 1234\n"),
            (
                Format::Combined,
                b"/\" 200 1\r\n",
                "::1 - - [06/Nov/1994:08:49:37 +0000] \"GET /\\x22 200 1\\x0d\\x0a HTTP/1.1\" 200 1234 \"-\" \
                 \"a \\x22b\\x22\\x1b\\x5c\\xff\"\n",
            ),
        ] {
            let page = Page::default();
            let log = AccessLog { lines: LineLog::new(page.clone()).unwrap(), format };
            log.record(&line(b"GET", target));
            drop(log);
            assert_eq!(page.text(), expected);
        }
    }

    #[test]
    fn a_file_that_was_moved_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("log"), folder.path().join("log.1"));
        let mut file = LogFile::open(&path).unwrap();
        file.write_all(b"one\ntw").unwrap();
        fs::rename(&path, &old).unwrap();
        file.write_all(b"o\n").unwrap();
        file.write_all(b"three\n").unwrap();
        fs::remove_file(&path).unwrap();
        file.write_all(b"four\n").unwrap();
        assert_eq!(fs::read_to_string(&old).unwrap(), "one\ntwo\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "four\n");
    }

    #[test]
    fn what_was_not_answered_has_no_status() {
        let line = Line { status: None, sent: 0, ..line(b"GET", b"/") };
        assert_eq!(line.to_string(), "[::1]:80 GET / - 0 61000.482ms");
    }

    #[test]
    fn every_line_is_written_before_the_log_is_gone() {
        let page = Page::default();
        let log = LineLog::new(page.clone()).unwrap();
        for _ in 0..100 {
            log.record(&line(b"GET", b"/"));
        }
        drop(log);
        assert_eq!(page.text(), format!("{}\n", line(b"GET", b"/")).repeat(100));
    }

    #[test]
    fn short_writes_and_passing_errors_lose_nothing() {
        let page = Page::default();
        let log =
            LineLog::new(Script(vec![io::ErrorKind::Interrupted, io::ErrorKind::WouldBlock], page.clone())).unwrap();
        log.record(&line(b"GET", b"/"));
        drop(log);
        assert_eq!(page.text(), format!("{}\n", line(b"GET", b"/")));
    }

    #[test]
    fn closed_output_is_ignored() {
        let page = Page::default();
        let log = LineLog::new(Script(vec![io::ErrorKind::BrokenPipe], page.clone())).unwrap();
        log.record(&line(b"GET", b"/"));
        while log.0.as_ref().unwrap().lock().phase == Phase::Open {
            thread::yield_now();
        }
        log.record(&line(b"GET", b"/"));
        assert_eq!(log.0.as_ref().unwrap().lock().lines, "");
        drop(log);
        assert_eq!(page.text(), "");
    }

    #[test]
    fn stalled_output_holds_nobody_up_and_costs_bounded_memory() {
        let page = Page::default();
        let (release, released) = mpsc::channel();
        let (writing, is_writing) = mpsc::channel();
        let log = LineLog::new(Stalled(released, writing, page.clone())).unwrap();
        log.record(&line(b"GET", b"/"));
        is_writing.recv().unwrap();
        for _ in 0..10_000 {
            log.record(&line(b"GET", &[0; LONGEST_TEXT]));
        }
        assert!(log.0.as_ref().unwrap().lock().lines.len() < LONGEST_BACKLOG + 10 * LONGEST_TEXT);
        drop(release);
        drop(log);
        let text = page.text();
        let kept = text.matches("GET").count() - 1;
        assert!(text.ends_with(&format!("\nwirenut: {} lines dropped, the log was not read\n", 10_000 - kept)));
    }

    #[test]
    fn stalled_output_does_not_keep_the_program_from_ending() {
        let (_release, released) = mpsc::channel();
        let (writing, is_writing) = mpsc::channel();
        let log = LineLog::new(Stalled(released, writing, Page::default())).unwrap();
        log.record(&line(b"GET", b"/"));
        is_writing.recv().unwrap();
        let start = Instant::now();
        drop(log);
        assert!(start.elapsed() < 10 * LAST_WAIT);
    }

    #[test]
    fn silence_is_silent() {
        LineLog::silent().record(&line(b"GET", b"/"));
    }
}
