//! A turn: what can be done at once, and what is to be waited for.

use core::ops::Range;

use wirenut::readiness::{Event, Interest};
use wirenut::transport::{Action, Disposition, Input, Protocol};

use super::memory::Memory;
use super::transport::{Failed, Transport};
use super::{Connection, Flags};
use crate::socket::{Attempt, Received};

/// How often a turn sends, or moves a piece of a transfer, at most.
pub const MAX_SENDS: usize = 4;

/// What a turn did, and what is next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct Turn {
    /// Bytes of the input that were consumed.
    pub taken: usize,
    /// What is next.
    pub next: Next,
}

/// What is next for a connection that had its turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Next {
    /// Wait: for [`Connection::interest`], for [`Protocol::poll_timeout`], for a wake.
    Wait,
    /// There is more to do: wait for nothing, and give it another turn when the others had theirs.
    Again,
    /// It is over: drop the socket. What was sent reaches the peer.
    Close,
    /// It is over: reset the connection ([`Socket::abort`](crate::socket::Socket::abort)). A Unix socket knows no reset: its peer sees an end.
    Reset,
}

impl Next {
    /// Is it over?
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Close | Self::Reset)
    }
}

/// How a protocol without transfers is driven: see [`Connection::turn`].
pub fn no_transfer<Q: Protocol + ?Sized, T>(protocol: &mut Q, _: &mut T, _: u64) -> Attempt<u64> {
    protocol.handle_reset();
    Attempt::Done(0)
}

/// How far a turn has come.
enum Step {
    /// All that can be done is done.
    Rested,
    /// The transport is to be prepared first, and waits for that.
    Unprepared(Interest),
    /// The peer takes no more.
    Blocked,
    /// It has sent as often as it may.
    Spent,
    /// The connection is over.
    End(Next),
}

impl Connection {
    /// Does what can be done now.
    ///
    /// `transport` is a reference to the socket, or something over it that lasts as long as the connection.
    ///
    /// `event` is what the poller told, if it did. A turn for another reason (a deadline, after
    /// [`Self::handle_timeout`]; a wake; an earlier [`Next::Again`]) has none, and receives nothing.
    ///
    /// The buffers of `memory` may hold anything. The store must be as long as in earlier turns, and the input at least as long
    /// as what is [left of it](super::Leftover::unread). A protocol that takes nothing of an input that fills its buffer, and
    /// still wants more, waits for what cannot come: the connection is reset.
    ///
    /// `transfer` moves up to so many bytes of what [`Protocol::transfer`] announced into the transport, tells the protocol, and
    /// says how many they were. None: it has told the protocol why there will be no more. [`Attempt::WouldBlock`]: the socket has no room
    /// now. Protocols without transfers use [`no_transfer`].
    ///
    /// After [`Next::Close`] and [`Next::Reset`] the protocol has nothing to be told any more. Otherwise look at
    /// [`Self::interest`], [`Self::has_leftover`], [`Self::standing_change`] and the protocol's deadline: any of them may
    /// have changed.
    #[inline]
    pub fn turn<T: Transport, Q: Protocol + ?Sized>(
        &mut self,
        mut transport: T,
        event: Option<Event>,
        protocol: &mut Q,
        memory: Memory<'_>,
        transfer: impl FnMut(&mut Q, &mut T, u64) -> Attempt<u64>,
    ) -> Turn {
        let is_readable = event.is_some_and(Event::is_readable) || transport.holds_unread();
        let reads = is_readable && self.conversation.wants_input(protocol);
        // A hang-up that no reading will bring to light would be told again and again.
        if event.is_some_and(|event| event.is_error() || (event.is_hang_up() && !reads)) {
            protocol.handle_reset();
            return Turn { taken: 0, next: Next::Reset };
        }
        if !reads && event.is_some_and(Event::is_read_closed) && protocol.wants_read_closed() {
            protocol.handle_read_closed();
        }
        if self.flags.has(Flags::PARTING) && event.is_some_and(Event::is_writable) {
            self.conversation.handle_sent(protocol, 0, 0);
        }
        let mut running =
            Running { connection: self, transport, protocol, memory, window: 0..0, taken: 0, has_ended: false };
        let step = running.run(reads, transfer);
        let Running { connection, mut transport, protocol, memory, taken, .. } = running;
        let step = match step {
            // No poller would say so.
            Ok(Step::Rested) if transport.holds_unread() && connection.conversation.wants_input(protocol) => {
                Step::Spent
            }
            Ok(step) => step,
            Err(Failed) => {
                protocol.handle_reset();
                Step::End(Next::Reset)
            }
        };
        connection.flags.set(Flags::LEFT, memory.leftover.is_some());
        connection.interest = connection.wanted(protocol, &step, is_readable && !reads);
        let next = match step {
            Step::End(next) => next,
            Step::Spent => Next::Again,
            Step::Rested | Step::Unprepared(_) | Step::Blocked => Next::Wait,
        };
        Turn { taken, next }
    }

    /// What to ask a poller for. `is_unread`: the socket has something to read that was not wanted.
    #[inline]
    fn wanted<Q: Protocol + ?Sized>(&self, protocol: &Q, step: &Step, is_unread: bool) -> Interest {
        if let Step::Unprepared(interest) = step {
            return *interest;
        }
        if matches!(step, Step::Blocked) || self.flags.has(Flags::PARTING) {
            return Interest::WRITABLE;
        }
        // Its end could be read again and again.
        if self.conversation.has_ended() {
            return Interest::NOTHING;
        }
        // What is not wanted for a moment may well be wanted before it comes.
        let may_come = self.interest == Interest::READABLE && !is_unread;
        if may_come || self.conversation.wants_input(protocol) {
            Interest::READABLE
        } else if protocol.wants_read_closed() {
            Interest::READ_CLOSED
        } else {
            Interest::NOTHING
        }
    }
}

/// A turn under way.
struct Running<'t, 'm, T, Q: ?Sized> {
    connection: &'t mut Connection,
    transport: T,
    protocol: &'t mut Q,
    memory: Memory<'m>,
    /// Where in the input lies what is not consumed.
    window: Range<usize>,
    /// How many bytes of it this turn has consumed.
    taken: usize,
    /// The peer's end was received.
    has_ended: bool,
}

impl<T: Transport, Q: Protocol + ?Sized> Running<'_, '_, T, Q> {
    /// Sends what was left, receives, and does what comes of it.
    #[inline]
    fn run(&mut self, reads: bool, transfer: impl FnMut(&mut Q, &mut T, u64) -> Attempt<u64>) -> Result<Step, Failed> {
        if let Some(interest) = self.transport.prepare()? {
            return Ok(self.unprepared(interest));
        }
        if let Some(flushed) = self.transport.flush()? {
            self.connection.conversation.handle_sent(self.protocol, flushed.sent, flushed.held);
            if flushed.held > 0 {
                return Ok(self.blocked());
            }
        }
        if self.memory.leftover.is_some() {
            if !self.send_leftover()? {
                return Ok(self.blocked());
            }
            self.window = self.memory.restore();
        }
        if reads {
            self.receive()?;
        }
        let step = self.converse(transfer)?;
        let stored = self.protocol.stored();
        self.memory.keep(self.window.clone(), self.taken, stored);
        Ok(step)
    }

    /// Nothing can be said yet, so whatever ends the connection does so at once.
    #[cold]
    fn unprepared(&mut self, interest: Interest) -> Step {
        match self.protocol.disposition() {
            Disposition::Open => Step::Unprepared(interest),
            Disposition::ShutdownWrite | Disposition::Close => {
                self.transport.close();
                Step::End(Next::Close)
            }
            Disposition::Abort | Disposition::Cut => Step::End(Next::Reset),
        }
    }

    /// The peer takes no more of what was sent before this turn.
    #[cold]
    fn blocked(&self) -> Step {
        let is_cut = self.protocol.disposition() == Disposition::Cut;
        if is_cut { Step::End(Next::Reset) } else { Step::Blocked }
    }

    /// One receive, behind what is in the window.
    #[inline]
    fn receive(&mut self) -> Result<(), Failed> {
        let room = self.memory.room(self.window.len());
        if room.is_empty() {
            // A read of nothing would look like the end.
            return Err(Failed);
        }
        match self.transport.recv(room)? {
            Received::Data(count) => self.window = self.memory.receive(count),
            Received::End => self.has_ended = true,
            Received::WouldBlock => {}
        }
        Ok(())
    }

    /// Polls, and does what that says, as long as there is something.
    #[inline]
    fn converse(&mut self, mut transfer: impl FnMut(&mut Q, &mut T, u64) -> Attempt<u64>) -> Result<Step, Failed> {
        for _ in 0..MAX_SENDS {
            let Some(action) = self.poll() else { return Ok(Step::Blocked) };
            let is_through = match action {
                Action::Send(count) => self.send(count)?,
                Action::Transfer(length) => self.transfer(length, &mut transfer),
                Action::Wait => return Ok(Step::Rested),
                Action::Close => {
                    self.transport.close();
                    return Ok(Step::End(Next::Close));
                }
                Action::Abort => return Ok(self.part()),
                Action::Cut | Action::ShutdownWrite => return Ok(Step::End(Next::Reset)),
            };
            if !is_through {
                return Ok(Step::Blocked);
            }
        }
        Ok(Step::Spent)
    }

    /// The next action that is not done at once. None: our direction ends once the peer takes more.
    #[inline]
    fn poll(&mut self) -> Option<Action> {
        let (input, store, output) = self.memory.buffers();
        loop {
            let input = Input { bytes: &input[self.window.clone()], has_ended: self.has_ended };
            let (taken, action) = self.connection.conversation.poll(self.protocol, input, store, output);
            self.window.start += taken;
            self.taken += taken;
            if action != Action::ShutdownWrite {
                return Some(action);
            }
            self.transport.shutdown_write();
            let held = self.transport.held();
            if held > 0 {
                self.connection.conversation.handle_sent(self.protocol, 0, held);
                return None;
            }
        }
    }

    /// Sends so many bytes of the output, and keeps what the peer does not take. False if there is some.
    #[inline]
    fn send(&mut self, count: usize) -> Result<bool, Failed> {
        let taken = self.transport.send(&self.memory.output[..count])?;
        if taken < count {
            self.memory.keep_output(taken, count);
        }
        Ok(self.note_sent(taken, count - taken))
    }

    /// Sends what was left. False if some still is.
    #[cold]
    fn send_leftover(&mut self) -> Result<bool, Failed> {
        let unsent = self.memory.leftover.as_ref().map_or(&[][..], |left| left.unsent());
        if unsent.is_empty() {
            return Ok(true);
        }
        let taken = self.transport.send(unsent)?;
        let left = self.memory.note_sent(taken);
        Ok(self.note_sent(taken, left))
    }

    /// The transport has taken so many bytes, and so many are left for it. False if the peer takes no more.
    #[inline]
    fn note_sent(&mut self, taken: usize, left: usize) -> bool {
        let held = self.transport.held();
        let left = left.saturating_add(held);
        self.connection.conversation.handle_sent(self.protocol, taken.saturating_sub(held), left);
        left == 0
    }

    /// Moves one piece of a transfer. False if the peer takes no more.
    fn transfer(&mut self, length: u64, transfer: &mut impl FnMut(&mut Q, &mut T, u64) -> Attempt<u64>) -> bool {
        let (moved, left) = match transfer(self.protocol, &mut self.transport, length) {
            Attempt::Done(0) => (0, 0),
            // What is left waits for the peer, too: so it is held to its pace from piece to piece.
            Attempt::Done(moved) => (moved, length.saturating_sub(moved)),
            Attempt::WouldBlock => (0, length),
        };
        let [moved, left] = [moved, left].map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        let held = self.transport.held();
        let (sent, waiting) = (moved.saturating_sub(held), left.saturating_add(held));
        self.connection.conversation.handle_sent(self.protocol, sent, waiting);
        held == 0 && (moved > 0 || left == 0)
    }

    /// A reset is due, and all that was sent is with the system, which may not have sent it yet: a reset would destroy that.
    /// So it is asked to say when all has left.
    fn part(&mut self) -> Step {
        let flags = &mut self.connection.flags;
        // A Unix socket cannot be asked: what was sent on it is with the peer.
        if flags.has(Flags::PARTING) || !self.transport.set_low_water_mark() {
            return Step::End(Next::Reset);
        }
        flags.set(Flags::PARTING, true);
        // As if one more byte waited: that is what the peer's time to take is for.
        self.connection.conversation.handle_sent(self.protocol, 0, 1);
        Step::Blocked
    }
}
