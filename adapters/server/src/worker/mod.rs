//! The loop of one thread: wait, then deadlines, events, wakes, and what is left from the round before.
//!
//! Who comes in is in `admit`, how it all ends in `stop`.

mod admit;
mod stop;

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::mem;
use std::os::fd::AsFd;

use wirenut::http::service::Service;
use wirenut::readiness::{self, Admission, Event, Interest, Link, Lists, Poller};
use wirenut::time::{Duration, Instant};
use wirenut_linux::Error;
use wirenut_linux::connection::Next;
use wirenut_linux::poller::Epoll;
use wirenut_linux::timers::TimerWheel;

use crate::accept::Acceptor;
use crate::board::{Counts, Seat, Stop};
use crate::buffers::Buffers;
use crate::clock::Clock;
use crate::config::Config;
use crate::descriptors::Descriptors;
use crate::guard::RequestNames;
use crate::places::Places;
use crate::slots::{Slots, Token};
use crate::throttle::Throttle;
use crate::transfer::Transfer;
use crate::turn::{self, Outcome, Turn, WorkerContext};
use crate::wake::{Wakers, WorkerHandle};
use crate::work::Queue;
use stop::Drain;

/// Tokens of what is no connection: no slot has such a number.
const LISTENER: readiness::Token = readiness::Token(u64::MAX);
const BELL: readiness::Token = readiness::Token(u64::MAX - 1);
const FIRST_SIGNAL: readiness::Token = readiness::Token(u64::MAX - 2);
const SECOND_SIGNAL: readiness::Token = readiness::Token(u64::MAX - 3);

/// For how many connections there are links from the start.
const MAX_LINKS: u32 = 1 << 20;

/// All that one thread serves.
pub(crate) struct Worker<'s, S: Service<Source: Transfer> + ?Sized> {
    context: WorkerContext<'s, S>,
    poller: Epoll,
    config: Config,
    /// Others take connections from the same queue.
    is_shared: bool,
    /// None once the worker is to stop, and all who waited have come in.
    acceptor: Option<Acceptor>,
    /// Connections that are answered 503, the oldest first.
    refused: VecDeque<Token>,
    admission: Admission<Lists<Vec<Link>>>,
    places: &'s Places,
    /// When it is looked again whether another worker has given back a place.
    recheck_at: Option<Instant>,
    descriptors: Descriptors,
    throttle: &'s Throttle,
    slots: Slots<S>,
    timers: TimerWheel,
    buffers: Buffers,
    /// Connections that have more to do than fitted into their turn.
    queue: Vec<Token>,
    /// Since the worker is to stop.
    drain: Option<Drain>,
}

impl<'s, S: Service<Source: Transfer> + ?Sized> Worker<'s, S> {
    pub(crate) fn new(
        service: &'s S,
        names: &'s RequestNames,
        (config, throttle): (Config, &'s Throttle),
        Queue { listener, places, is_shared }: Queue<'s>,
        seat: Seat,
    ) -> Result<Self, Error> {
        let handle = Arc::new(WorkerHandle::new(seat));
        let mut poller = Epoll::new()?;
        poller.register(handle.woken.as_fd(), BELL, Interest::READABLE)?;
        if let Some(termination) = handle.seat.termination() {
            poller.register(termination.as_fd(), FIRST_SIGNAL, Interest::READABLE)?;
            poller.register(termination.repeated(), SECOND_SIGNAL, Interest::READABLE)?;
        }
        let acceptor = Acceptor::new(listener, &mut poller, LISTENER)?;
        let clock = Clock::new();
        Ok(Self {
            timers: TimerWheel::new(clock.now()),
            context: WorkerContext { service, names, limits: config.limits, clock, handle, wakers: Wakers::default() },
            poller,
            config,
            is_shared,
            acceptor: Some(acceptor),
            refused: VecDeque::new(),
            // Room for all: memory that is not written to costs nothing, and growing would leave holes.
            admission: Admission::new(
                config.policy(),
                Lists::new(Vec::with_capacity(config.max_connections.min(MAX_LINKS) as usize)),
            ),
            places,
            recheck_at: None,
            descriptors: Descriptors::new(),
            throttle,
            slots: Slots::new(),
            buffers: Buffers::new(&config.limits),
            queue: Vec::new(),
            drain: None,
        })
    }

    /// Serves until it was told to stop and all connections are gone.
    pub(crate) fn run(mut self) -> Result<(), Error> {
        let mut woken = Vec::new();
        loop {
            self.obey_stop()?;
            if self.acceptor.is_none() && self.slots.is_empty() {
                return Ok(());
            }
            let has_woken = self.wait()?;
            self.handle_timeouts()?;
            while let Some(event) = self.poller.next_event() {
                self.handle_event(event)?;
            }
            if has_woken {
                woken = self.context.handle.woken.take(woken);
                for token in woken.drain(..) {
                    self.wake(token)?;
                }
            }
            self.run_queued()?;
        }
    }

    /// Waits until something happens. True if an exchange was woken, or the server is to stop.
    fn wait(&mut self) -> Result<bool, Error> {
        let had_woken = self.context.handle.woken.prepare_wait();
        let limit = if had_woken || !self.queue.is_empty() {
            Some(Duration::default())
        } else {
            let now = self.context.clock.now();
            self.poll_timeout().map(|until| until.saturating_since(now))
        };
        let waited = self.poller.wait(limit);
        let has_woken = self.context.handle.woken.finish_wait() || had_woken;
        // Whatever ended it, what there is to do is looked for.
        let _ = waited?;
        self.context.clock.advance();
        Ok(has_woken)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let drain = self.drain.as_ref().map(Drain::poll_timeout);
        [self.timers.next(), self.resumes_at(), drain].into_iter().flatten().min()
    }

    fn handle_timeouts(&mut self) -> Result<(), Error> {
        let now = self.context.clock.now();
        while let Some(slot) = self.timers.pop_due(&mut self.slots, now) {
            let Some(token) = self.slots.token(slot) else { continue };
            let Some(turn) = self.turn(token) else { continue };
            match turn.connection.session.poll_timeout(now) {
                Some(due) if due <= now => {
                    let outcome = turn.time_out();
                    self.after(token, outcome)?;
                }
                Some(later) => self.timers.arm(&mut self.slots, slot, later),
                None => {}
            }
        }
        if self.resumes_at().is_some_and(|at| at <= now) {
            self.resume()?;
        }
        Ok(())
    }

    fn handle_event(&mut self, event: Event) -> Result<(), Error> {
        match event.token {
            LISTENER => self.accept(),
            BELL => {
                self.context.handle.woken.silence();
                Ok(())
            }
            FIRST_SIGNAL | SECOND_SIGNAL => self.handle_signal(event.token == SECOND_SIGNAL),
            connection => {
                let token = Token::from_poller(connection);
                let Some(turn) = self.turn(token) else { return Ok(()) };
                let outcome = turn.run(Some(event));
                self.after(token, outcome)
            }
        }
    }

    /// The signals' descriptors stay readable, so each is watched only until it is.
    fn handle_signal(&mut self, is_second: bool) -> Result<(), Error> {
        let seat = &self.context.handle.seat;
        let Some(termination) = seat.termination() else { return Ok(()) };
        if is_second {
            seat.stop(Stop::Now);
            self.poller.deregister(termination.repeated(), SECOND_SIGNAL)
        } else {
            seat.stop(Stop::Drain);
            self.poller.deregister(termination.as_fd(), FIRST_SIGNAL)
        }
    }

    fn wake(&mut self, token: Token) -> Result<(), Error> {
        let Some(turn) = self.turn(token) else { return Ok(()) };
        turn.connection.session.wake();
        let outcome = turn.run(None);
        self.after(token, outcome)
    }

    /// Gives another turn to those that had more to do.
    fn run_queued(&mut self) -> Result<(), Error> {
        for token in mem::take(&mut self.queue) {
            let Some(turn) = self.turn(token) else { continue };
            turn.connection.is_queued = false;
            let outcome = turn.run(None);
            self.after(token, outcome)?;
        }
        Ok(())
    }

    /// Where it counts what it does.
    pub(super) fn counts(&self) -> &Counts {
        self.context.handle.seat.counts()
    }

    /// The turn of the connection of that name, unless it is gone.
    pub(super) fn turn(&mut self, token: Token) -> Option<Turn<'_, 's, S>> {
        let connection = self.slots.get(token)?;
        self.context.names.set_current(token.slot);
        Some(Turn { context: &self.context, poller: &mut self.poller, buffers: &mut self.buffers, connection, token })
    }

    /// What a turn leaves to do beyond its connection.
    pub(super) fn after(&mut self, token: Token, outcome: Outcome) -> Result<(), Error> {
        if outcome.next.is_end() {
            return self.remove(token.slot);
        }
        let Some(connection) = self.slots.get(token) else { return Ok(()) };
        if outcome.next == Next::Again && !connection.is_queued {
            connection.is_queued = true;
            self.queue.push(token);
        }
        if let Some(standing) = outcome.standing
            && !self.refused.contains(&token)
        {
            self.admission.set_standing(token.slot, standing, self.context.clock.now());
        }
        if let Some(deadline) = outcome.deadline {
            self.timers.arm(&mut self.slots, token.slot, deadline);
        }
        if self.drain.as_mut().is_some_and(|drain| drain.consume(token.slot, outcome.taken)) {
            return self.retire(token.slot);
        }
        Ok(())
    }

    /// Ends a connection: now if it is idle, otherwise after its response.
    pub(super) fn retire(&mut self, slot: u32) -> Result<(), Error> {
        let Some(token) = self.slots.token(slot) else { return Ok(()) };
        let Some(turn) = self.turn(token) else { return Ok(()) };
        let outcome = turn.retire();
        self.after(token, outcome)
    }

    /// Closes a connection, whatever it is doing.
    pub(super) fn remove(&mut self, slot: u32) -> Result<(), Error> {
        self.timers.disarm(&mut self.slots, slot);
        if let Some(drain) = &mut self.drain {
            drain.forget(slot);
        }
        let Some(connection) = self.slots.remove(slot) else { return Ok(()) };
        let has_leftover = connection.line.has_leftover();
        self.context.names.set_current(slot);
        turn::close(connection, &self.context);
        if has_leftover {
            self.buffers.take(slot);
        }
        if let Some(at) = self.refused.iter().position(|token| token.slot == slot) {
            // It took no place.
            self.refused.remove(at);
        } else {
            self.admission.release(slot);
            self.places.give_back();
        }
        self.resume()
    }
}

/// Whatever ends the worker, every exchange is closed.
impl<S: Service<Source: Transfer> + ?Sized> Drop for Worker<'_, S> {
    fn drop(&mut self) {
        for slot in 0..self.slots.count() {
            if let Some(connection) = self.slots.remove(slot) {
                self.context.names.set_current(slot);
                turn::close(connection, &self.context);
            }
        }
    }
}
