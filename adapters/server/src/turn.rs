//! A connection's turn: its line, with its session as what is spoken.

use alloc::sync::Arc;
use core::task::Waker;
use core::time::Duration;
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;

use wirenut::http::service::{Service, Serving};
use wirenut::http::{Context, Limits, Rule};
use wirenut::readiness::{Event, Poller, Readiness, Standing};
use wirenut::time::Instant;
use wirenut::transport::{Disposition, Environment, Protocol};
use wirenut_linux::connection::{Connection as Line, Next};
use wirenut_linux::poller::Epoll;
use wirenut_linux::socket::Attempt;

use crate::buffers::{Buffers, OUTPUT_BYTES};
use crate::clock::Clock;
use crate::connection::Connection;
use crate::guard::{self, RequestNames};
use crate::slots::Token;
use crate::spoken::Spoken;
use crate::transfer::Transfer;
use crate::wake::{Wakers, WorkerHandle};

/// What one transfer moves at most: nothing of it is kept, so only the others' waiting bounds it. As
/// in nginx; with 64 KiB, a large file cost more CPU time than there.
const TRANSFER_BYTES: u64 = 2 * 1024 * 1024;

/// What every turn needs and none changes.
pub(crate) struct WorkerContext<'s, S: ?Sized> {
    pub(crate) service: &'s S,
    pub(crate) names: &'s RequestNames,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) handle: Arc<WorkerHandle>,
    pub(crate) wakers: Wakers,
}

impl<S: ?Sized> WorkerContext<'_, S> {
    /// What the core is told with every call.
    pub(crate) const fn http(&self) -> Context<'_> {
        Context { now: self.clock.now(), limits: &self.limits, date: Some(self.clock.date()) }
    }

    #[cold]
    fn waker(&self, token: Token) -> Waker {
        self.wakers.get(token, &self.handle)
    }
}

/// What a turn leaves to do beyond its connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) next: Next,
    /// Bytes of the input that were consumed.
    pub(crate) taken: usize,
    /// What it is doing now, if that has changed.
    pub(crate) standing: Option<Standing>,
    /// Its deadline, if it may be earlier than the one before.
    pub(crate) deadline: Option<Instant>,
}

/// One turn of one connection.
pub(crate) struct Turn<'t, 's, S: Service + ?Sized> {
    pub(crate) context: &'t WorkerContext<'s, S>,
    pub(crate) poller: &'t mut Epoll,
    pub(crate) buffers: &'t mut Buffers,
    pub(crate) connection: &'t mut Connection<S>,
    pub(crate) token: Token,
}

impl<S: Service<Source: Transfer> + ?Sized> Turn<'_, '_, S> {
    /// The connection's time has come.
    pub(crate) fn time_out(mut self) -> Outcome {
        self.tell(|spoken, line| line.handle_timeout(spoken.socket, spoken));
        self.run(None)
    }

    /// The connection is given up.
    pub(crate) fn give_up(mut self, rule: Rule) -> Outcome {
        self.tell(|spoken, _| spoken.give_up(rule));
        self.run(None)
    }

    /// The connection is to end: now if it is idle, otherwise after its response.
    pub(crate) fn retire(self) -> Outcome {
        self.connection.session.retire();
        self.run(None)
    }

    /// Tells that it is to be retired later.
    pub(crate) fn drain(self) -> Outcome {
        self.connection.session.handle_drain();
        self.run(None)
    }

    /// Gives way to somebody else. None: it does not, for it is in use.
    pub(crate) fn give_way(mut self) -> Option<Outcome> {
        let is_lingering = self.connection.session.standing() == Standing::Lingering;
        let has_unread = !is_lingering && self.unread() > 0;
        if !self.tell(|spoken, _| spoken.tell(|serving| serving.give_way(has_unread))) {
            return None;
        }
        // What came is thrown away first: closing a socket with something to read in it resets it.
        let event = is_lingering.then_some(Event { token: self.token.for_poller(), readiness: Readiness::READABLE });
        Some(self.run(event))
    }

    /// How many bytes have come and are not consumed: left by earlier turns, and with the system.
    pub(crate) fn unread(&self) -> u64 {
        let left = self.buffers.unread(self.token.slot);
        let has_ended = self.connection.line.conversation().has_ended();
        let unread = if has_ended { 0 } else { self.connection.socket.unread_bytes().unwrap_or(0) };
        u64::try_from(left).unwrap_or(u64::MAX).saturating_add(unread)
    }

    /// Does what can be done. `event`: what the poller told, if it did.
    #[inline]
    pub(crate) fn run(mut self, event: Option<Event>) -> Outcome {
        let Connection { session, socket, line, is_idle, .. } = &mut *self.connection;
        let (socket, names) = (&*socket, self.context.names);
        let mut leftover = if line.has_leftover() { self.buffers.take(self.token.slot) } else { None };
        let memory = self.buffers.memory(&mut leftover);
        let interest = line.interest();
        let environment = Environment {
            waker: &|| self.context.waker(self.token),
            peer: &|| socket.peer_address().ok()?.internet(),
            output_capacity: OUTPUT_BYTES,
        };
        let (service, cx) = (self.context.service, self.context.http());
        let serving = Serving { session, service, cx, environment: &environment };
        let mut spoken = Spoken { serving, socket, names };
        let turn = line.turn(socket, event, &mut spoken, memory, transfer);
        let standing = line.standing_change(&spoken);
        let was_idle = *is_idle;
        *is_idle = standing.map_or(was_idle, |standing| standing == Standing::Idle);
        // What an idle connection is given is never less than what it had while it was idle before.
        let deadline = if was_idle && *is_idle { None } else { spoken.poll_timeout() };
        if let Some(leftover) = leftover {
            self.buffers.keep(self.token.slot, leftover);
        }
        let is_watched = line.interest() == interest || turn.next.is_end() || self.watch();
        let next = if is_watched { turn.next } else { Next::Reset };
        Outcome { next, taken: turn.taken, standing, deadline }
    }

    /// Tells the session something, or its line.
    #[cold]
    fn tell<R>(&mut self, tell: impl FnOnce(&mut Spoken<'_, S>, &mut Line) -> R) -> R {
        let Connection { session, socket, line, .. } = &mut *self.connection;
        let (socket, names) = (&*socket, self.context.names);
        let environment = Environment {
            waker: &|| self.context.waker(self.token),
            peer: &|| socket.peer_address().ok()?.internet(),
            output_capacity: OUTPUT_BYTES,
        };
        let (service, cx) = (self.context.service, self.context.http());
        let serving = Serving { session, service, cx, environment: &environment };
        tell(&mut Spoken { serving, socket, names }, line)
    }

    /// Tells the poller what to wait for. False if it cannot.
    #[cold]
    fn watch(&mut self) -> bool {
        let Connection { socket, line, .. } = &*self.connection;
        self.poller.modify(socket.as_fd(), self.token.for_poller(), line.interest()).is_ok()
    }
}

/// Moves one piece of what the service wants transferred.
fn transfer<S: Service<Source: Transfer> + ?Sized>(spoken: &mut Spoken<'_, S>, length: u64) -> Attempt<u64> {
    let Some((source, _)) = spoken.serving.session.transfer() else { return Attempt::Done(0) };
    match guard::transfer(source, spoken.socket, length.min(TRANSFER_BYTES), spoken.names) {
        Ok(moved @ 1..) => {
            spoken.tell(|serving| serving.handle_transferred(moved));
            return Attempt::Done(moved);
        }
        Err(error) if is_passing(&error) => return Attempt::WouldBlock,
        Err(error) if is_of_peer(&error) => spoken.handle_reset(),
        // The source is too short, or fails: the peer must see that the response is not whole.
        Ok(0) | Err(_) => spoken.give_up(Rule::SourceFailed),
    }
    Attempt::Done(0)
}

/// Closes the connection as its disposition says, and its exchange if there still is one.
pub(crate) fn close<S: Service + ?Sized>(mut connection: Connection<S>, context: &WorkerContext<'_, S>) {
    if matches!(connection.session.disposition(), Disposition::Abort | Disposition::Cut) {
        // Where it fails there is no connection to reset.
        let _ = connection.socket.set_linger(Some(Duration::ZERO));
    }
    connection.session.handle_lost(&context.http(), context.service, Rule::HostClosed);
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn is_of_peer(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::TimedOut)
}
