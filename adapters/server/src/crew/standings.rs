//! What the connections of slots are doing, where that is looked up only when there is no room.

use wirenut::readiness::{Since, Standings};

/// As many slots as wanted, looked through one by one.
#[derive(Debug, Default)]
pub(super) struct Flat(Vec<Since>);

impl Flat {
    /// It is not known what the connection of this slot is doing.
    pub(super) fn forget(&mut self, slot: u32) {
        self.set(slot, Since::BUSY);
    }
}

impl Standings for Flat {
    fn since(&self, slot: u32) -> Since {
        self.0.get(slot as usize).copied().unwrap_or(Since::BUSY)
    }

    fn set(&mut self, slot: u32, since: Since) {
        let index = slot as usize;
        if index >= self.0.len() {
            self.0.resize(index + 1, Since::BUSY);
        }
        self.0[index] = since;
    }

    fn candidates(&self) -> impl Iterator<Item = (u32, Since)> {
        (0..).zip(self.0.iter().copied())
    }
}
