//! One connection, as its worker keeps it.

use wirenut_linux::connection as line;
use wirenut_linux::socket::AnyByteStream;
use wirenut_linux::timers::TimerLink;

/// A socket, and the state of what is spoken over it. Owns no buffer.
pub(crate) struct Connection<T> {
    pub(crate) state: T,
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

impl<T> Connection<T> {
    pub(crate) const fn new(state: T, socket: AnyByteStream) -> Self {
        Self {
            state,
            socket,
            line: line::Connection::new(),
            is_idle: false,
            is_queued: false,
            generation: 0,
            timer: TimerLink::NEW,
        }
    }
}
