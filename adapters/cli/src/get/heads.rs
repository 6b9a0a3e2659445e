//! The heads that are sent and received: shown by `--verbose`, written by `--include`, `--head` and `--dump-header`.

use alloc::sync::Arc;
use core::fmt::Write as _;
use core::mem;
use std::io::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wirenut::http::{ResponseHead, UriReference, Version};
use wirenut_client::Observed;

use crate::log::Name;

/// What is kept of heads that nobody has written yet: more is more than a server may send.
const MAX_KEPT: usize = 8 << 20;

/// Hears of heads, and keeps those of responses until they are written.
#[derive(Clone, Default)]
pub(super) struct Heads {
    kept: Arc<Mutex<Kept>>,
    is_verbose: bool,
    is_kept: bool,
}

#[derive(Default)]
struct Kept {
    heads: Vec<u8>,
    /// The reason phrase of the last one.
    reason: String,
}

impl Heads {
    pub(super) fn new(is_verbose: bool, is_kept: bool) -> Self {
        Self { kept: Arc::default(), is_verbose, is_kept }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The heads of responses since the last call, as they came.
    pub(super) fn take(&self) -> Vec<u8> {
        mem::take(&mut self.kept().heads)
    }

    /// The reason phrase of the last response.
    pub(super) fn reason(&self) -> String {
        self.kept().reason.clone()
    }

    pub(super) fn observe(&self, observed: &Observed<'_>) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "what this does not know, it does not show")]
        match observed {
            Observed::Connected(peer) => self.say(&format!("connected to {peer}")),
            Observed::Secured(with) => self.say(&format!("TLS: {with}")),
            Observed::Reused(peer) => self.say(&format!("the connection to {peer} is used again")),
            Observed::Request(head) if self.is_verbose => show('>', head),
            Observed::Response(head) => self.keep(head),
            _ => {}
        }
    }

    fn keep(&self, head: &ResponseHead<'_>) {
        let mut kept = self.kept();
        kept.reason = String::from_utf8_lossy(head.reason).into_owned();
        if !self.is_verbose && !self.is_kept {
            return;
        }
        let text = text(head);
        if self.is_verbose {
            show('<', &text);
        }
        if self.is_kept && kept.heads.len() + text.len() <= MAX_KEPT {
            kept.heads.extend_from_slice(&text);
        }
    }

    /// Shows a line of what happens, by `--verbose`.
    pub(super) fn say(&self, line: &str) {
        if self.is_verbose {
            write(&format!("* {}\n", Name(line.as_bytes())));
        }
    }
}

/// A head as it stands on the wire, but for white space around values.
fn text(head: &ResponseHead<'_>) -> Vec<u8> {
    let version = if head.version == Version::Http10 { "1.0" } else { "1.1" };
    let mut text = format!("HTTP/{version} {} ", head.status.code()).into_bytes();
    text.extend_from_slice(head.reason);
    text.extend_from_slice(b"\r\n");
    for field in head.fields {
        for part in [field.name, b": ", field.value, b"\r\n"] {
            text.extend_from_slice(part);
        }
    }
    text.extend_from_slice(b"\r\n");
    text
}

/// Line by line, without credentials, and without what commands a terminal.
fn show(mark: char, head: &[u8]) {
    let mut text = String::new();
    for line in head.strip_suffix(b"\n").unwrap_or(head).split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let name = line.split(|byte| *byte == b':').next().filter(|name| name.len() < line.len()).unwrap_or_default();
        // A string takes all.
        let _ = if is_secret(name) {
            writeln!(text, "{mark} {}: [not shown]", Name(name))
        } else if is_reference(name) {
            writeln!(text, "{mark} {}", Shown(&without_user(line, name.len() + 1)))
        } else {
            writeln!(text, "{mark} {}", Shown(line))
        };
    }
    write(&text);
}

/// The line of a field whose value is a URL, with `…` in place of user and password. Its value begins there.
fn without_user(line: &[u8], value: usize) -> Vec<u8> {
    let start = value + line[value..].iter().take_while(|byte| **byte == b' ').count();
    let (before, value) = line.split_at(start);
    let Some(last_at) = value.iter().rposition(|byte| *byte == b'@') else { return line.to_vec() };
    let after_slashes = |text: &[u8]| text.windows(2).position(|two| two == b"//").map_or(0, |slashes| slashes + 2);
    let hidden = match UriReference::parse(value) {
        Ok(uri) => match uri.authority().and_then(|authority| authority.rfind('@')) {
            Some(at) => {
                let authority = after_slashes(value);
                authority..authority + at
            }
            None => return line.to_vec(),
        },
        // A password may hold the signs that end an authority; then this is no URL, and all before the last @ may be one.
        Err(_) => after_slashes(&value[..last_at])..last_at,
    };
    [before, &value[..hidden.start], "…".as_bytes(), &value[hidden.end..]].concat()
}

/// A line as it is, but for controls.
struct Shown<'l>(&'l [u8]);

impl core::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for sign in chunk.valid().chars() {
                if sign.is_control() { write!(f, "{}", sign.escape_default())? } else { f.write_char(sign)? }
            }
            chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
        }
        Ok(())
    }
}

fn is_secret(name: &[u8]) -> bool {
    is_one_of(name, &["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"])
}

/// Is its value a URL, which may hold user and password?
fn is_reference(name: &[u8]) -> bool {
    is_one_of(name, &["Location", "Content-Location", "Referer", "Refresh", "Link"])
}

fn is_one_of(name: &[u8], names: &[&str]) -> bool {
    names.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()))
}

fn write(text: &str) {
    // Not `eprint!`, which panics where standard error is closed.
    let _ = io::stderr().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_user_and_password() {
        for (value, shown) in [
            ("http://a/b", "http://a/b"),
            ("/b?mail=c@d", "/b?mail=c@d"),
            ("http://a/b@c", "http://a/b@c"),
            ("http://me:secret@a/b@c", "http://…@a/b@c"),
            ("//me:secret@a/", "//…@a/"),
            ("http://me:secret@@a/", "http://…@a/"),
            ("http://me:sec/secret@a/", "http://…@a/"),
            ("http://me:sec ret@a/", "http://…@a/"),
            ("<http://me:secret@a/>; rel=next", "<http://…@a/>; rel=next"),
            ("0; url=http://me:secret@a/", "0; url=http://…@a/"),
            ("mailto:a@b", "mailto:a@b"),
            ("@", "@"),
            ("", ""),
        ] {
            let line = without_user(format!("Location:  {value}").as_bytes(), "Location:".len());
            let expected = format!("Location:  {shown}");
            // Whatever else happens, no secret is shown.
            assert!(!String::from_utf8_lossy(&line).contains("secret"), "{value}");
            assert_eq!(String::from_utf8(line).unwrap(), expected, "{value}");
        }
    }
}
