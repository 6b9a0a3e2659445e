//! Files as responses.

mod validators;

use alloc::format;
use alloc::sync::Arc;
use core::mem;
use std::fs::File;
use std::time::SystemTime;

use wirenut::http::service::{Exchange, HandlerError, OrStatus, Responder, Result, RoutedRequest, Step};
use wirenut::http::{ByteRange, Field, Precondition, Ranges, Response, Status};

pub use validators::{FileValidators, has_rested};

use crate::transfer::FileRange;

/// A file on its way to the client, moved by the kernel. Made by [`send_file`].
#[derive(Debug)]
pub struct SendFile {
    source: Option<FileRange>,
    length: u64,
}

/// Answers with a file: its entity tag and date, the conditions of the request, and the one range that it asks for
/// included (RFC 9110 §13, §14). For routes whose adapter moves a [`FileRange`]: `routes!(in FileRange; …)`.
///
/// Open the file before. That takes no time where it lies in a cache, but blocks where a disk has to be asked; then open it
/// in a [`Pool`](crate::blocking::Pool). The file must not shrink while it is sent: then the connection is cut.
///
/// # Errors
/// 404 where it is no regular file, 412 and 416 as the request says, 500 where the system does not tell its length.
///
/// ```
/// use std::{fs::File, path::Path};
/// use wirenut::http::Status;
/// use wirenut::http::service::{OrStatus, routes};
/// use wirenut_server::{FileRange, send_file};
///
/// let folder = Path::new("/var/lib/nuts");
/// let service = routes!(in FileRange; folder, get("/:name", |folder, request, responder| {
///     let file = File::open(folder.join(request.file_name("name")?)).or_status(Status::NOT_FOUND)?;
///     send_file(request, responder, file, "application/octet-stream")
/// }));
/// # let _ = service;
/// ```
pub fn send_file(
    request: &RoutedRequest<'_>,
    responder: &mut Responder<'_>,
    file: impl Into<Arc<File>>,
    content_type: &str,
) -> Result<SendFile> {
    let file = file.into();
    let metadata = file.metadata().or_status(Status::INTERNAL_SERVER_ERROR)?;
    if !metadata.is_file() {
        return Err(HandlerError::Status(Status::NOT_FOUND));
    }
    let whole = metadata.len();
    let validators = FileValidators::of(&metadata, "", SystemTime::now());
    let entity_tag = Field::new("ETag", validators.entity_tag());
    let current = validators.as_validators();
    match current.check(request.method, request.fields) {
        Precondition::Holds => {}
        Precondition::NotModified => {
            responder.respond(&Response::new(Status::NOT_MODIFIED).with_fields(&[entity_tag]))?;
            return Err(HandlerError::Answered);
        }
        Precondition::Failed => return Err(HandlerError::Status(Status::PRECONDITION_FAILED)),
    }
    let part = match current.select_ranges(request.method, request.fields, whole, &mut [ByteRange::default(); 1]) {
        Ranges::Parts([part]) => Some(*part),
        Ranges::Whole | Ranges::Parts(_) => None,
        Ranges::Unsatisfiable => {
            let range = format!("bytes */{whole}");
            let response = Response::new(Status::RANGE_NOT_SATISFIABLE);
            responder.respond(&response.with_fields(&[Field::new("Content-Range", &range)]))?;
            return Err(HandlerError::Answered);
        }
    };
    let date = validators.last_modified();
    let range = part.map(|part| format!("bytes {}-{}/{whole}", part.first, part.last));
    let mut fields = [Field::new("Accept-Ranges", "bytes"); 5];
    let others = [
        Some(Field::new("Content-Type", content_type)),
        Some(entity_tag),
        date.as_ref().map(|date| Field::from_bytes("Last-Modified", date.as_bytes())),
        range.as_ref().map(|range| Field::new("Content-Range", range)),
    ];
    let mut count = 1;
    for field in others.into_iter().flatten() {
        fields[count] = field;
        count += 1;
    }
    let (status, start, length) = match part {
        Some(part) => (Status::PARTIAL_CONTENT, part.first, part.length()),
        None => (Status::OK, 0, whole),
    };
    responder.respond(&Response::new(status).with_fields(&fields[..count]).with_length(length))?;
    Ok(SendFile { source: (length > 0).then(|| FileRange::new(file, start)), length })
}

impl<A> Exchange<A, FileRange> for SendFile {
    fn proceed(&mut self, _: A, _: &mut Responder<'_>) -> Result<Step<FileRange>> {
        Ok(match self.source.take() {
            Some(source) => Step::Transfer { source, length: mem::take(&mut self.length) },
            None => Step::Done,
        })
    }
}
