//! The fields of a form: which of them are files, and what they are called.

use wirenut::http::multipart::{Boundary, Event, Limits, Parser, Part};

use super::desk::Command;
use super::error::UploadError;
use super::name::{check, last_segment};

/// Bytes of the head of a part: a name, and some fields.
const HEAD: usize = 4 * 1024;

const LIMITS: Limits = Limits { head_bytes: HEAD as u32, parts: 1000, ..Limits::DEFAULT };

/// The field of the form that says that files may be replaced, if it comes before them.
const REPLACE: &str = "replace";

/// A form that is being read.
#[derive(Debug)]
pub(super) struct Form {
    parser: Parser,
    store: Vec<u8>,
    found: Found,
}

/// What was found in a form.
#[derive(Debug)]
struct Found {
    shows_hidden: bool,
    /// The live part is a file.
    is_in_file: bool,
    replaces: bool,
    files: u32,
}

impl Form {
    pub(super) fn new(boundary: Boundary, shows_hidden: bool) -> Self {
        let found = Found { shows_hidden, is_in_file: false, replaces: false, files: 0 };
        Self { parser: Parser::new(boundary), store: vec![0; HEAD], found }
    }

    /// Reads a piece, and gives what is to be done to `add`.
    pub(super) fn receive(&mut self, piece: &[u8], add: &mut impl FnMut(Addition<'_>)) -> Result<(), UploadError> {
        let mut refused = None;
        let found = &mut self.found;
        let read = self.parser.receive_all(&LIMITS, piece, &mut self.store, |event| match event {
            _ if refused.is_some() => false,
            Event::Part(part) => found.begin(&part, add).unwrap_or_else(|error| {
                refused = Some(error);
                false
            }),
            Event::Body(bytes) => {
                add(Addition::Bytes(bytes));
                true
            }
            Event::PartEnd => {
                if core::mem::take(&mut found.is_in_file) {
                    add(Addition::Command(Command::Publish));
                }
                true
            }
            Event::NeedMore => true,
        });
        refused.map_or(Ok(()), Err)?;
        read.map_err(|error| UploadError::Form(error.rule))
    }

    /// The content is complete.
    pub(super) fn end(&mut self) -> Result<(), UploadError> {
        self.parser.handle_eof().map_err(|error| UploadError::Form(error.rule))?;
        if self.found.files == 0 { Err(UploadError::NoFiles) } else { Ok(()) }
    }
}

/// What a form adds to what is to be done.
pub(super) enum Addition<'b> {
    Command(Command),
    Bytes(&'b [u8]),
}

impl Found {
    /// Whether the content of the part is wanted.
    fn begin(&mut self, part: &Part<'_>, add: &mut impl FnMut(Addition<'_>)) -> Result<bool, UploadError> {
        let Some(filename) = part.filename else {
            if part.name.is(REPLACE) && !self.replaces {
                self.replaces = true;
                add(Addition::Command(Command::Replace));
            }
            return Ok(false);
        };
        let name: Vec<u8> = filename.bytes().collect();
        // Where none was chosen, browsers send a file without a name.
        if name.is_empty() {
            return Ok(false);
        }
        let name = last_segment(&name);
        check(name, self.shows_hidden).map_err(UploadError::Name)?;
        self.is_in_file = true;
        self.files += 1;
        add(Addition::Command(Command::Begin(name.into())));
        Ok(true)
    }
}
