//! What a client must remember of the requests that wait for their answers, in two bytes.

use crate::http::message::request_kind::{RequestKind, ResponseKind};

/// The requests without a whole answer, oldest first: three bits each below a leading one, the newest lowest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Pipeline(u16);

impl Pipeline {
    pub(crate) const EMPTY: Self = Self(1);
    pub(crate) const DEPTH: u8 = 5;

    pub(crate) fn len(self) -> u8 {
        let bits = u16::BITS.saturating_sub(self.0.leading_zeros()).saturating_sub(1);
        u8::try_from(bits / 3).unwrap_or(Self::DEPTH)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 1
    }

    /// Whether there was room.
    pub(crate) fn push(&mut self, asked: RequestKind) -> bool {
        let has_room = self.len() < Self::DEPTH;
        if has_room {
            self.0 = self.0 << 3 | asked.bits();
        }
        has_room
    }

    /// Counted from the oldest on.
    pub(crate) fn get(self, nth: u8) -> Option<RequestKind> {
        let behind = self.len().checked_sub(nth)?.checked_sub(1)?;
        Some(RequestKind::from_bits(self.0 >> behind.saturating_mul(3)))
    }

    /// The oldest is answered.
    pub(crate) fn pop(&mut self) {
        if let Some(behind) = self.len().checked_sub(1) {
            let one = 1_u16 << behind.saturating_mul(3);
            self.0 = one | self.0 & one.saturating_sub(1);
        }
    }

    /// Does the last request let another follow before it is answered?
    pub(crate) fn may_grow(self) -> bool {
        let last = if self.is_empty() { ResponseKind::Content } else { RequestKind::from_bits(self.0).kind };
        self.len() < Self::DEPTH && !matches!(last, ResponseKind::Connect | ResponseKind::Upgrade)
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use crate::http::method::Method;
    use alloc::collections::VecDeque;

    #[test]
    fn a_pipeline_is_a_queue_of_five() {
        let mut pipeline = Pipeline::EMPTY;
        let mut model = VecDeque::new();
        // Each number decides what is done next: a walk through pushes and pops of every kind.
        for step in (0..2_000_u16).map(|number| number.wrapping_mul(40_503) >> 4) {
            let asked = RequestKind::from_bits(step & 7);
            assert_eq!(RequestKind::from_bits(asked.bits()), asked);
            if step & 24 == 0 {
                pipeline.pop();
                model.pop_front();
            } else if pipeline.push(asked) {
                model.push_back(asked);
            } else {
                assert_eq!(model.len(), 5);
                pipeline.pop();
                model.pop_front();
            }
            assert_eq!((usize::from(pipeline.len()), pipeline.is_empty()), (model.len(), model.is_empty()));
            for nth in 0..6 {
                assert_eq!(pipeline.get(nth), model.get(usize::from(nth)).copied());
            }
        }
    }

    #[test]
    fn nothing_follows_what_may_switch_protocols() {
        for (method, has_upgrade, expected) in [
            (Method::Get, false, true),
            (Method::Get, true, false),
            (Method::Head, true, true),
            (Method::Connect, false, false),
            (Method::Other(b"X"), false, true),
        ] {
            let mut pipeline = Pipeline::EMPTY;
            assert!(pipeline.may_grow() && pipeline.push(RequestKind::new(method, has_upgrade)));
            assert_eq!(pipeline.may_grow(), expected, "{method:?} {has_upgrade}");
        }
    }
}
