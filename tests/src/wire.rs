//! Bytes written down so that a reader sees every one of them.
//!
//! | sign | stands for |
//! |---|---|
//! | `↵` | CR LF |
//! | `␍` `␊` | a CR, an LF on its own |
//! | `␀` `␉` `␡` | NUL, tab, DEL |
//! | `‖` | nothing: the message of interest begins here |
//! | `‸` | nothing: the byte of interest comes next |
//!
//! Any other character up to U+00FF stands for the byte of its number.

/// Bytes, and the places that were marked in them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wire {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Where `‖` stood, zero if it did not.
    pub start: usize,
    /// Where `‸` stood.
    pub mark: Option<usize>,
}

impl Wire {
    /// Reads the signs of the [module](self).
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut wire = Self::default();
        for sign in text.chars() {
            match sign {
                '↵' => wire.bytes.extend(b"\r\n"),
                '␍' => wire.bytes.push(b'\r'),
                '␊' => wire.bytes.push(b'\n'),
                '␀' => wire.bytes.push(0),
                '␉' => wire.bytes.push(b'\t'),
                '␡' => wire.bytes.push(0x7f),
                '‖' => wire.start = wire.bytes.len(),
                '‸' => wire.mark = Some(wire.bytes.len()),
                other => wire.bytes.push(u8::try_from(u32::from(other)).expect("a byte")),
            }
        }
        wire
    }

    /// The marked byte, counted from the start of the message; the end if none is marked.
    #[must_use]
    pub fn offset(&self) -> u64 {
        let mark = self.mark.unwrap_or(self.bytes.len());
        u64::try_from(mark - self.start).expect("a test is short")
    }
}

/// The bytes of `text`.
#[must_use]
pub fn bytes(text: &str) -> Vec<u8> {
    Wire::new(text).bytes
}
