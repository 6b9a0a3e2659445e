//! Any protocol of the core, made anew for each connection, whose panics are caught.

use core::cell::Cell;
use core::marker::PhantomData;

use wirenut::readiness::Standing;
use wirenut::time::Instant;
use wirenut::transport::{Disposition, Progress, Protocol};
use wirenut_linux::socket::Attempt;

use crate::arrival::Arrival;
use crate::board::Seat;
use crate::layer::Carrier;
use crate::panics::{self, catch};
use crate::speaker::{Call, Speaker, Spoken, peer_name};

/// What is spoken by a worker: protocols, each of which `begin` makes for a connection that has come.
pub(crate) struct Protocols<'s, Q, F: ?Sized> {
    begin: &'s F,
    made: PhantomData<fn() -> Q>,
    /// Where panics are counted.
    seat: Seat,
}

impl<'s, Q, F: ?Sized> Protocols<'s, Q, F> {
    pub(crate) const fn new(begin: &'s F, seat: Seat) -> Self {
        Self { begin, made: PhantomData, seat }
    }
}

impl<Q: Protocol, F: Fn(&Arrival<'_>) -> Q + ?Sized> Speaker for Protocols<'_, Q, F> {
    type State = Kept<Q>;
    type Spoken<'c>
        = Guarded<'c, Q>
    where
        Self: 'c;

    fn begin(&self, call: &Call<'_>) -> Kept<Q> {
        let protocol = catch(|| (self.begin)(&Arrival(call)));
        let protocol = protocol.map_err(|panic| {
            panics::log(
                panic,
                "the protocol panicked when it began",
                peer_name(call.environment, call.socket),
                &self.seat,
            );
        });
        let is_over = Cell::new(protocol.is_err());
        Kept { protocol: protocol.ok(), is_over }
    }

    /// What would tell it so in a protocol of which nothing is known?
    fn refuse(&self, _: &Call<'_>) -> Option<Kept<Q>> {
        None
    }

    fn spoken<'c>(&'c self, kept: &'c mut Kept<Q>, call: &Call<'c>) -> Guarded<'c, Q> {
        let mut guarded = Guarded { kept, call: *call, seat: &self.seat };
        guarded.tell((), |protocol| protocol.handle_now(call.clock.now()));
        guarded
    }
}

/// The protocol of a connection. None: it has panicked when it began, or the connection is gone.
pub(crate) struct Kept<Q> {
    protocol: Option<Q>,
    /// It has panicked, or was given up: it is not called any more, and the connection is cut.
    is_over: Cell<bool>,
}

/// A protocol whose panics are caught, logged and counted, for a call. A panic cuts the connection.
pub(crate) struct Guarded<'c, Q> {
    kept: &'c mut Kept<Q>,
    call: Call<'c>,
    seat: &'c Seat,
}

impl<Q> Guarded<'_, Q> {
    /// Tells the protocol something. `otherwise`: what it says if it is over.
    fn tell<R>(&mut self, otherwise: R, tell: impl FnOnce(&mut Q) -> R) -> R {
        let Kept { protocol: Some(protocol), is_over } = &mut *self.kept else { return otherwise };
        if is_over.get() {
            return otherwise;
        }
        let told = catch(|| tell(protocol));
        self.unless_panicked(told, otherwise)
    }

    /// The same, for what changes nothing.
    fn ask<R>(&self, otherwise: R, ask: impl FnOnce(&Q) -> R) -> R {
        match &self.kept.protocol {
            Some(protocol) if !self.kept.is_over.get() => self.unless_panicked(catch(|| ask(protocol)), otherwise),
            _ => otherwise,
        }
    }

    fn unless_panicked<R>(&self, said: Result<R, panics::Panic>, otherwise: R) -> R {
        said.unwrap_or_else(|panic| {
            self.kept.is_over.set(true);
            panics::log(panic, "the protocol panicked", peer_name(self.call.environment, self.call.socket), self.seat);
            otherwise
        })
    }
}

impl<Q: Protocol> Spoken for Guarded<'_, Q> {
    /// Nothing says where from.
    fn move_bytes<C: Carrier>(&mut self, _: &mut C, _: u64) -> Attempt<u64> {
        self.give_up();
        Attempt::Done(0)
    }

    fn is_over(&self) -> bool {
        self.kept.is_over.get()
    }

    fn give_up(&mut self) {
        self.handle_reset();
        self.kept.is_over.set(true);
    }

    fn close(&mut self) {
        let protocol = self.kept.protocol.take();
        let dropped = catch(|| drop(protocol));
        self.unless_panicked(dropped, ());
    }
}

impl<Q: Protocol> Protocol for Guarded<'_, Q> {
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress {
        self.tell(Progress::default(), |protocol| protocol.drive(input, store, output))
    }

    fn stored(&self) -> usize {
        self.ask(0, Q::stored)
    }

    fn needed_room(&self) -> usize {
        self.ask(0, Q::needed_room)
    }

    fn handle_eof(&mut self) {
        self.tell((), Q::handle_eof);
    }

    fn handle_read_closed(&mut self) {
        self.tell((), Q::handle_read_closed);
    }

    fn wants_read_closed(&self) -> bool {
        self.ask(false, Q::wants_read_closed)
    }

    fn handle_sent(&mut self, sent: usize, left: usize) {
        self.call.counts.sent.add(sent as u64);
        self.tell((), |protocol| protocol.handle_sent(sent, left));
    }

    fn handle_timeout(&mut self) {
        self.tell((), Q::handle_timeout);
    }

    fn handle_reset(&mut self) {
        self.tell((), Q::handle_reset);
    }

    fn handle_now(&mut self, now: Instant) {
        self.tell((), |protocol| protocol.handle_now(now));
    }

    fn handle_wake(&mut self) {
        self.tell((), Q::handle_wake);
    }

    fn handle_drain(&mut self) {
        self.tell((), Q::handle_drain);
    }

    fn retire(&mut self) {
        self.tell((), Q::retire);
    }

    fn give_way(&mut self, has_unread: bool) -> bool {
        self.tell(true, |protocol| protocol.give_way(has_unread))
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.ask(None, Q::poll_timeout)
    }

    fn is_readable(&self) -> bool {
        self.ask(false, Q::is_readable)
    }

    fn standing(&self) -> Standing {
        self.ask(Standing::Busy, Q::standing)
    }

    fn disposition(&self) -> Disposition {
        self.ask(Disposition::Cut, Q::disposition)
    }

    fn transfer(&self) -> Option<u64> {
        self.ask(None, Q::transfer)
    }
}
