//! Who comes in, and who has to go for that: what [`Admission`](wirenut::readiness::Admission) says, done.

use std::net::TcpStream;
use std::os::fd::AsFd;

use wirenut::http::Rule;
use wirenut::http::service::{Service, Session};
use wirenut::readiness::{Interest, Link, Poller, Verdict};
use wirenut::time::{Duration, Instant};

use super::Worker;
use crate::accept::{Acceptor, Unaccepted};
use crate::connection::{Connection, Standing};
use crate::error::Error;
use crate::transfer::Transfer;
use crate::turn::Outcome;

/// How many connections are accepted before others have their turn.
const MOST_ACCEPTED: usize = 64;

/// How often a worker that waits for a place looks whether another one has given one back.
const LOOK: Duration = Duration::from_millis(100);

/// Who came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Came {
    Somebody,
    /// Nobody waits.
    Nobody,
    /// There is no place, or the system has no room: accepting pauses.
    Later,
}

impl<S: Service<Source: Transfer> + ?Sized> Worker<'_, S> {
    /// The listening socket has something: takes some of those who wait.
    pub(super) fn accept(&mut self) -> Result<(), Error> {
        // One at a time, so that who waits for work beside us has a share in it.
        for _ in 0..if self.is_alone { MOST_ACCEPTED } else { 1 } {
            if self.accept_one()? != Came::Somebody {
                break;
            }
        }
        Ok(())
    }

    /// Takes one of those who wait, once there is a place: whoever must queue stays where it is.
    pub(super) fn accept_one(&mut self) -> Result<Came, Error> {
        loop {
            let Some(acceptor) = &self.acceptor else { return Ok(Came::Nobody) };
            if self.descriptors.are_short(acceptor.listener()) {
                match self.make_room()? {
                    None => continue,
                    Some(came) => return Ok(came),
                }
            }
            let has_place = self.places.take();
            self.admission.set_slots(self.admission.taken() + u32::from(has_place));
            let verdict = self.admission.verdict(self.around.clock.now());
            let came = match verdict {
                Verdict::Admit => self.take_in()?,
                Verdict::Evict(slot) if acceptor.has_waiting() => {
                    self.evict(slot)?;
                    None
                }
                Verdict::Evict(_) | Verdict::Close => Some(Came::Nobody),
                Verdict::Queue => Some(self.pause()?),
                Verdict::Refuse => self.refuse()?,
            };
            if has_place && verdict != Verdict::Admit {
                self.places.give_back();
            }
            if let Some(came) = came {
                return Ok(came);
            }
        }
    }

    /// There is a place, which is given back if nobody comes. None: try again.
    fn take_in(&mut self) -> Result<Option<Came>, Error> {
        let Some(acceptor) = &self.acceptor else { return Ok(Some(Came::Nobody)) };
        match acceptor.accept() {
            Ok(stream) => {
                self.descriptors.given(&stream);
                let verdict = self.admission.arrive(self.around.clock.now());
                debug_assert_eq!(verdict, Verdict::Admit, "the same as a moment ago");
                self.begin(stream)?;
                Ok(Some(Came::Somebody))
            }
            Err(unaccepted) => {
                self.places.give_back();
                self.without_stream(unaccepted)
            }
        }
    }

    /// There is no place, and nobody gives way.
    fn refuse(&mut self) -> Result<Option<Came>, Error> {
        let Some(acceptor) = &self.acceptor else { return Ok(Some(Came::Nobody)) };
        match acceptor.accept() {
            Ok(stream) => {
                self.report.refused += 1;
                self.refused.refuse(stream, self.around.clock.now());
                Ok(Some(Came::Somebody))
            }
            Err(unaccepted) => self.without_stream(unaccepted),
        }
    }

    /// Nobody was accepted. None: try again.
    fn without_stream(&mut self, unaccepted: Unaccepted) -> Result<Option<Came>, Error> {
        match unaccepted {
            Unaccepted::OutOf(error) => {
                self.descriptors.ran_out();
                self.throttle.warn(format_args!("cannot accept a connection: {error}"));
                self.make_room()
            }
            Unaccepted::Lost => Ok(None),
            Unaccepted::Nobody => Ok(Some(Came::Nobody)),
        }
    }

    /// The system has no room for one more connection, or only what is in reserve. None: there is some now.
    fn make_room(&mut self) -> Result<Option<Came>, Error> {
        // To fail to accept says nothing of whether there is somebody.
        if !self.acceptor.as_ref().is_some_and(Acceptor::has_waiting) {
            return Ok(Some(Came::Nobody));
        }
        if self.refused.close_oldest() {
            return Ok(None);
        }
        let now = self.around.clock.now();
        match self.admission.exhausted(now) {
            Some(slot) => self.evict(slot).map(|()| None),
            None => {
                self.throttle.warn("few descriptors are left: connections wait to be accepted (see ulimit -n)");
                self.pause().map(Some)
            }
        }
    }

    /// There is a place: a session begins.
    fn begin(&mut self, stream: TcpStream) -> Result<(), Error> {
        self.report.accepted += 1;
        let session = Session::new(&self.around.context());
        let token = self.slots.insert(Connection::new(session, stream));
        let links = self.admission.links_mut();
        links.resize(links.len().max(self.slots.count() as usize), Link::NEW);
        let Some(connection) = self.slots.named(token) else { return Ok(()) };
        match self.poller.register(connection.socket.as_fd(), token.for_poller(), Interest::READABLE) {
            Ok(()) if self.drain.is_some() => self.retire_paid(token.slot),
            Ok(()) => self.after(token, Outcome::Rest),
            Err(error) => {
                self.throttle.warn(error);
                self.remove(token.slot)
            }
        }
    }

    /// Closes a connection for somebody else, unless something waits unread there: then it is in use.
    fn evict(&mut self, slot: u32) -> Result<(), Error> {
        let Some(token) = self.slots.token(slot) else { return Ok(()) };
        let Some(turn) = self.turn(token) else { return Ok(()) };
        match turn.connection.standing() {
            // What came is thrown away first: closing a socket with something to read in it resets it.
            Standing::Lingering => {
                turn.run(true);
                return self.remove(slot);
            }
            _ if turn.connection.unread() > 0 => {
                self.admission.set_busy(slot);
                return Ok(());
            }
            Standing::Reading => {
                // It is answered, and lingers then.
                turn.lose(Rule::HeadTimeout);
                self.report.evicted += 1;
                let Some(turn) = self.turn(token) else { return Ok(()) };
                let outcome = turn.run(false);
                self.after(token, outcome)?;
            }
            Standing::Idle => {
                self.report.evicted += 1;
                self.retire(slot)?;
            }
            Standing::Busy => {}
        }
        // Whatever became of it, it is not asked to go again before it has had a turn.
        if self.slots.token(slot) == Some(token) && !self.is_lingering(slot) {
            self.admission.set_busy(slot);
        }
        Ok(())
    }

    fn is_lingering(&mut self, slot: u32) -> bool {
        let Some(token) = self.slots.token(slot) else { return false };
        self.slots.named(token).is_some_and(|connection| connection.standing() == Standing::Lingering)
    }

    /// Leaves connections in the queue of the system until somebody goes, or time changes the verdict.
    fn pause(&mut self) -> Result<Came, Error> {
        if let Some(acceptor) = &mut self.acceptor {
            acceptor.pause(&mut self.poller)?;
        }
        self.look_at = (!self.is_alone).then(|| self.around.clock.now().saturating_add(LOOK));
        Ok(Came::Later)
    }

    /// When accepting goes on, if it pauses and nobody goes before.
    pub(super) fn resumes_at(&self) -> Option<Instant> {
        self.acceptor.as_ref().filter(|acceptor| acceptor.is_paused())?;
        let ripe = self.admission.poll_timeout(self.around.clock.now());
        [ripe, self.look_at].into_iter().flatten().min()
    }

    /// Accepts again, if that was paused.
    pub(super) fn resume(&mut self) -> Result<(), Error> {
        match &mut self.acceptor {
            Some(acceptor) => acceptor.resume(&mut self.poller),
            None => Ok(()),
        }
    }

    /// Keeps the order in which connections may give way.
    #[inline]
    pub(super) fn set_standing(&mut self, slot: u32, standing: Standing) {
        let now = self.around.clock.now();
        match standing {
            Standing::Busy => self.admission.set_busy(slot),
            Standing::Idle => self.admission.set_idle(slot, now),
            Standing::Reading => self.admission.set_reading(slot, now),
            Standing::Lingering => self.admission.set_lingering(slot, now),
        }
    }
}
