//! One page out of a directory of any size, in any order, with bounded memory.

use alloc::collections::BinaryHeap;
use core::cmp::Ordering;

use super::view::{Order, View};
use crate::serve::entry::ListedEntry;

/// How many entries a page has at most.
pub const PAGE: usize = 1000;

/// How many entries are kept at most while a directory is read: 10 MiB where all names are as long as can be, some 3 MiB
/// where they are as long as most.
const KEPT: usize = 32 * PAGE;

/// How much there is in a directory, of what is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Totals {
    /// How many directories.
    pub directories: u64,
    /// How many files.
    pub files: u64,
    /// The lengths of these files, added up.
    pub bytes: u64,
}

impl Totals {
    fn add(&mut self, entry: &ListedEntry) {
        match entry.length {
            None => self.directories += 1,
            Some(length) => {
                self.files += 1;
                self.bytes = self.bytes.saturating_add(length);
            }
        }
    }

    const fn entries(&self) -> u64 {
        self.directories + self.files
    }
}

/// A page of what a directory holds.
#[derive(Debug)]
pub struct Entries {
    /// Those of the page, in its order.
    pub entries: Vec<ListedEntry>,
    /// Of the whole directory.
    pub totals: Totals,
    /// The page that this is: the last one, where one behind it was asked for.
    pub view: View,
    /// How many pages there are: one at least.
    pub pages: u32,
}

/// Selects a page. `read` hands each entry of the directory to what it is given, in any order.
///
/// The directory is read once for a page among the first 32,000 entries. For others it is mostly read twice: the first time
/// tells where the page may begin. So a page costs time in proportion to the directory, and no more memory than some 32,000
/// entries take. While a directory changes, an entry may be missing on all pages, or be on two.
///
/// # Errors
///
/// Those of `read`.
pub fn select<E>(view: View, read: impl FnMut(&mut dyn FnMut(ListedEntry)) -> Result<(), E>) -> Result<Entries, E> {
    select_of(view, PAGE, KEPT, read)
}

/// See [`select`]; `kept` is not less than `page`.
fn select_of<E>(
    view: View,
    page: usize,
    kept: usize,
    mut read: impl FnMut(&mut dyn FnMut(ListedEntry)) -> Result<(), E>,
) -> Result<Entries, E> {
    let mut pass = |behind, limit| {
        let mut pass = Pass::new(view.order, behind, limit);
        read(&mut |entry| pass.add(entry)).map(|()| pass)
    };
    let end = page.saturating_mul(usize::try_from(view.page).unwrap_or(usize::MAX));
    let mut last = pass(None, end.min(kept))?;
    let totals = last.totals;
    let pages = u32::try_from(totals.entries().div_ceil(page as u64)).unwrap_or(u32::MAX).max(1);
    let view = view.at(view.page.min(pages));
    let start = page.saturating_mul(usize::try_from(view.page - 1).unwrap_or(usize::MAX));
    // An entry before the page, to begin behind where a guess was too far. It moves on by as many as are kept each time, so
    // that these readings are enough, unless the directory grows as fast as it is read: then the page is empty.
    let mut safe = None;
    let mut entries = Vec::new();
    for _ in 0..totals.entries() / kept as u64 * 2 + 4 {
        last = match start.checked_sub(last.before) {
            Some(skipped) if last.first.len() < kept || skipped + page <= kept => {
                entries = last.into_page(skipped, page);
                break;
            }
            Some(skipped) => {
                let guess = last.guess(skipped, kept / 2);
                safe = last.into_page(skipped.min(kept) - 1, 1).pop().map(|entry| Ranked { entry, order: view.order });
                pass(guess.filter(|guess| Some(guess) > safe.as_ref()).or_else(|| safe.clone()), kept)?
            }
            // The guess was too far.
            None => pass(safe.take(), kept)?,
        };
    }
    Ok(Entries { entries, totals, view, pages })
}

/// What one reading of a directory tells.
struct Pass {
    order: Order,
    /// What is not behind this entry is only counted.
    behind: Option<Ranked>,
    before: usize,
    /// The first ones behind it, as many as `limit`.
    first: BinaryHeap<Ranked>,
    limit: usize,
    sample: Sample,
    totals: Totals,
}

impl Pass {
    fn new(order: Order, behind: Option<Ranked>, limit: usize) -> Self {
        let (first, sample) = (BinaryHeap::new(), Sample::new(limit / 4));
        Self { order, behind, before: 0, first, limit, sample, totals: Totals::default() }
    }

    fn add(&mut self, entry: ListedEntry) {
        self.totals.add(&entry);
        let entry = Ranked { entry, order: self.order };
        if self.behind.as_ref().is_some_and(|behind| entry <= *behind) {
            self.before += 1;
            return;
        }
        if self.first.len() < self.limit {
            self.sample.add(&entry);
            self.first.push(entry);
        } else if let Some(mut last) = self.first.peek_mut() {
            self.sample.add(&entry);
            if entry < *last {
                *last = entry;
            }
        }
    }

    /// An entry that `margin` others or more probably stand between and what `skipped` entries stand before, of those behind.
    fn guess(&mut self, skipped: usize, margin: usize) -> Option<Ranked> {
        let at = skipped / self.sample.stride;
        // Four times the standard deviation of the rank of what is drawn at random.
        let margin = (margin / self.sample.stride).max(4 * at.isqrt());
        self.sample.entries.sort_unstable();
        self.sample.entries.get(at.checked_sub(margin)?).cloned()
    }

    fn into_page(self, skipped: usize, page: usize) -> Vec<ListedEntry> {
        self.first.into_sorted_vec().into_iter().skip(skipped).take(page).map(|ranked| ranked.entry).collect()
    }
}

/// One of so many entries, which are spread evenly over the reading. Directories are read in no order, or in one: for both
/// that tells well how they are spread over the sorted whole, and if not, more readings are needed.
struct Sample {
    entries: Vec<Ranked>,
    limit: usize,
    stride: usize,
    count: usize,
}

impl Sample {
    fn new(limit: usize) -> Self {
        Self { entries: Vec::new(), limit: limit.max(2), stride: 1, count: 0 }
    }

    fn add(&mut self, entry: &Ranked) {
        if self.entries.len() == self.limit {
            let mut is_kept = false;
            self.entries.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.stride *= 2;
        }
        if self.count.is_multiple_of(self.stride) {
            self.entries.push(entry.clone());
        }
        self.count += 1;
    }
}

/// An entry that compares with others.
#[derive(Clone, Debug)]
struct Ranked {
    entry: ListedEntry,
    order: Order,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order.compare(&self.entry, &other.entry)
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

#[cfg(test)]
mod tests {
    use super::*;
    use core::convert::Infallible;

    /// Entries whose sizes and dates repeat, not in any order.
    fn directory(count: u64) -> Vec<ListedEntry> {
        let entry = |number: u64| ListedEntry {
            name: (number * 7919 % 1009).to_string().into(),
            length: (!number.is_multiple_of(4)).then_some(number * 31 % 7),
            modified: number * 17 % 5,
        };
        (0..count).map(entry).collect()
    }

    /// The names of a page, how many pages there are, and how often the directory was read.
    fn page(view: View, sizes: (usize, usize), count: u64) -> (Vec<Vec<u8>>, Entries, usize) {
        let mut reads = 0;
        let selected = select_of(view, sizes.0, sizes.1, |add| {
            reads += 1;
            directory(count).into_iter().for_each(add);
            Ok::<_, Infallible>(())
        });
        let Ok(selected) = selected;
        (selected.entries.iter().map(|entry| entry.name.clone()).collect(), selected, reads)
    }

    #[test]
    fn pages_are_parts_of_the_sorted_whole() {
        for query in ["", "order=desc", "sort=size", "sort=size&order=desc", "sort=date", "sort=date&order=desc"] {
            let order = View::of(Some(query.as_bytes())).order;
            for count in [0, 1, 2, 3, 4, 6, 7, 59, 60, 61] {
                let mut whole = directory(count);
                whole.sort_by(|left, right| order.compare(left, right));
                let names: Vec<_> = whole.into_iter().map(|entry| entry.name).collect();
                for sizes in [(1, 1), (3, 3), (3, 6), (5, 10), (7, 70)] {
                    let pages = names.len().div_ceil(sizes.0).max(1);
                    for number in 1..=pages {
                        let view = View { order, page: u32::try_from(number).unwrap() };
                        let (got, entries, reads) = page(view, sizes, count);
                        let expected = names.chunks(sizes.0).nth(number - 1).unwrap_or_default();
                        assert_eq!(got, expected, "{query} {count} {sizes:?} {number}");
                        assert_eq!((entries.pages as usize, entries.view), (pages, view));
                        assert!(reads <= 1 + 2 * (number * sizes.0 / sizes.1), "{reads} {count} {sizes:?} {number}");
                    }
                }
            }
        }
    }

    /// The page is that of the whole; how often the directory was read for it.
    fn check(
        whole: &[ListedEntry],
        directory: impl Fn(&mut dyn FnMut(ListedEntry)),
        page: usize,
        sizes: (usize, usize),
    ) -> usize {
        let mut reads = 0;
        let view = View { page: u32::try_from(page).unwrap(), ..View::default() };
        let selected = select_of(view, sizes.0, sizes.1, |add| {
            reads += 1;
            directory(add);
            Ok::<_, Infallible>(())
        });
        let Ok(selected) = selected;
        let expected = whole.chunks(sizes.0).nth(page - 1).unwrap();
        assert!(
            selected.entries.iter().map(|entry| &entry.name).eq(expected.iter().map(|entry| &entry.name)),
            "{page}"
        );
        reads
    }

    fn sorted(directory: impl Fn(&mut dyn FnMut(ListedEntry))) -> Vec<ListedEntry> {
        let mut whole = Vec::new();
        directory(&mut |entry| whole.push(entry));
        whole.sort_by(|left, right| Order::default().compare(left, right));
        whole
    }

    /// In no order, in the order of the names, and in the opposite one, as file systems have them.
    #[test]
    fn large_directories_are_mostly_read_twice() {
        let names: [fn(u64) -> u64; 3] = [|number| number * 7919 % 5003, |number| number, |number| 5000 - number];
        for name in names {
            let entry = |number| ListedEntry { name: name(number).to_string().into(), length: Some(0), modified: 0 };
            let directory = |add: &mut dyn FnMut(ListedEntry)| (0..5000).map(entry).for_each(add);
            let whole = sorted(directory);
            for page in [1, 31, 32] {
                assert_eq!(check(&whole, directory, page, (50, 1600)), 1, "{page}");
            }
            for page in [33, 34, 47, 50, 63, 64, 65, 80, 99, 100] {
                assert_eq!(check(&whole, directory, page, (50, 1600)), 2, "{page}");
            }
        }
    }

    /// One that is made to mislead: all names in the sample are among the last ones.
    #[test]
    fn a_sample_may_mislead_and_the_page_is_the_same() {
        let entry = |number: usize| {
            let group = if number.is_multiple_of(64) { 'z' } else { 'a' };
            ListedEntry { name: format!("{group}{number}").into(), length: Some(0), modified: 0 }
        };
        let directory = |add: &mut dyn FnMut(ListedEntry)| (0..1000).map(entry).for_each(add);
        let whole = sorted(directory);
        for page in 1..=50 {
            let reads = check(&whole, directory, page, (20, 40));
            assert!(reads <= page + 1, "{reads} for {page}");
        }
    }

    #[test]
    fn behind_the_last_page_is_the_last_page() {
        for (count, number, expected) in [(60, 21, 20), (60, u32::MAX, 20), (61, u32::MAX, 21), (0, 9, 1)] {
            let view = |page| View { page, ..View::default() };
            let (got, entries, _) = page(view(number), (3, 6), count);
            assert_eq!((entries.view.page, entries.pages), (expected, expected));
            assert_eq!(got, page(view(expected), (3, 6), count).0);
        }
    }

    #[test]
    fn totals_are_of_the_whole_directory() {
        for number in [1, 20] {
            let totals = page(View { page: number, ..View::default() }, (3, 3), 60).1.totals;
            let bytes = directory(60).iter().filter_map(|entry| entry.length).sum();
            assert_eq!(totals, Totals { directories: 15, files: 45, bytes });
        }
    }

    /// It ends all the same.
    #[test]
    fn a_directory_may_change_while_it_is_read() {
        for counts in [[60, 0, 0], [60, 7, 60], [6, 60, 60], [60, 60, 3]] {
            let mut left = counts.into_iter();
            let selected = select_of(View { page: 9, ..View::default() }, 3, 6, |add| {
                directory(left.next().unwrap_or(60)).into_iter().for_each(add);
                Ok::<_, Infallible>(())
            });
            let Ok(selected) = selected;
            assert!(selected.entries.len() <= 3 && selected.view.page <= selected.pages);
        }
        assert!(matches!(select(View::default(), |_| Err("disk")), Err("disk")));
    }
}
