//! What `--header` says.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::data::read;
use super::failure::GetFailure;
use super::patience::Patience;

/// A change of the fields that are sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Change {
    /// Sends a field.
    Add(String, Vec<u8>),
    /// Does not send a field that would be sent otherwise.
    Remove(String),
}

/// One `--header`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeaderOption(Source);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Source {
    Change(Change),
    /// A change in each line.
    File(OsString),
}

impl HeaderOption {
    /// Reads `Name: value`, `Name:`, `Name;` or `@FILE`.
    ///
    /// # Errors
    /// It is none of these, or the field is one that frames the message.
    pub fn parse(text: &OsStr) -> Result<Self, &'static str> {
        match text.as_bytes().strip_prefix(b"@") {
            Some(path) => Ok(Self(Source::File(OsStr::from_bytes(path).to_owned()))),
            None => Ok(Self(Source::Change(change(text.as_bytes())?))),
        }
    }

    pub(super) fn is_standard_input(&self) -> bool {
        matches!(&self.0, Source::File(path) if path == "-")
    }

    /// What it changes.
    pub(super) fn changes(&self, patience: &Patience<'_>) -> Result<Vec<Change>, GetFailure> {
        let path = match &self.0 {
            Source::Change(change) => return Ok(vec![change.clone()]),
            Source::File(path) => path,
        };
        let lines = read(path, patience)?;
        let lines = lines.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).enumerate();
        let parsed = lines.filter(|(_, line)| !line.is_empty()).map(|(number, line)| {
            change(line).map_err(|reason| GetFailure::HeaderLine { path: path.into(), line: number + 1, reason })
        });
        parsed.collect()
    }
}

fn change(text: &[u8]) -> Result<Change, &'static str> {
    const WANTED: &str = "expected 'Name: value', 'Name:', 'Name;' or @FILE, without control characters";
    let at = text.iter().position(|byte| matches!(byte, b':' | b';')).ok_or(WANTED)?;
    let (name, value) = (&text[..at], text[at + 1..].trim_ascii());
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let name = str::from_utf8(name).ok().filter(|name| !name.is_empty() && name.as_bytes().iter().all(is_sign));
    let name = name.ok_or(WANTED)?.to_owned();
    if value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        return Err(WANTED);
    }
    let is_semicolon = text[at] == b';';
    if is_semicolon && !value.is_empty() {
        return Err(WANTED);
    }
    check_framing(&name, value)?;
    match (is_semicolon, value.is_empty()) {
        (false, true) => Ok(Change::Remove(name)),
        _ => Ok(Change::Add(name, value.to_vec())),
    }
}

/// The client itself writes the fields that frame the message: if two differ, some readers see two messages.
fn check_framing(name: &str, value: &[u8]) -> Result<(), &'static str> {
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    let is_known = (is("Expect") && (value.is_empty() || value.eq_ignore_ascii_case(b"100-continue")))
        || (is("Transfer-Encoding") && (value.is_empty() || value.eq_ignore_ascii_case(b"chunked")));
    if !is_known && (is("Expect") || is("Transfer-Encoding") || is("Content-Length") || is("Connection")) {
        return Err("this field frames the message, so the client writes it itself");
    }
    if is("Host") && value.is_empty() {
        return Err("each request has a Host field");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::interrupt::Interrupt;
    use super::*;

    #[test]
    fn what_headers_change() {
        let add = |name: &str, value: &str| Ok(Change::Add(name.into(), value.into()));
        for (text, expected) in [
            ("A-b:  c: d ", add("A-b", "c: d")),
            ("A;", add("A", "")),
            ("A:", Ok(Change::Remove("A".into()))),
            ("Transfer-Encoding: chunked", add("Transfer-Encoding", "chunked")),
        ] {
            assert_eq!(change(text.as_bytes()), expected, "{text}");
        }
        for text in
            ["a", ": b", "a b: c", "a: b\nc: d", "a;b", "", "Content-Length: 5", "Connection: x", "Host:", "Expect: y"]
        {
            assert!(change(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn lines_of_files_are_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fields");
        std::fs::write(&path, "A: b\r\n\nC:\n").unwrap();
        let option = HeaderOption::parse(OsStr::new(&format!("@{}", path.display()))).unwrap();
        let interrupt = Interrupt::new().unwrap();
        let patience = Patience { deadline: None, interrupt: &interrupt };
        let changes = option.changes(&patience).unwrap();
        assert_eq!(changes, [Change::Add("A".into(), b"b".to_vec()), Change::Remove("C".into())]);
        for (text, line) in [("A: b\nC\n", "line 2 "), ("A: b\n\r\n\nC\n", "line 4 ")] {
            std::fs::write(&path, text).unwrap();
            let error = option.changes(&patience).unwrap_err().to_string();
            assert!(error.contains(line), "{error}");
        }
    }
}
