//! Polling what blocks: it is asked first whether it is ready, and between two polls the caller waits.

use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use wirenut::http::HttpDate;
use wirenut::time::Instant;

use super::{Shutdown, Wanted};
use crate::{Clock, Timer};

/// Polls until it is ready, and waits in between.
pub(super) fn block_on<T, R>(
    future: impl Future<Output = R>,
    stream: &RefCell<&mut T>,
    wanted: &Cell<Wanted>,
    mut wait: impl FnMut(&mut T, Wanted),
) -> R {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        wanted.take();
        if let Poll::Ready(result) = future.as_mut().poll(&mut cx) {
            return result;
        }
        wait(&mut stream.borrow_mut(), wanted.get());
    }
}

/// What blocks, to be polled: it is asked first whether it is ready, and if not, what is wanted is noted.
pub(super) struct Polled<'p, T> {
    pub(super) inner: T,
    pub(super) wanted: &'p Cell<Wanted>,
}

impl<C: Clock> Clock for Polled<'_, &C> {
    fn now(&self) -> Instant {
        self.inner.now()
    }

    fn date(&self) -> Option<HttpDate> {
        self.inner.date()
    }
}

impl<C: Clock> Timer for Polled<'_, &C> {
    async fn wait_until(&self, at: Instant) {
        poll_fn(|_| {
            if self.inner.now() >= at {
                return Poll::Ready(());
            }
            let wanted = self.wanted.get();
            let until = wanted.until.map_or(at, |until| until.min(at));
            self.wanted.set(Wanted { until: Some(until), ..wanted });
            Poll::Pending
        })
        .await;
    }
}

impl<T: ErrorType> ErrorType for Polled<'_, &RefCell<&mut T>> {
    type Error = T::Error;
}

impl<T: Read + ReadReady> embedded_io_async::Read for Polled<'_, &RefCell<&mut T>> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        poll_fn(|_| {
            let mut stream = self.inner.borrow_mut();
            let is_ready = stream.read_ready();
            let read = poll_ready(is_ready, || stream.read(buf));
            if read.is_pending() {
                self.wanted.set(Wanted { reads: true, ..self.wanted.get() });
            }
            read
        })
        .await
    }
}

impl<T: Write + WriteReady> embedded_io_async::Write for Polled<'_, &RefCell<&mut T>> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        poll_fn(|_| {
            let mut stream = self.inner.borrow_mut();
            let is_ready = stream.write_ready();
            let written = poll_ready(is_ready, || stream.write(buf));
            if written.is_pending() {
                self.wanted.set(Wanted { writes: true, ..self.wanted.get() });
            }
            written
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        self.inner.borrow_mut().flush()
    }
}

impl<T: Shutdown> crate::Shutdown for Polled<'_, &RefCell<&mut T>> {
    async fn shutdown_write(&mut self) -> Result<(), Self::Error> {
        self.inner.borrow_mut().shutdown_write()
    }

    async fn drain(&mut self) -> Result<(), Self::Error> {
        poll_fn(|_| match self.inner.borrow_mut().is_drained() {
            Ok(true) => Poll::Ready(Ok(())),
            Ok(false) => {
                self.wanted.set(Wanted { writes: true, ..self.wanted.get() });
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error)),
        })
        .await
    }

    async fn abort(&mut self) {
        self.inner.borrow_mut().abort();
    }
}

impl<'p, T> crate::Split for Polled<'p, &'p RefCell<&'p mut T>>
where
    T: Read + Write + ReadReady + WriteReady + Shutdown,
{
    type Reader<'a>
        = Self
    where
        Self: 'a;
    type Writer<'a>
        = Self
    where
        Self: 'a;

    fn split(&mut self) -> (Self, Self) {
        (Self { ..*self }, Self { ..*self })
    }
}

/// Does it if it is ready. A time-out or an interruption is not the end: it is tried again.
fn poll_ready<E: embedded_io::Error>(
    is_ready: Result<bool, E>,
    operation: impl FnOnce() -> Result<usize, E>,
) -> Poll<Result<usize, E>> {
    match is_ready.and_then(|is_ready| if is_ready { operation().map(Poll::Ready) } else { Ok(Poll::Pending) }) {
        Ok(Poll::Ready(count)) => Poll::Ready(Ok(count)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => Poll::Pending,
        Err(error) => Poll::Ready(Err(error)),
    }
}
