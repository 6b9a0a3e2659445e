//! Accepting: several sockets on one port, and who of those who come is served.
//!
//! embassy-net has no queue: each socket listens by itself, and is taken by a handshake as soon as it begins. So each is in
//! one of these stages, and a task that waits in one looks again whenever another one changes:
//!
//! ```text
//! Listening ──► HalfOpen ──► Waiting ──► Serving (also of those who are refused) ──► Listening
//!                  └─ too long: Listening
//! ```

use core::cell::{Cell, RefCell};
use core::convert::Infallible;
use core::future::poll_fn;
use core::mem;
use core::task::{Context, Poll, Waker};

use embassy_net::Stack;
use embassy_net::tcp::{self, State, TcpSocket};
use wirenut::http::Limits;
use wirenut::http::service::Service;
use wirenut::readiness::{Admission, Policy, Since, Standing, Verdict};
use wirenut::time::Instant;
use wirenut::transport::Conversation;

use super::EmbassyTimer;
use super::anew::{Alarm, converse, look};
use super::memory::Memory;
use crate::driver::Driver;
use crate::lane::{Observe, Time};
use crate::link::Link;
use crate::{Clock, ConnectionObserver, Error, Retirement};

/// `N` sockets that listen on one port, and who of those who come is served.
///
/// Each socket is served by a task of its own, which calls [`Self::serve`] once. So one value is shared by `N` tasks of one
/// executor (it is not `Sync`).
///
/// A [`Policy`] says how many are served at once, and what happens to others. Whoever gives way is asked for by
/// [`Admission`]. For others to be heard, `slots` must be less than `N`: the sockets beyond it hold those who queue, or tell
/// them that there is no room (503). Where no socket listens, whoever was told so gives way once the peer has acknowledged the
/// end of our direction, or has not for [`Policy::LEAVING_TIME`]; so does whoever gives way for one who queues. Handshakes that are not completed give way by [`Policy::handshake_end`], so they keep
/// others out for a second at most.
///
/// ```no_run
/// # use embassy_net::Stack;
/// use wirenut::http::Limits;
/// use wirenut::readiness::{Policy, WhenFull};
/// use wirenut::http::service::Service;
/// use wirenut_embedded_io::{Listener, Memory};
///
/// const LIMITS: Limits = Limits { head_bytes: 1024, trailer_bytes: 1024, ..Limits::DEFAULT };
/// const POLICY: Policy = Policy { slots: 6, when_full: WhenFull::Refuse, ..Policy::DEFAULT };
///
/// // One for all tasks: Listener::new(80, POLICY)
/// # type Hello = wirenut_reference::Reference<wirenut_reference::MemoryDevice>;
/// // #[embassy_executor::task(pool_size = 7)]
/// async fn connections(listener: &'static Listener<7>, stack: Stack<'static>, service: &'static Hello) {
///     let mut memory = Memory {
///         received: [0; 256],
///         transmitted: [0; 2048],
///         input: [0; 128],
///         store: [0; LIMITS.store_bytes()],
///         output: [0; 512],
///     };
///     listener.serve(stack, &LIMITS, service, &mut memory, |_error| { /* log it */ }).await;
/// }
/// ```
pub struct Listener<const N: usize> {
    port: u16,
    admission: RefCell<Admission<[Since; N]>>,
    places: [Place; N],
    /// This connection was wished to give way.
    leaving: Cell<Option<u32>>,
    /// When that was.
    left: Cell<Instant>,
}

/// What the tasks know of the socket of one.
struct Place {
    stage: Cell<Stage>,
    /// When that began. While somebody is refused: until when he may take his time, even where nobody listens.
    since: Cell<Instant>,
    /// The connection is to end.
    wish: Cell<Option<Retirement>>,
    /// Who waits for that, or for a change.
    waiter: Cell<Option<Waker>>,
}

/// What a socket is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No task has it.
    Free,
    Listening,
    /// A handshake has begun.
    HalfOpen,
    /// Somebody has come, and is not admitted yet.
    Waiting,
    /// Somebody is served.
    Serving,
    /// Somebody is told that there is no room.
    Refusing,
}

impl Place {
    #[expect(clippy::declare_interior_mutable_const, reason = "an array is made of it")]
    const FREE: Self = Self {
        stage: Cell::new(Stage::Free),
        since: Cell::new(Instant::START),
        wish: Cell::new(None),
        waiter: Cell::new(None),
    };

    fn wake(&self) {
        if let Some(waiter) = self.waiter.take() {
            waiter.wake();
        }
    }

    fn wish(&self, wish: Retirement) {
        self.wish.set(Some(wish));
        self.wake();
    }
}

impl<const N: usize> Listener<N> {
    /// Nobody listens yet.
    ///
    /// # Panics
    /// Where the port is 0.
    #[must_use]
    pub const fn new(port: u16, policy: Policy) -> Self {
        assert!(port != 0, "port 0");
        Self {
            port,
            admission: RefCell::new(Admission::new(policy, [Since::BUSY; N])),
            places: [Place::FREE; N],
            leaving: Cell::new(None),
            left: Cell::new(Instant::START),
        }
    }

    /// Serves one socket: one connection after the other, for ever, or until [`Self::retire`].
    ///
    /// `on_error` is told what went wrong with a connection, for the log; there is nothing to do. A peer that
    /// acknowledges nothing for [`Limits::head`] is gone. Dropping the future gives its connection up.
    ///
    /// # Panics
    /// When it is called more than `N` times, or as [`Server::new`](crate::Server::new).
    pub fn serve<S: Service<Source = Infallible>>(
        &self,
        stack: Stack<'_>,
        limits: &Limits,
        service: &S,
        memory: &mut Memory<impl AsMut<[u8]>, impl AsMut<[u8]>, impl AsMut<[u8]>, impl AsMut<[u8]>, impl AsMut<[u8]>>,
        mut on_error: impl FnMut(Error<tcp::Error>),
    ) -> impl Future<Output = ()> {
        let (rings, mut buffers) = memory.lend();
        buffers.check(limits);
        let held = self.hold();
        async move {
            while !held.listener.is_retired() {
                // A new socket each time: it listens at once, whatever became of the one before.
                let mut socket = TcpSocket::new(stack, &mut *rings.received, &mut *rings.transmitted);
                socket.set_timeout(Some(embassy_time::Duration::from_micros(limits.head.as_micros())));
                if held.accept(&mut socket).await {
                    let refuses = held.place.stage.get() == Stage::Refusing;
                    let driver = Driver::new(service, &EmbassyTimer, limits, socket.remote_endpoint(), refuses);
                    let mut link = Link::new(driver, Conversation::new(), &EmbassyTimer, (Alarm::NEW, &held));
                    let ended = converse(&mut link, &mut socket, &mut buffers).await;
                    if let Err(error) = link.endpoint.outcome(ended) {
                        on_error(error);
                    }
                }
                held.leave(Stage::Listening);
            }
        }
    }

    /// Ends the server in good order: nobody comes in any more, idle connections are closed, the others after the
    /// response in flight. Then each [`Self::serve`] returns.
    pub fn retire(&self) {
        self.admission.borrow_mut().drain();
        for place in &self.places {
            place.wish(Retirement::WhenDone);
        }
    }

    /// How many connections are served.
    #[must_use]
    pub fn connections(&self) -> u32 {
        self.admission.borrow().taken()
    }

    /// How many sockets listen.
    #[must_use]
    pub fn listening(&self) -> usize {
        self.places.iter().filter(|place| place.stage.get() == Stage::Listening).count()
    }

    fn is_retired(&self) -> bool {
        self.admission.borrow().is_draining()
    }

    /// A free place.
    #[expect(clippy::expect_used, reason = "documented: there are N, and each is held by one task")]
    fn hold(&self) -> Held<'_, N> {
        let mut places = (0..).zip(&self.places);
        let (number, place) = places.find(|(_, place)| place.stage.get() == Stage::Free).expect("a place for a task");
        place.stage.set(Stage::Listening);
        Held { listener: self, number, place }
    }

    /// Something has changed for those who wait to be served, whose handshakes last, or who are refused.
    fn tell_waiting(&self) {
        for place in &self.places {
            if let Stage::HalfOpen | Stage::Waiting | Stage::Refusing = place.stage.get() {
                place.wake();
            }
        }
    }

    /// Somebody waits for the place of this connection. When to look again.
    fn evict(&self, slot: u32, now: Instant) -> Instant {
        let end = self.left.get().saturating_add(Policy::LEAVING_TIME);
        let leaving = self.leaving.get();
        if leaving.is_some() && end > now {
            return end;
        }
        let slot = leaving.unwrap_or(slot);
        self.leaving.set(Some(slot));
        self.left.set(now);
        if let Some((_, place)) = (0..).zip(&self.places).find(|(number, _)| *number == slot) {
            place.wish(Retirement::Now);
        }
        now.saturating_add(Policy::LEAVING_TIME)
    }
}

/// A task's place, until it is dropped.
struct Held<'l, const N: usize> {
    listener: &'l Listener<N>,
    number: u32,
    place: &'l Place,
}

impl<const N: usize> Held<'_, N> {
    /// Listens until somebody has come of whom is known what becomes of him: that is the stage then. False if nobody has.
    fn accept(&self, socket: &mut TcpSocket<'_>) -> impl Future<Output = bool> {
        let (mut alarm, mut is_listening) = (Alarm::NEW, false);
        poll_fn(move |cx| {
            loop {
                if !mem::replace(&mut is_listening, true) {
                    // It listens from the first look on. What happens then is seen in its state.
                    let _ = look(cx, socket.accept(self.listener.port));
                }
                // That wakes the task whenever the state changes.
                let _ = look(cx, socket.wait_write_ready());
                self.place.waiter.set(Some(cx.waker().clone()));
                match self.decide(socket.state(), EmbassyTimer.now()) {
                    Ok(has_come) => return Poll::Ready(has_come),
                    Err(at) => alarm.set(at),
                }
                if !alarm.is_due(cx) {
                    return Poll::Pending;
                }
            }
        })
    }

    /// Has somebody come of whom is known what becomes of him? Or, if that is not known: when to look again.
    fn decide(&self, state: State, now: Instant) -> Result<bool, Option<Instant>> {
        let stage = match state {
            State::Closed => return Ok(false),
            State::Listen => Stage::Listening,
            State::SynReceived => Stage::HalfOpen,
            State::SynSent
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => Stage::Waiting,
        };
        if stage != self.place.stage.replace(stage) {
            self.place.since.set(now);
            self.listener.tell_waiting();
        }
        match stage {
            Stage::HalfOpen => self.outlast(now),
            Stage::Waiting if !self.is_first() => Err(None),
            Stage::Waiting => self.enter(now),
            Stage::Free | Stage::Listening | Stage::Serving | Stage::Refusing => {
                if self.listener.is_retired() {
                    Ok(false)
                } else {
                    Err(None)
                }
            }
        }
    }

    /// A handshake has begun.
    fn outlast(&self, now: Instant) -> Result<bool, Option<Instant>> {
        let is_heard = self.listener.listening() > 0 || !self.is_first();
        let end = self.listener.admission.borrow().policy().handshake_end(self.place.since.get(), is_heard);
        if end <= now { Ok(false) } else { Err(Some(end)) }
    }

    /// Is nobody in the same stage for longer?
    fn is_first(&self) -> bool {
        let is_before =
            |other: &Place| other.stage.get() == self.place.stage.get() && other.since.get() < self.place.since.get();
        !self.listener.places.iter().any(is_before)
    }

    /// Somebody has come.
    fn enter(&self, now: Instant) -> Result<bool, Option<Instant>> {
        let verdict = self.listener.admission.borrow_mut().arrive(now);
        let stage = match verdict {
            Verdict::Admit => Stage::Serving,
            Verdict::Refuse => Stage::Refusing,
            Verdict::Evict(slot) => return Err(Some(self.listener.evict(slot, now))),
            Verdict::Queue => return Err(self.listener.admission.borrow().poll_timeout(now)),
            Verdict::Close => return Ok(false),
        };
        self.place.wish.set(None);
        self.place.stage.set(stage);
        self.place.since.set(now.saturating_add(Policy::LEAVING_TIME));
        self.listener.tell_waiting();
        Ok(true)
    }

    /// Is whoever is refused to give way, for nobody listens? Once.
    fn is_hurried(&self, cx: &mut Context<'_>) -> bool {
        let is_hurried = self.place.stage.get() == Stage::Refusing
            && self.listener.listening() == 0
            && Alarm::at(self.place.since.get()).is_due(cx);
        if is_hurried {
            self.place.since.set(Instant::NEVER);
        }
        is_hurried
    }

    /// Nobody is served here any more.
    fn leave(&self, stage: Stage) {
        if self.place.stage.replace(stage) == Stage::Serving {
            self.listener.admission.borrow_mut().release(self.number);
            self.handle_stay();
        }
        self.listener.tell_waiting();
    }
}

impl<const N: usize> Drop for Held<'_, N> {
    fn drop(&mut self) {
        self.leave(Stage::Free);
    }
}

impl<const N: usize> ConnectionObserver for Held<'_, N> {
    fn set_standing(&self, standing: Standing) {
        match self.place.stage.get() {
            Stage::Serving => {
                self.listener.admission.borrow_mut().set_standing(self.number, standing, EmbassyTimer.now());
                if standing != Standing::Busy {
                    self.handle_stay();
                }
                self.listener.tell_waiting();
            }
            // The peer has all that it was told.
            Stage::Refusing if standing == Standing::Lingering => self.place.since.set(Instant::START),
            // Who was told that there is no room has no place.
            Stage::Refusing | Stage::Free | Stage::Listening | Stage::HalfOpen | Stage::Waiting => {}
        }
    }

    fn handle_stay(&self) {
        if self.listener.leaving.get() == Some(self.number) {
            self.listener.leaving.set(None);
            self.listener.tell_waiting();
        }
    }
}

impl<const N: usize> Observe for &Held<'_, N> {
    type Observer = Self;

    fn observer(&self) -> &Self {
        self
    }

    fn wish(&mut self, cx: &mut Context<'_>) -> Option<Retirement> {
        let wish = self.place.wish.take().or_else(|| self.is_hurried(cx).then_some(Retirement::Now));
        if wish.is_none() {
            self.place.waiter.set(Some(cx.waker().clone()));
        }
        wish
    }
}
