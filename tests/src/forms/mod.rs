//! Forms with files: a reader over the parser that checks its contract at each call, an oracle, and the body of the fuzz
//! target.

mod laws;
pub mod oracle;

pub use laws::{multipart, round_trip};

use wirenut::http::multipart::{Boundary, Error, Event, Limits, Parser};

/// What a part of a form is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Part {
    /// The name that is meant.
    pub name: Vec<u8>,
    /// The file name that is meant.
    pub filename: Option<Vec<u8>>,
    /// The media type.
    pub content_type: Option<Vec<u8>>,
    /// All fields.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// The content, as far as it came.
    pub content: Vec<u8>,
    /// Has all of it come?
    pub is_complete: bool,
}

/// What a form is: its parts, and whether it is whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Form {
    /// The parts that came before the end or the error.
    pub parts: Vec<Part>,
    /// How it ended.
    pub end: Result<(), Error>,
}

/// Which parts are skipped: each that has a bit here, by its place.
pub type Skipped = u64;

/// Reads a form that comes in these pieces, in a store of so many bytes.
#[must_use]
pub fn read(boundary: &[u8], limits: &Limits, store: usize, pieces: &[&[u8]]) -> Form {
    read_but(0, boundary, limits, store, pieces)
}

/// The same without the content of some parts.
///
/// # Panics
/// If the parser breaks its contract.
#[must_use]
pub fn read_but(skipped: Skipped, boundary: &[u8], limits: &Limits, store: usize, pieces: &[&[u8]]) -> Form {
    let mut parser = Parser::new(Boundary::new(boundary).expect("a boundary"));
    let (mut store, mut parts) = (vec![b'~'; store], Vec::new());
    for piece in pieces {
        let (mut rest, mut has_stood) = (*piece, false);
        loop {
            let stored = parser.stored();
            store[stored..].fill(b'~');
            let (used, event) = match parser.receive(limits, rest, &mut store) {
                Ok(step) => step,
                Err(error) => {
                    assert_eq!(parser.receive(limits, b"x", &mut store), Err(error), "an error stays");
                    assert_eq!(parser.handle_eof(), Err(error), "an error stays");
                    return Form { parts, end: Err(error) };
                }
            };
            assert!(used <= rest.len(), "more used than given");
            let is_last = event == Event::NeedMore;
            let begins = note(&mut parts, event);
            assert!(!is_last || used == rest.len(), "more is wanted, and not all was used");
            // So the number of calls is linear in what comes.
            assert!(used > 0 || rest.is_empty() || !has_stood, "two calls that use nothing");
            has_stood = used == 0;
            rest = &rest[used..];
            if begins && is_skipped(skipped, &parts) {
                parser.skip_part();
            }
            if is_last {
                break;
            }
        }
    }
    let length: u64 = pieces.iter().map(|piece| piece.len() as u64).sum();
    let end = parser.handle_eof();
    assert!(end.is_ok() == parser.is_closed() || end.is_err_and(|error| error.offset <= length));
    Form { parts, end }
}

/// The same by the call that reads all of a piece.
///
/// # Panics
/// If the parser breaks its contract.
#[must_use]
pub fn read_all(skipped: Skipped, boundary: &[u8], limits: &Limits, store: usize, pieces: &[&[u8]]) -> Form {
    let mut parser = Parser::new(Boundary::new(boundary).expect("a boundary"));
    let (mut store, mut parts) = (vec![b'~'; store], Vec::new());
    let received = pieces.iter().try_for_each(|piece| {
        parser.receive_all(limits, piece, &mut store, |event| {
            note(&mut parts, event);
            !is_skipped(skipped, &parts)
        })
    });
    Form { end: received.and_then(|()| parser.handle_eof()), parts }
}

fn is_skipped(skipped: Skipped, parts: &[Part]) -> bool {
    skipped >> parts.len().saturating_sub(1).min(63) & 1 == 1
}

/// Adds what has come. Returns whether a part begins.
fn note(parts: &mut Vec<Part>, event: Event<'_>) -> bool {
    match event {
        Event::NeedMore => {}
        Event::Part(part) => {
            assert!(parts.last().is_none_or(|part| part.is_complete), "one live part at a time");
            parts.push(Part {
                name: part.name.bytes().collect(),
                filename: part.filename.map(|name| name.bytes().collect()),
                content_type: part.content_type.map(<[u8]>::to_vec),
                fields: part.fields.into_iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect(),
                ..Part::default()
            });
            return true;
        }
        Event::Body(piece) => {
            assert!(!piece.is_empty(), "an empty piece");
            let part = parts.last_mut().filter(|part| !part.is_complete).expect("content of a live part");
            part.content.extend_from_slice(piece);
        }
        Event::PartEnd => parts.last_mut().expect("a live part").is_complete = true,
    }
    false
}
