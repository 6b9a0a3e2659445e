//! The memory of a turn, and what stays of it.

use core::ops::Range;

use super::kept::Kept;
use super::unread::Unread;

/// Memory for one turn, lent by the caller. All connections of a thread can share one set: between two turns nothing is in
/// it that is needed.
#[derive(Debug)]
pub struct Memory<'m> {
    /// Room for what is received, and for what was left of it before.
    pub input: &'m mut [u8],
    /// What the protocol's [`drive`](wirenut::transport::Protocol::drive) is lent as its store.
    pub store: &'m mut [u8],
    /// Room for what is sent: as much is sent at once.
    pub output: &'m mut [u8],
    /// The connection's own: what its last turn left, and where this one leaves something.
    pub leftover: &'m mut Option<Box<Leftover>>,
}

/// What a turn could not finish: input that was not consumed, the protocol's part of the store, and output that the peer
/// has not taken. Most turns leave nothing, and then there is none. A protocol that keeps much in its store for many turns gets
/// a store of its own here, so that it is not copied again and again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Leftover {
    input: Unread,
    store: Kept,
    output: Vec<u8>,
    /// How much of the output was sent since.
    sent: usize,
}

impl Leftover {
    /// How many bytes were received and not consumed.
    #[must_use]
    pub const fn unread(&self) -> usize {
        self.input.len()
    }

    /// What is still to be sent.
    pub(super) fn unsent(&self) -> &[u8] {
        &self.output[self.sent..]
    }

    fn is_empty(&self) -> bool {
        self.input.is_empty() && self.store.is_nothing() && self.output.is_empty()
    }
}

impl Memory<'_> {
    /// Puts the store's part at the start of the store. Where in the input lies what was left of it. Both stay left until
    /// [`Self::keep`].
    pub(super) fn restore(&mut self) -> Range<usize> {
        let Some(left) = self.leftover else { return 0..0 };
        left.store.restore(self.store);
        left.input.window()
    }

    /// Room for what is received behind so many bytes that were left.
    #[inline]
    pub(super) fn room(&mut self, unread: usize) -> &mut [u8] {
        &mut self.input[unread..]
    }

    /// So many bytes were received into the [room](Self::room). Where in the input they lie, with what was left before them.
    #[inline]
    pub(super) fn receive(&mut self, count: usize) -> Range<usize> {
        match self.leftover {
            Some(left) => left.input.receive(self.input, count),
            None => 0..count,
        }
    }

    /// The input, the store and the output of this turn.
    #[inline]
    pub(super) fn buffers(&mut self) -> (&[u8], &mut [u8], &mut [u8]) {
        let (input, store) = match self.leftover {
            Some(left) => (left.input.input(self.input), left.store.store(self.store)),
            None => (&*self.input, &mut *self.store),
        };
        (input, store, self.output)
    }

    /// Leaves what was not consumed, and the protocol's part of the store, in place of what was left. The turn has consumed
    /// `taken` bytes.
    #[inline]
    pub(super) fn keep(&mut self, unread: Range<usize>, taken: usize, stored: usize) {
        if !unread.is_empty() || stored > 0 || self.leftover.is_some() {
            self.replace(unread, taken, stored);
        }
    }

    #[cold]
    fn replace(&mut self, unread: Range<usize>, taken: usize, stored: usize) {
        let left = self.leftover.get_or_insert_default();
        left.store.keep(self.store, stored, taken);
        left.input.keep(self.input, unread);
        self.free();
    }

    /// Leaves what is behind the first `sent` bytes of the output, of which `written` are to be sent.
    #[cold]
    pub(super) fn keep_output(&mut self, sent: usize, written: usize) {
        let left = self.leftover.get_or_insert_default();
        left.output = self.output[sent..written].to_vec();
        left.sent = 0;
    }

    /// Of the output that was left, `sent` more bytes are sent. Returns how many still are not.
    pub(super) fn note_sent(&mut self, sent: usize) -> usize {
        let Some(left) = self.leftover else { return 0 };
        left.sent = left.sent.saturating_add(sent).min(left.output.len());
        let unsent = left.unsent().len();
        if unsent == 0 {
            (left.output, left.sent) = (Vec::new(), 0);
            self.free();
        }
        unsent
    }

    fn free(&mut self) {
        if self.leftover.as_ref().is_some_and(|left| left.is_empty()) {
            *self.leftover = None;
        }
    }
}
