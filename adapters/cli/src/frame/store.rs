//! Memory for what comes in pieces. It grows with what has come, so that a large `--limit` takes nothing by itself.

use std::io::ErrorKind;

use crate::failure::Failure;

/// How many bytes a decoder may hold back of one input and give out with the next: part of a delimiter, for example.
const HELD_BACK: usize = 64;

/// The beginning of an item, as long as it is not complete.
pub(super) struct Store {
    bytes: Vec<u8>,
    max: usize,
}

impl Store {
    /// For items of at most so many bytes, with their checksums.
    pub(super) const fn new(max: usize) -> Self {
        Self { bytes: Vec::new(), max }
    }

    /// The bytes, with room for an input of so many bytes behind the first `kept`, as far as an item may be so long.
    pub(super) fn lend(&mut self, kept: usize, input: usize) -> Result<&mut [u8], Failure> {
        let wanted = kept.saturating_add(input).saturating_add(HELD_BACK).min(self.max);
        if wanted > self.bytes.len() {
            let length = self.bytes.len().saturating_mul(2).clamp(wanted, self.max);
            grow(&mut self.bytes, length)?;
        }
        Ok(&mut self.bytes)
    }

    /// What has come.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Makes `bytes` at least so long.
pub(super) fn grow(bytes: &mut Vec<u8>, length: usize) -> Result<(), Failure> {
    let more = length.saturating_sub(bytes.len());
    bytes
        .try_reserve(more)
        .map_err(|_| Failure::System { what: "hold an item in memory", error: ErrorKind::OutOfMemory.into() })?;
    bytes.resize(length.max(bytes.len()), 0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_grows_with_what_has_come_up_to_the_longest_item() {
        let mut store = Store::new(1 << 20);
        assert!(store.bytes().is_empty());
        store.lend(0, 10).unwrap()[0] = 7;
        assert!((10..200).contains(&store.bytes().len()));
        assert_eq!(store.lend(1000, 100).unwrap()[0], 7);
        assert!((1100..2000).contains(&store.bytes().len()));
        assert_eq!(store.lend((1 << 20) - 1, 1 << 16).unwrap().len(), 1 << 20);
        assert!(
            Store::new(usize::MAX).lend(usize::MAX / 2, 1).unwrap_err().to_string().starts_with("cannot hold an item")
        );
    }
}
