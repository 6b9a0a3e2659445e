//! What comes from the peer: heads, bodies, their ends, and the time they take.

use super::ClientEvent;
use crate::http::body::read::Found;
use crate::http::body::write::OutboundFraming;
use crate::http::connection::context::Context;
use crate::http::connection::state::{Side, State, Transition};
use crate::http::connection::{Broken, Client, Connection, Ending};
use crate::http::error::{Error, Rule};
use crate::http::flags::Flags;
use crate::http::framing::{BodyFraming, ResponseFraming};
use crate::http::grammar::incoming::Incoming;
use crate::http::grammar::state::State as GrammarState;
use crate::http::message::request_kind::ResponseKind;
use crate::http::message::response_head::ResponseHead;
use crate::http::status::Status;
use crate::time::Timer;

type Received<'b> = Result<(usize, ClientEvent<'b>), Broken>;

impl Connection<Client> {
    /// Takes what came from the peer. Returns how many bytes were consumed, and what they were; what is behind them is
    /// given again at the next call. A body piece begins behind the consumed bytes and is consumed by
    /// [`Self::take_body`].
    ///
    /// `store` is where the lines of a head lie that does not come whole ([`Limits::store_bytes`]). Its first
    /// [`Self::stored`] bytes must be as the call before left them; while that says zero, any store will do. What is
    /// returned borrows from `input`, or from the store.
    ///
    /// Any cut of the same bytes gives the same events, once adjacent body pieces are joined.
    ///
    /// [`Limits::store_bytes`]: crate::http::Limits::store_bytes
    ///
    /// # Errors
    /// The rule that the peer broke, and where. The connection is poisoned then; [`Self::may_retry`] says what may be
    /// asked again elsewhere.
    pub fn receive<'b>(
        &mut self,
        cx: &Context<'_>,
        input: &'b [u8],
        store: &'b mut [u8],
    ) -> Result<(usize, ClientEvent<'b>), Error> {
        self.advance(cx, input, store).map_err(|Broken| self.failure())
    }

    fn advance<'b>(&mut self, cx: &Context<'_>, input: &'b [u8], store: &'b mut [u8]) -> Received<'b> {
        self.note_time(cx)?;
        if self.broken.is_some() {
            return Err(Broken);
        }
        let received = self.receive_now(cx, input, store)?;
        if matches!(received.1, ClientEvent::NeedMore) && self.machine.flags.has(Flags::EOF) {
            // There is no more.
            self.note_eof(cx)?;
            return Ok((received.0, ClientEvent::Closed));
        }
        Ok(received)
    }

    fn receive_now<'b>(&mut self, cx: &Context<'_>, input: &'b [u8], store: &'b mut [u8]) -> Received<'b> {
        match (self.ending, self.states.server()) {
            (Ending::Close | Ending::Abort | Ending::Cut, _) => Ok((0, ClientEvent::Closed)),
            (_, State::Idle | State::SendHead) if input.is_empty() => {
                self.peer_timer.start(cx.now);
                Ok((0, ClientEvent::NeedMore))
            }
            (_, State::Idle) => Err(self.fail(cx, Rule::UnsolicitedResponse)),
            (_, State::SendHead) => self.receive_head(cx, input, store),
            (_, State::SendBody | State::Tunnel) => self.receive_body(cx, input, store),
            (_, State::Done | State::MustClose | State::Closed | State::Error) => {
                self.peer_timer.stop(cx.now);
                Ok((0, ClientEvent::Paused))
            }
        }
    }

    fn receive_head<'b>(&mut self, cx: &Context<'_>, input: &'b [u8], store: &'b mut [u8]) -> Received<'b> {
        let Some(mut asked) = self.pipeline.get(0) else { return Err(self.fail(cx, Rule::UnsolicitedResponse)) };
        if asked.kind == ResponseKind::Upgrade && self.states.client() != State::Done {
            // Nothing else can be spoken before the request is complete (RFC 9110 §7.8).
            asked.kind = ResponseKind::Content;
        }
        if !self.machine.flags.has(Flags::BEGUN) {
            self.machine.flags.set(Flags::BEGUN.with(Flags::SEEN));
            self.peer_timer = Timer::stopped(cx.limits.head);
        }
        let (used, read) = self.machine.read_response(cx.limits, asked, input, store);
        match read {
            Ok(None) => {
                self.peer_timer.start(cx.now);
                Ok((used, ClientEvent::NeedMore))
            }
            Ok(Some(head)) => Ok((used, self.begin_response(cx, head)?)),
            Err(rule) => Err(self.fail(cx, rule)),
        }
    }

    /// A head was read.
    fn begin_response<'b>(&mut self, cx: &Context<'_>, head: ResponseHead<'b>) -> Result<ClientEvent<'b>, Broken> {
        self.peer_timer.stop(cx.now);
        if head.status.is_informational() && head.body != ResponseFraming::Tunnel {
            return self.pass_interim(cx, head);
        }
        self.peer_timer = Timer::stopped(cx.limits.body.grace);
        if self.machine.flags.has(Flags::HTTP10) {
            self.machine.flags.set(Flags::OLD_PEER);
        }
        let is_tunnel = head.body == ResponseFraming::Tunnel;
        self.states.change(Side::Server, if is_tunnel { Transition::Switch } else { Transition::Final });
        match head.body {
            ResponseFraming::Length(length) => self.machine.begin_content(cx.limits, BodyFraming::Length(length)),
            ResponseFraming::Chunked => self.machine.begin_content(cx.limits, BodyFraming::Chunked),
            ResponseFraming::UntilClose | ResponseFraming::Tunnel => self.machine.state = GrammarState::UntilClose,
        }
        if is_tunnel {
            self.states.change(Side::Client, Transition::Switch);
            self.sending = OutboundFraming::UntilClose;
            self.pipeline.pop();
        }
        self.stop_body(head.status);
        Ok(ClientEvent::Head(head))
    }

    /// After an interim response the next head begins. Each counts as a field line, so that there is an end to them.
    fn pass_interim<'b>(&mut self, cx: &Context<'_>, head: ResponseHead<'b>) -> Result<ClientEvent<'b>, Broken> {
        let field_count = self.machine.field_count;
        self.states.change(Side::Server, Transition::Interim);
        let stay = Flags::OF_CLIENT.with(Flags::SEEN);
        self.machine.reset(cx.limits, GrammarState::StatusStart, stay);
        self.machine.field_count = field_count.saturating_add(1);
        if head.status == Status::CONTINUE && self.is_sending_oldest() {
            self.machine.flags.clear(Flags::EXPECT_CONTINUE);
        }
        self.peer_timer = Timer::stopped(self.wait_time(cx.limits));
        Ok(ClientEvent::Interim(head))
    }

    /// A final answer has come while its request is being sent. The rest is wanted only if the server has begun to
    /// read it and says that all is well (an echo does); otherwise it is not sent, and nobody can tell what would
    /// follow, so the connection ends after the response (RFC 9112 §9.3, RFC 9110 §10.1.1).
    fn stop_body(&mut self, status: Status) {
        if !self.is_sending_oldest() {
            return;
        }
        if self.sending == OutboundFraming::Length && self.unsent == 0 {
            self.states.change(Side::Client, Transition::End);
        } else if self.is_held() || status.code() >= 300 {
            self.machine.flags.clear(Flags::EXPECT_CONTINUE);
            self.sending = OutboundFraming::Discarded;
            self.states.change(Side::Client, Transition::Retire);
        }
    }

    fn receive_body<'b>(&mut self, cx: &Context<'_>, input: &'b [u8], store: &'b mut [u8]) -> Received<'b> {
        let mut input = input;
        if self.machine.state == GrammarState::UntilClose && self.states.server() == State::SendBody {
            let most = cx.limits.body_bytes.saturating_sub(self.machine.total);
            if most == 0 && !input.is_empty() {
                return Err(self.fail(cx, Rule::BodyTooLarge));
            }
            input = usize::try_from(most).ok().and_then(|most| input.get(..most)).unwrap_or(input);
        }
        let mut incoming = Incoming { rest: input, store };
        let found = self.read_content(cx, &mut incoming)?;
        let Incoming { rest, store } = incoming;
        let event = match found {
            Found::Content => ClientEvent::Body(self.machine.content(rest)),
            Found::End => {
                let trailers = self.machine.trailers(cx.limits, store);
                self.end_response(cx);
                ClientEvent::End(trailers)
            }
            Found::NeedMore | Found::Paused | Found::Closed | Found::Head => ClientEvent::NeedMore,
        };
        Ok((input.len().saturating_sub(rest.len()), event))
    }

    fn end_response(&mut self, cx: &Context<'_>) {
        self.pipeline.pop();
        self.states.change(Side::Server, Transition::End);
        if self.states.server() == State::Done {
            self.settle(cx);
        } else if self.states.client() == State::MustClose {
            // Both directions of the tunnel have ended.
            self.ending = Ending::Close;
        }
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
            let rule = if self.machine.flags.has(Flags::CLOSE) { Rule::NotProcessed } else { Rule::Unanswered };
            self.machine.offset = 0;
            self.machine.flags.clear(Flags::SEEN);
            self.fail(cx, rule);
            return;
        }
        if !has_more && (!persists || self.ending != Ending::Open) {
            if is_sending {
                self.sending = OutboundFraming::Discarded;
            }
            self.states.change_both(Transition::Retire);
            self.ending = Ending::Close;
            return;
        }
        self.states.change(Side::Server, Transition::Persist);
        if has_more {
            self.states.change(Side::Server, Transition::Request);
        } else {
            self.states.change(Side::Client, Transition::Persist);
        }
        self.machine.reset(cx.limits, GrammarState::StatusStart, Flags::OF_CLIENT);
        self.peer_timer = Timer::stopped(self.wait_time(cx.limits));
    }

    /// Does the connection go on after this response, as far as the server has said?
    pub(super) fn persists(&self) -> bool {
        let is_kept = !self.machine.flags.has(Flags::HTTP10) || self.machine.flags.has(Flags::KEEP_ALIVE);
        let is_delimited = self.machine.state != GrammarState::UntilClose;
        is_kept && is_delimited && !self.machine.flags.has(Flags::CLOSE) && self.states.client() != State::MustClose
    }
}
