//! A server over a listening socket of tokio: what a user sees.

use alloc::sync::Arc;
use core::convert::Infallible;
use core::future::poll_fn;
use core::marker::PhantomData;
use core::pin::pin;
use std::io;

use wirenut::http::service::Service;

use super::accept::TokioAccept;
use super::config::TokioConfig;
use super::connection::TokioConnection;
use super::contained::{Speak, contained};
use super::incoming::Incoming;
use super::places::Places;
use super::report::{TokioFailure, TokioReport};
use super::running::{Parts, Running};
use super::speakers::{Endpoints, Handler, Http};
use crate::Endpoint;
use crate::foreign::tokio_1::TokioTimer;

/// A server over a listening socket, TCP or Unix, in a runtime of tokio's: it admits, evicts and refuses, and ends gracefully.
///
/// | each connection | by |
/// |---|---|
/// | speaks HTTP, answered by a service | [`Self::serve`] |
/// | speaks another protocol of the core's kind | [`Self::converse`] |
/// | is read and written by an async function | [`Self::handle`] |
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
///     let server = TokioListener::new(listener, TokioConfig::DEFAULT)?;
///     let report = server.serve(&Hello, stop, |failure| eprintln!("{failure}")).await;
///     println!("{} connections", report.accepted);
///     # assert_eq!(report.accepted, 1);
///     Ok(())
/// }
/// ```
///
/// All connections are served within the one future that these return, each polled only when it was woken. So the service, or
/// the handler, is only borrowed, may be neither `Send` nor `Sync`, and nothing outlives the future. Whoever wants more than
/// one thread calls [`serve_on_threads`](super::serve_on_threads).
///
/// A panic of the service or the handler costs its connection, which is reset, and nothing else.
///
/// # Admission
/// Where all places are taken and nobody gives way ([`Admission`](wirenut::readiness::Admission)), others wait in the queue of
/// the system, or are refused ([`WhenFull`](wirenut::readiness::WhenFull)): a service answers 503, any other connection is
/// closed. So it is where the system has no descriptors left: then nobody is accepted until a connection has ended, or for
/// 100 ms.
///
/// # The end
/// Once `stop` is ready the server ends gracefully: it answers each request that has come by then, but those that wait behind
/// one that is still being answered. A connection ends after the response in flight. Without one it ends at once, or after a
/// tenth of a second if it has not sent a request yet. Connections that wait in the queue are accepted first; later ones are
/// not. What is left after [`TokioConfig::drain`] is cut: reset, so that no answer looks whole that is not. So it is where the
/// future is dropped. (Unix sockets have no reset: there only the framing of the protocol tells.)
///
/// The file of a Unix socket stays: whoever has made it removes it.
#[derive(Debug)]
pub struct TokioListener<L: TokioAccept, V = fn(&<L as TokioAccept>::Peer) -> bool> {
    parts: Parts<L, V>,
}

impl<L: TokioAccept> TokioListener<L> {
    /// Takes a listening socket of tokio's or of the standard library. Nobody is served yet: connections wait in the queue of
    /// the system.
    ///
    /// # Errors
    /// The system, or the runtime, does not take the socket.
    ///
    /// # Panics
    /// Where [`TokioConfig::input_bytes`] is 0; and outside of a runtime of tokio's whose I/O is enabled.
    pub fn new(listener: L, config: TokioConfig) -> io::Result<Self> {
        Self::with_places(listener.into_listening()?, config, Arc::new(Places::new(config.policy.slots)))
    }

    pub(super) fn with_places(listening: L::Listening, config: TokioConfig, places: Arc<Places>) -> io::Result<Self> {
        assert!(config.input_bytes > 0, "an input buffer without a byte");
        Ok(Self { parts: Parts { incoming: Incoming::new(listening)?, config, places, verify: |_| true } })
    }
}

impl<L: TokioAccept, V: FnMut(&L::Peer) -> bool> TokioListener<L, V> {
    /// Asks `verify` about each connection once it is accepted, before it gets a place. False: it is closed without a byte. A
    /// panic resets it.
    ///
    /// ```
    /// # async fn example() -> std::io::Result<()> {
    /// use wirenut_embedded_io::{TokioConfig, TokioListener, TokioUnixPeer};
    ///
    /// let listener = tokio::net::UnixListener::bind("/run/example.socket")?;
    /// let is_root = |peer: &TokioUnixPeer| peer.credentials().is_some_and(|credentials| credentials.uid() == 0);
    /// let server = TokioListener::new(listener, TokioConfig::DEFAULT)?.with_verify(is_root);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_verify<W: FnMut(&L::Peer) -> bool>(self, verify: W) -> TokioListener<L, W> {
        let Parts { incoming, config, places, verify: _ } = self.parts;
        TokioListener { parts: Parts { incoming, config, places, verify } }
    }

    /// Answers requests by the service until `stop` is ready, and ends gracefully then. `on_failure` is called with each
    /// failure, for the log.
    pub fn serve<S: Service<Source = Infallible>>(
        self,
        service: &S,
        stop: impl Future<Output = ()>,
        on_failure: impl FnMut(TokioFailure<L::Peer>),
    ) -> impl Future<Output = TokioReport> {
        async move {
            let (config, timer) = (self.parts.config, TokioTimer::new());
            let http = Http::<S, L> { service, config: &config, timer, of: PhantomData };
            self.run(timer, http, stop, on_failure).await
        }
    }

    /// Has `handler` handle each connection until `stop` is ready, and ends gracefully then. `on_failure` is called with each
    /// failure, for the log.
    ///
    /// When the handler returns `Ok`, what it has written is sent, and the connection is ended in good order: it is read until
    /// the peer ends too, for [`Limits::linger`](wirenut::http::Limits::linger) at most. When it returns an error, the
    /// connection is reset, and the error told as [`TokioFailure::Handler`].
    ///
    /// The handler gives up its place between two requests, and ends when the server does, by
    /// [`TokioConnection::await_more`].
    ///
    /// ```
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use wirenut_embedded_io::{TokioConfig, TokioListener};
    ///
    /// #[tokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    ///     # let mut client = tokio::net::TcpStream::connect(listener.local_addr()?).await?;
    ///     # client.write_all(b"hello").await?;
    ///     let server = TokioListener::new(listener, TokioConfig::DEFAULT)?;
    ///     let stop = async { _ = tokio::signal::ctrl_c().await };
    ///     # let stop = async {
    ///     #     let mut answer = [0; 5];
    ///     #     client.read_exact(&mut answer).await.unwrap();
    ///     #     assert_eq!(&answer, b"HELLO");
    ///     #     drop(client);
    ///     # };
    ///     let report = server
    ///         .handle(
    ///             async |connection, _| {
    ///                 let mut buffer = [0; 1024];
    ///                 while connection.await_more().await {
    ///                     let count = connection.read(&mut buffer).await?;
    ///                     buffer[..count].make_ascii_uppercase();
    ///                     connection.write_all(&buffer[..count]).await?;
    ///                 }
    ///                 Ok(())
    ///             },
    ///             stop,
    ///             |failure| eprintln!("{failure}"),
    ///         )
    ///         .await;
    ///     assert_eq!(report.accepted, 1);
    ///     Ok(())
    /// }
    /// ```
    pub fn handle(
        self,
        handler: impl AsyncFn(&mut TokioConnection<'_, L::Stream>, &L::Peer) -> io::Result<()>,
        stop: impl Future<Output = ()>,
        on_failure: impl FnMut(TokioFailure<L::Peer>),
    ) -> impl Future<Output = TokioReport> {
        async move {
            let config = self.parts.config;
            let handler = Handler { handle: handler, config: &config };
            self.run(TokioTimer::new(), handler, stop, on_failure).await
        }
    }

    /// Speaks the protocol of an [`Endpoint`], which `make` makes for each connection, until `stop` is ready, and ends
    /// gracefully then. `on_failure` is called with each failure, for the log.
    ///
    /// An endpoint need know nothing of the server. Where its protocol is idle ([`Standing::Idle`]), the connection is closed
    /// when the server ends, or somebody needs its place; so it is where a message does not come
    /// ([`Standing::Reading`]) for [`Policy::min_head`] and somebody needs the place. Each connection has the buffers of
    /// [`TokioConfig`], and a store of [`Limits::store_bytes`].
    ///
    /// [`Standing::Idle`]: wirenut::readiness::Standing::Idle
    /// [`Standing::Reading`]: wirenut::readiness::Standing::Reading
    /// [`Policy::min_head`]: wirenut::readiness::Policy::min_head
    /// [`Limits::store_bytes`]: wirenut::http::Limits::store_bytes
    ///
    /// ```no_run
    /// use wirenut::time::Instant;
    /// use wirenut::transport::{Environment, Protocol};
    /// use wirenut_embedded_io::{Endpoint, TokioConfig, TokioListener};
    ///
    /// /// A protocol that needs no clock: see [`Endpoint`] for a whole one.
    /// struct Clockless<P>(P);
    ///
    /// impl<P: Protocol> Endpoint for Clockless<P> {
    ///     fn with<R>(&mut self, _: Instant, _: &Environment<'_>, call: impl FnOnce(&mut dyn Protocol) -> R) -> R {
    ///         call(&mut self.0)
    ///     }
    /// }
    /// # async fn example<P: Protocol>(listener: tokio::net::TcpListener, echo: impl Fn() -> P) -> std::io::Result<()> {
    ///
    /// let server = TokioListener::new(listener, TokioConfig::DEFAULT)?;
    /// server.converse(|_| Clockless(echo()), core::future::pending(), |failure| eprintln!("{failure}")).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn converse<N: Endpoint>(
        self,
        make: impl Fn(&L::Peer) -> N,
        stop: impl Future<Output = ()>,
        on_failure: impl FnMut(TokioFailure<L::Peer>),
    ) -> impl Future<Output = TokioReport> {
        async move {
            let (config, timer) = (self.parts.config, TokioTimer::new());
            let endpoints = Endpoints { make, config: &config, timer };
            self.run(timer, endpoints, stop, on_failure).await
        }
    }

    async fn run(
        self,
        timer: TokioTimer,
        speaker: impl Speak<L::Stream, L::Peer>,
        stop: impl Future<Output = ()>,
        on_failure: impl FnMut(TokioFailure<L::Peer>),
    ) -> TokioReport {
        let connect = |stream, peer, place| contained(&speaker, stream, peer, place);
        let mut running = Running::new(self.parts, timer, connect, on_failure);
        let mut stop = pin!(stop);
        poll_fn(|cx| running.poll(cx, stop.as_mut())).await
    }
}
