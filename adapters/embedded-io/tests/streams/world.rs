//! A wire in memory with a clock of its own, and an executor that lets time pass only when nothing else can happen.

use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};

use embedded_io::{ErrorKind, ErrorType};
use embedded_io_async::{Read, Write};
use wirenut::time::Instant;
use wirenut_embedded_io::{Clock, Halves, Shutdown, Timer};

/// A clock that stands still until [`run`] moves it.
#[derive(Default)]
pub(crate) struct World {
    now: Cell<Instant>,
    due: Cell<Option<Instant>>,
}

impl Clock for World {
    fn now(&self) -> Instant {
        self.now.get()
    }
}

impl Timer for World {
    async fn wait_until(&self, at: Instant) {
        poll_fn(|_| {
            if self.now.get() >= at {
                return Poll::Ready(());
            }
            self.due.set(Some(self.due.get().map_or(at, |due| due.min(at))));
            Poll::Pending
        })
        .await;
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Polls until it is ready, with every deadline on the way kept to the microsecond.
///
/// # Panics
/// If nothing can happen any more.
pub(crate) fn run<R>(world: &World, future: impl Future<Output = R>) -> R {
    let mut future = pin!(future);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    for _ in 0..1_000_000 {
        world.due.take();
        if let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return result;
        }
        if !woken.0.swap(false, Ordering::Relaxed) {
            world.now.set(world.due.get().expect("everybody waits for ever"));
        }
    }
    panic!("polled without end");
}

/// Both, together.
pub(crate) async fn join<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut one, mut other) = (None, None);
    poll_fn(|cx| {
        if one.is_none()
            && let Poll::Ready(result) = first.as_mut().poll(cx)
        {
            one = Some(result);
        }
        if other.is_none()
            && let Poll::Ready(result) = second.as_mut().poll(cx)
        {
            other = Some(result);
        }
        if one.is_some() && other.is_some() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    one.zip(other).expect("both are ready")
}

/// The first, with the second beside it.
pub(crate) async fn beside<R>(main: impl Future<Output = R>, side: impl Future<Output = ()>) -> R {
    let (mut main, mut side) = (pin!(main), pin!(side));
    let mut is_done = false;
    poll_fn(|cx| {
        is_done = is_done || side.as_mut().poll(cx).is_ready();
        main.as_mut().poll(cx)
    })
    .await
}

/// Drops a future that is not complete after so many polls.
pub(crate) async fn polled_at_most<R>(polls: usize, future: impl Future<Output = R>) -> Option<R> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if left > 0
            && let Poll::Ready(output) = future.as_mut().poll(cx)
        {
            return Poll::Ready(Some(output));
        }
        left = left.saturating_sub(1);
        if left == 0 { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

/// One direction of a wire.
struct Pipe {
    bytes: VecDeque<u8>,
    capacity: usize,
    has_ended: bool,
    is_reset: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    fn wake(&mut self) {
        [self.reader.take(), self.writer.take()].into_iter().flatten().for_each(Waker::wake);
    }
}

type Shared = Rc<RefCell<Pipe>>;

/// What one end reads: at most so many bytes at a time.
pub(crate) struct Reader {
    pipe: Shared,
    pub(crate) most: usize,
}

/// What one end writes: at most so many bytes at a time.
pub(crate) struct Writer {
    pipe: Shared,
    back: Shared,
    pub(crate) most: usize,
    /// Flushing waits until the peer has all of it, as that of embassy-net does.
    pub(crate) flushes: bool,
}

pub(crate) type End = Halves<Reader, Writer>;

/// A wire that holds so many bytes each way.
pub(crate) fn wire(capacity: usize) -> (End, End) {
    let pipe = || {
        let (has_ended, is_reset) = (false, false);
        let pipe = Pipe { bytes: VecDeque::new(), capacity, has_ended, is_reset, reader: None, writer: None };
        Rc::new(RefCell::new(pipe))
    };
    let (there, back) = (pipe(), pipe());
    let end = |from: &Shared, to: &Shared| Halves {
        reader: Reader { pipe: Rc::clone(from), most: usize::MAX },
        writer: Writer { pipe: Rc::clone(to), back: Rc::clone(from), most: usize::MAX, flushes: false },
    };
    (end(&back, &there), end(&there, &back))
}

impl ErrorType for Reader {
    type Error = ErrorKind;
}

impl ErrorType for Writer {
    type Error = ErrorKind;
}

impl Reader {
    /// Nothing changes unless it is ready.
    fn poll_read(&self, cx: &Context<'_>, buf: &mut [u8]) -> Poll<Result<usize, ErrorKind>> {
        let mut pipe = self.pipe.borrow_mut();
        if pipe.is_reset {
            return Poll::Ready(Err(ErrorKind::ConnectionReset));
        }
        let count = pipe.bytes.len().min(buf.len()).min(self.most);
        if count == 0 && !pipe.has_ended {
            pipe.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        for (to, from) in buf.iter_mut().zip(pipe.bytes.drain(..count)) {
            *to = from;
        }
        pipe.wake();
        Poll::Ready(Ok(count))
    }
}

impl Read for Reader {
    /// Not safe to cancel: like a DMA it takes the bytes first, and delivers them when it is polled again.
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        let count = poll_fn(|cx| self.poll_read(cx, buf)).await?;
        let mut is_delivered = count == 0;
        poll_fn(|cx| {
            if core::mem::replace(&mut is_delivered, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        Ok(count)
    }
}

impl Write for Writer {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        poll_fn(|cx| {
            let mut pipe = self.pipe.borrow_mut();
            if pipe.is_reset {
                return Poll::Ready(Err(ErrorKind::ConnectionReset));
            }
            assert!(!pipe.has_ended, "written behind the end");
            let count = (pipe.capacity - pipe.bytes.len()).min(buf.len()).min(self.most);
            if count == 0 {
                pipe.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            pipe.bytes.extend(&buf[..count]);
            pipe.wake();
            Poll::Ready(Ok(count))
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        poll_fn(|cx| {
            let mut pipe = self.pipe.borrow_mut();
            if self.flushes && !pipe.bytes.is_empty() {
                pipe.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        })
        .await
    }
}

impl Shutdown for Writer {
    async fn shutdown_write(&mut self) -> Result<(), ErrorKind> {
        let mut pipe = self.pipe.borrow_mut();
        assert!(!pipe.has_ended, "ended twice");
        pipe.has_ended = true;
        pipe.wake();
        Ok(())
    }

    async fn abort(&mut self) {
        for pipe in [&self.pipe, &self.back] {
            let mut pipe = pipe.borrow_mut();
            pipe.is_reset = true;
            pipe.wake();
        }
    }
}

/// What a peer got, and how it ended.
pub(crate) async fn read_to_end(reader: &mut Reader) -> (Vec<u8>, Result<(), ErrorKind>) {
    let (mut bytes, mut piece) = (Vec::new(), [0; 1000]);
    loop {
        match reader.read(&mut piece).await {
            Ok(0) => return (bytes, Ok(())),
            Ok(count) => bytes.extend(&piece[..count]),
            Err(error) => return (bytes, Err(error)),
        }
    }
}
