//! What is spoken over a connection: its session, whose errors are logged at once, before the peer hears of them and goes.

use wirenut::http::service::{Service, Serving};
use wirenut::http::{Error, Fault, Rule};
use wirenut::readiness::Standing;
use wirenut::time::Instant;
use wirenut::transport::{Disposition, Progress, Protocol};
use wirenut_linux::socket::AnyByteStream;

use crate::guard::RequestNames;

/// A session for one turn.
pub(crate) struct Spoken<'c, S: Service + ?Sized> {
    pub(crate) serving: Serving<'c, S>,
    pub(crate) socket: &'c AnyByteStream,
    pub(crate) names: &'c RequestNames,
}

impl<'c, S: Service + ?Sized> Spoken<'c, S> {
    /// Tells the session something.
    #[inline]
    pub(crate) fn tell<R>(&mut self, tell: impl FnOnce(&mut Serving<'c, S>) -> R) -> R {
        let result = tell(&mut self.serving);
        if let Some(error) = self.serving.session.take_error() {
            log_error(self.socket, error, self.names);
        }
        result
    }

    /// The connection is given up.
    pub(crate) fn give_up(&mut self, rule: Rule) {
        self.tell(|serving| serving.give_up(rule));
    }
}

impl<S: Service + ?Sized> Protocol for Spoken<'_, S> {
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
        self.serving.handle_sent(sent, left);
    }

    fn handle_timeout(&mut self) {
        self.tell(Protocol::handle_timeout);
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

#[cold]
fn log_error(socket: &AnyByteStream, error: Error, names: &RequestNames) {
    let level = match error.rule.fault() {
        Fault::Application => log::Level::Error,
        Fault::Peer => log::Level::Warn,
        Fault::Host => log::Level::Debug,
    };
    // Whoever mends the service wants to know by which request.
    let request = names.take_failed().map_or_else(String::new, |name| format!(", in the answer to {name}"));
    match socket.peer_address() {
        Ok(peer) => log::log!(level, "{peer}: {error}{request}"),
        // It is gone, and its address with it.
        Err(_) => log::log!(level, "unknown peer: {error}{request}"),
    }
}
