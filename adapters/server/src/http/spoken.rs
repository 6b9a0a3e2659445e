//! What is spoken over a connection: its session, whose errors are logged at once, before the peer hears of them and goes.

use std::io::{self, ErrorKind};

use wirenut::http::service::{Service, Serving};
use wirenut::http::{Error, Fault, Rule};
use wirenut::readiness::Standing;
use wirenut::time::Instant;
use wirenut::transport::{Disposition, Progress, Protocol};
use wirenut_linux::socket::{AnyAddress, AnyByteStream, Attempt};

use super::guard::Guard;
use super::names::RequestNames;
use crate::board::{Counts, Deadline};
use crate::layer::Carrier;
use crate::speaker::{self, peer_name};
use crate::transfer::Transfer;

/// What one transfer moves at most: nothing of it is kept, so only the others' waiting bounds it. As
/// in nginx; with 64 KiB, a large file cost more CPU time than there.
const TRANSFER_BYTES: u64 = 2 * 1024 * 1024;

/// A session for one turn.
pub(crate) struct Spoken<'c, 's, S: Service + ?Sized> {
    pub(super) serving: Serving<'c, Guard<'s, S>>,
    pub(super) socket: &'c AnyByteStream,
    pub(super) counts: &'c Counts,
}

impl<'c, 's, S: Service + ?Sized> Spoken<'c, 's, S> {
    /// Tells the session something.
    #[inline]
    fn tell<R>(&mut self, tell: impl FnOnce(&mut Serving<'c, Guard<'s, S>>) -> R) -> R {
        let result = tell(&mut self.serving);
        if let Some(error) = self.serving.session.take_error() {
            self.note_error(error);
        }
        result
    }

    #[cold]
    fn note_error(&self, error: Error) {
        if let Some(deadline) = Deadline::of(error.rule) {
            self.counts.add_deadline(deadline);
        }
        log_error(peer_name(self.serving.environment, self.socket), error, self.serving.service.names());
    }
}

impl<S: Service<Source: Transfer> + ?Sized> speaker::Spoken for Spoken<'_, '_, S> {
    const HAS_ONE_IDLE_TIME: bool = !S::UPGRADES;

    fn move_bytes<C: Carrier>(&mut self, carrier: &mut C, length: u64) -> Attempt<u64> {
        let Self { serving, socket, .. } = self;
        let Some((source, _)) = serving.session.transfer() else { return Attempt::Done(0) };
        let mut source = serving.service.source(source, (socket, serving.environment));
        match carrier.carry(&mut source, length.min(TRANSFER_BYTES)) {
            Ok(moved @ 1..) => {
                self.tell(|serving| serving.handle_transferred(moved));
                return Attempt::Done(moved);
            }
            Err(error) if is_passing(&error) => return Attempt::WouldBlock,
            Err(error) if is_of_peer(&error) => self.handle_reset(),
            // The source is too short, or fails: the peer must see that the response is not whole.
            Ok(0) | Err(_) => self.tell(|serving| serving.give_up(Rule::SourceFailed)),
        }
        Attempt::Done(0)
    }

    fn give_up(&mut self) {
        self.tell(|serving| serving.give_up(Rule::HostClosed));
    }

    fn close(&mut self) {
        self.serving.give_up(Rule::HostClosed);
    }
}

impl<S: Service + ?Sized> Protocol for Spoken<'_, '_, S> {
    #[inline]
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress {
        self.tell(|serving| serving.drive(input, store, output))
    }

    #[inline]
    fn stored(&self) -> usize {
        self.serving.stored()
    }

    fn handle_eof(&mut self) {
        self.tell(Protocol::handle_eof);
    }

    #[inline]
    fn handle_sent(&mut self, sent: usize, left: usize) {
        self.counts.sent.add(sent as u64);
        self.serving.handle_sent(sent, left);
    }

    fn handle_wake(&mut self) {
        self.serving.handle_wake();
    }

    fn handle_drain(&mut self) {
        self.serving.handle_drain();
    }

    fn retire(&mut self) {
        self.serving.retire();
    }

    fn give_way(&mut self, has_unread: bool) -> bool {
        let gives_way = self.serving.give_way(has_unread);
        // Nothing that it is told by this is due.
        if let Some(error) = self.serving.session.take_error() {
            log_error(peer_name(self.serving.environment, self.socket), error, self.serving.service.names());
        }
        gives_way
    }

    fn handle_timeout(&mut self) {
        let standing = self.serving.standing();
        self.tell(Protocol::handle_timeout);
        let deadline = match standing {
            _ if self.serving.disposition() != Disposition::Close => return,
            Standing::Idle => Deadline::Idle,
            Standing::Lingering => Deadline::Linger,
            Standing::Reading | Standing::Busy => return,
        };
        self.counts.add_deadline(deadline);
    }

    fn needed_room(&self) -> usize {
        self.serving.needed_room()
    }

    fn handle_read_closed(&mut self) {
        self.serving.handle_read_closed();
    }

    #[inline]
    fn wants_read_closed(&self) -> bool {
        self.serving.wants_read_closed()
    }

    fn handle_reset(&mut self) {
        self.tell(Protocol::handle_reset);
    }

    #[inline]
    fn poll_timeout(&self) -> Option<Instant> {
        self.serving.poll_timeout()
    }

    #[inline]
    fn is_readable(&self) -> bool {
        self.serving.is_readable()
    }

    #[inline]
    fn standing(&self) -> Standing {
        self.serving.standing()
    }

    #[inline]
    fn disposition(&self) -> Disposition {
        self.serving.disposition()
    }

    #[inline]
    fn transfer(&self) -> Option<u64> {
        self.serving.transfer()
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn is_of_peer(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::TimedOut)
}

#[cold]
fn log_error(peer: Option<AnyAddress>, error: Error, names: &RequestNames) {
    let level = match error.rule.fault() {
        Fault::Application => log::Level::Error,
        Fault::Peer => log::Level::Warn,
        Fault::Host => log::Level::Debug,
    };
    // Whoever mends the service wants to know by which request.
    let request = names.take_failed().map_or_else(String::new, |name| format!(", in the answer to {name}"));
    match peer {
        Some(peer) => log::log!(level, "{peer}: {error}{request}"),
        // It is gone, and its address with it.
        None => log::log!(level, "unknown peer: {error}{request}"),
    }
}
