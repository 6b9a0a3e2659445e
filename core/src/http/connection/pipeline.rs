//! What a client must remember of the requests that wait for their answers, in two bytes.

use crate::http::method::Method;

/// What a request asks for, as far as its answer depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ResponseKind {
    /// A response with content.
    Content,
    /// A response without (HEAD).
    Head,
    /// A tunnel, if the response is 2xx.
    Connect,
    /// Another protocol, if the response is 101.
    Upgrade,
}

/// A request that was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RequestKind {
    pub(crate) kind: ResponseKind,
    /// Does asking twice mean the same as asking once (RFC 9110 §9.2.2)?
    pub(crate) is_idempotent: bool,
}

impl RequestKind {
    pub(crate) fn new(method: Method<'_>, has_upgrade: bool) -> Self {
        let (kind, is_idempotent) = match method {
            Method::Head => (ResponseKind::Head, true),
            Method::Connect => (ResponseKind::Connect, false),
            Method::Get | Method::Put | Method::Delete | Method::Options | Method::Trace => {
                (ResponseKind::Content, true)
            }
            Method::Post | Method::Patch | Method::Other(_) => (ResponseKind::Content, false),
        };
        let kind = if has_upgrade && kind == ResponseKind::Content { ResponseKind::Upgrade } else { kind };
        Self { kind, is_idempotent }
    }

    const fn bits(self) -> u16 {
        let kind = match self.kind {
            ResponseKind::Content => 0,
            ResponseKind::Head => 2,
            ResponseKind::Connect => 4,
            ResponseKind::Upgrade => 6,
        };
        if self.is_idempotent { kind | 1 } else { kind }
    }

    const fn from_bits(bits: u16) -> Self {
        let kind = match bits & 6 {
            0 => ResponseKind::Content,
            2 => ResponseKind::Head,
            4 => ResponseKind::Connect,
            _ => ResponseKind::Upgrade,
        };
        Self { kind, is_idempotent: bits & 1 == 1 }
    }
}

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
