//! What the requests of a worker are called, for its log.

use core::cell::{Cell, RefCell};
use core::fmt;
use std::collections::HashMap;

use wirenut::http::RequestHead;

/// How much of a request's method and target is kept, to name it by.
const NAME_BYTES: usize = 120;

/// What the requests of a worker are called.
///
/// Most exchanges end as soon as they have begun: so a name is kept by slot, and only while an exchange lasts.
pub(super) struct RequestNames {
    /// The slot that has its turn.
    current: Cell<u32>,
    /// The request that came last.
    latest: RefCell<Name>,
    lasting: RefCell<HashMap<u32, Name>>,
    /// The request whose exchange has just failed, by a fault of the service that was not told yet.
    failed: Cell<Option<Name>>,
}

impl RequestNames {
    pub(super) fn new() -> Self {
        let (latest, lasting, failed) = (RefCell::new(Name::NONE), RefCell::default(), Cell::default());
        Self { current: Cell::new(0), latest, lasting, failed }
    }

    /// The service is about to be asked about the connection in this slot.
    pub(super) fn set_current(&self, slot: u32) {
        self.current.set(slot);
    }

    #[inline]
    pub(super) fn begin(&self, head: &RequestHead<'_>) {
        self.latest.borrow_mut().set(head);
    }

    /// The exchange lasts.
    pub(super) fn keep(&self) {
        self.lasting.borrow_mut().insert(self.current.get(), self.latest.borrow().clone());
    }

    /// The exchange is over.
    #[inline]
    pub(super) fn forget(&self) {
        let mut lasting = self.lasting.borrow_mut();
        if !lasting.is_empty() {
            lasting.remove(&self.current.get());
        }
    }

    /// The request whose turn it is.
    pub(super) fn current(&self) -> Name {
        self.lasting.borrow().get(&self.current.get()).unwrap_or(&self.latest.borrow()).clone()
    }

    /// The exchange fails, by a fault of the service.
    #[cold]
    pub(super) fn note_failed(&self) {
        self.failed.set(Some(self.current()));
    }

    /// The request that failed by a fault of the service, once.
    pub(super) fn take_failed(&self) -> Option<impl fmt::Display> {
        self.failed.take()
    }
}

/// A request's method and target, or as much as is needed to know it by.
#[derive(Clone)]
pub(super) struct Name {
    bytes: [u8; NAME_BYTES],
    length: usize,
    is_cut: bool,
}

impl Name {
    const NONE: Self = Self { bytes: [0; NAME_BYTES], length: 0, is_cut: false };

    fn set(&mut self, head: &RequestHead<'_>) {
        (self.length, self.is_cut) = (0, false);
        for part in [head.method.as_bytes(), b" ", head.target.raw()] {
            let room = &mut self.bytes[self.length..];
            let taken = part.len().min(room.len());
            room[..taken].copy_from_slice(&part[..taken]);
            self.length += taken;
            self.is_cut |= taken < part.len();
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.is_cut { "…" } else { "" };
        write!(f, "{}{end}", self.bytes[..self.length].escape_ascii())
    }
}
