//! The unread bytes of a buffer.

/// A buffer, and the part of it that was filled and not taken.
pub(crate) struct Window<'b> {
    buffer: &'b mut [u8],
    start: usize,
    end: usize,
}

impl<'b> Window<'b> {
    pub(crate) const fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, start: 0, end: 0 }
    }

    /// What is there.
    pub(crate) fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or(&[])
    }

    /// The first `count` bytes of that were taken.
    pub(crate) fn take(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
    }

    /// What is there, at the start of the buffer, and the room behind it.
    pub(crate) fn split(&mut self) -> (&[u8], &mut [u8]) {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end.saturating_sub(self.start));
        let (unread, room) = self.buffer.split_at_mut(self.end);
        (unread, room)
    }

    /// Is there no room, and none to be had by moving what is there?
    pub(crate) fn is_full(&self) -> bool {
        self.unread().len() >= self.buffer.len()
    }

    /// Lets `drop` drop some of what is there; it says how many bytes are left, at the front.
    pub(crate) fn compact<E>(&mut self, drop: impl FnOnce(&mut [u8]) -> Result<usize, E>) -> Result<(), E> {
        let left = drop(self.buffer.get_mut(self.start..self.end).unwrap_or(&mut []))?;
        self.end = self.end.min(self.start.saturating_add(left));
        Ok(())
    }

    /// The first `count` bytes of the room were filled. False if there were not so many.
    #[must_use]
    pub(crate) const fn fill(&mut self, count: usize) -> bool {
        if count > self.buffer.len().saturating_sub(self.end) {
            return false;
        }
        self.end = self.end.saturating_add(count);
        true
    }
}
