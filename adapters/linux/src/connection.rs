//! One connection, as its worker keeps it.

use core::ops::Range;
use std::net::TcpStream;

use wirenut::http::Disposition;
use wirenut::http::service::{Service, Session};
use wirenut::http::state::State;
use wirenut::readiness::Interest;

use crate::sys::socket;

/// A socket and what is spoken over it. Owns no buffer, except while something is [`Kept`].
pub(crate) struct Connection<S: Service + ?Sized> {
    pub(crate) session: Session<S>,
    pub(crate) kept: Option<Box<Kept>>,
    pub(crate) socket: TcpStream,
    /// What the poller was asked for.
    pub(crate) interest: Interest,
    pub(crate) outbound: Outbound,
    /// The peer's direction has ended: there is nothing more to read.
    pub(crate) is_ended: bool,
    /// It is in the list of those that go on in the next round.
    pub(crate) is_queued: bool,
}

/// What a connection is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// Something that nobody else may interrupt.
    Busy,
    /// Nothing, between two requests.
    Idle,
    /// It takes a request's head, of which a part has come.
    Reading,
    /// It throws away what still comes, after its last response.
    Lingering,
}

/// What has become of our direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outbound {
    /// Nothing was sent yet.
    Unused,
    Open,
    /// It has ended.
    Shut,
    /// The connection is reset once all that was sent has left.
    Parting,
}

/// Bytes that had to be kept from one turn to the next: no connection has any between two requests.
#[derive(Default)]
pub(crate) struct Kept {
    /// What was received and not consumed: more than the service takes now.
    pub(crate) input: Vec<u8>,
    /// What is known of a head, or a trailer section, of which not all has come.
    pub(crate) head: Vec<u8>,
    /// What was written and not sent.
    pub(crate) output: Vec<u8>,
    /// How much of the output was sent since.
    pub(crate) sent: usize,
}

impl<S: Service + ?Sized> Connection<S> {
    pub(crate) fn new(session: Session<S>, socket: TcpStream) -> Self {
        Self {
            session,
            kept: None,
            socket,
            interest: Interest::READABLE,
            outbound: Outbound::Unused,
            is_ended: false,
            is_queued: false,
        }
    }

    /// Should the socket be read?
    pub(crate) fn wants_input(&self) -> bool {
        self.session.is_readable() && !self.is_ended
    }

    /// How many bytes have come and are not consumed: kept here, and with the system.
    pub(crate) fn unread(&self) -> u64 {
        let kept = self.kept.as_ref().map_or(0, |kept| kept.input.len());
        let unread = if self.is_ended { 0 } else { socket::unread(&self.socket) };
        u64::try_from(kept).unwrap_or(u64::MAX).saturating_add(unread)
    }

    /// What it is doing, as far as that decides who gives way.
    #[inline]
    pub(crate) fn standing(&self) -> Standing {
        if self.session.is_idle() {
            return if self.kept.is_none() { Standing::Idle } else { Standing::Busy };
        }
        match (self.session.disposition(), self.session.connection().states().0) {
            (Disposition::ShutdownWrite, _) if self.outbound == Outbound::Shut => Standing::Lingering,
            (Disposition::Open, State::Idle) => Standing::Reading,
            _ => Standing::Busy,
        }
    }

    /// Puts the input that was kept at the start of the buffer, and the head at the start of the store; both stay kept
    /// until [`Self::keep_input`].
    pub(crate) fn restore_input(&self, buffer: &mut [u8], store: &mut [u8]) -> Range<usize> {
        let Some(kept) = &self.kept else { return 0..0 };
        buffer[..kept.input.len()].copy_from_slice(&kept.input);
        store[..kept.head.len()].copy_from_slice(&kept.head);
        0..kept.input.len()
    }

    /// Keeps what was not consumed, and what the session needs of the store, in place of what was kept.
    pub(crate) fn keep_input(&mut self, left: &[u8], store: &[u8]) {
        let stored = self.session.stored();
        if left.is_empty() && stored == 0 && self.kept.is_none() {
            return;
        }
        let kept = self.kept.get_or_insert_default();
        replace(&mut kept.input, left);
        replace(&mut kept.head, &store[..stored]);
        self.free_kept();
    }

    /// Keeps what was not sent.
    pub(crate) fn keep_output(&mut self, left: &[u8]) {
        let kept = self.kept.get_or_insert_default();
        kept.output = left.to_vec();
        kept.sent = 0;
    }

    /// Frees what is empty.
    pub(crate) fn free_kept(&mut self) {
        if let Some(kept) = &mut self.kept {
            if kept.sent == kept.output.len() {
                (kept.output, kept.sent) = (Vec::new(), 0);
            }
            if kept.input.is_empty() && kept.head.is_empty() && kept.output.is_empty() {
                self.kept = None;
            }
        }
    }
}

/// Has `kept` hold these bytes, and no memory where there are none.
fn replace(kept: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.is_empty() {
        *kept = Vec::new();
    } else {
        kept.clear();
        kept.extend_from_slice(bytes);
    }
}
