//! Waiting: the futures of a stream, driven by the loop.
//!
//! ```text
//!     stream ── split ──► incoming ─┐ orders, buffers  ┌────────────┐
//!                         outgoing ─┼─────────────────►│ Link::poll │──► Conversation ──► Protocol
//!     timer ────────────► alarm    ─┤◄─────────────────│            │
//!     observer ─────────► observed ─┘     outcomes     └────────────┘
//!                                                            │
//!     stream ◄── shutdown_write, drain, abort ◄──────────────┘
//! ```

use core::future::poll_fn;
use core::pin::pin;
use core::task::{Poll, Waker};

use embedded_io_async::Read;
use wirenut::time::Instant;
use wirenut::transport::Conversation;

use crate::endpoint::{Caller, Lasting};
use crate::lane::{self, Alarm, Direction, Lane, Observe, Observed, Time, Unused};
use crate::link::{Ending, Link, News};
use crate::{Buffers, Clock, ConnectionObserver, Endpoint, Operation, Shutdown, Split, StreamError, Timer};

/// Speaks a protocol on a stream until the connection is over, and ends the stream as is right then; it is only dropped
/// afterwards. In which order things happen is decided by a [`Conversation`]; see [`Endpoint`] for an example.
///
/// A read that has begun is kept until it is complete; bytes that were not consumed are with it, so meanwhile the protocol is
/// offered none. While something is being written nothing is read. A write, a flush
/// or an end that waits is held to the protocol's deadlines ([`Protocol::handle_sent`](wirenut::transport::Protocol) tells
/// it what is left); without one it may wait for ever. [`Buffers::store`] may be empty, if the protocol needs none.
///
/// Dropping the future gives the connection up as it is: [`Shutdown::abort`] the stream then.
///
/// # Errors
/// The stream has failed: the protocol was told ([`Protocol::handle_reset`](wirenut::transport::Protocol)), and the stream
/// was aborted.
pub fn converse<T: Split, N: Endpoint>(
    stream: &mut T,
    endpoint: &mut N,
    buffers: Buffers<'_>,
    timer: &impl Timer,
    observer: &impl ConnectionObserver,
) -> impl Future<Output = Result<(), StreamError<T::Error>>> {
    let mut buffers = buffers;
    async move { converse_in(stream, endpoint, &mut buffers, timer, observer).await }
}

/// The same, in buffers that the caller keeps: a future that owned them would keep them twice.
pub(crate) fn converse_in<T: Split, N: Endpoint>(
    stream: &mut T,
    endpoint: &mut N,
    buffers: &mut Buffers<'_>,
    timer: &impl Timer,
    observer: &impl ConnectionObserver,
) -> impl Future<Output = Result<(), StreamError<T::Error>>> {
    async move {
        let (sleep, wish) = (pin!(None), pin!(None));
        let alarm = Alarm::new(sleep, |at| timer.wait_until(at));
        let observed = Observed::new(observer, wish, || observer.retired());
        let mut link = Link::new(Lasting(endpoint), Conversation::new(), timer, (alarm, observed));
        let mut course = Course::NEW;
        loop {
            if course.ending == Ending::None {
                course.handle_spoken(speak(&mut link, stream, buffers).await);
            }
            course.tell(&mut link);
            if course.handle_ended(end(&mut link, stream, course.ending).await) {
                return course.outcome;
            }
        }
    }
}

/// How a connection gets from speaking to its end: what is done with the whole stream, and what came of it.
pub(crate) struct Course<E> {
    pub(crate) outcome: Result<(), StreamError<E>>,
    /// To be done now. Nothing: to speak.
    pub(crate) ending: Ending,
}

impl<E> Course<E> {
    pub(crate) const NEW: Self = Self { outcome: Ok(()), ending: Ending::None };

    pub(crate) fn handle_spoken(&mut self, spoken: Result<Ending, StreamError<E>>) {
        self.ending = spoken.unwrap_or_else(|error| {
            self.outcome = Err(error);
            Ending::Cut
        });
    }

    /// Before that is done.
    pub(crate) fn tell(&self, link: &mut Link<'_, impl Caller, impl Clock, impl Time, impl Observe>) {
        if self.outcome.is_err() {
            link.tell(Waker::noop(), News::Lost);
        }
    }

    /// That was done; or not, for the peer did not take it. Whether the connection is over.
    pub(crate) fn handle_ended(&mut self, ended: Result<bool, E>) -> bool {
        let is_done = ended.unwrap_or_else(|error| {
            self.outcome = Err(StreamError::Failed(Operation::Shutdown, error));
            false
        });
        self.ending = match self.ending {
            Ending::ShutdownWrite if is_done => Ending::None,
            Ending::Close if is_done => return true,
            Ending::Cut => return true,
            Ending::None | Ending::ShutdownWrite | Ending::Close | Ending::Abort => Ending::Cut,
        };
        false
    }
}

/// Speaks until something is to be done with the whole stream.
fn speak<T: Split>(
    link: &mut Link<'_, impl Caller, impl Clock, impl Time, impl Observe>,
    stream: &mut T,
    buffers: &mut Buffers<'_>,
) -> impl Future<Output = Result<Ending, StreamError<T::Error>>> {
    async move {
        let Buffers { input, store, output } = buffers;
        let capacity = output.len();
        let (reader, writer) = stream.split();
        let (reading, sending) = (pin!(None), pin!(None));
        let mut incoming = Lane::new(reader, input, reading, lane::receive);
        let mut outgoing = Lane::new(writer, output, sending, lane::send);
        link.begin();
        poll_fn(|cx| link.poll(cx, &mut incoming, &mut outgoing, (&mut *store, capacity))).await
    }
}

/// Does with the stream what is to be done; false if the peer does not take that in time. A reset that cannot leave is left
/// to itself.
fn end<T: Shutdown>(
    link: &mut Link<'_, impl Caller, impl Clock, impl Time, impl Observe>,
    stream: &mut T,
    ending: Ending,
) -> impl Future<Output = Result<bool, T::Error>> {
    async move {
        let mut carrying_out = pin!(carry_out(stream, ending, link.conversation.is_shut()));
        let mut is_waiting = false;
        poll_fn(|cx| link.poll_end(cx, ending, &mut is_waiting, |cx| carrying_out.as_mut().poll(cx))).await
    }
}

/// Sends content and listens, until the caller has what it wants.
pub(crate) fn ask<T: Split>(
    link: &mut Link<'_, impl Caller, impl Clock, impl Time, impl Observe>,
    stream: &mut T,
    buffers: &mut Buffers<'_>,
    content: impl Read,
) -> impl Future<Output = Result<Ending, StreamError<T::Error>>> {
    async move {
        let Buffers { input, store, output } = buffers;
        let capacity = output.len();
        let (reader, writer) = stream.split();
        let (reading, sending) = (pin!(None), pin!(None));
        let mut incoming = Lane::new(reader, input, reading, lane::receive);
        let mut outgoing = Lane::new((writer, content), output, sending, lane::send_content);
        link.begin();
        poll_fn(|cx| {
            // The same code listens alone.
            let (incoming, outgoing): (&mut dyn Direction<Error = _>, &mut dyn Direction<Error = _>) =
                (&mut incoming, &mut outgoing);
            link.poll(cx, incoming, outgoing, (&mut *store, capacity))
        })
        .await
    }
}

/// Only listens.
pub(crate) fn listen<T: Split>(
    link: &mut Link<'_, impl Caller, impl Clock, impl Time, impl Observe>,
    stream: &mut T,
    buffers: &mut Buffers<'_>,
) -> impl Future<Output = Result<Ending, StreamError<T::Error>>> {
    async move {
        let Buffers { input, store, output } = buffers;
        let capacity = output.len();
        let (reader, _) = stream.split();
        let reading = pin!(None);
        let mut incoming = Lane::new(reader, input, reading, lane::receive);
        link.begin();
        poll_fn(|cx| {
            let (incoming, outgoing): (&mut dyn Direction<Error = _>, &mut dyn Direction<Error = _>) =
                (&mut incoming, &mut Unused::new());
            link.poll(cx, incoming, outgoing, (&mut *store, capacity))
        })
        .await
    }
}

/// Does with a stream on which nobody speaks any more what is to be done, until then.
pub(crate) fn carry_out_until<T: Shutdown>(
    stream: &mut T,
    timer: &impl Timer,
    until: Instant,
    ending: Ending,
) -> impl Future<Output = Result<(), T::Error>> {
    async move {
        let (mut carrying_out, mut sleep) = (pin!(carry_out(stream, ending, false)), pin!(timer.wait_until(until)));
        poll_fn(|cx| match carrying_out.as_mut().poll(cx) {
            Poll::Pending => sleep.as_mut().poll(cx).map(Ok),
            ended => ended,
        })
        .await
    }
}

fn carry_out<T: Shutdown>(stream: &mut T, ending: Ending, is_shut: bool) -> impl Future<Output = Result<(), T::Error>> {
    async move {
        match ending {
            Ending::Cut => stream.abort().await,
            Ending::Abort => return stream.drain().await,
            Ending::Close if is_shut => {}
            Ending::None | Ending::Close | Ending::ShutdownWrite => return stream.shutdown_write().await,
        }
        Ok(())
    }
}
