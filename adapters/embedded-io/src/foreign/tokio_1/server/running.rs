//! The loop of a server over tokio: its connections, those who come, and the end.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::sync::Mutex;

use futures_util::stream::{FuturesUnordered, Stream as _};
use wirenut::readiness::{Admission, Link, Lists, Policy, Verdict};
use wirenut::time::{Duration, Instant};

use super::accept::TokioAccept;
use super::config::TokioConfig;
use super::incoming::Incoming;
use super::place::{Place, Shared};
use super::places::Places;
use super::report::{TokioFailure, TokioReport};
use crate::foreign::tokio_1::TokioTimer;
use crate::foreign::tokio_1::alarm::Alarm;
use crate::foreign::tokio_1::panics::{Panicked, contain};
use crate::foreign::tokio_1::socket::sealed::Socket as _;
use crate::{Clock as _, Retirement};

/// How many connections that were refused there are at most. The oldest one gives way to the next.
const MAX_REFUSED: usize = 32;

/// How long nobody is accepted after that has failed, unless a connection ends before.
const RECOVERY: Duration = Duration::from_millis(100);

/// How many are accepted before other tasks have their turn.
const MAX_ACCEPTED: u32 = 64;

/// A connection that is over.
pub(super) struct Ended<P> {
    pub(super) place: Arc<Place>,
    pub(super) outcome: Result<(), TokioFailure<P>>,
}

/// A connection that others wait for.
struct Leaving {
    place: Arc<Place>,
    /// That is wished again then.
    until: Instant,
    /// It was not over anyway.
    is_evicted: bool,
}

/// When to look again: no later than that.
enum Next {
    /// Now: something has changed.
    Again,
    /// When something has happened, or then.
    Wait(Option<Instant>),
}

/// What a server is made of: what its user gave.
#[derive(Debug)]
pub(super) struct Parts<L: TokioAccept, V> {
    pub(super) incoming: Incoming<L>,
    pub(super) config: TokioConfig,
    pub(super) places: Arc<Places>,
    pub(super) verify: V,
}

pub(super) struct Running<L: TokioAccept, V, F, C, M> {
    parts: Parts<L, V>,
    shared: Shared,
    connect: C,
    connections: FuturesUnordered<F>,
    /// By slot.
    served: Vec<Option<Arc<Place>>>,
    free: Vec<u32>,
    /// The oldest one first.
    refused: VecDeque<Arc<Place>>,
    leaving: Option<Leaving>,
    /// Nobody is accepted until then.
    recovers_at: Instant,
    /// The server ends, and what is left then is cut.
    ends_at: Option<Instant>,
    alarm: Alarm,
    on_failure: M,
    report: TokioReport,
}

impl<L, V, F, C, M> Running<L, V, F, C, M>
where
    L: TokioAccept,
    V: FnMut(&L::Peer) -> bool,
    F: Future<Output = Ended<L::Peer>>,
    C: Fn(L::Stream, L::Peer, Arc<Place>) -> F,
    M: FnMut(TokioFailure<L::Peer>),
{
    pub(super) fn new(parts: Parts<L, V>, timer: TokioTimer, connect: C, on_failure: M) -> Self {
        let admission = Admission::new(parts.config.policy, Lists::new(Vec::new()));
        Self {
            parts,
            shared: Shared { admission: Arc::new(Mutex::new(admission)), timer },
            connect,
            connections: FuturesUnordered::new(),
            served: Vec::new(),
            free: Vec::new(),
            refused: VecDeque::new(),
            leaving: None,
            recovers_at: Instant::START,
            ends_at: None,
            alarm: Alarm::default(),
            on_failure,
            report: TokioReport::default(),
        }
    }

    /// Goes on until something has to be waited for. Ready once it has stopped.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, stop: Pin<&mut impl Future<Output = ()>>) -> Poll<TokioReport> {
        if self.ends_at.is_none() && stop.poll(cx).is_ready() {
            self.begin_end();
        }
        for _ in 0..MAX_ACCEPTED {
            self.poll_connections(cx);
            let now = self.shared.timer.now();
            if self.ends_at.is_some_and(|at| at <= now) {
                self.cut();
            }
            let wait = match self.poll_newcomer(cx, now) {
                Next::Again => continue,
                Next::Wait(wait) => wait,
            };
            if self.ends_at.is_some() && self.parts.incoming.is_closed() && self.connections.is_empty() {
                return Poll::Ready(self.report);
            }
            let at = [wait, self.ends_at].into_iter().flatten().min();
            if !self.alarm.is_due(cx, &self.shared.timer, at) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Lets the connections go on that were woken, and parts with those that are over.
    fn poll_connections(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some(ended)) = Pin::new(&mut self.connections).poll_next(cx) {
            self.part_with(&ended.place);
            if let Err(failure) = ended.outcome {
                self.tell(failure);
            }
        }
    }

    fn tell(&mut self, failure: TokioFailure<L::Peer>) {
        self.report.panics = self.report.panics.saturating_add(u64::from(matches!(failure, TokioFailure::Panic(_))));
        (self.on_failure)(failure);
    }

    fn part_with(&mut self, place: &Arc<Place>) {
        self.recovers_at = Instant::START;
        match place.slot {
            Some(slot) => {
                self.shared.admission().release(slot);
                if let Some(served) = usize::try_from(slot).ok().and_then(|slot| self.served.get_mut(slot)) {
                    *served = None;
                }
                self.free.push(slot);
                self.parts.places.give_back();
            }
            None => self.refused.retain(|refused| !Arc::ptr_eq(refused, place)),
        }
        if let Some(leaving) = self.leaving.take_if(|leaving| Arc::ptr_eq(&leaving.place, place)) {
            self.report.evicted = self.report.evicted.saturating_add(u64::from(leaving.is_evicted));
        }
    }

    /// Takes in whoever comes, if there is a place or one can be made. Others wait in the queue of the system.
    fn poll_newcomer(&mut self, cx: &mut Context<'_>, now: Instant) -> Next {
        if self.recovers_at > now {
            return Next::Wait(Some(self.recovers_at));
        }
        match self.parts.incoming.poll_waiting(cx) {
            Poll::Pending => return Next::Wait(None),
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => return self.handle_exhausted(error, now),
        }
        match self.verdict(now) {
            Verdict::Admit if self.parts.places.take() => {
                match self.accept(cx, now) {
                    Some(newcomer) => {
                        let place = self.admit(now);
                        self.begin(newcomer, place);
                    }
                    None => self.parts.places.give_back(),
                }
                Next::Again
            }
            // Another thread has just taken the place.
            Verdict::Admit => Next::Again,
            Verdict::Refuse if self.refused.len() < MAX_REFUSED => {
                if let Some(newcomer) = self.accept(cx, now) {
                    let place = self.refuse();
                    self.begin(newcomer, place);
                }
                Next::Again
            }
            Verdict::Refuse | Verdict::Evict(_) if !self.parts.incoming.has_waiting(cx) => Next::Again,
            Verdict::Refuse => {
                let oldest = self.refused.front().cloned();
                self.make_room(oldest, now)
            }
            Verdict::Evict(slot) => {
                let served = usize::try_from(slot).ok().and_then(|slot| self.served.get(slot));
                let served = served.cloned().flatten();
                self.make_room(served, now)
            }
            Verdict::Queue => Next::Wait(self.shared.admission().poll_timeout(now)),
            Verdict::Close => Next::Wait(None),
        }
    }

    /// What is to be done with the next one. Places that other threads have do not count for this one.
    fn verdict(&self, now: Instant) -> Verdict {
        let mut admission = self.shared.admission();
        let most = admission.taken().saturating_add(self.parts.places.free());
        admission.set_slots(most);
        admission.verdict(now)
    }

    /// The next one, if somebody waits, and is wanted.
    fn accept(&mut self, cx: &mut Context<'_>, now: Instant) -> Option<(L::Stream, L::Peer)> {
        let (stream, peer) = match self.parts.incoming.accept(cx)? {
            Ok(newcomer) => newcomer,
            // For want of a descriptor it fails also where nobody waits.
            Err(error) => {
                if self.parts.incoming.has_waiting(cx) {
                    self.handle_exhausted(error, now);
                }
                return None;
            }
        };
        match contain(|| (self.parts.verify)(&peer)) {
            Ok(true) => return Some((stream, peer)),
            Ok(false) => self.report.rejected = self.report.rejected.saturating_add(1),
            Err(Panicked) => {
                stream.reset_when_dropped();
                self.tell(TokioFailure::Panic(peer));
            }
        }
        None
    }

    fn begin(&mut self, (stream, peer): (L::Stream, L::Peer), place: Arc<Place>) {
        stream.prepare();
        if self.ends_at.is_some() {
            place.wish(Retirement::WhenDone);
        }
        self.connections.push((self.connect)(stream, peer, place));
    }

    /// The system has no room for one more.
    fn handle_exhausted(&mut self, error: io::Error, now: Instant) -> Next {
        (self.on_failure)(TokioFailure::Accept(error));
        self.recovers_at = now.saturating_add(RECOVERY);
        let idle = self.shared.admission().exhausted(now);
        let idle = idle.and_then(|slot| usize::try_from(slot).ok()).and_then(|slot| self.served.get(slot));
        let place = self.refused.front().cloned().or_else(|| idle.cloned().flatten());
        self.make_room(place, now);
        Next::Wait(Some(self.recovers_at))
    }

    /// It gets a slot. The place is taken already.
    fn admit(&mut self, now: Instant) -> Arc<Place> {
        // There is room: it was asked for just now.
        let _ = self.shared.admission().arrive(now);
        let slot = self.free.pop().or_else(|| {
            let slot = u32::try_from(self.served.len()).ok()?;
            self.served.push(None);
            self.shared.admission().slots_mut().links_mut().push(Link::NEW);
            Some(slot)
        });
        let place = Place::new(&self.shared, slot);
        let served = slot.and_then(|slot| usize::try_from(slot).ok()).and_then(|slot| self.served.get_mut(slot));
        if let Some(served) = served {
            *served = Some(Arc::clone(&place));
        }
        self.report.accepted = self.report.accepted.saturating_add(1);
        place
    }

    /// It is told that there is no place.
    fn refuse(&mut self) -> Arc<Place> {
        let place = Place::new(&self.shared, None);
        self.refused.push_back(Arc::clone(&place));
        self.report.refused = self.report.refused.saturating_add(1);
        place
    }

    /// Somebody waits for this connection to end.
    fn make_room(&mut self, place: Option<Arc<Place>>, now: Instant) -> Next {
        self.leaving.take_if(|leaving| leaving.place.take_stay());
        if let Some(leaving) = &self.leaving
            && leaving.until > now
        {
            return Next::Wait(Some(leaving.until));
        }
        let until = now.saturating_add(Policy::LEAVING_TIME);
        let leaving = match (self.leaving.take(), place) {
            // Who has not left in time is told again.
            (Some(leaving), _) => Leaving { until, ..leaving },
            (None, Some(place)) => {
                let is_evicted = place.slot.is_some() && !place.is_lingering();
                Leaving { place, until, is_evicted }
            }
            (None, None) => return Next::Wait(None),
        };
        leaving.place.wish(Retirement::Now);
        self.leaving = Some(leaving);
        Next::Wait(Some(until))
    }

    /// It was told to stop.
    fn begin_end(&mut self) {
        self.ends_at = Some(self.shared.timer.now().saturating_add(self.parts.config.drain));
        self.parts.incoming.end();
        for place in self.served.iter().flatten().chain(&self.refused) {
            place.wish(Retirement::WhenDone);
        }
    }

    /// Its time to end is over.
    fn cut(&mut self) {
        self.parts.incoming.close();
        let left = self.served.iter().flatten().filter(|place| !place.is_lingering());
        self.report.cut = self.report.cut.saturating_add(u64::try_from(left.count()).unwrap_or(u64::MAX));
        self.connections.clear();
        self.served.clear();
        self.refused.clear();
    }
}
