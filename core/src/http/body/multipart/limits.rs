//! How much of a form is accepted.

/// Bounds of one form. All of them hold whatever the cut; what is beyond one is an error at the first byte beyond it.
///
/// ```
/// use wirenut::http::multipart::Limits;
/// const PHOTOS: Limits = Limits { parts: 10, part_bytes: 8 << 20, ..Limits::DEFAULT };
/// assert_eq!(PHOTOS.head_bytes, 4096);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// Bytes before the first delimiter, its line end not counted.
    ///
    /// Default: `1024`.
    pub preamble_bytes: u32,
    /// Spaces and tabs behind one boundary.
    ///
    /// Default: `128`.
    pub padding_bytes: u32,
    /// Bytes of one part's head: its field lines and the empty line, line ends included. Where the store is shorter, its
    /// length is the bound.
    ///
    /// Default: `4 * 1024`.
    pub head_bytes: u32,
    /// How many parts.
    ///
    /// Default: `100`.
    pub parts: u32,
    /// Bytes of one part's content, of a part that is skipped, too.
    ///
    /// Default: `1 << 40`.
    pub part_bytes: u64,
    /// Bytes behind the line of the closing delimiter.
    ///
    /// Default: `1024`.
    pub epilogue_bytes: u32,
}

impl Limits {
    /// Sane bounds for a machine with memory to spare.
    pub const DEFAULT: Self = Self {
        preamble_bytes: 1024,
        padding_bytes: 128,
        head_bytes: 4 * 1024,
        parts: 100,
        part_bytes: 1 << 40,
        epilogue_bytes: 1024,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
