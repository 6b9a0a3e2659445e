//! A stream of embedded-io of which nothing is known.

use core::convert::Infallible;
use core::hint::black_box;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embedded_io::{ErrorKind, ErrorType, ReadReady, WriteReady};
use wirenut::time::Instant;
use wirenut_embedded_io::{Clock, Shutdown, Split, Timer, blocking};

use crate::{keep, now, receive, send};

/// Blocks or is awaited, and may fail.
#[derive(Clone, Copy)]
pub struct Wire;

impl ErrorType for Wire {
    type Error = ErrorKind;
}

fn moved(count: usize) -> Result<usize, ErrorKind> {
    if black_box(false) { Err(ErrorKind::Other) } else { Ok(count) }
}

impl embedded_io::Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        moved(receive(buf))
    }
}

impl embedded_io::Write for Wire {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        moved(send(buf))
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        moved(0).map(|_| ())
    }
}

impl ReadReady for Wire {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        moved(receive(&mut [])).map(|count| count > 0)
    }
}

impl WriteReady for Wire {
    fn write_ready(&mut self) -> Result<bool, ErrorKind> {
        moved(receive(&mut [])).map(|count| count > 0)
    }
}

impl blocking::Shutdown for Wire {
    fn shutdown_write(&mut self) -> Result<(), ErrorKind> {
        moved(0).map(|_| ())
    }

    fn abort(&mut self) {
        send(&[]);
    }
}

impl embedded_io_async::Read for Wire {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        pause().await;
        moved(receive(buf))
    }
}

impl embedded_io_async::Write for Wire {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        pause().await;
        moved(send(buf))
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        pause().await;
        moved(0).map(|_| ())
    }
}

impl Shutdown for Wire {
    async fn shutdown_write(&mut self) -> Result<(), ErrorKind> {
        pause().await;
        moved(0).map(|_| ())
    }

    async fn abort(&mut self) {
        pause().await;
    }
}

impl Split for Wire {
    type Reader<'a> = Self;
    type Writer<'a> = Self;

    fn split(&mut self) -> (Self, Self) {
        (*self, *self)
    }
}

/// A clock that one can wait on.
pub struct Time;

impl Clock for Time {
    fn now(&self) -> Instant {
        now()
    }
}

impl Timer for Time {
    async fn wait_until(&self, at: Instant) {
        core::future::poll_fn(|_| if now() >= at { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

/// Pending as often as the wire likes.
async fn pause() {
    core::future::poll_fn(|_| if receive(&mut []) > 0 { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// An executor of one task, whose future is counted.
#[inline(always)]
pub fn block_on<F: Future>(future: F) -> F::Output {
    keep(&future);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// Content of a request that never ends by itself.
pub struct Content;

impl ErrorType for Content {
    type Error = Infallible;
}

impl embedded_io::Read for Content {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
        Ok(receive(buf))
    }
}

impl embedded_io_async::Read for Content {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
        Ok(receive(buf))
    }
}
