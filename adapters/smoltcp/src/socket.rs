//! The operations of a socket that a connection needs. Nothing else here knows smoltcp's socket, so that another stack
//! (or a fork of this one) is another file like this.

use smoltcp::socket::tcp;
use wirenut::tcp::state::State;

use crate::state::state;

/// A socket while it is looked after.
pub(crate) struct Socket<'a, 's>(pub(crate) &'a mut tcp::Socket<'s>);

impl Socket<'_, '_> {
    pub(crate) fn state(&self) -> State {
        state(self.0)
    }

    /// It is closed, but its reset has not left yet.
    pub(crate) fn is_resetting(&self) -> bool {
        self.is_lost() && self.0.remote_endpoint().is_some()
    }

    /// Is there no connection any more?
    pub(crate) fn is_lost(&self) -> bool {
        self.state() == State::Closed
    }

    /// Has the peer ended its direction? What it sent before may still be in the ring.
    pub(crate) fn is_ended_by_peer(&self) -> bool {
        self.state().has_peer_ended()
    }

    /// Begins to listen. What was on the socket is forgotten without a word: a peer that goes on is reset by the stack.
    pub(crate) fn listen(&mut self, port: u16) {
        self.0.abort();
        // It fails only for port 0, on which nobody can listen.
        let _ = self.0.listen(port);
    }

    /// Ends our direction, behind what was written.
    pub(crate) fn close(&mut self) {
        self.0.close();
    }

    /// Resets the connection; the reset leaves with the next poll of the interface.
    pub(crate) fn abort(&mut self) {
        self.0.abort();
    }

    /// Bytes that were written and that the peer has not acknowledged.
    pub(crate) fn unacknowledged(&self) -> usize {
        self.0.send_queue()
    }

    /// Bytes that have come and were not consumed.
    pub(crate) fn received(&self) -> usize {
        self.0.recv_queue()
    }

    /// What has come, in place: all of it, or what lies before the end of the ring.
    pub(crate) fn peek(&mut self) -> &[u8] {
        self.0.peek(usize::MAX).unwrap_or(&[])
    }

    /// Removes the first `count` bytes of what [`Self::peek`] gives.
    pub(crate) fn consume(&mut self, count: usize) {
        // It fails only where nothing has come.
        let _ = self.0.recv(|piece| (piece.len().min(count), ()));
    }

    /// Throws away what has come.
    pub(crate) fn discard(&mut self) {
        // It lies in two pieces at most.
        for _ in 0..2 {
            self.consume(usize::MAX);
        }
    }

    /// How much can be written now: nothing, if our direction is ended.
    pub(crate) fn room(&self) -> usize {
        if self.state().can_send() { self.0.send_capacity().wrapping_sub(self.0.send_queue()) } else { 0 }
    }

    /// Writes bytes for which there is [`Self::room`], across the end of the ring.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        // Twice where the free part lies across the end of the ring.
        while !rest.is_empty() {
            let sent = self.0.send(|room| {
                let count = room.len().min(rest.len());
                if let (Some(to), Some((from, behind))) = (room.get_mut(..count), rest.split_at_checked(count)) {
                    to.copy_from_slice(from);
                    rest = behind;
                }
                (count, count)
            });
            if !sent.is_ok_and(|count| count > 0) {
                return;
            }
        }
    }

    /// Lets `write` write into the free part of the ring that lies in one piece: all of the ring, if it is empty;
    /// nothing, if our direction is ended. It returns how many bytes it wrote, and what the caller wants to know.
    pub(crate) fn write<R: Default>(&mut self, write: impl FnOnce(&mut [u8]) -> (usize, R)) -> R {
        if self.state().can_send() { self.0.send(write).unwrap_or_default() } else { write(&mut []).1 }
    }
}
