//! What a protocol keeps in its store between two turns.

use super::copies::copy;

/// So many bytes are copied for each byte that is consumed, and it is still cheap.
const COPIES_PER_BYTE: usize = 16;

/// So many times the length of the store is copied beyond that before a connection gets a store of its own.
const STORES_COPIED: usize = 2;

/// The front of the store, as the last turn left it.
///
/// Most connections keep little, and for a few turns: that is copied out of the store, which all of them share, and back. But
/// then a long message that comes in small pieces is copied at each of them, which takes quadratic time. So whoever copies too
/// much for what it consumes gets a store of its own, until it keeps nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) enum Kept {
    #[default]
    Nothing,
    Copy {
        bytes: Vec<u8>,
        /// How many bytes were copied, less those that consumed bytes pay for.
        debt: usize,
    },
    Store(Box<[u8]>),
}

impl Kept {
    pub(super) const fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    /// The store for a turn: its own, or the shared one.
    pub(super) fn store<'s>(&'s mut self, shared: &'s mut [u8]) -> &'s mut [u8] {
        match self {
            Self::Store(own) => own,
            Self::Nothing | Self::Copy { .. } => shared,
        }
    }

    /// Puts what was kept at the front of the store.
    pub(super) fn restore(&self, shared: &mut [u8]) {
        if let Self::Copy { bytes, .. } = self {
            copy(bytes, &mut shared[..bytes.len()]);
        }
    }

    /// Keeps the first `stored` bytes of the store after a turn that consumed `taken` bytes of the input.
    pub(super) fn keep(&mut self, shared: &[u8], stored: usize, taken: usize) {
        let (mut bytes, debt) = match core::mem::take(self) {
            _ if stored == 0 => return,
            own @ Self::Store(_) => {
                *self = own;
                return;
            }
            Self::Copy { bytes, debt } => (bytes, debt),
            Self::Nothing => (Vec::new(), 0),
        };
        // Out of the store now, and back in the next turn.
        let copied = stored.saturating_mul(2);
        let debt = debt.saturating_add(copied).saturating_sub(taken.saturating_mul(COPIES_PER_BYTE));
        if debt > shared.len().saturating_mul(STORES_COPIED) {
            let mut own = vec![0; shared.len()];
            copy(&shared[..stored], &mut own[..stored]);
            *self = Self::Store(own.into_boxed_slice());
        } else {
            bytes.resize(stored, 0);
            copy(&shared[..stored], &mut bytes);
            *self = Self::Copy { bytes, debt };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::copies::COPIED;

    const STORE: usize = 16 * 1024;

    /// A message that comes in pieces of that length, and is kept until it is whole: how many bytes are copied, and the most
    /// memory.
    fn collect(message: usize, piece: usize) -> (usize, usize) {
        let text: Vec<u8> = (0..message).map(|at| (at % 251) as u8).collect();
        COPIED.set(0);
        let (mut kept, mut shared, mut memory) = (Kept::default(), vec![0; STORE], 0);
        let mut length = 0;
        while length < message {
            // Others use the store meanwhile.
            shared.fill(0xee);
            kept.restore(&mut shared);
            let store = kept.store(&mut shared);
            assert_eq!(store.len(), STORE);
            assert!(store[..length] == text[..length], "{length} of {message} in pieces of {piece}");
            let end = (length + piece).min(message);
            store[length..end].copy_from_slice(&text[length..end]);
            let taken = end - length;
            length = end;
            kept.keep(&shared, length, taken);
            memory = memory.max(match &kept {
                Kept::Nothing => 0,
                Kept::Copy { bytes, .. } => bytes.len(),
                Kept::Store(own) => own.len(),
            });
        }
        kept.keep(&shared, 0, 0);
        assert!(kept.is_nothing());
        (COPIED.get(), memory)
    }

    #[test]
    fn copies_are_linear_however_small_the_pieces_are() {
        for piece in [1, 2, 3, 7, 100, 1448, STORE] {
            for message in [1, 2, 50, 1000, 5000, STORE] {
                let (copied, _) = collect(message, piece);
                let most = (STORES_COPIED + 2) * STORE + COPIES_PER_BYTE * message;
                assert!(copied <= most, "{message} bytes in pieces of {piece}: {copied} copied, not {most}");
            }
        }
    }

    #[test]
    fn who_keeps_little_has_little_memory() {
        for (message, piece) in [(30, 1), (200, 20), (1000, 100), (STORE, 1448)] {
            let (_, memory) = collect(message, piece);
            assert_eq!(memory, message, "in pieces of {piece}");
        }
    }
}
