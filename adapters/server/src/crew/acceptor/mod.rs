//! One accepts, and whatever comes gets a thread or a process of its own: as many as there may be at a time.
//!
//! It waits by poll(2): the processes that it looks at are few beside what each of them costs.

mod drain;

use core::time::Duration;
use std::time::Instant;

use wirenut::readiness::{Admission, Interest, Policy, Poller, Standing, Token, Verdict};
use wirenut_linux::Error;
use wirenut_linux::poller::{Bell, Poll};
use wirenut_linux::socket::Attempt;

use super::Staff;
use super::job::{Crew, Job, Source, Task, TurnAway};
use super::standings::Flat;
use crate::board::{Board, Seat, Stop};
use crate::chores::Chores;
use crate::clock::Clock;
use crate::config::Config;
use crate::descriptors::Descriptors;
use crate::throttle::Throttle;
use crate::vigil::Vigil;
use drain::Drain;

/// Below it are the tokens of slots.
const SOURCE: Token = Token(1 << 32);
const REFUSER: Token = Token(1 << 32 | 1);

/// How many are taken before it is looked who has ended.
const MAX_TAKEN: usize = 64;

/// How soon it looks again whether somebody gives way, or has.
const RECHECK_INTERVAL: Duration = Duration::from_millis(100);

/// Whoever accepts, and all that works for it.
pub(super) struct Acceptor<'r, S: Source, T, C, R> {
    vigil: Vigil<Poll>,
    board: &'r Board,
    config: &'r Config,
    /// None since the end: all who waited have come in.
    source: Option<S>,
    is_watched: bool,
    /// When it is looked again whether somebody can come in, while that is not watched.
    recheck_at: Option<Instant>,
    task: &'r T,
    crew: C,
    refuser: R,
    /// By slot. Made as they are needed.
    seats: Vec<Seat>,
    free: Vec<u32>,
    admission: Admission<Flat>,
    clock: Clock,
    descriptors: Descriptors,
    chores: Chores<'r>,
    throttle: Throttle,
    drain: Option<Drain>,
}

impl<'r, S: Source, T: Task<S::Job>, C: Crew<S::Job>, R: TurnAway<S::Job>> Acceptor<'r, S, T, C, R> {
    pub(super) fn new(
        (source, task, crew, refuser): (S, &'r T, C, R),
        slots: usize,
        staff: Staff<'r>,
        chores: Chores<'r>,
    ) -> Result<Self, Error> {
        let Staff { config, board, .. } = staff;
        let lead = staff.lead_seat();
        let policy = Policy { slots: u32::try_from(slots).unwrap_or(u32::MAX), ..config.policy() };
        let clock = Clock::new(lead.start());
        let mut acceptor = Self {
            vigil: Vigil::new(Poll::new(), lead)?,
            board,
            config,
            source: Some(source),
            is_watched: false,
            recheck_at: None,
            task,
            crew,
            refuser,
            seats: Vec::new(),
            free: Vec::new(),
            admission: Admission::new(policy, Flat::default()),
            clock,
            descriptors: Descriptors::new(None),
            chores,
            throttle: Throttle::default(),
            drain: None,
        };
        acceptor.watch(true)?;
        if let Some(readable) = acceptor.refuser.readable() {
            acceptor.vigil.poller().register(readable, REFUSER, Interest::READABLE)?;
        }
        Ok(acceptor)
    }

    /// Accepts until it is told to stop and all have ended.
    pub(super) fn run(mut self) -> Result<(), Error> {
        let outcome = self.serve();
        if outcome.is_err() {
            self.tell(Stop::Drain);
        }
        outcome
    }

    fn serve(&mut self) -> Result<(), Error> {
        loop {
            if self.source.is_none() && self.admission.taken() == 0 && self.has_refused() {
                return Ok(());
            }
            self.vigil.wait(self.wakes_at())?;
            self.clock.advance();
            let mut ready = Vec::new();
            while let Some(event) = self.vigil.next_event()? {
                ready.push(event.token);
            }
            let knocks = ready.contains(&SOURCE);
            if ready.contains(&REFUSER) || self.refuser.due().is_some_and(|due| due <= self.clock.now()) {
                self.refuser.run()?;
            }
            let slots = ready.iter().filter_map(|token| u32::try_from(token.0).ok());
            for slot in self.crew.take_ended(slots, self.vigil.poller()) {
                self.release(slot);
            }
            self.obey_stop();
            self.chores.do_if_due();
            if knocks || self.drain.is_some() || self.recheck_at.is_some_and(|at| at <= Instant::now()) {
                self.recheck_at = None;
                self.accept()?;
            }
        }
    }

    /// Has everybody heard that there is no place, or is there no time left for that?
    fn has_refused(&self) -> bool {
        self.refuser.due().is_none() || self.drain.as_ref().is_some_and(|drain| drain.told == Stop::Now)
    }

    fn wakes_at(&self) -> Option<Instant> {
        let drain = self.drain.as_ref().and_then(|drain| drain.until.or(drain.kill_at));
        let refuser = self.refuser.due().map(|due| self.clock.system(due));
        [self.recheck_at, drain, self.chores.due(), refuser].into_iter().flatten().min()
    }

    /// Takes in some of those who wait, as far as there is room.
    fn accept(&mut self) -> Result<(), Error> {
        for _ in 0..MAX_TAKEN {
            if self.drain.as_ref().is_some_and(|drain| drain.accepts_left == 0) {
                return self.stop_listening();
            }
            let verdict = self.verdict();
            let Some(source) = &self.source else { return Ok(()) };
            if self.descriptors.are_short(source) {
                return if source.has_waiting() { self.make_room() } else { self.nobody_waits() };
            }
            match verdict {
                Verdict::Admit | Verdict::Refuse => {}
                // Nobody goes for nobody, and nobody is looked for where nobody waits.
                _ if !source.has_waiting() => return self.nobody_waits(),
                Verdict::Evict(slot) => return self.evict(slot),
                Verdict::Queue | Verdict::Close => return self.pause(),
            }
            match source.take() {
                Ok(Attempt::Done(job)) => self.receive(job, verdict)?,
                Ok(Attempt::WouldBlock) => return self.nobody_waits(),
                Err(error) => {
                    if error.is_out_of_resources() {
                        self.descriptors.ran_out();
                    }
                    self.throttle.warn(error);
                    return self.make_room();
                }
            }
        }
        // Those who wait are told of again, after those who have ended.
        self.watch(true)
    }

    fn nobody_waits(&mut self) -> Result<(), Error> {
        if self.drain.is_some() { self.stop_listening() } else { self.watch(true) }
    }

    /// What to do with the next one. Only where there is no room it is asked what the others do.
    fn verdict(&mut self) -> Verdict {
        let now = self.clock.now();
        if self.admission.taken() >= self.admission.policy().slots {
            for (slot, seat) in (0..).zip(&self.seats) {
                self.admission.slots_mut().forget(slot);
                let (standing, since) = seat.standing();
                // It may be younger than this look at the clock.
                self.admission.set_standing(slot, standing, since.min(now));
            }
        }
        self.admission.verdict(now)
    }

    /// One has come in, and is begun unless there is no room for it, or it is not wanted.
    fn receive(&mut self, job: S::Job, verdict: Verdict) -> Result<(), Error> {
        if let Some(drain) = &mut self.drain {
            drain.accepts_left -= 1;
        }
        if verdict == Verdict::Refuse {
            return self.refuser.turn_away(job);
        }
        if self.task.verify(&job, self.vigil.seat()) {
            return self.begin(job);
        }
        log::debug!("{}: not served", job.peer());
        self.vigil.seat().counts().refused.add(1);
        Ok(())
    }

    /// Gives it a slot, and a thread or process. If there can be none, it is refused, and for a moment nobody comes in.
    fn begin(&mut self, job: S::Job) -> Result<(), Error> {
        let (slot, seat) = match self.seat() {
            Ok(seat) => seat,
            Err(error) => return self.not_begun(job, &error),
        };
        let stops = self.drain.as_ref().map(|drain| drain.told);
        stops.into_iter().for_each(|stop| seat.stop(stop));
        let (source, refuser, poller) = (&mut self.source, &mut self.refuser, self.vigil.poller());
        let mut leave = || {
            drop(source.take());
            refuser.abandon();
        };
        match self.crew.start(slot, job, seat, poller, &mut leave) {
            Ok(()) => {
                let _ = self.admission.arrive(self.clock.now());
                Ok(())
            }
            Err((error, job)) => {
                self.free.push(slot);
                self.not_begun(job, &error)
            }
        }
    }

    fn not_begun(&mut self, job: S::Job, error: &Error) -> Result<(), Error> {
        self.throttle.warn(format_args!("{}: refused: {error}", job.peer()));
        self.refuser.turn_away(job)?;
        self.make_room()
    }

    /// A free slot, with the place on the board that is its own.
    fn seat(&mut self) -> Result<(u32, Seat), Error> {
        let slot = self.free.pop().unwrap_or(u32::try_from(self.seats.len()).unwrap_or(u32::MAX));
        let index = slot as usize;
        if let Some(seat) = self.seats.get_mut(index) {
            *seat = self.board.seat(1 + index, seat.bell().clone());
        } else {
            self.seats.push(self.board.seat(1 + index, Bell::new()?));
        }
        Ok((slot, self.seats[index].clone()))
    }

    /// A thread or process has ended.
    fn release(&mut self, slot: u32) {
        self.admission.release(slot);
        self.board.clear(1 + slot as usize);
        // Who is gone does not give way.
        self.seats[slot as usize].set_standing(Standing::Busy, self.clock.now());
        self.free.push(slot);
        self.recheck_at = self.recheck_at.map(|_| Instant::now());
    }

    /// Asks somebody to go who is idle. Who comes waits for that.
    fn evict(&mut self, slot: u32) -> Result<(), Error> {
        self.seats[slot as usize].ask_to_give_way();
        self.pause()
    }

    /// The system has no room for one more. Somebody goes for it, or nobody comes in for a moment.
    fn make_room(&mut self) -> Result<(), Error> {
        match self.admission.exhausted(self.clock.now()) {
            Some(slot) => self.evict(slot),
            None => self.pause(),
        }
    }

    /// Leaves them in the queue of the system until somebody ends, or it is time to look again.
    fn pause(&mut self) -> Result<(), Error> {
        self.recheck_at = Instant::now().checked_add(RECHECK_INTERVAL);
        self.watch(false)
    }

    fn watch(&mut self, is_watched: bool) -> Result<(), Error> {
        let Some(source) = &self.source else { return Ok(()) };
        if self.is_watched != is_watched {
            let interest = Interest::READABLE;
            if is_watched {
                self.vigil.poller().register(source.as_fd(), SOURCE, interest)?;
            } else {
                self.vigil.poller().deregister(source.as_fd(), SOURCE)?;
            }
            self.is_watched = is_watched;
        }
        Ok(())
    }

    fn stop_listening(&mut self) -> Result<(), Error> {
        self.watch(false)?;
        (self.source, self.recheck_at) = (None, None);
        Ok(())
    }
}
