//! The path that is served, and the directory that it leads to now.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::Instant;

use rustix::fs::{Mode, OFlags, Stat, open, stat};
use rustix::io::Errno;

use super::directory::{Directory, is_local};
use super::entry::OpenError;
use super::find::Blocking;
use crate::log::Name;

/// For how long a look at the path is good: less than an answer and the next question take, even on the same machine. So who
/// switches the directory and asks then, gets an answer out of the new one.
const MOMENT: Duration = Duration::from_micros(20);

/// The path that was given, and an open directory: the one that it led to when something was last looked up.
///
/// Builds remove the directory and make it again, and releases are switched by a symbolic link: so the path is looked at for
/// each request, by one call of stat(2), and opened anew once it leads to another directory. Only where requests come so fast
/// that several fall into a moment, one look is for all of them. As long as it leads nowhere,
/// the directory that was there is kept if it was moved away, and nothing is found if it was removed.
#[derive(Debug)]
pub struct Root {
    path: PathBuf,
    /// The path as one from the root of all, by which a directory is found that was made again where we were called in it.
    absolute: PathBuf,
    current: RwLock<Arc<Directory>>,
    /// When the path led to the current directory, in nanoseconds since `begun`.
    looked_at: AtomicU64,
    begun: Instant,
    follows_links: bool,
    /// Looking at the path does not wait, as far as can be told from the directory that it is in.
    is_trusted: bool,
}

impl Root {
    /// Opens the directory to serve.
    ///
    /// # Errors
    ///
    /// What the system said: it is missing, no directory, or not ours to enter.
    pub fn open(path: &Path) -> io::Result<Self> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut root = Self {
            path: path.into(),
            absolute: std::path::absolute(path)?,
            current: RwLock::new(Arc::new(Directory::open(path)?)),
            looked_at: AtomicU64::new(0),
            begun: Instant::now(),
            follows_links: true,
            is_trusted: open(parent, flags, Mode::empty()).is_ok_and(is_local),
        };
        root.current = RwLock::new(Arc::new(root.open_directory(path)?));
        Ok(root)
    }

    /// Follows no symbolic link beneath it from now on; the path itself may be one.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn without_symbolic_links(mut self) -> io::Result<Self> {
        self.follows_links = false;
        self.current = RwLock::new(Arc::new(self.open_directory(&self.path)?));
        Ok(self)
    }

    /// The directory that the path leads to now. `None`: to look may have to wait for a disk, so only where blocking is allowed.
    ///
    /// # Errors
    ///
    /// [`OpenError::NotFound`]: it was removed, and there is no other one.
    #[must_use]
    pub fn directory(&self, blocking: Blocking) -> Option<Result<Arc<Directory>, OpenError>> {
        let held = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        if blocking == Blocking::Forbidden && !held.is_trusted() {
            return None;
        }
        let now = self.now();
        if now.saturating_sub(self.looked_at.load(Ordering::Relaxed)) < MOMENT.as_nanos() as u64 {
            return Some(Ok(held));
        }
        let (path, status) = self.look();
        Some(match status {
            Ok(status) if held.has_status(&status) => {
                self.looked_at.store(now, Ordering::Relaxed);
                Ok(held)
            }
            Err(Errno::NOENT) if held.is_removed() => Err(OpenError::NotFound),
            Err(Errno::NOENT) => Ok(held),
            Ok(_) | Err(_) => Ok(self.open_anew(path).unwrap_or(held)),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Where the path leads now. The directory that we were called in may be removed: `.` still leads there, and where it was
    /// there may be another one.
    fn look(&self) -> (&Path, rustix::io::Result<Stat>) {
        match stat(&self.path) {
            Ok(status) if status.st_nlink > 0 => (&self.path, Ok(status)),
            Ok(_) | Err(Errno::NOENT) => (&self.absolute, stat(&self.absolute)),
            Err(errno) => (&self.path, Err(errno)),
        }
    }

    /// The path leads elsewhere.
    #[cold]
    fn open_anew(&self, path: &Path) -> Option<Arc<Directory>> {
        let opened = self.open_directory(path).inspect_err(|error| {
            log::warn!("cannot open '{}' again, what was there is still served: {error}", Name::of(&self.path));
        });
        let directory = Arc::new(opened.ok()?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&directory);
        Some(directory)
    }

    fn open_directory(&self, path: &Path) -> io::Result<Directory> {
        let mut directory = Directory::open(path)?;
        if !self.follows_links {
            directory = directory.without_symbolic_links();
        }
        Ok(if self.is_trusted { directory } else { directory.distrusted() })
    }

    /// As on a file system that may have to ask somebody for each opening.
    #[cfg(test)]
    pub(crate) fn distrust_cache(&mut self) {
        self.is_trusted = false;
        self.current = RwLock::new(Arc::new(self.open_directory(&self.path).unwrap()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::Entry;
    use super::super::path::RelativePath;
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// The content of the file `x` that is found, or the error.
    fn x(root: &Root) -> String {
        let path = RelativePath::plain(b"x").unwrap();
        // Over a network it would have taken as long.
        std::thread::sleep(10 * MOMENT);
        match root.directory(Blocking::Allowed).unwrap().and_then(|directory| directory.look_up(&path)) {
            Ok(Entry::File(found)) => io::read_to_string(found.file).unwrap(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn what_the_path_leads_to_is_served() {
        let tree = tempfile::tempdir().unwrap();
        let at = |name: &str| tree.path().join(name);
        let make = |name: &str| {
            fs::create_dir(at(name)).unwrap();
            fs::write(at(name).join("x"), name).unwrap();
        };
        make("one");
        make("two");
        symlink("one", at("path")).unwrap();
        let root = Root::open(&at("path")).unwrap();
        assert_eq!(x(&root), "one");
        fs::remove_file(at("path")).unwrap();
        assert_eq!(x(&root), "one", "it leads nowhere: what was there is kept");
        symlink("two", at("path")).unwrap();
        assert_eq!(x(&root), "two", "a link that was swapped");
        fs::remove_dir_all(at("two")).unwrap();
        assert_eq!(x(&root), "Err(NotFound)", "removed");
        make("two");
        assert_eq!(x(&root), "two", "and made again");
        fs::remove_file(at("path")).unwrap();
        fs::write(at("path"), "no directory").unwrap();
        assert_eq!(x(&root), "two", "no directory: what was there is kept");
        fs::remove_file(at("path")).unwrap();
        make("path");
        assert_eq!(x(&root), "path");
        fs::rename(at("path"), at("moved")).unwrap();
        assert_eq!(x(&root), "path", "moved, and still itself");
    }

    #[test]
    fn options_hold_for_the_directory_that_comes_after() {
        let tree = tempfile::tempdir().unwrap();
        let path = tree.path().join("path");
        fs::create_dir(&path).unwrap();
        let mut root = Root::open(&path).unwrap().without_symbolic_links().unwrap();
        root.distrust_cache();
        fs::remove_dir(&path).unwrap();
        fs::create_dir(&path).unwrap();
        fs::write(path.join("y"), "y").unwrap();
        symlink("y", path.join("x")).unwrap();
        assert_eq!(x(&root), "Err(Link)");
        assert!(root.directory(Blocking::Forbidden).is_none());
    }
}
