//! A list for each standing, linked through the slots: every call takes constant time.

use super::standings::{Since, Standing, Standings, index};

/// The standings of many slots, which are set and found in constant time. `L` holds a [`Link::NEW`] for each slot.
#[derive(Clone, Debug)]
pub struct Lists<L> {
    links: L,
    lingering: Ends,
    idle: Ends,
    reading: Ends,
}

/// A slot's place in the order of those who may give way. The caller provides one for each slot, and looks at none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    before: u32,
    after: u32,
    since: Since,
}

/// No slot: the end of a list.
const NONE: u32 = u32::MAX;

impl Link {
    /// Of a slot that does not give way.
    pub const NEW: Self = Self { before: NONE, after: NONE, since: Since::BUSY };
}

/// The first and the last slot of a list. The first one is in it for longest.
#[derive(Clone, Copy, Debug)]
struct Ends {
    first: u32,
    last: u32,
}

impl Ends {
    const NONE: Self = Self { first: NONE, last: NONE };
}

impl<L: AsRef<[Link]> + AsMut<[Link]>> Lists<L> {
    /// Nobody gives way yet.
    #[must_use]
    pub const fn new(links: L) -> Self {
        Self { links, lingering: Ends::NONE, idle: Ends::NONE, reading: Ends::NONE }
    }

    /// Where the links lie, for a host that needs more of them.
    pub const fn links_mut(&mut self) -> &mut L {
        &mut self.links
    }

    fn remove(&mut self, slot: u32) {
        let Some(link) = self.link(slot) else { return };
        let Link { before, after, since } = *link;
        *link = Link::NEW;
        let Some(mut ends) = self.ends(since.standing()).copied() else { return };
        match self.link(before) {
            Some(link) => link.after = after,
            None => ends.first = after,
        }
        match self.link(after) {
            Some(link) => link.before = before,
            None => ends.last = before,
        }
        self.set_ends(since.standing(), ends);
    }

    fn append(&mut self, slot: u32, standing: Standing) {
        let Some(mut ends) = self.ends(standing).copied() else { return };
        let before = ends.last;
        let Some(link) = self.link(slot) else { return };
        link.before = before;
        ends.last = slot;
        match self.link(before) {
            Some(link) => link.after = slot,
            None => ends.first = slot,
        }
        self.set_ends(standing, ends);
    }

    const fn ends(&mut self, standing: Standing) -> Option<&mut Ends> {
        match standing {
            Standing::Lingering => Some(&mut self.lingering),
            Standing::Idle => Some(&mut self.idle),
            Standing::Reading => Some(&mut self.reading),
            Standing::Busy => None,
        }
    }

    fn set_ends(&mut self, standing: Standing, ends: Ends) {
        if let Some(place) = self.ends(standing) {
            *place = ends;
        }
    }

    fn link(&mut self, slot: u32) -> Option<&mut Link> {
        self.links.as_mut().get_mut(index(slot))
    }
}

impl<L: AsRef<[Link]> + AsMut<[Link]>> Standings for Lists<L> {
    fn since(&self, slot: u32) -> Since {
        self.links.as_ref().get(index(slot)).map_or(Since::BUSY, |link| link.since)
    }

    fn set(&mut self, slot: u32, since: Since) {
        let standing = since.standing();
        // Whoever is last in its list stays there.
        if self.ends(standing).is_none_or(|ends| ends.last != slot) {
            self.remove(slot);
            self.append(slot, standing);
        }
        if let Some(link) = self.link(slot) {
            link.since = since;
        }
    }

    fn candidates(&self) -> impl Iterator<Item = (u32, Since)> {
        [self.lingering, self.idle, self.reading].map(|ends| (ends.first, self.since(ends.first))).into_iter()
    }
}
