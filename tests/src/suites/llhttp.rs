//! The suite of llhttp: sections of Markdown, each with an input and the log that its parser must write.
//!
//! A log line names an offset, and a span by its length, so what was read is taken from the input itself.

use std::fs;
use std::io;
use std::path::Path;

use super::{Case, Message, Side};

/// The cases of `test/` in `directory`, a checkout of nodejs/llhttp. Inputs for a parser whose checks are switched off
/// must be refused by ours.
///
/// # Errors
/// Where a file cannot be read, or is not of that form.
pub fn cases(directory: &Path) -> io::Result<Vec<Case>> {
    let tests = directory.join("test");
    let mut cases = Vec::new();
    for folder in ["request", "response", "."] {
        let mut paths: Vec<_> =
            fs::read_dir(tests.join(folder))?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
        paths.sort();
        for path in paths {
            let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            read_file(&format!("{folder}/{file}"), &fs::read_to_string(path)?, &mut cases);
        }
    }
    Ok(cases)
}

fn read_file(file: &str, text: &str, cases: &mut Vec<Case>) {
    let (mut title, mut kind, mut input) = ("", "", None);
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if line.starts_with('#') {
            (title, kind) = (line.trim_matches(['#', ' ']), "");
        } else if line.starts_with("<!-- meta=") {
            kind = line;
        } else if let Some(language) = line.strip_prefix("```") {
            let block: Vec<_> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            match (language, &input) {
                ("http" | "url", _) => input = Some((number, unescape(&block.join("\n")))),
                ("log", Some((number, bytes))) => {
                    let name = format!("{file}:{number} {title}");
                    let read = if file.ends_with("url.md") { url_case } else { case };
                    cases.extend(read(name, kind, bytes, &block));
                    input = None;
                }
                _ => {}
            }
        }
    }
}

/// The bytes that an input stands for.
fn unescape(text: &str) -> Vec<u8> {
    let text = text.replace("\\\n", "").replace('\n', "\r\n");
    let mut bytes = Vec::new();
    let mut rest = &text[..];
    while let Some(sign) = rest.chars().next() {
        let (escaped, length) = match rest.as_bytes() {
            [b'\\', b'r', ..] => (Some('\r'), 2),
            [b'\\', b'n', ..] => (Some('\n'), 2),
            [b'\\', b't', ..] => (Some('\t'), 2),
            [b'\\', b'f', ..] => (Some('\x0c'), 2),
            [b'\\', b'x', digits @ ..] => number(digits, 16, usize::MAX, 2),
            [b'\\', digits @ ..] => number(digits, 8, 3, 1),
            _ => (None, 0),
        };
        let (sign, length) = escaped.map_or((sign, sign.len_utf8()), |escaped| (escaped, length));
        bytes.extend(sign.encode_utf8(&mut [0; 4]).bytes());
        rest = &rest[length..];
    }
    bytes
}

/// The character whose number stands in `digits`, and how long that is behind a prefix.
fn number(digits: &[u8], radix: u32, most: usize, prefix: usize) -> (Option<char>, usize) {
    let count = digits.iter().take(most).take_while(|digit| char::from(**digit).is_digit(radix)).count();
    let text = String::from_utf8_lossy(&digits[..count]);
    (u32::from_str_radix(&text, radix).ok().and_then(char::from_u32), count + prefix)
}

/// A request or a response.
fn case(name: String, kind: &str, bytes: &[u8], log: &[&str]) -> Option<Case> {
    if kind.contains("skipBody") {
        // Its application says that no content follows. Ours cannot, except by HEAD.
        return None;
    }
    let log = Log::read(bytes, log);
    let side = if kind.contains("\"response") { Side::Answers(log.methods()) } else { Side::Requests };
    let is_lenient = kind.contains("lenient");
    let refusal = match log.refusal {
        None if is_lenient => Some("lenient only".to_string()),
        refusal => refusal,
    };
    let messages = (!is_lenient).then_some(log.messages);
    let has_end = kind.contains("-finish");
    Some(Case { name, side, bytes: bytes.to_vec(), has_end, refusal, messages, is_open: log.has_switched })
}

/// A target by itself.
fn url_case(name: String, _: &str, bytes: &[u8], log: &[&str]) -> Option<Case> {
    let bytes = [b"GET ", bytes, b" HTTP/1.0\r\n\r\n"].concat();
    let refusal = Log::read(&bytes, log).refusal;
    Some(Case { name, side: Side::Requests, bytes, has_end: false, refusal, messages: None, is_open: false })
}

#[derive(Default)]
struct Log {
    messages: Vec<Message>,
    /// The message whose head is not complete yet.
    pending: Option<Message>,
    has_target: bool,
    refusal: Option<String>,
    /// After the last message another protocol may be spoken: their parser stops there.
    has_switched: bool,
}

impl Log {
    fn read(bytes: &[u8], lines: &[&str]) -> Self {
        let mut log = Self::default();
        lines.iter().for_each(|line| log.note(bytes, line));
        for message in &mut log.messages {
            for (_, value) in &mut message.fields {
                *value = value.trim_ascii().to_vec();
            }
        }
        log
    }

    fn note(&mut self, bytes: &[u8], line: &str) {
        let mut words = line.split(' ');
        let offset = words.next().and_then(|word| word.strip_prefix("off=")).and_then(|digits| digits.parse().ok());
        let rest = words.collect::<Vec<_>>().join(" ");
        let span = rest.strip_prefix("len=").and_then(|rest| rest.split_once(' '));
        if let (Some(start), Some((length, what))) = (offset, span) {
            let end = length.parse::<usize>().map_or(start, |length| start + length);
            self.note_span(what, bytes.get(start..end).unwrap_or(&[]));
        } else if rest == "message begin" {
            self.pending = Some(Message::default());
            self.has_target = false;
        } else if let Some(facts) = rest.strip_prefix("headers complete ") {
            let mut message = self.pending.take().unwrap_or_default();
            if let Some(status) = facts.split(' ').find_map(|fact| fact.strip_prefix("status=")) {
                message.start = status.as_bytes().to_vec();
            }
            self.messages.push(message);
        } else if rest == "message complete" || rest == "finish=1" {
            self.messages.iter_mut().for_each(|message| message.is_whole = true);
        } else if let Some((_, reason)) = rest.split_once("reason=") {
            self.has_switched = reason.contains("Pause on");
            self.refusal = (!self.has_switched).then(|| reason.trim_matches('"').to_string());
        } else if rest == "finish=2" {
            self.refusal = Some("finished inside of a message".to_string());
        }
    }

    fn note_span(&mut self, what: &str, bytes: &[u8]) {
        let what = what.split(['[', ']']).nth(1).unwrap_or("");
        let Some(message) = self.pending.as_mut().or(self.messages.last_mut()) else { return };
        match what {
            "method" => message.start.extend(bytes),
            "url" => {
                if !self.has_target {
                    message.start.push(b' ');
                }
                self.has_target = true;
                message.start.extend(bytes);
            }
            "header_field" => message.fields.push((bytes.to_vec(), Vec::new())),
            "header_value" => {
                if let Some((_, value)) = message.fields.last_mut() {
                    value.extend(bytes);
                }
            }
            "body" => message.content.extend(bytes),
            _ => {}
        }
    }

    /// What must have been asked, so that these are the answers.
    fn methods(&self) -> Vec<String> {
        let has_switch = self.messages.iter().any(|message| message.start == b"101");
        let begun = self.messages.len() + usize::from(self.pending.is_some());
        let count = if has_switch { 1 } else { begun.clamp(1, 5) };
        vec![if has_switch { "UPGRADE" } else { "GET" }.to_string(); count]
    }
}
