//! What is sent behind a head: bytes, and parts of a file, one after the other.

use alloc::sync::Arc;
use alloc::vec;

use super::compression::Compressed;
use super::listing::Pieces;
use super::reader::FileReader;

/// A piece of a body.
#[derive(Debug)]
pub enum Segment {
    /// Bytes, and how many of them were given already.
    Bytes(Vec<u8>, usize),
    /// A compressed file, and how much of it was given already.
    Compressed(Arc<Compressed>, usize),
    /// What a reader still has to give.
    File(FileReader),
}

impl Segment {
    fn is_over(&self) -> bool {
        match self {
            Self::Bytes(bytes, given) => *given == bytes.len(),
            Self::Compressed(compressed, given) => *given == compressed.bytes().len(),
            Self::File(reader) => reader.remaining() == 0,
        }
    }
}

/// Segments in their order.
#[derive(Debug)]
pub struct Body {
    current: Option<Segment>,
    rest: Rest,
}

#[derive(Debug)]
enum Rest {
    Segments(vec::IntoIter<Segment>),
    /// Bytes that are written once the ones before are sent.
    Pieces(Pieces),
}

impl Body {
    /// A body of one segment.
    #[must_use]
    pub fn one(segment: Segment) -> Self {
        Self { current: Some(segment), rest: Rest::Segments(Vec::new().into_iter()) }
    }

    /// A body of several segments.
    #[must_use]
    pub fn of(segments: Vec<Segment>) -> Self {
        Self { current: None, rest: Rest::Segments(segments.into_iter()) }
    }

    /// The page of a directory.
    #[must_use]
    pub const fn of_pieces(pieces: Pieces) -> Self {
        Self { current: None, rest: Rest::Pieces(pieces) }
    }

    /// The segment that is to be sent from. `None`: all was given.
    pub fn current(&mut self) -> Option<&mut Segment> {
        while self.current.as_ref().is_none_or(Segment::is_over) {
            self.current = Some(match &mut self.rest {
                Rest::Segments(segments) => segments.next()?,
                Rest::Pieces(pieces) => Segment::Bytes(pieces.next()?, 0),
            });
        }
        self.current.as_mut()
    }
}
