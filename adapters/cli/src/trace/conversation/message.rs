//! One message of either role, read by the core.

use wirenut::http::{
    ClientConnection, ClientEvent, Context, Field, FieldFilter, Limits, Method, Request, RequestHead, ResponseFraming,
    ResponseHead, ServerConnection, ServerEvent, Version,
};
use wirenut::time::Instant;

use super::Shared;
use crate::log::Escaped;

/// What the names need of a head, so that little is kept of one that comes in pieces.
const FIELDS: FieldFilter = FieldFilter { names: &["Upgrade"], bytes: 4_096 };
pub(super) const LIMITS: Limits = Limits { field_filter: Some(&FIELDS), ..Limits::DEFAULT };
/// So much is shown of the first line of a message, in bytes.
const LONGEST_LINE: usize = 120;
/// So many requests may wait for their responses: more than pipelines have.
const MAX_REQUESTS: usize = 256;
/// Nobody waits for anybody in a capture.
const CONTEXT: Context<'static> = Context { now: Instant::START, limits: &LIMITS, date: None };

/// What a response depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Asked {
    Content,
    Head,
    Connect,
    Upgrade,
}

/// What reads the messages of one direction.
pub(super) trait Message: Sized {
    /// Begins with the next message.
    fn begin(shared: &mut Shared<'_>) -> Self;

    /// Reads on: how many bytes were taken, and what was found.
    fn step(&mut self, bytes: &[u8], shared: &mut Shared<'_>) -> (usize, Step);

    /// How many bytes at the front of the store must be there again.
    fn stored(&self) -> usize;
}

/// What a step has found.
pub(super) enum Step {
    /// Something that is not the end.
    On,
    NeedMore,
    End,
    Tunnel,
    Lost,
}

impl Message for ServerConnection {
    fn begin(_: &mut Shared<'_>) -> Self {
        Self::new(&CONTEXT)
    }

    fn step(&mut self, bytes: &[u8], shared: &mut Shared<'_>) -> (usize, Step) {
        let (taken, head) = match self.receive(&CONTEXT, bytes, &mut shared.buffers.store) {
            Ok((taken, ServerEvent::Head(head))) => (taken, (request_line(&head), asked(&head))),
            Ok((taken, ServerEvent::Body(content))) => {
                let count = content.len();
                self.take_body(&CONTEXT, count);
                return (taken + count, Step::On);
            }
            Ok((taken, ServerEvent::NeedMore)) => return (taken, Step::NeedMore),
            Ok((taken, ServerEvent::End(_))) => return (taken, Step::End),
            Ok((_, ServerEvent::Paused | ServerEvent::Closed)) | Err(_) => return (0, Step::Lost),
        };
        let (line, asked) = head;
        shared.name(&line);
        if shared.asked.len() < MAX_REQUESTS {
            shared.asked.push_back(asked);
        }
        (taken, Step::On)
    }

    fn stored(&self) -> usize {
        Self::stored(self)
    }
}

impl Message for ClientConnection {
    /// A response to the oldest request; one whose request was not captured is taken for that to a GET.
    fn begin(shared: &mut Shared<'_>) -> Self {
        let mut connection = Self::new(&CONTEXT);
        let upgrade = [Field::new("Upgrade", "x")];
        let request = match shared.asked.pop_front().unwrap_or(Asked::Content) {
            Asked::Content => Request::new(Method::Get, "/", "a"),
            Asked::Head => Request::new(Method::Head, "/", "a"),
            Asked::Connect => Request::new(Method::Connect, "a:1", "a:1"),
            Asked::Upgrade => Request::new(Method::Get, "/", "a").with_fields(&upgrade),
        };
        // It always fits, and is sound; if it were not, the response would be refused.
        let _ = connection.request(&CONTEXT, &request, &mut [0; 128]);
        connection
    }

    fn step(&mut self, bytes: &[u8], shared: &mut Shared<'_>) -> (usize, Step) {
        let (taken, line, is_tunnel) = match self.receive(&CONTEXT, bytes, &mut shared.buffers.store) {
            Ok((taken, ClientEvent::Head(head))) => (taken, status_line(&head), head.body == ResponseFraming::Tunnel),
            Ok((taken, ClientEvent::Interim(head))) => (taken, status_line(&head), false),
            Ok((taken, ClientEvent::Body(content))) => {
                let count = content.len();
                self.take_body(&CONTEXT, count);
                return (taken + count, Step::On);
            }
            Ok((taken, ClientEvent::NeedMore)) => return (taken, Step::NeedMore),
            Ok((taken, ClientEvent::End(_))) => return (taken, Step::End),
            Ok((_, ClientEvent::Paused | ClientEvent::Closed)) | Err(_) => return (0, Step::Lost),
        };
        shared.name(&line);
        (taken, if is_tunnel { Step::Tunnel } else { Step::On })
    }

    fn stored(&self) -> usize {
        Self::stored(self)
    }
}

fn asked(head: &RequestHead<'_>) -> Asked {
    if head.method == Method::Head {
        Asked::Head
    } else if head.method == Method::Connect {
        Asked::Connect
    } else if head.fields.get("upgrade").is_some() {
        Asked::Upgrade
    } else {
        Asked::Content
    }
}

fn request_line(head: &RequestHead<'_>) -> Vec<u8> {
    [head.method.as_bytes(), head.target.raw(), version(head.version)].join(&b' ')
}

fn status_line(head: &ResponseHead<'_>) -> Vec<u8> {
    [version(head.version), head.status.code().to_string().as_bytes(), head.reason].join(&b' ')
}

const fn version(version: Version) -> &'static [u8] {
    match version {
        Version::Http10 => b"HTTP/1.0",
        Version::Http11 => b"HTTP/1.1",
    }
}

/// The first line of a message of HTTP/1, if the data begins with what looks like one.
pub(super) fn first_line(data: &[u8]) -> Option<&[u8]> {
    let line = data.split(|byte| *byte == b'\n').next()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let is_response = line.starts_with(b"HTTP/1.");
    let is_request = || {
        let mut words = line.split(|byte| *byte == b' ');
        let is_method = words.next().is_some_and(|word| !word.is_empty() && word.iter().all(u8::is_ascii_uppercase));
        is_method && words.next().is_some() && words.next().is_some_and(|word| word.starts_with(b"HTTP/1."))
    };
    (is_response || is_request()).then_some(line)
}

/// A line that commands no terminal, of bounded length.
pub(super) fn shown(line: &[u8]) -> Box<str> {
    let (line, rest) = line.split_at(line.len().min(LONGEST_LINE));
    let words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let mut text = words.map(|word| Escaped(word).to_string()).collect::<Vec<_>>().join(" ");
    if !rest.is_empty() {
        text.push('…');
    }
    text.into()
}
