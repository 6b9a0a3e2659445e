//! Deadlines of both ends where their milliseconds wrap around: whatever the clock shows, each phase of an exchange has its
//! time, and no more.

use wirenut::http::{
    ClientConnection, ClientEvent, Context, Error, Limits, Method, Request, Response, Rule, ServerConnection,
    ServerEvent, Status,
};
use wirenut::time::{Duration, Instant, Pace};
use wirenut::transport::Disposition;

const LIMITS: Limits = Limits {
    head: Duration::from_secs(20),
    idle: Duration::from_secs(60),
    response: Duration::from_secs(40),
    expect: Duration::from_secs(1),
    linger: Duration::from_secs(5),
    body: Pace { grace: Duration::from_secs(30), per_byte: Duration::from_millis(2) },
    write: Pace { grace: Duration::from_secs(25), per_byte: Duration::from_millis(2) },
    ..Limits::DEFAULT
};

const GET: Request<'static> = Request::new(Method::Get, "/", "a");
const PUT: Request<'static> = Request::new(Method::Put, "/", "a").with_length(2).expecting_continue();

/// After so many milliseconds they wrap around, and at half of that lies the middle of their range.
const WRAP_MILLIS: u64 = 1 << 31;

/// A stored deadline is rounded to milliseconds, and never falls too early.
const ROUNDING: Duration = Duration::from_micros(1_998);

fn at(now: Instant) -> Context<'static> {
    Context { now, limits: &LIMITS, date: None }
}

/// One end of a connection.
trait End {
    fn poll_timeout(&self, now: Instant) -> Option<Instant>;
    fn handle_timeout(&mut self, cx: &Context<'_>) -> Result<(), Error>;
    fn disposition(&self) -> Disposition;
}

macro_rules! end {
    ($connection:ty) => {
        impl End for $connection {
            fn poll_timeout(&self, now: Instant) -> Option<Instant> {
                self.poll_timeout(now)
            }

            fn handle_timeout(&mut self, cx: &Context<'_>) -> Result<(), Error> {
                self.handle_timeout(cx)
            }

            fn disposition(&self) -> Disposition {
                self.disposition()
            }
        }
    };
}

end!(ServerConnection);
end!(ClientConnection);

/// A server's end that has taken these bytes.
fn server(cx: &Context<'_>, bytes: &[u8]) -> ServerConnection {
    let mut server = ServerConnection::new(cx);
    let mut store = [0; LIMITS.store_bytes()];
    let mut taken = 0;
    loop {
        let (used, event) = server.receive(cx, &bytes[taken..], &mut store).expect("a request");
        taken += used;
        let is_more = match event {
            ServerEvent::Body(piece) => {
                taken += piece.len();
                let length = piece.len();
                server.take_body(cx, length);
                true
            }
            ServerEvent::Head(_) => true,
            ServerEvent::NeedMore | ServerEvent::Paused | ServerEvent::Closed | ServerEvent::End(_) => false,
        };
        if !is_more {
            return server;
        }
    }
}

/// A client's end that has asked, of which all was sent, and has heard these bytes.
fn client(cx: &Context<'_>, request: &Request<'_>, heard: &[u8]) -> ClientConnection {
    let mut client = ClientConnection::new(cx);
    let written = client.request(cx, request, &mut [0; 256]).expect("a request");
    client.handle_sent(cx, 0, written);
    client.handle_sent(cx, written, 0);
    let mut taken = 0;
    let mut store = [0; LIMITS.store_bytes()];
    while taken < heard.len() {
        let (used, event) = client.receive(cx, &heard[taken..], &mut store).expect("an answer");
        taken += used;
        if let ClientEvent::Body(piece) = event {
            taken += piece.len();
            let length = piece.len();
            client.take_body(cx, length);
        }
    }
    // Its end, and what follows it.
    for _ in 0..2 {
        let _ = client.receive(cx, b"", &mut store).expect("an answer");
    }
    client
}

fn answered(cx: &Context<'_>, request: &[u8], left: usize) -> ServerConnection {
    let mut server = server(cx, request);
    let written = server.respond(cx, &Response::new(Status::OK), &mut [0; 256]).expect("room");
    server.finish(cx).expect("a response");
    server.handle_sent(cx, 0, written);
    server.handle_sent(cx, written - left, left);
    let _ = server.receive(cx, b"", &mut []).expect("the next request");
    server
}

/// How an end gets into a phase, how long that may take, and what comes of it then: a rule that was broken, or a
/// disposition.
type Phase = (&'static str, fn(&Context<'_>) -> Box<dyn End>, Duration, Result<Disposition, Rule>);

const PHASES: &[Phase] = &[
    ("server, fresh", |cx| Box::new(server(cx, b"")), LIMITS.head, Ok(Disposition::Close)),
    ("server, in a head", |cx| Box::new(server(cx, b"GET / HT")), LIMITS.head, Err(Rule::HeadTimeout)),
    (
        "server, in content",
        |cx| Box::new(server(cx, b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")),
        LIMITS.body.grace,
        Err(Rule::BodyTimeout),
    ),
    (
        "server, its response not taken",
        |cx| Box::new(answered(cx, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1)),
        LIMITS.write.grace,
        Err(Rule::WriteTimeout),
    ),
    (
        "server, idle",
        |cx| Box::new(answered(cx, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0)),
        LIMITS.idle,
        Ok(Disposition::Close),
    ),
    (
        "server, lingering",
        |cx| Box::new(answered(cx, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 0)),
        LIMITS.linger,
        Ok(Disposition::Close),
    ),
    ("client, fresh", |cx| Box::new(ClientConnection::new(cx)), LIMITS.idle, Ok(Disposition::Close)),
    ("client, waiting", |cx| Box::new(client(cx, &GET, b"")), LIMITS.response, Err(Rule::ResponseTimeout)),
    ("client, for a 100", |cx| Box::new(client(cx, &PUT, b"")), LIMITS.expect, Ok(Disposition::Open)),
    ("client, in a head", |cx| Box::new(client(cx, &GET, b"HTTP/1.1 2")), LIMITS.head, Err(Rule::HeadTimeout)),
    (
        "client, in content",
        |cx| Box::new(client(cx, &GET, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")),
        LIMITS.body.grace,
        Err(Rule::BodyTimeout),
    ),
    (
        "client, its request not taken",
        |cx| {
            let mut client = ClientConnection::new(cx);
            let written = client.request(cx, &GET, &mut [0; 256]).expect("a request");
            client.handle_sent(cx, 0, written);
            Box::new(client)
        },
        LIMITS.write.grace,
        Err(Rule::WriteTimeout),
    ),
    (
        "client, idle",
        |cx| Box::new(client(cx, &GET, b"HTTP/1.1 204 No Content\r\n\r\n")),
        LIMITS.idle,
        Ok(Disposition::Close),
    ),
];

#[test]
fn each_phase_of_an_exchange_has_its_time_at_the_wrap_too() {
    for (name, enter, span, expected) in PHASES {
        for turn in [0, 1, 2, 3, 7, 1_000] {
            for quarter in [0, 1, 2, 3] {
                let wrap = (WRAP_MILLIS * turn + WRAP_MILLIS / 4 * quarter) * 1_000;
                // The wrap lies before the phase, at its ends, and in its middle; also within a millisecond.
                for before in [0, 1, 999, 1_000, span.as_micros() / 2, span.as_micros(), span.as_micros() + 1] {
                    let start = Instant::from_micros(wrap.saturating_sub(before));
                    let mut end = enter(&at(start));
                    let case = format!("{name}, at {} µs", start.as_micros());
                    let due = end.poll_timeout(start).expect(&case);
                    let earliest = start.saturating_add(*span);
                    assert!(due >= earliest && due.saturating_since(earliest) <= ROUNDING, "{case}: due at {due:?}");
                    let early = at(Instant::from_micros(due.as_micros() - 1));
                    let before = end.disposition();
                    assert_eq!((end.handle_timeout(&early), end.disposition()), (Ok(()), before), "{case}: too early");
                    assert_eq!(end.poll_timeout(early.now), Some(due), "{case}");
                    let result = end.handle_timeout(&at(due)).map_err(|error| error.rule);
                    assert_eq!(result.map(|()| end.disposition()), *expected, "{case}");
                }
            }
        }
    }
}

/// A month of exchanges on one connection, one each 50 seconds: the milliseconds wrap around in it.
#[test]
fn a_connection_outlives_the_wrap() {
    let mut now = Instant::START;
    let mut server = ServerConnection::new(&at(now));
    let mut client = ClientConnection::new(&at(now));
    let mut store = [0; LIMITS.store_bytes()];
    let is_soon = |due: Option<Instant>, now: Instant, span: Duration| {
        due.is_some_and(|due| due.saturating_since(now.saturating_add(span)) <= ROUNDING)
    };
    let exchanges = WRAP_MILLIS / 50_000 + 10_000;
    for number in 0..exchanges {
        let cx = at(now);
        let (mut request, mut response) = ([0; 64], [0; 64]);
        let length = client.request(&cx, &GET, &mut request).expect("the next request");
        client.handle_sent(&cx, length, 0);
        let (used, event) = server.receive(&cx, &request[..length], &mut store).expect("a request");
        assert!(used == length && matches!(event, ServerEvent::Head(_)), "{number}");
        assert!(matches!(server.receive(&cx, b"", &mut store), Ok((0, ServerEvent::End(_)))), "{number}");
        let length = server.respond(&cx, &Response::new(Status::NO_CONTENT), &mut response).expect("room");
        server.finish(&cx).expect("a response");
        server.handle_sent(&cx, length, 0);
        let (used, event) = client.receive(&cx, &response[..length], &mut store).expect("a response");
        assert!(used == length && matches!(event, ClientEvent::Head(_)), "{number}");
        assert!(matches!(client.receive(&cx, b"", &mut store), Ok((0, ClientEvent::End(_)))), "{number}");
        assert!(matches!(client.receive(&cx, b"", &mut store), Ok((0, ClientEvent::NeedMore))), "{number}");
        assert!(matches!(server.receive(&cx, b"", &mut store), Ok((0, ServerEvent::NeedMore))), "{number}");
        assert!(is_soon(server.poll_timeout(now), now, LIMITS.idle), "{number}: {:?}", server.poll_timeout(now));
        assert!(is_soon(client.poll_timeout(now), now, LIMITS.idle), "{number}: {:?}", client.poll_timeout(now));
        now = now.saturating_add(Duration::from_secs(50));
        server.handle_timeout(&at(now)).expect("not due");
        client.handle_timeout(&at(now)).expect("not due");
        assert!(server.is_idle() && client.is_idle(), "{number}");
    }
    assert!(now.as_micros() > WRAP_MILLIS * 1_000);
}
