extern crate alloc;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use super::*;
use crate::http::service::{Observed, Observer, Service, Serving, Session, Summary, service_fn};
use crate::http::{Limits as HttpLimits, Rule};
use crate::readiness::Standing;
use crate::time::Duration;
use crate::transport::{Action, Conversation, Disposition, Environment, Input};
use crate::websocket::{Abnormal, Client, Closed, Event, Kind, Next, Outbox};

type Fixed = fn() -> [u8; 4];

const REQUEST: &str = "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const ACCEPTED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nConnection: upgrade\r\n\r\n";

fn http(seconds: u64) -> crate::http::Context<'static> {
    let now = Instant::START.saturating_add(Duration::from_secs(seconds));
    crate::http::Context { now, limits: &HttpLimits::DEFAULT, date: None }
}

fn cx(seconds: u64) -> Context<'static> {
    Context { now: http(seconds).now, limits: &Limits::DEFAULT }
}

/// Sends texts back, and notes how it ended.
struct Echo<'n>(&'n RefCell<Vec<String>>);

impl MessageHandler for Echo<'_> {
    const ROOM: usize = 64;

    fn text(&mut self, text: &str, outbox: &mut Outbox<'_>) -> Next {
        outbox.text(text).into()
    }

    fn closed(&mut self, how: Closed<'_>) {
        let text = match how {
            Closed::Clean(reason) => format!("clean {:?}", reason.map(|reason| reason.code.get())),
            Closed::Failed(error) => format!("{:?}", error.rule),
            Closed::Abnormal(how) => format!("{how:?}"),
        };
        self.0.borrow_mut().push(text);
    }
}

/// Both ends: a service, and a client's frames.
struct Ends<'s, S: Service> {
    session: Session<S>,
    service: &'s S,
    store: Vec<u8>,
    unread: Vec<u8>,
    client: Connection<Client<Fixed>>,
}

impl<'s, S: Service> Ends<'s, S> {
    fn new(service: &'s S) -> Self {
        let client = Connection::new(Client((|| [1, 2, 3, 4]) as Fixed), &cx(0));
        let store = alloc::vec![0; HttpLimits::DEFAULT.store_bytes()];
        Self { session: Session::new(&http(0)), service, store, unread: Vec::new(), client }
    }

    /// These bytes come: what is written.
    fn drive(&mut self, seconds: u64, bytes: &[u8]) -> Vec<u8> {
        self.unread.extend_from_slice(bytes);
        let mut out = [0; 32 * 1024];
        let environment = Environment::alone(out.len());
        let (service, store) = (self.service, &mut self.store);
        let driven = self.session.drive(&http(seconds), &environment, service, &self.unread, store, &mut out);
        self.unread.drain(..driven.taken);
        out[..driven.written].to_vec()
    }

    fn serving<R>(&mut self, call: impl FnOnce(&mut Serving<'_, S>) -> R) -> R {
        let environment = Environment::alone(32 * 1024);
        let (session, service) = (&mut self.session, self.service);
        call(&mut Serving { session, service, cx: http(0), environment: &environment })
    }

    fn text(&mut self, text: &str) -> Vec<u8> {
        let mut out = [0; 256];
        let length = self.client.send_message(Kind::Text, text.as_bytes(), &mut out).unwrap();
        out[..length].to_vec()
    }

    /// What the client reads of these bytes.
    fn read(&mut self, mut bytes: &[u8]) -> Vec<String> {
        let mut events = Vec::new();
        loop {
            let mut room = [0; 1024];
            let (taken, event) = self.client.receive(&cx(0), bytes, &mut room).unwrap();
            match event {
                Event::NeedMore | Event::Closed => return events,
                Event::Piece(piece) => events.push(String::from_utf8(piece.bytes.to_vec()).unwrap()),
                Event::Ping(_) => events.push("ping".to_string()),
                Event::Pong(_) => events.push("pong".to_string()),
                Event::Close(reason) => events.push(format!("close {}", reason.map_or(0, |reason| reason.code.get()))),
            }
            bytes = &bytes[taken..];
        }
    }
}

fn service(notes: &RefCell<Vec<String>>) -> impl Service<Source = core::convert::Infallible> {
    service_fn(move |request, responder| upgrade(request, responder, Echo(notes)))
}

#[test]
fn messages_behind_the_request_are_answered_behind_the_101() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    let (one, two) = (ends.text("one"), ends.text("two"));
    let stream = [REQUEST.as_bytes(), &one, &two].concat();
    for cut in 0..=stream.len() {
        let mut ends = Ends::new(&service);
        let mut written = ends.drive(0, &stream[..cut]);
        written.extend(ends.drive(0, &stream[cut..]));
        let frames = written.strip_prefix(ACCEPTED.as_bytes()).unwrap();
        assert_eq!(ends.read(frames), ["one", "two"], "cut at {cut}");
        assert_eq!((ends.session.is_readable(), ends.session.standing()), (true, Standing::Idle));
    }
}

#[test]
fn a_silent_peer_is_pinged_and_then_reset() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    assert_eq!(ends.session.poll_timeout(http(0).now), Some(http(30).now));
    ends.session.handle_timeout(&http(30), &service);
    let frames = ends.drive(30, b"");
    assert_eq!(ends.read(&frames), ["ping"]);
    assert_eq!(ends.session.poll_timeout(http(30).now), Some(http(50).now));
    ends.session.handle_timeout(&http(50), &service);
    ends.drive(50, b"");
    assert_eq!(ends.session.disposition(), Disposition::Abort);
    assert_eq!(*notes.borrow(), ["PongTimeout"]);
}

/// Sends messages back, as they are.
struct Unwatched<'n>(Echo<'n>);

impl MessageHandler for Unwatched<'_> {
    const ROOM: usize = 64;
    const WATCHES: bool = false;

    fn message(&mut self, kind: Kind, message: &[u8], outbox: &mut Outbox<'_>) -> Next {
        outbox.message(kind, message).into()
    }

    fn closed(&mut self, how: Closed<'_>) {
        self.0.closed(how);
    }
}

#[test]
fn a_peer_that_is_not_watched_may_be_silent_and_yet_closes_in_time() {
    let notes = RefCell::default();
    let service = service_fn(|request, responder| upgrade(request, responder, Unwatched(Echo(&notes))));
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    let never = |ends: &Ends<'_, _>, seconds| assert_eq!(ends.session.poll_timeout(http(seconds).now), None);
    never(&ends, 0);
    for (seconds, kind) in [(4_000, Kind::Text), (8_000, Kind::Binary)] {
        let mut out = [0; 64];
        let sent = ends.client.send_piece(kind, b"half", false, &mut out).unwrap();
        assert_eq!(ends.drive(seconds, &out[..sent.written]), b"");
        never(&ends, seconds);
        let sent = ends.client.send_piece(kind, b" more", true, &mut out).unwrap();
        let answer = ends.drive(seconds + 3_600, &out[..sent.written]);
        assert_eq!(answer.first(), Some(&(0x80 | kind as u8)));
        assert_eq!(ends.read(&answer), ["half more"]);
        never(&ends, seconds + 3_600);
    }
    ends.session.retire();
    let frames = ends.drive(12_000, b"");
    assert_eq!(ends.read(&frames), ["close 1001"]);
    assert_eq!(ends.session.poll_timeout(http(12_000).now), Some(http(12_005).now));
    ends.session.handle_timeout(&http(12_005), &service);
    ends.drive(12_005, b"");
    assert_eq!(ends.session.disposition(), Disposition::ShutdownWrite);
    assert_eq!(*notes.borrow(), ["CloseTimeout"]);
}

#[test]
fn a_peer_that_is_not_watched_gives_way_within_a_message() {
    let notes = RefCell::default();
    let service = service_fn(|request, responder| upgrade(request, responder, Unwatched(Echo(&notes))));
    // A part of a header, a part of a payload, a fragment, and a control frame that has not ended.
    for part in [&b"\x81"[..], b"\x81\x82\0\0\0\0a", b"\x01\x81\0\0\0\0a", b"\x89\x82\0\0\0\0a"] {
        let mut ends = Ends::new(&service);
        ends.drive(0, REQUEST.as_bytes());
        assert_eq!(ends.drive(0, part), b"");
        assert!(ends.serving(|serving| serving.give_way(false)), "behind {}", part.escape_ascii());
        let frames = ends.drive(0, b"");
        assert_eq!(ends.read(&frames), ["close 1001"]);
        assert_eq!(ends.session.disposition(), Disposition::ShutdownWrite);
    }
    assert_eq!(*notes.borrow(), ["Evicted"; 4]);
}

#[test]
fn a_peer_that_is_not_read_while_it_takes_what_was_sent_is_not_reset_for_its_silence() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    ends.session.handle_timeout(&http(30), &service);
    let ping = ends.drive(30, b"");
    assert_eq!(ends.read(&ping), ["ping"]);
    // The socket takes nothing for 25 seconds, so nothing is read: the Pong waits in the socket.
    ends.session.handle_sent(&http(30), 0, ping.len());
    ends.session.handle_timeout(&http(50), &service);
    ends.session.handle_sent(&http(55), ping.len(), 0);
    assert_eq!(ends.drive(55, b""), b"");
    assert_eq!(ends.session.disposition(), Disposition::Open);
    let mut pong = [0; 16];
    let length = ends.client.send_pong(b"", &mut pong).unwrap();
    ends.drive(56, &pong[..length]);
    assert_eq!(ends.session.poll_timeout(http(56).now), Some(http(86).now));
    assert!(notes.borrow().is_empty());

    // All is sent now: from here on its silence counts.
    ends.session.handle_timeout(&http(86), &service);
    ends.drive(86, b"");
    ends.session.handle_timeout(&http(106), &service);
    ends.drive(106, b"");
    assert_eq!(ends.session.disposition(), Disposition::Abort);
    assert_eq!(*notes.borrow(), ["PongTimeout"]);
}

#[test]
fn a_drain_closes_with_1001_and_awaits_the_answer() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    ends.session.handle_drain();
    let frames = ends.drive(0, b"");
    assert_eq!(ends.read(&frames), ["close 1001"]);
    assert_eq!(ends.session.disposition(), Disposition::Open);
    let mut out = [0; 64];
    let length = ends.client.poll_transmit(&cx(0), &mut out);
    assert_eq!(ends.drive(0, &out[..length]), b"");
    assert_eq!(ends.session.disposition(), Disposition::ShutdownWrite);
    assert_eq!(*notes.borrow(), ["clean Some(1001)"]);
}

#[test]
fn a_drain_does_not_wait_for_ever_for_an_answer() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    ends.session.retire();
    ends.drive(0, b"");
    assert_eq!(ends.session.poll_timeout(http(0).now), Some(http(5).now));
    ends.session.handle_timeout(&http(5), &service);
    ends.drive(5, b"");
    assert_eq!(ends.session.disposition(), Disposition::ShutdownWrite);
    assert_eq!(*notes.borrow(), ["CloseTimeout"]);
}

#[test]
fn the_time_of_a_message_does_not_run_while_what_was_sent_waits() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    let (mut bytes, mut out) = (Vec::new(), [0; 64]);
    let sent = ends.client.send_piece(Kind::Text, b"half", false, &mut out).unwrap();
    bytes.extend_from_slice(&out[..sent.written]);
    let length = ends.client.send_ping(b"", &mut out).unwrap();
    bytes.extend_from_slice(&out[..length]);
    let pong = ends.drive(0, &bytes);
    // The peer takes the Pong after 20 seconds, and sends the rest 15 seconds later: a message has 30.
    ends.session.handle_sent(&http(0), 0, pong.len());
    for second in 1..35 {
        if second == 20 {
            ends.session.handle_sent(&http(20), pong.len(), 0);
        }
        if ends.session.poll_timeout(http(second).now).is_some_and(|due| due <= http(second).now) {
            ends.session.handle_timeout(&http(second), &service);
            assert_eq!(ends.drive(second, b""), b"", "after {second} seconds");
        }
    }
    let sent = ends.client.send_piece(Kind::Text, b" more", true, &mut out).unwrap();
    let answer = ends.drive(35, &out[..sent.written]);
    assert_eq!(ends.read(&[pong, answer].concat()), ["pong", "half more"]);
}

#[test]
fn the_time_of_a_message_runs_while_pings_are_answered() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    let mut out = [0; 64];
    let sent = ends.client.send_piece(Kind::Text, b"half", false, &mut out).unwrap();
    ends.drive(0, &out[..sent.written]);
    // The rest never comes, and each Pong leaves at once.
    for second in (0..=60).step_by(10) {
        if ends.session.poll_timeout(http(second).now).is_some_and(|due| due <= http(second).now) {
            ends.session.handle_timeout(&http(second), &service);
        }
        let length = ends.client.send_ping(b"", &mut out).unwrap();
        let answer = ends.drive(second, &out[..length]);
        ends.session.handle_sent(&http(second), answer.len(), 0);
    }
    assert_eq!(*notes.borrow(), ["MessageTimeout"]);
}

#[test]
fn a_handler_that_wants_more_room_than_is_reserved_is_asked_when_there_is_so_much() {
    /// Answers by much.
    struct Much;

    impl MessageHandler for Much {
        const ROOM: usize = 1_500;

        fn text(&mut self, _: &str, outbox: &mut Outbox<'_>) -> Next {
            outbox.text(&"x".repeat(1_400)).into()
        }
    }

    const LIMITS: HttpLimits = HttpLimits { output_reserve: 512, ..HttpLimits::DEFAULT };
    let cx = crate::http::Context { limits: &LIMITS, ..http(0) };
    let service = service_fn(|request, responder| upgrade(request, responder, Much));
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    let text = ends.text("one");
    // What was sent before still fills a part of the ring.
    for (room, is_answered) in [(1_000, false), (1_499, false), (2_000, true)] {
        let (mut out, environment) = (alloc::vec![0; room], Environment::alone(2_000));
        let driven = ends.session.drive(&cx, &environment, &service, &text, &mut ends.store, &mut out);
        let expected = if is_answered { (text.len(), 1_404) } else { (0, 0) };
        assert_eq!((driven.taken, driven.written), expected, "with room for {room}");
    }
    // More than there ever is: it is asked, and says what it can.
    let (mut out, environment) = (alloc::vec![0; 1_000], Environment::alone(1_000));
    let driven = ends.session.drive(&cx, &environment, &service, &text, &mut ends.store, &mut out);
    assert_eq!((driven.taken, &out[..driven.written]), (text.len(), &b"\x88\x02\x03\xf3"[..]));
}

#[test]
fn a_handler_whose_time_has_come_waits_for_room_and_is_not_called_again_and_again() {
    /// Sends much every ten seconds.
    struct Tick(Instant);

    impl MessageHandler for Tick {
        const ROOM: usize = 1_500;
        const PUSHES: bool = true;

        fn proceed(&mut self, outbox: &mut Outbox<'_>) -> Next {
            if outbox.now() < self.0 {
                return Next::More;
            }
            self.0 = outbox.now().saturating_add(Duration::from_secs(10));
            outbox.text(&"x".repeat(1_400)).into()
        }

        fn poll_timeout(&self) -> Option<Instant> {
            Some(self.0)
        }
    }

    const LIMITS: HttpLimits = HttpLimits { output_reserve: 512, ..HttpLimits::DEFAULT };
    let cx = crate::http::Context { limits: &LIMITS, ..http(10) };
    let service = service_fn(|request, responder| upgrade(request, responder, Tick(http(10).now)));
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    assert_eq!(ends.session.poll_timeout(http(0).now), Some(http(10).now));
    ends.session.handle_timeout(&http(10), &service);
    // What was sent before still fills a part of the ring.
    ends.session.handle_sent(&http(10), 0, 1_000);
    for (room, written) in [(1_000, 0), (2_000, 1_404)] {
        let (mut out, environment) = (alloc::vec![0; room], Environment::alone(2_000));
        let driven = ends.session.drive(&cx, &environment, &service, b"", &mut ends.store, &mut out);
        assert_eq!(driven.written, written, "with room for {room}");
        let due = ends.session.poll_timeout(http(10).now);
        assert!(due.is_some_and(|due| due > http(10).now), "with room for {room}: {due:?}");
    }
}

#[test]
fn an_idle_connection_gives_way_at_once() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    assert!(ends.serving(|serving| serving.give_way(false)));
    let frames = ends.drive(0, b"");
    assert_eq!(ends.read(&frames), ["close 1001"]);
    assert_eq!(ends.session.disposition(), Disposition::ShutdownWrite);
    assert_eq!(*notes.borrow(), ["Evicted"]);
}

#[test]
fn the_peers_end_is_told_behind_what_the_handler_made_wait() {
    /// Takes messages once it is ready.
    struct Hesitant<'n>(Echo<'n>, &'n Cell<bool>);

    impl MessageHandler for Hesitant<'_> {
        const ROOM: usize = 64;
        const WATCHES: bool = false;

        fn text(&mut self, text: &str, outbox: &mut Outbox<'_>) -> Next {
            if self.1.get() { outbox.text(text).into() } else { Next::Wait(0) }
        }

        fn closed(&mut self, how: Closed<'_>) {
            self.0.closed(how);
        }
    }

    let (notes, is_ready) = (RefCell::default(), Cell::new(false));
    let service = service_fn(|request, responder| upgrade(request, responder, Hesitant(Echo(&notes), &is_ready)));
    let mut ends = Ends::new(&service);
    let stream = [REQUEST.as_bytes(), &ends.text("one"), &ends.text("two")].concat();
    let (mut conversation, mut rest, mut sent) = (Conversation::new(), &stream[..], 0);
    let (mut store, mut output) = (core::mem::take(&mut ends.store), [0; 32 * 1024]);
    for (ready, expected) in [(false, Action::Wait), (true, Action::Close)] {
        is_ready.set(ready);
        let action = ends.serving(|serving| {
            loop {
                let input = Input { bytes: rest, has_ended: true };
                let (taken, action) = conversation.poll(serving, input, &mut store, &mut output);
                rest = &rest[taken..];
                let Action::Send(length) = action else { break action };
                sent += length;
                conversation.handle_sent(serving, length, 0);
            }
        });
        assert_eq!(action, expected);
    }
    assert_eq!((rest.len(), sent), (0, ACCEPTED.len() + 10));
    assert_eq!(*notes.borrow(), ["EndOfStream"]);
}

#[test]
fn the_peers_end_without_close_is_told_and_so_is_what_ends_the_tunnel() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    ends.session.handle_eof(&http(0), &service);
    ends.drive(0, b"");
    assert_eq!(ends.session.disposition(), Disposition::Close);

    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    ends.session.handle_lost(&http(0), &service, Rule::Reset);

    // The peer does not take the answer.
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    let text = ends.text("one");
    let answer = ends.drive(0, &text);
    ends.session.handle_sent(&http(0), 0, answer.len());
    let due = ends.session.poll_timeout(http(0).now).unwrap();
    ends.session.handle_timeout(&crate::http::Context { now: due, ..http(0) }, &service);
    assert_eq!(ends.session.disposition(), Disposition::Cut);

    let told = [Abnormal::EndOfStream, Abnormal::Reset, Abnormal::WriteTimeout].map(|how| format!("{how:?}"));
    assert_eq!(*notes.borrow(), told);
}

#[test]
fn what_breaks_the_protocol_is_closed_with_the_code_of_its_rule() {
    let notes = RefCell::default();
    let service = service(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    // Not masked.
    let frames = ends.drive(0, b"\x81\x01a");
    assert_eq!(ends.read(&frames), ["close 1002"]);
    assert_eq!(ends.session.disposition(), Disposition::ShutdownWrite);
}

#[test]
fn what_is_no_handshake_is_answered_with_its_status_and_what_would_be_understood() {
    let notes = RefCell::default();
    let service = service(&notes);
    for (request, head) in [
        (
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nContent-Length: 16\r\nConnection: upgrade\r\n\r\n",
        ),
        (
            &REQUEST.replace("GET", "HEAD"),
            "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nContent-Length: 18\r\n\r\n",
        ),
        (
            &REQUEST.replace("Connection", "Origin: http://evil.example\r\nConnection"),
            "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 9\r\n\r\n",
        ),
    ] {
        let mut ends = Ends::new(&service);
        let written = String::from_utf8(ends.drive(0, request.as_bytes())).unwrap();
        assert!(written.starts_with(head), "{written}");
        assert_eq!(ends.session.standing(), Standing::Idle, "it goes on in HTTP");
    }
    assert!(notes.borrow().is_empty());
}

#[test]
fn whoever_watches_sees_one_request_with_all_that_was_sent() {
    struct Watch<'n>(&'n RefCell<Vec<String>>);

    impl<S: Service> Observer<S> for Watch<'_> {
        type Record = ();

        fn begin(&self, _: &RequestHead<'_>, _: &Responder<'_>) {}

        fn end(&self, (): (), _: &S::Exchange, summary: Summary, outcome: core::result::Result<(), Error>) {
            let text = format!("{:?} {} {}", summary.status, summary.written, outcome.is_ok());
            self.0.borrow_mut().push(text);
        }
    }

    let (notes, seen) = (RefCell::default(), RefCell::default());
    let service = Observed { service: service(&notes), observer: Watch(&seen) };
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST.as_bytes());
    let text = ends.text("four");
    assert_eq!(ends.drive(0, &text).len(), 6);
    ends.session.handle_eof(&http(0), &service);
    ends.drive(0, b"");
    assert_eq!(*seen.borrow(), ["Some(101) 6 true"]);
}
