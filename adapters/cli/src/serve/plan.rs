//! What follows a head: the body that was promised.

use alloc::sync::Arc;

use wirenut::http::{ByteRange, Status};

use super::body::{Body, Segment};
use super::entry::OpenError;
use super::find::{Found, FoundFile, FoundListing};
use super::reader::FileReader;
use super::selection::Multipart;

/// What follows a head.
#[derive(Debug, PartialEq)]
pub(super) enum Plan {
    Whole,
    Part(ByteRange),
    Parts(Vec<ByteRange>, Multipart),
    NotModified,
    Listing,
}

impl Plan {
    pub(super) const fn status(&self) -> Status {
        match self {
            Self::Whole | Self::Listing => Status::OK,
            Self::Part(_) | Self::Parts(..) => Status::PARTIAL_CONTENT,
            Self::NotModified => Status::NOT_MODIFIED,
        }
    }

    /// The body that was promised, of what was found.
    pub(super) fn body(self, found: Result<Found, OpenError>) -> Option<Body> {
        let file = match found {
            Ok(
                Found::File(FoundFile { compressed: Some(form), .. })
                | Found::Listing(FoundListing { compressed: Some(form), .. }),
            ) => {
                // To HEAD none was made.
                return form.content.map(|content| Body::one(Segment::Compressed(content, 0)));
            }
            Ok(Found::File(found)) => found.file,
            Ok(Found::Listing(listing)) => return listing.page.map(|page| Body::of_pieces(page.into_pieces())),
            Ok(Found::Redirect) | Err(_) => return None,
        };
        match self {
            Self::Whole => Some(Body::one(Segment::File(FileReader::new(file.file, 0, file.length)))),
            Self::Part(part) => Some(Body::one(Segment::File(FileReader::new(file.file, part.first, part.length())))),
            Self::Parts(parts, around) => {
                let content = Arc::new(file.file);
                let mut segments = Vec::with_capacity(2 * parts.len() + 1);
                let mut parts = parts.into_iter();
                for delimiter in around.delimiters {
                    segments.push(Segment::Bytes(delimiter.into_bytes(), 0));
                    let part = parts.next();
                    let reader = |part: ByteRange| FileReader::new(Arc::clone(&content), part.first, part.length());
                    segments.extend(part.map(reader).map(Segment::File));
                }
                Some(Body::of(segments))
            }
            Self::NotModified | Self::Listing => None,
        }
    }
}
