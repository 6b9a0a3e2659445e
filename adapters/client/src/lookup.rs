//! Looking hosts up within a deadline.

use alloc::sync::Arc;
use core::net::{IpAddr, SocketAddr};
use core::sync::atomic::{AtomicUsize, Ordering};
use std::os::fd::AsFd as _;
use std::sync::{Mutex, PoisonError};
use std::{io, thread};

use wirenut_linux::lookup::{Transport, addresses};
use wirenut_linux::poller::Bell;

use crate::error::Cause;
use crate::watch::Watch;

/// Look-ups of this process that are not over. The system cannot break one off, so one that nobody waits for any more
/// still has its thread.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

/// More of them are not begun.
const MAX_UNDER_WAY: usize = 64;

type Found = Result<Vec<SocketAddr>, wirenut_linux::Error>;

/// The addresses of a host, at least one, in the order in which the system would try them. getaddrinfo(3) waits as long as
/// it likes, so it has a thread of its own.
pub(crate) fn look_up(host: &str, port: u16, watch: &Watch) -> Result<Vec<SocketAddr>, Cause> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (found, bell) = (Arc::new(Mutex::new(None::<Found>)), Bell::new()?);
    let asking = {
        let (host, found, bell, place) = (host.to_owned(), Arc::clone(&found), bell.clone(), Place::take()?);
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

/// One of the look-ups that may be under way.
struct Place;

impl Place {
    fn take() -> Result<Self, Cause> {
        let taken = UNDER_WAY
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| (count < MAX_UNDER_WAY).then_some(count + 1));
        taken.map(|_| Self).map_err(|_| Cause::Other("too many look-ups are under way"))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    }
}
