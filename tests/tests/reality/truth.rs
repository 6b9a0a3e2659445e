//! How the numbers of a segment lie to those that came before, by a table with a place for each number: slow, and obviously
//! right.

use wirenut::tcp::tracker::{Anomaly, Order};

use crate::watch::Read;

/// What came of one direction.
#[derive(Default)]
pub(crate) struct Truth {
    first: Option<u32>,
    /// By distance from `first`: has this number come?
    seen: Vec<bool>,
    last_acknowledgment: Option<u32>,
    is_unsure: bool,
    latest_timestamp: Option<u32>,
}

/// What is true of a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) order: Order,
    /// It acknowledges the same as its sender's last segment, and carries nothing.
    pub(crate) is_same_ack: bool,
    /// There is more than one gap, or was. The tracker keeps one, and knows of what is between only once it is acknowledged.
    pub(crate) is_unsure: bool,
    /// Its time stamp is older than that of one that came before: its receiver may leave it out (RFC 7323 §5, PAWS), and then
    /// it comes again.
    pub(crate) is_older: bool,
    /// Of a RST: it has the next number that its receiver expects, or the one behind all that has come.
    pub(crate) is_exact: bool,
}

impl Seen {
    /// The anomalies of its place that are true of it.
    pub(crate) fn anomaly(self) -> Option<Anomaly> {
        match self.order {
            Order::None | Order::Next => None,
            Order::Ahead => Some(Anomaly::Gap),
            Order::Late => Some(Anomaly::OutOfOrder),
            Order::Again => Some(Anomaly::Retransmission),
            Order::Overlap => Some(Anomaly::Overlap),
        }
    }
}

/// More than any test sends.
const MOST: u32 = 1 << 24;

impl Truth {
    /// A segment comes. `is_outdated`: it is said that its receiver leaves it out; if its time stamp says so, too, it does.
    pub(crate) fn note(&mut self, read: &Read, is_outdated: bool) -> Seen {
        let is_same_ack = !read.is_syn
            && !read.is_fin
            && !read.is_rst
            && read.length == 0
            && read.acknowledgment.is_some()
            && read.acknowledgment == self.last_acknowledgment;
        let is_newer = |number: u32, last: u32| number.wrapping_sub(last).cast_signed() > 0;
        if read.acknowledgment.is_some_and(|number| self.last_acknowledgment.is_none_or(|last| is_newer(number, last)))
        {
            self.last_acknowledgment = read.acknowledgment;
        }
        let is_older = read.timestamp.zip(self.latest_timestamp).is_some_and(|(time, latest)| is_newer(latest, time));
        if read.timestamp.is_some() && !is_older {
            self.latest_timestamp = read.timestamp;
        }
        if read.is_syn && self.first.is_none_or(|first| first != read.sequence) {
            *self = Self { first: Some(read.sequence), seen: Vec::new(), ..*self };
        }
        let nothing = Seen {
            order: Order::None,
            is_same_ack,
            is_unsure: self.is_unsure,
            is_older,
            is_exact: self.is_expected(read.sequence),
        };
        let Some(first) = self.first.filter(|_| !read.is_rst && read.takes() > 0) else { return nothing };
        let start = read.sequence.wrapping_sub(first);
        if start > MOST {
            return nothing;
        }
        let (start, end) = (start as usize, (start + read.takes()) as usize);
        let next = self.seen.len();
        let is_seen = |place| self.seen.get(place).is_some_and(|is_seen| *is_seen);
        let old = (start..end).filter(|place| is_seen(*place)).count();
        let order = match old {
            _ if start == next => Order::Next,
            _ if start > next => Order::Ahead,
            0 => Order::Late,
            _ if old == end - start => Order::Again,
            _ => Order::Overlap,
        };
        if is_outdated && is_older {
            return Seen { order, ..nothing };
        }
        self.seen.resize(next.max(end), false);
        self.seen[start..end].fill(true);
        let gaps = self.seen.windows(2).filter(|pair| matches!(pair, [true, false])).count();
        self.is_unsure |= gaps > 1;
        Seen { order, is_unsure: nothing.is_unsure || self.is_unsure, ..nothing }
    }

    fn is_expected(&self, sequence: u32) -> bool {
        let place = self.first.map(|first| sequence.wrapping_sub(first) as usize);
        let next = self.seen.iter().position(|is_seen| !is_seen).unwrap_or(self.seen.len());
        place.is_none_or(|place| place == next || place == self.seen.len())
    }
}
