//! What a message is read from.

use crate::bytes;

/// What came from the peer and is not consumed, and the store of the head that is read. Whoever reads consumes the first bytes.
pub(crate) struct Incoming<'i, 's> {
    pub(crate) rest: &'i [u8],
    pub(crate) store: &'s mut [u8],
}

impl Incoming<'_, '_> {
    /// So many more bytes are consumed.
    #[inline]
    pub(crate) fn consume(&mut self, count: usize) {
        self.rest = bytes::from(self.rest, count);
    }
}
