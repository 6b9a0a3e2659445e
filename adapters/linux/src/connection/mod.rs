//! The loop of one connection over one socket, or over a [`Transport`] on one, whatever is spoken on it.
//!
//! A [`Connection`] drives a [`Protocol`] by the core's [`Conversation`] over a byte stream that does not block: TCP or
//! Unix. It owns no buffer, and fits in 8 bytes. Whoever waits for many connections gives each a [turn](Connection::turn)
//! when a poller tells something of it, when its deadline has come, or when somebody woke it. Then it waits again, for what
//! the turn said.
//!
//! What is the same for all protocols is decided here:
//!
//! - A turn receives once at most, and sends [`MAX_SENDS`] times at most: then it is the others' turn.
//! - What the peer does not take is kept ([`Leftover`]). Until it has taken all of it nothing is read from it, and nothing
//!   more is written: that is the back-pressure.
//! - Before a reset, all that was sent leaves. A reset throws away what the system has not sent yet: so the system is asked
//!   to say when it has (TCP_NOTSENT_LOWAT), within the time that the protocol gives its peer.
//! - A connection that has failed, or that its peer has hung up, is told to the protocol once, and is over.
//!
//! ```
//! use std::os::fd::AsFd;
//! use wirenut::readiness::Standing;
//! use wirenut::time::Instant;
//! use wirenut::transport::{Disposition, Progress, Protocol};
//! use wirenut_linux::connection::{Connection, Memory, Next, no_transfer};
//! use wirenut_linux::poller::{Epoll, Poller, Token};
//! use wirenut_linux::socket::{Attempt, Mode, Received, UnixStream};
//!
//! /// Sends back what comes, until the peer ends.
//! struct Echo(Disposition);
//!
//! impl Protocol for Echo {
//!     fn drive(&mut self, input: &[u8], _: &mut [u8], output: &mut [u8]) -> Progress {
//!         let count = input.len().min(output.len());
//!         output[..count].copy_from_slice(&input[..count]);
//!         Progress { taken: count, written: count }
//!     }
//!     fn handle_eof(&mut self) { self.0 = Disposition::Close }
//!     fn handle_sent(&mut self, _: usize, _: usize) {}
//!     fn handle_timeout(&mut self) {}
//!     fn handle_reset(&mut self) { self.0 = Disposition::Cut }
//!     fn poll_timeout(&self) -> Option<Instant> { None }
//!     fn is_readable(&self) -> bool { true }
//!     fn standing(&self) -> Standing { Standing::Busy }
//!     fn disposition(&self) -> Disposition { self.0 }
//! }
//!
//! let (peer, socket) = UnixStream::pair()?;
//! socket.set_mode(Mode::NonBlocking)?;
//! let (mut connection, mut echo) = (Connection::new(), Echo(Disposition::Open));
//! let (mut input, mut output, mut leftover) = ([0; 100], [0; 100], None);
//! let mut poller = Epoll::new()?;
//! poller.register(socket.as_fd(), Token(0), connection.interest())?;
//!
//! assert_eq!(peer.send(b"hello")?, Attempt::Done(5));
//! peer.shutdown(std::net::Shutdown::Write)?;
//! let end = loop {
//!     let _ = poller.wait(None)?;
//!     let Some(event) = poller.next_event() else { continue };
//!     let before = connection.interest();
//!     let memory = Memory { input: &mut input, store: &mut [], output: &mut output, leftover: &mut leftover };
//!     let turn = connection.turn(&socket, Some(event), &mut echo, memory, no_transfer);
//!     if turn.next.is_end() {
//!         break turn.next;
//!     }
//!     if connection.interest() != before {
//!         poller.modify(socket.as_fd(), Token(0), connection.interest())?;
//!     }
//! };
//! assert_eq!(end, Next::Close);
//! drop(socket);
//! let mut answer = [0; 100];
//! assert_eq!(peer.recv(&mut answer)?, Received::Data(5));
//! assert_eq!(&answer[..5], b"hello");
//! assert_eq!(peer.recv(&mut answer)?, Received::End);
//! # Ok::<(), wirenut_linux::Error>(())
//! ```

mod copies;
mod kept;
mod memory;
mod transport;
mod turn;
mod unread;

use wirenut::readiness::{Interest, Standing};
use wirenut::transport::{Conversation, Disposition, Protocol};

pub use memory::{Leftover, Memory};
pub use transport::{Failed, Flushed, Transport};
pub use turn::{MAX_SENDS, Next, Turn, no_transfer};

/// One connection's loop. See the [module](self) for an example.
///
/// The socket, the protocol and the memory are lent to each [turn](Self::turn): so a protocol may borrow the socket, and an
/// idle connection has none of the rest.
#[derive(Clone, Debug)]
pub struct Connection {
    conversation: Conversation,
    interest: Interest,
    flags: Flags,
}

/// What is to be known from turn to turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Flags(u8);

impl Flags {
    /// It is reset once all that was sent has left.
    const PARTING: Self = Self(1);
    /// The last turn left something.
    const LEFT: Self = Self(2);
    /// The peer's time to end its direction was over before it had taken all.
    const UNTAKEN: Self = Self(4);

    const fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    const fn set(&mut self, flag: Self, is_set: bool) {
        self.0 = if is_set { self.0 | flag.0 } else { self.0 & !flag.0 };
    }
}

impl Connection {
    /// On a socket on which nothing was said.
    #[must_use]
    pub const fn new() -> Self {
        Self { conversation: Conversation::new(), interest: Interest::READABLE, flags: Flags(0) }
    }

    /// What a poller is to be asked for. Before the first turn that is [`Interest::READABLE`].
    #[must_use]
    pub const fn interest(&self) -> Interest {
        self.interest
    }

    /// Has the last turn left something in [`Memory::leftover`]? If not, it holds nothing, and there is nothing to keep for
    /// the next turn.
    #[must_use]
    pub const fn has_leftover(&self) -> bool {
        self.flags.has(Flags::LEFT)
    }

    /// The protocol's deadline is due: tells it so. A [turn](Self::turn) follows.
    ///
    /// The peer's time to end its direction counts from when it has taken all, not from when the system has. So where our
    /// direction has ended, and that time is over, the system is asked first. As long as it still holds something the
    /// peer's time to take that runs instead; and when that is over, the system is asked again.
    pub fn handle_timeout<Q: Protocol + ?Sized>(&mut self, mut transport: impl Transport, protocol: &mut Q) {
        if self.conversation.is_shut() && protocol.disposition() == Disposition::ShutdownWrite {
            let was_untaken = self.flags.has(Flags::UNTAKEN);
            let is_untaken = transport.untaken_bytes() > 0;
            self.flags.set(Flags::UNTAKEN, is_untaken);
            if is_untaken != was_untaken {
                return self.conversation.handle_sent(protocol, 0, usize::from(is_untaken));
            }
        }
        protocol.handle_timeout();
    }

    /// What it is doing now, if that has changed: see [`Conversation::standing_change`].
    #[inline]
    pub fn standing_change(&mut self, protocol: &(impl Protocol + ?Sized)) -> Option<Standing> {
        self.conversation.standing_change(protocol)
    }

    /// What was said, to look at: for example [`Conversation::is_used`].
    #[must_use]
    pub const fn conversation(&self) -> &Conversation {
        &self.conversation
    }
}

impl Default for Connection {
    fn default() -> Self {
        Self::new()
    }
}
