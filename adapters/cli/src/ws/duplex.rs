//! A connection that is read while what was sent still waits.
//!
//! The loop of the servers ([`wirenut_linux::connection`]) reads nothing meanwhile: that is their back-pressure. A client that
//! did the same would wait for ever for a server that sends back what comes: each end would wait for the other to read.

use core::ops::Range;

use wirenut::readiness::{Event, Interest};
use wirenut::transport::{Disposition, Protocol};
use wirenut_client::Upgraded;
use wirenut_linux::socket::Received;

use super::client::STORE_BYTES;

const BUFFER_BYTES: usize = 64 * 1024;

/// What is next for the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// Wait for [`Duplex::interest`] or the protocol's deadline.
    Wait,
    /// It is over.
    End,
}

/// The socket has failed.
struct Failed;

/// The buffers of a connection, and what lies in them.
#[derive(Debug)]
pub(super) struct Duplex {
    input: Vec<u8>,
    /// What was received, and not consumed.
    unread: Range<usize>,
    store: Vec<u8>,
    output: Vec<u8>,
    /// So many bytes at the front of the output wait.
    unsent: usize,
    /// Nothing that the connection has taken waits there.
    is_flushed: bool,
    /// The peer has ended its direction.
    has_ended: bool,
    /// The protocol knows that.
    is_end_told: bool,
    /// Our direction has ended.
    is_shut: bool,
}

impl Duplex {
    pub(super) fn new() -> Self {
        Self {
            input: vec![0; BUFFER_BYTES],
            unread: 0..0,
            store: vec![0; STORE_BYTES],
            output: vec![0; BUFFER_BYTES],
            unsent: 0,
            is_flushed: true,
            has_ended: false,
            is_end_told: false,
            is_shut: false,
        }
    }

    /// What to ask a poller for.
    pub(super) fn interest(&self) -> Interest {
        let reads = !self.has_ended && self.unread.len() < self.input.len();
        match (reads, self.unsent > 0 || !self.is_flushed) {
            (true, true) => Interest::READABLE | Interest::WRITABLE,
            (true, false) => Interest::READABLE,
            (false, true) => Interest::WRITABLE,
            (false, false) => Interest::NOTHING,
        }
    }

    /// Does what can be done now. `event` is what the poller said, if it did.
    pub(super) fn turn(&mut self, socket: &mut Upgraded, event: Option<Event>, protocol: &mut impl Protocol) -> Next {
        let reads = event.is_some_and(Event::is_readable);
        let is_lost = event.is_some_and(|event| event.is_error() || (event.is_hang_up() && !reads));
        if is_lost || self.run(socket, reads, protocol).is_err() {
            protocol.handle_reset();
            return Next::End;
        }
        match protocol.disposition() {
            Disposition::Cut => return Next::End,
            _ if self.unsent > 0 || !self.is_flushed => {}
            Disposition::Close | Disposition::Abort => return Next::End,
            Disposition::ShutdownWrite if !self.is_shut => {
                self.is_shut = true;
                socket.shutdown_write();
            }
            Disposition::ShutdownWrite | Disposition::Open => {}
        }
        Next::Wait
    }

    /// Receives, and lets the protocol and the socket work until neither can.
    fn run(&mut self, socket: &mut Upgraded, reads: bool, protocol: &mut impl Protocol) -> Result<(), Failed> {
        if reads {
            self.receive(socket)?;
        }
        loop {
            let progress =
                protocol.drive(&self.input[self.unread.clone()], &mut self.store, &mut self.output[self.unsent..]);
            self.unread.start += progress.taken;
            self.unsent += progress.written;
            let sent = self.send(socket, protocol)?;
            if progress.taken > 0 || progress.written > 0 || sent > 0 {
                continue;
            }
            // No poller knows of what the connection holds.
            if socket.holds_unread() && self.receive(socket)? {
                continue;
            }
            if !self.has_ended || self.is_end_told {
                return Ok(());
            }
            self.is_end_told = true;
            protocol.handle_eof();
        }
    }

    /// Receives what there is room for. Whether something came, or the end.
    fn receive(&mut self, socket: &mut Upgraded) -> Result<bool, Failed> {
        self.input.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        let room = &mut self.input[self.unread.end..];
        if room.is_empty() || self.has_ended {
            return Ok(false);
        }
        match socket.recv(room) {
            Ok(Received::Data(count)) => self.unread.end += count,
            Ok(Received::End) => self.has_ended = true,
            Ok(Received::WouldBlock) => return Ok(false),
            Err(_) => return Err(Failed),
        }
        Ok(true)
    }

    /// Sends what the socket takes now: returns how much that was.
    fn send(&mut self, socket: &mut Upgraded, protocol: &mut impl Protocol) -> Result<usize, Failed> {
        let mut sent = 0;
        if self.unsent > 0 {
            sent = socket.send(&self.output[..self.unsent]).map_err(|_| Failed)?.done().unwrap_or(0);
            self.output.copy_within(sent..self.unsent, 0);
            self.unsent -= sent;
            protocol.handle_sent(sent, self.unsent);
        }
        self.is_flushed = socket.flush_now().map_err(|_| Failed)?;
        Ok(sent)
    }
}
