//! A connection in the loop of an adapter.

use super::event::{Abnormal, Closed, Piece};
use super::handler::{MessageHandler, Next, PieceHandler};
use super::inbound::Found;
use super::outbound::Output;
use super::outbox::Outbox;
use super::{Connection, Context, Due, Held, State};
use crate::readiness::Standing;
use crate::time::Instant;
use crate::transport::{Disposition, Progress, Protocol};
use crate::websocket::close::{CloseCode, CloseReason};
use crate::websocket::compression::Compression;
use crate::websocket::frame::{MAX_CONTROL_LEN, Opcode};
use crate::websocket::role::Role;

/// The longest control frame, as a client sends it.
const CONTROL_FRAME: usize = MAX_CONTROL_LEN + 6;

/// What whole messages leave of the store: room for a control frame, and for the byte that shows that a compressed message
/// is too long.
const RESERVE: usize = MAX_CONTROL_LEN + 1;

/// How an application takes messages: [`Whole`] or [`Pieces`].
pub trait Delivery {
    #[doc(hidden)]
    const ROOM: usize;
    #[doc(hidden)]
    const PUSHES: bool;
    /// Whole messages are kept in the store.
    #[doc(hidden)]
    const KEEPS: bool;
    #[doc(hidden)]
    fn deliver(&mut self, piece: Piece<'_>, outbox: &mut Outbox<'_>) -> Next;
    #[doc(hidden)]
    fn proceed(&mut self, outbox: &mut Outbox<'_>) -> Next;
    #[doc(hidden)]
    fn poll_timeout(&self) -> Option<Instant>;
    #[doc(hidden)]
    fn pong(&mut self, payload: &[u8]);
    #[doc(hidden)]
    fn closed(&mut self, how: Closed<'_>);
}

/// Whole messages, for a [`MessageHandler`].
pub struct Whole<'h, H>(&'h mut H);

/// Messages in pieces, for a [`PieceHandler`].
pub struct Pieces<'h, H>(&'h mut H);

macro_rules! delegate {
    () => {
        const ROOM: usize = H::ROOM;
        const PUSHES: bool = H::PUSHES;
        fn proceed(&mut self, outbox: &mut Outbox<'_>) -> Next {
            self.0.proceed(outbox)
        }
        fn poll_timeout(&self) -> Option<Instant> {
            self.0.poll_timeout()
        }
        fn pong(&mut self, payload: &[u8]) {
            self.0.pong(payload);
        }
        fn closed(&mut self, how: Closed<'_>) {
            self.0.closed(how);
        }
    };
}

impl<H: MessageHandler> Delivery for Whole<'_, H> {
    delegate!();
    const KEEPS: bool = true;

    fn deliver(&mut self, piece: Piece<'_>, outbox: &mut Outbox<'_>) -> Next {
        self.0.message(piece.kind, piece.bytes, outbox)
    }
}

impl<H: PieceHandler> Delivery for Pieces<'_, H> {
    delegate!();
    const KEEPS: bool = false;

    fn deliver(&mut self, piece: Piece<'_>, outbox: &mut Outbox<'_>) -> Next {
        self.0.piece(piece, outbox)
    }
}

impl<R: Role, C: Compression> Connection<R, C> {
    /// The connection for one call of the loop, with a handler of whole messages. Lend the same store from call to call, of at
    /// least 126 bytes more than the longest message has, and an output of at least 131 bytes.
    pub const fn speak<'c, H: MessageHandler>(
        &'c mut self,
        handler: &'c mut H,
        cx: Context<'c>,
    ) -> Speaking<'c, R, C, Whole<'c, H>> {
        Speaking { connection: self, delivery: Whole(handler), cx }
    }

    /// The same with a handler of pieces. The store has at least 125 bytes; a longer one means longer pieces.
    pub const fn speak_pieces<'c, H: PieceHandler>(
        &'c mut self,
        handler: &'c mut H,
        cx: Context<'c>,
    ) -> Speaking<'c, R, C, Pieces<'c, H>> {
        Speaking { connection: self, delivery: Pieces(handler), cx }
    }
}

/// A [`Connection`] for one call, with its handler and the time: what a
/// [`Conversation`](crate::transport::Conversation) drives. It answers each Ping, closes in good order, and takes nothing from
/// the peer while there is no room for the answer.
///
/// [`Protocol::retire`] sends Close with 1001 and awaits the peer's.
pub struct Speaking<'c, R, C, D> {
    connection: &'c mut Connection<R, C>,
    delivery: D,
    cx: Context<'c>,
}

impl<R: Role, C: Compression, D: Delivery> Speaking<'_, R, C, D> {
    /// Lets the handler send. Returns how much it took, if that is not all.
    fn ask(&mut self, output: &mut Output<'_>, ask: impl FnOnce(&mut D, &mut Outbox<'_>) -> Next) -> Option<usize> {
        let mut output_of_handler = Output::new(output.free);
        let mut outbox = Outbox { sender: &mut *self.connection, cx: self.cx, output: &mut output_of_handler };
        let next = ask(&mut self.delivery, &mut outbox);
        let room = outbox.room();
        output.leave(room);
        match next {
            Next::More => None,
            Next::Wait(taken) => Some(taken),
            Next::Close(code) => {
                self.connection.retire(code);
                None
            }
        }
    }

    /// Is a message under way? One of a peer that is not watched may never end, so it holds no place, unless the codec may have
    /// more to write: then it is driven again.
    fn is_reading(&self) -> bool {
        let Connection { inbound, compression, .. } = &*self.connection;
        if R::WATCHES { inbound.is_within() } else { compression.is_negotiated() && inbound.is_inflating() }
    }

    /// The first of the connection's own deadline and the handler's.
    fn deadline(&self) -> Instant {
        let deadline = self.connection.deadline(self.cx.now);
        if D::PUSHES && self.connection.is_open() {
            return deadline.min(self.delivery.poll_timeout().unwrap_or(Instant::NEVER));
        }
        deadline
    }

    /// The handler learns how the connection ended, once.
    fn tell(&mut self, how: Closed<'_>) {
        if !core::mem::replace(&mut self.connection.is_told, true) {
            self.delivery.closed(how);
        }
    }

    fn tell_abnormal(&mut self) {
        if let Some(how) = self.connection.abnormal {
            self.tell(Closed::Abnormal(how));
        }
    }

    /// The transport is gone, for this reason.
    pub(in crate::websocket) fn handle_lost(&mut self, how: Abnormal) {
        self.connection.handle_lost(how);
        self.tell_abnormal();
    }

    /// Reads the next event, and does what it wants. False: nothing more can be done.
    fn step(&mut self, rest: &mut &[u8], store: &mut [u8], output: &mut Output<'_>) -> bool {
        let kept = self.connection.kept;
        let message_bytes = if D::KEEPS { store.len().saturating_sub(RESERVE) } else { usize::MAX };
        let piece = if D::KEEPS { usize::MAX } else { output.room().saturating_sub(D::ROOM).max(1) };
        let behind = store.get_mut(kept..).unwrap_or_default();

        let Ok(found) = self.connection.receive_within(&self.cx, message_bytes, piece, rest, behind) else {
            if let Some(error) = self.connection.error() {
                self.tell(Closed::Failed(error));
            }
            *rest = &[];
            return true;
        };
        let bytes = |length| behind.get(..length).unwrap_or_default();
        match found {
            Found::NeedMore if self.connection.has_ended => {
                self.connection.end_of_stream();
                self.tell_abnormal();
            }
            Found::NeedMore => return false,
            Found::Piece { kind, is_first, is_last, length } => {
                let end = kept.wrapping_add(length);
                if D::KEEPS && !is_last {
                    self.connection.kept = end;
                } else {
                    let held = Held { kind, is_first: is_first || D::KEEPS, is_last, taken: 0 };
                    self.hand_out(held, end, store, output);
                }
            }
            Found::Ping { length } => {
                // Without room for it the Ping stays unanswered: the output is shorter than a control frame.
                let _ = self.connection.send_control(Opcode::Pong, bytes(length), output);
            }
            Found::Pong { length } => self.delivery.pong(bytes(length)),
            Found::Close { length } => self.tell(Closed::Clean(CloseReason::read(bytes(length)))),
        }
        true
    }

    /// Hands out what is in the store up to `end`: a message, or a piece. What is not taken is held.
    fn hand_out(&mut self, held: Held, end: usize, store: &[u8], output: &mut Output<'_>) {
        (self.connection.kept, self.connection.held) = (0, None);
        // Once Close is sent or due, messages are thrown away.
        if !self.connection.is_open() {
            return;
        }
        let Held { kind, is_first, is_last, taken: before } = held;
        let piece = Piece { kind, is_first, is_last, bytes: store.get(before..end).unwrap_or_default() };
        if let Some(taken) = self.ask(output, |delivery, outbox| delivery.deliver(piece, outbox)) {
            let taken = if D::KEEPS { 0 } else { before.saturating_add(taken).min(end) };
            self.connection.kept = end;
            self.connection.held = Some(Held { is_first: is_first && taken == 0, taken, ..held });
            self.connection.stop_message_time(self.cx.now);
        }
    }
}

impl<R: Role, C: Compression, D: Delivery> Protocol for Speaking<'_, R, C, D> {
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress {
        let (mut rest, capacity, mut output) = (input, output.len(), Output::new(output));
        let needed = self.needed_room();
        let (mut may_push, mut may_retry) = (D::PUSHES, true);
        // Until nothing more can be done, or there is no room for an answer.
        while output.room() == capacity || output.room() >= needed {
            if self.connection.transmit(&self.cx, &mut output) {
                continue;
            }
            if self.connection.due.is_close() {
                // An output so short that no Close ever fits.
                break;
            }
            if may_push && self.connection.is_open() {
                may_push = false;
                self.ask(&mut output, D::proceed);
                continue;
            }
            if let Some(held) = self.connection.held {
                if !core::mem::replace(&mut may_retry, false) {
                    break;
                }
                self.hand_out(held, self.connection.kept, store, &mut output);
                if self.connection.held.is_none() {
                    self.connection.resume(&self.cx);
                }
                continue;
            }
            may_retry = false;
            if !self.step(&mut rest, store, &mut output) {
                break;
            }
            if self.connection.is_over() && self.connection.due == Due::NOTHING {
                // Nobody reads what comes behind the end.
                rest = &[];
                break;
            }
        }
        if output.room() < capacity {
            // It may have to wait, and a tunnel hears of that only later.
            self.connection.note_message_time(self.cx.now);
        }
        Progress { taken: input.len().wrapping_sub(rest.len()), written: capacity.wrapping_sub(output.room()) }
    }

    fn needed_room(&self) -> usize {
        D::ROOM.max(CONTROL_FRAME)
    }

    fn stored(&self) -> usize {
        self.connection.kept.wrapping_add(self.connection.stored())
    }

    /// What came before the end, and waits for its turn, is handed out first.
    fn handle_eof(&mut self) {
        self.connection.has_ended = true;
    }

    fn handle_sent(&mut self, sent: usize, left: usize) {
        self.connection.handle_sent(&self.cx, sent, left);
    }

    fn handle_timeout(&mut self) {
        self.connection.handle_timeout(&self.cx);
        if let Some(error) = self.connection.error() {
            self.tell(Closed::Failed(error));
        }
        self.tell_abnormal();
    }

    fn handle_reset(&mut self) {
        self.handle_lost(Abnormal::Reset);
    }

    fn retire(&mut self) {
        self.connection.retire(CloseCode::GOING_AWAY);
    }

    fn give_way(&mut self, has_unread: bool) -> bool {
        match self.standing() {
            Standing::Lingering => {}
            Standing::Idle | Standing::Reading if !has_unread => {}
            Standing::Idle | Standing::Reading | Standing::Busy => return false,
        }
        self.connection.evict();
        self.tell_abnormal();
        true
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.deadline().unless_never()
    }

    fn is_readable(&self) -> bool {
        self.connection.is_readable()
    }

    fn standing(&self) -> Standing {
        match self.connection.state {
            _ if self.connection.due != Due::NOTHING => Standing::Busy,
            State::Open if D::PUSHES || !self.connection.is_readable() => Standing::Busy,
            State::Open if self.is_reading() => Standing::Reading,
            State::Open => Standing::Idle,
            State::Closing | State::Closed | State::ClosedFirst => Standing::Lingering,
            State::Reset => Standing::Busy,
        }
    }

    fn disposition(&self) -> Disposition {
        self.connection.disposition()
    }
}
