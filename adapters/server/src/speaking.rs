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
use crate::layer::{Layer, Plain};
use crate::places::Places;
use crate::proxied::Proxied;
use crate::speaker::Speaker;
use crate::throttle::Throttle;
#[cfg(feature = "tls")]
use crate::tls::{Secured, Terms, Tls};
use crate::watcher::{PollerKind, Watcher};
use crate::work::{Queue, Refuser, Work};
use crate::worker::Worker;

/// `F` makes the speaker of a worker, which has that seat.
pub(crate) struct Speaking<K, F> {
    speaker: F,
    made: PhantomData<fn() -> K>,
    config: Config,
    throttle: Throttle,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

impl<K: Speaker, F: Fn(Seat) -> K> Speaking<K, F> {
    pub(crate) fn new(config: Config, speaker: F) -> Self {
        Self {
            speaker,
            made: PhantomData,
            config,
            throttle: Throttle::default(),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    #[cfg(feature = "tls")]
    pub(crate) fn with_tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }

    fn worker<'w, L: Layer, P: Watcher>(
        &'w self,
        layer: L,
        poller: P,
        room: (&'w Places, usize),
        seat: Seat,
    ) -> Worker<'w, Proxied<K, L>, P> {
        let Config { proxy_protocol, limits, .. } = &self.config;
        let speaker = Proxied::new((self.speaker)(seat.clone()), layer, *proxy_protocol, limits);
        Worker::new(speaker, poller, (self.config, &self.throttle), room, seat)
    }

    fn serve_all_over(&self, layer: impl Layer, queue: Queue<'_>, seat: Seat) -> Result<(), Error> {
        let room = (queue.places, SHARED_BYTES);
        match self.config.poller {
            PollerKind::Epoll => self.worker(layer, Epoll::new()?, room, seat).serve_all(queue),
            PollerKind::Poll => self.worker(layer, Poll::new(), room, seat).serve_all(queue),
            PollerKind::Select => self.worker(layer, Select::new(), room, seat).serve_all(queue),
        }
    }

    fn serve_one_over(&self, layer: impl Layer, stream: AnyByteStream, seat: Seat) -> Result<(), Error> {
        // The cheapest poller for one connection: there is nothing to make, and nothing to register.
        self.worker(layer, Poll::new(), (&Places::new(1), ALONE_BYTES), seat).serve_one(stream)
    }

    /// The layer of a worker, if there is one.
    #[cfg(feature = "tls")]
    fn secured(&self) -> Option<Secured> {
        let terms = Terms { is_http: K::IS_HTTP };
        self.tls.clone().map(|tls| Secured::new(tls, terms, self.config.limits.head))
    }
}

impl<K: Speaker, F: Fn(Seat) -> K> Work for Speaking<K, F> {
    const MULTIPLEXES: bool = true;

    fn serve_all(&self, queue: Queue<'_>, seat: Seat) -> Result<(), Error> {
        #[cfg(feature = "tls")]
        if let Some(layer) = self.secured() {
            return self.serve_all_over(layer, queue, seat);
        }
        self.serve_all_over(Plain, queue, seat)
    }

    fn serve_one(&self, stream: AnyByteStream, seat: Seat) -> Result<(), Error> {
        #[cfg(feature = "tls")]
        if let Some(layer) = self.secured() {
            return self.serve_one_over(layer, stream, seat);
        }
        self.serve_one_over(Plain, stream, seat)
    }

    fn refuser(&self, seat: Seat) -> Result<Box<dyn Refuser + '_>, Error> {
        #[cfg(feature = "tls")]
        if let Some(layer) = self.secured() {
            return Ok(Box::new(self.worker(layer, Epoll::new()?, (&NO_PLACES, ALONE_BYTES), seat)));
        }
        Ok(Box::new(self.worker(Plain, Epoll::new()?, (&NO_PLACES, ALONE_BYTES), seat)))
    }
}

/// Of a worker that only refuses.
static NO_PLACES: Places = Places::new(0);
