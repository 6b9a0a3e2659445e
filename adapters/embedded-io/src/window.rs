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

    /// Everything there was taken, and there is room for what comes: all of the buffer.
    pub(crate) const fn clear(&mut self) -> &mut [u8] {
        (self.start, self.end) = (0, 0);
        self.buffer
    }

    /// The first `count` bytes of the room were filled. False if there were not so many.
    #[must_use]
    pub(crate) const fn fill(&mut self, count: usize) -> bool {
        if count > self.buffer.len() {
            return false;
        }
        self.end = count;
        true
    }
}
