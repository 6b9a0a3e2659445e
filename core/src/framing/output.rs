//! Writing into a slice that may be too short.

use super::encoder::EncodeError;

/// The output of an encoder, and how far it is written.
pub(super) struct Output<'o> {
    bytes: &'o mut [u8],
    written: usize,
}

impl<'o> Output<'o> {
    pub(super) const fn new(bytes: &'o mut [u8]) -> Self {
        Self { bytes, written: 0 }
    }

    pub(super) const fn written(&self) -> usize {
        self.written
    }

    pub(super) fn put(&mut self, piece: &[u8]) -> Result<(), EncodeError> {
        let end = self.written.saturating_add(piece.len());
        self.bytes.get_mut(self.written..end).ok_or(EncodeError::NoRoom)?.copy_from_slice(piece);
        self.written = end;
        Ok(())
    }

    /// Both, or nothing.
    pub(super) fn put_both(&mut self, front: &[u8], behind: &[u8]) -> Result<(), EncodeError> {
        let before = self.written;
        let put = self.put(front).and_then(|()| self.put(behind));
        if put.is_err() {
            self.written = before;
        }
        put
    }

    /// Changes a byte that was written.
    pub(super) fn set(&mut self, at: usize, byte: u8) -> Result<(), EncodeError> {
        *self.bytes.get_mut(at).ok_or(EncodeError::NoRoom)? = byte;
        Ok(())
    }
}
