//! What is remembered of listings for a moment, so that asking for no page costs no reading of a directory.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use wirenut_server::has_rested;

use super::directory::Stamp;
use super::listing::{Summary, View};

/// For how long a summary is good. The directory itself tells of names that come and go, and not of sizes and times of what
/// is in it: so those that HEAD and conditions are answered by may be this old.
const FRESH: Duration = Duration::from_secs(1);

/// How many are remembered at most.
const MAX: usize = 64;

/// Summaries of listings, by the path of the directory and the page of it that was asked for.
#[derive(Debug, Default)]
pub struct Summaries(Mutex<HashMap<Key, Remembered>>);

type Key = (Box<[u8]>, View);

#[derive(Debug)]
struct Remembered {
    stamp: Stamp,
    summary: Summary,
    since: Instant,
}

impl Remembered {
    fn is_fresh(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) < FRESH
    }
}

impl Summaries {
    /// The summary of this page, if it was read a moment ago and the directory has not changed since.
    pub fn find(&self, path: &[u8], view: View, stamp: &Stamp, now: Instant) -> Option<Summary> {
        let all = self.lock();
        let found = all.get(&(path.into(), view))?;
        (found.stamp == *stamp && found.is_fresh(now)).then_some(found.summary)
    }

    /// Remembers the summary of a page. The stamp is that of the directory before it was read. Where the directory changed
    /// just now, it may change again within the same stamp: then nothing is remembered.
    pub fn remember(&self, path: &[u8], view: View, stamp: Stamp, summary: Summary, now: (Instant, SystemTime)) {
        let (since, date) = now;
        if !has_rested(stamp.changed, date) {
            return;
        }
        let mut all = self.lock();
        if all.len() >= MAX {
            all.retain(|_, remembered| remembered.is_fresh(since));
        }
        if all.len() >= MAX {
            all.clear();
        }
        all.insert((path.into(), view), Remembered { stamp, summary, since });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Remembered>> {
        // Whoever holds the lock only inserts and removes.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::directory::Directory;
    use super::super::path::RelativePath;
    use super::*;
    use std::fs;
    use std::path::Path;

    fn stamp(path: &Path) -> Stamp {
        Directory::open(path).unwrap().open_to_read(&RelativePath::default()).unwrap().stamp().unwrap()
    }

    const SUMMARY: Summary = Summary { length: 1, digest: 2 };

    #[test]
    fn a_summary_is_good_for_a_moment_and_for_the_same_directory() {
        let tree = tempfile::tempdir().unwrap();
        let stamps = [stamp(tree.path()), {
            fs::write(tree.path().join("x"), "").unwrap();
            std::thread::sleep(Duration::from_millis(20));
            fs::remove_file(tree.path().join("x")).unwrap();
            stamp(tree.path())
        }];
        assert_ne!(stamps[0], stamps[1]);
        let (now, later) = (Instant::now(), SystemTime::now() + Duration::from_secs(3600));
        let summaries = Summaries::default();
        let (first, second) = (View::default(), View { page: 2, ..View::default() });
        summaries.remember(b"a", second, stamps[0], SUMMARY, (now, later));
        for (path, view, stamp, age, found) in [
            (b"a", second, stamps[0], 0, true),
            (b"a", second, stamps[0], 999, true),
            (b"a", second, stamps[0], 1000, false),
            (b"a", second, stamps[1], 0, false),
            (b"a", first, stamps[0], 0, false),
            (b"c", second, stamps[0], 0, false),
        ] {
            let found_now = summaries.find(path, view, &stamp, now + Duration::from_millis(age));
            assert_eq!(found_now, found.then_some(SUMMARY), "{path:?} {view:?} {age}");
        }
    }

    #[test]
    fn what_changed_just_now_is_not_remembered_and_no_more_than_some_is() {
        let tree = tempfile::tempdir().unwrap();
        let (stamp, summaries, first) = (stamp(tree.path()), Summaries::default(), View::default());
        let (now, date) = (Instant::now(), SystemTime::now());
        summaries.remember(b"a", first, stamp, SUMMARY, (now, date));
        assert_eq!(summaries.find(b"a", first, &stamp, now), None);
        for number in 0..1000_u32 {
            let path = number.to_le_bytes();
            summaries.remember(&path, first, stamp, SUMMARY, (now, date + Duration::from_secs(60)));
            assert_eq!(summaries.find(&path, first, &stamp, now), Some(SUMMARY));
            assert!(summaries.lock().len() <= MAX);
        }
    }
}
