//! What the owner of a place counts there.

use core::sync::atomic::{AtomicU64, Ordering};

use wirenut::http::Rule;
use wirenut::readiness::Standing;
use zerocopy::FromBytes;

/// What a thread or process has done, and the connections that it has. A place that is given to another one goes on
/// counting.
#[derive(FromBytes, Debug, Default)]
#[repr(C)]
pub(crate) struct Counts {
    pub(crate) accepted: Count,
    pub(crate) refused: Count,
    pub(crate) evicted: Count,
    pub(crate) cut: Count,
    pub(crate) panics: Count,
    pub(crate) replaced: Count,
    pub(crate) handshakes_full: Count,
    pub(crate) handshakes_resumed: Count,
    pub(crate) handshakes_failed: Count,
    /// Bytes that were consumed, and that were given to the system to be sent.
    pub(crate) received: Count,
    pub(crate) sent: Count,
    /// By the first digit of their status, which is no less than 1.
    requests: [Count; 5],
    deadlines: [Count; 5],
    /// Connections that do this now.
    standings: [Count; 4],
}

/// A deadline that ends a connection, or what is under way on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Deadline {
    Head,
    Body,
    Write,
    Idle,
    Linger,
}

impl Deadline {
    /// The one that has broken this rule, if one has.
    pub(crate) fn of(rule: Rule) -> Option<Self> {
        const RULES: [(Rule, Deadline); 3] = [
            (Rule::HeadTimeout, Deadline::Head),
            (Rule::BodyTimeout, Deadline::Body),
            (Rule::WriteTimeout, Deadline::Write),
        ];
        RULES.into_iter().find(|(broken, _)| *broken == rule).map(|(_, deadline)| deadline)
    }
}

impl Counts {
    /// A request was answered by this status.
    #[inline]
    pub(crate) fn add_request(&self, status: u16) {
        if let Some(count) = self.requests.get(usize::from(status / 100).wrapping_sub(1)) {
            count.add(1);
        }
    }

    pub(crate) fn requests(&self) -> [u64; 5] {
        self.requests.each_ref().map(Count::get)
    }

    pub(crate) fn add_deadline(&self, deadline: Deadline) {
        self.deadlines[deadline as usize].add(1);
    }

    pub(crate) fn deadline(&self, deadline: Deadline) -> u64 {
        self.deadlines[deadline as usize].get()
    }

    /// TLS was agreed on.
    pub(crate) fn add_handshake(&self, is_resumed: bool) {
        let count = if is_resumed { &self.handshakes_resumed } else { &self.handshakes_full };
        count.add(1);
    }

    /// A connection has come, and begins with this.
    pub(crate) fn begin(&self, standing: Standing) {
        self.standings[standing as usize].add(1);
    }

    /// A connection does something else now.
    pub(crate) fn change(&self, before: Standing, standing: Standing) {
        self.end(before);
        self.begin(standing);
    }

    /// A connection is gone, which did this.
    pub(crate) fn end(&self, standing: Standing) {
        self.standings[standing as usize].add(u64::MAX);
    }

    pub(crate) fn standing(&self, standing: Standing) -> u64 {
        self.standings[standing as usize].get()
    }

    /// How many connections there are now, whatever they do.
    pub(crate) fn connections(&self) -> u64 {
        self.standings.iter().fold(0, |sum, count| sum.saturating_add(count.get()))
    }

    /// Whoever had connections is gone, and they with it.
    pub(super) fn clear_standings(&self) {
        self.standings.iter().for_each(|count| count.0.store(0, Ordering::Relaxed));
    }
}

/// A number that its owner changes and anybody may read.
#[derive(FromBytes, Debug, Default)]
#[repr(transparent)]
pub(crate) struct Count(AtomicU64);

impl Count {
    #[inline]
    pub(crate) fn add(&self, more: u64) {
        self.0.store(self.get().wrapping_add(more), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
