//! One connection, seen from either end: what comes, what goes, whose time runs, and how it ends. What both ends do in the
//! same way is written once, here; they differ in where the grammar starts, in what is remembered, and in who speaks first.

pub(crate) mod client;
pub(crate) mod context;
mod ending;
mod inbound;
mod outbound;
pub(crate) mod pipeline;
mod role;
pub(crate) mod server;
pub mod state;

use core::marker::PhantomData;

use crate::http::body::write::OutboundFraming;
use crate::http::connection::pipeline::Pipeline;
use crate::http::connection::state::{State, States};
use crate::http::error::{Error, Rule};
use crate::http::flags::Flags;
use crate::http::grammar::machine::Machine;
use crate::time::Timer;

pub use role::{Client, Role, Server};

/// One HTTP/1.x connection, seen from one end of it: a [`ServerConnection`](crate::http::ServerConnection) or a
/// [`ClientConnection`](crate::http::ClientConnection).
///
/// It does no I/O, owns no bytes, reads no clock, and fits in 64 bytes. Its methods are of four kinds:
///
/// | kind | methods | meaning |
/// |---|---|---|
/// | getter | `disposition`, `is_readable`, … | changes nothing |
/// | input | `receive`, `take_body`, `handle_eof`, `handle_sent`, `handle_timeout`, `handle_reset` | something happened |
/// | command | `respond` or `request`, `send_body`, `fill_body`, `note_external_send`, `send_trailers`, `finish`, `abort`, `retire` | the application wants something |
/// | output | `poll_transmit`, `poll_timeout` | what the connection itself has to say |
///
/// After any input or command call `poll_transmit` until it writes nothing, then `receive` until it says that more is needed,
/// that it is paused or closed; then obey `disposition`.
#[derive(Clone, Debug)]
pub struct Connection<R> {
    /// What comes.
    machine: Machine,
    /// Bytes left of the body that is sent.
    unsent: u64,
    /// The peer's, to send what is awaited: runs while it is the peer's turn.
    peer_timer: Timer,
    /// The peer's, to take what is written.
    write_timer: Timer,
    /// A client's requests without a whole answer.
    pipeline: Pipeline,
    states: States,
    sending: OutboundFraming,
    ending: Ending,
    broken: Option<Rule>,
    role: PhantomData<R>,
}

/// Whether and how the connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ending {
    /// It does not, as far as it depends on us.
    Open,
    /// After the response that is being sent, or the responses that are due.
    AfterResponse,
    /// An error answer is due first.
    Answer,
    /// All is sent; the rest of what comes is thrown away.
    Linger,
    /// Nothing is left to do.
    Close,
    /// A message was cut off; what was written of it is sent.
    Abort,
    /// Nothing more is sent.
    Cut,
}

/// A rule is broken, by the peer or by us: [`Connection::failure`] says which. Nothing in memory, so that it costs little
/// to pass on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken;

impl<R: Role> Connection<R> {
    /// Before the first message, which may take this time.
    const fn fresh(machine: Machine, peer_timer: Timer) -> Self {
        Self {
            machine,
            unsent: 0,
            peer_timer,
            write_timer: Timer::FULL,
            pipeline: Pipeline::EMPTY,
            states: States::IDLE,
            sending: OutboundFraming::Length,
            ending: Ending::Open,
            broken: None,
            role: PhantomData,
        }
    }

    /// Is it the peer's turn, so that the transport should be read? If not, what comes stays with the transport:
    /// that is the back-pressure. An idle connection is also read, for then the peer may end it.
    #[must_use]
    pub const fn is_readable(&self) -> bool {
        self.peer_timer.is_running() && matches!(self.ending, Ending::Open | Ending::AfterResponse | Ending::Linger)
    }

    /// Is it between two requests, or before the first? No request is on its way then, and nothing of the next message
    /// is here.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        matches!(self.states.client(), State::Idle)
            && !self.machine.flags.has(Flags::BEGUN)
            && matches!(self.ending, Ending::Open)
    }

    /// The error that poisons the connection, if one does.
    #[must_use]
    pub const fn error(&self) -> Option<Error> {
        match self.broken {
            Some(rule) => Some(Error { rule, offset: self.machine.offset }),
            None => None,
        }
    }

    /// States of client and server, for tests and diagnostics.
    #[must_use]
    pub const fn states(&self) -> (State, State) {
        (self.states.client(), self.states.server())
    }

    /// How many bytes at the front of the store must be there again at the next `receive`: what is known of a head,
    /// or of a trailer section, of which not all has come. Zero for most connections most of the time.
    #[must_use]
    pub fn stored(&self) -> usize {
        self.machine.stored()
    }
}
