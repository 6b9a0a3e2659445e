//! The messages, as a protocol over one connection.

use wirenut::readiness::Standing;
use wirenut::time::{Duration, Instant};
use wirenut::transport::{Disposition, Progress, Protocol};
use wirenut::websocket::handshake::DeflateParameters;
use wirenut::websocket::{Client as ClientRole, Connection, Context, Limits};
use wirenut_deflate::PerMessageDeflate;

use super::keys::Keys;
use super::options::WsArguments;
use super::shown::Shown;
use super::speaker::{End, Speaker, WebSocket};

/// How many bytes the store must have: a piece of a message.
pub(super) const STORE_BYTES: usize = 64 * 1024;

/// One end of an open WebSocket.
#[derive(Debug)]
pub(super) struct Client {
    limits: Limits,
    connection: Box<WebSocket>,
    pub(super) speaker: Speaker,
}

impl Client {
    pub(super) fn new(arguments: &WsArguments, deflate: Option<&DeflateParameters>, now: Instant) -> Self {
        let limits = Limits {
            message_bytes: arguments.limit,
            frame_bytes: arguments.limit,
            ping: Duration::from_micros(arguments.ping.as_micros().try_into().unwrap_or(u64::MAX)),
            ..Limits::DEFAULT
        };
        let compression = deflate.map(PerMessageDeflate::of_client);
        let context = Context { now, limits: &limits };
        let connection = Box::new(Connection::with_compression(ClientRole(Keys::new()), compression, &context));
        let shown = (!arguments.echo).then(|| Shown::new(arguments.binary));
        Self { limits, connection, speaker: Speaker::new(shown) }
    }

    /// For what happens at this time.
    pub(super) const fn at(&mut self, now: Instant) -> Driven<'_> {
        Driven { client: self, now }
    }
}

/// A [`Client`] at a moment.
pub(super) struct Driven<'c> {
    client: &'c mut Client,
    now: Instant,
}

impl Driven<'_> {
    /// Tells the WebSocket, and looks whether that ends it.
    fn tell(&mut self, what: impl FnOnce(&mut WebSocket, &Context<'_>)) {
        let Client { limits, connection, speaker } = &mut *self.client;
        what(connection, &Context { now: self.now, limits });
        if let Some(error) = connection.error() {
            speaker.note_end(End::Failed(error));
        }
        if let Some(how) = connection.abnormal() {
            speaker.note_end(End::Abnormal(how));
        }
    }
}

impl Protocol for Driven<'_> {
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress {
        let Client { limits, connection, speaker } = &mut *self.client;
        speaker.speak(connection, &Context { now: self.now, limits }, input, store, output)
    }

    fn stored(&self) -> usize {
        self.client.connection.stored()
    }

    fn handle_eof(&mut self) {
        self.tell(|connection, _| connection.handle_eof());
    }

    fn handle_sent(&mut self, sent: usize, left: usize) {
        self.tell(|connection, cx| connection.handle_sent(cx, sent, left));
    }

    fn handle_timeout(&mut self) {
        self.tell(WebSocket::handle_timeout);
    }

    fn handle_reset(&mut self) {
        self.tell(|connection, _| connection.handle_reset());
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.client.connection.poll_timeout(self.now)
    }

    fn is_readable(&self) -> bool {
        self.client.connection.is_readable()
    }

    fn standing(&self) -> Standing {
        Standing::Busy
    }

    fn disposition(&self) -> Disposition {
        self.client.connection.disposition()
    }
}
