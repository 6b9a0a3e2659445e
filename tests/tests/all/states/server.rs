//! The server's end.

use wirenut::http::state::{Side, State, Transition};
use wirenut::http::{Disposition, Error, Field, Method, Misuse, Response, Rule, ServerConnection, Status, WriteError};
use wirenut::time::Instant;

use super::{Changes, End, Event, Meaning, Pair, ROOM, at, check};

const OK: Response<'static> = Response::new(Status::OK);
const RESPONSES: [Response<'static>; 6] = [
    OK,
    OK.with_length(2),
    OK.with_unknown_length(),
    OK.closing(),
    Response::new(Status::EARLY_HINTS),
    Response::new(Status::SWITCHING_PROTOCOLS).with_fields(&[Field::new("Upgrade", "x")]),
];

#[derive(Clone, Debug)]
struct Server {
    connection: ServerConnection,
    unread: Vec<u8>,
    now: Instant,
    has_ended: bool,
    is_connect: bool,
}

impl End for Server {
    const HEADS: usize = RESPONSES.len();
    const PEER_HEADS: &'static [&'static str] = &[
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
        "GE",
    ];

    const WAITING: &'static [&'static str] = &["GE", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"];

    fn new() -> Self {
        Self {
            connection: ServerConnection::new(&at(Instant::START)),
            unread: Vec::new(),
            now: Instant::START,
            has_ended: false,
            is_connect: false,
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
                if self.has_ended || !self.unread.is_empty() || !self.may_come(bytes, Side::Client) {
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
                let response = &RESPONSES[number];
                let room = if has_room { ROOM } else { 0 };
                let result = self.connection.respond(&cx, response, &mut out[..room]);
                let change = match response.status.code() {
                    101 => Transition::Switch,
                    100..200 => Transition::Interim,
                    200 if self.is_connect => Transition::Switch,
                    _ => Transition::Final,
                };
                let is_allowed = before.states().1.after(Side::Server, change).is_some();
                assert!(is_allowed || result == Err(Misuse::NoRequest.into()), "{result:?} of {before:?}");
                match result {
                    Ok(_) if change == Transition::Switch => {
                        Meaning::only([(Side::Server, change), (Side::Client, change)])
                    }
                    Ok(_) => Meaning::only([(Side::Server, change)]),
                    Err(WriteError::Full) => Meaning::Refusal,
                    Err(WriteError::Misuse(misuse)) => {
                        assert!(!is_allowed || misuse == Misuse::UpgradeNotRequested, "{misuse} of {before:?}");
                        Meaning::failure()
                    }
                }
            }
            Event::Send(piece) => {
                let result = self.connection.send_body(&cx, piece.as_bytes(), &mut out);
                Self::sent(&before, &result, [])
            }
            Event::SentElsewhere => {
                let result = self.connection.note_external_send(&cx, 1);
                Self::sent(&before, &result, [])
            }
            Event::SendTrailers => {
                let result = self.connection.send_trailers(&cx, &[], &mut out);
                Self::sent(&before, &result, [])
            }
            Event::Finish => {
                let result = self.connection.finish(&cx);
                Self::sent(&before, &result, [(Side::Server, Transition::End)])
            }
        })
    }
}

impl Server {
    /// Looks at what is unread, and takes what is content.
    fn receive(&mut self) -> Meaning {
        use wirenut::http::ServerEvent::*;
        let (before, cx) = (self.connection.clone(), at(self.now));
        let unread = self.unread.clone();
        let mut store = [0; 256];
        let Ok((mut used, event)) = self.connection.receive(&cx, &unread, &mut store) else {
            return Meaning::failure();
        };
        if let Body(piece) = event {
            self.connection.take_body(&cx, piece.len());
            used += piece.len();
        }
        if let Head(head) = event {
            self.is_connect = head.method == Method::Connect;
        }
        self.unread.drain(..used);
        let both = |change| [(Side::Client, change), (Side::Server, change)];
        // How it comes to the next message, if it does.
        let end = (Side::Client, Transition::End);
        let next: Changes = match before.states() {
            (State::Done, State::Done) => both(Transition::Persist).into(),
            (State::SendBody, State::Done) => [[end].as_slice(), &both(Transition::Persist)].concat(),
            _ => vec![],
        };
        let closed = [&next[..], &[(Side::Client, Transition::Close)]].concat();
        match event {
            Head(_) => Meaning::only([&next[..], &both(Transition::Request)].concat()),
            End(_) => Meaning::only([end]),
            Body(_) | Paused => Meaning::none(),
            NeedMore | Closed if next.is_empty() => self.passed(&before, Ok(())),
            NeedMore => Meaning::OneOf(vec![vec![], next, both(Transition::Retire).into()]),
            Closed => Meaning::OneOf(vec![closed, both(Transition::Retire).into()]),
        }
    }

    /// What ends an idle connection does not fail.
    fn passed(&self, before: &ServerConnection, result: Result<(), Error>) -> Meaning {
        let is_ended = before.disposition() == Disposition::Open && self.connection.disposition() != Disposition::Open;
        match result {
            Err(_) => Meaning::failure(),
            Ok(()) if is_ended => Meaning::only([(Side::Client, Transition::Close)]),
            Ok(()) => Meaning::none(),
        }
    }

    /// A body may be sent where the table lets it end.
    fn sent<T>(before: &ServerConnection, result: &Result<T, WriteError>, changes: impl Into<Changes>) -> Meaning {
        let is_allowed = before.states().1.after(Side::Server, Transition::End).is_some();
        match result {
            Ok(_) => {
                assert!(is_allowed, "{before:?}");
                Meaning::only(changes)
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
fn the_servers_end_does_what_the_table_says() {
    check::<Server>(&[
        (
            Side::Client,
            State::Done,
            Transition::Request,
            "the next head is not looked at before the response is complete",
        ),
        (Side::Server, State::Idle, Transition::Close, "how it ends itself is said by its disposition"),
    ]);
}
