//! The laws of the grammar, for both roles: no cut, no store and no pass in front of the machine makes a difference.
//!
//! A head that comes whole may be taken by the quick front; one whose first byte comes alone never is.

use wirenut::http::{
    ClientConnection, ClientEvent, Context, Error, Field, Fields, Limits, Method, Request as Asked, Response,
    ResponseFraming, ResponseHead, Rule, ServerConnection, ServerEvent, Status,
};
use wirenut::time::Instant;

use super::{FILTER, LIMITS, cut};
use crate::recorder::Request;

/// What the store holds where nothing is kept.
const UNUSED: u8 = 0xAA;

type OwnedFields = Vec<(Vec<u8>, Vec<u8>)>;

/// What was read.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Read {
    Request(Request),
    Response(u16, Vec<u8>, OwnedFields, ResponseFraming),
    /// Adjacent pieces of content.
    Body(Vec<u8>),
    End(OwnedFields),
    Failed(Error),
}

/// Who reads.
#[derive(Clone, Copy, Debug)]
enum Role {
    Server,
    /// What it asked for: several requests, an upgrade, a tunnel.
    Client(u8),
}

/// What one call did: the bytes that were consumed, and what they were; nothing if all that can be read was read.
enum Step {
    More(usize),
    Read(usize, Read),
    Over,
}

/// The first byte chooses the role and what it asked for, two more the cut; the rest is what comes.
pub fn grammar_streams(data: &[u8]) {
    let Some((&[role, step, seed], bytes)) = data.split_first_chunk() else { return };
    let role = if role & 1 == 0 { Role::Server } else { Role::Client(role >> 1) };
    let random: Vec<_> = cut(bytes, step, seed).collect();
    let single: Vec<_> = bytes.chunks(1).collect();
    let first_alone: Vec<_> = [&bytes[..bytes.len().min(1)], &bytes[bytes.len().min(1)..]].into();
    let all = Limits { field_filter: None, ..LIMITS };
    let named = Limits { field_filter: Some(&FILTER), ..LIMITS };
    let [shows_all, shows_named] = [all, named].map(|limits| {
        let size = limits.store_bytes();
        let whole = read(role, &limits, size, &[bytes]);
        for pieces in [&first_alone, &single, &random] {
            for size in [size, size * 10] {
                assert_eq!(read(role, &limits, size, pieces), whole, "{role:?} {}", bytes.escape_ascii());
            }
        }
        let small = read(role, &limits, usize::from(seed) % size, &single);
        refuses_at_most(&small, &whole, bytes);
        whole
    });
    let filtered: Vec<_> = shows_all.into_iter().map(only_named).collect();
    let is_same = begins_alike(&filtered, &shows_named) || begins_alike(&shows_named, &filtered);
    assert!(is_same, "{filtered:?}\n{shows_named:?}\n{}", bytes.escape_ascii());
}

/// In a store that is too small the same is read, up to where its place is used up.
fn refuses_at_most(small: &[Read], whole: &[Read], bytes: &[u8]) {
    if small != whole {
        assert!(matches!(small.last(), Some(Read::Failed(_))), "{small:?} {whole:?} {}", bytes.escape_ascii());
        assert!(begins_alike(small, whole), "{small:?} {whole:?} {}", bytes.escape_ascii());
    }
}

/// Is all of `one` but an error at its end how `other` begins?
fn begins_alike(one: &[Read], other: &[Read]) -> bool {
    let events = match one {
        [events @ .., Read::Failed(_)] => events,
        events => events,
    };
    match (events, other.get(..events.len())) {
        ([before @ .., Read::Body(piece)], Some([others @ .., Read::Body(other)])) => {
            before == others && other.starts_with(piece)
        }
        (events, others) => others == Some(events),
    }
}

/// What a filter leaves of the fields of a head. Trailers are shown as heads are.
fn only_named(read: Read) -> Read {
    let is_named =
        |field: &(Vec<u8>, Vec<u8>)| FILTER.names.iter().any(|name| field.0.eq_ignore_ascii_case(name.as_bytes()));
    let named = |fields: OwnedFields| fields.into_iter().filter(is_named).collect();
    match read {
        Read::Request(request) => Read::Request(Request { fields: named(request.fields), ..request }),
        Read::Response(code, reason, fields, framing) => Read::Response(code, reason, named(fields), framing),
        Read::End(trailers) => Read::End(named(trailers)),
        Read::Body(_) | Read::Failed(_) => read,
    }
}

/// What is read of `pieces`. Where each is one byte, the verdict falls with the byte that it names.
fn read(role: Role, limits: &Limits, store_bytes: usize, pieces: &[&[u8]]) -> Vec<Read> {
    let mut reader = Reader::new(role, limits);
    let mut reads = Vec::new();
    let (mut unread, mut given, mut begin) = (Vec::new(), 0, 0);
    let mut store = vec![UNUSED; store_bytes];
    for piece in pieces {
        unread.extend_from_slice(piece);
        given += piece.len();
        loop {
            store[reader.stored()..].fill(UNUSED);
            match reader.step(limits, &unread, &mut store) {
                Step::Over => return reads,
                Step::More(used) => {
                    unread.drain(..used);
                    break;
                }
                Step::Read(_, Read::Failed(error)) => {
                    if pieces.iter().all(|piece| piece.len() == 1) {
                        falls_with_its_byte(error, given - begin);
                    }
                    reads.push(Read::Failed(error));
                    return reads;
                }
                Step::Read(used, next) => {
                    unread.drain(..used);
                    if reader.is_between_messages(&next) {
                        assert_eq!(reader.stored(), 0, "between messages");
                        begin = given - unread.len();
                    }
                    match (reads.last_mut(), next) {
                        (Some(Read::Body(body)), Read::Body(piece)) => body.extend(piece),
                        (_, next) => reads.push(next),
                    }
                }
            }
        }
    }
    reads
}

/// An error that a byte is to blame for comes with this byte.
fn falls_with_its_byte(error: Error, given: usize) {
    let is_of_no_byte = matches!(error.rule, Rule::NotProcessed | Rule::Unanswered | Rule::UnsolicitedResponse);
    let expected = usize::try_from(error.offset).expect("a test is short") + 1;
    assert!(is_of_no_byte || given == expected, "{error:?} came with byte {given} of its message");
}

/// A connection of either role.
enum Reader {
    Server(ServerConnection),
    Client(ClientConnection),
}

impl Reader {
    fn new(role: Role, limits: &Limits) -> Self {
        let cx = Context { now: Instant::START, limits, date: None };
        let Role::Client(asked) = role else { return Self::Server(ServerConnection::new(&cx)) };
        let mut connection = ClientConnection::new(&cx);
        let get = Asked::new(Method::Get, "/", "a");
        let upgrade = [Field::new("Upgrade", "x")];
        let requests: &[Asked<'_>] = match asked % 4 {
            0 | 1 => &[get, Asked::new(Method::Head, "/", "a"), Asked::new(Method::Post, "/", "a"), get],
            2 => &[get.with_fields(&upgrade)],
            _ => &[Asked::new(Method::Connect, "a:1", "a:1")],
        };
        for request in requests {
            connection.request(&cx, request, &mut [0; 256]).expect("a right request");
        }
        Self::Client(connection)
    }

    fn stored(&self) -> usize {
        match self {
            Self::Server(connection) => connection.stored(),
            Self::Client(connection) => connection.stored(),
        }
    }

    /// Is what was just read the last of its message?
    fn is_between_messages(&self, read: &Read) -> bool {
        match read {
            Read::End(_) => true,
            Read::Response(code, ..) => (100..200).contains(code) && *code != 101,
            Read::Request(_) | Read::Body(_) | Read::Failed(_) => false,
        }
    }

    fn step(&mut self, limits: &Limits, input: &[u8], store: &mut [u8]) -> Step {
        let cx = Context { now: Instant::START, limits, date: None };
        match self {
            Self::Server(connection) => serve(&cx, connection, input, store),
            Self::Client(connection) => ask(&cx, connection, input, store),
        }
    }
}

fn serve(cx: &Context<'_>, connection: &mut ServerConnection, input: &[u8], store: &mut [u8]) -> Step {
    match connection.receive(cx, input, store) {
        Ok((used, ServerEvent::NeedMore)) if connection.is_readable() => Step::More(used),
        Ok((_, ServerEvent::NeedMore | ServerEvent::Paused | ServerEvent::Closed)) => Step::Over,
        Ok((used, ServerEvent::Head(head))) => Step::Read(used, Read::Request(Request::new(&head))),
        Ok((used, ServerEvent::Body(piece))) => {
            let piece = piece.to_vec();
            connection.take_body(cx, piece.len());
            Step::Read(used + piece.len(), Read::Body(piece))
        }
        Ok((used, ServerEvent::End(trailers))) => {
            let read = Read::End(owned(trailers));
            // No tunnel, no switch: what follows is a request again.
            connection.respond(cx, &Response::new(Status::NOT_FOUND), &mut [0; 256]).expect("room for a head");
            connection.finish(cx).expect("no content");
            Step::Read(used, read)
        }
        Err(error) => Step::Read(0, Read::Failed(error)),
    }
}

fn ask(cx: &Context<'_>, connection: &mut ClientConnection, input: &[u8], store: &mut [u8]) -> Step {
    let head = |head: ResponseHead<'_>| {
        Read::Response(head.status.code(), head.reason.to_vec(), owned(head.fields), head.body)
    };
    match connection.receive(cx, input, store) {
        Ok((used, ClientEvent::NeedMore)) => Step::More(used),
        Ok((_, ClientEvent::Paused | ClientEvent::Closed)) => Step::Over,
        Ok((used, ClientEvent::Interim(response) | ClientEvent::Head(response))) => Step::Read(used, head(response)),
        Ok((used, ClientEvent::Body(piece))) => {
            connection.take_body(cx, piece.len());
            Step::Read(used + piece.len(), Read::Body(piece.to_vec()))
        }
        Ok((used, ClientEvent::End(trailers))) => Step::Read(used, Read::End(owned(trailers))),
        Err(error) => Step::Read(0, Read::Failed(error)),
    }
}

fn owned(fields: Fields<'_>) -> OwnedFields {
    fields.into_iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect()
}
