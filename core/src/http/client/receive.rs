//! What comes from the peer: heads, bodies, their ends, and the time they take.

use super::super::body::{Piece, Receiving, Sending};
use super::super::chunked::ChunkPhase;
use super::super::facts::Facts;
use super::super::flags::Flags;
use super::super::head::HeadReader;
use super::super::pipeline::Kind;
use super::super::response_head::{ResponseFraming, ResponseHead};
use super::super::section::LineProgress;
use super::super::state::{Change, Side, State};
use super::super::{Fields, Status};
use super::{ClientConnection, ClientEvent, Context, Ending, Error, Rule, Tally};
use crate::time::Duration;

type Received<'b> = Result<(usize, ClientEvent<'b>), Error>;

impl ClientConnection {
    /// Takes what came from the peer: the bytes that were not consumed before, and those behind them. Returns how many
    /// were consumed, and what they were. A body piece begins behind the consumed bytes and is consumed by
    /// [`Self::take_body`].
    ///
    /// Any cut of the same bytes gives the same events, once adjacent body pieces are joined.
    ///
    /// # Errors
    /// The rule that the peer broke, and where. The connection is poisoned then; [`Self::may_retry`] says what may be
    /// asked again elsewhere.
    pub fn receive<'b>(&mut self, cx: &Context<'_>, input: &'b [u8]) -> Received<'b> {
        if self.poll_timeout().is_some_and(|due| due <= cx.now) {
            self.handle_timeout(cx)?;
        }
        if let Some(error) = self.error() {
            return Err(error);
        }
        let received = self.receive_now(cx, input)?;
        if matches!(received.1, ClientEvent::NeedMore) && self.flags.has(Flags::EOF) {
            // There is no more.
            self.handle_eof(cx)?;
            return Ok((received.0, ClientEvent::Closed));
        }
        Ok(received)
    }

    fn receive_now<'b>(&mut self, cx: &Context<'_>, input: &'b [u8]) -> Received<'b> {
        match (self.ending, self.states.server()) {
            (Ending::Close | Ending::Broken(_), _) => Ok((0, ClientEvent::Closed)),
            (_, State::Idle | State::SendHead) if input.is_empty() => {
                self.turn().begin(cx.now);
                Ok((0, ClientEvent::NeedMore))
            }
            (_, State::Idle) => Err(self.fail(cx, Rule::UnsolicitedResponse)),
            (_, State::SendHead) => self.receive_head(cx, input),
            (_, State::SendBody | State::Tunnel) => self.receive_body(cx, input),
            (_, State::Done | State::MustClose | State::Closed | State::Error) => {
                self.turn().end(cx.now);
                Ok((0, ClientEvent::Paused))
            }
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
    /// Without an interest, or outside of such a section, nothing changes. For an example see
    /// [`ServerConnection::compact`](super::super::ServerConnection::compact).
    ///
    /// # Errors
    /// As [`Self::receive`], for what is wrong with a line whose end is not there yet.
    pub fn compact(&mut self, cx: &Context<'_>, kept: &mut [u8]) -> Result<usize, Error> {
        if let Some(error) = self.error() {
            return Err(error);
        }
        let Some(interest) = cx.limits.interest else { return Ok(kept.len()) };
        let compacted = match (self.states.server(), self.receiving) {
            (State::SendHead, _) => {
                let Tally { field_count, mut dropped } = Tally::from_bits(self.received);
                let compacted = self.progress.compact_head(interest, &mut dropped, kept);
                self.received = Tally { field_count, dropped }.bits();
                compacted
            }
            (State::SendBody, Receiving::Trailers) => self.body_reader().compact(interest, kept),
            _ => Ok(kept.len()),
        };
        compacted.map_err(|(rule, at)| self.fail_at(cx, rule, at))
    }

    fn receive_head<'b>(&mut self, cx: &Context<'_>, input: &'b [u8]) -> Received<'b> {
        let Some(mut asked) = self.pipeline.get(0) else { return Err(self.fail(cx, Rule::UnsolicitedResponse)) };
        if asked.kind == Kind::Upgrade && self.states.client() != State::Done {
            // Nothing else can be spoken before the request is complete (RFC 9110 §7.8).
            asked.kind = Kind::Content;
        }
        if !self.flags.has(Flags::BEGUN) {
            self.flags.set(Flags::BEGUN.with(Flags::SEEN));
            self.turn().end(cx.now);
            self.peer_time = cx.limits.head.as_micros();
        }
        let Tally { field_count, dropped } = Tally::from_bits(self.received);
        let mut reader = HeadReader {
            facts: Facts { content_length: self.remaining, flags: self.flags },
            progress: self.progress,
            field_count,
            dropped: u32::try_from(dropped).unwrap_or(u32::MAX),
        };
        let read = reader.read_response(cx.limits, asked, input);
        (self.remaining, self.flags) = (reader.facts.content_length, reader.facts.flags);
        self.progress = reader.progress;
        self.received = Tally { field_count: reader.field_count, dropped }.bits();
        match read {
            Ok(None) => {
                self.turn().begin(cx.now);
                Ok((0, ClientEvent::NeedMore))
            }
            Ok(Some((length, head))) => Ok((length, self.begin_response(cx, head, length)?)),
            Err((rule, at)) => Err(self.fail_at(cx, rule, reader.distance(at, input))),
        }
    }

    /// A head of `length` bytes was read.
    fn begin_response<'b>(
        &mut self,
        cx: &Context<'_>,
        head: ResponseHead<'b>,
        length: usize,
    ) -> Result<ClientEvent<'b>, Error> {
        self.turn().end(cx.now);
        self.progress = LineProgress::default();
        if head.status.is_informational() && head.body != ResponseFraming::Tunnel {
            return self.pass_interim(cx, head);
        }
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        self.offset = self.offset.saturating_add(Tally::from_bits(self.received).dropped).saturating_add(length);
        self.received = 0;
        self.peer_time = cx.limits.body.grace.as_micros();
        if self.flags.has(Flags::HTTP10) {
            self.flags.set(Flags::OLD_PEER);
        }
        let change = if head.body == ResponseFraming::Tunnel { Change::Switch } else { Change::Final };
        self.states.change(Side::Server, change);
        (self.receiving, self.remaining) = match head.body {
            ResponseFraming::Length(length) => (Receiving::Length, length),
            ResponseFraming::Chunked => (Receiving::ChunkLine(ChunkPhase::Size), 0),
            ResponseFraming::UntilClose | ResponseFraming::Tunnel => (Receiving::UntilClose, 0),
        };
        if head.body == ResponseFraming::Tunnel {
            self.states.change(Side::Client, Change::Switch);
            self.sending = Sending::UntilClose;
            self.pipeline.pop();
        }
        self.stop_body(head.status);
        Ok(ClientEvent::Head(head))
    }

    /// After an interim response the next head begins. Each counts as a field line, so that there is an end to them.
    fn pass_interim<'b>(&mut self, cx: &Context<'_>, head: ResponseHead<'b>) -> Result<ClientEvent<'b>, Error> {
        let field_count = Tally::from_bits(self.received).field_count;
        if field_count >= cx.limits.field_count {
            return Err(self.fail(cx, Rule::TooManyFields));
        }
        self.received = Tally { field_count: field_count.saturating_add(1), dropped: 0 }.bits();
        self.states.change(Side::Server, Change::Interim);
        self.flags.keep(Flags::OF_CLIENT.with(Flags::SEEN));
        if head.status == Status::CONTINUE && self.is_sending_oldest() {
            self.flags.clear(Flags::EXPECT_CONTINUE);
        }
        self.remaining = 0;
        self.peer_time = self.wait_time(cx.limits).as_micros();
        Ok(ClientEvent::Interim(head))
    }

    /// A final answer has come while its request is being sent. The rest is wanted only if the server has begun to
    /// read it and says that all is well (an echo does); otherwise it is not sent, and nobody can tell what would
    /// follow, so the connection ends after the response (RFC 9112 §9.3, RFC 9110 §10.1.1).
    fn stop_body(&mut self, status: Status) {
        if !self.is_sending_oldest() {
            return;
        }
        if self.sending == Sending::Length && self.unsent == 0 {
            self.states.change(Side::Client, Change::End);
        } else if self.is_held() || status.code() >= 300 {
            self.flags.clear(Flags::EXPECT_CONTINUE);
            self.sending = Sending::Nothing;
            self.states.change(Side::Client, Change::Retire);
        }
    }

    fn receive_body<'b>(&mut self, cx: &Context<'_>, input: &'b [u8]) -> Received<'b> {
        let has_ended = self.flags.has(Flags::EOF);
        let mut input = input;
        if self.receiving == Receiving::UntilClose && self.states.server() == State::SendBody {
            let most = cx.limits.body_bytes.saturating_sub(self.received);
            if most == 0 && !input.is_empty() {
                return Err(self.fail(cx, Rule::BodyTooLarge));
            }
            input = usize::try_from(most).ok().and_then(|most| input.get(..most)).unwrap_or(input);
        }
        match self.body_reader().read(cx.limits, has_ended, input) {
            Ok((used, Piece::NeedMore)) => {
                self.turn().begin(cx.now);
                Ok((used, ClientEvent::NeedMore))
            }
            Ok((used, Piece::Data(piece))) => {
                self.turn().end(cx.now);
                Ok((used, ClientEvent::Body(piece)))
            }
            Ok((used, Piece::End(trailers))) => Ok((used, self.end_body(cx, trailers))),
            Err((rule, at)) => Err(self.fail_at(cx, rule, at)),
        }
    }

    fn end_body<'b>(&mut self, cx: &Context<'_>, trailers: Fields<'b>) -> ClientEvent<'b> {
        self.turn().end(cx.now);
        self.pipeline.pop();
        self.states.change(Side::Server, Change::End);
        if self.states.server() == State::Done {
            self.settle(cx);
        } else if self.states.client() == State::MustClose {
            // Both directions of the tunnel have ended.
            self.ending = Ending::Close;
        }
        ClientEvent::End(trailers)
    }

    /// A response is complete: goes on with the next, or ends the connection, unless the request is still being sent.
    pub(super) fn settle(&mut self, cx: &Context<'_>) {
        let has_more = !self.pipeline.is_empty();
        let persists = self.persists();
        let is_sending = self.states.client() == State::SendBody;
        if persists && is_sending && !has_more {
            return;
        }
        if has_more && !persists {
            // A server that says so acts on no further request (RFC 9112 §9.6); from any other end nothing follows.
            let rule = if self.flags.has(Flags::CLOSE) { Rule::NotProcessed } else { Rule::Unanswered };
            self.offset = 0;
            self.flags.clear(Flags::SEEN);
            self.fail(cx, rule);
            return;
        }
        if !has_more && (!persists || self.ending != Ending::Open) {
            if is_sending {
                self.sending = Sending::Nothing;
            }
            self.states.change(Side::Server, Change::Retire);
            self.states.change(Side::Client, Change::Retire);
            self.ending = Ending::Close;
            return;
        }
        self.states.change(Side::Server, Change::Persist);
        if has_more {
            self.states.change(Side::Server, Change::Request);
        } else {
            self.states.change(Side::Client, Change::Persist);
        }
        self.flags.keep(Flags::OF_CLIENT);
        (self.offset, self.remaining, self.received) = (0, 0, 0);
        self.progress = LineProgress::default();
        self.peer_time = self.wait_time(cx.limits).as_micros();
    }

    /// Does the connection go on after this response, as far as the server has said?
    pub(super) fn persists(&self) -> bool {
        let is_kept = !self.flags.has(Flags::HTTP10) || self.flags.has(Flags::KEEP_ALIVE);
        let is_delimited = self.receiving != Receiving::UntilClose;
        is_kept && is_delimited && !self.flags.has(Flags::CLOSE) && self.states.client() != State::MustClose
    }
}
