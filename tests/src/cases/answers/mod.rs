//! Raw responses, and what a client must hear in them.
//!
//! [`check`] runs a case in every cut, and then cut off behind every byte: what is not all there is never whole.

mod chunks;
mod exchanges;
mod framing;
mod heads;

use wirenut::http::{ClientConnection, Context, Error, Field, Limits, Method, Request, ResponseFraming, Rule};
use wirenut::time::Instant;
use wirenut::transport::Disposition;

use super::SMALL;
use crate::answers::{self, Heard, OwnedFields};
use crate::every_split::every_split;
use crate::wire::Wire;

/// A request as far as it was sent before the answer comes.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The request.
    pub request: Request<'static>,
    /// As much of its content as was given.
    pub content: &'static str,
    /// Was its end told?
    pub is_finished: bool,
}

impl Asked {
    const fn new(request: Request<'static>) -> Self {
        Self { request, content: "", is_finished: true }
    }

    /// Nothing is sent yet but the head, and this.
    const fn sending(request: Request<'static>, content: &'static str) -> Self {
        Self { request, content, is_finished: false }
    }
}

const GET: Asked = Asked::new(Request::new(Method::Get, "/", "a"));
const HEAD: Asked = Asked::new(Request::new(Method::Head, "/", "a"));
const POST: Asked = Asked::new(Request::new(Method::Post, "/", "a"));
const CONNECT: Asked = Asked::new(Request::new(Method::Connect, "a:1", "a:1"));
const UPGRADE: Asked = Asked::new(Request::new(Method::Get, "/", "a").with_fields(&[Field::new("Upgrade", "x")]));
const LAST: Asked = Asked::new(Request::new(Method::Get, "/", "a").closing());

/// Bytes that a server answers with, and what must come of them.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The section of the RFC.
    pub section: &'static str,
    /// What was sent before.
    pub asked: &'static [Asked],
    /// The bytes, in the signs of [`crate::wire`]. Marked is the byte that breaks the rule, or if none does the end of
    /// the last response, where that is not the end of the bytes.
    pub text: &'static str,
    /// The bounds.
    pub limits: Limits,
    /// Does the server end its direction behind them?
    pub has_end: bool,
    /// The responses that are heard: code, framing, and the content that came; then `.` if its end came, and the
    /// trailer fields. Of an interim one the code.
    pub answers: &'static [&'static str],
    /// The reason phrase of the last head, and its fields.
    pub head: Option<(&'static str, &'static [(&'static str, &'static str)])>,
    /// The rule that is broken at the marked byte.
    pub rule: Option<Rule>,
    /// How many of the requests without a whole answer may be sent again, if a rule is broken.
    pub retries: usize,
    /// Is the rest of the request's content not wanted any more?
    pub is_stopped: bool,
    /// What becomes of the connection.
    pub disposition: Disposition,
}

/// A response of HTTP/1.1 with these lines behind its status line.
macro_rules! ok {
    ($rest:literal) => {
        concat!("HTTP/1.1 200 OK↵", $rest)
    };
}
use ok;

impl Case {
    /// These are the responses to a GET.
    const fn accept(section: &'static str, text: &'static str, answers: &'static [&'static str]) -> Self {
        Self {
            section,
            asked: &[GET],
            text,
            limits: Limits::DEFAULT,
            has_end: false,
            answers,
            head: None,
            rule: None,
            retries: 0,
            is_stopped: false,
            disposition: Disposition::Open,
        }
    }

    /// The response to a GET breaks this rule at the mark.
    const fn refuse(section: &'static str, text: &'static str, rule: Rule) -> Self {
        Self { rule: Some(rule), disposition: Disposition::Abort, ..Self::accept(section, text, &[]) }
    }

    /// Not a GET was sent, but these.
    const fn to(self, asked: &'static [Asked]) -> Self {
        Self { asked, ..self }
    }

    /// So much was heard before the rule was broken.
    const fn after(self, answers: &'static [&'static str]) -> Self {
        Self { answers, ..self }
    }

    const fn reads(self, reason: &'static str, fields: &'static [(&'static str, &'static str)]) -> Self {
        Self { head: Some((reason, fields)), ..self }
    }

    const fn small(self) -> Self {
        Self { limits: SMALL, ..self }
    }

    /// The server ends its direction behind the bytes.
    const fn ended(self) -> Self {
        Self { has_end: true, ..self }
    }

    const fn again(self, retries: usize) -> Self {
        Self { retries, ..self }
    }

    const fn stopped(self) -> Self {
        Self { is_stopped: true, ..self }
    }

    const fn closes(self) -> Self {
        Self { disposition: Disposition::Close, ..self }
    }

    fn hear(&self, pieces: &[&[u8]], has_end: bool) -> Heeded {
        let cx = Context { now: Instant::START, limits: &self.limits, date: None };
        let mut connection = ClientConnection::new(&cx);
        let mut out = [0; 256];
        for asked in self.asked {
            connection.request(&cx, &asked.request, &mut out).expect("a right request");
            if !asked.content.is_empty() {
                connection.send_body(&cx, asked.content.as_bytes(), &mut out).expect("not more than was declared");
            }
            if asked.is_finished {
                connection.finish(&cx).expect("all of it was sent");
            }
        }
        let heard = answers::listen(&cx, &mut connection, pieces, has_end);
        Heeded::new(&heard, &connection)
    }
}

/// What was heard, and what became of the connection.
#[derive(Clone, PartialEq, Debug)]
struct Heeded {
    answers: Vec<String>,
    /// Of the last head.
    head: Option<(Vec<u8>, OwnedFields)>,
    failed: Option<(Error, usize)>,
    is_stopped: bool,
    disposition: Disposition,
    outstanding: usize,
    /// How many responses are whole, of those whose end does not come with that of the connection.
    whole: usize,
    is_delimited: bool,
    is_last_whole: bool,
}

impl Heeded {
    fn new(heard: &[Heard], connection: &ClientConnection) -> Self {
        let mut heeded = Self {
            answers: Vec::new(),
            head: None,
            failed: None,
            is_stopped: connection.is_stopped(),
            disposition: connection.disposition(),
            outstanding: connection.outstanding(),
            whole: 0,
            is_delimited: false,
            is_last_whole: false,
        };
        heard.iter().for_each(|event| heeded.note(event));
        heeded
    }

    fn note(&mut self, event: &Heard) {
        match event {
            Heard::Interim(code, reason, fields) => {
                self.answers.push(code.to_string());
                self.head = Some((reason.clone(), fields.clone()));
                self.is_last_whole = false;
            }
            Heard::Head(code, reason, fields, framing) => {
                self.is_delimited = !matches!(framing, ResponseFraming::UntilClose | ResponseFraming::Tunnel);
                let framing = match framing {
                    ResponseFraming::Length(length) => length.to_string(),
                    ResponseFraming::Chunked => "chunked".to_string(),
                    ResponseFraming::UntilClose => "close".to_string(),
                    ResponseFraming::Tunnel => "tunnel".to_string(),
                };
                self.answers.push(format!("{code} {framing}"));
                self.is_last_whole = false;
                self.head = Some((reason.clone(), fields.clone()));
            }
            Heard::Body(body) => self.last().push_str(&format!(" {}", body.escape_ascii())),
            Heard::End(trailers) => {
                self.last().push('.');
                for (name, value) in trailers {
                    self.last().push_str(&format!(" {}: {}", name.escape_ascii(), value.escape_ascii()));
                }
                self.is_last_whole = self.is_delimited;
                self.whole += usize::from(self.is_delimited);
            }
            Heard::Closed => {}
            Heard::Failed(error, retries) => self.failed = Some((*error, *retries)),
        }
    }

    fn last(&mut self) -> &mut String {
        self.answers.last_mut().expect("a head comes first")
    }
}

/// All cases.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [heads::CASES, framing::CASES, chunks::CASES, exchanges::CASES].into_iter().flatten()
}

/// Runs `case` in every cut, and cut off everywhere.
///
/// # Panics
/// If anything is not as the case has it.
pub fn check(case: &Case) {
    let wire = Wire::new(case.text);
    let heeded = every_split(&wire.bytes, |pieces| case.hear(pieces, case.has_end));
    let broken = case.rule.map(|rule| (Error { rule, offset: wire.offset() }, case.retries));
    let answers: Vec<_> = heeded.answers.iter().map(String::as_str).collect();
    assert_eq!(
        (answers, heeded.failed, heeded.is_stopped, heeded.disposition),
        (case.answers.to_vec(), broken, case.is_stopped, case.disposition),
        "left: got, right: expected (RFC {}): {}",
        case.section,
        case.text
    );
    if let Some((reason, fields)) = case.head {
        let bytes = |text| Wire::new(text).bytes;
        let fields = fields.iter().map(|(name, value)| (bytes(name), bytes(value))).collect();
        assert_eq!(heeded.head, Some((bytes(reason), fields)), "{}", case.text);
    }
    let end = wire.mark.unwrap_or(wire.bytes.len());
    (0..end).for_each(|length| check_cut_off(case, &heeded, &wire.bytes[..length]));
    answers::client_connection(&wire.bytes);
}

/// The first bytes of `case`, and then nothing: no response is whole that was not, and the loss is named.
fn check_cut_off(case: &Case, all: &Heeded, bytes: &[u8]) {
    let cut = case.hear(&[bytes], true);
    let context = || format!("cut off: {} of {} {cut:?}", bytes.escape_ascii(), case.text);
    let needs_all = case.rule.is_none() && all.is_last_whole;
    assert!(cut.whole < all.whole + usize::from(!needs_all), "{}", context());
    match cut.failed {
        None => assert_eq!(cut.outstanding, 0, "{}", context()),
        Some((error, _)) => {
            let is_loss = matches!(error.rule, Rule::Truncated | Rule::Unanswered | Rule::NotProcessed);
            assert!(is_loss, "{}", context());
        }
    }
}
