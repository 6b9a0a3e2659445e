//! One connection, as its worker keeps it.

use wirenut::http::service::{Service, Session};
use wirenut_linux::connection as line;
use wirenut_linux::socket::AnyByteStream;
use wirenut_linux::timers::TimerLink;

/// A socket and what is spoken over it. Owns no buffer.
pub(crate) struct Connection<S: Service + ?Sized> {
    pub(crate) session: Session<S>,
    pub(crate) socket: AnyByteStream,
    pub(crate) line: line::Connection,
    /// Its last turn ended between two requests, and its deadline is no earlier than the one that its timer knows.
    pub(crate) is_idle: bool,
    /// It is in the list of those that go on in the next round.
    pub(crate) is_queued: bool,
    /// How many connections its slot has held before.
    pub(crate) generation: u32,
    pub(crate) timer: TimerLink,
}

impl<S: Service + ?Sized> Connection<S> {
    pub(crate) const fn new(session: Session<S>, socket: AnyByteStream) -> Self {
        Self {
            session,
            socket,
            line: line::Connection::new(),
            is_idle: false,
            is_queued: false,
            generation: 0,
            timer: TimerLink::NEW,
        }
    }

    /// Is it new, so that nothing was asked yet, as far as was read?
    pub(crate) fn is_fresh(&self) -> bool {
        self.session.is_idle() && !self.line.conversation().is_used()
    }
}
