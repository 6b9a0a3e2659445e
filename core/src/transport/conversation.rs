//! The loop itself, as a machine that yields the next action.

use core::mem;

use super::{Disposition, Protocol};
use crate::bytes;
use crate::readiness::Standing;

/// What has come and was not consumed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Input<'b> {
    /// The bytes. Where they lie in more than one piece: the first piece.
    pub bytes: &'b [u8],
    /// The peer has ended its direction, and nothing follows these bytes.
    pub has_ended: bool,
}

/// What an adapter does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Action {
    /// Hand the first bytes of the output, so many, to the transport, and tell [`Conversation::handle_sent`]. Poll again
    /// once the transport has taken all of them; [`Protocol::handle_timeout`] says when it has taken too long.
    Send(usize),
    /// Move some of so many bytes to the peer yourself, tell [`Conversation::handle_sent`] and the protocol, and poll
    /// again.
    Transfer(u64),
    /// End our direction, behind all that was sent, and poll again.
    ShutdownWrite,
    /// Nothing can be done now. Poll again when bytes have come, if [`Conversation::wants_input`]; when
    /// [`Protocol::poll_timeout`] is due, after [`Protocol::handle_timeout`]; when somebody woke the protocol; and
    /// when what was sent has left.
    Wait,
    /// End both directions in good order. All that was sent has left, as far as [`Conversation::handle_sent`] was told.
    Close,
    /// Reset the connection. All that was sent has left, as far as [`Conversation::handle_sent`] was told.
    Abort,
    /// Reset the connection at once.
    Cut,
}

/// One connection's way from its first byte to its end: what was told to whom. Two bytes, no buffer, no I/O.
///
/// See the [module](super) for the loop around it, and [`Protocol`] for an example.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// What [`Self::standing_change`] returned last.
    standing: Standing,
    flags: Flags,
}

/// What has happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Flags(u8);

impl Flags {
    /// Our direction has ended.
    const SHUT: Self = Self(1);
    /// The peer's direction has ended.
    const ENDED: Self = Self(2);
    /// The protocol knows that.
    const TOLD: Self = Self(4);
    /// Something that was sent has not left.
    const UNSENT: Self = Self(8);
    /// Bytes came or went since [`Conversation::standing_change`] was asked.
    const MOVED: Self = Self(16);
    /// Bytes were sent, ever.
    const USED: Self = Self(32);

    const fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    const fn set(&mut self, flag: Self) {
        self.0 |= flag.0;
    }

    const fn clear(&mut self, flag: Self) {
        self.0 &= !flag.0;
    }
}

impl Conversation {
    /// On a connection on which nothing was said.
    #[must_use]
    pub const fn new() -> Self {
        Self { standing: Standing::Busy, flags: Flags(0) }
    }

    /// Lets the protocol do all that it can, up to the next action. Returns how many bytes of the input were consumed,
    /// and the action.
    ///
    /// `store` and `output` are lent to [`Protocol::drive`]. Call it only when all of an earlier [`Action::Send`] was
    /// handed over, so that `output` is free again.
    pub fn poll(
        &mut self,
        protocol: &mut (impl Protocol + ?Sized),
        input: Input<'_>,
        store: &mut [u8],
        output: &mut [u8],
    ) -> (usize, Action) {
        if input.has_ended {
            self.flags.set(Flags::ENDED);
        }
        let mut rest = input.bytes;
        let action = loop {
            if protocol.disposition() == Disposition::Cut {
                break Action::Cut;
            }
            if let Some(length) = protocol.transfer() {
                break Action::Transfer(length);
            }
            if !(rest.is_empty() && protocol.standing() == Standing::Idle) {
                let progress = protocol.drive(rest, store, output);
                rest = bytes::from(rest, progress.taken);
                if progress.written > 0 && protocol.disposition() != Disposition::Cut {
                    self.flags.set(Flags(Flags::MOVED.0 | Flags::USED.0));
                    break Action::Send(progress.written);
                }
                if progress.taken > 0 {
                    self.flags.set(Flags::MOVED);
                    continue;
                }
                if let Some(length) = protocol.transfer() {
                    break Action::Transfer(length);
                }
            }
            let is_told = self.flags.has(Flags::TOLD);
            if is_told || !self.flags.has(Flags::ENDED) {
                break self.rest(protocol.disposition());
            }
            self.flags.set(Flags::TOLD);
            protocol.handle_eof();
        };
        (input.bytes.len().wrapping_sub(rest.len()), action)
    }

    /// What to do where nothing moves.
    const fn rest(&mut self, disposition: Disposition) -> Action {
        let is_unsent = self.flags.has(Flags::UNSENT);
        let ends = match disposition {
            Disposition::ShutdownWrite => true,
            // Nobody is lingered for who has ended already: our end follows what is unsent.
            Disposition::Close => is_unsent && self.flags.has(Flags::ENDED),
            Disposition::Open | Disposition::Abort | Disposition::Cut => false,
        };
        if ends && !self.flags.has(Flags::SHUT) {
            self.flags.set(Flags::SHUT);
            return Action::ShutdownWrite;
        }
        match disposition {
            Disposition::Close if !is_unsent => Action::Close,
            Disposition::Abort if !is_unsent => Action::Abort,
            Disposition::Open | Disposition::ShutdownWrite | Disposition::Close | Disposition::Abort => Action::Wait,
            Disposition::Cut => Action::Cut,
        }
    }

    /// Of what was sent, `sent` more bytes have left (have reached the peer, or are with the system, as far as the
    /// transport can tell), and `left` still wait.
    pub fn handle_sent(&mut self, protocol: &mut (impl Protocol + ?Sized), sent: usize, left: usize) {
        if left > 0 {
            self.flags.set(Flags::UNSENT);
        } else {
            self.flags.clear(Flags::UNSENT);
        }
        protocol.handle_sent(sent, left);
    }

    /// Is the connection to be read? Not, if it is not the peer's turn, or nothing more will come.
    #[must_use]
    pub fn wants_input(&self, protocol: &(impl Protocol + ?Sized)) -> bool {
        protocol.is_readable() && !self.flags.has(Flags::ENDED)
    }

    /// Has the peer ended its direction?
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.flags.has(Flags::ENDED)
    }

    /// Has our direction ended, by [`Action::ShutdownWrite`]?
    #[must_use]
    pub const fn is_shut(&self) -> bool {
        self.flags.has(Flags::SHUT)
    }

    /// Was anything sent, ever?
    #[must_use]
    pub const fn is_used(&self) -> bool {
        self.flags.has(Flags::USED)
    }

    /// What [`Self::standing_change`] told last: [`Standing::Busy`] in the beginning.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// What it is doing now, for [`Admission::set_standing`](crate::readiness::Admission::set_standing), if that has
    /// changed since this was asked last; or if it still may give way, after bytes came or went. So whoever was told that it
    /// is busy, for bytes of it waited unread, hears what it is once they were read.
    ///
    /// Before its first byte a connection counts as one whose head does not come ([`Standing::Reading`]). While something
    /// that it sent has not left, it is [`Standing::Busy`]: whoever gives way has all that it asked for.
    pub fn standing_change(&mut self, protocol: &(impl Protocol + ?Sized)) -> Option<Standing> {
        let standing = match protocol.standing() {
            _ if self.flags.has(Flags::UNSENT) => Standing::Busy,
            Standing::Idle if self.flags.has(Flags::USED) => Standing::Idle,
            Standing::Idle | Standing::Reading => Standing::Reading,
            Standing::Lingering if self.flags.has(Flags::SHUT) => Standing::Lingering,
            Standing::Lingering | Standing::Busy => Standing::Busy,
        };
        let has_moved = self.flags.has(Flags::MOVED);
        self.flags.clear(Flags::MOVED);
        let before = mem::replace(&mut self.standing, standing);
        (before != standing || (standing != Standing::Busy && has_moved)).then_some(standing)
    }
}

impl Default for Conversation {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
