//! A session and its peer in memory: no socket, no clock, no sleep.
//!
//! [`Pair`] plays adapter, wire and peer. Pieces are put on the wire by [`Pair::put`]; they are delivered one by one
//! while the session is readable, and the session is driven after each as an adapter must: until it neither takes nor
//! writes anything.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::cell::{Cell, RefCell};
use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};

use wirenut::http::service::{Responder, Service, Session, Step};
use wirenut::http::{Context, Error, Fields, HttpDate, Limits, RequestHead, Rule, WriteError};
use wirenut::time::{Duration, Instant};
use wirenut::transport::Disposition;
use wirenut::transport::Environment;

/// What the store holds where nothing is kept: a byte that may stand in a name, so that it would be seen.
const UNUSED: u8 = b'~';

/// How an adapter is built: the properties must hold for each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setup {
    /// The bounds of the connection.
    pub limits: Limits,
    /// The size of the output buffer.
    pub capacity: usize,
    /// How much of it is offered, call by call, over and over; nothing: all of it. After a call that did nothing, all
    /// of it is offered once.
    pub rooms: Vec<usize>,
    /// The size of the receive buffer, if it has one: no more is received than fits behind what was not taken.
    pub buffer: Option<usize>,
    /// Bytes, and the end of them, are given to the session also when it did not ask. Not with a receive buffer.
    pub is_eager: bool,
    /// The date that is told.
    pub date: Option<HttpDate>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { limits: Limits::DEFAULT, capacity: 1024, rooms: Vec::new(), buffer: None, is_eager: false, date: None }
    }
}

impl Setup {
    /// With these bounds.
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// All that was written.
    pub output: Vec<u8>,
    /// What to do with the connection.
    pub disposition: Disposition,
    /// The errors that were told, in order.
    pub errors: Vec<Error>,
    /// How each exchange was closed, in order, before the connection was dropped.
    pub closed: Vec<Result<(), Error>>,
    /// Whether an exchange was still in flight.
    pub is_in_flight: bool,
}

/// Runs `pieces` through a fresh connection; then, if `has_end`, the peer ends its direction.
pub fn run<S: Service>(setup: &Setup, service: S, pieces: &[&[u8]], has_end: bool) -> (Outcome, S) {
    let mut pair = Pair::new(setup.clone(), service);
    pieces.iter().for_each(|piece| pair.put(piece));
    if has_end {
        pair.put_end();
    }
    pair.run();
    pair.finish()
}

/// A service whose exchanges are counted.
#[derive(Debug)]
pub struct Counted<S> {
    service: S,
    begun: Cell<usize>,
    closed: RefCell<Vec<Result<(), Error>>>,
}

impl<S: Service> Service for Counted<S> {
    type Exchange = S::Exchange;
    type Source = S::Source;
    const UPGRADES: bool = S::UPGRADES;

    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<(Self::Exchange, Step<Self::Source>), WriteError> {
        let begun = self.service.request(head, responder)?;
        self.begun.set(self.begun.get() + 1);
        Ok(begun)
    }

    fn body(
        &self,
        exchange: &mut Self::Exchange,
        piece: &[u8],
        responder: &mut Responder<'_>,
    ) -> Result<(usize, Step<Self::Source>), WriteError> {
        assert!(!piece.is_empty(), "an empty body piece");
        self.service.body(exchange, piece, responder)
    }

    fn end(
        &self,
        exchange: &mut Self::Exchange,
        trailers: Fields<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<Step<Self::Source>, WriteError> {
        self.service.end(exchange, trailers, responder)
    }

    fn proceed(
        &self,
        exchange: &mut Self::Exchange,
        responder: &mut Responder<'_>,
    ) -> Result<Step<Self::Source>, WriteError> {
        self.service.proceed(exchange, responder)
    }

    fn closed(&self, exchange: Self::Exchange, outcome: Result<(), Error>) {
        self.closed.borrow_mut().push(outcome);
        self.service.closed(exchange, outcome);
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A session, the wire to it, and its peer.
pub struct Pair<S: Service> {
    /// The session, to look at.
    pub session: Session<Counted<S>>,
    /// All that was written, ever.
    pub output: Vec<u8>,
    /// What went wrong, in order.
    pub errors: Vec<Error>,
    /// Does the peer take what is sent? If not, output gathers until the buffer is full.
    pub peer_reads: bool,
    /// Calls of [`Session::drive`].
    pub drives: usize,
    service: Counted<S>,
    setup: Setup,
    woken: Arc<Woken>,
    now: Instant,
    next_room: usize,
    wire: VecDeque<Vec<u8>>,
    has_end: bool,
    is_end_told: bool,
    unread: Vec<u8>,
    unsent: usize,
    store: Vec<u8>,
}

impl<S: Service> Pair<S> {
    /// A fresh connection, at the start of time.
    pub fn new(setup: Setup, service: S) -> Self {
        let now = Instant::START;
        let cx = Context { now, limits: &setup.limits, date: setup.date.as_ref() };
        Self {
            session: Session::new(&cx),
            output: Vec::new(),
            errors: Vec::new(),
            peer_reads: true,
            drives: 0,
            service: Counted { service, begun: Cell::new(0), closed: RefCell::default() },
            woken: Arc::default(),
            now,
            next_room: 0,
            wire: VecDeque::new(),
            has_end: false,
            is_end_told: false,
            unread: Vec::new(),
            unsent: 0,
            store: vec![UNUSED; setup.limits.store_bytes()],
            setup,
        }
    }

    /// The service.
    pub const fn service(&self) -> &S {
        &self.service.service
    }

    /// How the exchanges that are over were closed.
    pub fn closed(&self) -> Vec<Result<(), Error>> {
        self.service.closed.borrow().clone()
    }

    /// The time now.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// What the peer has sent, and the session has not taken.
    pub fn untaken(&self) -> usize {
        self.unread.len() + self.wire.iter().map(Vec::len).sum::<usize>()
    }

    /// Puts a piece on the wire.
    pub fn put(&mut self, piece: &[u8]) {
        if !piece.is_empty() {
            self.wire.push_back(piece.to_vec());
        }
    }

    /// The peer ends its direction, behind what is on the wire.
    pub fn put_end(&mut self) {
        self.has_end = true;
    }

    /// Puts a piece on the wire, and runs.
    pub fn send(&mut self, piece: &[u8]) {
        self.put(piece);
        self.run();
    }

    /// Is nothing left to do but to close?
    pub fn is_over(&self) -> bool {
        matches!(self.session.disposition(), Disposition::Close | Disposition::Abort | Disposition::Cut)
    }

    /// Delivers what is on the wire, for as long as the session takes it, and drives it.
    pub fn run(&mut self) {
        self.drive();
        // As a host that watches: whatever is on the wire before the end is not read for that.
        if self.has_end && self.session.is_waiting() {
            self.session.handle_read_closed();
            self.drive();
        }
        while !self.is_over() && (self.setup.is_eager || self.session.is_readable()) {
            if let Some(mut piece) = self.wire.pop_front() {
                if let Some(buffer) = self.setup.buffer {
                    let rest = piece.split_off(piece.len().min(buffer - self.unread.len()));
                    if !rest.is_empty() {
                        self.wire.push_front(rest);
                    }
                }
                self.unread.extend(piece);
            } else if self.has_end && !self.is_end_told {
                self.is_end_told = true;
                self.with_context(|session, service, cx| session.handle_eof(cx, service));
                self.note_error();
            } else {
                return;
            }
            self.drive();
        }
    }

    /// Drives the session until it neither takes nor writes anything.
    pub fn drive(&mut self) {
        // Far more than any test needs: one byte at a time of the longest body.
        const MOST: usize = 200_000;
        let mut out = Vec::new();
        let mut is_idle = false;
        for _ in 0..MOST {
            if self.woken.0.swap(false, Ordering::Relaxed) {
                self.session.wake();
            }
            let free = self.setup.capacity - self.unsent;
            let room = if is_idle { free } else { self.room().min(free) };
            out.clear();
            // Whatever is not written must not be sent: it would be seen.
            out.resize(room, b'?');
            let cx = Context { now: self.now, limits: &self.setup.limits, date: self.setup.date.as_ref() };
            let environment = Environment {
                waker: &|| Arc::clone(&self.woken).into(),
                peer: &|| Some(SocketAddr::from(([192, 0, 2, 1], 40_000))),
                output_capacity: self.setup.capacity,
            };
            let driven = self.session.drive(&cx, &environment, &self.service, &self.unread, &mut self.store, &mut out);
            // Nothing but these may matter at the next call.
            self.store[self.session.stored()..].fill(UNUSED);
            self.drives += 1;
            assert!(driven.taken <= self.unread.len(), "took more than there is");
            assert!(driven.written <= room, "wrote more than there is room");
            self.unread.drain(..driven.taken);
            self.output.extend(&out[..driven.written]);
            self.note_error();
            self.flush(driven.written);
            if driven.taken == 0 && driven.written == 0 {
                if room == free {
                    return;
                }
                is_idle = true;
            } else {
                is_idle = false;
            }
        }
        panic!("driven {MOST} times without end");
    }

    /// Tells the session how much went to the peer.
    fn flush(&mut self, written: usize) {
        let (sent, left) = if self.peer_reads { (self.unsent + written, 0) } else { (0, self.unsent + written) };
        self.unsent = left;
        self.with_context(|session, _, cx| session.handle_sent(cx, sent, left));
    }

    /// The peer takes so many of the bytes that wait for it.
    pub fn take_output(&mut self, most: usize) {
        let taken = most.min(self.unsent);
        self.unsent -= taken;
        let left = self.unsent;
        self.with_context(|session, _, cx| session.handle_sent(cx, taken, left));
        self.run();
    }

    /// Lets time pass, with every deadline on the way kept to the microsecond.
    pub fn pass(&mut self, span: Duration) {
        let until = self.now.saturating_add(span);
        while let Some(due) = self.next_timeout().filter(|&due| due <= until) {
            self.now = self.now.max(due);
            self.time_out();
        }
        self.now = until;
    }

    /// Lets time pass at once, as if the host had been away.
    pub fn jump(&mut self, span: Duration) {
        self.now = self.now.saturating_add(span);
    }

    /// When the session wants to be called.
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.is_over() && self.unsent == 0 { None } else { self.session.poll_timeout(self.now) }
    }

    /// The session's time has come. What it asks for next must lie ahead.
    pub fn time_out(&mut self) {
        self.with_context(|session, service, cx| session.handle_timeout(cx, service));
        self.note_error();
        self.run();
        let next = self.session.poll_timeout(self.now);
        assert!(next.is_none_or(|next| next > self.now), "{next:?} is not after {:?}: a busy loop", self.now);
    }

    /// Retires the connection, and drives it.
    pub fn retire(&mut self) {
        self.session.retire();
        self.run();
    }

    /// Drops the connection. Every exchange has been closed exactly once.
    pub fn finish(mut self) -> (Outcome, S) {
        let disposition = self.session.disposition();
        let closed = self.closed();
        let is_in_flight = closed.len() < self.service.begun.get();
        let errors = self.errors.clone();
        self.with_context(|session, service, cx| session.handle_lost(cx, service, Rule::HostClosed));
        self.note_error();
        assert_eq!(self.closed().len(), self.service.begun.get(), "an exchange was not closed exactly once");
        let outcome = Outcome { output: self.output, disposition, errors, closed, is_in_flight };
        (outcome, self.service.service)
    }

    fn room(&mut self) -> usize {
        let rooms = &self.setup.rooms;
        let room = rooms.get(self.next_room % rooms.len().max(1)).copied().unwrap_or(self.setup.capacity);
        self.next_room += 1;
        room
    }

    fn note_error(&mut self) {
        self.errors.extend(self.session.take_error());
    }

    fn with_context<T>(&mut self, call: impl FnOnce(&mut Session<Counted<S>>, &Counted<S>, &Context<'_>) -> T) -> T {
        let cx = Context { now: self.now, limits: &self.setup.limits, date: self.setup.date.as_ref() };
        call(&mut self.session, &self.service, &cx)
    }
}
