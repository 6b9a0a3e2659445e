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
pub struct Body<'b> {
    source: Source<'b>,
    progress: Option<Progress<'b>>,
    /// Bytes that were read of it since its beginning.
    read: u64,
}

/// Learns how many bytes were read, and how many there are if that is known.
type Progress<'b> = Box<dyn FnMut(u64, Option<u64>) + 'b>;

enum Source<'b> {
    Bytes(Cow<'b, [u8]>),
    Reader { reader: Box<dyn Read + 'b>, length: Option<u64> },
    Seekable { reader: Box<dyn ReadSeek + 'b>, length: u64, start: u64 },
}

impl Default for Source<'_> {
    fn default() -> Self {
        Self::Bytes(Cow::Borrowed(&[]))
    }
}

trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

impl<'b> From<Source<'b>> for Body<'b> {
    fn from(source: Source<'b>) -> Self {
        Self { source, progress: None, read: 0 }
    }
}

impl<'b> Body<'b> {
    /// What a reader gives, up to its end, in chunks. It cannot be sent a second time, once a byte of it was read: so a
    /// redirect that would need that is refused.
    #[must_use]
    pub fn reader(reader: impl Read + 'b) -> Self {
        Source::Reader { reader: Box::new(reader), length: None }.into()
    }

    /// The first `length` bytes of a reader. If it has fewer, the request fails; it does not read more.
    #[must_use]
    pub fn reader_with_length(reader: impl Read + 'b, length: u64) -> Self {
        Source::Reader { reader: Box::new(reader), length: Some(length) }.into()
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
        Ok(Source::Seekable { reader: Box::new(reader), length: end.saturating_sub(start), start }.into())
    }

    /// A file from its position to its end; what is no regular file, in chunks.
    ///
    /// # Errors
    /// Those of the file.
    pub fn file(file: File) -> io::Result<Self> {
        if file.metadata()?.is_file() { Self::seekable(file) } else { Ok(Self::reader(file)) }
    }

    /// Calls `progress` after each piece that was read to be sent, with the number of bytes so far, and of all if that is
    /// known. They begin anew where the content is sent a second time.
    ///
    /// ```
    /// use wirenut_client::Body;
    /// let body = Body::from("hello").with_progress(|done, total| println!("{done} of {total:?} bytes"));
    /// assert_eq!(body.length(), Some(5));
    /// ```
    #[must_use]
    pub fn with_progress(self, progress: impl FnMut(u64, Option<u64>) + 'b) -> Self {
        Self { progress: Some(Box::new(progress)), ..self }
    }

    /// Its length in bytes, where that is known.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        match &self.source {
            Source::Bytes(bytes) => u64::try_from(bytes.len()).ok(),
            Source::Reader { length, .. } => *length,
            Source::Seekable { length, .. } => Some(*length),
        }
    }

    /// Makes it ready to be sent from its beginning. False if it cannot be.
    pub(crate) fn rewind(&mut self) -> bool {
        let is_ready = match &mut self.source {
            Source::Bytes(_) => true,
            Source::Reader { .. } => self.read == 0,
            Source::Seekable { reader, start, .. } => reader.seek(SeekFrom::Start(*start)).is_ok(),
        };
        if is_ready {
            self.read = 0;
        }
        is_ready
    }
}

impl Read for Body<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.source {
            Source::Bytes(bytes) => {
                let taken = usize::try_from(self.read).unwrap_or(usize::MAX);
                bytes.get(taken..).unwrap_or_default().read(into)?
            }
            Source::Reader { reader, .. } => reader.read(into)?,
            Source::Seekable { reader, .. } => reader.read(into)?,
        };
        self.read += u64::try_from(count).unwrap_or(0);
        let length = self.length();
        if let Some(progress) = &mut self.progress {
            progress(self.read, length);
        }
        Ok(count)
    }
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("length", &self.length()).finish_non_exhaustive()
    }
}

impl<'b> From<&'b [u8]> for Body<'b> {
    fn from(bytes: &'b [u8]) -> Self {
        Source::Bytes(Cow::Borrowed(bytes)).into()
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
        Source::Bytes(Cow::Owned(bytes)).into()
    }
}

impl From<String> for Body<'_> {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}
