//! A process and all beneath it, as /proc shows them.

use alloc::collections::BTreeMap;
use core::time::Duration;
use std::fs;
use std::thread;
use std::time::Instant;

use crate::process::PATIENCE;

/// Processes with the numbers of their descriptors, the first one among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Family {
    first: u32,
    members: BTreeMap<u32, Member>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    parent: u32,
    state: char,
    descriptors: usize,
}

impl Family {
    pub(super) fn of(first: u32) -> Self {
        let all = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let id: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            Some((id, Member::of(id)?))
        });
        let all: BTreeMap<u32, Member> = all.collect();
        let is_beneath = |id: u32| {
            let mut at = id;
            while at != first {
                match all.get(&at) {
                    Some(member) if member.parent != at && member.parent != 0 => at = member.parent,
                    _ => return false,
                }
            }
            true
        };
        let members = all.iter().filter(|(id, _)| is_beneath(**id)).map(|(id, member)| (*id, member.clone())).collect();
        Self { first, members }
    }

    /// When nothing changes any more.
    pub(super) fn at_rest(first: u32) -> Self {
        let start = Instant::now();
        let mut before = Self::of(first);
        loop {
            thread::sleep(Duration::from_millis(30));
            let now = Self::of(first);
            if now.members.len() == before.members.len() && now.is_as(&before, 0) && before.is_as(&now, 0) {
                return now;
            }
            assert!(start.elapsed() < PATIENCE, "{before:?} {now:?}");
            before = now;
        }
    }

    /// The same processes with no more descriptors than these, and no zombie.
    pub(super) fn is_as(&self, before: &Self, more: usize) -> bool {
        self.members.keys().eq(before.members.keys()) && self.is_like(before, more)
    }

    /// As many processes, the same of those that are left with no more descriptors than these, and no zombie.
    pub(super) fn is_like(&self, before: &Self, more: usize) -> bool {
        self.members.len() == before.members.len()
            && self.members.iter().all(|(id, member)| {
                let most = before.members.get(id).map_or(usize::MAX, |before| before.descriptors + more);
                member.state != 'Z' && member.descriptors <= most
            })
    }

    /// Those that are neither the first process nor the processes of its servers.
    pub(super) fn workers(&self) -> Vec<u32> {
        let is_lead = |id: u32| self.members.get(&id).is_some_and(|member| member.parent == self.first);
        self.members.iter().filter(|(_, member)| is_lead(member.parent)).map(|(id, _)| *id).collect()
    }

    /// Workers with more descriptors than before, or that were not there.
    pub(super) fn busier_than(&self, before: &Self) -> Vec<u32> {
        let is_busier = |id: &u32| {
            let most = before.members.get(id).map_or(0, |before| before.descriptors);
            self.members[id].descriptors > most
        };
        self.workers().into_iter().filter(is_busier).collect()
    }

    /// None of them is left.
    pub(super) fn is_gone(&self) -> bool {
        self.members.keys().all(|id| *id == self.first || Member::of(*id).is_none())
    }
}

impl Member {
    fn of(id: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let mut fields = stat.rsplit(')').next()?.split_whitespace();
        let (state, parent) = (fields.next()?.chars().next()?, fields.next()?.parse().ok()?);
        // Of a zombie there are none.
        let descriptors = fs::read_dir(format!("/proc/{id}/fd")).map_or(0, Iterator::count);
        Some(Self { parent, state, descriptors })
    }
}
