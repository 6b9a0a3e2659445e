//! The sockets and timers of tokio 1.

use embedded_io_adapters::tokio_1::FromTokio;
use tokio::io::{AsyncWriteExt, Interest};
use tokio::time;
use wirenut::http::HttpDate;
use wirenut::time::{Duration, Instant};

use crate::foreign::date::today;
use crate::{Clock, Shutdown, Split, Timer};
use std::io;

mod socket;
pub use socket::TokioSocket;

#[cfg(unix)]
mod alarm;
#[cfg(unix)]
mod datagrams;
#[cfg(unix)]
mod panics;
#[cfg(unix)]
mod server;
#[cfg(unix)]
pub use datagrams::{
    TokioDatagramConfig, TokioDatagramFailure, TokioDatagramReport, TokioDatagramSocket, TokioDatagrams,
};
#[cfg(unix)]
pub use server::{
    TokioAccept, TokioConfig, TokioConnection, TokioFailure, TokioListener, TokioReport, TokioStop, TokioUnixPeer,
    serve_on_threads,
};

/// A stream socket of tokio: TCP, or on Unix a Unix socket.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use wirenut::http::Limits;
/// use wirenut_embedded_io::{Buffers, Server, TokioStream, TokioTimer};
/// use wirenut_reference::{MemoryDevice, Reference};
///
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let mut client = tokio::net::TcpStream::connect(listener.local_addr()?).await?;
/// client.write_all(b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await?;
///
/// let (stream, peer) = listener.accept().await?;
/// let (mut input, mut store, mut output) = ([0; 16 * 1024], [0; Limits::DEFAULT.store_bytes()], [0; 4096]);
/// let connection = Server::new(&Limits::DEFAULT, Buffers { input: &mut input, store: &mut store, output: &mut output }).with_peer(peer);
/// let service = Reference { device: MemoryDevice::new() };
/// connection.serve(&mut TokioStream(stream), &service, &TokioTimer::new()).await.expect("a request in good order");
///
/// let mut answer = String::new();
/// client.read_to_string(&mut answer).await?;
/// assert!(answer.starts_with("HTTP/1.1 204 No Content\r\n"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TokioStream<S>(pub S);

impl<S> embedded_io::ErrorType for TokioStream<S> {
    type Error = io::Error;
}

impl<S: TokioSocket> Shutdown for TokioStream<S> {
    async fn shutdown_write(&mut self) -> io::Result<()> {
        self.0.shutdown().await
    }

    /// On Linux once the system has sent all. Other systems cannot tell: there the peer may lose what it has not read yet.
    async fn drain(&mut self) -> io::Result<()> {
        let has_left = || if self.0.is_all_sent()? { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) };
        self.0.when_ready(Interest::WRITABLE, has_left).await
    }

    /// A reset is sent when the socket is dropped. A Unix socket has none: its peer sees the end of what was sent.
    async fn abort(&mut self) {
        self.0.reset_when_dropped();
    }
}

impl<S: TokioSocket> Split for TokioStream<S> {
    type Reader<'a>
        = FromTokio<S::ReadHalf<'a>>
    where
        S: 'a;
    type Writer<'a>
        = FromTokio<S::WriteHalf<'a>>
    where
        S: 'a;

    fn split(&mut self) -> (Self::Reader<'_>, Self::Writer<'_>) {
        let (reader, writer) = self.0.halves();
        (FromTokio::new(reader), FromTokio::new(writer))
    }
}

/// The time of tokio, which tests may pause, and the time of day for the Date field, from the system.
#[derive(Clone, Copy, Debug)]
pub struct TokioTimer {
    start: time::Instant,
}

impl TokioTimer {
    /// A timer that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: time::Instant::now() }
    }

    /// `None`: what is too late for the system is never.
    fn sleep_until(&self, at: Instant) -> Option<time::Sleep> {
        let since_start: Duration = at.saturating_since(Instant::START);
        self.start.checked_add(since_start.into()).map(time::sleep_until)
    }
}

impl Default for TokioTimer {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TokioTimer {
    fn now(&self) -> Instant {
        Instant::START.saturating_add(self.start.elapsed().into())
    }

    fn date(&self) -> Option<HttpDate> {
        today()
    }
}

impl Timer for TokioTimer {
    async fn wait_until(&self, at: Instant) {
        match self.sleep_until(at) {
            Some(sleep) => sleep.await,
            None => core::future::pending().await,
        }
    }
}
