//! The same bytes, read by our own two ends.

use wirenut::http::{
    ClientConnection, Context, Field, Fields, Limits, Method, Request, Response, Rule, ServerConnection, ServerEvent,
    Status,
};
use wirenut::time::Instant;

use super::{Case, Message, Side};
use crate::answers::{self, Heard};
use crate::every_split::cuts;

/// What was read, and what was broken.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Reading {
    pub(super) messages: Vec<Message>,
    pub(super) error: Option<Rule>,
    /// Where the rule is broken, from the first byte on.
    at: usize,
}

/// A name that nobody else writes so.
const HOST: &[u8] = b"hOsT";

/// All cuts of a long input would be slow: these are enough to see all bytes come singly.
const FEW: usize = 20;

/// What we read in the bytes of `case`, in every cut. A request is given the Host field that it lacks: hardly a suite
/// asks for one, and what else is wrong with it would not be seen.
pub(super) fn read(case: &Case) -> Reading {
    let mut case = case.clone();
    for _ in 0..case.bytes.len() {
        let reading = read_once(&case);
        if reading.error != Some(Rule::MissingHost) {
            return reading;
        }
        let line = [HOST, b": ", authority(&case.bytes[..reading.at]), b"\r\n"].concat();
        case.bytes.splice(reading.at..reading.at, line);
    }
    read_once(&case)
}

/// Is `case` refused when the line in which it stops is ended? We judge no line before.
pub(super) fn is_refused_once_its_line_ends(case: &Case) -> bool {
    let cut = read(&Case { has_end: true, ..case.clone() });
    let is_cut_in_head = cut.error == Some(Rule::Truncated) && cut.messages.iter().all(|message| message.is_whole);
    let bytes = [&case.bytes[..], b"\r\n\r\n"].concat();
    is_cut_in_head && read(&Case { bytes, ..case.clone() }).error.is_some()
}

/// The authority in the target of the last request in `bytes`, or any.
fn authority(bytes: &[u8]) -> &[u8] {
    let start = bytes.windows(4).rposition(|end| end == b"\r\n\r\n").map_or(0, |end| end + 4);
    let target = bytes[start..].split(|&byte| byte == b' ').nth(1).unwrap_or(b"");
    let after_scheme = target.windows(3).position(|mark| mark == b"://").map(|mark| &target[mark + 3..]);
    let authority = match after_scheme {
        Some(rest) => rest.split(|byte| b"/?".contains(byte)).next(),
        None if bytes[start..].starts_with(b"CONNECT ") => Some(target),
        None => None,
    };
    authority.unwrap_or(b"a")
}

fn read_once(case: &Case) -> Reading {
    let read = |pieces: &[&[u8]]| match &case.side {
        Side::Requests => serve(pieces, case.has_end),
        Side::Answers(methods) => ask(methods, pieces, case.has_end),
    };
    let whole = read(&[&case.bytes]);
    let few = if case.bytes.len() <= 200 { usize::MAX } else { FEW };
    for pieces in cuts(&case.bytes).take(few) {
        assert_eq!(read(&pieces), whole, "{}: {}", case.name, case.bytes.escape_ascii());
    }
    whole
}

fn context() -> Context<'static> {
    Context { now: Instant::START, limits: &Limits::DEFAULT, date: None }
}

fn owned(fields: Fields<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let fields = fields.into_iter().filter(|field| field.name != HOST);
    fields.map(|field| (field.name.to_vec(), field.value.to_vec())).collect()
}

/// A server that answers each request once it is whole.
fn serve(pieces: &[&[u8]], has_end: bool) -> Reading {
    let cx = context();
    let mut connection = ServerConnection::new(&cx);
    let (mut reading, mut unread) = (Reading::default(), Vec::new());
    let mut store = vec![0; cx.limits.store_bytes()];
    // Consumed bytes, and where the message begins.
    let (mut position, mut start) = (0, 0);
    for piece in pieces.iter().map(|piece| Some(*piece)).chain(has_end.then_some(None)) {
        match piece {
            Some(piece) => unread.extend_from_slice(piece),
            // What is wrong comes out of `receive`.
            None => _ = connection.handle_eof(&cx),
        }
        loop {
            let (mut used, event) = match connection.receive(&cx, &unread, &mut store) {
                Ok(received) => received,
                Err(error) => {
                    reading.error = Some(error.rule);
                    reading.at = start + usize::try_from(error.offset).expect("a short input");
                    return reading;
                }
            };
            let mut is_whole = false;
            match event {
                ServerEvent::Head(head) => reading.messages.push(Message {
                    start: [head.method.as_bytes(), b" ", head.target.raw()].concat(),
                    fields: owned(head.fields),
                    ..Message::default()
                }),
                ServerEvent::Body(content) => {
                    used += content.len();
                    reading.messages.last_mut().expect("a head").content.extend(content);
                    connection.take_body(&cx, content.len());
                }
                ServerEvent::End(trailers) => {
                    let message = reading.messages.last_mut().expect("a head");
                    message.fields.extend(owned(trailers));
                    message.is_whole = true;
                    is_whole = true;
                }
                ServerEvent::NeedMore | ServerEvent::Paused => {
                    position += used;
                    unread.drain(..used);
                    break;
                }
                ServerEvent::Closed => return reading,
            }
            position += used;
            unread.drain(..used);
            if is_whole {
                // No tunnel, so that what follows a CONNECT is read.
                let response = Response::new(Status::NOT_FOUND).with_length(0);
                connection.respond(&cx, &response, &mut [0; 128]).expect("a right response");
                connection.finish(&cx).expect("it is whole");
                start = position;
            }
        }
    }
    reading
}

/// A client that has sent requests with these methods.
fn ask(methods: &[String], pieces: &[&[u8]], has_end: bool) -> Reading {
    let cx = context();
    let mut connection = ClientConnection::new(&cx);
    for method in methods {
        let request = match &method[..] {
            "UPGRADE" => {
                Request::new(Method::Get, "/", "a").with_fields(const { &[Field::new("Upgrade", "websocket")] })
            }
            "CONNECT" => Request::new(Method::Connect, "a:1", "a:1"),
            token => Request::new(Method::from_token(token.as_bytes()), "/", "a"),
        };
        connection.request(&cx, &request, &mut [0; 256]).expect("a right request");
    }
    let mut reading = Reading::default();
    for heard in answers::listen(&cx, &mut connection, pieces, has_end) {
        let message = reading.messages.last_mut();
        match (heard, message) {
            (Heard::Interim(code, _, fields), _) => {
                let start = code.to_string().into_bytes();
                reading.messages.push(Message { start, fields, content: Vec::new(), is_whole: true });
            }
            (Heard::Head(code, _, fields, _), _) => {
                let start = code.to_string().into_bytes();
                reading.messages.push(Message { start, fields, ..Message::default() });
            }
            (Heard::Body(content), Some(message)) => message.content.extend(content),
            (Heard::End(trailers), Some(message)) => {
                message.fields.extend(trailers);
                message.is_whole = true;
            }
            (Heard::Failed(error, _), _) => reading.error = Some(error.rule),
            (Heard::Closed | Heard::Body(_) | Heard::End(_), _) => {}
        }
    }
    reading
}
