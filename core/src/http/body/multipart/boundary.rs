//! What stands between parts.

use core::fmt;

use super::parameters::Parameters;
use super::text::Escapes;
use crate::bytes;

/// What stands before the boundary in a delimiter.
const BEFORE: [u8; 4] = *b"\r\n--";

/// A boundary and what stands before it.
const MAX_DELIMITER: usize = BEFORE.len().saturating_add(Boundary::MAX);

/// The text that delimits the parts of a form: 1 to 70 bytes (RFC 2046 §5.1.1), owned, 75 bytes in size.
///
/// It is owned because it must live for as long as the content comes, when the head of the request is long gone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Boundary {
    /// CR, LF, two hyphens, and the boundary.
    delimiter: [u8; MAX_DELIMITER],
    /// How many of these bytes count.
    length: u8,
}

/// Why there is no boundary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum BoundaryError {
    /// The media type is another one: answer 415.
    NotFormData,
    /// There is no boundary parameter, there are two, or the parameters are malformed: answer 400.
    InvalidParameters,
    /// It is empty or longer than 70 bytes, has a byte that no boundary may have, or ends with a space: answer 400.
    InvalidBoundary,
}

impl fmt::Display for BoundaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFormData => "media type other than multipart/form-data (RFC 7578 4)",
            Self::InvalidParameters => "multipart/form-data without one boundary parameter (RFC 7578 4.1)",
            Self::InvalidBoundary => "boundary that is not 1 to 70 of the characters allowed (RFC 2046 5.1.1)",
        })
    }
}

impl core::error::Error for BoundaryError {}

impl Boundary {
    /// The most bytes of a boundary.
    pub const MAX: usize = 70;

    /// Checks a boundary: 1 to 70 letters, digits, and `'()+_,-./:=?` or spaces, the last one no space.
    ///
    /// # Errors
    /// [`BoundaryError::InvalidBoundary`].
    ///
    /// ```
    /// use wirenut::http::multipart::Boundary;
    /// assert_eq!(Boundary::new(b"a b").unwrap().as_bytes(), b"a b");
    /// assert!(Boundary::new(b"a ").is_err() && Boundary::new(b"").is_err() && Boundary::new(b"\"").is_err());
    /// ```
    pub fn new(boundary: &[u8]) -> Result<Self, BoundaryError> {
        Self::of(boundary.iter().copied())
    }

    /// Reads the value of a Content-Type field.
    ///
    /// # Errors
    /// Each [`BoundaryError`].
    ///
    /// ```
    /// use wirenut::http::multipart::{Boundary, BoundaryError};
    /// let boundary = Boundary::from_content_type(b"multipart/form-data; boundary=\"--a:b\"").unwrap();
    /// assert_eq!(boundary.as_bytes(), b"--a:b");
    /// let other = Boundary::from_content_type(b"application/json");
    /// assert_eq!(other, Err(BoundaryError::NotFormData));
    /// ```
    pub fn from_content_type(value: &[u8]) -> Result<Self, BoundaryError> {
        let (media_type, parameters) = Parameters::split(value, Escapes::Backslash);
        if !media_type.eq_ignore_ascii_case(b"multipart/form-data") {
            return Err(BoundaryError::NotFormData);
        }
        let mut found = None;
        for parameter in parameters {
            let (name, text) = parameter.map_err(|_| BoundaryError::InvalidParameters)?;
            if name.eq_ignore_ascii_case(b"boundary") && found.replace(text).is_some() {
                return Err(BoundaryError::InvalidParameters);
            }
        }
        Self::of(found.ok_or(BoundaryError::InvalidParameters)?.bytes())
    }

    /// Makes a boundary of 16 random bytes: 12 hyphens and 32 hexadecimal digits. Whoever cannot guess the seed cannot make
    /// content that holds the boundary, and by chance none does.
    ///
    /// ```
    /// use wirenut::http::multipart::Boundary;
    /// let boundary = Boundary::from_seed(&[0xa7; 16]);
    /// assert_eq!(boundary.as_bytes(), b"------------a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7");
    /// ```
    #[must_use]
    pub fn from_seed(seed: &[u8; 16]) -> Self {
        let digit = |nibble: u8| nibble.wrapping_add(if nibble < 10 { b'0' } else { b'a'.wrapping_sub(10) });
        let digits = seed.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
        let mut boundary = Self { delimiter: [b'-'; MAX_DELIMITER], length: 48 };
        let parts = BEFORE.into_iter().chain([b'-'; 12]).chain(digits);
        boundary.delimiter.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        boundary
    }

    fn of(boundary: impl Iterator<Item = u8>) -> Result<Self, BoundaryError> {
        let mut delimiter = [0; MAX_DELIMITER];
        bytes::copy(&BEFORE, &mut delimiter);
        let mut length = BEFORE.len();
        for byte in boundary {
            if !(byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte)) {
                return Err(BoundaryError::InvalidBoundary);
            }
            *delimiter.get_mut(length).ok_or(BoundaryError::InvalidBoundary)? = byte;
            length = length.wrapping_add(1);
        }
        let made = Self { delimiter, length: u8::try_from(length).unwrap_or(0) };
        if matches!(made.as_bytes(), [] | [.., b' ']) {
            return Err(BoundaryError::InvalidBoundary);
        }
        Ok(made)
    }

    /// The boundary, without what stands before it in a delimiter.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        bytes::from(self.delimiter(), BEFORE.len())
    }

    /// CR, LF, two hyphens, and the boundary.
    #[inline(always)]
    pub(super) fn delimiter(&self) -> &[u8] {
        self.delimiter.get(..usize::from(self.length)).unwrap_or(&[])
    }

    /// Writes the value of the Content-Type field of such a form into `place`, and returns it; `None` if there is no room. 102
    /// bytes are always enough. A boundary that is no token stands in quotes.
    ///
    /// ```
    /// use wirenut::http::multipart::Boundary;
    /// let mut place = [0; 102];
    /// let value = Boundary::new(b"a:b").unwrap().content_type(&mut place).map(<[u8]>::to_vec);
    /// assert_eq!(value.unwrap(), b"multipart/form-data; boundary=\"a:b\"");
    /// ```
    #[must_use]
    pub fn content_type<'p>(&self, place: &'p mut [u8]) -> Option<&'p [u8]> {
        let boundary = self.as_bytes();
        let quote: &[u8] = if bytes::is_token(boundary) { b"" } else { b"\"" };
        let mut length: usize = 0;
        for part in [b"multipart/form-data; boundary=", quote, boundary, quote] {
            let end = length.wrapping_add(part.len());
            place.get_mut(length..end)?.copy_from_slice(part);
            length = end;
        }
        place.get(..length)
    }
}

impl fmt::Debug for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Boundary({})", self.as_bytes().escape_ascii())
    }
}
