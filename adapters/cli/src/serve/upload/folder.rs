//! The directory that files are written in, and files that have no name yet.

use alloc::sync::Arc;
use core::time::Duration;
use std::collections::HashSet;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Instant, SystemTime};

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, FlockOperation, Mode, OFlags, RenameFlags, Stat, fchmod, fdatasync, flock, fstat,
    fstatvfs, linkat, openat, renameat, renameat_with, statat, unlinkat,
};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

use super::error::UploadError;
use crate::serve::directory::{Directory, time};
use crate::serve::path::RelativePath;

/// How the names begin of files that are not whole yet. They are never served, nor taken from a client.
pub(crate) const RESERVED: &str = ".wirenut-upload-";

/// How long somebody else may take who gives a name in the same directory.
const LOCK_TIME: Duration = Duration::from_secs(5);

/// How often a name is looked at that others make and remove meanwhile.
const TRIES: usize = 100;

/// A file that was left behind is not younger than this.
const LEFT_AGE: Duration = Duration::from_secs(60);

/// In how many directories it is remembered that they were swept.
const MAX_SWEPT: usize = 10_000;

/// An open directory to write files in. Whatever is renamed or linked meanwhile, they come to lie in this one.
#[derive(Debug)]
pub(super) struct Folder {
    directory: OwnedFd,
    /// Files can be made without a name, and be given one.
    has_nameless: bool,
}

/// Directories in which it was looked for what was left behind.
#[derive(Debug, Default)]
pub(super) struct Swept(Mutex<HashSet<(u64, u64)>>);

/// What became of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// There was no file of this name.
    Created,
    /// There was one.
    Replaced,
}

impl Folder {
    /// Opens a directory beneath another one, never outside of it.
    ///
    /// # Errors
    /// [`UploadError::NoFolder`], and what the system says.
    pub(super) fn open(beneath: &Directory, path: &RelativePath, swept: &Swept) -> Result<Self, UploadError> {
        let directory = beneath.open_to_read(path)?.into_directory();
        let status = fstat(&directory)?;
        if FileType::from_raw_mode(status.st_mode) != FileType::Directory {
            return Err(UploadError::NoFolder);
        }
        let has_nameless = statat(CWD, "/proc/self/fd", AtFlags::empty()).is_ok();
        let folder = Self { directory, has_nameless };
        let is_first = {
            let mut swept = swept.0.lock().unwrap_or_else(PoisonError::into_inner);
            swept.len() < MAX_SWEPT && swept.insert((status.st_dev, status.st_ino))
        };
        if is_first {
            folder.sweep();
        }
        Ok(folder)
    }

    /// Whether so many bytes seem to have room on the disk.
    pub(super) fn check_room(&self, length: u64) -> Result<(), UploadError> {
        let system = fstatvfs(&self.directory)?;
        let free = system.f_bavail.saturating_mul(system.f_frsize);
        // Some file systems do not say.
        if system.f_blocks > 0 && length > free { Err(UploadError::Full) } else { Ok(()) }
    }

    /// What has this name. `None`: nothing.
    ///
    /// # Errors
    /// [`UploadError::NoFile`]: something else than a regular file. A symbolic link is none: what it leads to may be elsewhere.
    pub(super) fn look(&self, name: &[u8]) -> Result<Option<Stat>, UploadError> {
        match statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(status) if FileType::from_raw_mode(status.st_mode) == FileType::RegularFile => Ok(Some(status)),
            Ok(_) => Err(UploadError::NoFile),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Removes what was left behind by a process that was killed. What somebody still writes is locked.
    fn sweep(&self) {
        let Ok(entries) = Dir::read_from(&self.directory) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if !name.to_bytes().starts_with(RESERVED.as_bytes()) {
                continue;
            }
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let Ok(file) = openat(&self.directory, name, flags, Mode::empty()) else { continue };
            let is_old = fstat(&file).is_ok_and(|status| {
                let changed = time(status.st_ctime, status.st_ctime_nsec);
                SystemTime::now().duration_since(changed).is_ok_and(|age| age > LEFT_AGE)
            });
            if is_old && flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
                let _ = unlinkat(&self.directory, name, AtFlags::empty());
            }
        }
    }

    /// Until it is dropped, nobody else gives names here: so what a condition says holds until the name is given. Where the
    /// file system knows no locks, the moment between is not guarded.
    fn lock(&self) -> Result<Locked<'_>, UploadError> {
        let begun = Instant::now();
        loop {
            match flock(&self.directory, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::WOULDBLOCK | Errno::INTR) if begun.elapsed() < LOCK_TIME => {
                    thread::sleep(Duration::from_millis(1));
                }
                Err(Errno::WOULDBLOCK) => return Err(UploadError::Exhausted),
                Ok(()) | Err(_) => return Ok(Locked(self)),
            }
        }
    }
}

struct Locked<'f>(&'f Folder);

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let _ = flock(&self.0.directory, FlockOperation::Unlock);
    }
}

/// A file that is being written. Dropped without a name, it is gone.
#[derive(Debug)]
pub(super) struct Draft {
    folder: Arc<Folder>,
    file: File,
    /// The name that it has meanwhile, where files cannot be without one.
    interim: Option<String>,
}

impl Draft {
    /// An empty file in the directory, without a name where the file system knows such (`O_TMPFILE`): then nothing can be
    /// left behind, however the process ends.
    pub(super) fn new(folder: &Arc<Folder>) -> Result<Self, UploadError> {
        let mode = Mode::from_raw_mode(0o666);
        let nameless = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
        let opened = folder.has_nameless.then(|| openat(&folder.directory, ".", nameless, mode));
        let (file, interim) = match opened {
            Some(Ok(file)) => (file, None),
            // Kernels and file systems without it say one of these.
            None | Some(Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT)) => {
                let name = interim_name()?;
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                (openat(&folder.directory, &name, flags, mode)?, Some(name))
            }
            Some(Err(errno)) => return Err(errno.into()),
        };
        // So nobody takes it for one that was left behind. Where there are no locks, its age has to do.
        let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
        Ok(Self { folder: Arc::clone(folder), file: file.into(), interim })
    }

    /// Appends bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), UploadError> {
        Ok(self.file.write_all(bytes)?)
    }

    /// Gives it its name, if `check` agrees to what has the name now. The content is on the disk before: a name never stands
    /// for less, also where the power fails. Whether it still has the name then is not waited for.
    ///
    /// # Errors
    /// What `check` says, and what the system says: the file is gone then.
    pub(super) fn publish(
        mut self,
        name: &[u8],
        check: impl Fn(Option<&Stat>) -> Result<(), UploadError>,
    ) -> Result<Named, UploadError> {
        fdatasync(&self.file)?;
        let folder = Arc::clone(&self.folder);
        let _locked = folder.lock()?;
        for _ in 0..TRIES {
            let existing = folder.look(name)?;
            check(existing.as_ref())?;
            let Some(existing) = existing else {
                match self.create(name) {
                    // Somebody who knows no lock was faster.
                    Err(Errno::EXIST) => continue,
                    outcome => return Ok(outcome.map(|()| Named::Created)?),
                }
            };
            // Who may read it is nothing that an upload changes. Not who runs it with the rights of another one.
            let _ = fchmod(&self.file, Mode::from_raw_mode(existing.st_mode & 0o777));
            return Ok(self.replace(name).map(|()| Named::Replaced)?);
        }
        Err(UploadError::Exhausted)
    }

    /// Takes a name that nobody has.
    fn create(&mut self, name: &[u8]) -> Result<(), Errno> {
        let directory = self.folder.directory.as_fd();
        let Some(interim) = &self.interim else { return self.link(name) };
        match renameat_with(directory, interim, directory, name, RenameFlags::NOREPLACE) {
            // The file system does not know the flag.
            Err(Errno::INVAL | Errno::NOSYS) => renameat(directory, interim, directory, name)?,
            outcome => outcome?,
        }
        self.interim = None;
        Ok(())
    }

    /// Takes a name from the file that has it, which goes on without one for those who have it open.
    fn replace(&mut self, name: &[u8]) -> Result<(), Errno> {
        if self.interim.is_none() {
            let interim = interim_name()?;
            self.link(interim.as_bytes())?;
            self.interim = Some(interim);
        }
        let directory = self.folder.directory.as_fd();
        if let Some(interim) = &self.interim {
            renameat(directory, interim, directory, name)?;
        }
        self.interim = None;
        Ok(())
    }

    fn link(&self, name: &[u8]) -> Result<(), Errno> {
        let path = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        linkat(CWD, path, &self.folder.directory, name, AtFlags::SYMLINK_FOLLOW)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(interim) = &self.interim {
            let _ = unlinkat(&self.folder.directory, interim, AtFlags::empty());
        }
    }
}

/// A name that nobody can foresee.
fn interim_name() -> Result<String, Errno> {
    let mut random = [0; 16];
    getrandom(&mut random, GetRandomFlags::empty())?;
    Ok(format!("{RESERVED}{:032x}", u128::from_ne_bytes(random)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    /// With files that have no name, and with those that have one meanwhile.
    fn folders(path: &std::path::Path) -> [Arc<Folder>; 2] {
        let beneath = Directory::open(path).unwrap();
        let path = RelativePath::default();
        [true, false].map(|has_nameless| {
            let folder = Folder::open(&beneath, &path, &Swept::default()).unwrap();
            Arc::new(Folder { has_nameless, ..folder })
        })
    }

    fn draft(folder: &Arc<Folder>, content: &str) -> Draft {
        let mut draft = Draft::new(folder).unwrap();
        draft.write(content.as_bytes()).unwrap();
        draft
    }

    fn names(path: &std::path::Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn names_stand_for_whole_files() {
        for number in 0..2 {
            let tree = tempfile::tempdir().unwrap();
            let folder = &folders(tree.path())[number];
            let path = tree.path().join("a");
            let first = draft(folder, "first");
            assert!(!path.exists());
            assert_eq!(first.publish(b"a", |_| Ok(())), Ok(Named::Created));
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            let mut open = File::open(&path).unwrap();
            let second = draft(folder, "second, and longer");
            assert_eq!(fs::read_to_string(&path).unwrap(), "first");
            assert_eq!(second.publish(b"a", |_| Ok(())), Ok(Named::Replaced));
            assert_eq!(fs::read_to_string(&path).unwrap(), "second, and longer");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
            let mut sent = String::new();
            std::io::Read::read_to_string(&mut open, &mut sent).unwrap();
            assert_eq!(sent, "first", "who has it open goes on");
            drop(draft(folder, "never"));
            assert_eq!(draft(folder, "no").publish(b"a", |_| Err(UploadError::Exists)), Err(UploadError::Exists));
            assert_eq!(names(tree.path()), ["a"], "nothing is left behind");
        }
    }

    #[test]
    fn what_is_no_file_keeps_its_name() {
        for number in 0..2 {
            let (tree, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let folder = &folders(tree.path())[number];
            fs::create_dir(tree.path().join("directory")).unwrap();
            fs::write(outside.path().join("secret"), "kept").unwrap();
            std::os::unix::fs::symlink(outside.path().join("secret"), tree.path().join("link")).unwrap();
            std::os::unix::fs::symlink(outside.path().join("new"), tree.path().join("dangling")).unwrap();
            for name in ["directory", "link", "dangling"] {
                let outcome = draft(folder, "x").publish(name.as_bytes(), |_| Ok(()));
                assert_eq!(outcome, Err(UploadError::NoFile), "{name}");
            }
            assert_eq!(names(outside.path()), ["secret"]);
            assert_eq!(fs::read_to_string(outside.path().join("secret")).unwrap(), "kept");
            assert_eq!(names(tree.path()), ["dangling", "directory", "link"]);
        }
    }

    #[test]
    fn what_was_left_behind_is_removed_and_what_is_written_is_not() {
        let tree = tempfile::tempdir().unwrap();
        let [_, folder] = folders(tree.path());
        let writing = draft(&folder, "x");
        let young = tree.path().join(format!("{RESERVED}young"));
        fs::write(&young, "").unwrap();
        folder.sweep();
        assert!(young.exists());
        assert_eq!(names(tree.path()).len(), 2);
        drop(writing);
        assert_eq!(names(tree.path()).len(), 1);
    }

    #[test]
    fn two_that_give_a_name_wait_for_each_other() {
        let tree = tempfile::tempdir().unwrap();
        let [one, other] = folders(tree.path());
        let locked = one.lock().unwrap();
        assert_eq!(flock(&other.directory, FlockOperation::NonBlockingLockExclusive), Err(Errno::WOULDBLOCK));
        drop(locked);
        assert_eq!(draft(&other, "x").publish(b"a", |_| Ok(())), Ok(Named::Created));
    }
}
