//! One connection, as its worker keeps it.

use wirenut_linux::connection as line;
use wirenut_linux::socket::AnyByteStream;
use wirenut_linux::timers::TimerLink;

/// A socket, and the state of what is spoken over it. Owns no buffer.
pub(crate) struct Connection<T, L = ()> {
    pub(crate) state: T,
    /// What lies between the socket and that.
    pub(crate) layer: L,
    pub(crate) socket: AnyByteStream,
    pub(crate) line: line::Connection,
    /// Its last turn ended between two requests.
    pub(crate) is_idle: bool,
    /// It is in the list of those that go on in the next round.
    pub(crate) is_queued: bool,
    /// How many connections its slot has held before.
    pub(crate) generation: u32,
    pub(crate) timer: TimerLink,
}

impl<T, L> Connection<T, L> {
    pub(crate) const fn new(state: T, layer: L, socket: AnyByteStream) -> Self {
        Self {
            state,
            layer,
            socket,
            line: line::Connection::new(),
            is_idle: false,
            is_queued: false,
            generation: 0,
            timer: TimerLink::NEW,
        }
    }
}
