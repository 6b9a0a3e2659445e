//! What comes from the peer: heads, bodies, their ends, and the time they take.
//!
//! Counts of bytes taken and written never exceed the lengths of their slices, so sums and differences of them cannot
//! overflow: they wrap, which is less code than to saturate.

use super::ServerEvent;
use crate::http::body::read::Found;
use crate::http::body::write::OutboundFraming;
use crate::http::connection::context::Context;
use crate::http::connection::state::{Side, State, Transition};
use crate::http::connection::{Broken, Connection, Ending, Server};
use crate::http::error::Error;
use crate::http::flags::Flags;
use crate::http::grammar::incoming::Incoming;
use crate::http::grammar::state::State as GrammarState;
use crate::http::limits::Limits;
use crate::http::message::fields::Fields;
use crate::http::message::request_head::{RequestHead, Shortcut};
use crate::time::Timer;

impl Connection<Server> {
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
    pub fn receive<'b>(
        &mut self,
        cx: &Context<'_>,
        input: &'b [u8],
        store: &'b mut [u8],
    ) -> Result<(usize, ServerEvent<'b>), Error> {
        let mut shortcut = Shortcut::default();
        let mut incoming = Incoming { rest: input, store };
        let found = self.advance(cx, &mut incoming, &mut shortcut).map_err(|Broken| self.failure())?;
        let Incoming { rest, store } = incoming;
        let event = match found {
            Found::NeedMore => ServerEvent::NeedMore,
            Found::Paused => ServerEvent::Paused,
            Found::Closed => ServerEvent::Closed,
            Found::Head => ServerEvent::Head(self.head(cx.limits, store, shortcut)),
            Found::Content => ServerEvent::Body(self.content(rest)),
            Found::End => ServerEvent::End(self.trailers(cx.limits, store)),
        };
        Ok((input.len().wrapping_sub(rest.len()), event))
    }

    /// As [`Self::receive`], without giving out what was found: what it is.
    #[inline(never)]
    pub(crate) fn advance<'b>(
        &mut self,
        cx: &Context<'_>,
        incoming: &mut Incoming<'b, '_>,
        shortcut: &mut Shortcut<'b>,
    ) -> Result<Found, Broken> {
        self.note_time(cx)?;
        if self.ending == Ending::Linger {
            // What still comes is thrown away, for as long as the connection lingers.
            return self.discard(cx, incoming);
        }
        if self.broken.is_some() {
            return Err(Broken);
        }
        if matches!(self.ending, Ending::Close | Ending::Abort | Ending::Cut) {
            return Ok(Found::Closed);
        }
        let found = self.read(cx, incoming, shortcut)?;
        if found == Found::NeedMore && self.machine.flags.has(Flags::EOF) {
            // There is no more.
            self.note_eof(cx)?;
            return Ok(Found::Closed);
        }
        Ok(found)
    }

    /// The head that was found.
    #[inline]
    pub(crate) fn head<'b>(&self, limits: &Limits, store: &'b [u8], shortcut: Shortcut<'b>) -> RequestHead<'b> {
        shortcut.take().unwrap_or_else(|| self.machine.request(limits, store))
    }

    /// The content that was found, of the bytes behind those that were consumed.
    pub(crate) fn content<'b>(&self, rest: &'b [u8]) -> &'b [u8] {
        self.machine.content(rest)
    }

    /// The trailer fields of the content whose end was found.
    pub(crate) fn trailers<'b>(&self, limits: &Limits, store: &'b [u8]) -> Fields<'b> {
        self.machine.trailers(limits, store)
    }

    fn read<'b>(
        &mut self,
        cx: &Context<'_>,
        incoming: &mut Incoming<'b, '_>,
        shortcut: &mut Shortcut<'b>,
    ) -> Result<Found, Broken> {
        if self.states.server() == State::Done {
            if self.sending == OutboundFraming::LastChunk {
                self.peer_timer.stop(cx.now);
                return Ok(Found::Paused);
            }
            if self.skip_rest(cx, incoming)? == Found::NeedMore {
                return Ok(Found::NeedMore);
            }
            if !self.begin_next(cx) {
                return if self.ending == Ending::Linger { self.discard(cx, incoming) } else { Ok(Found::Closed) };
            }
        }
        match self.states.client() {
            State::Idle => self.read_head(cx, incoming, shortcut),
            State::SendBody | State::Tunnel => self.read_request_content(cx, incoming),
            // In a tunnel the peer may end its direction first.
            State::Done | State::MustClose => {
                self.peer_timer.stop(cx.now);
                Ok(Found::Paused)
            }
            State::SendHead | State::Closed | State::Error => Ok(Found::Closed),
        }
    }

    fn read_head<'b>(
        &mut self,
        cx: &Context<'_>,
        incoming: &mut Incoming<'b, '_>,
        shortcut: &mut Shortcut<'b>,
    ) -> Result<Found, Broken> {
        if incoming.rest.is_empty() {
            self.hurry_head(cx);
            return Ok(Found::NeedMore);
        }
        let read = self.machine.read_request(cx.limits, incoming, shortcut);
        // Empty lines do not begin a message: some clients put one behind each.
        let begins = !self.machine.flags.has(Flags::BEGUN) && (read.is_err() || !self.machine.is_between_messages());
        if begins {
            self.machine.flags.set(Flags::BEGUN);
        }
        match read {
            Ok(true) => {}
            Ok(false) => {
                if begins {
                    self.peer_timer = Timer::stopped(cx.limits.head);
                }
                self.hurry_head(cx);
                return Ok(Found::NeedMore);
            }
            Err(rule) => return Err(self.fail(cx, rule)),
        }
        self.states.change_both(Transition::Request);
        self.peer_timer = Timer::stopped(cx.limits.body.grace);
        if self.machine.state == GrammarState::End {
            self.machine.flags.clear(Flags::EXPECT_CONTINUE);
        }
        Ok(Found::Head)
    }

    /// The rest of the head has to come in time. Whoever retires waits for it no longer than for any last byte of a peer.
    fn hurry_head(&mut self, cx: &Context<'_>) {
        if self.ending == Ending::AfterResponse {
            self.peer_timer.shorten(cx.now, cx.limits.linger);
        } else {
            self.peer_timer.start(cx.now);
        }
    }

    fn read_request_content(&mut self, cx: &Context<'_>, incoming: &mut Incoming<'_, '_>) -> Result<Found, Broken> {
        if !incoming.rest.is_empty() {
            // The client did not wait for the 100, so none is owed (RFC 9110 §10.1.1).
            self.machine.flags.clear(Flags::EXPECT_CONTINUE);
        }
        let found = self.read_content(cx, incoming)?;
        if found == Found::End {
            self.states.change(Side::Client, Transition::End);
        }
        Ok(found)
    }

    /// The response is complete. What is left of the request's content is skipped if that is little, so that the
    /// connection can go on with the next message. [`Found::NeedMore`] if there is more.
    fn skip_rest(&mut self, cx: &Context<'_>, incoming: &mut Incoming<'_, '_>) -> Result<Found, Broken> {
        while self.states.client() == State::SendBody {
            let is_length = self.machine.state == GrammarState::Content;
            let known = if is_length { self.machine.length } else { self.machine.total };
            if known > cx.limits.discard_bytes || !self.persists() {
                break;
            }
            if self.machine.state == GrammarState::End {
                // Most requests: there is nothing to look at.
                self.states.change(Side::Client, Transition::End);
                break;
            }
            let found = self.read_request_content(cx, incoming)?;
            if found == Found::NeedMore {
                return Ok(found);
            }
            if found == Found::Content {
                let skipped = self.machine.content(incoming.rest).len();
                self.take_body(cx, skipped);
                incoming.consume(skipped);
            }
        }
        Ok(Found::End)
    }

    /// Goes on with the next message, unless the connection ends with this response.
    fn begin_next(&mut self, cx: &Context<'_>) -> bool {
        if self.states.client() != State::Done || !self.persists() {
            self.retire_now(cx);
            return false;
        }
        self.states.change_both(Transition::Persist);
        self.machine.reset(cx.limits, GrammarState::RequestStart, Flags::OF_CONNECTION);
        self.peer_timer = Timer::stopped(cx.limits.idle);
        true
    }

    /// Throws away what comes.
    fn discard(&mut self, cx: &Context<'_>, incoming: &mut Incoming<'_, '_>) -> Result<Found, Broken> {
        self.peer_timer.start(cx.now);
        incoming.rest = &[];
        Ok(Found::NeedMore)
    }

    /// The service takes nothing for a while: what comes stays with the transport, and the peer is not hurried.
    pub(crate) fn pause(&mut self, cx: &Context<'_>) {
        if self.broken.is_none() && self.ending != Ending::Linger {
            self.peer_timer.stop(cx.now);
        }
    }

    /// May the next bytes be a request that a service is to be asked about?
    pub(crate) fn awaits_request(&self) -> bool {
        let is_reading = matches!(self.ending, Ending::Open | Ending::AfterResponse);
        is_reading && self.states.client() == State::Idle || self.persists()
    }

    /// How many bytes at the front of the store are what is known of the request, until its trailers come; or what the
    /// service of a tunnel keeps there.
    pub(crate) fn received(&self) -> usize {
        self.machine.stored().max(usize::try_from(self.machine.kept).unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::connection::server::ServerConnection;
    use crate::http::error::Rule;
    use crate::http::limits::Limits;
    use crate::http::message::response::Response;
    use crate::http::status::Status;
    use crate::time::Instant;

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
    fn the_end_of_a_tunnel_has_no_trailers_of_the_request_before_it() {
        let request =
            b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nSome: trailer\r\n\r\n";
        let mut store = [0; Limits::DEFAULT.store_bytes()];
        let mut connection = ServerConnection::new(&CX);
        let (used, event) = connection.receive(&CX, request, &mut store).unwrap();
        assert!(matches!(event, ServerEvent::Head(_)));
        let (_, event) = connection.receive(&CX, &request[used..], &mut store).unwrap();
        assert!(matches!(event, ServerEvent::End(trailers) if trailers.get("some") == Some(b"trailer")));
        connection.respond(&CX, &Response::new(Status::OK), &mut [0; 64]).unwrap();
        connection.receive(&CX, b"", &mut store).unwrap();
        connection.handle_eof(&CX).unwrap();
        let (_, event) = connection.receive(&CX, b"", &mut store).unwrap();
        assert!(matches!(event, ServerEvent::End(trailers) if trailers.is_empty()));
    }

    #[test]
    fn what_must_be_there_again_fits_the_store_that_the_limits_ask_for() {
        extern crate alloc;

        use alloc::format;

        use crate::http::field_filter::FieldFilter;

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
