//! Writes a form, piece by piece.

use core::fmt;

use super::boundary::Boundary;
use super::delimiter::{Found, Search};
use crate::bytes;

/// What is written of one part before its content.
///
/// ```
/// use wirenut::http::multipart::PartHead;
/// let file = PartHead::new(b"photo").with_filename(b"a \"cat\".png").with_content_type(b"image/png");
/// assert_eq!(file.length(), 101);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PartHead<'a> {
    /// The name of the form's field, not escaped.
    pub name: &'a [u8],
    /// The name of the file, not escaped, if it is one.
    pub filename: Option<&'a [u8]>,
    /// The value of its Content-Type field, if it has one.
    pub content_type: Option<&'a [u8]>,
}

/// Why a [`Writer`] wrote nothing. The same writer may be used on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum WriteError {
    /// There is no room; the same call works once there is.
    Full,
    /// A name holds a control other than tab, CR and LF, or one of `%22`, `%0D` and `%0A`, which readers take for the
    /// characters that they stand for.
    InvalidName,
    /// A media type is empty, has a control in it, or white space around it.
    InvalidContentType,
    /// The content of the part holds the boundary: begin again with another one.
    BoundaryInContent,
    /// There is no part that has begun.
    NoPart,
    /// The form is complete.
    Finished,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "no room in the output buffer",
            Self::InvalidName => {
                "name of a part or file that cannot be written (HTML, multipart/form-data encoding algorithm)"
            }
            Self::InvalidContentType => "invalid media type of a part (RFC 9110 5.5)",
            Self::BoundaryInContent => "boundary in the content of a part (RFC 2046 5.1.1)",
            Self::NoPart => "content without a part",
            Self::Finished => "part behind the closing delimiter",
        })
    }
}

impl core::error::Error for WriteError {}

/// Makes the content of a form: for each part [`Self::begin_part`] and its content by [`Self::write`], then
/// [`Self::finish`]. What it writes, a [`Parser`](super::Parser) reads as the same parts.
///
/// ```
/// use wirenut::http::multipart::{Boundary, PartHead, Writer};
/// let boundary = Boundary::new(b"x").unwrap();
/// let mut writer = Writer::new(boundary);
/// let (mut out, mut length) = ([0; 200], 0);
/// let part = PartHead::new(b"a");
/// length += writer.begin_part(&part, &mut out[length..])?;
/// length += writer.write(b"hello", &mut out[length..])?;
/// length += writer.finish(&mut out[length..])?;
/// assert_eq!(&out[..length], b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhello\r\n--x--\r\n");
/// assert_eq!(boundary.form_length([(part, 5)]), u64::try_from(length).ok());
/// # Ok::<(), wirenut::http::multipart::WriteError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Writer {
    boundary: Boundary,
    search: Search,
    stage: Stage,
}

/// Takes a piece, if there is room.
type Put<'p> = dyn FnMut(&[u8]) -> Option<()> + 'p;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Empty,
    Part,
    Finished,
}

const DISPOSITION: &[u8] = b"Content-Disposition: form-data; name=\"";
const FILENAME: &[u8] = b"\"; filename=\"";
const CONTENT_TYPE: &[u8] = b"\r\nContent-Type: ";
const CRLF: &[u8] = b"\r\n";
const CLOSE: &[u8] = b"--\r\n";

impl<'a> PartHead<'a> {
    /// That of a field.
    #[must_use]
    pub const fn new(name: &'a [u8]) -> Self {
        Self { name, filename: None, content_type: None }
    }

    /// The same for a file of this name.
    #[must_use]
    pub const fn with_filename(self, filename: &'a [u8]) -> Self {
        Self { filename: Some(filename), ..self }
    }

    /// The same with this media type.
    #[must_use]
    pub const fn with_content_type(self, content_type: &'a [u8]) -> Self {
        Self { content_type: Some(content_type), ..self }
    }

    /// Bytes of the head as it is written, without the delimiter before it.
    #[must_use]
    pub fn length(&self) -> u64 {
        let mut counted = 0_u64;
        self.put(&mut |piece| {
            counted = counted.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
            Some(())
        });
        counted
    }

    /// Gives the head to `put` in pieces.
    fn put(&self, put: &mut Put<'_>) -> Option<()> {
        put(DISPOSITION)?;
        escape(self.name, put)?;
        if let Some(filename) = self.filename {
            put(FILENAME)?;
            escape(filename, put)?;
        }
        put(b"\"")?;
        if let Some(content_type) = self.content_type {
            put(CONTENT_TYPE)?;
            put(content_type)?;
        }
        put(b"\r\n\r\n")
    }

    fn check(&self) -> Result<(), WriteError> {
        if !is_writable(self.name) || !self.filename.is_none_or(is_writable) {
            return Err(WriteError::InvalidName);
        }
        let is_media_type =
            |value: &[u8]| !value.is_empty() && bytes::is_field_value(value) && bytes::trim(value) == value;
        if self.content_type.is_none_or(is_media_type) { Ok(()) } else { Err(WriteError::InvalidContentType) }
    }
}

fn is_writable(name: &[u8]) -> bool {
    let is_sound = |byte: &u8| matches!(byte, b'\r' | b'\n') || bytes::has_class(*byte, bytes::FIELD_VALUE);
    name.iter().all(is_sound) && !name.windows(3).any(|three| matches!(three, b"%22" | b"%0D" | b"%0A"))
}

/// A name as browsers write it.
fn escape(name: &[u8], put: &mut Put<'_>) -> Option<()> {
    for piece in name.split_inclusive(|byte| matches!(byte, b'"' | b'\r' | b'\n')) {
        let (plain, escaped): (_, &[u8]) = match piece {
            [plain @ .., b'"'] => (plain, b"%22"),
            [plain @ .., b'\r'] => (plain, b"%0D"),
            [plain @ .., b'\n'] => (plain, b"%0A"),
            plain => (plain, b""),
        };
        put(plain)?;
        put(escaped)?;
    }
    Some(())
}

impl Boundary {
    /// The length of a form with these parts, each with the length of its content: what its Content-Length says. `None` if that
    /// is above `u64::MAX`.
    #[must_use]
    pub fn form_length<'a>(&self, parts: impl IntoIterator<Item = (PartHead<'a>, u64)>) -> Option<u64> {
        let delimiter = u64::try_from(self.delimiter().len()).ok()?;
        let mut length = delimiter.checked_add(4)?;
        for (head, content) in parts {
            length = length.checked_add(delimiter)?.checked_add(2)?.checked_add(head.length())?.checked_add(content)?;
        }
        // No line end stands before the first delimiter.
        length.checked_sub(2)
    }
}

impl Writer {
    /// A form of which nothing is written.
    #[must_use]
    pub const fn new(boundary: Boundary) -> Self {
        Self { boundary, search: Search::START, stage: Stage::Empty }
    }

    /// Ends the part before, if there is one, and writes the head of the next one: all of it, or nothing. Returns its
    /// length, with the delimiter.
    ///
    /// # Errors
    /// Each [`WriteError`] but those about content and [`WriteError::NoPart`]. Nothing was written.
    pub fn begin_part(&mut self, part: &PartHead<'_>, out: &mut [u8]) -> Result<usize, WriteError> {
        if self.stage == Stage::Finished {
            return Err(WriteError::Finished);
        }
        part.check()?;
        let written = write_all(out, |put| {
            put(self.delimiter())?;
            put(CRLF)?;
            part.put(put)
        })?;
        self.stage = Stage::Part;
        self.search = Search::START;
        Ok(written)
    }

    /// Copies as much of a piece of content as there is room for, and returns how much that is.
    ///
    /// Content may also go another way, past the writer; then nobody looks for the boundary in it.
    ///
    /// # Errors
    /// [`WriteError::BoundaryInContent`] if the piece, behind those before it, holds a delimiter, or begins with one; with CRLF
    /// or a LF alone before it. Nothing of the piece was written. [`WriteError::NoPart`].
    pub fn write(&mut self, piece: &[u8], out: &mut [u8]) -> Result<usize, WriteError> {
        if self.stage != Stage::Part {
            return Err(WriteError::NoPart);
        }
        let length = piece.len().min(out.len());
        let piece = piece.get(..length).unwrap_or(piece);
        let mut search = self.search;
        let mut rest = piece;
        loop {
            let (used, found) = search.next(&self.boundary, rest);
            match found {
                Found::Delimiter(_) => return Err(WriteError::BoundaryInContent),
                Found::NeedMore => break,
                Found::Content(_) | Found::Held(..) => rest = bytes::from(rest, used),
            }
        }
        self.search = search;
        if let Some(place) = out.get_mut(..length) {
            place.copy_from_slice(piece);
        }
        Ok(length)
    }

    /// Ends the last part and the form: all of it, or nothing. Returns how much was written.
    ///
    /// # Errors
    /// [`WriteError::Full`], [`WriteError::Finished`].
    pub fn finish(&mut self, out: &mut [u8]) -> Result<usize, WriteError> {
        if self.stage == Stage::Finished {
            return Err(WriteError::Finished);
        }
        let written = write_all(out, |put| {
            put(self.delimiter())?;
            put(CLOSE)
        })?;
        self.stage = Stage::Finished;
        Ok(written)
    }

    /// The next delimiter; the first one has no line end before it.
    fn delimiter(&self) -> &[u8] {
        bytes::from(self.boundary.delimiter(), if self.stage == Stage::Empty { CRLF.len() } else { 0 })
    }
}

/// Writes what `make` puts, or fails.
fn write_all(out: &mut [u8], make: impl FnOnce(&mut Put<'_>) -> Option<()>) -> Result<usize, WriteError> {
    let mut length = 0_usize;
    make(&mut |piece| {
        let end = length.wrapping_add(piece.len());
        out.get_mut(length..end)?.copy_from_slice(piece);
        length = end;
        Some(())
    })
    .ok_or(WriteError::Full)?;
    Ok(length)
}
