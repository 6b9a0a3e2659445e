//! The loop of one thread or process: wait, then deadlines, events, wakes, and what is left from the round before.
//!
//! A round is in `round`, what a turn leaves to do in `turns`, who comes in in `admit` and `refused`, and how it all ends in
//! `stop`.

mod admit;
mod refused;
mod round;
mod stop;
mod turns;

#[cfg(test)]
mod tests;

use alloc::sync::Arc;

use wirenut::readiness::{Admission, Link, Lists};
use wirenut::time::Instant;
use wirenut_linux::Error;
use wirenut_linux::socket::AnyByteStream;
use wirenut_linux::timers::TimerWheel;

use crate::accept::Acceptor;
use crate::board::{Counts, Seat};
use crate::buffers::Buffers;
use crate::clock::Clock;
use crate::config::Config;
use crate::descriptors::Descriptors;
use crate::places::Places;
use crate::slots::{Slots, Token};
use crate::speaker::{Front, LayerState};
use crate::throttle::Throttle;
use crate::turn::WorkerContext;
use crate::wake::WorkerHandle;
use crate::watcher::Watcher;
use crate::work::{Others, Queue};
use refused::Refused;
use round::LISTENER;
use stop::Drain;

/// For how many connections there are links from the start.
const MAX_LINKS: u32 = 1 << 20;

/// All that one thread serves.
pub(crate) struct Worker<'s, K: Front, P> {
    context: WorkerContext<K>,
    poller: P,
    config: Config,
    /// Who else takes connections from the same queue.
    others: Others,
    /// It accepts nobody, since it has no place and others have.
    has_stepped_back: bool,
    /// It has one connection for all its life, and tells others what that is doing.
    is_sole: bool,
    /// None if there is no queue; or once the worker is to stop, and all who waited have come in.
    acceptor: Option<Acceptor>,
    refused: Refused,
    admission: Admission<Lists<Vec<Link>>>,
    places: &'s Places,
    /// When it is looked again whether another worker has given back a place.
    recheck_at: Option<Instant>,
    descriptors: Descriptors,
    throttle: &'s Throttle,
    slots: Slots<K::State, LayerState<K>>,
    timers: TimerWheel,
    buffers: Buffers,
    /// Connections that have more to do than fitted into their turn.
    queue: Vec<Token>,
    /// Connections whose exchanges were woken; kept for its memory.
    woken: Vec<Token>,
    /// When it is to stop, if it was told so and that is delayed.
    stops_at: Option<Instant>,
    /// Until when connections may end by themselves, since others accept.
    handed_over_until: Option<Instant>,
    /// Since the worker is to stop.
    drain: Option<Drain>,
}

impl<'s, K: Front, P: Watcher> Worker<'s, K, P> {
    /// Nobody is there yet.
    pub(crate) fn new(
        speaker: K,
        poller: P,
        (config, throttle): (Config, &'s Throttle),
        (places, buffer_bytes): (&'s Places, usize),
        seat: Seat,
    ) -> Self {
        let clock = Clock::new(seat.start());
        let handle = Arc::new(WorkerHandle::new(seat));
        Self {
            timers: TimerWheel::new(clock.now()),
            context: WorkerContext::new(speaker, clock, handle, buffer_bytes),
            poller,
            config,
            others: Others::Nobody,
            has_stepped_back: false,
            is_sole: false,
            acceptor: None,
            refused: Refused::default(),
            admission: Admission::new(config.policy(), Lists::new(Vec::new())),
            places,
            recheck_at: None,
            descriptors: Descriptors::new(P::END),
            throttle,
            slots: Slots::new(),
            buffers: Buffers::new(&config.limits, buffer_bytes),
            queue: Vec::new(),
            woken: Vec::new(),
            stops_at: None,
            handed_over_until: None,
            drain: None,
        }
    }

    /// Serves all who come from the queue, until it was told to stop and all of them are gone.
    pub(crate) fn serve_all(mut self, queue: Queue<'_>) -> Result<(), Error> {
        self.begin_accepting(queue)?;
        self.run()
    }

    fn begin_accepting(&mut self, queue: Queue<'_>) -> Result<(), Error> {
        let Queue { listener, others, .. } = queue;
        self.others = others;
        // Room for all: memory that is not written to costs nothing, and growing would leave holes.
        let links = Vec::with_capacity(self.config.max_connections.min(MAX_LINKS) as usize);
        self.admission = Admission::new(self.config.policy(), Lists::new(links));
        self.attend()?;
        self.context.handle.seat.set_watches_queue(true);
        self.acceptor = Some(Acceptor::new(listener, &mut self.poller, LISTENER)?);
        Ok(())
    }

    /// Serves one connection, until it is gone: earlier than by itself if the worker is told to stop, or to give way.
    pub(crate) fn serve_one(mut self, stream: AnyByteStream) -> Result<(), Error> {
        self.is_sole = true;
        self.attend()?;
        self.places.take();
        let _ = self.admission.arrive(self.context.clock.now());
        self.begin(stream)?;
        self.run()
    }

    fn run(mut self) -> Result<(), Error> {
        loop {
            self.obey_stop()?;
            if self.is_sole {
                self.obey_wish_to_give_way()?;
            }
            if self.acceptor.is_none() && self.slots.is_empty() {
                return Ok(());
            }
            self.round(None)?;
        }
    }

    /// Where it counts what it does.
    fn counts(&self) -> &Counts {
        self.context.handle.seat.counts()
    }
}

/// Whatever ends the worker, every exchange is closed.
impl<K: Front, P> Drop for Worker<'_, K, P> {
    fn drop(&mut self) {
        for slot in 0..self.slots.count() {
            let Some(token) = self.slots.token(slot) else { continue };
            if let Some(connection) = self.slots.remove(slot) {
                self.context.speaker.set_current(token);
                self.context.close(connection, token);
            }
        }
    }
}
