//! A connection's turn: its line, and what is spoken over it.

use alloc::sync::Arc;
use core::task::Waker;
use core::time::Duration;

use wirenut::readiness::{Event, Interest, Readiness, Standing};
use wirenut::time::Instant;
use wirenut::transport::{Disposition, Environment, Protocol};
use wirenut_linux::connection::{Connection as Line, Next, Turn as Turned};
use wirenut_linux::socket::AnyByteStream;

use crate::buffers::Buffers;
use crate::clock::Clock;
use crate::connection::Connection;
use crate::layer::Layer;
use crate::slots::Token;
use crate::speaker::{Call, Front, LayerState, Spoken};
use crate::wake::{Wakers, WorkerHandle};

/// What every turn needs and none changes.
pub(crate) struct WorkerContext<K> {
    pub(crate) speaker: K,
    pub(crate) clock: Clock,
    pub(crate) handle: Arc<WorkerHandle>,
    pub(crate) wakers: Wakers,
    /// How long its buffers are, before they grow.
    buffer_bytes: usize,
    /// No connection is to last, since the server will end.
    ends_soon: bool,
}

impl<K: Front> WorkerContext<K> {
    pub(crate) fn new(speaker: K, clock: Clock, handle: Arc<WorkerHandle>, buffer_bytes: usize) -> Self {
        Self { speaker, clock, handle, wakers: Wakers::default(), buffer_bytes, ends_soon: false }
    }

    #[inline]
    pub(crate) fn set_ends_soon(&mut self, ends_soon: bool) {
        if ends_soon != self.ends_soon {
            self.ends_soon = ends_soon;
            self.speaker.set_ends_soon(ends_soon);
        }
    }

    #[cold]
    fn waker(&self, token: Token) -> Waker {
        self.wakers.get(token, &self.handle)
    }

    /// Calls the speaker about the connection that has that name, or will have it.
    #[inline(always)]
    pub(crate) fn call<R>(&self, token: Token, socket: &AnyByteStream, call: impl FnOnce(&K, &Call<'_>) -> R) -> R {
        let environment = Environment {
            waker: &|| self.waker(token),
            peer: &|| self.speaker.peer(token, socket),
            output_capacity: self.buffer_bytes,
        };
        let counts = self.handle.seat.counts();
        call(&self.speaker, &Call { clock: &self.clock, environment: &environment, socket, counts, token })
    }

    /// Tells a connection something, or its line.
    #[cold]
    fn tell<R>(
        &self,
        connection: &mut Connection<K::State, LayerState<K>>,
        token: Token,
        tell: impl FnOnce(&mut K::Spoken<'_>, &mut Line, <K::Layer as Layer>::Lent<'_>) -> R,
    ) -> R {
        let Connection { state, layer, socket, line, .. } = connection;
        let socket = &*socket;
        self.call(token, socket, |speaker, call| {
            let lent = speaker.layer().lend(layer, socket);
            tell(&mut speaker.spoken(state, call), line, lent)
        })
    }

    /// Closes a connection as its disposition says, and whatever is under way on it.
    pub(crate) fn close(&self, mut connection: Connection<K::State, LayerState<K>>, token: Token) {
        let disposition = self.tell(&mut connection, token, |spoken, _, _| spoken.disposition());
        if matches!(disposition, Disposition::Abort | Disposition::Cut) {
            // Where it fails there is no connection to reset.
            let _ = connection.socket.set_linger(Some(Duration::ZERO));
        }
        self.tell(&mut connection, token, |spoken, _, _| spoken.close());
    }
}

/// What a turn leaves to do beyond its connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) next: Next,
    /// Bytes of the input that were consumed.
    pub(crate) taken: usize,
    /// What the poller is to wait for, if that has changed.
    pub(crate) interest: Option<Interest>,
    /// What it is doing now, if that has changed.
    pub(crate) standing: Option<Standing>,
    /// Its deadline, if it may be earlier than the one before.
    pub(crate) deadline: Option<Instant>,
}

/// One turn of one connection.
pub(crate) struct Turn<'t, K: Front> {
    pub(crate) context: &'t WorkerContext<K>,
    pub(crate) buffers: &'t mut Buffers,
    pub(crate) connection: &'t mut Connection<K::State, LayerState<K>>,
    pub(crate) token: Token,
}

impl<K: Front> Turn<'_, K> {
    /// The connection's time has come.
    pub(crate) fn time_out(mut self) -> Outcome {
        if !(K::Layer::IS_SECURE && self.has_agreed_too_late()) {
            self.tell(|spoken, line, transport| line.handle_timeout(transport, spoken));
        }
        self.run(None)
    }

    /// When its time comes.
    pub(crate) fn deadline(&mut self) -> Option<Instant> {
        let due = self.tell(|spoken, _, _| spoken.poll_timeout());
        if K::Layer::IS_SECURE {
            sooner(due, self.context.speaker.layer().deadline(&self.connection.layer))
        } else {
            due
        }
    }

    /// Ends a connection whose peer has not agreed in time.
    #[cold]
    fn has_agreed_too_late(&mut self) -> bool {
        let Connection { state, layer, socket, .. } = &mut *self.connection;
        let late = |speaker: &K, call: &Call<'_>| speaker.handle_layer_timeout(state, layer, call);
        self.context.call(self.token, socket, late)
    }

    /// The connection was woken.
    pub(crate) fn wake(mut self) -> Outcome {
        self.tell(|spoken, _, _| spoken.handle_wake());
        self.run(None)
    }

    /// The connection is given up, unless it has sent all that it will. False if it has.
    pub(crate) fn give_up(mut self) -> bool {
        if self.tell(|spoken, _, _| spoken.disposition()) == Disposition::ShutdownWrite {
            return false;
        }
        self.tell(|spoken, _, _| spoken.give_up());
        let _ = self.run(None);
        true
    }

    /// The connection is to end: now if it is idle, otherwise after its response.
    pub(crate) fn retire(mut self) -> Outcome {
        self.tell(|spoken, _, _| spoken.retire());
        self.run(None)
    }

    /// Tells that it is to be retired later.
    pub(crate) fn drain(mut self) -> Outcome {
        self.tell(|spoken, _, _| spoken.handle_drain());
        self.run(None)
    }

    /// Gives way to somebody else. None: it does not, for it is in use.
    pub(crate) fn give_way(mut self) -> Option<Outcome> {
        let is_lingering = self.is_lingering();
        let has_unread = !is_lingering && self.unread() > 0;
        if !self.tell(|spoken, _, _| spoken.give_way(has_unread)) {
            return None;
        }
        // What came is thrown away first: closing a socket with something to read in it resets it.
        let event = is_lingering.then_some(Event { token: self.token.for_poller(), readiness: Readiness::READABLE });
        Some(self.run(event))
    }

    /// Is all sent that it will ever send?
    pub(crate) fn is_lingering(&mut self) -> bool {
        self.tell(|spoken, _, _| spoken.standing()) == Standing::Lingering
    }

    /// Is it new, so that nothing was asked yet, as far as was read?
    pub(crate) fn is_fresh(&mut self) -> bool {
        self.tell(|spoken, line, _| spoken.standing() == Standing::Idle && !line.conversation().is_used())
    }

    /// How many bytes have come and are not consumed: left by earlier turns, and with the system.
    pub(crate) fn unread(&mut self) -> u64 {
        let held = self.context.speaker.layer().holds_unread(&mut self.connection.layer);
        let left = self.buffers.unread(self.token.slot).saturating_add(usize::from(held));
        let has_ended = self.connection.line.conversation().has_ended();
        let unread = if has_ended { 0 } else { self.connection.socket.unread_bytes().unwrap_or(0) };
        u64::try_from(left).unwrap_or(u64::MAX).saturating_add(unread)
    }

    /// Has a part of something come that is none of the bytes to be [read](Self::unread), since it cannot be understood before
    /// the rest has come, too?
    pub(crate) fn holds_part(&self) -> bool {
        self.context.speaker.layer().holds_part(&self.connection.layer)
    }

    /// Does what can be done. `event`: what the poller told, if it did.
    #[inline]
    pub(crate) fn run(mut self, event: Option<Event>) -> Outcome {
        if self.context.ends_soon {
            self.spare_what_has_come(event);
        }
        let Connection { state, layer, socket, line, is_idle, .. } = &mut *self.connection;
        let socket = &*socket;
        let mut leftover = if line.has_leftover() { self.buffers.take(self.token.slot) } else { None };
        let memory = self.buffers.memory(&mut leftover);
        let (interest, before) = (line.interest(), line.conversation().standing());
        let (turn, standing, deadline) = self.context.call(self.token, socket, |speaker, call| {
            if K::Layer::IS_SECURE {
                speaker.greet(state, layer, call, event);
            }
            let lent = speaker.layer().lend(layer, socket);
            let mut spoken = speaker.spoken(state, call);
            let move_bytes = |spoken: &mut K::Spoken<'_>, lent: &mut _, length| spoken.move_bytes(lent, length);
            let turn = line.turn(lent, event, &mut spoken, memory, move_bytes);
            call.counts.received.add(turn.taken as u64);
            let mut standing = line.standing_change(&spoken);
            if K::Layer::IS_SECURE && speaker.layer().holds_part(layer) {
                // What came of a record is nothing that the line knows of.
                standing = Some(line.conversation().standing());
            }
            if let Some(standing) = standing
                && standing != before
            {
                call.counts.change(before, standing);
            }
            let was_idle = *is_idle;
            *is_idle = standing.map_or(was_idle, |standing| standing == Standing::Idle);
            // Then it is given no less than what it had while it was idle before.
            let is_set = has_one_idle_time(&spoken) && was_idle && *is_idle;
            let mut deadline = if is_set { None } else { spoken.poll_timeout() };
            if K::Layer::IS_SECURE {
                deadline = sooner(deadline, speaker.layer().deadline(layer));
            }
            let next = if spoken.is_over() { Next::Reset } else { turn.next };
            (Turned { next, ..turn }, standing, deadline)
        });
        self.buffers.adapt(&turn, leftover.as_ref().map_or(0, |leftover| leftover.unread()));
        if let Some(leftover) = leftover {
            self.buffers.keep(self.token.slot, leftover);
        }
        let interest = (line.interest() != interest).then_some(line.interest());
        Outcome { next: turn.next, taken: turn.taken, interest, standing, deadline }
    }

    /// A connection is not to end while something waits that this turn does not receive.
    #[cold]
    fn spare_what_has_come(&mut self, event: Option<Event>) {
        let received = if event.is_some_and(Event::is_readable) { self.buffers.input_bytes() } else { 0 };
        let is_all = !self.context.speaker.layer().holds_unread(&mut self.connection.layer)
            && self.connection.socket.unread_bytes().is_ok_and(|unread| unread <= received as u64);
        self.context.speaker.set_ends_soon(is_all);
    }

    /// Tells the connection something, or its line.
    fn tell<R>(&mut self, tell: impl FnOnce(&mut K::Spoken<'_>, &mut Line, <K::Layer as Layer>::Lent<'_>) -> R) -> R {
        self.context.tell(self.connection, self.token, tell)
    }
}

/// See [`Spoken::HAS_ONE_IDLE_TIME`].
const fn has_one_idle_time<S: Spoken>(_: &S) -> bool {
    S::HAS_ONE_IDLE_TIME
}

fn sooner(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    [one, other].into_iter().flatten().min()
}
