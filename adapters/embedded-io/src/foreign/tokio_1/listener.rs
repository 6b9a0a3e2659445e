//! A server over sockets of tokio: what a user sees.

use alloc::sync::Arc;
use alloc::vec;
use core::convert::Infallible;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::panic::AssertUnwindSafe;
use core::pin::pin;
use std::io;

use futures_util::FutureExt as _;
use tokio::net::TcpListener;
use wirenut::http::Limits;
use wirenut::http::service::Service;
use wirenut::readiness::Policy;
use wirenut::time::Duration;

use super::place::Place;
use super::report::{TokioFailure, TokioReport};
use super::running::{Ended, Running};
use super::{TokioTcp, TokioTimer};
use crate::converse::converse_in;
use crate::driver::Driver;
use crate::{Buffers, Error};

/// How a [`TokioListener`] serves.
///
/// ```
/// use wirenut::readiness::{Policy, WhenFull};
/// use wirenut_embedded_io::TokioConfig;
/// const POLICY: Policy = Policy { slots: 100, when_full: WhenFull::Refuse, ..TokioConfig::DEFAULT.policy };
/// const SMALL: TokioConfig = TokioConfig { policy: POLICY, ..TokioConfig::DEFAULT };
/// assert_eq!(SMALL.limits, TokioConfig::DEFAULT.limits);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TokioConfig {
    /// The bounds that each connection keeps.
    ///
    /// Default: `Limits::DEFAULT`.
    pub limits: Limits,
    /// How many connections there may be at a time, and what happens to others. Each takes its buffers from the heap when it is
    /// accepted: [`Limits::store_bytes`], and the two below. Who is refused takes them, too: 32 of these there are at most.
    ///
    /// Default: `Policy::DEFAULT`, but for `1_024` slots.
    pub policy: Policy,
    /// For how long a server that was told to stop goes on to answer what has come by then.
    ///
    /// Default: `Duration::from_secs(30)`.
    pub drain: Duration,
    /// What one connection reads at once, in bytes. At least one.
    ///
    /// Default: `8 * 1024`.
    pub input_bytes: usize,
    /// What one connection writes at once, in bytes: see [`Buffers::output`]. A response that is sent whole, or a head, has
    /// this room at most.
    ///
    /// Default: `16 * 1024`, as [`Limits::output_reserve`].
    pub output_bytes: usize,
}

impl TokioConfig {
    /// Sane values for a server on a machine with memory to spare.
    pub const DEFAULT: Self = Self {
        limits: Limits::DEFAULT,
        policy: Policy { slots: 1_024, ..Policy::DEFAULT },
        drain: Duration::from_secs(30),
        input_bytes: 8 * 1024,
        output_bytes: 16 * 1024,
    };
}

impl Default for TokioConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A server over a listening socket of tokio: it admits, evicts and refuses, and ends gracefully.
///
/// ```
/// use wirenut::http::{RequestHead, Response, Status, WriteError};
/// use wirenut::http::service::{Responder, Service, Step};
/// use wirenut_embedded_io::{TokioConfig, TokioListener};
///
/// struct Hello;
///
/// impl Service for Hello {
///     type Exchange = ();
///     type Source = core::convert::Infallible;
///
///     fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
///         responder.send(&Response::new(Status::OK), b"hello")?;
///         Ok(((), Step::Done))
///     }
/// }
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> std::io::Result<()> {
///     let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
///     # let address = listener.local_addr()?;
///     # let client = std::thread::spawn(move || {
///     #     use std::io::{Read, Write};
///     #     let mut client = std::net::TcpStream::connect(address).unwrap();
///     #     client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
///     #     let mut answer = String::new();
///     #     client.read_to_string(&mut answer).unwrap();
///     #     assert!(answer.ends_with("\r\n\r\nhello"));
///     # });
///     let stop = async { _ = tokio::signal::ctrl_c().await };
///     # let answered = async { tokio::task::spawn_blocking(|| client.join()).await.unwrap().unwrap() };
///     # let stop = async { tokio::select! { () = stop => {}, () = answered => {} } };
///     let server = TokioListener::new(listener, TokioConfig::DEFAULT);
///     let report = server.serve(&Hello, stop, |failure| eprintln!("{failure}")).await;
///     println!("{} connections", report.accepted);
///     # assert_eq!(report.accepted, 1);
///     Ok(())
/// }
/// ```
///
/// All connections are served within the one future that [`Self::serve`] returns, each polled only when it was woken. So the
/// service is only borrowed, may be neither `Send` nor `Sync`, and nothing outlives the future. Whoever wants more than one
/// thread runs one of these on each, over clones of one listening socket
/// ([`try_clone`](std::net::TcpListener::try_clone)).
///
/// A panic of the service costs its connection, which is reset, and nothing else.
#[derive(Debug)]
pub struct TokioListener {
    listener: TcpListener,
    config: TokioConfig,
}

impl TokioListener {
    /// Nobody is served yet: connections wait in the queue of the system.
    ///
    /// # Panics
    /// Where [`TokioConfig::input_bytes`] is 0.
    #[must_use]
    pub const fn new(listener: TcpListener, config: TokioConfig) -> Self {
        assert!(config.input_bytes > 0, "an input buffer without a byte");
        Self { listener, config }
    }

    /// Answers requests by the service until `stop` is ready, and ends gracefully then.
    ///
    /// Where all places are taken and nobody gives way ([`Admission`](wirenut::readiness::Admission)), one more connection is
    /// accepted and waits; all others wait in the queue of the system, or are answered 503
    /// ([`WhenFull`](wirenut::readiness::WhenFull)).
    ///
    /// A graceful end answers each request that has come by then, but those that wait behind one that is still being answered.
    /// A connection ends after the response in flight. Without one it ends at once, or after a tenth of a second if it has
    /// not sent a request yet. Connections that wait in the queue are accepted first; later ones are not. What is left after
    /// [`TokioConfig::drain`] is cut: reset, so that no answer looks whole that is not. So it is where the future is dropped.
    ///
    /// `on_failure` is called with each failure, for the log.
    pub fn serve<S: Service<Source = Infallible>>(
        self,
        service: &S,
        stop: impl Future<Output = ()>,
        on_failure: impl FnMut(TokioFailure),
    ) -> impl Future<Output = TokioReport> {
        async move {
            let Self { listener, config } = self;
            let (config, timer) = (&config, TokioTimer::new());
            let connect = |stream, peer, place| contained(service, config, timer, TokioTcp(stream), peer, place);
            let mut running = Running::new(listener, config, timer, connect, on_failure);
            let mut stop = pin!(stop);
            poll_fn(|cx| running.poll(cx, stop.as_mut())).await
        }
    }
}

/// Serves one connection until it is over, whatever the service does.
async fn contained<S: Service<Source = Infallible>>(
    service: &S,
    config: &TokioConfig,
    timer: TokioTimer,
    stream: TokioTcp,
    peer: SocketAddr,
    place: Arc<Place>,
) -> Ended {
    // The future is dropped by a panic. What it shares with others is the service, which goes on in whatever state the panic
    // left it, and places, which are never half changed.
    let serving = AssertUnwindSafe(serve_one(service, config, timer, stream, peer, &place));
    let outcome = serving.catch_unwind().await.ok();
    Ended { place, peer, outcome }
}

async fn serve_one<S: Service<Source = Infallible>>(
    service: &S,
    config: &TokioConfig,
    timer: TokioTimer,
    stream: TokioTcp,
    peer: SocketAddr,
    place: &Place,
) -> Result<(), Error<io::Error>> {
    let mut input = vec![0; config.input_bytes].into_boxed_slice();
    let mut store = vec![0; config.limits.store_bytes()].into_boxed_slice();
    let mut output = vec![0; config.output_bytes].into_boxed_slice();
    let mut buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
    let mut cut = CutWhenDropped { stream, place, is_over: false };
    let mut driver = Driver::new(service, &timer, &config.limits, Some(peer), place.slot.is_none());
    let ended = converse_in(&mut cut.stream, &mut driver, &mut buffers, &timer, place).await;
    cut.is_over = true;
    driver.outcome(ended)
}

/// A stream that is reset where its connection is given up, unless all that will ever be sent is sent.
struct CutWhenDropped<'p> {
    stream: TokioTcp,
    place: &'p Place,
    is_over: bool,
}

impl Drop for CutWhenDropped<'_> {
    fn drop(&mut self) {
        if !self.is_over && !self.place.is_lingering() {
            self.stream.reset_when_dropped();
        }
    }
}
