//! Whatever is spoken, behind what proxies say first, as the work of a server.

#[cfg(test)]
mod tests;

use core::marker::PhantomData;

use wirenut_linux::Error;
use wirenut_linux::poller::{Epoll, Poll, Select};
use wirenut_linux::socket::AnyByteStream;

use crate::board::Seat;
use crate::buffers::{ALONE_BYTES, SHARED_BYTES};
use crate::config::Config;
use crate::places::Places;
use crate::proxied::Proxied;
use crate::speaker::Speaker;
use crate::throttle::Throttle;
use crate::watcher::{PollerKind, Watcher};
use crate::work::{Queue, Refuser, Work};
use crate::worker::Worker;

/// `F` makes the speaker of a worker, which has that seat.
pub(crate) struct Speaking<K, F> {
    speaker: F,
    made: PhantomData<fn() -> K>,
    config: Config,
    throttle: Throttle,
}

impl<K: Speaker, F: Fn(Seat) -> K> Speaking<K, F> {
    pub(crate) fn new(config: Config, speaker: F) -> Self {
        Self { speaker, made: PhantomData, config, throttle: Throttle::default() }
    }

    fn worker<'w, P: Watcher>(&'w self, poller: P, room: (&'w Places, usize), seat: Seat) -> Worker<'w, Proxied<K>, P> {
        let speaker = Proxied::new((self.speaker)(seat.clone()), self.config.proxy_protocol);
        Worker::new(speaker, poller, (self.config, &self.throttle), room, seat)
    }
}

impl<K: Speaker, F: Fn(Seat) -> K> Work for Speaking<K, F> {
    const MULTIPLEXES: bool = true;

    fn serve_all(&self, queue: Queue<'_>, seat: Seat) -> Result<(), Error> {
        let room = (queue.places, SHARED_BYTES);
        match self.config.poller {
            PollerKind::Epoll => self.worker(Epoll::new()?, room, seat).serve_all(queue),
            PollerKind::Poll => self.worker(Poll::new(), room, seat).serve_all(queue),
            PollerKind::Select => self.worker(Select::new(), room, seat).serve_all(queue),
        }
    }

    fn serve_one(&self, stream: AnyByteStream, seat: Seat) -> Result<(), Error> {
        // The cheapest poller for one connection: there is nothing to make, and nothing to register.
        self.worker(Poll::new(), (&Places::new(1), ALONE_BYTES), seat).serve_one(stream)
    }

    fn refuser(&self, seat: Seat) -> Result<Box<dyn Refuser + '_>, Error> {
        Ok(Box::new(self.worker(Epoll::new()?, (&NO_PLACES, ALONE_BYTES), seat)))
    }
}

/// Of a worker that only refuses.
static NO_PLACES: Places = Places::new(0);
