//! Forms with files: every rule, every cut, what others send and read, and what we write.

mod browser;
mod clients;
mod peers;
mod properties;
mod refused;
mod usual;

use wirenut::http::multipart::{Error, Limits, Rule};
use wirenut_tests::every_split::every_split;
use wirenut_tests::forms::{Form, Part, read};

const BOUNDARY: &[u8] = b"x";

/// What a form is, in every cut.
fn form(limits: &Limits, bytes: &[u8]) -> Form {
    every_split(bytes, |pieces| read(BOUNDARY, limits, 4096, pieces))
}

fn error(rule: Rule, offset: usize) -> Error {
    Error { rule, offset: u64::try_from(offset).unwrap() }
}

/// A part of text, without fields other than its name.
fn text(name: &str, content: &[u8]) -> Part {
    let (name, content) = (name.as_bytes().to_vec(), content.to_vec());
    Part { name, content, is_complete: true, ..Part::default() }
}

/// The parts without their list of fields, of a form that is whole.
#[track_caller]
fn parts(form: Form) -> Vec<Part> {
    assert_eq!(form.end, Ok(()));
    form.parts.into_iter().map(|part| Part { fields: Vec::new(), ..part }).collect()
}
