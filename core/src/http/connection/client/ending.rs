//! How a connection ends: errors, time, and the wish of either side.

use crate::http::connection::context::Context;
use crate::http::connection::role::Ways;
use crate::http::connection::state::{Side, State};
use crate::http::connection::{Broken, Client, Connection, Ending};
use crate::http::error::Rule;
use crate::http::flags::Flags;
use crate::http::grammar::state::State as GrammarState;
use crate::http::limits::Limits;
use crate::time::Duration;

impl Ways for Client {
    const SIDE: Side = Side::Client;

    fn peer_is_late(connection: &mut Connection<Self>, cx: &Context<'_>) -> Result<(), Broken> {
        let rule = match connection.states.server() {
            State::Idle => {
                connection.close();
                return Ok(());
            }
            State::SendHead if connection.machine.flags.has(Flags::BEGUN) => Rule::HeadTimeout,
            State::SendHead if connection.is_held() && connection.is_sending_oldest() => {
                connection.machine.flags.clear(Flags::EXPECT_CONTINUE);
                return Ok(());
            }
            State::SendHead => Rule::ResponseTimeout,
            State::SendBody | State::Done | State::MustClose | State::Closed | State::Tunnel | State::Error => {
                Rule::BodyTimeout
            }
        };
        Err(connection.fail(cx, rule))
    }

    fn peer_has_ended(connection: &mut Connection<Self>, cx: &Context<'_>) -> Result<(), Broken> {
        let is_until_close = connection.machine.state == GrammarState::UntilClose;
        let rule = match (connection.ending, connection.states.server()) {
            (Ending::Close | Ending::Abort | Ending::Cut, _) => return Ok(()),
            (_, State::Idle) => {
                connection.close();
                return Ok(());
            }
            (_, State::SendHead) if !connection.machine.flags.has(Flags::SEEN) => Rule::Unanswered,
            (_, State::SendBody) if is_until_close => return Ok(()),
            (_, State::SendHead | State::SendBody) => Rule::Truncated,
            _ => return Ok(()),
        };
        Err(connection.fail(cx, rule))
    }

    fn hurries_peer(connection: &Connection<Self>) -> bool {
        let waits = connection.is_waiting();
        // The times to answer and to be idle run only once the requests are sent.
        let rests_later = connection.write_timer.is_running() && waits;
        // Nobody answers a request that we have not finished, except to let us go on.
        let is_our_turn = waits && connection.is_sending_oldest() && !connection.is_held();
        // Bytes of a tunnel come when they come; who reads them has his own deadlines.
        let is_tunnel = connection.states.server() == State::Tunnel;
        !rests_later && !is_our_turn && !is_tunnel
    }

    fn all_is_sent(connection: &mut Connection<Self>, cx: &Context<'_>) {
        if connection.is_waiting() {
            connection.restart_wait(cx);
        }
    }

    fn has_finished(connection: &mut Connection<Self>, cx: &Context<'_>) {
        connection.end_message();
        match connection.states.server() {
            State::SendHead if connection.pipeline.len() == 1 && !connection.machine.flags.has(Flags::BEGUN) => {
                connection.restart_wait(cx);
            }
            State::Done => connection.settle(cx),
            // The peer has ended its direction of the tunnel before.
            State::MustClose => connection.ending = Ending::Close,
            State::Idle | State::SendHead | State::SendBody | State::Closed | State::Tunnel | State::Error => {}
        }
    }

    fn end_broken(connection: &mut Connection<Self>, _: &Context<'_>, _: Rule) {
        connection.ending = Ending::Abort;
    }
}

impl Connection<Client> {
    /// Is nothing of the next response here, or of none?
    fn is_waiting(&self) -> bool {
        matches!(self.states.server(), State::Idle | State::SendHead) && !self.machine.flags.has(Flags::BEGUN)
    }

    /// How long the first byte of the next response may take.
    pub(super) fn wait_time(&self, limits: &Limits) -> Duration {
        if self.pipeline.is_empty() {
            limits.idle
        } else if self.is_held() && self.is_sending_oldest() {
            limits.expect
        } else {
            limits.response
        }
    }

    pub(super) fn restart_wait(&mut self, cx: &Context<'_>) {
        let time = self.wait_time(cx.limits);
        self.peer_timer.restart(cx.now, time);
    }
}
