//! One end of a connection, without I/O: RFC 6455 §5 to §7.

mod deadlines;
mod event;
mod handler;
mod inbound;
mod outbound;
mod outbox;
mod speaking;

pub use event::{Abnormal, Closed, Event, Kind, Piece};
pub use handler::{MessageHandler, Next, PieceHandler};
pub use outbound::{SendError, Sent};
pub use outbox::Outbox;
pub use speaking::{Pieces, Speaking, Whole};

use super::close::{CloseCode, CloseReason};
use super::compression::{Compression, NoCompression};
use super::error::{Error, Rule};
use super::frame::Opcode;
use super::limits::Limits;
use super::role::Role;
use crate::time::{Instant, Timer};
use crate::transport::Disposition;
use inbound::{Bounds, Broken, Found, Inbound};
use outbound::{Outbound, Output, Sender as _, written};

/// What a connection has to be told at each call.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The time now. Never earlier than at the call before.
    pub now: Instant,
    /// The bounds, the same at each call.
    pub limits: &'a Limits,
}

/// One end of a connection, from the first byte behind the handshake on. It owns no buffer.
///
/// After each `receive`, `close` and `handle_*`, ask `poll_transmit` for what the connection itself has to send,
/// `poll_timeout` for when to call `handle_timeout`, and `disposition` for what to do with the transport.
/// [`Self::speak`] and [`Self::speak_pieces`] do all of that in the loop of an adapter.
///
/// ```
/// use wirenut::time::Instant;
/// use wirenut::websocket::{Client, CloseCode, Connection, Context, Event, Kind, Limits, Server};
///
/// let cx = Context { now: Instant::START, limits: &Limits::DEFAULT };
/// // A real client's keys are random.
/// let mut client = Connection::new(Client(|| [0x37, 0xfa, 0x21, 0x3d]), &cx);
/// let mut server = Connection::new(Server, &cx);
///
/// let (mut sent, mut room) = ([0; 64], [0; 128]);
/// let length = client.send_message(Kind::Text, b"Hello", &mut sent)?;
/// assert_eq!(&sent[..length], b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
/// let (taken, event) = server.receive(&cx, &sent[..length], &mut room)?;
/// let Event::Piece(piece) = event else { panic!("not a message: {event:?}") };
/// assert_eq!((taken, piece.bytes, piece.is_first, piece.is_last), (11, &b"Hello"[..], true, true));
///
/// let length = server.close(&cx, CloseCode::NORMAL, "done", &mut sent)?;
/// let (_, event) = client.receive(&cx, &sent[..length], &mut room)?;
/// assert!(matches!(event, Event::Close(Some(close)) if close.reason() == "done"));
/// let length = client.poll_transmit(&cx, &mut sent);
/// let (_, event) = server.receive(&cx, &sent[..length], &mut room)?;
/// assert!(matches!(event, Event::Close(Some(close)) if close.code == CloseCode::NORMAL));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Connection<R, C = NoCompression> {
    state: State,
    /// The peer has ended its stream.
    has_ended: bool,
    /// A Ping was sent, and nothing has come since.
    awaits_pong: bool,
    /// Of [`Speaking`]: the handler knows how the connection ended.
    is_told: bool,
    abnormal: Option<Abnormal>,
    outbound: Outbound,
    /// What this end has to say itself.
    due: Due,
    inbound: Inbound,
    /// Of [`Speaking`]: so many bytes of a message are in the store.
    kept: usize,
    /// Of [`Speaking`]: those are to be handed out again.
    held: Option<Held>,
    /// Until then the peer must end its message, at its pace.
    message_timer: Timer,
    /// Of [`Speaking`]: what was left of that time when something was written last, which may have to wait.
    message_time_left: Timer,
    /// Until then it must take what was sent, at its pace. It runs while something waits.
    write_timer: Timer,
    /// Until then it must say something, or end: see [`Self::restart`].
    deadline: Instant,
    role: R,
    compression: C,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Open,
    /// Our Close is sent, and the peer's has not come.
    Closing,
    /// Nothing of the peer is looked at any more: its Close has come, or it broke a rule, or its time is over. Ours may be
    /// due. This end waits for the peer to end its stream.
    Closed,
    /// The same, and this end ends its stream first: as a server has to (RFC 6455 §7.1.1).
    ClosedFirst,
    Reset,
}

/// A piece that the handler has not taken, or not all of it.
#[derive(Clone, Copy, Debug)]
struct Held {
    kind: Kind,
    is_first: bool,
    is_last: bool,
    /// So many bytes of it are taken.
    taken: usize,
}

/// A number: nothing, a Ping, a Close without a code, or one with this code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Due(u16);

impl Due {
    const NOTHING: Self = Self(0);
    const PING: Self = Self(1);
    const CLOSE: Self = Self(2);

    const fn close(code: CloseCode) -> Self {
        Self(code.get())
    }

    const fn is_close(self) -> bool {
        self.0 >= Self::CLOSE.0
    }
}

impl<R: Role> Connection<R> {
    /// Behind a handshake in which no extension was agreed on.
    #[must_use]
    pub const fn new(role: R, cx: &Context<'_>) -> Self {
        Self::with_compression(role, NoCompression, cx)
    }
}

impl<R, C> Connection<R, C> {
    /// Behind a handshake in which permessage-deflate was agreed on, or may have been.
    #[must_use]
    pub const fn with_compression(role: R, compression: C, cx: &Context<'_>) -> Self {
        Self {
            role,
            compression,
            inbound: Inbound::new(),
            outbound: Outbound::new(),
            state: State::Open,
            due: Due::NOTHING,
            message_timer: Timer::FULL,
            message_time_left: Timer::FULL,
            write_timer: Timer::FULL,
            deadline: cx.now.saturating_add(cx.limits.ping),
            awaits_pong: false,
            has_ended: false,
            abnormal: None,
            kept: 0,
            held: None,
            is_told: false,
        }
    }
}

impl<R: Role, C> Connection<R, C> {
    /// How many bytes at the front of the room must be there again at the next [`Self::receive`]: a part of a control frame.
    #[must_use]
    pub fn stored(&self) -> usize {
        self.inbound.stored()
    }

    /// Is nothing of the peer looked at any more?
    const fn is_over(&self) -> bool {
        matches!(self.state, State::Closed | State::ClosedFirst | State::Reset)
    }

    /// May messages be sent? Not once a Close was sent or is due, or the connection has ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == State::Open && !self.due.is_close()
    }

    /// The rule that the peer broke, if it did.
    #[must_use]
    pub fn error(&self) -> Option<Error> {
        self.inbound.error()
    }

    /// How it ended, if that was without a Close frame of the peer.
    #[must_use]
    pub const fn abnormal(&self) -> Option<Abnormal> {
        self.abnormal
    }

    /// Is the transport to be read? Not while something that was sent waits: that is the back-pressure. Nor once nothing
    /// more can come.
    #[must_use]
    pub const fn is_readable(&self) -> bool {
        match self.state {
            State::Open => !self.has_ended && !self.is_unsent() && self.held.is_none(),
            State::Closing | State::Closed | State::ClosedFirst => !self.has_ended,
            State::Reset => false,
        }
    }

    /// Does something that was written wait?
    const fn is_unsent(&self) -> bool {
        !R::IN_TUNNEL && self.write_timer.is_running()
    }

    /// What to do with the transport once all that was written is sent.
    #[must_use]
    pub const fn disposition(&self) -> Disposition {
        match self.state {
            State::Reset => Disposition::Cut,
            State::Open | State::Closing => Disposition::Open,
            State::Closed | State::ClosedFirst if self.due.is_close() => Disposition::Open,
            State::Closed | State::ClosedFirst if self.has_ended => Disposition::Close,
            State::Closed if !R::IS_SERVER => Disposition::Open,
            State::Closed | State::ClosedFirst => Disposition::ShutdownWrite,
        }
    }

    /// The peer has ended its stream, and all that came was given to [`Self::receive`].
    pub fn handle_eof(&mut self) {
        self.has_ended = true;
        self.end_of_stream();
    }

    /// Nothing more comes.
    fn end_of_stream(&mut self) {
        if matches!(self.state, State::Open | State::Closing) {
            self.end(Abnormal::EndOfStream);
            self.due = Due::NOTHING;
        }
    }

    /// The transport has failed.
    pub fn handle_reset(&mut self) {
        self.handle_lost(Abnormal::Reset);
    }

    /// The transport is gone, for this reason.
    fn handle_lost(&mut self, how: Abnormal) {
        if matches!(self.state, State::Open | State::Closing) {
            self.end(how);
        }
        (self.state, self.due) = (State::Reset, Due::NOTHING);
    }

    /// It ends without a Close of the peer.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    const fn end(&mut self, how: Abnormal) {
        if self.abnormal.is_none() {
            self.abnormal = Some(how);
        }
        self.leave_open(State::ClosedFirst);
    }

    /// No message of the peer is awaited any more.
    const fn leave_open(&mut self, state: State) {
        self.state = state;
        if R::WATCHES {
            self.message_timer = Timer::FULL;
        }
    }

    /// Another span of time begins for the peer: until then it must say something (anything, or a Pong), or end.
    fn restart(&mut self, cx: &Context<'_>) {
        let span = match self.state {
            State::Open if !R::WATCHES => return,
            State::Open if self.awaits_pong => cx.limits.pong,
            State::Open => cx.limits.ping,
            State::Closing | State::Closed | State::ClosedFirst | State::Reset => cx.limits.close,
        };
        self.deadline = cx.now.saturating_add(span);
    }

    /// Sends Close, once [`Self::poll_transmit`] has room for it, and awaits the peer's.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub fn retire(&mut self, code: CloseCode) {
        if self.is_open() {
            self.due = Due::close(code);
        }
    }

    /// The same without awaiting the peer's Close, to make room at once.
    fn evict(&mut self) {
        self.retire(CloseCode::GOING_AWAY);
        if matches!(self.state, State::Open | State::Closing) {
            self.end(Abnormal::Evicted);
        }
        self.state = State::ClosedFirst;
    }
}

impl<R: Role, C: Compression> Connection<R, C> {
    /// Reads on. Returns how many bytes were used, which are not given again, and the next event. After anything but
    /// [`Event::NeedMore`] and [`Event::Closed`], call again with the rest, also if there is none.
    ///
    /// Payload is unmasked into the front of `room`, which must have at least 125 bytes for control frames; its first
    /// [`Self::stored`] bytes must be there again at the next call. A longer room means longer pieces.
    ///
    /// # Errors
    /// The peer broke a rule. Every later call returns the same. [`Self::poll_transmit`] writes a Close with the code of the
    /// rule, unless one was sent before.
    pub fn receive<'b>(
        &mut self,
        cx: &Context<'_>,
        input: &[u8],
        room: &'b mut [u8],
    ) -> Result<(usize, Event<'b>), Error> {
        let mut rest = input;
        let Ok(found) = self.receive_within(cx, usize::MAX, usize::MAX, &mut rest, room) else {
            return self.error().map_or(Ok((input.len(), Event::Closed)), Err);
        };
        let bytes = |length| room.get(..length).unwrap_or_default();
        let event = match found {
            Found::NeedMore => Event::NeedMore,
            Found::Piece { kind, is_first, is_last, length } => {
                Event::Piece(Piece { kind, is_first, is_last, bytes: bytes(length) })
            }
            Found::Ping { length } => Event::Ping(bytes(length)),
            Found::Pong { length } => Event::Pong(bytes(length)),
            // It was checked.
            Found::Close { length } => Event::Close(CloseReason::read(bytes(length))),
        };
        Ok((input.len().wrapping_sub(rest.len()), event))
    }

    /// The same with a bound on this message, and on each piece. What is used is taken from `rest`, and what is found lies at
    /// the front of the room.
    ///
    /// # Errors
    /// The peer broke a rule, or nothing of it is looked at any more.
    fn receive_within(
        &mut self,
        cx: &Context<'_>,
        message_bytes: usize,
        piece: usize,
        rest: &mut &[u8],
        room: &mut [u8],
    ) -> Result<Found, Broken> {
        if self.is_over() {
            return Err(Broken);
        }
        let bounds = Bounds { limits: cx.limits, message_bytes, piece };
        let before = rest.len();
        let mut received = self.inbound.receive::<R>(&mut self.compression, bounds, rest, room);
        if received.is_ok() {
            self.note_received(cx, before.wrapping_sub(rest.len()));
        }
        if let Ok(found @ Found::Close { length }) = received {
            received = self.handle_close(cx, room.get(..length).unwrap_or_default()).map(|()| found);
        }
        if received.is_err() {
            self.begin_failing(cx);
        }
        received
    }

    /// The peer's Close has come.
    fn handle_close(&mut self, cx: &Context<'_>, payload: &[u8]) -> Result<(), Broken> {
        let answer = answer_to_close(payload).map_err(|rule| self.inbound.fail(rule))?;
        if self.state == State::Open {
            // Whatever was due before.
            self.due = answer;
        }
        self.leave_open(if R::IS_SERVER { State::ClosedFirst } else { State::Closed });
        self.restart(cx);
        Ok(())
    }

    /// The peer broke a rule.
    #[cold]
    fn begin_failing(&mut self, cx: &Context<'_>) {
        if self.state == State::Open
            && let Some(error) = self.error()
        {
            self.due = Due::close(error.rule.close_code());
        }
        self.leave_open(State::ClosedFirst);
        self.restart(cx);
    }

    /// Writes what the connection itself has to say: a Close in answer to the peer's or to what it broke, or a Ping.
    /// Returns how many bytes were written. If there is no room for it, nothing is, and it stays due; 131 bytes are enough.
    #[must_use]
    pub fn poll_transmit(&mut self, cx: &Context<'_>, out: &mut [u8]) -> usize {
        let room = out.len();
        let mut output = Output::new(out);
        self.transmit(cx, &mut output);
        room.wrapping_sub(output.room())
    }

    /// The same. Was something written?
    fn transmit(&mut self, cx: &Context<'_>, output: &mut Output<'_>) -> bool {
        let code = self.due.0.to_be_bytes();
        let (opcode, payload) = match self.due {
            Due::NOTHING => return false,
            Due::PING if R::WATCHES => (Opcode::Ping, &[][..]),
            Due::CLOSE => (Opcode::Close, &[][..]),
            Due(_) => (Opcode::Close, &code[..]),
        };
        if self.write_control(opcode, payload, output).is_err() {
            return false;
        }
        if opcode == Opcode::Close {
            self.note_close_sent(cx);
        }
        self.due = Due::NOTHING;
        true
    }

    /// Sends Close with this code and reason, and awaits the peer's. Messages that still come are given as before. A message
    /// that was begun and not ended is given up. Returns how many bytes were written to `out`: at most 131.
    ///
    /// # Errors
    /// [`SendError::Closed`] if a Close was sent before or is due; [`SendError::ControlTooLong`] for a reason of more than
    /// 123 bytes; [`SendError::NoRoom`]. Nothing is written then, and nothing has changed.
    pub fn close(
        &mut self,
        cx: &Context<'_>,
        code: CloseCode,
        reason: &str,
        out: &mut [u8],
    ) -> Result<usize, SendError> {
        written(out, |output| self.send_close(cx, code, reason, output)).map(|((), written)| written)
    }

    fn note_close_sent(&mut self, cx: &Context<'_>) {
        self.outbound = Outbound::new();
        if self.state == State::Open {
            self.leave_open(State::Closing);
        }
        self.restart(cx);
    }
}

/// What answers a Close frame with this payload (RFC 6455 §5.5.1): one with the same code.
fn answer_to_close(payload: &[u8]) -> Result<Due, Rule> {
    match (CloseReason::read(payload), payload) {
        (None, []) => Ok(Due::CLOSE),
        (None, [_]) => Err(Rule::ShortClose),
        (None, _) => Err(Rule::InvalidCloseCode),
        (Some(reason), _) if reason.is_utf8() => Ok(Due::close(reason.code)),
        (Some(_), _) => Err(Rule::InvalidCloseReason),
    }
}
