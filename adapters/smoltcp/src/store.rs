//! What a connection keeps of an unfinished head, where the ring of its socket is smaller than a head may be.

use crate::socket::Socket;

/// At most `N` bytes, which come before those in the ring.
pub(crate) struct Store<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Store<N> {
    pub(crate) const EMPTY: Self = Self { bytes: [0; N], length: 0 };

    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }

    /// Copies what was kept and what has come to the socket behind one another. Returns how many bytes there are of each.
    pub(crate) fn gather(&self, socket: &mut Socket<'_, '_>, scratch: &mut [u8]) -> (usize, usize) {
        let kept = self.bytes();
        let Some((front, back)) = scratch.split_at_mut_checked(kept.len()) else { return (0, 0) };
        front.copy_from_slice(kept);
        (kept.len(), socket.peek(back).len())
    }

    /// Keeps `bytes` in place of those before. Whether they fit; if not, nothing changes.
    pub(crate) fn set(&mut self, bytes: &[u8]) -> bool {
        let place = self.bytes.get_mut(..bytes.len());
        let fits = place.is_some();
        if let Some(place) = place {
            place.copy_from_slice(bytes);
            self.length = bytes.len();
        }
        fits
    }

    /// Removes the first `count` bytes, if there are so many. Returns how many of them were not there.
    pub(crate) fn consume(&mut self, count: usize) -> usize {
        let removed = count.min(self.length);
        if removed > 0 {
            self.bytes.copy_within(removed..self.length, 0);
            self.length = self.length.saturating_sub(removed);
        }
        count.saturating_sub(removed)
    }
}
