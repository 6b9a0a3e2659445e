//! The suite of curl: files of sections with what its test server answers, and how curl must end.
//!
//! A case is what is answered to one request. Whether curl accepts it is told by its exit code, where a file has one
//! answer only; what it reads, by the output that it must give.

use std::fs;
use std::io;
use std::path::Path;

use super::{Case, Message, Side};

/// The exit codes that say that an answer could not be read: not HTTP, weird, not HTTP/2, cut off, nothing at all, not
/// received well, too large.
const UNREADABLE: [&str; 7] = ["1", "8", "16", "18", "52", "56", "100"];

/// The cases of `tests/data` in `directory`, a checkout of curl/curl.
///
/// # Errors
/// Where a file cannot be read.
pub fn cases(directory: &Path) -> io::Result<Vec<Case>> {
    let folder = directory.join("tests/data");
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    let mut numbered: Vec<_> = paths
        .into_iter()
        .filter_map(|path| {
            let number: u32 = path.file_name()?.to_str()?.strip_prefix("test")?.parse().ok()?;
            Some((number, path))
        })
        .collect();
    numbered.sort();
    let mut cases = Vec::new();
    for (number, path) in numbered {
        // Each byte becomes the character of its number, so that text can be searched whatever it holds.
        let text: String = fs::read(path)?.into_iter().map(char::from).collect();
        cases.extend(Test::new(number, &text).cases());
    }
    Ok(cases)
}

/// A file.
struct Test {
    number: u32,
    answers: Vec<Section>,
    /// Is there one answer, of any protocol?
    is_single: bool,
    /// What curl must give out, where that is not what was answered.
    output: Option<Section>,
    /// What curl must have sent.
    requests: String,
    has_web_socket: bool,
    exit_code: String,
}

impl Test {
    fn new(number: u32, text: &str) -> Self {
        let text = expand(text);
        let reply = Section::all(&text, "reply").pop().map_or(String::new(), |section| section.text);
        let verify = Section::all(&text, "verify").pop().map_or(String::new(), |section| section.text);
        let line = |name| Section::all(&verify, name).pop().map_or(String::new(), |section| section.text);
        let mut answers = Section::all(&reply, "data");
        answers.extend(Section::all(&reply, "connect"));
        let is_single = answers.len() == 1;
        // Answers of other protocols, and of HTTP/2, are no cases.
        answers.retain(|answer| answer.text.trim_start().starts_with("HTTP/1") || answer.text.starts_with("HTTP/0"));
        let mut output = Section::all(&reply, "datacheck");
        Self {
            number,
            answers,
            is_single,
            output: if output.len() == 1 { output.pop() } else { None },
            requests: line("protocol") + &line("proxy"),
            has_web_socket: text.contains("\nws://") || text.contains(" ws://"),
            exit_code: line("errorcode").trim().to_string(),
        }
    }

    fn cases(&self) -> Vec<Case> {
        let is_unreadable = UNREADABLE.contains(&&self.exit_code[..]);
        if is_unreadable && !self.is_single {
            // Which of them it is, is not told.
            return Vec::new();
        }
        let cases = self.answers.iter().flat_map(|answer| {
            let repaired = answer.with_line_ends();
            let repaired = (repaired.bytes() != answer.bytes()).then(|| self.case(&repaired, is_unreadable));
            [self.case(answer, is_unreadable)].into_iter().chain(repaired)
        });
        cases.collect()
    }

    fn case(&self, answer: &Section, is_unreadable: bool) -> Case {
        let (lower, code) = (answer.text.to_lowercase(), &self.exit_code);
        let has_asked = self.has_web_socket || self.requests.to_lowercase().contains("upgrade:");
        let is_switch = answer.text.contains("HTTP/1.1 101") && has_asked;
        let method = if is_switch { "UPGRADE".to_string() } else { self.method(answer) };
        let is_asked_once = self.requests.lines().filter(|line| line.trim_end().ends_with(" HTTP/1.1")).count() == 1;
        let is_shown = !answer.attributes.contains("nocheck") && method != "CONNECT";
        let tells = self.is_single && is_asked_once && is_shown && (code.is_empty() || code == "0");
        let output = self.output.as_ref().map_or_else(|| answer.with_line_ends(), Section::with_line_ends);
        let messages = tells.then(|| messages(&output)).flatten();
        Case {
            name: format!("test{} {}", self.number, answer.name),
            side: Side::Answers(vec![method]),
            bytes: answer.bytes(),
            has_end: lower.contains("swsclose") || lower.contains("connection: close"),
            refusal: is_unreadable.then(|| format!("exit code {code}")),
            messages,
            is_open: false,
        }
    }

    /// The method of the request that is answered, as far as it is told.
    fn method(&self, answer: &Section) -> String {
        let has_connect = self.answers.iter().any(|answer| answer.name.starts_with("connect"));
        let lines = self.requests.lines().filter(|line| line.trim_end().ends_with(" HTTP/1.1"));
        let methods: Vec<_> = lines.filter_map(|line| line.split(' ').next()).collect();
        let is_one = |method: &&str| methods.iter().filter(|other| **other != "CONNECT").all(|other| other == method);
        match methods.first() {
            _ if answer.name.starts_with("connect") => "CONNECT".to_string(),
            Some(&"CONNECT") if !has_connect && answer.name == "data" => "CONNECT".to_string(),
            _ => {
                methods.iter().copied().find(|method| *method != "CONNECT").filter(is_one).unwrap_or("GET").to_string()
            }
        }
    }
}

/// A labelled part.
#[derive(Clone)]
struct Section {
    name: String,
    attributes: String,
    text: String,
}

impl Section {
    /// All parts of `text` whose name is this one, perhaps with a number behind it.
    fn all(text: &str, name: &str) -> Vec<Self> {
        let label = format!("<{name}");
        let found = text.match_indices(&label).filter_map(|(at, _)| {
            let (head, rest) = text[at + 1..].split_once('>')?;
            let (name_there, attributes) = head.split_once(' ').unwrap_or((head, ""));
            let is_it = name_there[name.len()..].chars().all(|digit| digit.is_ascii_digit());
            let text = rest.strip_prefix('\n').unwrap_or(rest).split(&format!("</{name_there}>")).next()?;
            is_it.then(|| Self {
                name: name_there.to_string(),
                attributes: attributes.to_string(),
                text: text.to_string(),
            })
        });
        found.collect()
    }

    /// The same with a carriage return before each line feed in the heads: for many files care for line feeds only, and
    /// what else is in them would not be seen.
    fn with_line_ends(&self) -> Self {
        let name = format!("{} with line ends", self.name);
        let attributes = format!("{} crlf=\"headers\"", self.attributes);
        Self { name, attributes, text: self.text.clone() }
    }

    /// The bytes that are sent.
    fn bytes(&self) -> Vec<u8> {
        let mut text = String::new();
        let mut is_in_head = false;
        for line in self.text.split_inclusive('\n') {
            is_in_head |= line.starts_with("HTTP/");
            let ends_lines = match self.attributes.split("crlf=\"").nth(1) {
                Some(lines) => lines.starts_with("yes") || (lines.starts_with("headers") && is_in_head),
                None => false,
            };
            let content = line.trim_end_matches(['\r', '\n']);
            is_in_head &= !content.is_empty();
            if ends_lines && line.ends_with('\n') {
                text += content;
                text += "\r\n";
            } else {
                text += line;
            }
        }
        if self.attributes.contains("nonewline=\"yes\"") && text.ends_with('\n') {
            text.truncate(text.len() - 1);
        }
        text.chars().map(|sign| u8::try_from(u32::from(sign)).expect("a byte")).collect()
    }
}

/// The heads and the content in what curl gives out; it shows content without its framing.
fn messages(output: &Section) -> Option<Vec<Message>> {
    let bytes = output.bytes();
    let mut rest = &bytes[..];
    let mut messages = Vec::new();
    while rest.starts_with(b"HTTP/") {
        let end = rest.windows(4).position(|end| end == b"\r\n\r\n")?;
        let mut lines = rest[..end].split(|&byte| byte == b'\n');
        let start = lines.next()?.split(|&byte| byte == b' ').nth(1)?.to_vec();
        let fields = lines.map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            Some((line[..colon].to_vec(), line[colon + 1..].trim_ascii().to_vec()))
        });
        messages.push(Message { start, fields: fields.collect::<Option<_>>()?, content: Vec::new(), is_whole: true });
        rest = &rest[end + 4..];
    }
    messages.last_mut()?.content = rest.to_vec();
    Some(messages)
}

/// Replaces what stands for other text; what is not known stays.
fn expand(text: &str) -> String {
    let mut expanded = conditional(text);
    for (name, value) in [
        ("%CR\n", "\r\n"),
        ("%CR", "\r"),
        ("%SP", " "),
        ("%TAB", "\t"),
        ("%LT", "<"),
        ("%GT", ">"),
        ("%AMP", "&"),
        ("%HOSTIP", "127.0.0.1"),
    ] {
        expanded = expanded.replace(name, value);
    }
    let expanded = replace(&expanded, "%hex[", "]hex%", unhex);
    replace(&expanded, "%repeat[", "]%", |inside| {
        let (count, what) = inside.split_once(" x ")?;
        Some(unhex(what)?.repeat(count.trim().parse().ok()?))
    })
}

/// The lines whose conditions hold: everything is built in.
fn conditional(text: &str) -> String {
    let (mut lines, mut holds) = (String::new(), Vec::new());
    for line in text.split_inclusive('\n') {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("%if"), Some(what)) => holds.push(!what.starts_with('!')),
            (Some("%else"), _) => holds.iter_mut().last().into_iter().for_each(|holds| *holds = !*holds),
            (Some("%endif"), _) => _ = holds.pop(),
            _ if holds.iter().all(|holds| *holds) => lines += line,
            _ => {}
        }
    }
    lines
}

/// Replaces each `before … after` by what `with` makes of the inside, if it makes anything.
fn replace(text: &str, before: &str, after: &str, with: impl Fn(&str) -> Option<String>) -> String {
    let mut parts = text.split(before);
    let mut replaced = parts.next().unwrap_or("").to_string();
    for part in parts {
        let made = part.split_once(after).and_then(|(inside, rest)| Some(with(inside)? + rest));
        replaced += &made.unwrap_or_else(|| format!("{before}{part}"));
    }
    replaced
}

fn unhex(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut decoded = parts.next()?.to_string();
    for part in parts {
        decoded.push(char::from(u8::from_str_radix(part.get(..2)?, 16).ok()?));
        decoded += &part[2..];
    }
    Some(decoded)
}
