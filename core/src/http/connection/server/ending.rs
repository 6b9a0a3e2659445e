//! How a connection ends: errors, time, resets, and the wish of either side.

use super::{Ending, ServerConnection};
use crate::http::body::write::OutboundFraming;
use crate::http::connection::context::Context;
use crate::http::connection::state::{Side, State, Transition};
use crate::http::error::{Error, Rule};
use crate::http::flags::Flags;
use crate::time::{Duration, Instant, earlier};

impl ServerConnection {
    /// When [`Self::handle_timeout`] is to be called, if nothing else happens before. Changes with every other call.
    #[must_use]
    pub fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        let peer = if self.is_hurrying_peer() { self.peer_timer.deadline(now) } else { None };
        earlier(peer, self.write_timer.deadline(now)).filter(|_| self.has_deadlines())
    }

    /// Is one of the deadlines due?
    fn is_due(&self, now: Instant) -> bool {
        let is_peer_due = self.is_hurrying_peer() && self.peer_timer.is_due(now);
        self.has_deadlines() && (is_peer_due || self.write_timer.is_due(now))
    }

    const fn has_deadlines(&self) -> bool {
        !matches!(self.ending, Ending::Cut)
    }

    /// Does the peer's time to send run, and count?
    fn is_hurrying_peer(&self) -> bool {
        // The times to linger and to be idle run only once the last response is sent.
        let is_sending = self.write_timer.is_running();
        let rests_later = is_sending && (self.ending == Ending::Linger || self.is_idle());
        // Bytes of a tunnel come when they come; the service that reads them has its own deadlines.
        let is_tunnel = self.states.client() == State::Tunnel;
        self.is_readable() && !rests_later && !is_tunnel
    }

    /// Time has passed. Does nothing before [`Self::poll_timeout`] is due.
    ///
    /// # Errors
    /// [`Rule::HeadTimeout`], [`Rule::BodyTimeout`] or [`Rule::WriteTimeout`]. The end of an idle connection and of
    /// one that lingers is no error.
    pub fn handle_timeout(&mut self, cx: &Context<'_>) -> Result<(), Error> {
        if !self.is_due(cx.now) {
            return Ok(());
        }
        if self.write_timer.is_due(cx.now) {
            return Err(self.fail(cx, Rule::WriteTimeout));
        }
        match (self.ending, self.states.client()) {
            (Ending::Linger, _) => {
                self.ending = Ending::Close;
                Ok(())
            }
            (_, State::Idle) if !self.machine.flags.has(Flags::BEGUN) => {
                self.states.change(Side::Client, Transition::Close);
                self.ending = Ending::Close;
                Ok(())
            }
            (_, State::Idle) => Err(self.fail(cx, Rule::HeadTimeout)),
            _ => Err(self.fail(cx, Rule::BodyTimeout)),
        }
    }

    /// Of what was written, `sent` more bytes are on their way (given to the transport's peer as far as the host can
    /// tell), and `left` bytes still wait. The peer's time to take them runs while some wait.
    pub fn handle_sent(&mut self, cx: &Context<'_>, sent: usize, left: usize) {
        let sent = u64::try_from(sent).unwrap_or(u64::MAX);
        if left > 0 {
            return self.write_timer.run_at(cx.limits.write, cx.now, sent);
        }
        if !self.write_timer.is_running() {
            return;
        }
        self.write_timer.rest_at(cx.limits.write, cx.now, sent);
        if self.ending == Ending::Linger {
            self.restart_peer_time(cx, cx.limits.linger);
        } else if self.is_idle() {
            self.restart_peer_time(cx, cx.limits.idle);
        }
    }

    /// The transport failed: nothing more can come or go.
    pub fn handle_reset(&mut self, cx: &Context<'_>) -> Error {
        self.fail(cx, Rule::Reset)
    }

    /// The host wants the connection to end: at once if it is idle, otherwise after the response to the current
    /// request, which says so.
    pub fn retire(&mut self) {
        if self.ending != Ending::Open {
            return;
        }
        if self.is_idle() {
            self.states.change(Side::Client, Transition::Close);
            self.ending = Ending::Close;
        } else {
            self.ending = Ending::AfterResponse;
        }
    }

    /// Gives the exchange up. Before a response was begun it is answered by the status of `rule`; after that the
    /// connection is cut so that the peer can see that the response is not whole.
    pub fn abort(&mut self, cx: &Context<'_>, rule: Rule) -> Error {
        self.fail(cx, rule)
    }

    /// Poisons the connection. The first error stays.
    #[cold]
    pub(super) fn fail(&mut self, cx: &Context<'_>, rule: Rule) -> Error {
        if let Some(error) = self.error() {
            if matches!(rule, Rule::WriteTimeout | Rule::Reset | Rule::HostClosed) {
                self.ending = Ending::Cut;
            }
            return error;
        }
        self.stop_awaiting(cx.now);
        self.broken = Some(rule);
        let was_responding = self.states.server();
        let can_answer = rule.status().is_some() && self.machine.flags.has(Flags::BEGUN);
        self.states.change(Side::Client, Transition::Fail);
        self.states.change(Side::Server, Transition::Fail);
        self.ending = match was_responding {
            _ if matches!(rule, Rule::WriteTimeout | Rule::Reset | Rule::HostClosed) => Ending::Cut,
            State::Idle | State::SendHead if can_answer => Ending::Answer,
            State::SendBody if self.sending == OutboundFraming::Nothing => Ending::Linger,
            State::SendBody | State::SendHead | State::Tunnel => Ending::Abort,
            State::Done if self.sending == OutboundFraming::LastChunk => Ending::Abort,
            State::Idle | State::Done | State::MustClose | State::Closed | State::Error => Ending::Linger,
        };
        if self.ending == Ending::Linger {
            self.linger_or_close(cx);
        }
        Error { rule, offset: self.machine.offset }
    }

    /// The last response is complete.
    pub(super) fn retire_now(&mut self, cx: &Context<'_>) {
        self.states.change(Side::Client, Transition::Retire);
        self.states.change(Side::Server, Transition::Retire);
        self.linger_or_close(cx);
    }

    /// All is sent. What the peer still sends is read and thrown away, also of one that has said `close`: a close with
    /// unread bytes makes the stack send a reset, which can destroy the response on its way (RFC 9112 §9.6).
    pub(super) fn linger_or_close(&mut self, cx: &Context<'_>) {
        if self.machine.flags.has(Flags::EOF) {
            self.ending = Ending::Close;
        } else {
            self.ending = Ending::Linger;
            self.restart_peer_time(cx, cx.limits.linger);
        }
    }

    fn restart_peer_time(&mut self, cx: &Context<'_>, time: Duration) {
        self.peer_timer.restart(cx.now, time);
    }

    /// Is an error answer still to be written by [`Self::poll_transmit`]?
    pub(crate) const fn owes_error_answer(&self) -> bool {
        matches!(self.ending, Ending::Answer)
    }

    /// The error answer is larger than any room there will be: the connection ends without it.
    pub(crate) fn abandon_error_response(&mut self) {
        if self.ending == Ending::Answer {
            self.ending = Ending::Abort;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Disposition, Limits, Response, Status};

    fn at(seconds: u64) -> Context<'static> {
        let now = Instant::START.saturating_add(Duration::from_secs(seconds));
        Context { now, limits: &Limits::DEFAULT, date: None }
    }

    /// A connection on which a request for close was answered, of which 10 bytes are not sent.
    fn answered() -> ServerConnection {
        let (cx, mut store) = (at(0), [0; 64]);
        let mut connection = ServerConnection::new(&cx);
        let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        connection.receive(&cx, request, &mut store).unwrap();
        connection.respond(&cx, &Response::new(Status::OK).with_length(10), &mut [0; 128]).unwrap();
        connection.send_body(&cx, b"0123456789", &mut [0; 10]).unwrap();
        connection.finish(&cx).unwrap();
        connection.receive(&cx, b"", &mut store).unwrap();
        connection.receive(&cx, b"", &mut store).unwrap();
        connection.handle_sent(&cx, 50, 10);
        connection
    }

    #[test]
    fn a_peer_that_asked_for_the_end_is_lingered_for_like_any_other() {
        let mut connection = answered();
        assert_eq!(connection.disposition(), Disposition::ShutdownWrite);
        connection.handle_sent(&at(1), 10, 0);
        // A line end behind the request, as old clients send it.
        assert!(matches!(connection.receive(&at(1), b"\r\n", &mut []), Ok((2, _))));
        assert_eq!(connection.poll_timeout(at(1).now), Some(at(6).now));
        connection.handle_timeout(&at(6)).unwrap();
        assert_eq!(connection.disposition(), Disposition::Close);
    }

    #[test]
    fn a_peer_that_has_ended_its_direction_must_still_read_in_time() {
        let mut connection = answered();
        connection.handle_eof(&at(0)).unwrap();
        assert_eq!(connection.disposition(), Disposition::Close);
        assert_eq!(connection.poll_timeout(at(0).now), Some(at(30).now));
        assert_eq!(connection.handle_timeout(&at(30)).unwrap_err().rule, Rule::WriteTimeout);
        assert_eq!((connection.disposition(), connection.poll_timeout(at(30).now)), (Disposition::Cut, None));
    }

    #[test]
    fn what_was_written_before_an_abort_has_its_time_to_be_sent() {
        let (cx, mut store) = (at(0), [0; 64]);
        let mut connection = ServerConnection::new(&cx);
        connection.receive(&cx, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &mut store).unwrap();
        connection.respond(&cx, &Response::new(Status::OK).with_length(10), &mut [0; 128]).unwrap();
        let error = connection.abort(&cx, Rule::Aborted);
        connection.handle_sent(&cx, 0, 40);
        assert_eq!((connection.disposition(), connection.poll_timeout(cx.now)), (Disposition::Abort, Some(at(30).now)));
        assert_eq!(connection.handle_timeout(&at(30)), Err(error));
        assert_eq!(connection.disposition(), Disposition::Cut);
    }
}
