//! Heads, and what else goes whole, in every room: all of it or nothing, and where it was nothing, nothing has happened.

use core::convert::Infallible;
use core::fmt::Debug;

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{
    ClientConnection, Context, Disposition, Field, HttpDate, Limits, Method, Request, RequestHead, Response, Rule,
    ServerConnection, Status, WriteError,
};
use wirenut::time::Instant;
use wirenut_tests::pair::{self, Setup};
use wirenut_tests::responses;

const CX: Context<'static> = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Writes into every room from none to more than enough. What is written in the end.
fn in_every_room<T: Clone + Debug>(
    connection: &T,
    write: impl Fn(&mut T, &mut [u8]) -> Result<usize, WriteError>,
) -> Vec<u8> {
    let mut out = [0; 1024];
    let length = write(&mut connection.clone(), &mut out).expect("room");
    let whole = out[..length].to_vec();
    for room in 0..length {
        let mut same = connection.clone();
        let got = write(&mut same, &mut out[..room]);
        assert_eq!(got, Err(WriteError::Full), "in {room} bytes");
        assert_eq!(format!("{same:?}"), format!("{connection:?}"), "in {room} bytes");
        // The refusal leaves the way open.
        assert_eq!(write(&mut same, &mut out), Ok(length), "after {room} bytes");
    }
    for room in [length, length + 1] {
        let mut out = [0; 1024];
        assert_eq!(write(&mut connection.clone(), &mut out[..room]), Ok(length), "in {room} bytes");
        assert_eq!((&out[..length], out[length]), (&whole[..], 0), "in {room} bytes");
    }
    whole
}

#[test]
fn response_heads_are_never_cut() {
    let date = HttpDate::from_unix(784_111_777);
    let dated = Context { date: Some(&date), ..CX };
    let fields = [Field::new("Server", "test"), Field::new("Empty", ""), Field::new("Long", "x, y, z")];
    let upgrade = [Field::new("Upgrade", "x")];
    let ok = Response::new(Status::OK);
    let switching = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    for (request, response) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", ok),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", ok.with_fields(&fields).with_length(u64::MAX)),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", ok.with_unknown_length().closing()),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Response::new(Status::NO_CONTENT)),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Response::new(Status::EARLY_HINTS).with_fields(&fields)),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", ok.with_length(3)),
        ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", ok.with_length(3)),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", ok),
        (switching, Response::new(Status::SWITCHING_PROTOCOLS).with_fields(&upgrade)),
    ] {
        let mut connection = ServerConnection::new(&CX);
        connection.receive(&CX, request.as_bytes(), &mut [0; 128]).expect("a request");
        let head = in_every_room(&connection, |connection, out| connection.respond(&dated, &response, out));
        assert!(head.starts_with(b"HTTP/1.1 ") && head.ends_with(b"\r\n\r\n"), "{}", head.escape_ascii());
    }
}

#[test]
fn request_heads_are_never_cut() {
    let fields = [Field::new("Accept", "*/*"), Field::new("TE", "trailers"), Field::new("Upgrade", "x")];
    let get = Request::new(Method::Get, "/a?b", "example.org:8080");
    let upload = Request::new(Method::Put, "/", "a");
    let idle = ClientConnection::new(&CX);
    let mut waiting = idle.clone();
    waiting.request(&CX, &get, &mut [0; 128]).expect("a request");
    // The last chunk of the request before goes with it, or not at all.
    let mut owing = idle.clone();
    owing.request(&CX, &upload.with_unknown_length(), &mut [0; 128]).expect("a request");
    owing.finish(&CX).expect("a body");
    for request in [
        get,
        get.with_fields(&fields).closing(),
        upload.with_length(u64::MAX).expecting_continue(),
        upload.with_unknown_length(),
        Request::new(Method::Connect, "a:1", "a:1"),
    ] {
        for (connection, before) in [(&idle, &b""[..]), (&waiting, b""), (&owing, b"0\r\n\r\n")] {
            let head = in_every_room(connection, |connection, out| connection.request(&CX, &request, out));
            let method = request.method.as_bytes();
            assert!(head.starts_with(&[before, method, b" "].concat()), "{}", head.escape_ascii());
            assert!(head.ends_with(b"\r\n\r\n"), "{}", head.escape_ascii());
        }
    }
}

/// A 100, a last chunk, the answer to an error.
#[test]
fn what_a_connection_says_itself_is_never_cut() {
    let mut expecting = ServerConnection::new(&CX);
    let request = b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
    expecting.receive(&CX, request, &mut [0; 128]).expect("a request");
    expecting.receive(&CX, b"", &mut []).expect("nothing yet");
    let mut chunked = ServerConnection::new(&CX);
    chunked.receive(&CX, GET, &mut [0; 128]).expect("a request");
    chunked.respond(&CX, &Response::new(Status::OK).with_unknown_length(), &mut [0; 128]).expect("room");
    chunked.finish(&CX).expect("a body");
    let mut broken = ServerConnection::new(&CX);
    broken.receive(&CX, b"GET / HTTP/3.0\r\n\r\n", &mut [0; 64]).expect_err("no such version");
    for (connection, expected) in [
        (expecting, "HTTP/1.1 100 Continue\r\n\r\n"),
        (chunked, "0\r\n\r\n"),
        (broken, "HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    ] {
        let said = in_every_room(&connection, |connection, out| match connection.poll_transmit(&CX, out) {
            0 => Err(WriteError::Full),
            written => Ok(written),
        });
        assert_eq!(said, expected.as_bytes());
    }
}

/// Answers with a field of this length.
struct Verbose(usize);

impl Service for Verbose {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        let value = "x".repeat(self.0);
        responder.respond(&Response::new(Status::OK).with_fields(&[Field::new("A", &value)]))?;
        Ok(((), Step::Done))
    }
}

/// A head larger than the output buffer will ever be: a 500 in its place, or where not even that fits, nothing.
#[test]
fn a_head_that_will_never_fit_is_answered_500() {
    const AROUND: usize = "HTTP/1.1 200 OK\r\nA: \r\nContent-Length: 0\r\n\r\n".len();
    const ANSWER: usize = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".len();
    for capacity in 0..260 {
        let setup = Setup { capacity, rooms: vec![0, capacity / 2], ..Setup::default() };
        let (outcome, _) = pair::run(&setup, Verbose(120), &[GET], false);
        let rules: Vec<_> = outcome.errors.iter().map(|error| error.rule).collect();
        let codes: Vec<_> = responses::read_all(&["GET"], &outcome.output).iter().map(|head| head.code).collect();
        let expected = if capacity >= AROUND + 120 {
            (vec![], vec![200], Disposition::Open)
        } else if capacity >= ANSWER {
            (vec![Rule::ResponseTooLarge], vec![500], Disposition::ShutdownWrite)
        } else {
            (vec![Rule::ResponseTooLarge], vec![], Disposition::Abort)
        };
        assert_eq!((rules, codes, outcome.disposition), expected, "{capacity} bytes");
    }
}
