//! One page out of a directory of any size, in any order, with bounded memory.

use alloc::collections::BinaryHeap;
use core::cmp::Ordering;

use super::view::{Order, View};
use crate::serve::entry::ListedEntry;

/// How many entries a page has at most.
pub const PAGE: usize = 1000;

/// How many entries are kept at most while a directory is read: 10 MiB where all names are as long as can be, some 3 MiB
/// where they are as long as most. Whole pages of them.
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
/// The directory is read once for the first 32,000 entries before and on the page, and once more for each 32,000 of them
/// beyond: so the page costs time in proportion to the directory and to where it lies, and no more memory than 32,000
/// entries take. While a directory changes, an entry may be missing on all pages, or be on two.
///
/// # Errors
///
/// Those of `read`.
pub fn select<E>(view: View, read: impl FnMut(&mut dyn FnMut(ListedEntry)) -> Result<(), E>) -> Result<Entries, E> {
    select_of(view, PAGE, KEPT, read)
}

/// See [`select`]; `kept` is a multiple of `page`.
fn select_of<E>(
    view: View,
    page: usize,
    kept: usize,
    mut read: impl FnMut(&mut dyn FnMut(ListedEntry)) -> Result<(), E>,
) -> Result<Entries, E> {
    let end = page.saturating_mul(usize::try_from(view.page).unwrap_or(usize::MAX));
    let mut first = First::new(view.order, None, end.min(kept));
    read(&mut |entry| first.add(entry))?;
    let totals = first.totals;
    let pages = u32::try_from(totals.entries().div_ceil(page as u64)).unwrap_or(u32::MAX).max(1);
    let view = view.at(view.page.min(pages));
    // How many of those kept stand before the page.
    let mut before = page.saturating_mul(usize::try_from(view.page - 1).unwrap_or(usize::MAX));
    while before >= first.kept.len() && first.kept.len() == kept {
        before -= kept;
        first = First::new(view.order, first.kept.into_sorted_vec().pop(), (before + page).min(kept));
        read(&mut |entry| first.add(entry))?;
    }
    let entries = first.kept.into_sorted_vec().into_iter().skip(before).take(page).map(|ranked| ranked.entry).collect();
    Ok(Entries { entries, totals, view, pages })
}

/// The first entries of those behind one.
struct First {
    order: Order,
    behind: Option<Ranked>,
    count: usize,
    kept: BinaryHeap<Ranked>,
    totals: Totals,
}

impl First {
    fn new(order: Order, behind: Option<Ranked>, count: usize) -> Self {
        Self { order, behind, count, kept: BinaryHeap::new(), totals: Totals::default() }
    }

    fn add(&mut self, entry: ListedEntry) {
        self.totals.add(&entry);
        let entry = Ranked { entry, order: self.order };
        if self.behind.as_ref().is_some_and(|behind| entry <= *behind) {
            return;
        }
        if self.kept.len() < self.count {
            self.kept.push(entry);
        } else if let Some(mut last) = self.kept.peek_mut()
            && entry < *last
        {
            *last = entry;
        }
    }
}

/// An entry that compares with others.
#[derive(Debug)]
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
            name: format!("{}", number * 7919 % 1009).into(),
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
                        assert!(reads <= (number * sizes.0).div_ceil(sizes.1), "{reads} {count} {sizes:?} {number}");
                    }
                }
            }
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
