//! A file that lines are appended to, and that may be moved away at any time.

use alloc::sync::Arc;
use core::mem;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use super::text::Name;

/// A file that lines are appended to. Once it was moved or removed, as those do who rotate logs, the next line begins a new
/// file in its old place; [`Self::reopen`] begins it at once. All clones are the same file.
///
/// While it cannot be written to, lines are lost, which the `log` crate is told when it begins, and when it is over with
/// their number. A line of which a part was written then is given up: another file may be begun, and in the same one the
/// next line begins behind a line end of its own.
#[derive(Clone, Debug)]
pub struct LogFile {
    path: Arc<Path>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    file: File,
    place: Place,
    /// How many lines were lost since the last write that did not fail. `None`: it did not fail.
    lost: Option<u64>,
}

/// Where the file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    BetweenLines,
    /// Within a line whose rest is to come: only afterwards may another file be begun.
    WithinLine,
    /// Within a line whose rest is lost.
    Cut,
}

impl State {
    fn new(file: File, path: &Path) -> Self {
        let place = if ends_within_line(&file, path) { Place::Cut } else { Place::BetweenLines };
        Self { file, place, lost: None }
    }

    /// Goes on in this file, where no line is to be finished in the one before.
    fn go_on_in(&mut self, file: File, path: &Path) {
        if self.place != Place::WithinLine {
            let Self { file, place, .. } = Self::new(file, path);
            (self.file, self.place) = (file, place);
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.place == Place::Cut {
            // Whoever made room may have emptied the file.
            let is_empty = self.file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0);
            if is_empty || self.file.write(b"\n")? == 1 {
                self.place = Place::BetweenLines;
            }
        }
        let written = self.file.write(bytes)?;
        if written > 0 {
            self.place = if bytes[..written].ends_with(b"\n") { Place::BetweenLines } else { Place::WithinLine };
        }
        Ok(written)
    }

    /// These bytes, which are the rest of a line or begin one, could not be written. True: it is the first time.
    fn lose(&mut self, bytes: &[u8]) -> bool {
        if self.place == Place::WithinLine {
            self.place = Place::Cut;
        }
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        let before = self.lost.replace(self.lost.unwrap_or(0) + lines);
        before.is_none()
    }
}

impl LogFile {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn open(path: &Path) -> io::Result<Self> {
        let state = State::new(append_to(path)?, path);
        Ok(Self { path: path.into(), state: Arc::new(Mutex::new(state)) })
    }

    /// Goes on in the file that has the name now, or in a new one. Does nothing where that is a pipe: to open it would wait
    /// for somebody who reads. Nor does it wait for a line that is being written: the next one goes on.
    ///
    /// # Errors
    ///
    /// What the system said; then it goes on in the old one.
    pub fn reopen(&self) -> io::Result<()> {
        if fs::metadata(&self.path).is_ok_and(|named| named.file_type().is_fifo()) {
            return Ok(());
        }
        let file = append_to(&self.path)?;
        // Within a line, the next one will see what became of the name.
        match self.state.try_lock() {
            Ok(mut state) => state.go_on_in(file, &self.path),
            Err(TryLockError::Poisoned(state)) => state.into_inner().go_on_in(file, &self.path),
            Err(TryLockError::WouldBlock) => {}
        }
        Ok(())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is one assignment, so a panic leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.lock();
        if state.place != Place::WithinLine
            && is_moved(&state.file, &self.path)
            // Where it cannot be made, the old one is better than none.
            && let Ok(new) = append_to(&self.path)
        {
            state.go_on_in(new, &self.path);
        }
        match state.write(bytes) {
            Ok(written) => {
                let lost = mem::take(&mut state.lost);
                drop(state);
                if let Some(lost) = lost {
                    log::warn!("the log goes on in '{}', {lost} lines were lost", Name::of(&self.path));
                }
                Ok(written)
            }
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => Err(error),
            Err(error) => {
                let is_news = state.lose(bytes);
                drop(state);
                if is_news {
                    log::warn!("cannot write the log to '{}', lines are lost: {error}", Name::of(&self.path));
                }
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().file.flush()
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    File::options().append(true).create(true).open(path)
}

fn is_moved(open: &File, path: &Path) -> bool {
    match (open.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => place(&open) != place(&named),
        (_, Err(error)) => error.kind() == ErrorKind::NotFound,
        (Err(_), _) => false,
    }
}

/// Whether the last line in it has no end: whoever wrote it was cut off. What cannot be read is taken for whole.
fn ends_within_line(open: &File, path: &Path) -> bool {
    let Ok(metadata) = open.metadata() else { return false };
    if !metadata.is_file() || metadata.len() == 0 {
        return false;
    }
    let Ok(readable) = File::open(path) else { return false };
    let is_same = readable.metadata().is_ok_and(|named| place(&named) == place(&metadata));
    let mut last = [b'\n'];
    is_same && readable.read_exact_at(&mut last, metadata.len() - 1).is_ok() && last != *b"\n"
}

fn place(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;
    use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
    use std::io::Read as _;
    use std::os::unix::fs::symlink;
    use std::sync::mpsc;
    use std::thread;

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
    fn a_line_is_finished_in_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("log"), folder.path().join("log.1"));
        let mut file = LogFile::open(&path).unwrap();
        file.write_all(b"on").unwrap();
        fs::rename(&path, &old).unwrap();
        file.reopen().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "", "it is made at once");
        file.write_all(b"e\n").unwrap();
        file.write_all(b"two\n").unwrap();
        assert_eq!(
            (fs::read_to_string(&old).unwrap(), fs::read_to_string(&path).unwrap()),
            ("one\n".into(), "two\n".into())
        );
    }

    #[test]
    fn nobody_waits_for_a_reader_of_a_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
        let open = || rustix::fs::open(&path, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()).unwrap();
        let reader = open();
        let mut file = LogFile::open(&path).unwrap();
        drop(reader);
        let (report, reported) = mpsc::channel();
        let reopened = file.clone();
        thread::spawn(move || report.send(reopened.reopen()));
        reported.recv_timeout(Duration::from_secs(30)).expect("it waits").unwrap();
        let mut reader = File::from(open());
        file.write_all(b"line\n").unwrap();
        let mut line = [0; 5];
        reader.read_exact(&mut line).unwrap();
        assert_eq!(&line, b"line\n");
    }

    /// A pipe that was moved away, a terminal held with Ctrl-S: whoever reloads has signals to heed.
    #[test]
    fn nobody_waits_for_a_line_that_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("log"), folder.path().join("log.1"));
        mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
        let mut reader = File::from(rustix::fs::open(&path, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()).unwrap());
        let mut file = LogFile::open(&path).unwrap();
        let (mut stuck, longer) = (file.clone(), vec![b'x'; 2 << 20]);
        let writer = thread::spawn(move || stuck.write(&longer));
        // It does not fit, so the write is not over.
        while rustix::io::ioctl_fionread(&reader).unwrap() == 0 {
            thread::yield_now();
        }
        fs::rename(&path, &old).unwrap();
        let (report, reported) = mpsc::channel();
        let reopened = file.clone();
        thread::spawn(move || report.send(reopened.reopen()));
        reported.recv_timeout(Duration::from_secs(30)).expect("it waits").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"", "it is made at once");
        rustix::io::ioctl_fionbio(&reader, false).unwrap();
        reader.read_exact(&mut vec![0; 2 << 20]).unwrap();
        assert_eq!(writer.join().unwrap().unwrap(), 2 << 20);
        file.write_all(b"\nline\n").unwrap();
        file.write_all(b"next\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "next\n", "a line is finished in its file");
    }

    #[test]
    fn a_full_disk_loses_lines_until_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        symlink("/dev/full", &path).unwrap();
        let mut file = LogFile::open(&path).unwrap();
        file.write_all(b"lost\nlost, too\n").unwrap();
        assert_eq!(file.lock().lost, Some(2));
        fs::remove_file(&path).unwrap();
        file.write_all(b"kept\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "kept\n");
        assert_eq!(file.lock().lost, None);
    }

    /// The states that a disk leaves behind on which a part of a line still had room.
    fn cut_off(path: &Path) -> LogFile {
        let mut file = LogFile::open(path).unwrap();
        file.write_all(b"one\ntw").unwrap();
        assert!(file.lock().lose(b"o\n"), "it is news");
        file
    }

    #[test]
    fn a_line_that_was_cut_off_keeps_no_file_open() {
        for is_told in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let (path, old) = (folder.path().join("log"), folder.path().join("log.1"));
            let mut file = cut_off(&path);
            fs::rename(&path, &old).unwrap();
            if is_told {
                file.reopen().unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), "", "it is made at once");
            }
            file.write_all(b"three\n").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "three\n");
            assert_eq!(fs::read_to_string(&old).unwrap(), "one\ntw");
        }
    }

    #[test]
    fn a_line_that_was_cut_off_stays_a_line_of_its_own() {
        for is_opened_anew in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log");
            let mut file = cut_off(&path);
            if is_opened_anew {
                file.reopen().unwrap();
            }
            file.write_all(b"three\n").unwrap();
            // As another process finds it.
            fs::write(&path, fs::read_to_string(&path).unwrap() + "fo").unwrap();
            LogFile::open(&path).unwrap().write_all(b"five\n").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntw\nthree\nfo\nfive\n");
        }
    }
}
