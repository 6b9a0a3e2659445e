//! What a server speaks on its connections: HTTP by a service, another protocol by an endpoint, or whatever a handler does.

use alloc::boxed::Box;
use alloc::vec;
use core::convert::Infallible;
use core::future::poll_fn;
use core::marker::PhantomData;
use core::pin::pin;
use core::task::Poll;
use std::io;

use embedded_io_async::Read as _;
use tokio::time;
use wirenut::http::service::Service;
use wirenut::readiness::Standing;

use super::accept::TokioAccept;
use super::config::TokioConfig;
use super::connection::TokioConnection;
use super::contained::Speak;
use super::idling::Idling;
use super::place::Place;
use super::report::TokioFailure;
use crate::converse::converse_in;
use crate::driver::Driver;
use crate::foreign::tokio_1::socket::TokioSocket;
use crate::foreign::tokio_1::{TokioStream, TokioTimer};
use crate::{Buffers, ConnectionObserver as _, Endpoint, Error, Shutdown as _, Split as _};

/// HTTP, answered by a service.
pub(super) struct Http<'s, S, L> {
    pub(super) service: &'s S,
    pub(super) config: &'s TokioConfig,
    pub(super) timer: TokioTimer,
    pub(super) of: PhantomData<L>,
}

impl<S: Service<Source = Infallible>, L: TokioAccept> Speak<L::Stream, L::Peer> for Http<'_, S, L> {
    async fn speak(
        &self,
        stream: &mut TokioStream<L::Stream>,
        peer: &L::Peer,
        place: &Place,
    ) -> Result<(), TokioFailure<L::Peer>> {
        let mut memory = Memory::new(self.config);
        let Self { service, config, timer, .. } = self;
        let mut driver = Driver::new(*service, timer, &config.limits, L::address(peer), place.slot.is_none());
        let ended = converse_in(stream, &mut driver, &mut memory.buffers(), timer, place).await;
        driver.outcome(ended).map_err(|error| TokioFailure::Connection(peer.clone(), error))
    }
}

/// What an endpoint speaks, of which one is made for each connection.
pub(super) struct Endpoints<'s, F> {
    pub(super) make: F,
    pub(super) config: &'s TokioConfig,
    pub(super) timer: TokioTimer,
}

impl<S: TokioSocket, P: Clone, N: Endpoint, F: Fn(&P) -> N> Speak<S, P> for Endpoints<'_, F> {
    async fn speak(&self, stream: &mut TokioStream<S>, peer: &P, place: &Place) -> Result<(), TokioFailure<P>> {
        if place.slot.is_none() {
            return Ok(());
        }
        let mut memory = Memory::new(self.config);
        let mut endpoint = Idling::new((self.make)(peer));
        let ended = converse_in(stream, &mut endpoint, &mut memory.buffers(), &self.timer, place).await;
        ended.map_err(|error| TokioFailure::Connection(peer.clone(), Error::from(error)))
    }
}

/// Whatever a handler does with the bytes.
pub(super) struct Handler<'s, H> {
    pub(super) handle: H,
    pub(super) config: &'s TokioConfig,
}

impl<S, P, H> Speak<S, P> for Handler<'_, H>
where
    S: TokioSocket,
    P: Clone,
    H: AsyncFn(&mut TokioConnection<'_, S>, &P) -> io::Result<()>,
{
    async fn speak(&self, stream: &mut TokioStream<S>, peer: &P, place: &Place) -> Result<(), TokioFailure<P>> {
        if place.slot.is_none() {
            return Ok(());
        }
        let mut connection = TokioConnection::new(stream.get_mut(), place, self.config);
        let handled = {
            let mut handling = pin!((self.handle)(&mut connection, peer));
            let mut given_up = pin!(place.given_up());
            poll_fn(|cx| {
                let handled = handling.as_mut().poll(cx);
                if handled.is_pending() && place.is_told() {
                    // It was told to leave, and does not.
                    return given_up.as_mut().poll(cx).map(|()| Err(io::ErrorKind::ConnectionAborted.into()));
                }
                handled
            })
            .await
        };
        match handled {
            Ok(()) => {
                linger(stream, place, self.config).await;
                Ok(())
            }
            Err(error) => {
                stream.abort().await;
                Err(TokioFailure::Handler(peer.clone(), error))
            }
        }
    }
}

/// Ends our direction, and reads until the peer has ended its own: so no reset destroys the last bytes on their way.
async fn linger<S: TokioSocket>(stream: &mut TokioStream<S>, place: &Place, config: &TokioConfig) {
    if stream.shutdown_write().await.is_err() {
        return;
    }
    place.set_standing(Standing::Lingering);
    let discard = async {
        let (mut reader, _) = stream.split();
        let mut waste = [0; 512];
        while reader.read(&mut waste).await.is_ok_and(|count| count > 0) {}
    };
    let mut discard = pin!(time::timeout(config.limits.linger.into(), discard));
    let mut given_up = pin!(place.given_up());
    poll_fn(|cx| match discard.as_mut().poll(cx) {
        Poll::Pending => given_up.as_mut().poll(cx),
        Poll::Ready(_) => Poll::Ready(()),
    })
    .await;
}

/// The buffers of one connection.
struct Memory {
    input: Box<[u8]>,
    store: Box<[u8]>,
    output: Box<[u8]>,
}

impl Memory {
    fn new(config: &TokioConfig) -> Self {
        Self {
            input: vec![0; config.input_bytes].into_boxed_slice(),
            store: vec![0; config.limits.store_bytes()].into_boxed_slice(),
            output: vec![0; config.output_bytes].into_boxed_slice(),
        }
    }

    fn buffers(&mut self) -> Buffers<'_> {
        Buffers { input: &mut self.input, store: &mut self.store, output: &mut self.output }
    }
}
