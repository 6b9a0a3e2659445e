//! The server's end of one stream.

use core::convert::Infallible;
use core::net::SocketAddr;

use wirenut::http::Limits;
use wirenut::http::service::Service;

use crate::converse::converse_in;
use crate::driver::Driver;
use crate::{Buffers, ConnectionObserver, Error, Split, Timer};

/// What one connection of a server is given: bounds, buffers, and what is known of the peer.
///
/// See the [crate](crate) for an example.
#[derive(Debug)]
pub struct Server<'b, L = ()> {
    pub(crate) limits: &'b Limits,
    pub(crate) buffers: Buffers<'b>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) observer: L,
}

impl<'b> Server<'b> {
    /// A connection to nobody in particular, which is alone.
    ///
    /// # Panics
    /// Where the input buffer has no byte, or the store is smaller than [`Limits::store_bytes`]: requests would be refused
    /// that the limits allow.
    #[must_use]
    pub const fn new(limits: &'b Limits, buffers: Buffers<'b>) -> Self {
        buffers.check(limits);
        Self { limits, buffers, peer: None, observer: () }
    }
}

impl<'b, L: ConnectionObserver> Server<'b, L> {
    /// A connection to this peer ([`Responder::peer`](wirenut::http::service::Responder::peer)).
    #[must_use]
    pub fn with_peer(self, peer: SocketAddr) -> Self {
        Self { peer: Some(peer), ..self }
    }

    /// A connection that has a place among others.
    #[must_use]
    pub fn with_observer<M: ConnectionObserver>(self, observer: M) -> Server<'b, M> {
        let Self { limits, buffers, peer, observer: _ } = self;
        Server { limits, buffers, peer, observer }
    }

    /// Serves the stream until the connection is over, and ends the stream as is right then; it is only dropped
    /// afterwards. (Accepting the next one is the application's.)
    ///
    /// Dropping the future gives the connection up: an exchange in flight is closed with
    /// [`Rule::HostClosed`](wirenut::http::Rule::HostClosed). The stream is as it was then, so
    /// [`Shutdown::abort`](crate::Shutdown::abort) it: its end must not make an answer look whole.
    ///
    /// A waker that the service kept wakes the task. Each time that the task is polled, whatever for, an exchange that waits
    /// and has taken a waker is asked, as woken: that it may be without need is the way of futures. One that has taken none is
    /// asked at its time, when the server drains, or when the peer ends. While it waits the stream is read, so that the end of
    /// the peer is noticed; but only until something has come, which stays in the input buffer.
    ///
    /// # Errors
    /// What went wrong first, for the log; there is nothing to do. The end of an idle connection is no error.
    pub fn serve<'s, T: Split, S: Service<Source = Infallible>>(
        self,
        stream: &'s mut T,
        service: &'s S,
        timer: &'s impl Timer,
    ) -> impl Future<Output = Result<(), Error<T::Error>>>
    where
        'b: 's,
    {
        let Self { limits, mut buffers, peer, observer } = self;
        let mut driver = Driver::new(service, timer, limits, peer, false);
        async move {
            let ended = converse_in(stream, &mut driver, &mut buffers, timer, &observer).await;
            driver.outcome(ended)
        }
    }
}
