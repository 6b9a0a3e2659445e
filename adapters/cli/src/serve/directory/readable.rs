//! What is in a directory.

use std::os::fd::OwnedFd;
use std::time::SystemTime;

use rustix::fs::{AtFlags, Dir, FileType, OFlags, fstat, statat};

use super::super::entry::{ListedEntry, OpenError};
use super::super::listing::{self, Entries, View};
use super::super::path::RelativePath;
use super::{Directory, Identity, Walk, identity, time};

/// A directory that was opened to read what is in it.
#[derive(Debug)]
pub struct Readable<'d> {
    pub(super) beneath: &'d Directory,
    pub(super) path: &'d RelativePath,
    pub(super) opened: OwnedFd,
}

impl Readable<'_> {
    /// The open directory itself; of what it is, only the system is sure.
    pub(in super::super) fn into_directory(self) -> OwnedFd {
        self.opened
    }

    /// What tells it from others, and from itself with other names in it.
    ///
    /// # Errors
    ///
    /// The file system failed.
    pub fn stamp(&self) -> Result<Stamp, OpenError> {
        let status = fstat(&self.opened)?;
        let modified = time(status.st_mtime, status.st_mtime_nsec);
        Ok(Stamp { identity: identity(&status), modified, changed: time(status.st_ctime, status.st_ctime_nsec) })
    }

    /// Reads a page of the entries whose names pass the filter: see [`listing::select`] for the time and memory it takes.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub fn list(&self, view: View, filter: impl Fn(&[u8]) -> bool) -> Result<Entries, OpenError> {
        listing::select(view, |add| {
            for entry in Dir::read_from(&self.opened)? {
                let entry = entry?;
                let name = entry.file_name().to_bytes();
                if !matches!(name, b"." | b"..")
                    && filter(name)
                    && let Some(entry) = self.describe(name)
                {
                    add(entry);
                }
            }
            Ok(())
        })
    }

    /// What an entry is. `None`: it is gone, or nothing that would be served.
    fn describe(&self, name: &[u8]) -> Option<ListedEntry> {
        let mut status = statat(&self.opened, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        if FileType::from_raw_mode(status.st_mode) == FileType::Symlink {
            if self.beneath.walk == Walk::Segments {
                return None;
            }
            let target = self.beneath.walk_by_kernel(&self.path.join(name), OFlags::PATH | OFlags::CLOEXEC).ok()?;
            status = fstat(target).ok()?;
        }
        let kind = FileType::from_raw_mode(status.st_mode);
        if !matches!(kind, FileType::Directory | FileType::RegularFile) {
            return None;
        }
        let length = (kind == FileType::RegularFile).then(|| u64::try_from(status.st_size).unwrap_or(0));
        Some(ListedEntry { name: name.into(), length, modified: u64::try_from(status.st_mtime).unwrap_or(0) })
    }
}

/// See [`Readable::stamp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    identity: Identity,
    modified: SystemTime,
    /// When anything about it last changed.
    pub changed: SystemTime,
}
