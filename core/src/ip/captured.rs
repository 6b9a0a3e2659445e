//! Bytes of a packet, of which a capture may hold only the first.

/// The first bytes of something, and how long it was on the wire.
///
/// ```
/// use wirenut::ip::Captured;
/// let captured = Captured::cut(b"GET / HT", 1_460);
/// assert_eq!((captured.bytes(), captured.length()), (&b"GET / HT"[..], 1_460));
/// assert_eq!((captured.missing(), captured.is_whole()), (1_452, false));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Captured<'p> {
    bytes: &'p [u8],
    length: usize,
}

impl<'p> Captured<'p> {
    /// All of it was captured.
    #[must_use]
    pub const fn whole(bytes: &'p [u8]) -> Self {
        Self { bytes, length: bytes.len() }
    }

    /// It was `length` bytes long on the wire, and these are the first of them. A length below their number counts as
    /// their number.
    #[must_use]
    pub const fn cut(bytes: &'p [u8], length: usize) -> Self {
        Self { bytes, length: if length < bytes.len() { bytes.len() } else { length } }
    }

    /// What was captured.
    #[must_use]
    pub const fn bytes(self) -> &'p [u8] {
        self.bytes
    }

    /// How many bytes there were on the wire.
    #[must_use]
    pub const fn length(self) -> usize {
        self.length
    }

    /// How many bytes were not captured.
    #[must_use]
    pub const fn missing(self) -> usize {
        self.length.saturating_sub(self.bytes.len())
    }

    /// Was all of it captured?
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.missing() == 0
    }

    /// What lies behind the first `count` bytes, which may be missing themselves.
    #[inline]
    pub(crate) fn behind(self, count: usize) -> Self {
        Self { bytes: self.bytes.get(count..).unwrap_or(&[]), length: self.length.saturating_sub(count) }
    }

    /// The first `length` bytes of it: of more than there are, all.
    #[inline]
    pub(crate) fn first(self, length: usize) -> Self {
        Self { bytes: self.bytes.get(..length).unwrap_or(self.bytes), length: self.length.min(length) }
    }

    /// A header at its beginning, if it was captured.
    #[inline]
    pub(crate) fn header<const N: usize>(self) -> Option<&'p [u8; N]> {
        self.bytes.first_chunk()
    }
}
