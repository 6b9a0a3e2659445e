//! Looking hosts up within a deadline.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{io, thread};

use wirenut_linux::lookup::{Transport, addresses};
use wirenut_linux::poller::Bell;

use crate::error::Cause;
use crate::watch::Watch;

/// More look-ups of this process are not under way at once; the others wait. The system cannot break one off, so one that
/// nobody waits for any more still has its thread.
const MAX_UNDER_WAY: usize = 64;

static PLACES: Mutex<Places> = Mutex::new(Places { taken: 0, waiting: VecDeque::new() });

type Found = Result<Vec<SocketAddr>, wirenut_linux::Error>;

/// The addresses of a host, at least one, in the order in which the system would try them. getaddrinfo(3) waits as long as
/// it likes, so it has a thread of its own.
pub(crate) fn look_up(host: &str, port: u16, watch: &Watch) -> Result<Vec<SocketAddr>, Cause> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (found, bell) = (Arc::new(Mutex::new(None::<Found>)), Bell::new()?);
    let asking = {
        let (host, found, bell, place) =
            (host.to_owned(), Arc::clone(&found), bell.clone(), Place::take(&bell, watch)?);
        move || {
            let addresses = addresses(&host, &port.to_string(), Transport::Tcp);
            *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(addresses);
            drop(place);
            bell.ring();
        }
    };
    thread::Builder::new().name("look-up".into()).spawn(asking).map_err(|error| failed("start a thread", error))?;
    watch.wait_readable(bell.as_fd())?;
    let found = found.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok(found.ok_or_else(|| failed("look up the host", io::ErrorKind::Other.into()))??)
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
    /// Waits for a place, by a bell that is silent before and after.
    fn take(bell: &Bell, watch: &Watch) -> Result<Self, Cause> {
        loop {
            let mut places = Places::lock();
            if places.taken < MAX_UNDER_WAY {
                places.taken += 1;
                return Ok(Self);
            }
            places.waiting.push_back(bell.clone());
            drop(places);
            let waited = watch.wait_readable(bell.as_fd());
            let mut places = Places::lock();
            places.waiting.retain(|other| other.as_fd().as_raw_fd() != bell.as_fd().as_raw_fd());
            if waited.is_err() {
                // It may have been woken for a place that it does not take now.
                places.wake();
            }
            drop(places);
            waited?;
            bell.silence();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = Places::lock();
        places.taken = places.taken.saturating_sub(1);
        places.wake();
    }
}

#[cfg(test)]
mod tests {
    use wirenut::time::Duration;

    use super::*;

    /// A hundred threads that ask for a hundred hosts are no error: those beyond the bound wait.
    #[test]
    fn more_look_ups_than_may_be_under_way_wait() {
        let waiting = |limit| look_up("localhost", 80, &Watch::new(Some(Duration::from_millis(limit)), None));
        let (bell, watch) = (Bell::new().unwrap(), Watch::default());
        let mut places: Vec<_> = (0..MAX_UNDER_WAY).map(|_| Place::take(&bell, &watch).unwrap()).collect();
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
