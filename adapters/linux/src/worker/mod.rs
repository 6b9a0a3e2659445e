//! The loop of one thread: wait, then deadlines, events, wakes, and what is left from the round before.
//!
//! Who comes in is in `admit`, how it all ends in `stop`.

mod admit;
mod stop;

use alloc::sync::Arc;
use core::mem;
use std::net::TcpListener;
use std::os::fd::AsFd;

use wirenut::http::service::Service;
use wirenut::readiness::{self, Admission, Event, Interest, Link, Poller};
use wirenut::time::{Duration, Instant};

use crate::accept::Acceptor;
use crate::clock::Clock;
use crate::config::Config;
use crate::descriptors::Descriptors;
use crate::error::Error;
use crate::guard::Names;
use crate::places::Places;
use crate::poller::Epoll;
use crate::refused::Refused;
use crate::server::Report;
use crate::slots::{Slots, Token};
use crate::sys::signal::Signals;
use crate::throttle::Throttle;
use crate::timers::Timers;
use crate::transfer::Transfer;
use crate::turn::{self, Buffers, Outcome, Surroundings, Turn};
use crate::wake::{Mailbox, Stop};
use stop::Drain;

/// Tokens of what is no connection: no slot has such a number.
const LISTENER: readiness::Token = readiness::Token(u64::MAX);
const BELL: readiness::Token = readiness::Token(u64::MAX - 1);
const FIRST_SIGNAL: readiness::Token = readiness::Token(u64::MAX - 2);
const SECOND_SIGNAL: readiness::Token = readiness::Token(u64::MAX - 3);

/// For how many connections there are links from the start.
const MOST_LINKS: u32 = 1 << 20;

/// What all workers of a server have in common.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'s> {
    pub(crate) config: Config,
    pub(crate) places: &'s Places,
    pub(crate) throttle: &'s Throttle,
    pub(crate) signals: Option<&'static Signals>,
    /// There is only one.
    pub(crate) is_alone: bool,
}

/// All that one thread serves.
pub(crate) struct Worker<'s, S: Service<Source: Transfer> + ?Sized> {
    around: Surroundings<'s, S>,
    poller: Epoll,
    config: Config,
    signals: Option<&'static Signals>,
    /// No other worker takes from the same queue.
    is_alone: bool,
    /// None once the worker is to stop, and all who waited have come in.
    acceptor: Option<Acceptor>,
    refused: Refused,
    admission: Admission<Vec<Link>>,
    places: &'s Places,
    /// When it is looked again whether another worker has given back a place.
    look_at: Option<Instant>,
    descriptors: Descriptors,
    throttle: &'s Throttle,
    slots: Slots<S>,
    timers: Timers,
    buffers: Buffers,
    /// Connections that have more to do than fitted into their turn.
    queue: Vec<Token>,
    /// Since the worker is to stop.
    drain: Option<Drain>,
    report: Report,
}

impl<'s, S: Service<Source: Transfer> + ?Sized> Worker<'s, S> {
    pub(crate) fn new(
        service: &'s S,
        names: &'s Names,
        shared: &Shared<'s>,
        listener: TcpListener,
        mailbox: Arc<Mailbox>,
    ) -> Result<Self, Error> {
        let Shared { config, places, throttle, signals, is_alone } = *shared;
        let mut poller = Epoll::new()?;
        poller.register(mailbox.bell().as_fd(), BELL, Interest::READABLE)?;
        if let Some(signals) = signals {
            poller.register(signals.first.as_fd(), FIRST_SIGNAL, Interest::READABLE)?;
            poller.register(signals.second.as_fd(), SECOND_SIGNAL, Interest::READABLE)?;
        }
        let acceptor = Acceptor::new(listener, &mut poller, LISTENER)?;
        let clock = Clock::new();
        Ok(Self {
            timers: Timers::new(clock.now()),
            around: Surroundings { service, names, limits: config.limits, clock, mailbox },
            poller,
            config,
            signals,
            is_alone,
            acceptor: Some(acceptor),
            refused: Refused::default(),
            // Room for all: memory that is not written to costs nothing, and growing would leave holes.
            admission: Admission::new(
                config.policy(),
                Vec::with_capacity(config.max_connections.min(MOST_LINKS) as usize),
            ),
            places,
            look_at: None,
            descriptors: Descriptors::new(),
            throttle,
            slots: Slots::new(),
            buffers: Buffers::new(&config.limits),
            queue: Vec::new(),
            drain: None,
            report: Report::default(),
        })
    }

    /// Serves until it was told to stop and all connections are gone.
    pub(crate) fn run(mut self) -> Result<Report, Error> {
        let mut woken = Vec::new();
        loop {
            self.obey_stop()?;
            if self.acceptor.is_none() && self.slots.is_empty() && self.refused.poll_timeout().is_none() {
                return Ok(mem::take(&mut self.report));
            }
            let has_mail = self.wait()?;
            self.handle_timeouts()?;
            while let Some(event) = self.poller.next_event() {
                self.handle_event(event)?;
            }
            if has_mail {
                woken = self.around.mailbox.take_woken(woken);
                for token in woken.drain(..) {
                    self.wake(token)?;
                }
            }
            self.go_on()?;
        }
    }

    /// Waits until something happens. True if something is in the mailbox.
    fn wait(&mut self) -> Result<bool, Error> {
        let had_mail = self.around.mailbox.fall_asleep();
        let limit = if had_mail || !self.queue.is_empty() {
            Some(Duration::default())
        } else {
            let now = self.around.clock.now();
            self.poll_timeout().map(|until| until.saturating_since(now))
        };
        let waited = self.poller.wait(limit);
        let has_mail = self.around.mailbox.get_up() || had_mail;
        // Whatever ended it, what there is to do is looked for.
        let _ = waited?;
        self.around.clock.advance();
        Ok(has_mail)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let drain = self.drain.as_ref().map(Drain::poll_timeout);
        [self.timers.next(), self.resumes_at(), self.refused.poll_timeout(), drain].into_iter().flatten().min()
    }

    fn handle_timeouts(&mut self) -> Result<(), Error> {
        let now = self.around.clock.now();
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
        self.refused.handle_timeout(now);
        if self.resumes_at().is_some_and(|at| at <= now) {
            self.resume()?;
        }
        Ok(())
    }

    fn handle_event(&mut self, event: Event) -> Result<(), Error> {
        match event.token {
            LISTENER => self.accept(),
            BELL => {
                self.around.mailbox.bell().clear();
                Ok(())
            }
            FIRST_SIGNAL | SECOND_SIGNAL => self.handle_signal(event.token == SECOND_SIGNAL),
            named => {
                let token = Token::from_poller(named);
                let Some(turn) = self.turn(token) else { return Ok(()) };
                let outcome = turn.handle(event);
                self.after(token, outcome)
            }
        }
    }

    /// The signals' descriptors stay readable, so each is watched only until it is.
    fn handle_signal(&mut self, is_second: bool) -> Result<(), Error> {
        let Some(signals) = self.signals else { return Ok(()) };
        let (raised, how) = if is_second { (&signals.second, Stop::Now) } else { (&signals.first, Stop::Drain) };
        self.around.mailbox.stop(how);
        let token = if is_second { SECOND_SIGNAL } else { FIRST_SIGNAL };
        self.poller.deregister(raised.as_fd(), token)
    }

    fn wake(&mut self, token: Token) -> Result<(), Error> {
        let Some(turn) = self.turn(token) else { return Ok(()) };
        turn.connection.session.wake();
        let outcome = turn.run(false);
        self.after(token, outcome)
    }

    /// Gives another turn to those that had more to do.
    fn go_on(&mut self) -> Result<(), Error> {
        for token in mem::take(&mut self.queue) {
            let Some(turn) = self.turn(token) else { continue };
            turn.connection.is_queued = false;
            let outcome = turn.run(false);
            self.after(token, outcome)?;
        }
        Ok(())
    }

    /// The turn of the connection of that name, unless it is gone.
    pub(super) fn turn(&mut self, token: Token) -> Option<Turn<'_, 's, S>> {
        let connection = self.slots.named(token)?;
        self.around.names.turn_to(token.slot);
        self.buffers.taken = 0;
        Some(Turn { around: &self.around, poller: &mut self.poller, buffers: &mut self.buffers, connection, token })
    }

    /// What a turn leaves to do beyond its connection.
    pub(super) fn after(&mut self, token: Token, outcome: Outcome) -> Result<(), Error> {
        let Some(connection) = self.slots.named(token) else { return Ok(()) };
        if outcome == Outcome::Gone {
            return self.remove(token.slot);
        }
        if outcome == Outcome::Again && !connection.is_queued {
            connection.is_queued = true;
            self.queue.push(token);
        }
        if self.drain.as_mut().is_some_and(|drain| drain.has_paid(token.slot, self.buffers.taken)) {
            return self.retire(token.slot);
        }
        let standing = connection.standing();
        if let Some(deadline) = connection.session.poll_timeout(self.around.clock.now()) {
            self.timers.arm(&mut self.slots, token.slot, deadline);
        }
        self.set_standing(token.slot, standing);
        Ok(())
    }

    /// Ends a connection: now if it is idle, otherwise after its response.
    pub(super) fn retire(&mut self, slot: u32) -> Result<(), Error> {
        let Some(token) = self.slots.token(slot) else { return Ok(()) };
        let Some(turn) = self.turn(token) else { return Ok(()) };
        turn.connection.session.retire();
        let outcome = turn.run(false);
        self.after(token, outcome)
    }

    /// Closes a connection, whatever it is doing.
    pub(super) fn remove(&mut self, slot: u32) -> Result<(), Error> {
        self.timers.disarm(&mut self.slots, slot);
        if let Some(drain) = &mut self.drain {
            drain.forget(slot);
        }
        let Some(connection) = self.slots.remove(slot) else { return Ok(()) };
        self.around.names.turn_to(slot);
        turn::close(connection, &self.around);
        self.admission.release(slot);
        self.places.give_back();
        self.resume()
    }
}

/// Whatever ends the worker, every exchange is closed.
impl<S: Service<Source: Transfer> + ?Sized> Drop for Worker<'_, S> {
    fn drop(&mut self) {
        for slot in 0..self.slots.count() {
            if let Some(connection) = self.slots.remove(slot) {
                self.around.names.turn_to(slot);
                turn::close(connection, &self.around);
            }
        }
    }
}
