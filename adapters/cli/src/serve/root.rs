//! The served directory, and the only way to open what is beneath it.

use alloc::collections::BinaryHeap;
use core::error::Error;
use core::fmt;
use core::time::Duration;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, fstat, fstatfs, open, openat, openat2, statat};
use rustix::io::Errno;

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
pub struct Root {
    directory: OwnedFd,
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

impl Root {
    /// Opens the directory to serve.
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
        Ok(Self { directory, walk, cache, resolve: BENEATH })
    }

    /// Follows no symbolic link from now on.
    #[must_use]
    pub fn without_symbolic_links(mut self) -> Self {
        self.resolve |= ResolveFlags::NO_SYMLINKS;
        self
    }

    /// Opens what the path names and tells what it is. May wait for a disk: call it on a [`Pool`](super::pool::Pool).
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
        inspect(opened?, path)
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
            // which the pool's look-up will tell from it.
            Err(Errno::AGAIN | Errno::INVAL | Errno::XDEV | Errno::INTR) => None,
            Err(error) => Some(Err(error.into())),
            Ok(opened) => Some(inspect(opened, path)),
        }
    }

    /// As on a file system that may have to ask somebody for each opening.
    #[cfg(test)]
    pub(crate) fn distrust_cache(&mut self) {
        self.cache = Cache::Untrusted;
    }

    /// Reads a page of the directory's entries: those behind `after`, in the order of their bytes. Waits for disks.
    ///
    /// The whole directory is read for each page, but no more of it is kept than the page: so its size costs time, and no
    /// memory.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub fn list(
        &self,
        path: &RelativePath,
        after: &[u8],
        filter: impl Fn(&[u8]) -> bool,
    ) -> Result<Entries, OpenError> {
        let opened = match self.walk {
            Walk::Kernel => self.walk_by_kernel(path, READ | OFlags::DIRECTORY),
            Walk::Segments => self.walk_by_segments(path.as_path()),
        }?;
        let mut first_names = BinaryHeap::with_capacity(PAGE + 2);
        for entry in Dir::read_from(&opened)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            let is_before = first_names.len() <= PAGE || first_names.peek().is_some_and(|last: &Vec<u8>| name < last);
            if name > after && is_before && !matches!(name, b"." | b"..") && filter(name) {
                first_names.push(name.to_vec());
                if first_names.len() > PAGE + 1 {
                    first_names.pop();
                }
            }
        }
        let mut names = first_names.into_sorted_vec();
        let has_more = names.len() > PAGE;
        names.truncate(PAGE);
        let last = has_more.then(|| names.last().cloned().unwrap_or_default());
        let entries = names.into_iter().filter_map(|name| self.describe(path, &opened, name)).collect();
        Ok(Entries { entries, last })
    }

    /// What an entry is. `None`: it is gone, or nothing that would be served.
    fn describe(&self, path: &RelativePath, directory: &OwnedFd, name: Vec<u8>) -> Option<ListedEntry> {
        let mut status = statat(directory, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW).ok()?;
        if FileType::from_raw_mode(status.st_mode) == FileType::Symlink {
            if self.walk == Walk::Segments {
                return None;
            }
            let target = self.walk_by_kernel(&path.join(&name), OFlags::PATH | OFlags::CLOEXEC).ok()?;
            status = fstat(target).ok()?;
        }
        let kind = FileType::from_raw_mode(status.st_mode);
        if !matches!(kind, FileType::Directory | FileType::RegularFile) {
            return None;
        }
        let length = (kind == FileType::RegularFile).then(|| u64::try_from(status.st_size).unwrap_or(0));
        Some(ListedEntry { name, length, modified: u64::try_from(status.st_mtime).unwrap_or(0) })
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

/// What a path turned out to name.
#[derive(Debug)]
pub enum Entry {
    /// A regular file, open for reading.
    File(OpenFile),
    /// A directory. Asked for without its slash, it moves to [`RelativePath::location`]; as an index page, it is none.
    Directory,
}

/// How many entries there are at most in [`Entries`].
pub const PAGE: usize = 1000;

/// A page of what a directory holds.
#[derive(Debug, Default)]
pub struct Entries {
    /// In the order of the bytes of their names; what would not be served is left out.
    pub entries: Vec<ListedEntry>,
    /// The name behind which the next page begins, if there is one.
    pub last: Option<Vec<u8>>,
}

/// A file or a directory in a listing.
#[derive(Debug)]
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
}

/// Why a path could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// Nothing has this name; or it has a slash behind it and is a file. The answer is 404.
    NotFound,
    /// It leads out of the root, or nowhere, by a symbolic link. The answer is 404: what lies outside is not told.
    Outside,
    /// Neither file nor directory: a FIFO, a device, a socket. The answer is 404.
    Special,
    /// The system does not let us read it. The answer is 403.
    Forbidden,
    /// No descriptor or no memory was left: ours to solve. The answer is 503.
    Exhausted,
    /// The disk or the file system failed. The answer is 500.
    Disk(io::ErrorKind),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "not found",
            Self::Outside => "a symbolic link leads out of the served directory",
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
            Errno::LOOP | Errno::XDEV => Self::Outside,
            // Sockets, and device files without a device.
            Errno::NXIO | Errno::NODEV => Self::Special,
            Errno::ACCESS | Errno::PERM => Self::Forbidden,
            Errno::MFILE | Errno::NFILE | Errno::NOMEM => Self::Exhausted,
            other => Self::Disk(io::Error::from(other).kind()),
        }
    }
}

fn inspect(opened: OwnedFd, path: &RelativePath) -> Result<Entry, OpenError> {
    let file = File::from(opened);
    let metadata = file.metadata().map_err(|error| OpenError::Disk(error.kind()))?;
    let kind = metadata.file_type();
    if kind.is_dir() {
        Ok(Entry::Directory)
    } else if !kind.is_file() {
        Err(OpenError::Special)
    } else if path.is_directory() {
        Err(OpenError::NotFound)
    } else {
        let seconds = Duration::from_secs(metadata.ctime().unsigned_abs());
        let changed = SystemTime::UNIX_EPOCH + seconds + Duration::from_nanos(metadata.ctime_nsec().unsigned_abs());
        Ok(Entry::File(OpenFile { file, length: metadata.len(), modified: metadata.modified().ok(), changed }))
    }
}

/// Whether the file system is one that opens from memory what it has in memory. The others (NFS, SMB, 9P, FUSE, whatever
/// comes) may ask somebody who does not answer.
fn is_local(directory: impl AsFd) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, mknodat};
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use tempfile::TempDir;

    /// A directory to serve in `root/`, and beside it what must never be served.
    fn tree() -> TempDir {
        let tree = tempfile::tempdir().unwrap();
        let at = |name: &str| tree.path().join(name);
        fs::create_dir_all(at("root/dir/deep")).unwrap();
        fs::create_dir(at("outside")).unwrap();
        fs::write(at("outside/secret"), "secret").unwrap();
        fs::write(at("root/file"), "file").unwrap();
        fs::write(at("root/empty"), "").unwrap();
        fs::write(at("root/dir/file"), "inside").unwrap();
        fs::write(at("root/dir/deep/a b"), "deep").unwrap();
        for (target, link) in [
            ("file", "to-file"),
            ("dir", "to-dir"),
            ("../file", "dir/up-but-inside"),
            ("../outside/secret", "out"),
            ("../outside", "out-dir"),
            ("../../outside/secret", "dir/out"),
            ("/etc/passwd", "out-absolute"),
            ("../root/file", "out-and-back"),
            ("missing", "dangling"),
            ("loop", "loop"),
        ] {
            symlink(target, at("root").join(link)).unwrap();
        }
        symlink(at("root/file"), at("root/absolute-but-inside")).unwrap();
        mknodat(CWD, at("root/fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        UnixListener::bind(at("root/socket")).unwrap();
        tree
    }

    /// As this kernel allows, and as if it had no `openat2`.
    fn roots(path: &Path) -> [Root; 2] {
        let open = || Root::open(path).unwrap();
        [open(), Root { walk: Walk::Segments, cache: Cache::Untrusted, ..open() }]
    }

    /// Looks the target up in every way there is.
    fn check(roots: &[Root], target: &str, by_kernel: &str, by_segments: &str) {
        let path = path(target);
        for root in roots {
            let expected = if root.walk == Walk::Kernel { by_kernel } else { by_segments };
            assert_eq!(describe(root.look_up(&path)), expected, "{target}, {:?}", root.walk);
            // Whatever was just opened is in memory, but the kernel may be too old to say so.
            if let Some(cached) = root.look_up_cached(&path) {
                assert_eq!(root.cache, Cache::Trusted);
                assert_eq!(describe(cached), expected, "{target}, cached");
            }
        }
    }

    fn path(target: &str) -> RelativePath {
        RelativePath::parse(target.as_bytes()).unwrap()
    }

    /// The entry as a text: the content of a file, `directory/`, or the error.
    fn describe(found: Result<Entry, OpenError>) -> String {
        match found {
            Ok(Entry::File(OpenFile { file, length, .. })) => {
                let content = io::read_to_string(file).unwrap();
                assert_eq!(content.len() as u64, length);
                content
            }
            Ok(Entry::Directory) => "directory/".into(),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn nothing_outside_is_opened() {
        let tree = tree();
        let roots = roots(&tree.path().join("root"));
        let overlong = format!("/{}", "a".repeat(300));
        // The target; what it is where the kernel walks; what it is where we walk, if that differs.
        for (target, expected, without_openat2) in [
            ("/", "directory/", None),
            ("/file", "file", None),
            ("/empty", "", None),
            ("/file/", "NotFound", None),
            ("/file/x", "NotFound", None),
            ("/missing", "NotFound", None),
            ("/missing/x", "NotFound", None),
            ("/dir", "directory/", None),
            ("/dir/", "directory/", None),
            ("/dir/file", "inside", None),
            ("/dir//./file", "inside", None),
            ("/dir/deep/a%20b", "deep", None),
            ("/to-file", "file", Some("Outside")),
            ("/to-dir/file", "inside", Some("NotFound")),
            ("/to-dir/", "directory/", Some("Outside")),
            ("/dir/up-but-inside", "file", Some("Outside")),
            ("/out", "Outside", None),
            ("/out-dir", "Outside", None),
            ("/out-dir/secret", "Outside", Some("NotFound")),
            ("/dir/out", "Outside", None),
            ("/to-dir/out", "Outside", Some("NotFound")),
            ("/out-absolute", "Outside", None),
            ("/out-and-back", "Outside", None),
            ("/absolute-but-inside", "Outside", None),
            ("/dangling", "NotFound", Some("Outside")),
            ("/loop", "Outside", None),
            ("/fifo", "Special", None),
            ("/fifo/", "Special", None),
            ("/socket", "Special", None),
            (&overlong, "NotFound", None),
        ] {
            check(&roots, target, expected, without_openat2.unwrap_or(expected));
        }
    }

    #[test]
    fn devices_and_magic_links_are_refused() {
        for (root, target, by_kernel, by_segments) in [
            ("/dev", "/null", "Special", "Special"),
            ("/proc/self", "/exe", "Outside", "Outside"),
            ("/proc/self", "/root/etc/passwd", "Outside", "NotFound"),
            ("/proc/self", "/fd/0", "Outside", "Outside"),
        ] {
            check(&roots(Path::new(root)), target, by_kernel, by_segments);
        }
    }

    #[test]
    fn root_stays_the_same_directory_when_renamed() {
        let tree = tree();
        let root = Root::open(&tree.path().join("root")).unwrap();
        fs::rename(tree.path().join("root"), tree.path().join("moved")).unwrap();
        assert_eq!(describe(root.look_up(&path("/file"))), "file");
    }

    #[test]
    fn untrusted_file_systems_are_left_to_the_pool() {
        let tree = tree();
        let mut root = Root::open(&tree.path().join("root")).unwrap();
        root.cache = Cache::Untrusted;
        assert!(root.look_up_cached(&path("/file")).is_none());
    }

    #[test]
    fn time_of_change_is_told() {
        let tree = tree();
        let modified = SystemTime::UNIX_EPOCH + Duration::new(784_111_777, 5);
        File::open(tree.path().join("root/file")).unwrap().set_modified(modified).unwrap();
        for root in roots(&tree.path().join("root")) {
            let Ok(Entry::File(found)) = root.look_up(&path("/file")) else { panic!("a file") };
            assert_eq!(found.modified, Some(modified));
        }
    }

    #[test]
    fn root_must_be_a_directory() {
        let tree = tree();
        for (name, errno) in [("missing", Errno::NOENT), ("root/file", Errno::NOTDIR)] {
            let error = Root::open(&tree.path().join(name)).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(errno.raw_os_error()));
        }
    }

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
}
