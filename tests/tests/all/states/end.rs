//! One end of a connection, and what can happen to it.

use core::fmt::Debug;

use wirenut::http::state::{Side, State, Transition};
use wirenut::http::{Connection, Context, Error, Misuse, Role, Rule, WriteError};
use wirenut::time::Instant;
use wirenut::transport::Disposition;

use super::{Event, Meaning, Pair, ROOM, at};

/// What each end does in its own way.
pub(super) trait Plays: Role + Clone + Debug {
    const PEER: Side;
    /// How many heads it can be asked to send.
    const HEADS: usize;
    /// Heads that its peer sends.
    const PEER_HEADS: &'static [&'static str];
    /// Those of them that may wait until they are looked at again.
    const WAITING: &'static [&'static str];
    /// What it means when an idle connection is ended: that does not fail.
    const ENDED: &'static [(Side, Transition)];

    fn new(cx: &Context<'_>) -> Connection<Self>;
    fn poll_transmit(connection: &mut Connection<Self>, cx: &Context<'_>, out: &mut [u8]) -> usize;
    /// Looks at what is unread, and takes what is content.
    fn receive(end: &mut End<Self>) -> Meaning;
    /// Sends the head of that number. What that must mean; nothing if it cannot happen now.
    fn send_head(end: &mut End<Self>, number: usize, out: &mut [u8]) -> Option<Meaning>;
    /// Does the table let a body be sent?
    fn may_send(connection: &Connection<Self>) -> bool;
    /// What the end of its message means, which was sent.
    fn finished(end: &End<Self>, before: &Connection<Self>) -> Meaning;
}

/// One end of a connection, with what is left of what came.
#[derive(Clone, Debug)]
pub(super) struct End<R> {
    pub(super) connection: Connection<R>,
    pub(super) unread: Vec<u8>,
    pub(super) now: Instant,
    has_ended: bool,
    /// It was asked for a tunnel.
    pub(super) is_connect: bool,
}

impl<R: Plays> End<R> {
    pub(super) fn new() -> Self {
        Self {
            connection: R::new(&at(Instant::START)),
            unread: Vec::new(),
            now: Instant::START,
            has_ended: false,
            is_connect: false,
        }
    }

    pub(super) fn pair(&self) -> Pair {
        self.connection.states()
    }

    pub(super) const fn error(&self) -> Option<Error> {
        self.connection.error()
    }

    /// May these bytes come now? Where content is due, content; where a head is due, a head; and anywhere what is
    /// neither.
    fn may_come(&self, bytes: &str) -> bool {
        let (client, server) = self.pair();
        let peer = if R::PEER == Side::Client { client } else { server };
        let is_content_due = matches!(peer, State::SendBody | State::Tunnel);
        bytes == "\0" || is_content_due != R::PEER_HEADS.contains(&bytes)
    }

    /// Makes it happen. What that must mean; nothing if it cannot happen now.
    pub(super) fn happen(&mut self, event: Event) -> Option<Meaning> {
        let before = self.connection.clone();
        let cx = at(self.now);
        let mut out = [0; ROOM];
        Some(match event {
            Event::Receive(bytes) => {
                if self.has_ended || !self.unread.is_empty() || !self.may_come(bytes) {
                    return None;
                }
                self.unread = bytes.into();
                let meaning = R::receive(self);
                // What must wait is as good as anything else that must.
                if self.unread == bytes.as_bytes() && !R::WAITING.contains(&bytes) {
                    return None;
                }
                meaning
            }
            Event::Again => R::receive(self),
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
                let _ = R::poll_transmit(&mut self.connection, &cx, &mut out);
                Meaning::none()
            }
            Event::Head(number, has_room) => {
                let room = if has_room { ROOM } else { 0 };
                return R::send_head(self, number, &mut out[..room]);
            }
            Event::Send(piece) => {
                let result = self.connection.send_body(&cx, piece.as_bytes(), &mut out);
                Self::sent(&before, &result, Meaning::none())
            }
            Event::SentElsewhere => {
                let result = self.connection.note_external_send(&cx, 1);
                Self::sent(&before, &result, Meaning::none())
            }
            Event::SendTrailers => {
                let result = self.connection.send_trailers(&cx, &[], &mut out);
                Self::sent(&before, &result, Meaning::none())
            }
            Event::Finish => {
                let result = self.connection.finish(&cx);
                let meaning = R::finished(self, &before);
                if meaning == Meaning::Refusal {
                    assert_eq!(result, Ok(()), "{before:?}");
                    return Some(meaning);
                }
                Self::sent(&before, &result, meaning)
            }
        })
    }

    pub(super) fn passed(&self, before: &Connection<R>, result: Result<(), Error>) -> Meaning {
        let is_ended = before.disposition() == Disposition::Open && self.connection.disposition() != Disposition::Open;
        match result {
            Err(_) => Meaning::failure(),
            Ok(()) if is_ended => Meaning::only(R::ENDED),
            Ok(()) => Meaning::none(),
        }
    }

    /// A body is sent only where it may be.
    fn sent<T>(before: &Connection<R>, result: &Result<T, WriteError>, meaning: Meaning) -> Meaning {
        let is_allowed = R::may_send(before);
        match result {
            Ok(_) => {
                assert!(is_allowed, "{before:?}");
                meaning
            }
            Err(WriteError::Full) => Meaning::Refusal,
            Err(WriteError::Misuse(misuse)) => {
                assert!(is_allowed || *misuse == Misuse::NoBody, "{misuse} of {before:?}");
                Meaning::failure()
            }
        }
    }
}
