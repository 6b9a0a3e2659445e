//! The listening socket: while the server runs, and when it ends.

use core::net::SocketAddr;
use core::task::{Context, Poll};
use std::io;
use std::net::TcpListener as StdListener;

use tokio::net::{TcpListener, TcpStream};

/// How many are taken in when the server ends: as many as a queue holds. Others may come for as long as one looks.
const MAX_REST: u32 = 4_096;

/// Where connections come from.
pub(super) enum Incoming {
    Open(TcpListener),
    /// Those who wait in the queue, and nobody after them. Not through tokio, which says "not now" for reasons of its own.
    Rest(StdListener, u32),
    Closed,
}

impl Incoming {
    /// From now on only those who wait are taken.
    pub(super) fn end(&mut self) {
        if let Self::Open(listener) = core::mem::replace(self, Self::Closed)
            && let Ok(listener) = listener.into_std()
        {
            *self = Self::Rest(listener, MAX_REST);
        }
    }

    /// From now on nobody is taken.
    pub(super) fn close(&mut self) {
        *self = Self::Closed;
    }

    pub(super) const fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }

    /// The next one. `Pending` where nobody waits, and the task is woken when somebody does, unless this has ended.
    pub(super) fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        loop {
            let outcome = match self {
                Self::Open(listener) => match listener.poll_accept(cx) {
                    Poll::Ready(outcome) => outcome,
                    Poll::Pending => return Poll::Pending,
                },
                Self::Rest(_, 0) => Err(io::ErrorKind::WouldBlock.into()),
                Self::Rest(listener, left) => {
                    *left = left.saturating_sub(1);
                    accept_at_once(listener)
                }
                Self::Closed => return Poll::Pending,
            };
            match outcome {
                // It was lost before it was accepted: the next one.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    *self = Self::Closed;
                    return Poll::Pending;
                }
                outcome => return Poll::Ready(outcome),
            }
        }
    }
}

/// Of a listener of tokio's, which does not block.
fn accept_at_once(listener: &StdListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, peer) = listener.accept()?;
    stream.set_nonblocking(true)?;
    Ok((TcpStream::from_std(stream)?, peer))
}
