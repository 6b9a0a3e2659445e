//! How a connection ends: errors, time, resets, and the wish of either side.

use super::context::Context;
use super::role::Role;
use super::state::{Side, State, States, Transition};
use super::{Broken, Connection, Ending};
use crate::http::error::{Error, Rule};
use crate::http::flags::Flags;
use crate::time::{Duration, Instant, Timer};
use crate::transport::Disposition;

impl<R: Role> Connection<R> {
    /// What to do with the connection once all that was written is sent.
    #[must_use]
    pub const fn disposition(&self) -> Disposition {
        match self.ending {
            Ending::Open | Ending::AfterResponse if self.has_ended_its_tunnel() => Disposition::ShutdownWrite,
            Ending::Open | Ending::AfterResponse | Ending::Answer => Disposition::Open,
            Ending::Linger => Disposition::ShutdownWrite,
            Ending::Close => Disposition::Close,
            Ending::Abort => Disposition::Abort,
            Ending::Cut => Disposition::Cut,
        }
    }

    /// Has a client ended its direction of a tunnel, and the server not?
    const fn has_ended_its_tunnel(&self) -> bool {
        let states = (self.states.client(), self.states.server());
        matches!(R::SIDE, Side::Client) && matches!(states, (State::MustClose, State::Tunnel))
    }

    /// When [`Self::handle_timeout`] is to be called, if nothing else happens before. Changes with every other call.
    #[must_use]
    #[inline(always)]
    pub fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        self.deadline(now).unless_never()
    }

    /// The same, or [`Instant::NEVER`].
    pub(crate) fn deadline(&self, now: Instant) -> Instant {
        if !self.has_deadlines() {
            return Instant::NEVER;
        }
        let peer_timer = if self.is_hurrying_peer() { self.peer_timer } else { Timer::FULL };
        Timer::first_deadline([peer_timer, self.write_timer], now)
    }

    fn has_deadlines(&self) -> bool {
        match R::SIDE {
            Side::Server => self.ending != Ending::Cut,
            Side::Client => matches!(self.ending, Ending::Open | Ending::AfterResponse),
        }
    }

    /// Does the peer's time to send run, and count?
    fn is_hurrying_peer(&self) -> bool {
        self.is_readable() && R::hurries_peer(self)
    }

    /// Time has passed. Does nothing before [`Self::poll_timeout`] is due.
    ///
    /// # Errors
    /// [`Rule::HeadTimeout`], [`Rule::BodyTimeout`] or [`Rule::WriteTimeout`]; of a client also
    /// [`Rule::ResponseTimeout`]. The end of an idle connection, and of one that lingers, is no error, and that of the time
    /// for a 100 lets the body go.
    pub fn handle_timeout(&mut self, cx: &Context<'_>) -> Result<(), Error> {
        self.note_time(cx).map_err(|Broken| self.failure())
    }

    pub(crate) fn note_time(&mut self, cx: &Context<'_>) -> Result<(), Broken> {
        if !self.has_deadlines() {
            return Ok(());
        }
        if self.write_timer.is_due(cx.now) {
            return Err(self.fail(cx, Rule::WriteTimeout));
        }
        if self.peer_timer.is_due(cx.now) && self.is_hurrying_peer() { R::peer_is_late(self, cx) } else { Ok(()) }
    }

    /// Of what was written, `sent` more bytes are on their way (given to the transport's peer as far as the host can
    /// tell), and `left` bytes still wait. The peer's time to take them runs while some wait.
    pub fn handle_sent(&mut self, cx: &Context<'_>, sent: usize, left: usize) {
        let some_wait = left > 0;
        if some_wait {
            self.machine.flags.set(Flags::SENT_WAITED);
        }
        let some_waited = self.write_timer.note_moved(cx.limits.write, cx.now, sent, some_wait);
        if some_waited && !some_wait {
            R::all_is_sent(self, cx);
        }
    }

    /// The transport failed: nothing more can come or go.
    pub fn handle_reset(&mut self, cx: &Context<'_>) -> Error {
        self.abort(cx, Rule::Reset)
    }

    /// The connection is to end: at once if it is idle, otherwise after the response to the current request, which says
    /// so if we are the server; or after the responses that are due if we are the client.
    ///
    /// The rest of a request head that has begun to come is awaited for [`Limits::linger`](crate::http::Limits::linger) at most
    /// ([`Rule::HeadTimeout`]).
    pub fn retire(&mut self) {
        if self.is_idle() {
            self.close();
        } else if self.ending == Ending::Open {
            self.ending = Ending::AfterResponse;
        }
    }

    /// It ends between two messages.
    pub(super) fn close(&mut self) {
        self.states.change(Side::Client, Transition::Close);
        if R::SIDE == Side::Client {
            self.states.change(Side::Server, Transition::Close);
        }
        self.ending = Ending::Close;
    }

    /// Gives up what is in flight. Before a response was begun a server answers by the status of `rule`; after that, and by a
    /// client, the connection is cut so that the peer can see that the message is not whole.
    pub fn abort(&mut self, cx: &Context<'_>, rule: Rule) -> Error {
        self.fail(cx, rule);
        self.failure()
    }

    /// Poisons the connection. The first error stays.
    #[cold]
    pub(crate) fn fail(&mut self, cx: &Context<'_>, rule: Rule) -> Broken {
        let is_first = self.broken.is_none();
        if is_first {
            self.broken = Some(rule);
        }
        if matches!(rule, Rule::WriteTimeout | Rule::Reset | Rule::HostClosed) && R::SIDE == Side::Server {
            self.ending = Ending::Cut;
        } else if is_first {
            R::end_broken(self, cx, rule);
        }
        if is_first {
            self.peer_timer_of_broken(cx);
            self.states = States::FAILED;
        }
        Broken
    }

    /// Which rule is broken. It is asked for only if one is.
    pub(crate) fn failure(&self) -> Error {
        Error { rule: self.broken.unwrap_or(Rule::Aborted), offset: self.machine.offset }
    }

    /// Runs only where what still comes is thrown away.
    fn peer_timer_of_broken(&mut self, cx: &Context<'_>) {
        if self.ending != Ending::Linger {
            self.peer_timer.stop(cx.now);
        }
    }

    pub(super) fn restart_peer_time(&mut self, cx: &Context<'_>, time: Duration) {
        self.peer_timer.restart(cx.now, time);
    }
}
