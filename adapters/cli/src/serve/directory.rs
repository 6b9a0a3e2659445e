//! An open directory, and the only way to open what is beneath it.

mod readable;

pub use readable::{Readable, Stamp};

use core::time::Duration;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat, fstat, fstatfs, open, openat, openat2};
use rustix::io::Errno;

use super::entry::{Entry, OpenError, OpenFile};
use super::path::RelativePath;

/// What is opened is only read, never blocks (a FIFO without a writer would), and never becomes our terminal.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// A directory that is only passed through: needs no permission to read it.
const PASS: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Never out of the root, not by `..`, not by a symbolic link, not by a link of `/proc` that is none.
const BENEATH: ResolveFlags = ResolveFlags::BENEATH.union(ResolveFlags::NO_MAGICLINKS);

/// How often a look-up is tried that a rename elsewhere disturbed: the kernel gives up rather than risk an escape.
const TRIES: usize = 16;

/// An open directory. Nothing outside it can be opened through it, whatever is renamed or linked meanwhile: the kernel
/// checks while it walks the path, not we before.
///
/// Symbolic links that stay inside are followed, and those that point out are refused. Where `openat2(2)` is missing
/// (before Linux 5.6) or forbidden (some sandboxes), every symbolic link is refused.
#[derive(Debug)]
pub struct Directory {
    directory: OwnedFd,
    /// Its device and its number there: as long as it is open, no other one has them.
    identity: Identity,
    walk: Walk,
    cache: Cache,
    resolve: ResolveFlags,
}

/// Who walks a path and sees to it that it stays beneath the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Walk {
    /// `openat2` with [`BENEATH`].
    Kernel,
    /// One `openat` for each segment, none of which follows a link.
    Segments,
}

/// Whether opening what the kernel has in memory is known not to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cache {
    Trusted,
    Untrusted,
}

impl Directory {
    /// Opens a directory.
    ///
    /// # Errors
    ///
    /// What the system said: it is missing, no directory, or not ours to enter.
    pub fn open(path: &Path) -> io::Result<Self> {
        let directory = open(path, PASS, Mode::empty())?;
        let walk = match openat2(&directory, ".", PASS, Mode::empty(), BENEATH) {
            Err(Errno::NOSYS | Errno::PERM) => Walk::Segments,
            Ok(_) | Err(_) => Walk::Kernel,
        };
        let cache = if walk == Walk::Kernel && is_local(&directory) { Cache::Trusted } else { Cache::Untrusted };
        let identity = identity(&fstat(&directory)?);
        Ok(Self { directory, identity, walk, cache, resolve: BENEATH })
    }

    /// Whether this is the status of this directory.
    pub(super) fn has_status(&self, status: &Stat) -> bool {
        self.identity == identity(status)
    }

    /// Whether it has no name any more. What was in it is gone, too.
    pub(super) fn is_removed(&self) -> bool {
        fstat(&self.directory).is_ok_and(|status| status.st_nlink == 0)
    }

    /// Whether opening what is in memory is known not to wait: see [`Self::look_up_cached`].
    pub(super) const fn is_trusted(&self) -> bool {
        matches!(self.cache, Cache::Trusted)
    }

    /// Everything is left to the pool from now on.
    #[must_use]
    pub(super) const fn distrusted(mut self) -> Self {
        self.cache = Cache::Untrusted;
        self
    }

    /// Follows no symbolic link from now on.
    #[must_use]
    pub fn without_symbolic_links(mut self) -> Self {
        self.resolve |= ResolveFlags::NO_SYMLINKS;
        self
    }

    /// Opens what the path names and tells what it is. May wait for a disk: call it on a [`Pool`](wirenut_server::blocking::Pool).
    ///
    /// For a directory asked for with its slash, its page is better looked up straight away: that may be readable where
    /// the directory is not.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub fn look_up(&self, path: &RelativePath) -> Result<Entry, OpenError> {
        let opened = match self.walk {
            Walk::Kernel => self.walk_by_kernel(path, READ),
            Walk::Segments => self.walk_by_segments(path.as_path()),
        };
        inspect(opened.map_err(|errno| self.error(errno, path))?, path)
    }

    /// The same without waiting for any disk; `None` means that it would have to, or may have to: ask the pool.
    ///
    /// File systems that ask a server or another process for each opening are not tried, nor is what is mounted beneath
    /// the root, since a look-up in memory does not keep those from waiting in the opening itself.
    #[must_use]
    pub fn look_up_cached(&self, path: &RelativePath) -> Option<Result<Entry, OpenError>> {
        if self.cache == Cache::Untrusted {
            return None;
        }
        let cached = self.resolve | ResolveFlags::CACHED | ResolveFlags::NO_XDEV;
        match openat2(&self.directory, path.as_path(), READ, Mode::empty(), cached) {
            // EINVAL: the kernel does not know RESOLVE_CACHED (before Linux 5.12). EXDEV: another mount, or an escape
            // which the pool's look-up will tell from it. ELOOP: one of several kinds of links.
            Err(Errno::AGAIN | Errno::INVAL | Errno::XDEV | Errno::LOOP | Errno::INTR) => None,
            Err(error) => Some(Err(error.into())),
            Ok(opened) => Some(inspect(opened, path)),
        }
    }

    /// Opens a directory beneath this one, to be read. May wait for disks, as all that is done with it.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub fn open_to_read<'d>(&'d self, path: &'d RelativePath) -> Result<Readable<'d>, OpenError> {
        let opened = match self.walk {
            Walk::Kernel => self.walk_by_kernel(path, READ | OFlags::DIRECTORY),
            Walk::Segments => self.walk_by_segments(path.as_path()),
        };
        let opened = opened.map_err(|errno| self.error(errno, path))?;
        Ok(Readable { beneath: self, path, opened })
    }

    /// What the system's error means here. ELOOP is said of a loop of links, but also of a link of `/proc` that is none, and
    /// of any link where none is followed.
    fn error(&self, errno: Errno, path: &RelativePath) -> OpenError {
        if errno != Errno::LOOP {
            return errno.into();
        }
        if self.walk == Walk::Segments || self.resolve.contains(ResolveFlags::NO_SYMLINKS) {
            return OpenError::Link;
        }
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        match openat2(&self.directory, path.as_path(), flags, Mode::empty(), ResolveFlags::BENEATH) {
            Err(Errno::LOOP) => OpenError::Loop,
            Ok(_) | Err(_) => OpenError::Outside,
        }
    }

    fn walk_by_kernel(&self, path: &RelativePath, flags: OFlags) -> Result<OwnedFd, Errno> {
        let mut last = Errno::AGAIN;
        for _ in 0..TRIES {
            match openat2(&self.directory, path.as_path(), flags, Mode::empty(), self.resolve) {
                Err(error @ (Errno::AGAIN | Errno::INTR)) => last = error,
                outcome => return outcome,
            }
        }
        Err(last)
    }

    fn walk_by_segments(&self, path: &Path) -> Result<OwnedFd, Errno> {
        let Some(name) = path.file_name() else {
            return openat(&self.directory, ".", READ, Mode::empty());
        };
        let mut parent = None;
        for segment in path.parent().into_iter().flat_map(Path::iter) {
            let above = parent.as_ref().unwrap_or(&self.directory);
            parent = Some(openat(above, segment, PASS | OFlags::NOFOLLOW, Mode::empty())?);
        }
        openat(parent.as_ref().unwrap_or(&self.directory), name, READ | OFlags::NOFOLLOW, Mode::empty())
    }
}

/// A time of a file: seconds since 1970, or before, and nanoseconds behind them.
pub(super) fn time(seconds: i64, nanoseconds: u64) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let start = if seconds < 0 { SystemTime::UNIX_EPOCH - whole } else { SystemTime::UNIX_EPOCH + whole };
    start + Duration::from_nanos(nanoseconds)
}

fn inspect(opened: OwnedFd, path: &RelativePath) -> Result<Entry, OpenError> {
    let status = fstat(&opened)?;
    match FileType::from_raw_mode(status.st_mode) {
        FileType::Directory => Ok(Entry::Directory),
        FileType::RegularFile if path.is_directory() => Err(OpenError::NotFound),
        FileType::RegularFile => Ok(Entry::File(OpenFile::new(File::from(opened), &status))),
        FileType::Symlink
        | FileType::Fifo
        | FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice
        | FileType::Unknown => Err(OpenError::Special),
    }
}

/// Whether the file system is one that opens from memory what it has in memory. The others (NFS, SMB, 9P, FUSE, whatever
/// comes) may ask somebody who does not answer.
pub(super) fn is_local(directory: impl AsFd) -> bool {
    #[rustfmt::skip]
    const LOCAL: [u32; 11] = [ // statfs(2), linux/magic.h
        0x0000_ef53, // ext2, ext3, ext4
        0x5846_5342, // XFS
        0x9123_683e, // Btrfs
        0x0102_1994, // tmpfs
        0x8584_58f6, // ramfs
        0x794c_7630, // overlayfs
        0xf2f5_2010, // F2FS
        0x2fc1_2fc1, // ZFS
        0xca45_1a4e, // bcachefs
        0x7371_7368, // SquashFS
        0xe0f5_e1e2, // EROFS
    ];
    // The type's width and sign differ from one architecture to another; its magic numbers have 32 bits.
    fstatfs(directory).is_ok_and(|status| LOCAL.contains(&(status.f_type as u32)))
}

/// The device and the number of a file.
pub(super) type Identity = (u64, u64);

pub(super) fn identity(status: &Stat) -> Identity {
    (status.st_dev, status.st_ino)
}

#[cfg(test)]
mod tests;
