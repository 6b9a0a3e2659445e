//! Trailer fields that are sent, by either end: all or nothing, and what is read of them is what was sent.

use core::convert::Infallible;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{
    ClientConnection, ClientEvent, Context, Disposition, Field, Fields, Limits, Method, Misuse, Request, RequestHead,
    Response, Rule, ServerConnection, ServerEvent, Status, WriteError,
};
use wirenut::time::Instant;
use wirenut_tests::oracle::{self, Verdict};
use wirenut_tests::pair::{self, Setup};
use wirenut_tests::recorder::{Recorder, TRAILERS, UNKNOWN};
use wirenut_tests::responses;

const CX: Context<'static> = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const UPLOAD: Request<'static> = Request::new(Method::Put, "/", "a").with_unknown_length();
const ROOM: usize = 8 * 1024;

/// One of the two ends, in the middle of a body.
#[derive(Clone, Debug)]
enum End {
    Server(ServerConnection),
    Client(ClientConnection),
}

/// Both ends, with the heads that they have sent.
fn ends() -> [(End, Vec<u8>); 2] {
    let (server, response) = answering(GET, &Response::new(Status::OK).with_unknown_length());
    let mut client = ClientConnection::new(&CX);
    let mut out = [0; 256];
    let written = client.request(&CX, &UPLOAD, &mut out).expect("a request");
    [(End::Server(server), response), (End::Client(client), out[..written].to_vec())]
}

fn answering(request: &[u8], response: &Response<'_>) -> (ServerConnection, Vec<u8>) {
    let mut server = ServerConnection::new(&CX);
    server.receive(&CX, request, &mut [0; 128]).expect("a request");
    let mut out = [0; 256];
    let written = server.respond(&CX, response, &mut out).expect("a response");
    (server, out[..written].to_vec())
}

impl End {
    fn send_trailers(&mut self, fields: &[Field<'_>], out: &mut [u8]) -> Result<usize, WriteError> {
        match self {
            Self::Server(server) => server.send_trailers(&CX, fields, out),
            Self::Client(client) => client.send_trailers(&CX, fields, out),
        }
    }

    fn send_body(&mut self, piece: &[u8], out: &mut [u8]) -> Result<(usize, usize), WriteError> {
        match self {
            Self::Server(server) => server.send_body(&CX, piece, out),
            Self::Client(client) => client.send_body(&CX, piece, out),
        }
    }

    fn finish(&mut self, out: &mut [u8]) -> Result<usize, WriteError> {
        match self {
            Self::Server(server) => server.finish(&CX).map(|()| server.poll_transmit(&CX, out)),
            Self::Client(client) => client.finish(&CX).map(|()| client.poll_transmit(&CX, out)),
        }
    }

    fn rule(&self) -> Option<Rule> {
        let error = match self {
            Self::Server(server) => server.error(),
            Self::Client(client) => client.error(),
        };
        error.map(|error| error.rule)
    }

    /// What the other end hears of a message that this one has sent: its body and its trailer fields.
    fn heard(&self, message: &[u8]) -> (Vec<u8>, Vec<oracle::Field>) {
        let (mut body, mut at) = (Vec::new(), 0);
        let mut store = vec![0; CX.limits.store_bytes()];
        let mut server = ServerConnection::new(&CX);
        let mut client = ClientConnection::new(&CX);
        client.request(&CX, &Request::new(Method::Get, "/", "a"), &mut [0; 64]).expect("a request");
        loop {
            let (used, piece, trailers) = match self {
                Self::Client(_) => match server.receive(&CX, &message[at..], &mut store).expect("a right message") {
                    (used, ServerEvent::Body(piece)) => (used, piece, None),
                    (used, ServerEvent::End(trailers)) => (used, &b""[..], Some(trailers)),
                    (used, ServerEvent::Head(_)) => (used, &b""[..], None),
                    (_, event @ (ServerEvent::NeedMore | ServerEvent::Paused | ServerEvent::Closed)) => {
                        panic!("{event:?}")
                    }
                },
                Self::Server(_) => match client.receive(&CX, &message[at..], &mut store).expect("a right message") {
                    (used, ClientEvent::Body(piece)) => (used, piece, None),
                    (used, ClientEvent::End(trailers)) => (used, &b""[..], Some(trailers)),
                    (used, ClientEvent::Head(_)) => (used, &b""[..], None),
                    (_, event) => panic!("{event:?}"),
                },
            };
            at += used + piece.len();
            body.extend(piece);
            if let Some(trailers) = trailers {
                assert_eq!(at, message.len(), "bytes behind the end");
                return (body, owned(trailers));
            }
            match self {
                Self::Client(_) => server.take_body(&CX, piece.len()),
                Self::Server(_) => client.take_body(&CX, piece.len()),
            }
        }
    }
}

fn owned(fields: Fields<'_>) -> Vec<oracle::Field> {
    fields.into_iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect()
}

#[test]
fn trailers_are_written_or_refused() {
    let field = Field::new;
    let table: [(&[Field<'_>], Result<&str, Misuse>); 13] = [
        (&[], Ok("0\r\n\r\n")),
        (&[field("Sum", "1")], Ok("0\r\nSum: 1\r\n\r\n")),
        (&[field("A", ""), field("a", "b c"), field("ETag", "\"x\"")], Ok("0\r\nA: \r\na: b c\r\nETag: \"x\"\r\n\r\n")),
        (&[field("Authentication-Info", "a")], Ok("0\r\nAuthentication-Info: a\r\n\r\n")),
        (&[field("", "a")], Err(Misuse::InvalidField)),
        (&[field("a b", "c")], Err(Misuse::InvalidField)),
        (&[field("a", "b\r\nc: d")], Err(Misuse::InvalidField)),
        (&[field("a", "b"), field("c", "\0")], Err(Misuse::InvalidField)),
        (&[field("Content-Length", "1")], Err(Misuse::ForbiddenTrailer)),
        (&[field("a", "b"), field("HOST", "1")], Err(Misuse::ForbiddenTrailer)),
        (&[field("trailer", "a")], Err(Misuse::ForbiddenTrailer)),
        (&[field("If-Range", "a")], Err(Misuse::ForbiddenTrailer)),
        (&[field("warning", "a")], Err(Misuse::ForbiddenTrailer)),
    ];
    for (fields, expected) in table {
        for (mut end, _) in ends() {
            let mut out = [0; 128];
            let got = end.send_trailers(fields, &mut out);
            let text = got.map(|written| str::from_utf8(&out[..written]).expect("a text"));
            assert_eq!(text, expected.map_err(WriteError::Misuse), "{fields:?} {end:?}");
            assert_eq!(end.rule(), expected.err().map(|_| Rule::Misused), "{fields:?} {end:?}");
        }
    }
}

/// All or nothing in every room, and where it was nothing, nothing has happened.
#[test]
fn trailers_are_never_cut() {
    let fields = [Field::new("Sum", "1129"), Field::new("Empty", "")];
    let whole = b"0\r\nSum: 1129\r\nEmpty: \r\n\r\n";
    for (end, _) in ends() {
        for room in 0..whole.len() + 3 {
            let mut end = end.clone();
            let mut out = [b'?'; 64];
            let before = format!("{end:?}");
            let got = end.send_trailers(&fields, &mut out[..room]);
            if room < whole.len() {
                assert_eq!((got, format!("{end:?}")), (Err(WriteError::Full), before), "{room} bytes");
            } else {
                assert_eq!((got, &out[..whole.len()]), (Ok(whole.len()), &whole[..]), "{room} bytes");
            }
        }
    }
}

#[test]
fn only_the_end_follows_trailers() {
    for (mut end, _) in ends() {
        let mut out = [0; 64];
        end.send_trailers(&[], &mut out).expect("room");
        let mut content = end.clone();
        assert_eq!(content.send_body(b"x", &mut out), Err(Misuse::BodyTooLong.into()));
        let mut twice = end.clone();
        assert_eq!(twice.send_trailers(&[], &mut out), Err(Misuse::TrailersNotAllowed.into()));
        assert_eq!(end.finish(&mut out), Ok(0), "the last chunk twice: {end:?}");
        assert_eq!(end.send_trailers(&[], &mut out), Err(Misuse::NoBody.into()));
    }
}

/// A service cannot know that its client takes none: it asks for the same, and they are dropped.
#[test]
fn clients_that_cannot_take_trailers_get_none() {
    let response = Response::new(Status::OK).with_unknown_length();
    let fields = [Field::new("a", "b")];
    for request in ["HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\r\n\r\n", "HEAD / HTTP/1.0\r\n\r\n"] {
        let mut end = End::Server(answering(request.as_bytes(), &response).0);
        let mut forbidden = end.clone();
        let wrong = forbidden.send_trailers(&[Field::new("host", "a")], &mut []);
        assert_eq!(wrong, Err(Misuse::ForbiddenTrailer.into()), "{request}");
        assert_eq!((end.send_trailers(&fields, &mut []), end.finish(&mut [0; 8])), (Ok(0), Ok(0)), "{request}");
    }
}

#[test]
fn trailers_need_a_chunked_body() {
    let refused = |mut end: End| end.send_trailers(&[], &mut [0; 64]).expect_err("refused");
    let server = |request: &[u8], response| refused(End::Server(answering(request, &response).0));
    let nowhere = WriteError::Misuse(Misuse::TrailersNotAllowed);
    assert_eq!(server(GET, Response::new(Status::OK).with_length(3)), nowhere);
    assert_eq!(server(GET, Response::new(Status::NO_CONTENT)), nowhere);
    assert_eq!(server(GET, Response::new(Status::EARLY_HINTS)), Misuse::NoBody.into());
    assert_eq!(server(b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", Response::new(Status::OK)), nowhere);
    let client = |request: Option<Request<'_>>, answer: &[u8]| {
        let mut client = ClientConnection::new(&CX);
        if let Some(request) = request {
            client.request(&CX, &request, &mut [0; 128]).expect("a request");
            client.receive(&CX, answer, &mut [0; 64]).expect("the beginning of an answer");
        }
        refused(End::Client(client))
    };
    assert_eq!(client(None, b""), Misuse::NoBody.into());
    assert_eq!(client(Some(UPLOAD.with_length(1)), b""), nowhere);
    assert_eq!(client(Some(UPLOAD.with_length(0)), b""), Misuse::NoBody.into());
    let connect = Request::new(Method::Connect, "a:1", "a:1");
    assert_eq!(client(Some(connect), b"HTTP/1.1 200 OK\r\n\r\n"), nowhere);
}

/// What was held back or is not wanted any more.
#[test]
fn a_client_ends_what_it_holds_back_and_drops_what_is_not_wanted() {
    let mut client = ClientConnection::new(&CX);
    client.request(&CX, &UPLOAD.expecting_continue(), &mut [0; 128]).expect("a request");
    let mut stopped = client.clone();
    let mut out = [0; 64];
    assert_eq!(client.send_trailers(&CX, &[Field::new("a", "b")], &mut out), Ok(11));
    assert!(!client.is_held());
    client.finish(&CX).expect("the end");
    stopped.receive(&CX, b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n", &mut [0; 64]).expect("an answer");
    assert!(stopped.is_stopped());
    assert_eq!(stopped.send_trailers(&CX, &[Field::new("a", "b")], &mut []), Ok(0));
    stopped.finish(&CX).expect("the end");
}

/// Whatever the room, as long as they fit at all.
#[test]
fn services_send_trailers_in_any_room() {
    let request = b"GET /trailers HTTP/1.1\r\nHost: a\r\n\r\n";
    let owned = TRAILERS.map(|field| (field.name.to_vec(), field.value.to_vec()));
    for room in 0..120 {
        let setup = Setup { capacity: 160, rooms: vec![room, 0, 160], ..Setup::default() };
        let (outcome, _) = pair::run(&setup, Recorder::default(), &[request], false);
        let responses = responses::read_all(&["GET"], &outcome.output);
        assert_eq!((responses.len(), &responses[0].body[..], outcome.errors), (1, UNKNOWN, vec![]), "{room} bytes");
        assert_eq!(responses[0].trailers, owned, "{room} bytes");
    }
}

/// Asks for trailer fields of this length.
struct Trails(usize);

impl Service for Trails {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        responder.respond(&Response::new(Status::OK).with_unknown_length())?;
        Ok(((), Step::More))
    }

    fn proceed(&self, (): &mut (), responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        let value = "x".repeat(self.0 - "0\r\na: \r\n\r\n".len());
        Ok(if responder.trailers(&[Field::new("a", &value)])? { Step::Done } else { Step::More })
    }
}

#[test]
fn trailers_that_will_never_fit_end_the_exchange() {
    for (length, rules) in [(100, vec![]), (101, vec![Rule::ResponseTooLarge])] {
        let setup = Setup { capacity: 100, rooms: vec![60, 0, 99], ..Setup::default() };
        let (outcome, _) = pair::run(&setup, Trails(length), &[GET], false);
        assert_eq!(outcome.errors.iter().map(|error| error.rule).collect::<Vec<_>>(), rules, "{length} bytes");
        assert_eq!(outcome.disposition == Disposition::Abort, length > 100);
    }
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let known = select(vec!["Host", "TE", "ETag", "date", "Set-Cookie", "Content-Language", "If-Match", "Server"]);
    prop_oneof![
        8 => "[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,12}".prop_map(String::into_bytes),
        2 => known.prop_map(|name| name.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..4),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![8 => "([!-~][ -~\t]{0,12}[!-~])?".prop_map(String::into_bytes), 1 => vec(any::<u8>(), 0..8)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_as_the_same_and_what_is_refused_is_wrong(
        fields in vec((name(), value()), 0..5),
        content in vec(any::<u8>(), 0..40),
    ) {
        let given: Vec<_> = fields.iter().map(|(name, value)| Field { name, value }).collect();
        for (mut end, mut message) in ends() {
            let head = message.len();
            let mut out = vec![0; ROOM];
            let (_, written) = end.send_body(&content, &mut out).expect("a body");
            message.extend(&out[..written]);
            let sent = end.send_trailers(&given, &mut out);
            let lines: Vec<u8> = given.iter().flat_map(|f| [f.name, b": ", f.value, b"\r\n"].concat()).collect();
            let bare = [b"0\r\n", &lines[..], b"\r\n"].concat();
            let Ok(written) = sent else {
                prop_assert!(matches!(sent, Err(WriteError::Misuse(_))), "{:?}", sent);
                // Written all the same, it would be refused, or be read as other fields.
                let read = oracle::chunked(&Limits::DEFAULT, &bare);
                let is_same = |read: &oracle::Chunked| read.trailers == fields;
                prop_assert!(!matches!(&read, Verdict::Accepted(read, _) if is_same(read)), "{:?}", read);
                continue;
            };
            prop_assert_eq!(&out[..written], &bare[..]);
            message.extend(&out[..written]);
            prop_assert_eq!(end.finish(&mut out), Ok(0));
            let trimmed = |value: &[u8]| value.trim_ascii().to_vec();
            let trailers: Vec<_> = fields.iter().map(|(name, value)| (name.clone(), trimmed(value))).collect();
            let expected = oracle::Chunked { body: content.clone(), trailers: trailers.clone() };
            let verdict = oracle::chunked(&Limits::DEFAULT, &message[head..]);
            prop_assert_eq!(verdict, Verdict::Accepted(expected, message.len() - head));
            prop_assert_eq!(end.heard(&message), (content.clone(), trailers.clone()));
            let mut storage = [httparse::EMPTY_HEADER; 8];
            let theirs = httparse::parse_headers(&bare[3..], &mut storage);
            let Ok(httparse::Status::Complete((length, theirs))) = theirs else { panic!("{theirs:?}") };
            let theirs = theirs.iter().map(|field| (field.name.as_bytes().to_vec(), field.value.to_vec()));
            prop_assert!(length == bare.len() - 3 && theirs.eq(trailers));
        }
    }
}
