//! A file that lines are appended to, and that may be moved away at any time.

use alloc::sync::Arc;
use core::mem;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A file that lines are appended to. Once it was moved or removed, as those do who rotate logs, the next line begins a new
/// file in its old place; [`Self::reopen`] begins it at once. All clones are the same file.
///
/// While it cannot be written to, lines are lost, which the `log` crate is told once.
#[derive(Clone, Debug)]
pub struct LogFile {
    path: Arc<Path>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    file: File,
    /// The last write ended a line: only then may another file be begun.
    is_between_lines: bool,
    /// The last write failed.
    is_failing: bool,
}

impl LogFile {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn open(path: &Path) -> io::Result<Self> {
        let state = State { file: append_to(path)?, is_between_lines: true, is_failing: false };
        Ok(Self { path: path.into(), state: Arc::new(Mutex::new(state)) })
    }

    /// Goes on in the file that has the name now, or in a new one.
    ///
    /// # Errors
    ///
    /// What the system said; then it goes on in the old one.
    pub fn reopen(&self) -> io::Result<()> {
        let file = append_to(&self.path)?;
        let mut state = self.lock();
        // Within a line, the next one will see what became of the name.
        if state.is_between_lines {
            state.file = file;
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
        // What was lost ended within a line.
        if state.is_failing && !state.is_between_lines && state.file.write(b"\n").is_ok() {
            state.is_between_lines = true;
        }
        if state.is_between_lines
            && is_moved(&state.file, &self.path)
            // Where it cannot be made, the old one is better than none.
            && let Ok(new) = append_to(&self.path)
        {
            state.file = new;
        }
        match state.file.write(bytes) {
            Ok(written) => {
                state.is_between_lines = bytes[..written].ends_with(b"\n");
                state.is_failing = false;
                Ok(written)
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => Err(error),
            Err(error) => {
                if !mem::replace(&mut state.is_failing, true) {
                    log::warn!("cannot write the log to '{}', lines are lost: {error}", self.path.display());
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
    let place = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (open.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => place(open) != place(named),
        (_, Err(error)) => error.kind() == io::ErrorKind::NotFound,
        (Err(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

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
    fn a_full_disk_loses_lines_until_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        symlink("/dev/full", &path).unwrap();
        let mut file = LogFile::open(&path).unwrap();
        file.write_all(b"lost\n").unwrap();
        assert!(file.lock().is_failing);
        fs::remove_file(&path).unwrap();
        // As if a part of a line had still had room.
        fs::write(&path, "hal").unwrap();
        file.reopen().unwrap();
        file.lock().is_between_lines = false;
        file.write_all(b"kept\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "hal\nkept\n");
        assert!(!file.lock().is_failing);
    }
}
