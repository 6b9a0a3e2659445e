//! Which bytes of a direction were captured: all up to a first gap, and a last run behind it.

use crate::tcp::SequenceNumber;
use crate::tcp::tracker::Order;
use crate::tcp::tracker::end::{End, EndFlags};

impl End {
    /// Numbers from `start` to before `end`, at least one, were captured. How they lie to those before.
    pub(super) fn cover(&mut self, start: SequenceNumber, end: SequenceNumber) -> Order {
        if start == self.next && !self.has_gap() {
            (self.contiguous, self.gap_end, self.tail, self.next) = (end, end, end, end);
            return Order::Next;
        }
        let order = self.order(start, end);
        if start.is_after(self.next) {
            if self.has_gap() {
                self.flags.set(EndFlags::UNSURE, true);
            } else {
                self.gap_end = start;
            }
            (self.tail, self.next) = (start, end);
            return order;
        }
        if !end.is_before(self.tail) && start.is_before(self.tail) {
            self.tail = start;
        }
        self.next = self.next.latest(end);
        if !start.is_after(self.contiguous) {
            self.contiguous = self.contiguous.latest(end);
        } else if start.is_before(self.gap_end) {
            // Of what lies behind it in the gap, nothing is known any more.
            self.flags.set(EndFlags::UNSURE, self.has(EndFlags::UNSURE) || end.is_before(self.gap_end));
            self.gap_end = start;
        }
        self.close_gaps();
        order
    }

    /// The other end has all before `number`, which is not beyond `next`. True if the capture has certainly missed some of
    /// it.
    pub(super) fn acknowledged(&mut self, number: SequenceNumber) -> bool {
        let is_unseen = number.is_after(self.contiguous);
        let is_certain = !self.has(EndFlags::UNSURE);
        if is_unseen {
            self.contiguous = number;
            self.close_gaps();
        }
        is_unseen && is_certain
    }

    pub(super) fn has_gap(&self) -> bool {
        self.contiguous != self.next
    }

    fn order(&self, start: SequenceNumber, end: SequenceNumber) -> Order {
        if start == self.next {
            return Order::Next;
        }
        if start.is_after(self.next) {
            return Order::Ahead;
        }
        let meets =
            |from: SequenceNumber, to: SequenceNumber| from.is_before(to) && start.is_before(to) && end.is_after(from);
        // What lies between the gap and the tail may be new or not: it counts as new.
        let is_new = meets(self.contiguous, self.tail) || end.is_after(self.next);
        let is_old = start.is_before(self.contiguous) || meets(self.tail, self.next);
        match (is_new, is_old) {
            (true, true) => Order::Overlap,
            (true, false) => Order::Late,
            (false, _) => Order::Again,
        }
    }

    fn close_gaps(&mut self) {
        if self.tail.is_before(self.gap_end) {
            self.gap_end = self.tail;
        }
        if !self.contiguous.is_before(self.tail) {
            let next = self.next.latest(self.contiguous);
            (self.contiguous, self.gap_end, self.tail, self.next) = (next, next, next, next);
            self.flags.set(EndFlags::UNSURE, false);
        } else if !self.contiguous.is_before(self.gap_end) {
            self.gap_end = self.tail;
        }
    }
}
