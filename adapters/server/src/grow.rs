//! Content that is collected in memory which grows as it comes.

use alloc::vec::Vec;

use wirenut::http::service::Place;

/// A place for content that takes memory as the content comes, and never more than so many bytes.
///
/// ```
/// use wirenut::http::service::{Place, collect, routes};
/// use wirenut_server::Grow;
///
/// let service = routes!((), post("/items", |_, request, _| {
///     collect(request, Grow::up_to(65_536), |_, content, responder| {
///         responder.text(if content.is_empty() { "nothing\n" } else { "something\n" })
///     })
/// }));
/// # let _ = service;
///
/// let mut place = Grow::up_to(4);
/// assert!(place.put(b"abc"));
/// assert!(!place.put(b"de"), "five bytes are too many");
/// assert_eq!(place.bytes(), b"abc");
/// ```
#[derive(Clone, Debug)]
pub struct Grow {
    bytes: Vec<u8>,
    capacity: usize,
}

impl Grow {
    /// An empty place for at most `capacity` bytes.
    #[must_use]
    pub const fn up_to(capacity: usize) -> Self {
        Self { bytes: Vec::new(), capacity }
    }
}

impl Place for Grow {
    fn capacity(&self) -> usize {
        self.capacity
    }

    fn put(&mut self, piece: &[u8]) -> bool {
        let fits = self.bytes.len().saturating_add(piece.len()) <= self.capacity;
        if fits {
            self.bytes.extend_from_slice(piece);
        }
        fits
    }

    fn bytes(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}
