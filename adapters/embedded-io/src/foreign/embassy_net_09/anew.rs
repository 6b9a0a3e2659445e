//! Waiting without a future that is kept. Whatever embassy-net and embassy-time wait for is with the stack, and with the queue
//! of the timers: their futures hold nothing. So they are made anew for each look, which takes less memory than to keep them.

use core::future::poll_fn;
use core::pin::pin;
use core::task::{Context, Poll};

use embassy_net::tcp::{Error, TcpSocket};
use embedded_io_async::{Read, Write};
use wirenut::time::Instant;

use crate::converse::Course;
use crate::endpoint::Caller;
use crate::lane::{Direction, Observe, Order, Time};
use crate::link::{Ending, Link};
use crate::{Buffers, Clock, Split, StreamError};

/// Goes on with a future that holds nothing.
pub(super) fn look<F: Future>(cx: &mut Context<'_>, future: F) -> Poll<F::Output> {
    pin!(future).poll(cx)
}

/// One half of a socket, with a buffer.
struct Half<'b, T> {
    end: T,
    buffer: &'b mut [u8],
}

/// What is read.
struct Incoming<'b, R>(Half<'b, R>);

impl<R: Read> Direction for Incoming<'_, R> {
    type Error = R::Error;

    fn buffer(&mut self) -> &mut [u8] {
        self.0.buffer
    }

    fn give(&mut self, _: Order) {}

    fn poll(&mut self, cx: &mut Context<'_>, order: Order) -> Poll<Result<usize, R::Error>> {
        let Order::Read(from) = order else { return Poll::Pending };
        look(cx, self.0.end.read(self.0.buffer.get_mut(from..).unwrap_or(&mut [])))
    }
}

/// What is written. It is never flushed: see [`EmbassyWriter`](super::EmbassyWriter).
struct Outgoing<'b, W>(Half<'b, W>);

impl<W: Write> Direction for Outgoing<'_, W> {
    type Error = W::Error;

    fn buffer(&mut self) -> &mut [u8] {
        self.0.buffer
    }

    fn give(&mut self, _: Order) {}

    fn poll(&mut self, cx: &mut Context<'_>, order: Order) -> Poll<Result<usize, W::Error>> {
        let Order::Write(from, to) = order else { return Poll::Ready(Ok(0)) };
        look(cx, self.0.end.write(self.0.buffer.get(from..to).unwrap_or(&[])))
    }
}

/// Goes on until the connection is over, and the socket has ended as is right then.
pub(super) fn converse(
    link: &mut Link<'_, impl Caller, impl Clock, impl Time, impl Observe>,
    socket: &mut TcpSocket<'_>,
    buffers: &mut Buffers<'_>,
) -> impl Future<Output = Result<(), StreamError<Error>>> {
    async move {
        let mut course = Course::NEW;
        loop {
            if course.ending == Ending::None {
                course.handle_spoken(speak(link, socket, buffers).await);
            }
            course.tell(link);
            if course.handle_ended(end(link, socket, course.ending).await) {
                return course.outcome;
            }
        }
    }
}

fn speak(
    link: &mut Link<'_, impl Caller, impl Clock, impl Time, impl Observe>,
    socket: &mut TcpSocket<'_>,
    buffers: &mut Buffers<'_>,
) -> impl Future<Output = Result<Ending, StreamError<Error>>> {
    link.begin();
    poll_fn(|cx| {
        let capacity = buffers.output.len();
        let (reader, writer) = Split::split(socket);
        let mut incoming = Incoming(Half { end: reader, buffer: buffers.input });
        let mut outgoing = Outgoing(Half { end: writer, buffer: buffers.output });
        link.poll(cx, &mut incoming, &mut outgoing, (buffers.store, capacity))
    })
}

fn end(
    link: &mut Link<'_, impl Caller, impl Clock, impl Time, impl Observe>,
    socket: &mut TcpSocket<'_>,
    ending: Ending,
) -> impl Future<Output = Result<bool, Error>> {
    let is_done = ending == Ending::Close && link.conversation.is_shut();
    match ending {
        Ending::Cut => socket.abort(),
        Ending::None | Ending::ShutdownWrite | Ending::Close if !is_done => socket.close(),
        Ending::None | Ending::ShutdownWrite | Ending::Close | Ending::Abort => {}
    }
    let mut is_waiting = false;
    poll_fn(move |cx| {
        link.poll_end(cx, ending, &mut is_waiting, |cx| {
            if is_done {
                return Poll::Ready(Ok(()));
            }
            // Until the peer has all that was written, and knows that there is no more; or until the reset has left.
            look(cx, socket.flush())
        })
    })
}

/// When the task goes on, whatever else happens.
pub(super) struct Alarm {
    /// The last instant there is: never.
    at: Instant,
}

impl Alarm {
    pub(super) const NEW: Self = Self::at(Instant::NEVER);

    pub(super) const fn at(at: Instant) -> Self {
        Self { at }
    }
}

impl Time for Alarm {
    fn set(&mut self, at: Option<Instant>) {
        self.at = at.unwrap_or(Instant::NEVER);
    }

    fn is_due(&mut self, cx: &mut Context<'_>) -> bool {
        // What is too late for the ticks of the device is never.
        let Some(at) = embassy_time::Instant::try_from_micros(self.at.as_micros()) else { return false };
        if self.at == Instant::NEVER {
            return false;
        }
        if at <= embassy_time::Instant::now() {
            self.at = Instant::NEVER;
            return true;
        }
        // At its first look a timer asks to be woken, and is not due.
        let _ = look(cx, embassy_time::Timer::at(at));
        false
    }
}
