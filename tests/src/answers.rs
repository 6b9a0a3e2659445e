//! What a client hears, written down: the same in any cut, and never more than another parser accepts.

use alloc::collections::VecDeque;

use wirenut::http::{
    ClientConnection, ClientEvent, Context, Error, Field, Fields, Limits, Method, Request, ResponseFraming,
    ResponseHead,
};
use wirenut::time::Instant;

use crate::every_split::cuts;
use crate::fuzz::{FILTER, LIMITS};

/// The fields of a head or of a trailer section: names and values.
pub type OwnedFields = Vec<(Vec<u8>, Vec<u8>)>;

/// An event, with all that it borrowed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// The head of an interim response.
    Interim(u16, Vec<u8>, OwnedFields),
    /// The head of a final response.
    Head(u16, Vec<u8>, OwnedFields, ResponseFraming),
    /// Adjacent pieces of content.
    Body(Vec<u8>),
    /// The end of the content.
    End(OwnedFields),
    /// The connection takes nothing more.
    Closed,
    /// What went wrong, and how many of the outstanding requests may be sent again.
    Failed(Error, usize),
}

fn owned(fields: Fields<'_>) -> OwnedFields {
    fields.into_iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect()
}

fn note(heard: &mut Vec<Heard>, event: ClientEvent<'_>) {
    let parts = |head: ResponseHead<'_>| (head.status.code(), head.reason.to_vec(), owned(head.fields));
    let next = match event {
        ClientEvent::NeedMore | ClientEvent::Paused => return,
        ClientEvent::Interim(head) => {
            let (code, reason, fields) = parts(head);
            Heard::Interim(code, reason, fields)
        }
        ClientEvent::Head(head) => {
            let (code, reason, fields) = parts(head);
            Heard::Head(code, reason, fields, head.body)
        }
        ClientEvent::Body(piece) => match heard.last_mut() {
            Some(Heard::Body(body)) => return body.extend(piece),
            _ => Heard::Body(piece.to_vec()),
        },
        ClientEvent::End(trailers) => Heard::End(owned(trailers)),
        ClientEvent::Closed => Heard::Closed,
    };
    heard.push(next);
}

/// What a client that has sent `requests` hears in `pieces`, and in their end if `has_end`.
#[must_use]
pub fn hear(limits: &Limits, requests: &[Request<'_>], pieces: &[&[u8]], has_end: bool) -> Vec<Heard> {
    hear_in(usize::MAX, limits, requests, pieces, has_end)
}

/// As [`hear`], in a receive buffer of so many bytes.
fn hear_in(buffer: usize, limits: &Limits, requests: &[Request<'_>], pieces: &[&[u8]], has_end: bool) -> Vec<Heard> {
    let cx = Context { now: Instant::START, limits, date: None };
    let mut connection = ClientConnection::new(&cx);
    for request in requests {
        connection.request(&cx, request, &mut [0; 256]).expect("a right request");
    }
    listen_in(buffer, &cx, &mut connection, pieces, has_end)
}

/// What `connection` hears in `pieces`, and in their end if `has_end`.
#[must_use]
pub fn listen(cx: &Context<'_>, connection: &mut ClientConnection, pieces: &[&[u8]], has_end: bool) -> Vec<Heard> {
    listen_in(usize::MAX, cx, connection, pieces, has_end)
}

/// As [`listen`], in a receive buffer of so many bytes.
pub fn listen_in(
    buffer: usize,
    cx: &Context<'_>,
    connection: &mut ClientConnection,
    pieces: &[&[u8]],
    has_end: bool,
) -> Vec<Heard> {
    let (mut heard, mut unread) = (Vec::new(), Vec::<u8>::new());
    let mut store = vec![b'~'; cx.limits.store_bytes()];
    let mut pieces: VecDeque<_> = pieces.iter().map(|piece| Some(*piece)).chain(has_end.then_some(None)).collect();
    while let Some(piece) = pieces.pop_front() {
        match piece {
            Some(piece) => {
                let (piece, rest) = piece.split_at(piece.len().min(buffer - unread.len()));
                unread.extend_from_slice(piece);
                if !rest.is_empty() {
                    pieces.push_front(Some(rest));
                }
            }
            // What is wrong comes out of `receive`.
            None => _ = connection.handle_eof(cx),
        }
        loop {
            let stored = connection.stored();
            // Nothing but these may matter.
            store[stored..].fill(b'~');
            match connection.receive(cx, &unread, &mut store) {
                Ok((mut used, event)) => {
                    assert!(used <= unread.len(), "took more than there is");
                    if let ClientEvent::Body(body) = event {
                        assert!(!body.is_empty(), "an empty body piece");
                        used += body.len();
                        connection.take_body(cx, body.len());
                    }
                    let rests = matches!(event, ClientEvent::NeedMore | ClientEvent::Paused);
                    let is_over = event == ClientEvent::Closed;
                    note(&mut heard, event);
                    unread.drain(..used);
                    if is_over {
                        return heard;
                    }
                    if rests {
                        break;
                    }
                }
                Err(error) => return failed(heard, connection, error),
            }
        }
        // Only what nobody reads yet, behind an answer that is complete, may fill the buffer.
        if unread.len() == buffer {
            return heard;
        }
    }
    heard
}

fn failed(mut heard: Vec<Heard>, connection: &ClientConnection, error: Error) -> Vec<Heard> {
    let retries = (0..connection.outstanding()).filter(|&nth| connection.may_retry(nth)).count();
    heard.push(Heard::Failed(error, retries));
    heard
}

/// Any bytes as the answers to all that can be asked: in any cut the same, and the first head is one to
/// httparse as well, which is more lenient.
pub fn client_connection(data: &[u8]) {
    let get = Request::new(Method::Get, "/", "a");
    let upgrade = [Field::new("Upgrade", "x")];
    let sets: [&[Request<'_>]; 4] = [
        &[get, Request::new(Method::Head, "/", "a"), Request::new(Method::Post, "/", "a"), get],
        &[get.with_fields(&upgrade)],
        &[Request::new(Method::Connect, "a:1", "a:1")],
        &[],
    ];
    // All cuts of a long input would be too slow for a fuzzer.
    let few = if data.len() <= 64 { usize::MAX } else { 8 };
    for requests in sets {
        for has_end in [false, true] {
            let whole = hear(&LIMITS, requests, &[data], has_end);
            for pieces in cuts(data).take(few) {
                assert_eq!(hear(&LIMITS, requests, &pieces, has_end), whole, "{}", data.escape_ascii());
            }
            if let Some(asked) = requests.first() {
                parses_alike(asked, data, whole.first());
            }
            in_a_small_buffer(requests, data, has_end, few.min(8));
            if let Some(Heard::Head(code, _, fields, _) | Heard::Interim(code, _, fields)) = whole.first() {
                agrees(data, *code, fields.len());
            }
        }
    }
}

/// The answers to what can be asked, whole and with their first byte alone: by the quick front where they are usual, and by
/// the table of the grammar.
pub(crate) fn front_and_grammar(limits: &Limits, data: &[u8]) {
    let get = Request::new(Method::Get, "/", "a");
    let upgrade = [Field::new("Upgrade", "x")];
    let (first, rest) = data.split_at(data.len().min(1));
    let pieces: Vec<&[u8]> = data.chunks(1).collect();
    for request in [get, Request::new(Method::Head, "/", "a"), get.with_fields(&upgrade)] {
        let whole = hear(limits, &[request], &[data], true);
        assert_eq!(hear(limits, &[request], &[first, rest], true), whole, "{}", data.escape_ascii());
        assert_eq!(hear(limits, &[request], &pieces, true), whole, "{}", data.escape_ascii());
    }
}

/// What is heard first is what is parsed without a connection.
fn parses_alike(asked: &Request<'_>, data: &[u8], heard: Option<&Heard>) {
    let mut store = vec![b'~'; LIMITS.store_bytes()];
    let parsed = ResponseHead::parse(&LIMITS, asked, data, &mut store);
    match (parsed, heard) {
        (Ok(Some((_, head))), Some(Heard::Head(code, reason, fields, framing))) => {
            assert_eq!((head.status.code(), head.reason), (*code, &reason[..]), "{}", data.escape_ascii());
            assert_eq!((owned(head.fields), head.body), (fields.clone(), *framing), "{}", data.escape_ascii());
        }
        (Ok(Some((_, head))), Some(Heard::Interim(code, ..))) => assert_eq!(head.status.code(), *code),
        (Ok(None), None | Some(Heard::Failed(..))) => {}
        (Err(error), Some(Heard::Failed(heard, _))) => assert_eq!(error, *heard, "{}", data.escape_ascii()),
        (parsed, heard) => panic!("{parsed:?} {heard:?}: {}", data.escape_ascii()),
    }
}

/// In any cut the same as in a large one, for the same filter.
fn in_a_small_buffer(requests: &[Request<'_>], data: &[u8], has_end: bool, few: usize) {
    let limits = Limits { field_filter: Some(&FILTER), ..LIMITS };
    let whole = hear(&limits, requests, &[data], has_end);
    for pieces in cuts(data).take(few) {
        let cut = hear_in(2, &limits, requests, &pieces, has_end);
        assert_eq!(cut, whole, "{}", data.escape_ascii());
    }
}

fn agrees(data: &[u8], code: u16, fields: usize) {
    let mut lines = [::httparse::EMPTY_HEADER; 64];
    let mut response = ::httparse::Response::new(&mut lines);
    match response.parse(data) {
        Ok(::httparse::Status::Complete(_)) => {
            assert_eq!((response.code, response.headers.len()), (Some(code), fields), "{}", data.escape_ascii());
        }
        // It knows no minor version but 0 and 1.
        Err(::httparse::Error::Version) => {}
        other => panic!("{other:?}: {}", data.escape_ascii()),
    }
}
