//! Where content goes: a stream, or a file that gets its name once it is whole.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags, linkat, openat, renameat_with};
use rustix::io::Errno;

use super::failure::{GetFailure, Stop};
use super::partial::Partial;
use super::patience::{Patience, wait_for_room};
use super::random;

/// What standard output is called in errors.
const STANDARD_OUTPUT: &str = "standard output";

/// Where the content of one URL goes.
pub(super) enum Output {
    /// Standard output, or a file that is no regular one, such as a device.
    Stream {
        /// For errors.
        path: PathBuf,
        file: File,
        /// Something was written, which cannot be taken back.
        is_begun: bool,
        /// How long it is waited for, if it does not block.
        deadline: Option<Instant>,
    },
    /// A file without its name, which vanishes if it does not get one.
    Temporary(Temporary),
    /// A file under a name that tells that it is not whole, which stays for the next try.
    Partial(Box<Partial>),
}

impl Output {
    /// Standard output.
    pub(super) fn standard() -> Result<Self, GetFailure> {
        let path = PathBuf::from(STANDARD_OUTPUT);
        match io::stdout().as_fd().try_clone_to_owned() {
            // Straight to the descriptor: what comes in large pieces needs no further buffer.
            Ok(file) => Ok(Self::stream(path, file.into(), None)),
            Err(error) => Err(GetFailure::Output { path, error }),
        }
    }

    const fn stream(path: PathBuf, file: File, deadline: Option<Instant>) -> Self {
        Self::Stream { path, file, is_begun: false, deadline }
    }

    /// Where `--dump-header` writes: no part of it waits for the rest.
    pub(super) fn dump(path: &Path, patience: &Patience<'_>) -> Result<Self, GetFailure> {
        if path.as_os_str() == "-" {
            return Self::standard();
        }
        let opened = match standard_descriptor(path) {
            Some(found) => found.map(File::from),
            None if path.metadata().is_ok_and(|found| is_stream(&found.file_type())) => patience.open(path),
            None => File::create(path),
        };
        let file = opened.map_err(|error| failed(path, error))?;
        Ok(Self::stream(path.to_owned(), file, patience.deadline))
    }

    /// A file: what is there is replaced by it, if that `may_replace`.
    pub(super) fn file(path: &Path, may_replace: bool, patience: &Patience<'_>) -> Result<Self, GetFailure> {
        let failed = |error| failed(path, error);
        if let Some(found) = standard_descriptor(path) {
            return Ok(Self::stream(path.to_owned(), found.map_err(failed)?.into(), None));
        }
        match path.metadata() {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            Err(_) if path.is_symlink() => Err(failed(io::Error::other("it is a symbolic link that leads nowhere"))),
            Ok(metadata) if metadata.is_dir() => Err(failed(io::ErrorKind::IsADirectory.into())),
            Ok(_) if !may_replace => Err(GetFailure::Exists(path.to_owned())),
            Ok(metadata) if is_stream(&metadata.file_type()) => {
                let file = patience.open(path).map_err(failed)?;
                Ok(Self::stream(path.to_owned(), file, patience.deadline))
            }
            found => {
                // Behind a symbolic link, so that the link stays one.
                let place = if found.is_ok() { path.canonicalize().map_err(failed)? } else { path.to_owned() };
                if found.is_ok() {
                    // A file that we may not write is not replaced, either.
                    OpenOptions::new().write(true).open(&place).map_err(failed)?;
                }
                let mode = found.ok().map(|metadata| metadata.permissions());
                let file = Unnamed::create(&place).map_err(failed)?;
                Ok(Self::Temporary(Temporary { shown: path.to_owned(), place, may_replace, mode, file }))
            }
        }
    }

    /// How long a stream is waited for from now on, if it does not block.
    pub(super) const fn set_deadline(&mut self, until: Option<Instant>) {
        if let Self::Stream { deadline, .. } = self {
            *deadline = until;
        }
    }

    /// Can what was written be thrown away?
    pub(super) const fn can_restart(&self) -> bool {
        match self {
            Self::Stream { is_begun, .. } => !*is_begun,
            Self::Temporary(_) | Self::Partial(_) => true,
        }
    }

    /// Throws away what was written.
    pub(super) fn restart(&mut self) -> Result<(), GetFailure> {
        let emptied = match self {
            Self::Stream { .. } => Ok(()),
            Self::Temporary(temporary) => empty(&mut temporary.file.file),
            Self::Partial(partial) => partial.restart(),
        };
        emptied.map_err(|error| self.failed(error))
    }

    /// Gives the file its name. Until then, and if it is not called, there is none.
    pub(super) fn finish(self) -> Result<(), GetFailure> {
        match self {
            Self::Stream { .. } => Ok(()),
            Self::Temporary(temporary) => temporary.finish(),
            Self::Partial(partial) => partial.finish(),
        }
    }

    /// An error that is the output's.
    pub(super) fn failed(&self, error: io::Error) -> GetFailure {
        let path = match self {
            Self::Stream { path, .. } if error.kind() == io::ErrorKind::BrokenPipe => {
                return GetFailure::Closed(path.clone());
            }
            Self::Stream { path, .. } => path,
            Self::Temporary(temporary) => &temporary.shown,
            Self::Partial(partial) => partial.path(),
        };
        failed(path, error)
    }
}

/// An error of this path, unless it is our own wish to stop.
fn failed(path: &Path, error: io::Error) -> GetFailure {
    Stop::of(&error).unwrap_or_else(|| GetFailure::Output { path: path.to_owned(), error })
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stream { file, is_begun, deadline, .. } => {
                *is_begun = true;
                write_waiting(file, bytes, *deadline)
            }
            Self::Temporary(temporary) => temporary.file.file.write(bytes),
            Self::Partial(partial) => partial.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes, and waits for room also where the file does not block.
fn write_waiting(file: &mut File, bytes: &[u8], deadline: Option<Instant>) -> io::Result<usize> {
    loop {
        match file.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait_for_room(file, deadline)?,
            written => return written,
        }
    }
}

/// Is it standard output that this failure is about?
pub(super) fn is_of_standard_output(path: &Path) -> bool {
    path == Path::new(STANDARD_OUTPUT) || is_descriptor(path, "stdout", '1')
}

/// Is this a name of standard output or standard error?
pub(super) fn is_standard(path: &Path) -> bool {
    is_descriptor(path, "stdout", '1') || is_descriptor(path, "stderr", '2')
}

/// Standard output or standard error, where the path names it. To open a file by such a name again would be to write from its
/// beginning, over what is there.
pub(super) fn standard_descriptor(path: &Path) -> Option<io::Result<OwnedFd>> {
    if is_descriptor(path, "stdout", '1') {
        return Some(io::stdout().as_fd().try_clone_to_owned());
    }
    is_descriptor(path, "stderr", '2').then(|| io::stderr().as_fd().try_clone_to_owned())
}

fn is_descriptor(path: &Path, name: &str, number: char) -> bool {
    [format!("/dev/{name}"), format!("/dev/fd/{number}"), format!("/proc/self/fd/{number}")]
        .iter()
        .any(|known| path == Path::new(known))
}

fn is_stream(kind: &std::fs::FileType) -> bool {
    kind.is_char_device() || kind.is_block_device() || kind.is_fifo() || kind.is_socket()
}

pub(super) fn empty(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0)).map(drop)
}

/// A file that is to get a name.
pub(super) struct Temporary {
    /// As the user wrote it.
    shown: PathBuf,
    place: PathBuf,
    may_replace: bool,
    /// Of the file that it replaces.
    mode: Option<Permissions>,
    file: Unnamed,
}

impl Temporary {
    fn finish(self) -> Result<(), GetFailure> {
        let Self { shown, place, may_replace, mode, file } = self;
        // A file system without permissions is none that could be wrong.
        let _ = mode.map(|mode| file.file.set_permissions(Permissions::from_mode(mode.mode() & 0o777)));
        file.take_name(&place, may_replace).map_err(|error| GetFailure::named(shown, error))
    }
}

/// A file that nobody sees: without a name where the file system can do that, otherwise with a hidden one.
struct Unnamed {
    file: File,
    hidden: Option<PathBuf>,
}

impl Unnamed {
    fn create(place: &Path) -> io::Result<Self> {
        let mode = Mode::from_raw_mode(0o666);
        let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
        match openat(CWD, folder(place), flags, mode) {
            Ok(file) => Ok(Self { file: file.into(), hidden: None }),
            // Not every file system can, and kernels say so in different ways.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOSYS) => Self::create_hidden(place),
            Err(errno) => Err(errno.into()),
        }
    }

    fn create_hidden(place: &Path) -> io::Result<Self> {
        let hidden = hidden_name(place);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o666).open(&hidden)?;
        Ok(Self { file, hidden: Some(hidden) })
    }

    /// Gives it a name, in one step.
    fn take_name(mut self, place: &Path, may_replace: bool) -> io::Result<()> {
        if self.hidden.is_none() {
            match self.link(place) {
                // Only a rename replaces in one step, and only a name can be renamed.
                Err(Errno::EXIST) if may_replace => {
                    let hidden = hidden_name(place);
                    self.link(&hidden)?;
                    self.hidden = Some(hidden);
                }
                linked => return Ok(linked?),
            }
        }
        let Some(hidden) = self.hidden.take() else { return Ok(()) };
        let renamed = rename(&hidden, place, may_replace);
        if renamed.is_err() {
            self.hidden = Some(hidden);
        }
        renamed
    }

    fn link(&self, to: &Path) -> Result<(), Errno> {
        use std::os::fd::AsRawFd as _;
        let this = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        linkat(CWD, this, CWD, to, AtFlags::SYMLINK_FOLLOW)
    }
}

impl Drop for Unnamed {
    fn drop(&mut self) {
        if let Some(hidden) = &self.hidden {
            // Nobody could do more.
            let _ = std::fs::remove_file(hidden);
        }
    }
}

/// Renames, over what is there only if that `may_replace`.
pub(super) fn rename(from: &Path, to: &Path, may_replace: bool) -> io::Result<()> {
    if may_replace {
        // Only a file may be replaced by one: a device or a socket under that name would be lost for all who use it.
        if to.symlink_metadata().is_ok_and(|found| !found.is_file()) {
            return Err(io::Error::other("what has this name is no file"));
        }
        return std::fs::rename(from, to);
    }
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system can; then two steps do it, of which the first fails where there is a file.
        Err(Errno::INVAL | Errno::NOSYS) => {
            std::fs::hard_link(from, to)?;
            std::fs::remove_file(from)
        }
        renamed => Ok(renamed?),
    }
}

pub(super) fn folder(place: &Path) -> &Path {
    match place.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// One that nobody can foresee, in the same folder.
fn hidden_name(place: &Path) -> PathBuf {
    let random = u128::from_le_bytes(random());
    folder(place).join(format!(".wirenut-{random:032x}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::interrupt::Interrupt;
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// With and without files that have no name.
    #[test]
    fn a_file_has_its_name_once_it_is_whole() {
        type Create = fn(&Path) -> io::Result<Unnamed>;
        for create in [Unnamed::create as Create, Unnamed::create_hidden] {
            let folder = tempfile::tempdir().unwrap();
            let place = folder.path().join("file");
            let write = |content: &[u8]| {
                let mut unnamed = create(&place).unwrap();
                unnamed.file.write_all(content).unwrap();
                unnamed
            };
            drop(write(b"lost"));
            assert!(names(folder.path()).is_empty());
            write(b"one").take_name(&place, false).unwrap();
            let refused = write(b"two").take_name(&place, false).unwrap_err();
            assert_eq!((refused.kind(), fs::read(&place).unwrap()), (io::ErrorKind::AlreadyExists, b"one".to_vec()));
            write(b"three").take_name(&place, true).unwrap();
            assert_eq!((names(folder.path()), fs::read(&place).unwrap()), (vec!["file".into()], b"three".to_vec()));
        }
    }

    #[test]
    fn what_is_no_file_is_never_replaced() {
        use std::os::unix::net::UnixListener;
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("socket");
        let _listener = UnixListener::bind(&place).unwrap();
        for create in [Unnamed::create, Unnamed::create_hidden] {
            assert!(create(&place).unwrap().take_name(&place, true).is_err());
            assert!(fs::symlink_metadata(&place).unwrap().file_type().is_socket());
            assert_eq!(names(folder.path()), ["socket"]);
        }
    }

    #[test]
    fn what_is_replaced_keeps_its_mode_and_a_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let (place, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&place, "old").unwrap();
        fs::set_permissions(&place, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        let interrupt = Interrupt::new().unwrap();
        let patience = Patience { deadline: None, interrupt: &interrupt };
        let mut output = Output::file(&link, true, &patience).unwrap();
        output.write_all(b"new").unwrap();
        output.finish().unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"new");
        assert_eq!(place.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert!(matches!(Output::file(&link, false, &patience), Err(GetFailure::Exists(_))));
        assert!(matches!(Output::file(folder.path(), true, &patience), Err(GetFailure::Output { .. })));
        assert!(matches!(Output::file(Path::new("/dev/null"), true, &patience), Ok(Output::Stream { .. })));
    }
}
