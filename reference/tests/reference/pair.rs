//! Both ends of a connection in memory: the service behind a session, and a peer that cuts what it sends and takes
//! what it gets as slowly as it is told.

use wirenut::http::service::Session;
use wirenut::http::{Context, Error, Limits};
use wirenut::time::{Duration, Instant};
use wirenut::transport::Disposition;
use wirenut::transport::Environment;
use wirenut_reference::{MemoryDevice, Reference};

/// How the bytes travel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wire {
    /// Bytes of the output buffer.
    pub(crate) room: usize,
    /// The most bytes of it that the peer takes at once.
    pub(crate) taken_at_once: usize,
}

impl Wire {
    pub(crate) const fn of(room: usize) -> Self {
        Self { room, taken_at_once: room }
    }
}

/// What moved in one turn: bytes that were consumed, and bytes that the peer got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Moved {
    pub(crate) taken: usize,
    pub(crate) sent: usize,
}

pub(crate) struct Pair<'s> {
    service: &'s Reference<MemoryDevice>,
    wire: Wire,
    now: Instant,
    pub(crate) session: Session<Reference<MemoryDevice>>,
    /// Bytes that the session did not consume yet.
    input: Vec<u8>,
    /// What the session knows of a head of which not all has come.
    store: Vec<u8>,
    /// Bytes that the peer did not take yet.
    output: Vec<u8>,
    /// Bytes that the peer got.
    pub(crate) got: Vec<u8>,
    pub(crate) error: Option<Error>,
}

fn context(now: Instant) -> Context<'static> {
    Context { now, limits: &Limits::DEFAULT, date: None }
}

impl<'s> Pair<'s> {
    pub(crate) fn new(service: &'s Reference<MemoryDevice>, wire: Wire) -> Self {
        let now = Instant::START;
        let session = Session::new(&context(now));
        let store = vec![0; Limits::DEFAULT.store_bytes()];
        Self { service, wire, now, session, input: Vec::new(), store, output: Vec::new(), got: Vec::new(), error: None }
    }

    /// Sends bytes to the service, and lets both sides do what they can.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        self.settle();
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, millis: u64) {
        self.now = self.now.saturating_add(Duration::from_millis(millis));
        self.session.handle_timeout(&context(self.now), self.service);
        self.settle();
    }

    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    fn settle(&mut self) {
        while self.turn() != (Moved { taken: 0, sent: 0 }) {}
        let is_over = self.session.disposition() != Disposition::Open;
        assert!(is_over || self.session.is_readable() || self.session.poll_timeout(self.now).is_some(), "stuck");
    }

    /// One turn of an adapter's loop.
    pub(crate) fn turn(&mut self) -> Moved {
        let cx = context(self.now);
        let mut out = vec![0; self.wire.room - self.output.len()];
        let driven = self.session.drive(
            &cx,
            &Environment::alone(self.wire.room),
            self.service,
            &self.input,
            &mut self.store,
            &mut out,
        );
        self.input.drain(..driven.taken);
        self.output.extend_from_slice(&out[..driven.written]);
        self.error = self.error.or(self.session.take_error());
        let sent = self.output.len().min(self.wire.taken_at_once);
        self.got.extend(self.output.drain(..sent));
        self.session.handle_sent(&cx, sent, self.output.len());
        Moved { taken: driven.taken, sent }
    }

    pub(crate) fn put_input(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }
}
