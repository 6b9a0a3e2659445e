//! One connection over one socket, whatever is spoken on it.

use smoltcp::socket::tcp;
use smoltcp::time as theirs;
use wirenut::readiness::Standing;
use wirenut::time::Instant;
use wirenut::transport::{Action, Conversation, Disposition, Input, Protocol};

use crate::clock;
use crate::socket::Socket;

/// The loop of one connection over one socket, for any [`Protocol`]. It knows no HTTP: [`Server`](crate::Server) and
/// [`Client`](crate::Client) are made of it, and so can be a protocol of yours.
///
/// Input is offered where it lies, in the ring of the socket. Where it lies across the end of the ring, it comes in two
/// pieces, and the second one only when the first was taken. So a protocol that waits for more takes what there is, and
/// keeps it in its store. Output is made in a scratch buffer, which all connections may share, and copied into the ring.
///
/// ```no_run
/// # use smoltcp::iface::{Interface, SocketHandle, SocketSet};
/// # use smoltcp::{phy::Device, socket::tcp::Socket, time::{Duration, Instant}};
/// use wirenut::readiness::Standing;
/// use wirenut::transport::{Disposition, Progress, Protocol};
/// use wirenut_smoltcp::{Connection, Leaving};
///
/// /// Sends back each line.
/// struct Echo { held: usize, disposition: Disposition }
///
/// impl Protocol for Echo {
///     fn drive(&mut self, input: &[u8], line: &mut [u8], output: &mut [u8]) -> Progress {
///         let taken = input.iter().position(|&byte| byte == b'\n').map_or(input.len(), |end| end + 1);
///         let length = self.held + taken;
///         let is_whole = input[..taken].ends_with(b"\n");
///         if length > line.len() || (is_whole && length > output.len()) {
///             return Progress::default();
///         }
///         line[self.held..length].copy_from_slice(&input[..taken]);
///         let written = if is_whole { length } else { 0 };
///         output[..written].copy_from_slice(&line[..written]);
///         self.held = length - written;
///         Progress { taken, written }
///     }
///     fn handle_eof(&mut self) { self.disposition = Disposition::Close }
///     fn handle_sent(&mut self, _: usize, _: usize) {}
///     fn handle_timeout(&mut self) {}
///     fn handle_reset(&mut self) { self.disposition = Disposition::Cut }
///     fn poll_timeout(&self) -> Option<wirenut::time::Instant> { None }
///     fn is_readable(&self) -> bool { true }
///     fn standing(&self) -> Standing { Standing::Busy }
///     fn disposition(&self) -> Disposition { self.disposition }
/// }
///
/// # fn serve(mut interface: Interface, mut device: impl Device, handle: SocketHandle, mut sockets: SocketSet<'_>, now: fn() -> Instant, sleep_until: fn(Option<Instant>)) {
/// let (mut line, mut scratch) = ([0; 80], [0; 80]);
/// loop {
///     let _ = sockets.get_mut::<Socket<'_>>(handle).listen(7);
///     let mut echo = Echo { held: 0, disposition: Disposition::Open };
///     let (mut connection, mut leaving) = (Connection::new(), None::<Leaving>);
///     loop {
///         interface.poll(now(), &mut device, &mut sockets);
///         let socket = sockets.get_mut::<Socket<'_>>(handle);
///         if let Some(leaving) = &mut leaving {
///             if leaving.poll(now(), socket) {
///                 break;
///             }
///         } else if connection.poll(now(), socket, &mut echo, &mut line, &mut scratch) {
///             leaving = Some(Leaving::new(now(), socket, Duration::from_secs(5)));
///         }
///         let stack = interface.poll_at(now(), &sockets);
///         sleep_until(leaving.map(|leaving| leaving.poll_timeout()).into_iter().chain(stack).min());
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Connection {
    conversation: Conversation,
    /// Bytes that the peer had not acknowledged when we last looked.
    unacknowledged: usize,
}

impl Connection {
    /// On a socket on which nothing was said.
    #[must_use]
    pub const fn new() -> Self {
        Self { conversation: Conversation::new(), unacknowledged: 0 }
    }

    /// Does all that can be done now. Call it after each poll of the interface, and when [`Protocol::poll_timeout`] is due.
    /// Before the connection is open nothing comes, and there is no room.
    ///
    /// `store` is the protocol's, and must stay as it is from call to call. `scratch` is used during the call only, and
    /// must always be of the same length. More of it than the sending ring holds is not used.
    ///
    /// `true`: the connection is over. The protocol is not asked again, and the socket is closing: [`Leaving`] sees to it
    /// that it gets there. A transfer ([`Protocol::transfer`]) is not supported: the connection is reset.
    ///
    /// [`Leaving`]: crate::Leaving
    #[must_use = "the connection may be over"]
    pub fn poll(
        &mut self,
        now: theirs::Instant,
        socket: &mut tcp::Socket<'_>,
        protocol: &mut (impl Protocol + ?Sized),
        store: &mut [u8],
        scratch: &mut [u8],
    ) -> bool {
        self.proceed(clock::from_smoltcp(now), true, &mut Socket(socket), protocol, store, scratch)
    }

    /// `may_be_due`: not, if the caller knows that no deadline is.
    pub(crate) fn proceed(
        &mut self,
        now: Instant,
        may_be_due: bool,
        socket: &mut Socket<'_, '_>,
        protocol: &mut (impl Protocol + ?Sized),
        store: &mut [u8],
        scratch: &mut [u8],
    ) -> bool {
        if socket.is_lost() {
            // Where both directions have ended, that is how the last acknowledgement shows.
            if protocol.disposition() != Disposition::Close {
                protocol.handle_reset();
            }
            return true;
        }
        self.note_sent(protocol, socket);
        if may_be_due && protocol.poll_timeout().is_some_and(|due| due <= now) {
            protocol.handle_timeout();
        }
        if socket.is_ended_by_peer() && protocol.wants_read_closed() {
            protocol.handle_read_closed();
        }
        // It ends, for it takes from one ring and fills another, and neither moves meanwhile by itself.
        loop {
            let (received, room) = (socket.received(), socket.room());
            let is_ended = socket.is_ended_by_peer();
            let room = room.min(scratch.len());
            let room = scratch.get_mut(..room).unwrap_or(&mut []);
            // Read in place, and written by a copy: smoltcp lends only one of the two rings at a time.
            let bytes = socket.peek();
            let input = Input { bytes, has_ended: is_ended && bytes.len() == received };
            let (taken, action) = self.conversation.poll(protocol, input, store, room);
            if taken > 0 {
                socket.consume(taken);
            }
            match action {
                Action::Send(count) => {
                    socket.put(room.get(..count).unwrap_or(&[]));
                    self.note_sent(protocol, socket);
                }
                Action::ShutdownWrite => socket.close(),
                // There may be a second piece.
                Action::Wait if taken > 0 && taken < received => {}
                Action::Wait => return false,
                // A peer that ends nothing had its time to, after our end.
                Action::Close if is_ended || !self.conversation.is_shut() => {
                    socket.close();
                    return true;
                }
                Action::Close | Action::Abort | Action::Cut | Action::Transfer(_) => {
                    socket.abort();
                    return true;
                }
            }
        }
    }

    /// What it is doing now, if that has changed: see [`Conversation::standing_change`].
    pub fn standing_change(&mut self, protocol: &(impl Protocol + ?Sized)) -> Option<Standing> {
        self.conversation.standing_change(protocol)
    }

    /// Read-only access to the conversation, for example to [`Conversation::is_used`].
    #[must_use]
    pub const fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// Tells the protocol what the peer has acknowledged, and what waits.
    pub(crate) fn note_sent(&mut self, protocol: &mut (impl Protocol + ?Sized), socket: &Socket<'_, '_>) {
        let left = socket.unacknowledged();
        if left != self.unacknowledged {
            self.conversation.handle_sent(protocol, self.unacknowledged.saturating_sub(left), left);
            self.unacknowledged = left;
        }
    }
}
