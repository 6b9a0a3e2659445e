//! The client's end.

use wirenut::http::state::{Side, State, Transition};
use wirenut::http::{
    ClientConnection, ClientEvent, Disposition, Error, Field, Method, Misuse, Request, ResponseFraming, Rule,
    WriteError,
};
use wirenut::time::Instant;

use super::{Changes, End, Event, Meaning, Pair, ROOM, at, check};

const GET: Request<'static> = Request::new(Method::Get, "/", "a");
const PUT: Request<'static> = Request::new(Method::Put, "/", "a");
const UPGRADE: [Field<'static>; 1] = [Field::new("Upgrade", "x")];
const REQUESTS: [Request<'static>; 9] = [
    GET,
    Request::new(Method::Head, "/", "a"),
    GET.closing(),
    GET.with_fields(&UPGRADE),
    PUT.with_length(2),
    PUT.with_unknown_length(),
    PUT.with_length(2).expecting_continue(),
    PUT.with_length(2).with_fields(&UPGRADE),
    Request::new(Method::Connect, "a:1", "a:1"),
];

/// As many requests wait as make a difference; one more is as one of them.
const DEPTH: usize = 2;

#[derive(Clone, Debug)]
struct Client {
    connection: ClientConnection,
    unread: Vec<u8>,
    now: Instant,
    has_ended: bool,
}

impl End for Client {
    const HEADS: usize = REQUESTS.len();
    const PEER_HEADS: &'static [&'static str] = &[
        "HTTP/1.1 100 \r\n\r\n",
        "HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 \r\nContent-Length: 2\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 \r\n\r\n",
        "HTTP/1.1 413 \r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 \r\nContent-Length: 0\r\n\r\n",
        "HT",
    ];

    const WAITING: &'static [&'static str] = &["HT", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"];

    fn new() -> Self {
        Self {
            connection: ClientConnection::new(&at(Instant::START)),
            unread: Vec::new(),
            now: Instant::START,
            has_ended: false,
        }
    }

    fn pair(&self) -> Pair {
        self.connection.states()
    }

    fn error(&self) -> Option<Error> {
        self.connection.error()
    }

    fn happen(&mut self, event: Event) -> Option<Meaning> {
        let before = self.connection.clone();
        let cx = at(self.now);
        let mut out = [0; ROOM];
        Some(match event {
            Event::Receive(bytes) => {
                if self.has_ended || !self.unread.is_empty() || !self.may_come(bytes, Side::Server) {
                    return None;
                }
                self.unread = bytes.into();
                let meaning = self.receive();
                // What must wait is as good as anything else that must.
                if self.unread == bytes.as_bytes() && !Self::WAITING.contains(&bytes) {
                    return None;
                }
                meaning
            }
            Event::Again => self.receive(),
            Event::Eof if self.has_ended => return None,
            Event::Eof => {
                self.has_ended = true;
                let result = self.connection.handle_eof(&cx);
                self.passed(&before, result)
            }
            Event::TimeOut => {
                self.now = self.now.max(self.connection.poll_timeout(self.now)?);
                let result = self.connection.handle_timeout(&at(self.now));
                self.passed(&before, result)
            }
            Event::Retire => {
                self.connection.retire();
                self.passed(&before, Ok(()))
            }
            Event::Reset => {
                self.connection.handle_reset(&cx);
                Meaning::failure()
            }
            Event::Abort => {
                self.connection.abort(&cx, Rule::HostClosed);
                Meaning::failure()
            }
            Event::Sent(left) => {
                self.connection.handle_sent(&cx, 1, left);
                Meaning::none()
            }
            Event::Transmit => {
                let _ = self.connection.poll_transmit(&cx, &mut out);
                Meaning::none()
            }
            Event::Head(number, has_room) => {
                if before.outstanding() == DEPTH {
                    return None;
                }
                let request = &REQUESTS[number];
                let room = if has_room { ROOM } else { 0 };
                let result = self.connection.request(&cx, request, &mut out[..room]);
                let is_allowed = before.states().0.after(Side::Client, Transition::Request).is_some();
                assert!(is_allowed || matches!(result, Err(WriteError::Misuse(_))), "{result:?} of {before:?}");
                if result.is_err() {
                    return Some(Meaning::Refusal);
                }
                let mut changes = vec![(Side::Client, Transition::Request)];
                if request.length == Some(0) {
                    changes.push((Side::Client, Transition::End));
                }
                if before.outstanding() == 0 {
                    changes.push((Side::Server, Transition::Request));
                }
                Meaning::only(changes)
            }
            Event::Send(piece) => {
                let result = self.connection.send_body(&cx, piece.as_bytes(), &mut out);
                self.sent(&before, &result, |_, _| vec![])
            }
            Event::SentElsewhere => {
                let result = self.connection.note_external_send(&cx, 1);
                self.sent(&before, &result, |_, _| vec![])
            }
            Event::SendTrailers => {
                let result = self.connection.send_trailers(&cx, &[], &mut out);
                self.sent(&before, &result, |_, _| vec![])
            }
            Event::Finish if matches!(before.states().0, State::Idle | State::Done) => {
                assert_eq!(self.connection.finish(&cx), Ok(()), "{before:?}");
                Meaning::Refusal
            }
            Event::Finish => {
                let result = self.connection.finish(&cx);
                self.sent(&before, &result, Self::after_end)
            }
        })
    }
}

impl Client {
    /// Looks at what is unread, and takes what is content.
    fn receive(&mut self) -> Meaning {
        let (before, cx) = (self.connection.clone(), at(self.now));
        let unread = self.unread.clone();
        let mut store = [0; 256];
        let Ok((mut used, event)) = self.connection.receive(&cx, &unread, &mut store) else {
            return Meaning::failure();
        };
        if let ClientEvent::Body(piece) = event {
            self.connection.take_body(&cx, piece.len());
            used += piece.len();
        }
        self.unread.drain(..used);
        match event {
            ClientEvent::Interim(_) => Meaning::only([(Side::Server, Transition::Interim)]),
            ClientEvent::Head(head) if head.body == ResponseFraming::Tunnel => {
                Meaning::only([(Side::Server, Transition::Switch), (Side::Client, Transition::Switch)])
            }
            ClientEvent::Head(head) => {
                let mut changes = vec![(Side::Server, Transition::Final)];
                if before.states().0 == State::SendBody && before.outstanding() == 1 {
                    // It answers the request whose body is on its way.
                    if before.unsent() == Some(0) {
                        changes.push((Side::Client, Transition::End));
                    } else if before.is_held() || head.status.code() >= 300 {
                        changes.push((Side::Client, Transition::Retire));
                    }
                }
                Meaning::only(changes)
            }
            ClientEvent::End(_) => {
                let mut changes = vec![(Side::Server, Transition::End)];
                if before.states().1 == State::SendBody {
                    changes.extend(self.settled(before.states().0));
                }
                Meaning::only(changes)
            }
            ClientEvent::Body(_) | ClientEvent::Paused => Meaning::none(),
            ClientEvent::NeedMore | ClientEvent::Closed => self.passed(&before, Ok(())),
        }
    }

    /// Which changes follow once a response is complete.
    fn settled(&self, client: State) -> Changes {
        let both = |change| vec![(Side::Client, change), (Side::Server, change)];
        match (self.connection.error(), self.connection.disposition(), self.connection.outstanding()) {
            (Some(_), ..) => both(Transition::Fail),
            (None, Disposition::Close, _) if client == State::MustClose => vec![(Side::Server, Transition::Retire)],
            (None, Disposition::Close, _) => both(Transition::Retire),
            (None, _, 0) if client == State::SendBody => vec![],
            (None, _, 0) => both(Transition::Persist),
            (None, ..) => vec![(Side::Server, Transition::Persist), (Side::Server, Transition::Request)],
        }
    }

    /// Which changes the end of a request's body means.
    fn after_end(&self, before: &ClientConnection) -> Changes {
        if before.is_stopped() {
            return vec![];
        }
        let mut changes = vec![(Side::Client, Transition::End)];
        if before.states().1 == State::Done {
            changes.extend(self.settled(State::Done));
        }
        changes
    }

    /// What ends an idle connection does not fail.
    fn passed(&self, before: &ClientConnection, result: Result<(), Error>) -> Meaning {
        let is_ended = before.disposition() == Disposition::Open && self.connection.disposition() != Disposition::Open;
        match result {
            Err(_) => Meaning::failure(),
            Ok(()) if is_ended => Meaning::only([(Side::Client, Transition::Close), (Side::Server, Transition::Close)]),
            Ok(()) => Meaning::none(),
        }
    }

    /// A body may be sent where the table lets it end, and thrown away where it is not wanted.
    fn sent<T>(
        &self,
        before: &ClientConnection,
        result: &Result<T, WriteError>,
        changes: impl FnOnce(&Self, &ClientConnection) -> Changes,
    ) -> Meaning {
        let is_allowed = before.states().0.after(Side::Client, Transition::End).is_some() || before.is_stopped();
        match result {
            Ok(_) => {
                assert!(is_allowed, "{before:?}");
                Meaning::only(changes(self, before))
            }
            Err(WriteError::Full) => Meaning::Refusal,
            Err(WriteError::Misuse(misuse)) => {
                assert!(is_allowed || *misuse == Misuse::NoBody, "{misuse} of {before:?}");
                Meaning::failure()
            }
        }
    }
}

#[test]
fn the_clients_end_does_what_the_table_says() {
    check::<Client>(&[(
        Side::Client,
        State::SendBody,
        Transition::Switch,
        "it lets the server switch behind a whole request only",
    )]);
}
