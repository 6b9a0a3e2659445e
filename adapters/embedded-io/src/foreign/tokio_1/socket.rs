//! What a connection asks of a stream socket of tokio's beyond reading and writing: one trait over TCP and Unix sockets.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite, Interest};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::foreign::unsent::is_all_sent;

/// A stream socket of tokio 1: [`TcpStream`], or on Unix [`UnixStream`](tokio::net::UnixStream). Nothing else can be one.
pub trait TokioSocket: sealed::Socket {}

impl<S: sealed::Socket> TokioSocket for S {}

pub(super) mod sealed {
    use super::{AsyncRead, AsyncWrite, Interest, io};

    pub trait Socket: AsyncRead + AsyncWrite + Unpin {
        /// To be called when it was accepted. Where that fails, answers come a little later.
        fn prepare(&self);

        /// Has all left that a reset would destroy, as far as the system can tell?
        fn is_all_sent(&self) -> io::Result<bool>;

        /// Does it once the socket is ready.
        async fn when_ready<R>(&self, interest: Interest, io: impl FnMut() -> io::Result<R>) -> io::Result<R>;

        /// Returns when a byte can be read (1), or the peer has ended (0). The byte stays.
        async fn peek(&self) -> io::Result<usize>;

        /// As far as its kind of socket knows a reset.
        fn reset_when_dropped(&self);
    }
}

impl sealed::Socket for TcpStream {
    fn prepare(&self) {
        let _ = self.set_nodelay(true);
    }

    fn is_all_sent(&self) -> io::Result<bool> {
        is_all_sent(self)
    }

    async fn when_ready<R>(&self, interest: Interest, io: impl FnMut() -> io::Result<R>) -> io::Result<R> {
        self.async_io(interest, io).await
    }

    async fn peek(&self) -> io::Result<usize> {
        self.peek(&mut [0]).await
    }

    fn reset_when_dropped(&self) {
        // Where it fails there is no connection to reset.
        let _ = self.set_zero_linger();
    }
}

/// A Unix socket has neither a delay nor a reset, and what was written lies in the peer's queue at once. A peer that has sent
/// what was not read is told `ECONNRESET` behind all that it gets; any other one cannot tell an abort from an end.
#[cfg(unix)]
impl sealed::Socket for UnixStream {
    fn prepare(&self) {}

    fn is_all_sent(&self) -> io::Result<bool> {
        Ok(true)
    }

    async fn when_ready<R>(&self, interest: Interest, io: impl FnMut() -> io::Result<R>) -> io::Result<R> {
        self.async_io(interest, io).await
    }

    async fn peek(&self) -> io::Result<usize> {
        use rustix::net::{RecvFlags, recv};
        let peek = || {
            let (_, count) = rustix::io::retry_on_intr(|| recv(self, &mut [0_u8; 1], RecvFlags::PEEK))?;
            Ok(count)
        };
        self.async_io(Interest::READABLE, peek).await
    }

    fn reset_when_dropped(&self) {}
}
