//! Where content is collected.

use core::cell::Cell;
use core::fmt;

use crate::bytes;
use crate::http::service::handler::{HandlerError, Result};
use crate::http::status::Status;

/// A place for content, of bounded size: what [`collect`](crate::http::service::collect) fills.
pub trait Place {
    /// The most bytes that it holds.
    fn capacity(&self) -> usize;

    /// Appends a piece. `false`: it does not fit, and nothing was appended.
    #[must_use]
    fn put(&mut self, piece: &[u8]) -> bool;

    /// What was put there, to be read in place; parsers may write over it.
    fn bytes(&mut self) -> &mut [u8];
}

/// `N` bytes in the exchange itself.
///
/// ```
/// use wirenut::http::service::{Fixed, Place};
/// let mut place = Fixed::<4>::new();
/// assert!(place.put(b"abc"));
/// assert!(!place.put(b"de"), "five bytes do not fit");
/// assert_eq!(place.bytes(), b"abc");
/// ```
#[derive(Clone, Debug)]
pub struct Fixed<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Fixed<N> {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; N], length: 0 }
    }
}

impl<const N: usize> Default for Fixed<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Place for Fixed<N> {
    fn capacity(&self) -> usize {
        N
    }

    fn put(&mut self, piece: &[u8]) -> bool {
        append(&mut self.bytes, &mut self.length, piece)
    }

    fn bytes(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.length).unwrap_or(&mut [])
    }
}

/// Memory for as many contents at a time as it has buffers, whatever the number of connections. For one thread.
///
/// ```
/// use wirenut::http::service::{Place, Pool};
/// let mut buffer = [0; 1024];
/// let pool = Pool::new([&mut buffer]);
/// let mut lent = pool.lend().unwrap();
/// assert!(lent.put(b"hello"));
/// assert!(pool.lend().is_err(), "there is one buffer only");
/// drop(lent);
/// assert!(pool.lend().is_ok());
/// ```
pub struct Pool<'m, const K: usize> {
    buffers: [Cell<Option<&'m mut [u8]>>; K],
}

impl<'m, const K: usize> Pool<'m, K> {
    /// Lends these.
    #[must_use]
    pub fn new(buffers: [&'m mut [u8]; K]) -> Self {
        Self { buffers: buffers.map(|buffer| Cell::new(Some(buffer))) }
    }

    /// One of the buffers. It comes back when it is dropped.
    ///
    /// # Errors
    /// 503 if all are lent.
    pub fn lend(&self) -> Result<Lent<'_, 'm>> {
        let lent = self.buffers.iter().find_map(|home| Some(Lent { bytes: Some(home.take()?), home, length: 0 }));
        lent.ok_or(HandlerError::Status(Status::SERVICE_UNAVAILABLE))
    }
}

impl<const K: usize> fmt::Debug for Pool<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("buffers", &K).finish_non_exhaustive()
    }
}

/// A buffer of a [`Pool`].
pub struct Lent<'p, 'm> {
    home: &'p Cell<Option<&'m mut [u8]>>,
    bytes: Option<&'m mut [u8]>,
    length: usize,
}

impl Drop for Lent<'_, '_> {
    fn drop(&mut self) {
        self.home.set(self.bytes.take());
    }
}

impl Place for Lent<'_, '_> {
    fn capacity(&self) -> usize {
        self.bytes.as_deref().map_or(0, <[u8]>::len)
    }

    fn put(&mut self, piece: &[u8]) -> bool {
        append(self.bytes.as_deref_mut().unwrap_or(&mut []), &mut self.length, piece)
    }

    fn bytes(&mut self) -> &mut [u8] {
        self.bytes.as_deref_mut().and_then(|bytes| bytes.get_mut(..self.length)).unwrap_or(&mut [])
    }
}

impl fmt::Debug for Lent<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent").field("capacity", &self.capacity()).field("length", &self.length).finish()
    }
}

fn append(bytes: &mut [u8], length: &mut usize, piece: &[u8]) -> bool {
    let end = length.saturating_add(piece.len());
    let Some(place) = bytes.get_mut(*length..end) else { return false };
    bytes::copy(piece, place);
    *length = end;
    true
}
