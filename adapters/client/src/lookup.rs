//! Looking hosts up within a deadline.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::net::SocketAddr;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{io, thread};

use wirenut_linux::lookup::{Transport, addresses};
use wirenut_linux::monotonic_time;
use wirenut_linux::poller::{Bell, Interest};

use crate::error::Cause;
use crate::watch::Watch;
use crate::watcher::Watcher;

/// At most this many look-ups of a process run at once; others wait. The system cannot cancel one, so a look-up that was given
/// up keeps its thread until it ends.
const MAX_UNDER_WAY: usize = 64;

static PLACES: Mutex<Places> = Mutex::new(Places { taken: 0, waiting: VecDeque::new() });

type Found = Result<Vec<SocketAddr>, wirenut_linux::Error>;

/// Asks for the addresses of a host. getaddrinfo(3) waits as long as it likes, so it has a thread of its own.
pub(crate) struct LookUp {
    host: Box<str>,
    port: u16,
    bell: Bell,
    /// What the thread finds. None: it waits for one of the look-ups under way to be over.
    found: Option<Arc<Mutex<Option<Found>>>>,
}

impl LookUp {
    /// For a host that is no address.
    pub(crate) fn new(host: &str, port: u16, watcher: &mut dyn Watcher) -> Result<Self, Cause> {
        let bell = Bell::new()?;
        watcher.register(bell.as_fd(), Interest::READABLE)?;
        Ok(Self { host: host.into(), port, bell, found: None })
    }

    /// The addresses, at least one, in the order in which the system would try them. `None`: not yet; the watcher says when
    /// to ask again.
    pub(crate) fn poll(&mut self, watch: &Watch, watcher: &mut dyn Watcher) -> Result<Option<Vec<SocketAddr>>, Cause> {
        watch.check(monotonic_time())?;
        self.bell.silence();
        let Some(found) = &self.found else {
            if let Some(place) = Place::take(&self.bell) {
                self.start(place)?;
            }
            return Ok(None);
        };
        // The thread has its own half until it has put its answer there.
        let is_over = Arc::strong_count(found) == 1;
        let answer = found.lock().unwrap_or_else(PoisonError::into_inner).take();
        match answer {
            Some(addresses) => {
                watcher.deregister(self.bell.as_fd());
                Ok(Some(addresses?))
            }
            None if is_over => Err(failed("look up the host", io::ErrorKind::Other.into())),
            None => Ok(None),
        }
    }

    fn start(&mut self, place: Place) -> Result<(), Cause> {
        let found = Arc::new(Mutex::new(None));
        let asking = {
            let (host, port, found, bell) =
                (self.host.to_string(), self.port.to_string(), Arc::clone(&found), Ring(self.bell.clone()));
            move || {
                let addresses = addresses(&host, &port, Transport::Tcp);
                *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(addresses);
                drop((place, found));
                drop(bell);
            }
        };
        thread::Builder::new().name("look-up".into()).spawn(asking).map_err(|error| failed("start a thread", error))?;
        self.found = Some(found);
        Ok(())
    }
}

impl Drop for LookUp {
    fn drop(&mut self) {
        if self.found.is_none() {
            Place::leave(&self.bell);
        }
    }
}

/// Rings when it is dropped, also by a panic.
struct Ring(Bell);

impl Drop for Ring {
    fn drop(&mut self) {
        self.0.ring();
    }
}

fn failed(operation: &'static str, error: io::Error) -> Cause {
    Cause::System(wirenut_linux::Error::new(operation, error))
}

/// The look-ups that are under way.
struct Places {
    taken: usize,
    /// Who waits for one to be over.
    waiting: VecDeque<Bell>,
}

impl Places {
    fn lock() -> MutexGuard<'static, Self> {
        PLACES.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove(&mut self, bell: &Bell) {
        self.waiting.retain(|other| !is_same(other, bell));
    }

    /// Wakes the next that waits, if there is a place.
    fn wake(&mut self) {
        if self.taken < MAX_UNDER_WAY {
            self.waiting.pop_front().iter().for_each(Bell::ring);
        }
    }
}

/// One of the look-ups that may be under way.
struct Place;

impl Place {
    /// One, or the bell rings when there may be one.
    fn take(bell: &Bell) -> Option<Self> {
        let mut places = Places::lock();
        if places.taken < MAX_UNDER_WAY {
            places.taken += 1;
            places.remove(bell);
            return Some(Self);
        }
        if !places.waiting.iter().any(|other| is_same(other, bell)) {
            places.waiting.push_back(bell.clone());
        }
        None
    }

    /// Ends the wait for the bell.
    fn leave(bell: &Bell) {
        let mut places = Places::lock();
        places.remove(bell);
        // It may have been woken for a place that it does not take now.
        places.wake();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = Places::lock();
        places.taken = places.taken.saturating_sub(1);
        places.wake();
    }
}

fn is_same(one: &Bell, other: &Bell) -> bool {
    one.as_fd().as_raw_fd() == other.as_fd().as_raw_fd()
}

#[cfg(test)]
mod tests {
    use wirenut::time::Duration;
    use wirenut_linux::poller::{Poll, Poller as _};

    use super::*;

    /// A hundred threads that ask for a hundred hosts are no error: those beyond the bound wait.
    #[test]
    fn more_look_ups_than_may_be_under_way_wait() {
        let waiting = |limit| {
            let (watch, mut watcher) = (Watch::new(Some(Duration::from_millis(limit)), None), Poll::new());
            let mut asking = LookUp::new("localhost", 80, &mut watcher)?;
            loop {
                if let Some(addresses) = asking.poll(&watch, &mut watcher)? {
                    return Ok(addresses);
                }
                watcher.wait_until(watch.deadline(), monotonic_time)?;
                while watcher.next_event().is_some() {}
            }
        };
        let bell = Bell::new().unwrap();
        let mut places: Vec<_> = (0..MAX_UNDER_WAY).map(|_| Place::take(&bell).unwrap()).collect();
        assert!(matches!(waiting(20), Err(Cause::TimedOut(_))));
        thread::scope(|scope| {
            let asking: Vec<_> = (0..100).map(|_| scope.spawn(|| waiting(20_000))).collect();
            thread::sleep(core::time::Duration::from_millis(20));
            assert!(asking.iter().all(|asking| !asking.is_finished()));
            places.pop();
            for asking in asking {
                assert!(!asking.join().unwrap().unwrap().is_empty());
            }
        });
    }
}
