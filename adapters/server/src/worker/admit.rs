//! Who comes in, and who has to go for that: what [`Admission`](wirenut::readiness::Admission) says, done.

use wirenut::readiness::{Standing, Verdict, WhenFull};
use wirenut::time::{Duration, Instant};
use wirenut_linux::Error;
use wirenut_linux::socket::AnyByteStream;

use super::Worker;
use crate::accept::{AcceptFailure, Acceptor};
use crate::connection::Connection;
use crate::speaker::{Front, LayerState};
use crate::watcher::Watcher;
use crate::work::Others;

/// How many connections are accepted before others have their turn.
const MAX_ACCEPTED: usize = 64;

/// How often a worker that waits for a place looks whether another one has given one back.
const RECHECK_INTERVAL: Duration = Duration::from_millis(100);

/// How often a worker that leaves those who come to others looks whether they still have room.
const STEPPED_BACK_INTERVAL: Duration = Duration::from_secs(1);

/// What became of one look into the queue of connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum AcceptOutcome {
    Accepted,
    /// Nobody waits.
    NoneWaiting,
    /// There is no place, or the system has no room: accepting pauses.
    Paused,
}

impl<K: Front, P: Watcher> Worker<'_, K, P> {
    /// The listening socket has something: takes some of those who wait.
    pub(super) fn accept(&mut self) -> Result<(), Error> {
        // One at a time, so that who waits for work beside us has a share in it.
        for _ in 0..if self.is_shared() { 1 } else { MAX_ACCEPTED } {
            if self.accept_one()? != AcceptOutcome::Accepted {
                return Ok(());
            }
        }
        if self.is_full() && self.others_have_room() && self.drain.is_none() { self.step_back() } else { Ok(()) }
    }

    const fn is_shared(&self) -> bool {
        !matches!(self.others, Others::Nobody)
    }

    /// Nobody else can come in here, unless somebody gives way.
    fn is_full(&self) -> bool {
        self.places.are_taken() || self.descriptors.is_tight()
    }

    /// Has somebody else fewer connections, of as many places as there are here?
    fn others_have_room(&self) -> bool {
        let Others::WithPlacesOfTheirOwn(seats) = &self.others else { return false };
        self.context.handle.seat.is_ahead_of_any(seats.clone())
    }

    /// Has another worker a place of its own for somebody whom this one would refuse, or a connection to close for it?
    fn others_take(&self) -> bool {
        self.drain.is_none() && self.context.handle.seat.has_colleague_that_takes(self.context.clock.now())
    }

    /// Tells the others from when on this worker has a place for somebody, where they would refuse who comes: a free one that
    /// they do not have, or that of a connection which can be closed.
    pub(super) fn tell_whether_it_takes(&self) {
        if self.config.when_full != WhenFull::Refuse || !self.is_shared() {
            return;
        }
        let has_room = matches!(self.others, Others::WithPlacesOfTheirOwn(_)) && !self.is_full();
        let now = self.context.clock.now();
        let from = if has_room { Some(now) } else { self.admission.next_to_give_way(now).map(|(_, from)| from) };
        self.context.handle.seat.set_takes_from(from.filter(|_| self.acceptor.is_some()));
    }

    /// Leaves those who come to others, so that nobody gives way here while there is room elsewhere. The system wakes only one
    /// of those who watch the queue: so whoever has no room does not watch it.
    fn step_back(&mut self) -> Result<(), Error> {
        let _ = self.pause()?;
        self.has_stepped_back = true;
        self.recheck_at = Some(self.context.clock.now().saturating_add(STEPPED_BACK_INTERVAL));
        Ok(())
    }

    /// It is time to look whether somebody can come in.
    pub(super) fn look_again(&mut self) -> Result<(), Error> {
        let waits_for_others = self.has_stepped_back
            && self.others_have_room()
            && !self.acceptor.as_ref().is_some_and(Acceptor::has_waiting);
        if waits_for_others { self.step_back() } else { self.resume() }
    }

    /// Takes one of those who wait, once there is a place: whoever must queue stays where it is.
    pub(super) fn accept_one(&mut self) -> Result<AcceptOutcome, Error> {
        loop {
            let Some(acceptor) = &self.acceptor else { return Ok(AcceptOutcome::NoneWaiting) };
            if self.descriptors.are_short(acceptor.listener()) {
                match self.make_room()? {
                    None => continue,
                    Some(outcome) => return Ok(outcome),
                }
            }
            let has_place = self.places.take();
            self.admission.set_slots(self.admission.taken() + u32::from(has_place));
            let verdict = self.admission.verdict(self.context.clock.now());
            let outcome = match verdict {
                Verdict::Admit => self.take_in()?,
                Verdict::Evict(slot) if acceptor.has_waiting() => {
                    self.evict(slot)?;
                    None
                }
                Verdict::Evict(_) | Verdict::Close => Some(AcceptOutcome::NoneWaiting),
                // Who ends leaves nobody waiting for a place: an empty queue is closed.
                Verdict::Queue if self.drain.is_some() && !acceptor.has_waiting() => Some(AcceptOutcome::NoneWaiting),
                Verdict::Queue => Some(self.leave_waiting()?),
                Verdict::Refuse if self.others_take() && acceptor.has_waiting() => Some(self.leave_waiting()?),
                Verdict::Refuse => self.refuse()?,
            };
            if has_place && verdict != Verdict::Admit {
                self.places.give_back();
            }
            if let Some(outcome) = outcome {
                return Ok(outcome);
            }
        }
    }

    /// There is a place, which is given back if nobody comes. None: try again.
    fn take_in(&mut self) -> Result<Option<AcceptOutcome>, Error> {
        let Some(acceptor) = &self.acceptor else { return Ok(Some(AcceptOutcome::NoneWaiting)) };
        match acceptor.accept() {
            Ok(stream) => {
                self.descriptors.given(&stream);
                let verdict = self.admission.arrive(self.context.clock.now());
                debug_assert_eq!(verdict, Verdict::Admit, "the same as a moment ago");
                // Its first turn may take long.
                self.tell_whether_it_takes();
                self.begin(stream)?;
                Ok(Some(AcceptOutcome::Accepted))
            }
            Err(failure) => {
                self.places.give_back();
                self.not_accepted(failure)
            }
        }
    }

    /// There is no place, and nobody gives way.
    fn refuse(&mut self) -> Result<Option<AcceptOutcome>, Error> {
        let Some(acceptor) = &self.acceptor else { return Ok(Some(AcceptOutcome::NoneWaiting)) };
        match acceptor.accept() {
            Ok(stream) => {
                self.begin_refused(stream)?;
                Ok(Some(AcceptOutcome::Accepted))
            }
            Err(failure) => self.not_accepted(failure),
        }
    }

    /// Nobody was accepted. None: try again.
    fn not_accepted(&mut self, failure: AcceptFailure) -> Result<Option<AcceptOutcome>, Error> {
        match failure {
            AcceptFailure::OutOfResources(error) => {
                self.descriptors.ran_out();
                self.throttle.warn(error);
                self.make_room()
            }
            AcceptFailure::Lost => Ok(None),
            AcceptFailure::NoneWaiting => Ok(Some(AcceptOutcome::NoneWaiting)),
        }
    }

    /// The system has no room for one more connection, or only what is in reserve. None: there is some now.
    fn make_room(&mut self) -> Result<Option<AcceptOutcome>, Error> {
        // To fail to accept says nothing of whether there is somebody.
        if !self.acceptor.as_ref().is_some_and(Acceptor::has_waiting) {
            return Ok(Some(AcceptOutcome::NoneWaiting));
        }
        if self.close_oldest_refused()? {
            return Ok(None);
        }
        let now = self.context.clock.now();
        match self.admission.exhausted(now) {
            Some(slot) => self.evict(slot).map(|()| None),
            None => {
                let why = match P::END {
                    None => "see ulimit -n",
                    Some(_) => "select watches those below 1024 only",
                };
                self.throttle.warn(format_args!("few descriptors are left: connections wait to be accepted ({why})"));
                self.leave_waiting().map(Some)
            }
        }
    }

    /// There is a place, which was taken: a session begins.
    pub(super) fn begin(&mut self, stream: AnyByteStream) -> Result<(), Error> {
        self.counts().accepted.add(1);
        let begun = self.context.call(self.slots.next_token(), &stream, |speaker, call| {
            let state = speaker.begin(call);
            let layer = speaker.begin_layer(&state, call);
            (state, layer)
        });
        let token = match self.insert(begun, stream) {
            Ok(token) => token,
            Err((error, token)) => {
                self.throttle.warn(error);
                return self.remove(token.slot);
            }
        };
        let Some(turn) = self.turn(token) else { return Ok(()) };
        let outcome = turn.run(None);
        self.after(token, outcome)?;
        if self.drain.is_some() { self.retire_when_answered(token.slot) } else { Ok(()) }
    }

    /// Closes a connection for somebody else, unless it is in use.
    fn evict(&mut self, slot: u32) -> Result<(), Error> {
        let Some(token) = self.slots.token(slot) else { return Ok(()) };
        let Some(mut turn) = self.turn(token) else { return Ok(()) };
        let is_lingering = turn.is_lingering();
        if let Some(outcome) = turn.give_way() {
            self.counts().evicted.add(u64::from(!is_lingering));
            let is_shut =
                |connection: &mut Connection<K::State, LayerState<K>>| connection.line.conversation().is_shut();
            if self.slots.get(token).is_some_and(is_shut) {
                return self.remove(slot);
            }
            self.after(token, outcome)?;
        }
        // It is not asked to go again before it has had a turn.
        if self.slots.token(slot) == Some(token) {
            let now = self.context.clock.now();
            self.admission.set_standing(slot, Standing::Busy, now);
            if self.is_sole {
                self.context.handle.seat.set_standing(Standing::Busy, now);
            }
        }
        Ok(())
    }

    /// Its one connection makes room for another one, if it was asked to, and still may: it may have begun a request since
    /// whoever asks has looked, who looks again after a while.
    pub(super) fn obey_wish_to_give_way(&mut self) -> Result<(), Error> {
        if !self.context.handle.seat.takes_wish_to_give_way() {
            return Ok(());
        }
        self.context.clock.advance();
        let now = self.context.clock.now();
        match self.admission.next_to_give_way(now) {
            Some((slot, due)) if due <= now => self.evict(slot),
            Some(_) | None => Ok(()),
        }
    }

    /// Pauses, since there is no place here, and wakes the other workers, which may have a connection to evict.
    fn leave_waiting(&mut self) -> Result<AcceptOutcome, Error> {
        let outcome = self.pause()?;
        if self.is_shared() && self.acceptor.as_ref().is_some_and(Acceptor::has_waiting) {
            self.context.handle.seat.ask_colleagues_to_look();
        }
        Ok(outcome)
    }

    /// Leaves connections in the queue of the system until somebody goes, or time changes the verdict.
    fn pause(&mut self) -> Result<AcceptOutcome, Error> {
        if let Some(acceptor) = &mut self.acceptor {
            acceptor.pause(&mut self.poller)?;
            self.context.handle.seat.set_watches_queue(false);
        }
        self.recheck_at = self.is_shared().then(|| self.context.clock.now().saturating_add(RECHECK_INTERVAL));
        Ok(AcceptOutcome::Paused)
    }

    /// When accepting goes on, if it pauses and nobody goes before.
    pub(super) fn resumes_at(&self) -> Option<Instant> {
        self.acceptor.as_ref().filter(|acceptor| acceptor.is_paused())?;
        if self.has_stepped_back {
            return self.recheck_at;
        }
        let ripe = self.admission.poll_timeout(self.context.clock.now());
        [ripe, self.recheck_at].into_iter().flatten().min()
    }

    /// Accepts again, if that was paused.
    pub(super) fn resume(&mut self) -> Result<(), Error> {
        self.has_stepped_back = false;
        match &mut self.acceptor {
            Some(acceptor) if acceptor.is_paused() => {
                self.context.handle.seat.set_watches_queue(true);
                acceptor.resume(&mut self.poller)
            }
            Some(_) | None => Ok(()),
        }
    }
}
