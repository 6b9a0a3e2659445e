//! A stream of tokio 1 as a connection needs it: a socket, or what lies over one.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use embedded_io_adapters::tokio_1::FromTokio;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, Interest, ReadBuf};
use tokio::net::TcpStream;

use super::socket::TokioSocket;
use crate::{Shutdown, Split};

/// A stream of tokio: a socket ([`TokioStream::new`]), or what lies over one, such as TLS ([`TokioStream::over`]).
///
/// Over either, a connection that breaks is reset, and only once the system has sent all that was written before. A stream
/// of tokio that has no socket, or does not show it, is taken, too ([`TokioStream::without_socket`]).
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
/// connection.serve(&mut TokioStream::new(stream), &service, &TokioTimer::new()).await.expect("a request in good order");
///
/// let mut answer = String::new();
/// client.read_to_string(&mut answer).await?;
/// assert!(answer.starts_with("HTTP/1.1 204 No Content\r\n"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TokioStream<T, S = T> {
    /// Never waited for: both halves belong to one connection, which polls one after the other. A cell would do, but a future
    /// with a reference to one could not move between threads.
    stream: Mutex<T>,
    socket: Option<fn(&T) -> &S>,
}

impl<S: TokioSocket> TokioStream<S> {
    /// A socket: TCP, or on Unix a Unix socket.
    #[must_use]
    pub const fn new(socket: S) -> Self {
        Self { stream: Mutex::new(socket), socket: Some(|socket| socket) }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin, S: TokioSocket> TokioStream<T, S> {
    /// What lies over a socket, and how to get at that.
    ///
    /// The stream's own shutdown is its end: over TLS that is close_notify. A reset of the socket has none before it, so the
    /// peer sees that what it got is not whole.
    ///
    /// ```
    /// use tokio::net::TcpStream;
    /// use tokio_rustls::server::TlsStream;
    /// use wirenut_embedded_io::TokioStream;
    ///
    /// /// What `Server::serve` takes.
    /// fn over_tls(tls: TlsStream<TcpStream>) -> TokioStream<TlsStream<TcpStream>, TcpStream> {
    ///     TokioStream::over(tls, |tls| tls.get_ref().0)
    /// }
    /// ```
    #[must_use]
    pub const fn over(stream: T, socket: fn(&T) -> &S) -> Self {
        Self { stream: Mutex::new(stream), socket: Some(socket) }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> TokioStream<T, TcpStream> {
    /// A stream without a socket, or with one that cannot be got at. A connection that breaks drops it without an end, and
    /// waits for nothing before: what was written and has not left may be lost.
    ///
    /// ```
    /// use wirenut_embedded_io::TokioStream;
    /// let (here, there) = tokio::io::duplex(1024);
    /// let (server, client) = (TokioStream::without_socket(here), TokioStream::without_socket(there));
    /// ```
    #[must_use]
    pub const fn without_socket(stream: T) -> Self {
        Self { stream: Mutex::new(stream), socket: None }
    }
}

impl<T, S> TokioStream<T, S> {
    /// The stream itself.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.stream.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get_mut(&mut self) -> &mut T {
        self.stream.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn socket(&mut self) -> Option<&S> {
        let socket = self.socket?;
        Some(socket(self.get_mut()))
    }
}

impl<T, S> embedded_io::ErrorType for TokioStream<T, S> {
    type Error = io::Error;
}

impl<T: AsyncRead + AsyncWrite + Unpin, S: TokioSocket> Shutdown for TokioStream<T, S> {
    async fn shutdown_write(&mut self) -> io::Result<()> {
        self.get_mut().shutdown().await
    }

    /// On Linux once the system has sent all. Other systems cannot tell: there the peer may lose what it has not read yet.
    async fn drain(&mut self) -> io::Result<()> {
        let Some(socket) = self.socket() else { return Ok(()) };
        let has_left = || if socket.is_all_sent()? { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) };
        socket.when_ready(Interest::WRITABLE, has_left).await
    }

    /// A reset is sent when the socket is dropped. A Unix socket has none: its peer sees the end of what was sent.
    async fn abort(&mut self) {
        if let Some(socket) = self.socket() {
            socket.reset_when_dropped();
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin, S: TokioSocket> Split for TokioStream<T, S> {
    type Reader<'a>
        = FromTokio<TokioHalf<'a, T>>
    where
        Self: 'a;
    type Writer<'a>
        = FromTokio<TokioHalf<'a, T>>
    where
        Self: 'a;

    fn split(&mut self) -> (Self::Reader<'_>, Self::Writer<'_>) {
        let half = || FromTokio::new(TokioHalf { stream: &self.stream });
        (half(), half())
    }
}

/// One direction of a [`TokioStream`].
#[derive(Debug)]
pub struct TokioHalf<'a, T> {
    stream: &'a Mutex<T>,
}

impl<T> TokioHalf<'_, T> {
    fn lock(&self) -> MutexGuard<'_, T> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for TokioHalf<'_, T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for TokioHalf<'_, T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.lock()).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_shutdown(cx)
    }
}
