//! The heads that are sent and received: shown by `--verbose`, written by `--include`, `--head` and `--dump-header`.

use alloc::sync::Arc;
use core::fmt::Write as _;
use core::mem;
use std::io::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wirenut::http::{ResponseHead, Version};
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
        let secret = line.split(|byte| *byte == b':').next().filter(|name| is_secret(name) && name.len() < line.len());
        // A string takes all.
        let _ = match secret {
            Some(name) => writeln!(text, "{mark} {}: [not shown]", Name(name)),
            None => writeln!(text, "{mark} {}", Shown(line)),
        };
    }
    write(&text);
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
    let names = ["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"];
    names.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()))
}

fn write(text: &str) {
    // Not `eprint!`, which panics where standard error is closed.
    let _ = io::stderr().write_all(text.as_bytes());
}
