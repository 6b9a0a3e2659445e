//! What a service does with a connection that it has taken over.

use crate::http::connection::context::Context;
use crate::http::connection::state::{Side, State, Transition};
use crate::http::connection::{Connection, Ending, Server};
use crate::http::flags::Flags;
use crate::http::grammar::state::State as GrammarState;

impl Connection<Server> {
    /// Is the connection a tunnel: was a request answered by 101, or a CONNECT by 2xx?
    pub(crate) fn is_tunnel(&self) -> bool {
        // No request's content ends with the connection.
        self.machine.state == GrammarState::UntilClose
    }

    /// So many bytes of the store are to be there again.
    pub(crate) fn keep(&mut self, bytes: usize) {
        self.machine.kept = u32::try_from(bytes).unwrap_or(u32::MAX);
    }

    /// The service waits. More may come meanwhile, unless some of what came was left.
    pub(crate) fn wait_in_tunnel(&mut self, cx: &Context<'_>, has_left_some: bool) {
        let is_over = self.machine.flags.has(Flags::EOF) || self.states.client() != State::Tunnel;
        if has_left_some || is_over {
            self.pause(cx);
        } else {
            self.peer_timer.start(cx.now);
        }
    }

    /// Has something that was sent waited for the peer since this was asked last?
    pub(crate) const fn take_sent_waited(&mut self) -> bool {
        let has_waited = self.machine.flags.has(Flags::SENT_WAITED);
        self.machine.flags.clear(Flags::SENT_WAITED);
        has_waited
    }

    /// Our direction ends, and what comes is still read. False if it has ended before.
    pub(crate) fn end_tunnel_output(&mut self) -> bool {
        self.states.change(Side::Server, Transition::End)
    }

    /// Has [`Self::end_tunnel_output`] ended our direction, and the tunnel goes on?
    pub(crate) const fn has_ended_tunnel_output(&self) -> bool {
        matches!(self.states.server(), State::MustClose) && matches!(self.ending, Ending::Open | Ending::AfterResponse)
    }

    /// Nothing is under way, or something is.
    pub(crate) const fn set_tunnel_idle(&mut self, is_idle: bool) {
        self.machine.flags.clear(Flags::TUNNEL_IDLE);
        if is_idle {
            self.machine.flags.set(Flags::TUNNEL_IDLE);
        }
    }

    /// Is nothing under way? The exchange is still to learn of the peer's end, if that has come before the exchange had taken
    /// all that came.
    pub(crate) const fn is_tunnel_idle(&self) -> bool {
        let is_ending = self.machine.flags.has(Flags::EOF) && matches!(self.states.client(), State::Tunnel);
        self.machine.flags.has(Flags::TUNNEL_IDLE) && !is_ending
    }

    /// The tunnel is to end at once.
    pub(crate) const fn evict_tunnel(&mut self) {
        self.machine.flags.set(Flags::TUNNEL_EVICTED);
    }

    /// Is the tunnel to end at once?
    pub(crate) const fn is_tunnel_evicted(&self) -> bool {
        self.machine.flags.has(Flags::TUNNEL_EVICTED)
    }
}
