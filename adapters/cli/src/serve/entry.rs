//! What stands behind a path once it was opened, or why nothing does.

use core::error::Error;
use core::fmt;
use std::fs::File;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{Stat, fstat};
use rustix::io::Errno;

use super::directory::{identity, time};

/// What a path turned out to name.
#[derive(Debug)]
pub enum Entry {
    /// A regular file, open for reading.
    File(OpenFile),
    /// A directory. Asked for without its slash, it moves to [`RelativePath::location`](super::path::RelativePath::location); as an index page, it is none.
    Directory,
}

/// A file or a directory in a listing.
#[derive(Clone, Debug)]
pub struct ListedEntry {
    /// Any bytes but NUL and the slash.
    pub name: Vec<u8>,
    /// Of a file. `None`: it is a directory.
    pub length: Option<u64>,
    /// In seconds since 1970.
    pub modified: u64,
}

/// A regular file and what was true of it when it was opened.
#[derive(Debug)]
pub struct OpenFile {
    /// Open for reading.
    pub file: File,
    /// Its length in bytes: it may shrink and grow while it is read.
    pub length: u64,
    /// When its content last changed, where the file system keeps that.
    pub modified: Option<SystemTime>,
    /// When it last changed in any way. Nobody can set this time.
    pub changed: SystemTime,
    /// The device that it is on, and its number there.
    pub identity: (u64, u64),
}

impl OpenFile {
    /// A regular file that is open for reading, and its status.
    pub(super) fn new(file: File, status: &Stat) -> Self {
        Self {
            file,
            length: u64::try_from(status.st_size).unwrap_or(0),
            modified: Some(time(status.st_mtime, status.st_mtime_nsec)),
            changed: time(status.st_ctime, status.st_ctime_nsec),
            identity: identity(status),
        }
    }

    /// The same file, as it was then.
    ///
    /// # Errors
    ///
    /// No descriptor is left.
    pub fn try_clone(&self) -> io::Result<Self> {
        let &Self { length, modified, changed, identity, .. } = self;
        Ok(Self { file: self.file.try_clone()?, length, modified, changed, identity })
    }

    /// Whether anything of it has changed since it was opened, as far as its times tell. May wait for a disk.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        let is_same = |status: &Stat| {
            u64::try_from(status.st_size) == Ok(self.length)
                && time(status.st_ctime, status.st_ctime_nsec) == self.changed
        };
        !fstat(&self.file).is_ok_and(|status| is_same(&status))
    }

    /// Whether its content was last changed before that of the other file, as far as is known. Some programs copy times to
    /// the second only: a time of whole seconds is compared as such.
    #[must_use]
    pub fn is_older_than(&self, other: &Self) -> bool {
        let (Some(this), Some(other)) = (self.modified, other.modified) else { return false };
        let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (this, other) = (since(this), since(other));
        if this.subsec_nanos() == 0 { this.as_secs() < other.as_secs() } else { this < other }
    }
}

/// Why a path could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// Nothing has this name; or it has a slash behind it and is a file. The answer is 404.
    NotFound,
    /// It leads out of the root, or nowhere, by a symbolic link. The answer is 404: what lies outside is not told.
    Outside,
    /// Its symbolic links lead to each other for ever. The answer is 404.
    Loop,
    /// It is a symbolic link where none is followed. The answer is 404.
    Link,
    /// Neither file nor directory: a FIFO, a device, a socket. The answer is 404.
    Special,
    /// The system does not let us read it. The answer is 403.
    Forbidden,
    /// No descriptor or no memory was left: ours to solve. The answer is 503.
    Exhausted,
    /// The disk or the file system failed. The answer is 500.
    Disk(io::ErrorKind),
}

impl OpenError {
    /// Whether nothing is there that could be served: the answer is 404.
    #[must_use]
    pub const fn is_absence(self) -> bool {
        matches!(self, Self::NotFound | Self::Outside | Self::Loop | Self::Link | Self::Special)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "not found",
            Self::Outside => "a symbolic link leads out of the served directory",
            Self::Loop => "a loop of symbolic links (or more than 40 of them)",
            Self::Link => "a symbolic link, and none is followed here",
            Self::Special => "neither a file nor a directory",
            Self::Forbidden => "permission denied",
            Self::Exhausted => "no file descriptor or memory left",
            Self::Disk(kind) => return write!(f, "cannot open: {kind}"),
        })
    }
}

impl Error for OpenError {}

impl From<Errno> for OpenError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG => Self::NotFound,
            Errno::XDEV => Self::Outside,
            Errno::LOOP => Self::Loop,
            // Sockets, and device files without a device.
            Errno::NXIO | Errno::NODEV => Self::Special,
            Errno::ACCESS | Errno::PERM => Self::Forbidden,
            Errno::MFILE | Errno::NFILE | Errno::NOMEM => Self::Exhausted,
            other => Self::Disk(io::Error::from(other).kind()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    #[test]
    fn system_errors_are_sorted_by_whose_they_are() {
        for (errno, error) in [
            (Errno::ACCESS, OpenError::Forbidden),
            (Errno::MFILE, OpenError::Exhausted),
            (Errno::NODEV, OpenError::Special),
            (Errno::STALE, OpenError::Disk(io::ErrorKind::StaleNetworkFileHandle)),
        ] {
            assert_eq!(OpenError::from(errno), error);
        }
    }

    #[test]
    fn times_are_compared_as_exactly_as_they_are_kept() {
        let file = |modified: Option<Duration>| OpenFile {
            file: tempfile::tempfile().unwrap(),
            length: 0,
            modified: modified.map(|since| UNIX_EPOCH + since),
            changed: UNIX_EPOCH,
            identity: (0, 0),
        };
        let at = |seconds, nanoseconds| Some(Duration::new(seconds, nanoseconds));
        for (this, other, is_older) in [
            (at(5, 1), at(5, 2), true),
            (at(5, 2), at(5, 2), false),
            (at(5, 3), at(5, 2), false),
            // As copied by a program that knows seconds only.
            (at(5, 0), at(5, 999_999_999), false),
            (at(4, 0), at(5, 0), true),
            (at(4, 999_999_999), at(5, 0), true),
            (None, at(5, 0), false),
            (at(5, 0), None, false),
        ] {
            assert_eq!(file(this).is_older_than(&file(other)), is_older, "{this:?}, {other:?}");
        }
    }
}
