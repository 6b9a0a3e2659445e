//! The content of a request.

use alloc::borrow::Cow;
use core::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// The content of a request: bytes, or what a reader gives, piece by piece. A reader that blocks holds up the request: no
/// deadline ends its wait.
///
/// ```
/// use wirenut_client::Body;
/// assert_eq!(Body::from("hello").length(), Some(5));
/// assert_eq!(Body::reader(std::io::stdin()).length(), None);
/// ```
#[derive(Default)]
pub struct Body<'b>(Kind<'b>);

enum Kind<'b> {
    Bytes { bytes: Cow<'b, [u8]>, taken: usize },
    Reader { reader: Box<dyn Read + 'b>, length: Option<u64>, is_begun: bool },
    Seekable { reader: Box<dyn ReadSeek + 'b>, length: u64, start: u64 },
}

impl Default for Kind<'_> {
    fn default() -> Self {
        Self::Bytes { bytes: Cow::Borrowed(&[]), taken: 0 }
    }
}

trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

impl<'b> Body<'b> {
    /// What a reader gives, up to its end, in chunks. It cannot be sent a second time, once a byte of it was read: so a
    /// redirect that would need that is refused.
    #[must_use]
    pub fn reader(reader: impl Read + 'b) -> Self {
        Self(Kind::Reader { reader: Box::new(reader), length: None, is_begun: false })
    }

    /// So many bytes of what a reader gives. If they are fewer, the request fails; what is more is not read.
    #[must_use]
    pub fn reader_with_length(reader: impl Read + 'b, length: u64) -> Self {
        Self(Kind::Reader { reader: Box::new(reader), length: Some(length), is_begun: false })
    }

    /// What a reader gives from its position to its end; it can be sent again.
    ///
    /// ```
    /// use std::io::Cursor;
    /// let body = wirenut_client::Body::seekable(Cursor::new("hello"))?;
    /// assert_eq!(body.length(), Some(5));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the reader, which is a pipe for example.
    pub fn seekable(mut reader: impl Read + Seek + 'b) -> io::Result<Self> {
        let start = reader.stream_position()?;
        let end = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(start))?;
        Ok(Self(Kind::Seekable { reader: Box::new(reader), length: end.saturating_sub(start), start }))
    }

    /// A file from its position to its end; what is no regular file, in chunks.
    ///
    /// # Errors
    /// Those of the file.
    pub fn file(file: File) -> io::Result<Self> {
        if file.metadata()?.is_file() { Self::seekable(file) } else { Ok(Self::reader(file)) }
    }

    /// Its length in bytes, where that is known.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        match &self.0 {
            Kind::Bytes { bytes, .. } => u64::try_from(bytes.len()).ok(),
            Kind::Reader { length, .. } => *length,
            Kind::Seekable { length, .. } => Some(*length),
        }
    }

    /// Makes it ready to be sent from its beginning. False if it cannot be.
    pub(crate) fn rewind(&mut self) -> bool {
        match &mut self.0 {
            Kind::Bytes { taken, .. } => {
                *taken = 0;
                true
            }
            Kind::Reader { is_begun, .. } => !*is_begun,
            Kind::Seekable { reader, start, .. } => reader.seek(SeekFrom::Start(*start)).is_ok(),
        }
    }
}

impl Read for Body<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Kind::Bytes { bytes, taken } => {
                let count = (&bytes[*taken..]).read(into)?;
                *taken += count;
                Ok(count)
            }
            Kind::Reader { reader, is_begun, .. } => {
                *is_begun = true;
                reader.read(into)
            }
            Kind::Seekable { reader, .. } => reader.read(into),
        }
    }
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("length", &self.length()).finish_non_exhaustive()
    }
}

impl<'b> From<&'b [u8]> for Body<'b> {
    fn from(bytes: &'b [u8]) -> Self {
        Self(Kind::Bytes { bytes: Cow::Borrowed(bytes), taken: 0 })
    }
}

impl<'b> From<&'b str> for Body<'b> {
    fn from(text: &'b str) -> Self {
        text.as_bytes().into()
    }
}

impl<'b, const N: usize> From<&'b [u8; N]> for Body<'b> {
    fn from(bytes: &'b [u8; N]) -> Self {
        bytes[..].into()
    }
}

impl From<Vec<u8>> for Body<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Kind::Bytes { bytes: Cow::Owned(bytes), taken: 0 })
    }
}

impl From<String> for Body<'_> {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}
