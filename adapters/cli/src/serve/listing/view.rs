//! Which page of a listing is shown, and in which order: what the query of its address says.

use core::cmp::Ordering;
use core::fmt;

use super::natural;
use crate::serve::entry::ListedEntry;

/// What a listing is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Key {
    /// The names, as people expect them: `file2` before `File10`.
    #[default]
    Name,
    /// The lengths of files.
    Size,
    /// When the content last changed.
    Date,
}

impl Key {
    pub(super) const ALL: [Self; 3] = [Self::Name, Self::Size, Self::Date];

    /// As the query calls it.
    const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Size => "size",
            Self::Date => "date",
        }
    }
}

/// The order of a listing. Directories stand before files in each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Order {
    /// What comes first of what is compared.
    pub key: Key,
    /// From the greatest to the smallest.
    pub is_descending: bool,
}

impl Order {
    /// Compares two entries. Those of the same size or date, and directories by size, are in the order of their names.
    #[must_use]
    pub fn compare(self, left: &ListedEntry, right: &ListedEntry) -> Ordering {
        let by_name = || natural::compare(&left.name, &right.name);
        let by_key = match self.key {
            Key::Name => by_name(),
            Key::Size => left.length.cmp(&right.length),
            Key::Date => left.modified.cmp(&right.modified),
        };
        let by_key = if self.is_descending { by_key.reverse() } else { by_key };
        left.length.is_some().cmp(&right.length.is_some()).then(by_key).then_with(by_name)
    }
}

/// A page of a listing in an order. The default is the first one, by names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// How it is sorted.
    pub order: Order,
    /// From 1.
    pub page: u32,
}

impl Default for View {
    fn default() -> Self {
        Self { order: Order::default(), page: 1 }
    }
}

impl View {
    /// Reads `sort=name`, `size` or `date`, `order=asc` or `desc`, and `page=`; the last of each counts. What it does not know
    /// it ignores, for a link that somebody changed by hand is still one to the directory.
    #[must_use]
    pub fn of(query: Option<&[u8]>) -> Self {
        let mut view = Self::default();
        for pair in query.unwrap_or_default().split(|byte| *byte == b'&') {
            let Some(at) = pair.iter().position(|byte| *byte == b'=') else { continue };
            let value = &pair[at + 1..];
            match &pair[..at] {
                b"sort" => {
                    view.order.key =
                        Key::ALL.into_iter().find(|key| key.word().as_bytes() == value).unwrap_or_default();
                }
                b"order" => view.order.is_descending = value == b"desc",
                b"page" => view.page = page(value).unwrap_or(1),
                _ => {}
            }
        }
        view
    }

    /// Another page in the same order.
    pub(super) const fn at(self, page: u32) -> Self {
        Self { page, ..self }
    }

    /// The view that a click on a column leads to: the other direction, or at first the one that is mostly wanted, which is
    /// the largest and the newest before all.
    pub(super) fn sorted_by(self, key: Key) -> Self {
        let is_descending = if self.order.key == key { !self.order.is_descending } else { key != Key::Name };
        Self { order: Order { key, is_descending }, page: 1 }
    }
}

fn page(digits: &[u8]) -> Option<u32> {
    // Nothing but digits, while `parse` takes a sign, too.
    let text = str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok().filter(|page| *page > 0)
}

/// As a relative link in HTML: what is by default is left out.
impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::default() {
            return f.write_str("./");
        }
        let sort = (self.order.key != Key::Name).then(|| format!("sort={}", self.order.key.word()));
        let order = self.order.is_descending.then(|| "order=desc".into());
        let page = (self.page != 1).then(|| format!("page={}", self.page));
        let parts: Vec<String> = [sort, order, page].into_iter().flatten().collect();
        write!(f, "?{}", parts.join("&amp;"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_become_views_and_views_links() {
        let view = |key, is_descending, page| View { order: Order { key, is_descending }, page };
        for (query, expected, link) in [
            ("", View::default(), "./"),
            ("sort=size", view(Key::Size, false, 1), "?sort=size"),
            ("sort=date&order=desc&page=2", view(Key::Date, true, 2), "?sort=date&amp;order=desc&amp;page=2"),
            ("order=desc", view(Key::Name, true, 1), "?order=desc"),
            ("page=4294967295", view(Key::Name, false, u32::MAX), "?page=4294967295"),
            ("sort=name&order=asc&page=1", View::default(), "./"),
            // Of two the last one; of what is malformed, nothing.
            ("page=3&sort=size&page=2&sort=date", view(Key::Date, false, 2), "?sort=date&amp;page=2"),
            ("page=0", View::default(), "./"),
            ("page=+2", View::default(), "./"),
            ("page=4294967296", View::default(), "./"),
            ("page=", View::default(), "./"),
            ("sort=none&order=up&x=y&&=&sort", View::default(), "./"),
            ("sort=size%26", View::default(), "./"),
            ("SORT=size", View::default(), "./"),
            ("after=a", View::default(), "./"),
        ] {
            let got = View::of(Some(query.as_bytes()));
            assert_eq!((got, got.to_string().as_str()), (expected, link), "{query}");
            let again = link.trim_start_matches(['.', '/', '?']).replace("&amp;", "&");
            assert_eq!(View::of(Some(again.as_bytes())), expected, "a link leads to its view");
        }
        assert_eq!(View::of(None), View::default());
        assert_eq!(View::of(Some(b"sort=\xff&page=\xff")), View::default());
    }

    #[test]
    fn a_second_click_turns_the_order_round() {
        let mut view = View { page: 7, ..View::default() };
        let mut click = |key| {
            view = view.sorted_by(key);
            view.to_string()
        };
        assert_eq!(click(Key::Name), "?order=desc");
        assert_eq!(click(Key::Name), "./");
        assert_eq!(click(Key::Size), "?sort=size&amp;order=desc");
        assert_eq!(click(Key::Size), "?sort=size");
        assert_eq!(click(Key::Date), "?sort=date&amp;order=desc");
        assert_eq!(click(Key::Name), "./");
    }

    #[test]
    fn directories_come_first_in_any_order() {
        let entry = |name: &str, length, modified| ListedEntry { name: name.into(), length, modified };
        let entries = || {
            vec![
                entry("b2", Some(5), 30),
                entry("B10", Some(5), 10),
                entry("a", Some(7), 20),
                entry("z", None, 5),
                entry("y", None, 50),
            ]
        };
        for (query, expected) in [
            ("", "y z a b2 B10"),
            ("order=desc", "z y B10 b2 a"),
            ("sort=size", "y z b2 B10 a"),
            ("sort=size&order=desc", "y z a b2 B10"),
            ("sort=date", "z y B10 a b2"),
            ("sort=date&order=desc", "y z b2 a B10"),
        ] {
            let (order, mut sorted) = (View::of(Some(query.as_bytes())).order, entries());
            sorted.sort_by(|left, right| order.compare(left, right));
            let names: Vec<_> = sorted.iter().map(|entry| str::from_utf8(&entry.name).unwrap()).collect();
            assert_eq!(names.join(" "), expected, "{query}");
        }
    }
}
