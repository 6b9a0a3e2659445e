//! What the loop polls: the directions of a stream, the time, and the observer. Each is a future that is made anew whenever it
//! has something to do.
//!
//! A future owns what it works with, and gives it back when it is complete. So nothing is shared, and the whole can be
//! sent to another thread if its parts can. It is an `async move` block in a plain function: an `async fn` keeps a second
//! copy of each of its arguments.

use core::marker::PhantomData;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};

use embedded_io_async::{Read, Write};
use wirenut::time::Instant;

use crate::{ConnectionObserver, Retirement};

/// What is to be done with a stream.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Nothing.
    None,
    /// Read into the buffer, behind so many bytes.
    Read(usize),
    /// Write these bytes of the buffer.
    Write(usize, usize),
    /// Flush.
    Flush,
    /// Read content to these bytes of the buffer.
    Content(usize, usize),
}

/// One half of a stream, with a buffer.
pub(crate) struct Half<'b, T> {
    end: T,
    buffer: &'b mut [u8],
}

/// One direction of a stream: at rest, or carrying out an order.
pub(crate) struct Lane<'b, 'p, T, F, S> {
    half: Option<Half<'b, T>>,
    running: Pin<&'p mut Option<F>>,
    start: S,
}

impl<'b, 'p, T, E, F, S> Lane<'b, 'p, T, F, S>
where
    F: Future<Output = (Half<'b, T>, Result<usize, E>)>,
    S: Fn(Half<'b, T>, Order) -> F,
{
    pub(crate) const fn new(end: T, buffer: &'b mut [u8], running: Pin<&'p mut Option<F>>, start: S) -> Self {
        Self { half: Some(Half { end, buffer }), running, start }
    }
}

/// A [`Lane`], whatever it is made of.
pub(crate) trait Direction {
    /// How the stream fails.
    type Error;

    /// The buffer. It may be empty while an order is carried out.
    fn buffer(&mut self) -> &mut [u8];

    /// To be called at rest only.
    fn give(&mut self, order: Order);

    /// What came of the order that was given. To be called only while one is carried out.
    fn poll(&mut self, cx: &mut Context<'_>, order: Order) -> Poll<Result<usize, Self::Error>>;
}

impl<'b, T, E, F, S> Direction for Lane<'b, '_, T, F, S>
where
    F: Future<Output = (Half<'b, T>, Result<usize, E>)>,
    S: Fn(Half<'b, T>, Order) -> F,
{
    type Error = E;

    fn buffer(&mut self) -> &mut [u8] {
        match &mut self.half {
            Some(half) => half.buffer,
            None => &mut [],
        }
    }

    fn give(&mut self, order: Order) {
        if let Some(half) = self.half.take() {
            self.running.set(Some((self.start)(half, order)));
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>, _: Order) -> Poll<Result<usize, E>> {
        let Some(running) = self.running.as_mut().as_pin_mut() else { return Poll::Pending };
        running.poll(cx).map(|(half, outcome)| {
            self.running.set(None);
            self.half = Some(half);
            outcome
        })
    }
}

/// Reads.
pub(crate) fn receive<'b, E, R: Read<Error = E>>(
    mut half: Half<'b, R>,
    order: Order,
) -> impl Future<Output = (Half<'b, R>, Result<usize, E>)> {
    let from = if let Order::Read(from) = order { from } else { 0 };
    async move {
        let outcome = half.end.read(half.buffer.get_mut(from..).unwrap_or(&mut [])).await;
        (half, outcome)
    }
}

/// Writes, or flushes.
pub(crate) fn send<'b, E, W: Write<Error = E>>(
    mut half: Half<'b, W>,
    order: Order,
) -> impl Future<Output = (Half<'b, W>, Result<usize, E>)> {
    async move {
        let outcome = match order {
            Order::Write(from, to) => half.end.write(half.buffer.get(from..to).unwrap_or(&[])).await,
            Order::None | Order::Read(_) | Order::Content(..) | Order::Flush => half.end.flush().await.map(|()| 0),
        };
        (half, outcome)
    }
}

/// Writes, flushes, or reads content.
pub(crate) fn send_content<'b, E, W: Write<Error = E>, B: Read>(
    mut half: Half<'b, (W, B)>,
    order: Order,
) -> impl Future<Output = (Half<'b, (W, B)>, Result<usize, E>)> {
    async move {
        let (writer, content) = &mut half.end;
        let outcome = match order {
            Order::Write(from, to) => writer.write(half.buffer.get(from..to).unwrap_or(&[])).await,
            // A source that fails has read more than there was room for.
            Order::Content(from, to) => {
                Ok(content.read(half.buffer.get_mut(from..to).unwrap_or(&mut [])).await.unwrap_or(usize::MAX))
            }
            Order::None | Order::Read(_) | Order::Flush => writer.flush().await.map(|()| 0),
        };
        (half, outcome)
    }
}

/// Nothing is written.
pub(crate) struct Unused<E>(PhantomData<E>);

impl<E> Unused<E> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<E> Direction for Unused<E> {
    type Error = E;

    fn buffer(&mut self) -> &mut [u8] {
        &mut []
    }

    fn give(&mut self, _: Order) {}

    fn poll(&mut self, _: &mut Context<'_>, _: Order) -> Poll<Result<usize, E>> {
        Poll::Pending
    }
}

/// When the loop goes on, whatever the stream does.
pub(crate) struct Alarm<'p, F, S> {
    /// The last instant there is: never.
    at: Instant,
    sleep: Pin<&'p mut Option<F>>,
    start: S,
}

impl<'p, F: Future<Output = ()>, S: Fn(Instant) -> F> Alarm<'p, F, S> {
    pub(crate) const fn new(sleep: Pin<&'p mut Option<F>>, start: S) -> Self {
        Self { at: Instant::NEVER, sleep, start }
    }
}

/// An [`Alarm`], whatever it is made of.
pub(crate) trait Time {
    /// From now on it is due then, or never.
    fn set(&mut self, at: Option<Instant>);

    /// Is it due? Once.
    fn is_due(&mut self, cx: &mut Context<'_>) -> bool;
}

impl<F: Future<Output = ()>, S: Fn(Instant) -> F> Time for Alarm<'_, F, S> {
    fn set(&mut self, at: Option<Instant>) {
        if mem::replace(&mut self.at, at.unwrap_or(Instant::NEVER)) != self.at {
            self.sleep.set(at.map(&self.start));
        }
    }

    fn is_due(&mut self, cx: &mut Context<'_>) -> bool {
        let is_due = self.sleep.as_mut().as_pin_mut().is_some_and(|sleep| sleep.poll(cx).is_ready());
        if is_due {
            self.set(None);
        }
        is_due
    }
}

impl<T: Time + ?Sized> Time for &mut T {
    fn set(&mut self, at: Option<Instant>) {
        (**self).set(at);
    }

    fn is_due(&mut self, cx: &mut Context<'_>) -> bool {
        (**self).is_due(cx)
    }
}

/// An observer, and its wish.
pub(crate) struct Observed<'p, L, F, S> {
    observer: &'p L,
    wish: Pin<&'p mut Option<F>>,
    start: S,
}

impl<'p, L: ConnectionObserver, F: Future<Output = Retirement>, S: Fn() -> F> Observed<'p, L, F, S> {
    pub(crate) fn new(observer: &'p L, mut wish: Pin<&'p mut Option<F>>, start: S) -> Self {
        wish.set(Some(start()));
        Self { observer, wish, start }
    }
}

/// What is [`Observed`], whatever it is made of.
pub(crate) trait Observe {
    /// The observer.
    type Observer: ConnectionObserver;

    fn observer(&self) -> &Self::Observer;

    /// Is the connection to end? Once.
    fn wish(&mut self, cx: &mut Context<'_>) -> Option<Retirement>;
}

impl<L: ConnectionObserver, F: Future<Output = Retirement>, S: Fn() -> F> Observe for Observed<'_, L, F, S> {
    type Observer = L;

    fn observer(&self) -> &L {
        self.observer
    }

    fn wish(&mut self, cx: &mut Context<'_>) -> Option<Retirement> {
        let Poll::Ready(wish) = self.wish.as_mut().as_pin_mut()?.poll(cx) else { return None };
        // Who is to end need not be told again.
        self.wish.set((wish == Retirement::Now).then(&self.start));
        Some(wish)
    }
}

/// Nobody wishes anything.
pub(crate) struct Alone;

impl Observe for Alone {
    type Observer = ();

    fn observer(&self) -> &() {
        &()
    }

    fn wish(&mut self, _: &mut Context<'_>) -> Option<Retirement> {
        None
    }
}
