//! The validators of a file (RFC 9110 §8.8).

use alloc::string::String;
use core::fmt::Write;
use core::time::Duration;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{SystemTime, UNIX_EPOCH};

use wirenut::http::{EntityTag, HttpDate, Validators};

/// Changes that are nearer to each other than this may have the same time. Two seconds: no file system is coarser (FAT).
const COARSEST: Duration = Duration::from_secs(2);

/// The validators of a file, as text.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::time::SystemTime;
/// use wirenut_server::FileValidators;
/// let metadata = std::fs::metadata("Cargo.toml")?;
/// let validators = FileValidators::of(&metadata, "", SystemTime::now());
/// assert!(validators.entity_tag().ends_with('"'));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileValidators {
    entity_tag: String,
    last_modified: Option<u64>,
    is_date_strong: bool,
}

impl FileValidators {
    /// Those of a file of which this is known at the time `now`; `variant` tells representations of it from each other, such
    /// as codings, and holds what an entity tag may hold (§8.8.3).
    ///
    /// The entity tag is made of the length, the time of the last change of the content, and that of any change. The last
    /// one nobody can set: so also a file that came with the time of the one it replaces, as out of archives and reproducible
    /// builds, has a tag of its own. That makes it strong, once the file has rested for longer than the times are coarse;
    /// until then a second change may have the same times, and it is weak. The number of the file (inode) would add nothing:
    /// to put another file in the place of this one changes that file's time.
    #[must_use]
    pub fn of(metadata: &Metadata, variant: &str, now: SystemTime) -> Self {
        let changed = time(metadata.ctime(), metadata.ctime_nsec());
        Self::new(metadata.len(), metadata.modified().ok(), changed, variant, now)
    }

    /// The same, of a file of this length, whose content was changed last at `modified`, and anything at `changed`.
    #[must_use]
    pub fn new(length: u64, modified: Option<SystemTime>, changed: SystemTime, variant: &str, now: SystemTime) -> Self {
        let content_changed = modified.unwrap_or(changed);
        let is_strong = has_rested(changed, now);
        let mut entity_tag = String::with_capacity(64);
        // A `String` takes anything.
        let _ = write!(
            entity_tag,
            "{}\"{length:x}-{:x}-{:x}",
            if is_strong { "" } else { "W/" },
            nanoseconds(content_changed),
            nanoseconds(changed)
        );
        if !variant.is_empty() {
            let _ = write!(entity_tag, "-{variant}");
        }
        entity_tag.push('"');
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self {
            entity_tag,
            last_modified: modified.map(|modified| seconds(modified.min(now))),
            is_date_strong: is_strong && has_rested(content_changed, now),
        }
    }

    /// The value of ETag.
    #[must_use]
    pub fn entity_tag(&self) -> &str {
        &self.entity_tag
    }

    /// The value of Last-Modified, never later than the time of the call that made this (§8.8.2.1).
    #[must_use]
    pub fn last_modified(&self) -> Option<HttpDate> {
        self.last_modified.map(HttpDate::from_unix)
    }

    /// The same, to be compared with the conditions of a request.
    #[must_use]
    pub fn as_validators(&self) -> Validators<'_> {
        Validators {
            entity_tag: EntityTag::parse(self.entity_tag.as_bytes()),
            last_modified: self.last_modified,
            is_date_strong: self.is_date_strong,
        }
    }
}

/// Whether what changed then would have another time, had it changed again: two seconds later.
#[must_use]
pub fn has_rested(since: SystemTime, now: SystemTime) -> bool {
    since.checked_add(COARSEST).is_some_and(|until| until < now)
}

fn nanoseconds(time: SystemTime) -> u128 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_nanos(),
        Err(before) => before.duration().as_nanos(),
    }
}

/// The time of so many seconds and nanoseconds since 1970, as the system says it.
fn time(seconds: i64, nanoseconds: i64) -> SystemTime {
    let nanoseconds = Duration::from_nanos(nanoseconds.unsigned_abs());
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 { UNIX_EPOCH.checked_sub(whole) } else { UNIX_EPOCH.checked_add(whole) };
    time.and_then(|time| time.checked_add(nanoseconds)).unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_strong_once_the_file_has_rested() {
        let now = UNIX_EPOCH + Duration::from_secs(1000);
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        for (modified, changed, tag, last_modified, is_date_strong) in [
            (at(16), at(16), "\"ff-3b9aca000-3b9aca000\"", 16, true),
            (at(1), at(16), "\"ff-3b9aca00-3b9aca000\"", 1, true),
            (at(999), at(999), "W/\"ff-e8990a4600-e8990a4600\"", 999, false),
            (at(16), at(998), "W/\"ff-3b9aca000-e85d6f7c00\"", 16, false),
            // The time was set to one that is to come.
            (at(2000), at(16), "\"ff-1d1a94a2000-3b9aca000\"", 1000, false),
        ] {
            let validators = FileValidators::new(255, Some(modified), changed, "", now);
            let got = (validators.entity_tag(), validators.last_modified, validators.is_date_strong);
            assert_eq!(got, (tag, Some(last_modified), is_date_strong));
            assert!(EntityTag::parse(tag.as_bytes()).is_some());
        }
        let compressed = FileValidators::new(255, Some(at(16)), at(16), "gzip", now);
        assert_eq!(compressed.entity_tag(), "\"ff-3b9aca000-3b9aca000-gzip\"");
        assert_eq!(time(-1, 500), UNIX_EPOCH - Duration::from_secs(1) + Duration::from_nanos(500));
    }
}
