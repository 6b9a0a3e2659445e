//! A file that is not whole yet (`-C -`): `FILE.part`, and beside it, in `FILE.part.version`, of which version it is.
//!
//! Bytes of two versions are never in one file: what is there is thrown away before another version is recorded, and
//! recorded before its first byte is written. A file without a record, or whose record is of another URL, is begun anew.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::failure::GetFailure;
use super::output::{empty, rename};
use crate::serve::sha256;
use wirenut_client::resume::{Validator, Version};

/// The first line of a record.
const MARK: &str = "wirenut get: version of the file beside it";

/// A longer record is none.
const MAX_RECORD: u64 = 64 * 1024;

/// A file that is not whole yet.
pub(super) struct Partial {
    /// The name that it will have.
    place: PathBuf,
    may_replace: bool,
    part: PathBuf,
    record: PathBuf,
    url: String,
    file: File,
}

fn with(place: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(place);
    name.push(suffix);
    name.into()
}

impl Partial {
    /// Opens what is there, or makes it: with the number of bytes that it has, and of which version they are.
    pub(super) fn open(
        place: &Path,
        may_replace: bool,
        url: &str,
    ) -> Result<(Self, Option<(u64, Version)>), GetFailure> {
        if place.symlink_metadata().is_ok_and(|found| !found.is_file()) {
            let error = io::Error::other("it is no file");
            return Err(GetFailure::Output { path: place.to_owned(), error });
        }
        let (part, record) = (with(place, ".part"), with(place, ".part.version"));
        let failed = |error| GetFailure::Output { path: part.clone(), error };
        let file = open_locked(&part).map_err(failed)?.ok_or_else(|| GetFailure::Busy(part.clone()))?;
        let mut partial = Self { place: place.to_owned(), may_replace, part, record, url: digest(url), file };
        let found = partial.found().map_err(|error| GetFailure::Output { path: partial.part.clone(), error })?;
        Ok((partial, found))
    }

    fn found(&mut self) -> io::Result<Option<(u64, Version)>> {
        let length = self.file.seek(SeekFrom::End(0))?;
        let version = self.read_record().filter(|_| length > 0);
        if version.is_none() {
            empty(&mut self.file)?;
        }
        Ok(version.map(|version| (length, version)))
    }

    fn read_record(&self) -> Option<Version> {
        let mut text = String::new();
        let record = open_file(File::options().read(true), &self.record).ok()?;
        record.take(MAX_RECORD).read_to_string(&mut text).ok()?;
        parse_record(&text, &self.url)
    }

    /// Throws away what is there.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        empty(&mut self.file)?;
        remove(&self.record)
    }

    /// Says of which version the bytes will be that come next; there must be none yet. Without one, another try begins anew.
    pub(super) fn begin(&self, version: Option<&Version>) -> io::Result<()> {
        let Some(version) = version.filter(|version| is_plain(version.validator.value())) else {
            return remove(&self.record);
        };
        let new = with(&self.record, ".new");
        remove(&new)?;
        // A new one: what somebody else has put there meanwhile is not written to.
        File::create_new(&new)?.write_all(&format_record(version, &self.url))?;
        fs::rename(&new, &self.record)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    /// For errors.
    pub(super) const fn path(&self) -> &PathBuf {
        &self.part
    }

    /// It is whole.
    pub(super) fn finish(self) -> Result<(), GetFailure> {
        let Self { place, may_replace, part, record, .. } = &self;
        rename(part, place, *may_replace).map_err(|error| GetFailure::named(place.clone(), error))?;
        // Without its file, a record means nothing.
        let _ = fs::remove_file(record);
        Ok(())
    }
}

/// Leaves nothing behind where nothing has come.
impl Drop for Partial {
    fn drop(&mut self) {
        let is_ours = || same(&self.file, &self.part).unwrap_or(false);
        if self.file.metadata().is_ok_and(|metadata| metadata.len() == 0) && is_ours() {
            let _ = fs::remove_file(&self.part);
            let _ = fs::remove_file(&self.record);
        }
    }
}

/// The file, locked for this process as long as it is open. None: another one has locked it.
fn open_locked(part: &Path) -> io::Result<Option<File>> {
    loop {
        let file = open_file(File::options().write(true).create(true).truncate(false), part)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // The process that had it before may have given it its name meanwhile.
        if same(&file, part)? {
            return Ok(Some(file));
        }
    }
}

/// Opens a file by a name that everybody knows: a symbolic link there may be a trap, and a pipe would be waited for.
fn open_file(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = options.custom_flags(i32::try_from(flags.bits()).unwrap_or(0)).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no file")) }
}

fn same(file: &File, path: &Path) -> io::Result<bool> {
    let ours = file.metadata()?;
    match path.symlink_metadata() {
        Ok(theirs) => Ok((ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A URL may hold a secret, so it is not written down as it is.
fn digest(url: &str) -> String {
    sha256::digest(url.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn format_record(version: &Version, url: &str) -> Vec<u8> {
    let (kind, value) = match &version.validator {
        Validator::Tag(value) => ("etag", value),
        Validator::Date(value) => ("last-modified", value),
    };
    let length = version.length.map_or("unknown".to_owned(), |length| length.to_string());
    let mut record = format!("{MARK}\nurl-sha256 {url}\nlength {length}\n{kind} ").into_bytes();
    record.extend_from_slice(value);
    // So that a record that is cut off is none.
    record.extend_from_slice(b"\nend\n");
    record
}

/// Can a line of a record hold it?
fn is_plain(value: &[u8]) -> bool {
    value.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// None: it is none of ours, or of another URL.
fn parse_record(text: &str, url: &str) -> Option<Version> {
    let mut lines = text.strip_suffix("\nend\n")?.split('\n');
    if lines.next() != Some(MARK) || lines.next()?.strip_prefix("url-sha256 ") != Some(url) {
        return None;
    }
    let length = match lines.next()?.strip_prefix("length ")? {
        "unknown" => None,
        length => Some(length.parse().ok()?),
    };
    let (kind, value) = lines.next()?.split_once(' ')?;
    if !is_plain(value.as_bytes()) || lines.next().is_some() {
        return None;
    }
    let value = value.as_bytes().to_vec();
    let validator = match kind {
        "etag" => Validator::Tag(value),
        "last-modified" => Validator::Date(value),
        _ => return None,
    };
    Some(Version { validator, length })
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, FileType, Mode};

    use super::*;

    fn version(tag: &str, length: Option<u64>) -> Version {
        Version { validator: Validator::Tag(tag.into()), length }
    }

    #[test]
    fn records_are_read_as_they_were_written() {
        let date = Version { validator: Validator::Date(b"Sun, 06 Nov 1994 08:49:37 GMT".to_vec()), length: None };
        for version in [version("\"a'b\"", Some(5)), version("\"\"", None), date] {
            let record = String::from_utf8(format_record(&version, "u")).unwrap();
            assert_eq!(parse_record(&record, "u"), Some(version), "{record}");
            assert_eq!(parse_record(&record, "v"), None);
            for end in 0..record.len() {
                assert_eq!(parse_record(&record[..end], "u"), None, "cut at {end}");
            }
        }
        for text in ["", "end\n", "x\nurl-sha256 u\nlength 5\netag \"a\"\nend\n"] {
            assert_eq!(parse_record(text, "u"), None);
        }
    }

    #[test]
    fn what_is_there_is_found_by_its_url_alone_and_by_one_process() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("file");
        let part = folder.path().join("file.part");
        let open = |url: &str| Partial::open(&place, true, url);
        let (mut partial, found) = open("http://a/").unwrap();
        assert_eq!(found, None);
        partial.begin(Some(&version("\"1\"", Some(5)))).unwrap();
        partial.write(b"abc").unwrap();
        assert!(matches!(open("http://a/"), Err(GetFailure::Busy(_))));
        drop(partial);
        let (partial, found) = open("http://a/").unwrap();
        assert_eq!(found, Some((3, version("\"1\"", Some(5)))));
        drop(partial);
        assert_eq!(fs::read(&part).unwrap(), b"abc");
        // Of another URL: begun anew, and without a byte nothing stays.
        let (partial, found) = open("http://b/").unwrap();
        assert_eq!(found, None);
        drop(partial);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        // A link at that name is not followed.
        std::os::unix::fs::symlink("victim", &part).unwrap();
        assert!(matches!(open("http://a/"), Err(GetFailure::Output { .. })));
        assert!(!folder.path().join("victim").exists());
    }

    /// Whoever else may write to the folder cannot have another file written by that, nor keep us waiting.
    #[test]
    fn traps_at_names_that_everybody_knows() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("victim"), "precious").unwrap();
        let pipe = |name: &str| rustix::fs::mknodat(CWD, path(name), FileType::Fifo, Mode::RWXU, 0).unwrap();
        std::os::unix::fs::symlink("victim", path("a.part.version.new")).unwrap();
        pipe("a.part.version");
        let (mut partial, found) = Partial::open(&path("a"), true, "http://a/").unwrap();
        assert_eq!(found, None);
        partial.begin(Some(&version("\"1\"", Some(5)))).unwrap();
        partial.write(b"abc").unwrap();
        drop(partial);
        assert_eq!(fs::read(path("victim")).unwrap(), b"precious");
        let (_, found) = Partial::open(&path("a"), true, "http://a/").unwrap();
        assert_eq!(found, Some((3, version("\"1\"", Some(5)))));
        pipe("b.part");
        assert!(matches!(Partial::open(&path("b"), true, "http://a/"), Err(GetFailure::Output { .. })));
        // Also if somebody reads from it.
        let _reader = File::options().read(true).write(true).open(path("b.part")).unwrap();
        assert!(matches!(Partial::open(&path("b"), true, "http://a/"), Err(GetFailure::Output { .. })));
    }

    #[test]
    fn what_is_no_file_has_no_part() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&place).unwrap();
        assert!(matches!(Partial::open(&place, true, "http://a/"), Err(GetFailure::Output { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_whole_file_gets_its_name_and_leaves_no_record() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("file");
        for may_replace in [false, true] {
            let (mut partial, _) = Partial::open(&place, may_replace, "http://a/").unwrap();
            partial.begin(Some(&version("\"1\"", None))).unwrap();
            partial.write(b"abc").unwrap();
            partial.finish().unwrap();
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
        let (mut partial, _) = Partial::open(&place, false, "http://a/").unwrap();
        partial.write(b"abc").unwrap();
        assert!(matches!(partial.finish(), Err(GetFailure::Exists(_))));
    }
}
