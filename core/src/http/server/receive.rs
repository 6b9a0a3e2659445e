//! What comes from the peer: heads, bodies, their ends, and the time they take.

use super::super::body::{Piece, Receiving, Sending};
use super::super::chunked::ChunkPhase;
use super::super::facts::Facts;
use super::super::flags::Flags;
use super::super::head::{BodyFraming, HeadReader};
use super::super::section::LineProgress;
use super::super::start_line::RequestLine;
use super::super::state::{Change, Side, State};
use super::{Context, Ending, Error, Event, Fields, Rule, ServerConnection};
use crate::scan::{CR, LF};
use crate::time::{Duration, Instant};

/// Empty lines that are overlooked before a request line (RFC 9112 §2.2), in bytes.
const EMPTY_LINE_BYTES: u64 = 8;

type Received<'b> = Result<(usize, Event<'b>), Error>;

impl ServerConnection {
    /// Takes what came from the peer: the bytes that were not consumed before, and those behind them. Returns how many
    /// were consumed, and what they were. A body piece begins behind the consumed bytes and is consumed by
    /// [`Self::take_body`].
    ///
    /// Any cut of the same bytes gives the same events, once adjacent body pieces are joined.
    ///
    /// # Errors
    /// The rule that the peer broke, and where. The connection is poisoned then: an answer with the right status comes
    /// out of [`Self::poll_transmit`] where one is due, and [`Self::disposition`] says how to end.
    pub fn receive<'b>(&mut self, cx: &Context<'_>, input: &'b [u8]) -> Received<'b> {
        // Whether it really is due is looked at there.
        let is_peers_turn = self.flags.has(Flags::AWAITS_PEER);
        if (is_peers_turn && self.peer_time <= cx.now.as_micros()) || self.write_time.deadline().is_due(cx.now) {
            self.handle_timeout(cx)?;
        }
        if let Some(error) = self.error() {
            // What still comes is thrown away, for as long as the connection lingers.
            return if self.ending == Ending::Linger { Ok(self.discard(cx, input)) } else { Err(error) };
        }
        let received = self.receive_now(cx, input);
        if self.flags.has(Flags::EOF)
            && let Ok((used, Event::NeedMore)) = received
        {
            // There is no more.
            self.handle_eof(cx)?;
            return Ok((used, Event::Closed));
        }
        received
    }

    #[inline]
    fn receive_now<'b>(&mut self, cx: &Context<'_>, input: &'b [u8]) -> Received<'b> {
        match (self.ending, self.states.client(), self.states.server()) {
            (Ending::Linger, ..) => Ok(self.discard(cx, input)),
            (Ending::Close | Ending::Abort, ..) => Ok((0, Event::Closed)),
            (_, State::SendBody, State::Done) => self.skip_body(cx, input),
            (_, State::Done, State::Done) => self.next_message(cx, input),
            (_, State::Idle, _) => self.receive_head(cx, input),
            (_, State::SendBody | State::Tunnel, _) => self.receive_body(cx, input),
            // In a tunnel the peer may end its direction first.
            (_, State::Done | State::MustClose, _) => {
                self.stop_awaiting(cx.now);
                Ok((0, Event::Paused))
            }
            _ => Ok((0, Event::Closed)),
        }
    }

    /// Consumes the first `taken` bytes of the body piece that was given out last. The others will be given out again;
    /// what is not taken, the peer is not hurried for. Nothing may be taken at any time: that changes nothing.
    pub fn take_body(&mut self, cx: &Context<'_>, taken: usize) {
        if taken == 0 {
            return;
        }
        let taken = u64::try_from(taken).unwrap_or(u64::MAX);
        self.body_reader().take(taken);
        self.peer_time = cx.limits.body.earn(Duration::from_micros(self.peer_time), taken).as_micros();
    }

    /// Makes room in a receive buffer that is full: `kept` are the bytes that the last [`Self::receive`] did not
    /// consume, when it needed more. Of an unfinished head or trailer section the lines that nobody asked for
    /// ([`Limits::interest`](super::super::Limits::interest)) are dropped, and the others moved to the front. Returns
    /// how many bytes are left there, to be given to [`Self::receive`] again with more behind them: fewer than
    /// [`Interest::buffer_bytes`](super::super::Interest::buffer_bytes).
    ///
    /// Without an interest, or outside of such a section, nothing changes.
    ///
    /// # Errors
    /// As [`Self::receive`], for what is wrong with a line whose end is not there yet.
    ///
    /// ```
    /// # use wirenut::http::{Context, Event, Interest, Limits, ServerConnection};
    /// # use wirenut::time::Instant;
    /// const LIMITS: Limits = Limits { interest: Some(&Interest { names: &[], bytes: 60 }), ..Limits::DEFAULT };
    /// # let cx = Context { now: Instant::START, limits: &LIMITS, date: None };
    /// let mut connection = ServerConnection::new(&cx);
    /// let mut buffer = *b"GET / HTTP/1.1\r\nCookie: crumbs=many; and=more";
    /// assert!(matches!(connection.receive(&cx, &buffer), Ok((0, Event::NeedMore))));
    /// let length = connection.compact(&cx, &mut buffer).unwrap();
    /// assert_eq!(&buffer[..length], b"GET / HTTP/1.1\r\nCookie:");
    /// ```
    pub fn compact(&mut self, cx: &Context<'_>, kept: &mut [u8]) -> Result<usize, Error> {
        if self.ending != Ending::Open && self.ending != Ending::AfterResponse {
            return Ok(kept.len());
        }
        let Some(interest) = cx.limits.interest else { return Ok(kept.len()) };
        let compacted = match (self.states.client(), self.receiving) {
            (State::Idle, _) => self.progress.compact_head(interest, &mut self.received, kept),
            (State::SendBody, Receiving::Trailers) => self.body_reader().compact(interest, kept),
            _ => Ok(kept.len()),
        };
        compacted.map_err(|(rule, at)| self.fail_at(cx, rule, at))
    }

    /// The peer has ended its direction, and all that it sent was consumed, or is too little to go on with.
    ///
    /// Between two messages that is the end of the connection; while a response is being made it will be, after it.
    ///
    /// # Errors
    /// [`Rule::Truncated`] in the middle of a message.
    pub fn handle_eof(&mut self, cx: &Context<'_>) -> Result<(), Error> {
        self.flags.set(Flags::EOF);
        if !self.flags.has(Flags::AWAITS_PEER) {
            // What came before is not understood yet. When it turns out to be too little, `receive` comes back here.
            return Ok(());
        }
        self.stop_awaiting(cx.now);
        match (self.ending, self.states.client()) {
            (Ending::Close | Ending::Abort | Ending::Answer, _) => Ok(()),
            (Ending::Linger, _) => {
                self.ending = Ending::Close;
                Ok(())
            }
            (_, State::Idle) if !self.flags.has(Flags::BEGUN) => {
                self.states.change(Side::Client, Change::Close);
                self.ending = Ending::Close;
                Ok(())
            }
            (_, State::Idle | State::SendBody) => Err(self.fail(cx, Rule::Truncated)),
            _ => Ok(()),
        }
    }

    fn receive_head<'b>(&mut self, cx: &Context<'_>, input: &'b [u8]) -> Received<'b> {
        let mut rest = input;
        while let ([CR, LF, after @ ..], 0) = (rest, self.progress.searched) {
            if self.offset >= EMPTY_LINE_BYTES {
                self.flags.set(Flags::BEGUN);
                return Err(self.fail(cx, Rule::InvalidMethod));
            }
            self.offset = self.offset.saturating_add(2);
            rest = after;
        }
        let skipped = input.len().saturating_sub(rest.len());
        if matches!(rest, [] | [CR]) {
            self.await_peer(cx.now);
            return Ok((skipped, Event::NeedMore));
        }
        // Empty lines do not begin a message: some clients put one behind each.
        if !self.flags.has(Flags::BEGUN) {
            self.flags.set(Flags::BEGUN);
            self.stop_awaiting(cx.now);
            self.peer_time = cx.limits.head.as_micros();
        }
        let facts = Facts { content_length: self.remaining, flags: self.flags };
        let dropped = u32::try_from(self.received).unwrap_or(u32::MAX);
        let mut reader = HeadReader { facts, progress: self.progress, field_count: self.field_count, dropped };
        let read = reader.read::<RequestLine>(cx.limits, rest);
        (self.remaining, self.flags) = (reader.facts.content_length, reader.facts.flags);
        let lines = match read {
            Ok(Some(lines)) => lines,
            Ok(None) => {
                (self.progress, self.field_count) = (reader.progress, reader.field_count);
                self.await_peer(cx.now);
                return Ok((skipped, Event::NeedMore));
            }
            Err((rule, at)) => return Err(self.fail_at(cx, rule, reader.distance(at, rest))),
        };
        let judged = reader.facts.judge(cx.limits, rest, &lines);
        self.flags = reader.facts.flags;
        match judged {
            Ok(head) => {
                self.begin_body(cx, head.body, lines.length());
                Ok((skipped.wrapping_add(lines.length()), Event::Head(head)))
            }
            Err((rule, at)) => Err(self.fail_at(cx, rule, reader.distance(at, rest))),
        }
    }

    /// A head of `length` bytes was read.
    fn begin_body(&mut self, cx: &Context<'_>, framing: BodyFraming, length: usize) {
        self.states.change(Side::Client, Change::Request);
        self.states.change(Side::Server, Change::Request);
        self.stop_awaiting(cx.now);
        self.peer_time = cx.limits.body.grace.as_micros();
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        self.offset = self.offset.saturating_add(self.received).saturating_add(length);
        self.received = 0;
        self.progress = LineProgress::default();
        self.remaining = framing.length().unwrap_or(0);
        self.receiving = match framing {
            BodyFraming::Length(_) => Receiving::Length,
            BodyFraming::Chunked => Receiving::ChunkLine(ChunkPhase::Size),
        };
        if framing == BodyFraming::Length(0) {
            self.flags.clear(Flags::EXPECT_CONTINUE);
        }
    }

    fn receive_body<'b>(&mut self, cx: &Context<'_>, input: &'b [u8]) -> Received<'b> {
        if !input.is_empty() {
            // The client did not wait for the 100, so none is owed (RFC 9110 §10.1.1).
            self.flags.clear(Flags::EXPECT_CONTINUE);
        }
        let has_ended = self.flags.has(Flags::EOF);
        match self.body_reader().read(cx.limits, has_ended, input) {
            Ok((used, Piece::NeedMore)) => {
                self.await_peer(cx.now);
                Ok((used, Event::NeedMore))
            }
            Ok((used, Piece::Data(piece))) => {
                self.stop_awaiting(cx.now);
                Ok((used, Event::Body(piece)))
            }
            Ok((used, Piece::End(trailers))) => Ok((used, self.end_body(cx, trailers))),
            Err((rule, at)) => Err(self.fail_at(cx, rule, at)),
        }
    }

    fn end_body<'b>(&mut self, cx: &Context<'_>, trailers: Fields<'b>) -> Event<'b> {
        self.states.change(Side::Client, Change::End);
        self.stop_awaiting(cx.now);
        Event::End(trailers)
    }

    /// The response did not wait for the end of the request's content. It is skipped if little of it is left, so that
    /// the connection can go on; otherwise the connection ends.
    fn skip_body<'b>(&mut self, cx: &Context<'_>, input: &'b [u8]) -> Received<'b> {
        if self.sending == Sending::LastChunk {
            self.stop_awaiting(cx.now);
            return Ok((0, Event::Paused));
        }
        let mut used = 0;
        loop {
            let known = if self.receiving == Receiving::Length { self.remaining } else { self.received };
            let is_little = known <= cx.limits.discard_bytes;
            if !is_little || !self.persists() {
                self.retire_now(cx);
                let (rest, event) = self.discard(cx, input.get(used..).unwrap_or(&[]));
                return Ok((used.saturating_add(rest), event));
            }
            let rest = input.get(used..).unwrap_or(&[]);
            let (framing, event) = self.receive_body(cx, rest)?;
            used = used.saturating_add(framing);
            match event {
                Event::Body(piece) => {
                    self.take_body(cx, piece.len());
                    used = used.saturating_add(piece.len());
                }
                Event::End(_) => {
                    let (more, event) = self.next_message(cx, input.get(used..).unwrap_or(&[]))?;
                    return Ok((used.saturating_add(more), event));
                }
                Event::NeedMore | Event::Paused | Event::Head(_) | Event::Closed => return Ok((used, event)),
            }
        }
    }

    /// Both messages are complete: begins the next one, or ends the connection.
    fn next_message<'b>(&mut self, cx: &Context<'_>, input: &'b [u8]) -> Received<'b> {
        if self.sending == Sending::LastChunk {
            return Ok((0, Event::Paused));
        }
        if !self.persists() {
            self.retire_now(cx);
            return if self.ending == Ending::Linger { Ok(self.discard(cx, input)) } else { Ok((0, Event::Closed)) };
        }
        self.states.change(Side::Client, Change::Persist);
        self.states.change(Side::Server, Change::Persist);
        self.flags.keep(Flags::OF_CONNECTION);
        (self.offset, self.remaining, self.received, self.field_count) = (0, 0, 0, 0);
        self.progress = LineProgress::default();
        self.peer_time = cx.limits.idle.as_micros();
        self.receive_head(cx, input)
    }

    /// Throws away what comes.
    fn discard<'b>(&mut self, cx: &Context<'_>, input: &[u8]) -> (usize, Event<'b>) {
        self.await_peer(cx.now);
        (input.len(), Event::NeedMore)
    }

    /// It is the peer's turn: its time runs.
    pub(super) fn await_peer(&mut self, now: Instant) {
        self.turn().begin(now);
    }

    /// The service takes nothing for a while: what comes stays with the transport, and the peer is not hurried.
    pub(crate) fn pause(&mut self, cx: &Context<'_>) {
        if self.error().is_none() && self.ending != Ending::Linger {
            self.stop_awaiting(cx.now);
        }
    }

    /// As [`Self::pause`], with a request's head that is here and waits for room: the connection is not idle.
    pub(crate) fn hold(&mut self, cx: &Context<'_>) {
        self.flags.set(Flags::BEGUN);
        self.pause(cx);
    }

    /// It is not the peer's turn: its time stands still.
    pub(super) fn stop_awaiting(&mut self, now: Instant) {
        self.turn().end(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Limits, Response, Status};

    #[test]
    fn a_cut_in_the_trailers_leaves_nothing_behind_for_the_next_head() {
        let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
        let request = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nSome: trailer\r\n\r\n";
        let body_start = request.len() - 20;
        for cut in body_start..request.len() {
            let mut connection = ServerConnection::new(&cx);
            let (mut used, event) = connection.receive(&cx, &request[..cut]).unwrap();
            assert!(matches!(event, Event::Head(_)));
            connection.respond(&cx, &Response::new(Status::OK), &mut [0; 64]).unwrap();
            used += connection.receive(&cx, &request[used..cut]).unwrap().0;
            let (_, event) = connection.receive(&cx, &request[used..]).unwrap();
            assert!(matches!(event, Event::End(_)), "cut at {cut}");
            connection.finish(&cx).unwrap();
            // Its field line has no colon; nothing of it may be skipped.
            assert!(connection.receive(&cx, b"GET / HTTP/1.1\r\nHost\r\n\r\n").is_err(), "cut at {cut}");
            assert_eq!(connection.error().map(|error| error.rule), Some(Rule::MissingColon), "cut at {cut}");
        }
    }

    #[test]
    fn taking_nothing_leaves_the_peers_time_alone() {
        let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
        let mut connection = ServerConnection::new(&cx);
        connection.receive(&cx, b"GET / HT").unwrap();
        let due = connection.poll_timeout();
        connection.take_body(&cx, 0);
        assert!(due.is_some() && connection.poll_timeout() == due);
    }
}
