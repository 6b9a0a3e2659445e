//! The body of the fuzz target: what holds for any bytes.

use wirenut::http::multipart::{Boundary, Error, Limits, PartHead, Rule, WriteError, Writer};

use super::{Form, Part, oracle, read, read_all, read_but};
use crate::every_split::cuts;
use crate::fuzz::cut;

/// Bounds that a fuzzer reaches.
const LIMITS: Limits =
    Limits { preamble_bytes: 20, padding_bytes: 4, head_bytes: 120, parts: 4, part_bytes: 60, epilogue_bytes: 10 };

/// The same without them.
const PLENTY: Limits = Limits {
    preamble_bytes: u32::MAX,
    padding_bytes: u32::MAX,
    head_bytes: u32::MAX,
    parts: u32::MAX,
    part_bytes: u64::MAX,
    epilogue_bytes: u32::MAX,
};

/// The first byte chooses the boundary, two more a cut and a room; the rest is a form, and then the content and the names
/// of one.
pub fn multipart(data: &[u8]) {
    let Some((&[choice, step, seed], bytes)) = data.split_first_chunk() else { return };
    let boundary: &[u8] = [&b"x"[..], b"--", b"----WebKitFormBoundary0", b"a b"][usize::from(choice % 4)];
    for limits in [&LIMITS, &PLENTY] {
        any_cut_is_the_same(boundary, limits, bytes, step, seed);
    }
    agrees_with_the_oracle(boundary, bytes);
    what_is_written_is_read(boundary, bytes, step, seed);
}

fn any_cut_is_the_same(boundary: &[u8], limits: &Limits, bytes: &[u8], step: u8, seed: u8) {
    let whole = read(boundary, limits, bytes.len(), &[bytes]);
    let few = if bytes.len() <= 64 { usize::MAX } else { 8 };
    let random: Vec<_> = cut(bytes, step, seed).collect();
    for pieces in cuts(bytes).take(few).chain([random]) {
        let got = read(boundary, limits, bytes.len(), &pieces);
        assert_eq!(got, whole, "cut into {:?}: {}", lengths(&pieces), bytes.escape_ascii());
        let skipping = read_but(u64::from(seed), boundary, limits, bytes.len(), &pieces);
        assert_eq!(skipping, without(&whole, u64::from(seed)), "skipping: {}", bytes.escape_ascii());
        assert_eq!(read_all(u64::from(seed), boundary, limits, bytes.len(), &pieces), skipping);
        // A small store is a lower limit, whether a head comes whole or not.
        let store = usize::from(seed);
        let small = Limits { head_bytes: limits.head_bytes.min(u32::from(seed)), ..*limits };
        let got = read(boundary, limits, store, &pieces);
        assert_eq!(got, read(boundary, &small, bytes.len(), &[bytes]), "in {store}: {}", bytes.escape_ascii());
    }
    if let Err(error) = whole.end {
        falls_at_its_byte(boundary, limits, bytes, error);
    }
}

/// The bytes before the one that breaks a rule break none: there is only more to come.
fn falls_at_its_byte(boundary: &[u8], limits: &Limits, bytes: &[u8], error: Error) {
    let at = usize::try_from(error.offset).expect("a test is short");
    let before = read(boundary, limits, bytes.len(), &[&bytes[..at]]).end;
    let is_open = |error: Error| {
        error.offset == at as u64 && matches!(error.rule, Rule::MissingCloseDelimiter | Rule::BareCarriageReturn)
    };
    assert!(before.err().is_none_or(is_open), "{error:?}, but {before:?}: {}", bytes.escape_ascii());
}

fn lengths(pieces: &[&[u8]]) -> Vec<usize> {
    pieces.iter().map(|piece| piece.len()).collect()
}

fn without(form: &Form, skipped: u64) -> Form {
    let mut form = form.clone();
    for (place, part) in form.parts.iter_mut().enumerate() {
        if skipped >> place.min(63) & 1 == 1 {
            part.content.clear();
        }
    }
    form
}

fn agrees_with_the_oracle(boundary: &[u8], bytes: &[u8]) {
    let form = read(boundary, &PLENTY, bytes.len(), &[bytes]);
    let expected = oracle::read(boundary, bytes);
    let got: Vec<_> = form.parts.iter().map(|part| (part.fields.clone(), part.content.clone())).collect();
    match (form.end, expected) {
        (Ok(()), Some(expected)) => assert_eq!(got, expected, "{}", bytes.escape_ascii()),
        (Ok(()), None) => panic!("accepted: {}", bytes.escape_ascii()),
        // The oracle knows neither what fields mean, nor how an empty part is written without its line end.
        (Err(error), Some(_)) => assert!(is_of_meaning(error.rule), "{error:?}: {}", bytes.escape_ascii()),
        (Err(_), None) => {}
    }
}

fn is_of_meaning(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::MissingDisposition
            | Rule::DuplicateField
            | Rule::InvalidDisposition
            | Rule::MissingName
            | Rule::DuplicateParameter
            | Rule::ExtendedParameter
            | Rule::TransferEncoding
    )
}

/// The bytes as two files, their names too.
fn what_is_written_is_read(boundary: &[u8], bytes: &[u8], step: u8, seed: u8) {
    let (name, rest) = bytes.split_at(bytes.len().min(usize::from(seed % 16)));
    let (content, other) = rest.split_at(rest.len().min(usize::from(step) * 4));
    let first = (PartHead::new(name).with_filename(name), content);
    round_trip(boundary, &[first, (PartHead::new(b"b").with_content_type(b"text/plain"), other)], usize::from(seed));
}

/// What the writer writes is what was meant, of the length that it said. Returns whether it can be written: in a room of so
/// many bytes for content.
///
/// # Panics
/// If it is something else.
pub fn round_trip(boundary: &[u8], parts: &[(PartHead<'_>, &[u8])], room: usize) -> bool {
    let Some(form) = write(boundary, parts, room) else { return false };
    let expected: Vec<_> = parts.iter().map(|(head, content)| as_read(head, content)).collect();
    let got = read(boundary, &PLENTY, form.len(), &[&form]);
    let got_parts: Vec<_> = got.parts.into_iter().map(|part| Part { fields: Vec::new(), ..part }).collect();
    assert_eq!((got_parts, got.end), (expected, Ok(())), "{}", form.escape_ascii());
    true
}

/// The part that a reader should see.
fn as_read(head: &PartHead<'_>, content: &[u8]) -> Part {
    Part {
        name: head.name.to_vec(),
        filename: head.filename.map(<[u8]>::to_vec),
        content_type: head.content_type.map(<[u8]>::to_vec),
        fields: Vec::new(),
        content: content.to_vec(),
        is_complete: true,
    }
}

/// A form, written through a room of so many bytes for its content; `None` if it cannot be written.
fn write(boundary: &[u8], parts: &[(PartHead<'_>, &[u8])], room: usize) -> Option<Vec<u8>> {
    let boundary = Boundary::new(boundary).expect("a boundary");
    let (mut writer, mut form) = (Writer::new(boundary), Vec::new());
    let mut out = vec![0; 4096];
    for (head, content) in parts {
        let length = match writer.begin_part(head, &mut out) {
            Ok(length) => length,
            Err(WriteError::InvalidName) => return None,
            Err(error) => panic!("{error:?}"),
        };
        let mut too_small = vec![0; length - 1];
        assert_eq!(Writer::new(boundary).begin_part(head, &mut too_small[..length.min(3)]), Err(WriteError::Full));
        form.extend_from_slice(&out[..length]);
        let mut rest = *content;
        while !rest.is_empty() {
            let taken = match writer.write(rest, &mut out[..room.clamp(1, 255)]) {
                Ok(taken) => taken,
                Err(WriteError::BoundaryInContent) => return None,
                Err(error) => panic!("{error:?}"),
            };
            form.extend_from_slice(&out[..taken]);
            rest = &rest[taken..];
        }
    }
    let length = writer.finish(&mut out).expect("room");
    form.extend_from_slice(&out[..length]);
    let expected = boundary.form_length(parts.iter().map(|(head, content)| (*head, content.len() as u64)));
    assert_eq!(expected, Some(form.len() as u64));
    Some(form)
}
