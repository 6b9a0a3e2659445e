//! Where one record of TLS ends and the next one begins (RFC 8446 §5.1, the same in TLS 1.2).

use std::io::{self, Read};

/// Type, version, and length of what follows.
const HEADER: u8 = 5;

/// How far into a record the bytes reach that have come.
///
/// rustls does not say whether it holds a part of a record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RecordPosition {
    /// Bytes of the header that have come.
    header: u8,
    /// Behind a whole header: how many bytes of the record are still to come. In the header: its length so far.
    length: u16,
}

impl RecordPosition {
    /// Has a part of a record come, and not its end?
    pub(crate) const fn is_inside(self) -> bool {
        self.header > 0
    }

    /// Reads from there, and follows what comes.
    pub(crate) const fn follow<R: Read>(&mut self, source: R) -> Followed<'_, R> {
        Followed { position: self, source }
    }

    fn advance(&mut self, mut bytes: &[u8]) {
        while let Some((&first, rest)) = bytes.split_first() {
            if self.header < HEADER {
                // The last two bytes are the length; those before are shifted out.
                self.length = self.length << 8 | u16::from(first);
                self.header += 1;
                bytes = rest;
            } else {
                let count = usize::from(self.length).min(bytes.len());
                self.length -= u16::try_from(count).unwrap_or(self.length);
                bytes = &bytes[count..];
            }
            if self.header == HEADER && self.length == 0 {
                *self = Self::default();
            }
        }
    }
}

/// Reads from a source, and follows where its records end.
pub(crate) struct Followed<'p, R> {
    position: &'p mut RecordPosition,
    source: R,
}

impl<R: Read> Read for Followed<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(into)?;
        self.position.advance(&into[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        /// However records are cut, it is inside but at their ends.
        #[test]
        fn ends_are_found_at_any_cut(
            lengths in vec(prop_oneof![Just(0), Just(1), Just(255), Just(256), 0..20_000_usize], 1..6),
            size in 1..30_000_usize,
        ) {
            let (mut bytes, mut ends) = (Vec::new(), vec![0]);
            for length in lengths {
                bytes.extend([23, 3, 3]);
                bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
                bytes.resize(bytes.len() + length, 0xff);
                ends.push(bytes.len());
            }
            let (mut position, mut at) = (RecordPosition::default(), 0);
            for piece in bytes.chunks(size) {
                let mut into = vec![0; size];
                at += position.follow(piece).read(&mut into).unwrap();
                prop_assert_eq!(position.is_inside(), !ends.contains(&at), "at {}", at);
            }
            prop_assert_eq!(at, bytes.len());
        }
    }
}
