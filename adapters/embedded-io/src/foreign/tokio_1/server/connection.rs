//! A connection, as its handler sees it.

use alloc::boxed::Box;
use core::fmt;
use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use std::io::{self, IoSlice};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{self, Instant, Sleep};
use wirenut::readiness::Standing;

use super::config::TokioConfig;
use super::place::Place;
use crate::foreign::tokio_1::socket::TokioSocket;
use crate::{ConnectionObserver as _, Retirement};

/// A connection of a [`TokioListener`](super::TokioListener), lent to its handler. It is read and written by the traits of
/// tokio ([`AsyncReadExt`](tokio::io::AsyncReadExt), [`AsyncWriteExt`](tokio::io::AsyncWriteExt)).
///
/// A read or a write fails with [`TimedOut`](io::ErrorKind::TimedOut) where no byte has come or gone for
/// [`TokioConfig::patience`]. The handler may go on after that.
///
/// ```
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use wirenut_embedded_io::{TokioConnection, TokioSocket};
///
/// /// Sends back what comes, until the peer ends.
/// async fn echo<S: TokioSocket>(connection: &mut TokioConnection<'_, S>) -> std::io::Result<()> {
///     let mut buffer = [0; 1024];
///     while connection.await_more().await {
///         let count = connection.read(&mut buffer).await?;
///         connection.write_all(&buffer[..count]).await?;
///     }
///     Ok(())
/// }
/// # async fn types(connection: &mut TokioConnection<'_, tokio::net::TcpStream>) { _ = echo(connection).await }
/// ```
pub struct TokioConnection<'c, S> {
    socket: &'c mut S,
    place: &'c Place,
    config: &'c TokioConfig,
    alarm: Option<Pin<Box<Sleep>>>,
    /// Nothing has come or gone since the alarm was set.
    is_waiting: bool,
    has_read: bool,
    told: Option<Retirement>,
}

impl<'c, S: TokioSocket> TokioConnection<'c, S> {
    pub(super) const fn new(socket: &'c mut S, place: &'c Place, config: &'c TokioConfig) -> Self {
        Self { socket, place, config, alarm: None, is_waiting: false, has_read: false, told: None }
    }

    /// The socket: for its options and addresses.
    #[must_use]
    pub const fn socket(&self) -> &S {
        self.socket
    }

    /// Waits for the next request of the peer, or whatever it sends next. True if there is something to read. False if there is
    /// not, and the handler is to return: the peer has ended, or its connection is lost; it has said nothing for
    /// [`Limits::idle`](wirenut::http::Limits::idle), or for [`Limits::head`](wirenut::http::Limits::head) where it has never
    /// said anything; or the server ends.
    ///
    /// Meanwhile the connection counts as idle: it may be closed to make room for another one. So this is to be called
    /// between two requests, when all that came was taken out of buffers of the handler's own, and answered. A handler that
    /// never calls it keeps its place for as long as it likes, and is cut at the end of
    /// [`TokioConfig::drain`](TokioConfig::drain).
    ///
    /// Once the server ends, what the peer has sent by then is still read. Dropping the future loses nothing.
    pub async fn await_more(&mut self) -> bool {
        let mut coming = pin!(self.socket.peek());
        let at_once = poll_fn(|cx| Poll::Ready(coming.as_mut().poll(cx))).await;
        match (at_once, self.told) {
            (Poll::Ready(peeked), told) => return told != Some(Retirement::Now) && peeked.is_ok_and(|count| count > 0),
            (Poll::Pending, Some(_)) => return false,
            (Poll::Pending, None) => {}
        }
        let (standing, most) = if self.has_read {
            (Standing::Idle, self.config.limits.idle)
        } else {
            (Standing::Reading, self.config.limits.head)
        };
        self.place.set_standing(standing);
        let mut most = pin!(time::sleep(most.into()));
        let mut retired = pin!(self.place.retired());
        let has_more = poll_fn(|cx| {
            if let Poll::Ready(peeked) = coming.as_mut().poll(cx) {
                return Poll::Ready(peeked.is_ok_and(|count| count > 0));
            }
            if let Poll::Ready(told) = retired.as_mut().poll(cx) {
                self.told = Some(told);
                // What has come by now may not have been seen yet.
                let peeked = coming.as_mut().poll(cx);
                return Poll::Ready(matches!(peeked, Poll::Ready(Ok(count)) if count > 0));
            }
            most.as_mut().poll(cx).map(|()| false)
        })
        .await;
        match self.told {
            // It stays idle: if it does not go, it is told again.
            Some(Retirement::Now) if !has_more => self.place.tell(),
            Some(Retirement::Now) => {
                self.told = None;
                self.place.handle_stay();
                self.place.stay();
            }
            Some(Retirement::WhenDone) | None => self.place.stay(),
        }
        has_more
    }

    /// What a read or a write has come to. If it waits, no longer than it may.
    fn hurry<T>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if done.is_ready() {
            self.is_waiting = false;
            return done;
        }
        let until = Instant::now().checked_add(self.config.patience.into());
        let alarm = match (&mut self.alarm, until) {
            (Some(alarm), until) => {
                if let (false, Some(until)) = (self.is_waiting, until) {
                    alarm.as_mut().reset(until);
                }
                alarm
            }
            (alarm @ None, Some(until)) => alarm.insert(Box::pin(time::sleep_until(until))),
            // Too late for the system is never.
            (None, None) => return Poll::Pending,
        };
        self.is_waiting = true;
        let is_late = alarm.as_mut().poll(cx);
        if is_late.is_ready() {
            self.is_waiting = false;
        }
        is_late.map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: fmt::Debug> fmt::Debug for TokioConnection<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioConnection").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl<S: TokioSocket> AsyncRead for TokioConnection<'_, S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut *self.socket).poll_read(cx, buf);
        self.has_read |= buf.filled().len() > before;
        self.hurry(cx, read)
    }
}

impl<S: TokioSocket> AsyncWrite for TokioConnection<'_, S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut *self.socket).poll_write(cx, buf);
        self.hurry(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut *self.socket).poll_write_vectored(cx, bufs);
        self.hurry(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut *self.socket).poll_flush(cx);
        self.hurry(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut *self.socket).poll_shutdown(cx);
        self.hurry(cx, shut)
    }
}
