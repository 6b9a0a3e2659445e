//! What is sent behind a head: bytes that are there, and parts of a file, one after the other.

use alloc::vec;

use super::reader::FileReader;

/// A piece of a body.
#[derive(Debug)]
pub enum Segment {
    /// Bytes, and how many of them were given already.
    Bytes(Vec<u8>, usize),
    /// What a reader still has to give.
    File(FileReader),
}

impl Segment {
    fn is_over(&self) -> bool {
        match self {
            Self::Bytes(bytes, given) => *given == bytes.len(),
            Self::File(reader) => reader.remaining() == 0,
        }
    }
}

/// Segments in their order.
#[derive(Debug)]
pub struct Body {
    current: Option<Segment>,
    rest: vec::IntoIter<Segment>,
}

impl Body {
    /// A body of one segment.
    #[must_use]
    pub fn one(segment: Segment) -> Self {
        Self { current: Some(segment), rest: Vec::new().into_iter() }
    }

    /// A body of several segments.
    #[must_use]
    pub fn of(segments: Vec<Segment>) -> Self {
        Self { current: None, rest: segments.into_iter() }
    }

    /// The segment that is to be sent from. `None`: all was given.
    pub fn current(&mut self) -> Option<&mut Segment> {
        while self.current.as_ref().is_none_or(Segment::is_over) {
            self.current = Some(self.rest.next()?);
        }
        self.current.as_mut()
    }
}
