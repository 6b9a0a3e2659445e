//! How a connection ends: errors, time, and the wish of either side.

use crate::http::body::write::OutboundFraming;
use crate::http::connection::context::Context;
use crate::http::connection::role::Ways;
use crate::http::connection::state::{Side, State, Transition};
use crate::http::connection::{Broken, Connection, Ending, Server};
use crate::http::error::Rule;
use crate::http::flags::Flags;

impl Ways for Server {
    const SIDE: Side = Side::Server;

    fn peer_is_late(connection: &mut Connection<Self>, cx: &Context<'_>) -> Result<(), Broken> {
        if connection.ending == Ending::Linger {
            connection.ending = Ending::Close;
        } else if connection.states.client() != State::Idle {
            return Err(connection.fail(cx, Rule::BodyTimeout));
        } else if connection.machine.flags.has(Flags::BEGUN) {
            return Err(connection.fail(cx, Rule::HeadTimeout));
        } else {
            connection.close();
        }
        Ok(())
    }

    fn peer_has_ended(connection: &mut Connection<Self>, cx: &Context<'_>) -> Result<(), Broken> {
        match (connection.ending, connection.states.client()) {
            (Ending::Close | Ending::Abort | Ending::Cut | Ending::Answer, _) => {}
            (Ending::Linger, _) => connection.ending = Ending::Close,
            (_, State::Idle) if !connection.machine.flags.has(Flags::BEGUN) => connection.close(),
            (_, State::Idle | State::SendBody) => return Err(connection.fail(cx, Rule::Truncated)),
            _ => {}
        }
        Ok(())
    }

    fn hurries_peer(connection: &Connection<Self>) -> bool {
        // The times to linger and to be idle run only once the last response is sent.
        let is_sending = connection.write_timer.is_running();
        let rests_later = is_sending && (connection.ending == Ending::Linger || connection.is_idle());
        // Bytes of a tunnel come when they come; the service that reads them has its own deadlines.
        let is_tunnel = connection.states.client() == State::Tunnel && connection.ending != Ending::Linger;
        !rests_later && !is_tunnel
    }

    fn all_is_sent(connection: &mut Connection<Self>, cx: &Context<'_>) {
        if connection.ending == Ending::Linger {
            connection.restart_peer_time(cx, cx.limits.linger);
        } else if connection.is_idle() {
            connection.restart_peer_time(cx, cx.limits.idle);
        }
    }

    fn has_finished(connection: &mut Connection<Self>, cx: &Context<'_>) {
        let was_tunnel = connection.states.server() == State::Tunnel;
        connection.end_message();
        if was_tunnel {
            connection.linger_or_close(cx);
        }
    }

    fn end_broken(connection: &mut Connection<Self>, cx: &Context<'_>, rule: Rule) {
        let can_answer = rule.status().is_some() && connection.machine.flags.has(Flags::BEGUN);
        connection.ending = match (connection.states.server(), connection.sending) {
            (State::Idle | State::SendHead, _) if can_answer => Ending::Answer,
            (State::SendBody, OutboundFraming::Discarded) => return connection.linger_or_close(cx),
            (State::SendBody | State::SendHead | State::Tunnel, _) | (State::Done, OutboundFraming::LastChunk) => {
                Ending::Abort
            }
            (State::Idle | State::Done | State::MustClose | State::Closed | State::Error, _) => {
                return connection.linger_or_close(cx);
            }
        };
    }
}

impl Connection<Server> {
    /// The last response is complete.
    pub(super) fn retire_now(&mut self, cx: &Context<'_>) {
        self.states.change_both(Transition::Retire);
        self.linger_or_close(cx);
    }

    /// All is sent. What the peer still sends is read and thrown away, also of one that has said `close`: a close with
    /// unread bytes makes the stack send a reset, which can destroy the response on its way (RFC 9112 §9.6).
    pub(crate) fn linger_or_close(&mut self, cx: &Context<'_>) {
        if self.machine.flags.has(Flags::EOF) {
            self.ending = Ending::Close;
        } else {
            self.ending = Ending::Linger;
            self.restart_peer_time(cx, cx.limits.linger);
        }
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
    use crate::http::connection::server::{ServerConnection, ServerEvent};
    use crate::http::limits::Limits;
    use crate::http::message::response::Response;
    use crate::http::status::Status;
    use crate::time::{Duration, Instant};
    use crate::transport::Disposition;

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
    fn a_head_that_has_begun_is_awaited_for_a_shorter_time_once_the_connection_retires() {
        let (head, mut store) = (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", [0; 64]);
        for (begun, retired, until) in [(0, 0, 5), (0, 7, 12), (0, 18, 20), (3, 4, 9)] {
            let mut connection = ServerConnection::new(&at(0));
            connection.receive(&at(begun), &head[..4], &mut store).unwrap();
            connection.retire();
            connection.receive(&at(retired), b"", &mut store).unwrap();
            // Neither a byte nor another wish to end buys time.
            connection.receive(&at(retired + 1), &head[4..6], &mut store).unwrap();
            connection.retire();
            assert_eq!(connection.poll_timeout(at(retired + 1).now), Some(at(until).now), "{begun} {retired}");
            let mut complete = connection.clone();
            assert_eq!(connection.handle_timeout(&at(until)).unwrap_err().rule, Rule::HeadTimeout);
            // What comes whole in time is answered, and that answer is the last one.
            let received = complete.receive(&at(until - 1), &head[6..], &mut store);
            assert!(matches!(received, Ok((_, ServerEvent::Head(_)))), "{received:?}");
            let mut output = [0; 128];
            let written = complete.respond(&at(until), &Response::new(Status::OK).with_length(0), &mut output).unwrap();
            assert!(output[..written].windows(17).any(|window| window == b"Connection: close"));
        }
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
