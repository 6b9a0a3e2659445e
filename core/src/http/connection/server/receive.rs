//! What comes from the peer: heads, bodies, their ends, and the time they take.

use super::{Ending, ServerConnection, ServerEvent};
use crate::http::body::read::Piece;
use crate::http::body::write::OutboundFraming;
use crate::http::connection::context::Context;
use crate::http::connection::state::{Side, State, Transition};
use crate::http::error::{Error, Rule};
use crate::http::flags::Flags;
use crate::http::grammar::state::State as GrammarState;
use crate::time::{Instant, Timer};

type Received<'b> = Result<(usize, ServerEvent<'b>), Error>;

impl ServerConnection {
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
    /// The rule that the peer broke, and where. The connection is poisoned then: an answer with the right status comes
    /// out of [`Self::poll_transmit`] where one is due, and [`Self::disposition`] says how to end.
    pub fn receive<'b>(&mut self, cx: &Context<'_>, input: &'b [u8], store: &'b mut [u8]) -> Received<'b> {
        // Whether it really is due is looked at there.
        if self.peer_timer.is_due(cx.now) || self.write_timer.is_due(cx.now) {
            self.handle_timeout(cx)?;
        }
        if let Some(error) = self.error() {
            // What still comes is thrown away, for as long as the connection lingers.
            return if self.ending == Ending::Linger { Ok(self.discard(cx, input)) } else { Err(error) };
        }
        let received = self.receive_now(cx, input, store);
        if self.machine.flags.has(Flags::EOF)
            && let Ok((used, ServerEvent::NeedMore)) = received
        {
            // There is no more.
            self.handle_eof(cx)?;
            return Ok((used, ServerEvent::Closed));
        }
        received
    }

    #[inline]
    fn receive_now<'b>(&mut self, cx: &Context<'_>, input: &'b [u8], store: &'b mut [u8]) -> Received<'b> {
        match (self.ending, self.states.client(), self.states.server()) {
            (Ending::Linger, ..) => Ok(self.discard(cx, input)),
            (Ending::Close | Ending::Abort | Ending::Cut, ..) => Ok((0, ServerEvent::Closed)),
            (_, State::SendBody | State::Done, State::Done) => self.receive_next(cx, input, store),
            (_, State::Idle, _) => self.receive_head(cx, input, store),
            (_, State::SendBody | State::Tunnel, _) => self.receive_body(cx, input, store),
            // In a tunnel the peer may end its direction first.
            (_, State::Done | State::MustClose, _) => {
                self.stop_awaiting(cx.now);
                Ok((0, ServerEvent::Paused))
            }
            _ => Ok((0, ServerEvent::Closed)),
        }
    }

    /// Consumes the first `taken` bytes of the body piece that was given out last. The others will be given out again;
    /// what is not taken, the peer is not hurried for. Nothing may be taken at any time: that changes nothing.
    pub fn take_body(&mut self, cx: &Context<'_>, taken: usize) {
        if taken == 0 {
            return;
        }
        let taken = u64::try_from(taken).unwrap_or(u64::MAX);
        self.machine.take_content(taken);
        self.peer_timer.earn(cx.limits.body, taken);
    }

    /// The peer has ended its direction, and all that it sent was consumed, or is too little to go on with.
    ///
    /// Between two messages that is the end of the connection; while a response is being made it will be, after it.
    ///
    /// # Errors
    /// [`Rule::Truncated`] in the middle of a message.
    pub fn handle_eof(&mut self, cx: &Context<'_>) -> Result<(), Error> {
        self.machine.flags.set(Flags::EOF);
        if !self.peer_timer.is_running() {
            // What came before is not understood yet. When it turns out to be too little, `receive` comes back here.
            return Ok(());
        }
        self.stop_awaiting(cx.now);
        match (self.ending, self.states.client()) {
            (Ending::Close | Ending::Abort | Ending::Cut | Ending::Answer, _) => Ok(()),
            (Ending::Linger, _) => {
                self.ending = Ending::Close;
                Ok(())
            }
            (_, State::Idle) if !self.machine.flags.has(Flags::BEGUN) => {
                self.states.change(Side::Client, Transition::Close);
                self.ending = Ending::Close;
                Ok(())
            }
            (_, State::Idle | State::SendBody) => Err(self.fail(cx, Rule::Truncated)),
            _ => Ok(()),
        }
    }

    fn receive_head<'b>(&mut self, cx: &Context<'_>, input: &'b [u8], store: &'b mut [u8]) -> Received<'b> {
        let (used, read) = self.machine.read_request(cx.limits, input, store);
        let head = match read {
            Ok(head) => head,
            Err(rule) => {
                self.machine.flags.set(Flags::BEGUN);
                return Err(self.fail(cx, rule));
            }
        };
        // Empty lines do not begin a message: some clients put one behind each.
        if !self.machine.flags.has(Flags::BEGUN) && !self.machine.is_between_messages() {
            self.machine.flags.set(Flags::BEGUN);
            self.peer_timer = Timer::stopped(cx.limits.head);
        }
        let Some(head) = head else {
            self.await_peer(cx.now);
            return Ok((used, ServerEvent::NeedMore));
        };
        self.states.change(Side::Client, Transition::Request);
        self.states.change(Side::Server, Transition::Request);
        self.peer_timer = Timer::stopped(cx.limits.body.grace);
        if self.machine.state == GrammarState::End {
            self.machine.flags.clear(Flags::EXPECT_CONTINUE);
        }
        Ok((used, ServerEvent::Head(head)))
    }

    fn receive_body<'b>(&mut self, cx: &Context<'_>, input: &'b [u8], store: &'b mut [u8]) -> Received<'b> {
        if !input.is_empty() {
            // The client did not wait for the 100, so none is owed (RFC 9110 §10.1.1).
            self.machine.flags.clear(Flags::EXPECT_CONTINUE);
        }
        let has_ended = self.machine.flags.has(Flags::EOF);
        let (used, read) = self.machine.read_content(cx.limits, has_ended, input, store);
        let event = match read {
            Ok(Piece::NeedMore) => {
                self.await_peer(cx.now);
                return Ok((used, ServerEvent::NeedMore));
            }
            Ok(Piece::Data(piece)) => ServerEvent::Body(piece),
            Ok(Piece::End(trailers)) => {
                self.states.change(Side::Client, Transition::End);
                ServerEvent::End(trailers)
            }
            Err(rule) => return Err(self.fail(cx, rule)),
        };
        self.stop_awaiting(cx.now);
        Ok((used, event))
    }

    /// The response is complete. What is left of the request's content is skipped if that is little, so that the
    /// connection can go on with the next message; otherwise the connection ends.
    fn receive_next<'b>(&mut self, cx: &Context<'_>, input: &'b [u8], store: &'b mut [u8]) -> Received<'b> {
        if self.sending == OutboundFraming::LastChunk {
            self.stop_awaiting(cx.now);
            return Ok((0, ServerEvent::Paused));
        }
        let mut used = 0;
        while self.states.client() == State::SendBody {
            let is_length = self.machine.state == GrammarState::Content;
            let known = if is_length { self.machine.length } else { self.machine.total };
            if known > cx.limits.discard_bytes || !self.persists() {
                return Ok(self.retire_and_discard(cx, used, input));
            }
            let (framing, event) = self.receive_body(cx, input.get(used..).unwrap_or(&[]), store)?;
            used = used.saturating_add(framing);
            match event {
                ServerEvent::Body(piece) => {
                    let piece = piece.len();
                    self.take_body(cx, piece);
                    used = used.saturating_add(piece);
                }
                ServerEvent::NeedMore => return Ok((used, ServerEvent::NeedMore)),
                ServerEvent::End(_) | ServerEvent::Paused | ServerEvent::Head(_) | ServerEvent::Closed => {}
            }
        }
        if !self.persists() {
            return Ok(self.retire_and_discard(cx, used, input));
        }
        self.states.change(Side::Client, Transition::Persist);
        self.states.change(Side::Server, Transition::Persist);
        self.machine.reset(cx.limits, GrammarState::RequestStart, Flags::OF_CONNECTION);
        self.peer_timer = Timer::stopped(cx.limits.idle);
        let (head, event) = self.receive_head(cx, input.get(used..).unwrap_or(&[]), store)?;
        Ok((used.saturating_add(head), event))
    }

    /// The connection ends with this response; `used` bytes of the input belonged to the request.
    fn retire_and_discard<'b>(&mut self, cx: &Context<'_>, used: usize, input: &[u8]) -> (usize, ServerEvent<'b>) {
        self.retire_now(cx);
        if self.ending == Ending::Linger { self.discard(cx, input) } else { (used, ServerEvent::Closed) }
    }

    /// Throws away what comes.
    fn discard<'b>(&mut self, cx: &Context<'_>, input: &[u8]) -> (usize, ServerEvent<'b>) {
        self.await_peer(cx.now);
        (input.len(), ServerEvent::NeedMore)
    }

    /// It is the peer's turn: its time runs.
    pub(super) fn await_peer(&mut self, now: Instant) {
        self.peer_timer.start(now);
    }

    /// The service takes nothing for a while: what comes stays with the transport, and the peer is not hurried.
    pub(crate) fn pause(&mut self, cx: &Context<'_>) {
        if self.error().is_none() && self.ending != Ending::Linger {
            self.stop_awaiting(cx.now);
        }
    }

    /// As [`Self::pause`], with a request's head that is here and waits for room: the connection is not idle.
    pub(crate) fn hold(&mut self, cx: &Context<'_>) {
        self.machine.flags.set(Flags::BEGUN);
        self.pause(cx);
    }

    /// Goes back to `before`, but that what was read stays read where it cannot be read again: the store that was in use
    /// then is written over. A head or a trailer section that is `whole` is given out again. Whether so.
    pub(crate) fn undo(&mut self, mut before: Self, whole: bool) -> bool {
        let is_kept = before.stored() > 0;
        if is_kept {
            before.machine = self.machine.clone();
            if whole {
                before.machine.state = GrammarState::SectionDone;
            }
        }
        *self = before;
        is_kept
    }

    /// It is not the peer's turn: its time stands still.
    pub(super) fn stop_awaiting(&mut self, now: Instant) {
        self.peer_timer.stop(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Limits, Response, Status};

    const CX: Context<'static> = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };

    #[test]
    fn a_cut_in_the_trailers_leaves_nothing_behind_for_the_next_head() {
        let request = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nSome: trailer\r\n\r\n";
        let body_start = request.len() - 20;
        for cut in body_start..request.len() {
            let mut store = [0; Limits::DEFAULT.store_bytes()];
            let mut connection = ServerConnection::new(&CX);
            let (mut used, event) = connection.receive(&CX, &request[..cut], &mut store).unwrap();
            assert!(matches!(event, ServerEvent::Head(_)));
            connection.respond(&CX, &Response::new(Status::OK), &mut [0; 64]).unwrap();
            used += connection.receive(&CX, &request[used..cut], &mut store).unwrap().0;
            let (_, event) = connection.receive(&CX, &request[used..], &mut store).unwrap();
            assert!(matches!(event, ServerEvent::End(_)), "cut at {cut}");
            connection.finish(&CX).unwrap();
            // Its field line has no colon; nothing of it may be skipped.
            assert!(connection.receive(&CX, b"GET / HTTP/1.1\r\nHost\r\n\r\n", &mut store).is_err(), "cut at {cut}");
            assert_eq!(connection.error().map(|error| error.rule), Some(Rule::MissingColon), "cut at {cut}");
        }
    }

    #[test]
    fn taking_nothing_leaves_the_peers_time_alone() {
        let mut connection = ServerConnection::new(&CX);
        connection.receive(&CX, b"GET / HT", &mut [0; 64]).unwrap();
        let due = connection.poll_timeout(CX.now);
        connection.take_body(&CX, 0);
        assert!(due.is_some() && connection.poll_timeout(CX.now) == due);
    }

    #[test]
    fn what_must_be_there_again_fits_the_store_that_the_limits_ask_for() {
        extern crate alloc;

        use alloc::format;

        use crate::http::FieldFilter;

        const FILTER: FieldFilter = FieldFilter { names: &["Accept"], bytes: 40 };
        const LIMITS: Limits = Limits { field_filter: Some(&FILTER), ..Limits::DEFAULT };
        let cx = Context { limits: &LIMITS, ..CX };
        for length in 1..400 {
            for kept in ["", "Accept: text/plain\r\n"] {
                let head = format!("GET / HTTP/1.1\r\n{kept}{}", "n".repeat(length));
                for cut in [head.len(), head.len() - length / 2] {
                    let mut store = [0; LIMITS.store_bytes()];
                    let mut connection = ServerConnection::new(&cx);
                    for part in [&head[..cut], &head[cut..]] {
                        connection.receive(&cx, part.as_bytes(), &mut store).unwrap();
                        assert!(connection.stored() <= store.len(), "{} behind {head}", connection.stored());
                    }
                }
            }
        }
    }
}
