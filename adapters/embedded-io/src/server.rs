//! The server's end of one stream.
//!
//! ```text
//!            ┌──────────── settle: drive, write, flush, until nothing moves ◄─────────┐
//!            ▼                                                                        │
//! ends? ── ShutdownWrite, Close, Abort ──► the stream                                 │
//!            ▼                                                                        │
//!          wait: a read that stays pending · the deadline · a waker · retirement ─────┘
//! ```

use core::convert::Infallible;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::pin::{Pin, pin};
use core::task::Poll;

use embedded_io_async::{Read, Write};
use wirenut::http::service::Service;
use wirenut::http::{Disposition, Limits, Rule};

use crate::driver::Driver;
use crate::race::{self, First};
use crate::window::Window;
use crate::{Buffers, ConnectionObserver, Error, Operation, Shutdown, Split, Timer};

/// What one connection of a server is given: bounds, buffers, and what is known of the peer.
///
/// See the [crate](crate) for an example.
#[derive(Debug)]
pub struct Server<'b, L = ()> {
    pub(crate) limits: &'b Limits,
    pub(crate) buffers: Buffers<'b>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) observer: L,
}

impl<'b> Server<'b> {
    /// A connection to nobody in particular, which is alone.
    ///
    /// # Panics
    /// Where the input buffer has no byte, or the store is smaller than [`Limits::store_bytes`]: requests would be refused
    /// that the limits allow.
    #[must_use]
    pub const fn new(limits: &'b Limits, buffers: Buffers<'b>) -> Self {
        buffers.check(limits);
        Self { limits, buffers, peer: None, observer: () }
    }
}

impl<'b, L: ConnectionObserver> Server<'b, L> {
    /// A connection to this peer ([`Responder::peer`](wirenut::http::service::Responder::peer)).
    #[must_use]
    pub fn with_peer(self, peer: SocketAddr) -> Self {
        Self { peer: Some(peer), ..self }
    }

    /// A connection that has a place among others.
    #[must_use]
    pub fn with_observer<M: ConnectionObserver>(self, observer: M) -> Server<'b, M> {
        let Self { limits, buffers, peer, observer: _ } = self;
        Server { limits, buffers, peer, observer }
    }

    /// Serves the stream until the connection is over, and ends the stream as is right then; it is only dropped
    /// afterwards. (Accepting the next one is the application's.)
    ///
    /// Dropping the future gives the connection up: an exchange in flight is closed with [`Rule::HostClosed`]. The stream
    /// is as it was then, so [`Shutdown::abort`] it: its end must not make an answer look whole.
    ///
    /// A waker that the service kept wakes the task; and each time that the task is polled, an exchange that waits is
    /// asked.
    ///
    /// # Errors
    /// What went wrong first, for the log; there is nothing to do. The end of an idle connection is no error.
    pub fn serve<'s, T: Split, S: Service<Source = Infallible>>(
        self,
        stream: &'s mut T,
        service: &'s S,
        timer: &'s impl Timer,
    ) -> impl Future<Output = Result<(), Error<T::Error>>>
    where
        'b: 's,
    {
        let Self { limits, buffers: Buffers { input, store, output }, peer, observer } = self;
        let driver = Driver::new(service, timer, limits, peer, output.len());
        let mut server = Conversation {
            driver,
            store,
            output,
            has_moved: false,
            is_unflushed: false,
            is_shut: false,
            is_ended: false,
        };
        let mut input = Window::new(input);
        async move {
            let mut retired = pin!(Some(observer.retired()));
            let ended = loop {
                let (mut reader, mut writer) = stream.split();
                let ending = server.converse(&mut reader, &mut writer, &mut input, &observer, retired.as_mut()).await;
                drop((reader, writer));
                match ending {
                    Ok(Ending::ShutdownWrite) => {
                        if let Err(error) = server.shut(stream).await {
                            break Err(error);
                        }
                    }
                    Ok(Ending::Close) if server.is_shut => break Ok(()),
                    Ok(Ending::Close) => break server.shut(stream).await,
                    Ok(Ending::Abort) => {
                        stream.abort().await;
                        break Ok(());
                    }
                    Err(error) => break Err(error),
                }
            };
            let outcome = server.outcome();
            if ended.is_err() {
                server.driver.handle_lost(Rule::Reset);
                stream.abort().await;
            }
            outcome.and(ended)
        }
    }
}

/// What is to be done with the stream.
enum Ending {
    ShutdownWrite,
    Close,
    Abort,
}

/// What came of listening.
enum Heard {
    /// Nothing yet, but it is to be looked after.
    Nothing,
    /// So many bytes.
    Read(usize),
    /// The stream is to be ended.
    Ending(Ending),
}

/// Why the connection is looked after again.
enum Event<R> {
    /// A read is complete.
    Read(R),
    /// The deadline has come.
    Due,
    /// The slot says so.
    Retired,
    /// Somebody woke the task.
    Woken,
}

struct Conversation<'d, S: Service<Source = Infallible>, C: Timer> {
    driver: Driver<'d, S, C>,
    store: &'d mut [u8],
    output: &'d mut [u8],
    /// Something came or went since the slot was told.
    has_moved: bool,
    /// Something was written since the last flush.
    is_unflushed: bool,
    /// Our direction has ended.
    is_shut: bool,
    /// The peer's direction has ended.
    is_ended: bool,
}

impl<S: Service<Source = Infallible>, C: Timer> Conversation<'_, S, C> {
    /// Speaks until the stream is to be ended, one way or both.
    fn converse<E: embedded_io::Error>(
        &mut self,
        reader: &mut impl Read<Error = E>,
        writer: &mut impl Write<Error = E>,
        input: &mut Window<'_>,
        observer: &impl ConnectionObserver,
        mut retired: Pin<&mut Option<impl Future<Output = ()>>>,
    ) -> impl Future<Output = Result<Ending, Error<E>>> {
        async move {
            loop {
                let taken = self.settle(writer, input.unread()).await?;
                input.take(taken);
                if let Some(ending) = self.ending() {
                    return Ok(ending);
                }
                // Where more is wanted, all that came was taken.
                let room = input.unread().is_empty().then(|| input.clear());
                match self.listen(reader, writer, room, observer, retired.as_mut()).await? {
                    Heard::Nothing => {}
                    Heard::Read(0) => {
                        self.is_ended = true;
                        self.driver.handle_eof();
                    }
                    Heard::Read(count) if input.fill(count) => {}
                    Heard::Read(_) => return Err(Error::Miscounted(Operation::Read)),
                    Heard::Ending(ending) => return Ok(ending),
                }
            }
        }
    }

    /// Waits for something to happen: for bytes if they are wanted, in `room`. A read that has begun is kept until it
    /// is complete, whatever else happens meanwhile.
    fn listen<E: embedded_io::Error>(
        &mut self,
        reader: &mut impl Read<Error = E>,
        writer: &mut impl Write<Error = E>,
        room: Option<&mut [u8]>,
        observer: &impl ConnectionObserver,
        mut retired: Pin<&mut Option<impl Future<Output = ()>>>,
    ) -> impl Future<Output = Result<Heard, Error<E>>> {
        async move {
            let is_empty = room.is_some();
            let mut reading = pin!(room.filter(|_| self.wants_input()).map(|room| reader.read(room)));
            loop {
                if core::mem::take(&mut self.has_moved) {
                    observer.set_idle(self.driver.is_idle() && is_empty);
                }
                match self.wait(reading.as_mut(), retired.as_mut()).await {
                    Event::Read(Ok(count)) => return Ok(Heard::Read(count)),
                    // All is said and sent. Many peers end a session of TLS by an end of the socket under it.
                    Event::Read(Err(_)) if self.is_shut => return Ok(Heard::Read(0)),
                    Event::Read(Err(error)) => return Err(Error::Stream(Operation::Read, error)),
                    Event::Due => self.driver.handle_timeout(),
                    Event::Retired => self.driver.retire(),
                    Event::Woken => self.driver.wake(),
                }
                if reading.is_none() {
                    return Ok(Heard::Nothing);
                }
                self.settle(writer, &[]).await?;
                if let Some(ending) = self.ending() {
                    return Ok(Heard::Ending(ending));
                }
            }
        }
    }

    /// Does all that can be done with these bytes, and sends it. Returns how many bytes were taken.
    fn settle<E: embedded_io::Error>(
        &mut self,
        writer: &mut impl Write<Error = E>,
        input: &[u8],
    ) -> impl Future<Output = Result<usize, Error<E>>> {
        async move {
            let mut taken = 0;
            loop {
                let rest = input.get(taken..).unwrap_or(&[]);
                let driven =
                    poll_fn(|cx| Poll::Ready(self.driver.drive(cx.waker(), rest, self.store, self.output))).await;
                taken = taken.saturating_add(driven.taken);
                self.has_moved |= driven.taken > 0 || driven.written > 0;
                if self.driver.disposition() == Disposition::Cut {
                    return Ok(taken);
                }
                if driven.written > 0 {
                    self.write(writer, driven.written).await?;
                } else if driven.taken == 0 {
                    break;
                }
                // It waits for a request, of which nothing has come: another drive would change nothing.
                if self.driver.is_idle() && taken == input.len() {
                    break;
                }
            }
            if self.is_unflushed {
                self.flush(writer).await?;
            }
            Ok(taken)
        }
    }

    fn write<E: embedded_io::Error>(
        &mut self,
        writer: &mut impl Write<Error = E>,
        length: usize,
    ) -> impl Future<Output = Result<(), Error<E>>> {
        async move {
            self.is_unflushed = true;
            let mut rest = self.output.get(..length).unwrap_or(&[]);
            while !rest.is_empty() {
                let Some(written) = keep_up(&mut self.driver, rest.len(), pin!(writer.write(rest))).await else {
                    return Ok(());
                };
                let written = written.map_err(|error| Error::Stream(Operation::Write, error))?;
                rest = rest.get(written..).filter(|_| written > 0).ok_or(Error::Miscounted(Operation::Write))?;
                self.driver.handle_sent(written, rest.len());
            }
            Ok(())
        }
    }

    fn flush<E: embedded_io::Error>(
        &mut self,
        writer: &mut impl Write<Error = E>,
    ) -> impl Future<Output = Result<(), Error<E>>> {
        async move {
            let Some(flushed) = keep_up(&mut self.driver, 1, pin!(writer.flush())).await else { return Ok(()) };
            self.is_unflushed = false;
            self.driver.handle_sent(0, 0);
            flushed.map_err(|error| Error::Stream(Operation::Flush, error))
        }
    }

    /// Waits until something is to be done. Each time that somebody wakes us without a reason of ours is one, too.
    fn wait<F: Future>(
        &self,
        mut reading: Pin<&mut Option<F>>,
        mut retired: Pin<&mut Option<impl Future<Output = ()>>>,
    ) -> impl Future<Output = Event<F::Output>> {
        async move {
            let mut sleep = pin!(race::sleep_until(self.driver.clock, self.driver.poll_timeout()));
            let mut is_woken = false;
            poll_fn(|cx| {
                if self.wants_input()
                    && let Some(reading) = reading.as_mut().as_pin_mut()
                    && let Poll::Ready(read) = reading.poll(cx)
                {
                    return Poll::Ready(Event::Read(read));
                }
                if sleep.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Event::Due);
                }
                if let Some(retirement) = retired.as_mut().as_pin_mut()
                    && retirement.poll(cx).is_ready()
                {
                    retired.set(None);
                    return Poll::Ready(Event::Retired);
                }
                if core::mem::replace(&mut is_woken, true) { Poll::Ready(Event::Woken) } else { Poll::Pending }
            })
            .await
        }
    }

    /// Ends our direction. A peer that does not take the end of it is not waited for longer than it may linger.
    fn shut<T: Shutdown>(&mut self, stream: &mut T) -> impl Future<Output = Result<(), Error<T::Error>>> {
        async move {
            self.is_shut = true;
            let deadline = self.driver.clock.now().saturating_add(self.driver.limits.linger);
            let shutdown = pin!(stream.shutdown_write());
            match race::until(shutdown, self.driver.clock, Some(deadline)).await {
                First::Done(Err(error)) => Err(Error::Stream(Operation::Shutdown, error)),
                First::Done(Ok(())) | First::Due => Ok(()),
            }
        }
    }

    fn ending(&self) -> Option<Ending> {
        match self.driver.disposition() {
            Disposition::Open => None,
            Disposition::ShutdownWrite => (!self.is_shut).then_some(Ending::ShutdownWrite),
            Disposition::Close => Some(Ending::Close),
            // What was written before is sent.
            Disposition::Abort | Disposition::Cut => Some(Ending::Abort),
        }
    }

    const fn wants_input(&self) -> bool {
        self.driver.is_readable() && !self.is_ended
    }

    fn outcome<E>(&self) -> Result<(), Error<E>> {
        self.driver.error().map_or(Ok(()), |error| Err(Error::Protocol(error)))
    }
}

/// Waits for an operation by which the peer takes `left` bytes, and holds the peer to its pace meanwhile. `None` if the
/// connection is given up.
fn keep_up<S: Service<Source = Infallible>, C: Timer, F: Future>(
    driver: &mut Driver<'_, S, C>,
    left: usize,
    mut operation: Pin<&mut F>,
) -> impl Future<Output = Option<F::Output>> {
    async move {
        if let Some(output) = race::try_once(operation.as_mut()).await {
            return Some(output);
        }
        driver.handle_sent(0, left);
        loop {
            match race::until(operation.as_mut(), driver.clock, driver.poll_timeout()).await {
                First::Done(output) => return Some(output),
                First::Due => driver.handle_timeout(),
            }
            if driver.disposition() == Disposition::Cut {
                return None;
            }
        }
    }
}
