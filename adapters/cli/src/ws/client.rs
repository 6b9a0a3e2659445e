//! The handshake, and then the messages, as one protocol: what stands behind the 101 goes on to the second.

use wirenut::http::{ClientConnection, ClientEvent, Context as HttpContext, Limits as HttpLimits};
use wirenut::readiness::Standing;
use wirenut::time::{Duration, Instant};
use wirenut::transport::{Disposition, Progress, Protocol};
use wirenut::websocket::handshake::{ClientHandshake, Verified};
use wirenut::websocket::{Client as ClientRole, Connection, Context, Limits};
use wirenut_deflate::PerMessageDeflate;

use super::failure::WsFailure;
use super::handshake::{ask, with_request};
use super::keys::{Keys, random};
use super::options::WsArguments;
use super::shown::Shown;
use super::speaker::{End, Speaker, WebSocket};

const HTTP_LIMITS: &HttpLimits = &HttpLimits::DEFAULT;

/// How many bytes the store must have: a head that comes in pieces, or a piece of a message.
pub(super) const STORE_BYTES: usize = 64 * 1024;
const _: () = assert!(STORE_BYTES >= HttpLimits::DEFAULT.store_bytes());

/// One end of a WebSocket, from the request on.
#[derive(Debug)]
pub(super) struct Client<'a> {
    arguments: &'a WsArguments,
    limits: Limits,
    phase: Phase<'a>,
    pub(super) speaker: Speaker,
}

#[derive(Debug)]
enum Phase<'a> {
    Asking(Box<Asking<'a>>),
    Open(Box<WebSocket>),
    Failed(WsFailure),
}

#[derive(Debug)]
struct Asking<'a> {
    http: ClientConnection,
    asked: ClientHandshake<'a>,
    is_written: bool,
    deadline: Instant,
}

impl<'a> Client<'a> {
    pub(super) fn new(arguments: &'a WsArguments, subprotocols: &'a [&'a str], now: Instant) -> Self {
        let limits = Limits {
            message_bytes: arguments.limit,
            frame_bytes: arguments.limit,
            ping: Duration::from_micros(arguments.ping.as_micros().try_into().unwrap_or(u64::MAX)),
            ..Limits::DEFAULT
        };
        let timeout = arguments.timeout.as_micros().try_into().unwrap_or(u64::MAX);
        let asking = Asking {
            http: ClientConnection::new(&http_context(now)),
            asked: ask(arguments, subprotocols, random()),
            is_written: false,
            deadline: now.saturating_add(Duration::from_micros(timeout)),
        };
        let shown = (!arguments.echo).then(|| Shown::new(arguments.binary));
        Self { arguments, limits, phase: Phase::Asking(Box::new(asking)), speaker: Speaker::new(shown) }
    }

    /// For what happens at this time.
    pub(super) const fn at(&mut self, now: Instant) -> Driven<'_, 'a> {
        Driven { client: self, now }
    }

    /// Did the handshake succeed?
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open(_))
    }

    /// Why it did not.
    pub(super) const fn failure(&self) -> Option<&WsFailure> {
        match &self.phase {
            Phase::Failed(failure) => Some(failure),
            Phase::Asking(_) | Phase::Open(_) => None,
        }
    }
}

const fn http_context(now: Instant) -> HttpContext<'static> {
    HttpContext { now, limits: HTTP_LIMITS, date: None }
}

/// A [`Client`] at a moment.
pub(super) struct Driven<'c, 'a> {
    client: &'c mut Client<'a>,
    now: Instant,
}

impl Driven<'_, '_> {
    /// Tells the WebSocket, if it is open, and looks whether that ends it.
    fn tell(&mut self, what: impl FnOnce(&mut WebSocket, &Context<'_>)) -> bool {
        let Client { limits, phase, speaker, .. } = &mut *self.client;
        let Phase::Open(connection) = phase else { return false };
        what(connection, &Context { now: self.now, limits });
        if let Some(error) = connection.error() {
            speaker.note_end(End::Failed(error));
        }
        if let Some(how) = connection.abnormal() {
            speaker.note_end(End::Abnormal(how));
        }
        true
    }

    fn fail(&mut self, failure: WsFailure) {
        if !matches!(self.client.phase, Phase::Failed(_)) {
            self.client.phase = Phase::Failed(failure);
        }
    }

    /// Writes the request, or reads the response.
    fn ask(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Result<Progress, WsFailure> {
        let cx = http_context(self.now);
        let Client { arguments, phase, .. } = &mut *self.client;
        let Phase::Asking(asking) = phase else { return Ok(Progress::default()) };
        let Asking { http, asked, is_written, .. } = &mut **asking;
        if !*is_written {
            *is_written = true;
            let written = with_request(arguments, asked, |request| http.request(&cx, request, output));
            return written.map(|written| Progress { taken: 0, written }).map_err(WsFailure::Request);
        }
        let mut taken = 0;
        loop {
            let rest = input.get(taken..).unwrap_or_default();
            let (count, event) = http.receive(&cx, rest, store).map_err(WsFailure::NotHttp)?;
            taken += count;
            match event {
                ClientEvent::Interim(_) => {}
                ClientEvent::Head(head) => {
                    let verified = asked.verify(&head).map_err(WsFailure::Handshake)?;
                    self.open(&verified);
                    return Ok(Progress { taken, written: 0 });
                }
                ClientEvent::NeedMore | ClientEvent::Paused => return Ok(Progress { taken, written: 0 }),
                ClientEvent::Body(_) | ClientEvent::End(_) | ClientEvent::Closed => return Err(WsFailure::EndedEarly),
            }
        }
    }

    fn open(&mut self, verified: &Verified<'_>) {
        let cx = Context { now: self.now, limits: &self.client.limits };
        let compression = verified.deflate.map(|parameters| PerMessageDeflate::of_client(&parameters));
        let connection = Connection::with_compression(ClientRole(Keys::new()), compression, &cx);
        self.client.phase = Phase::Open(Box::new(connection));
    }
}

impl Protocol for Driven<'_, '_> {
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress {
        let mut done = match self.ask(input, store, output) {
            Ok(progress) => progress,
            Err(failure) => {
                self.fail(failure);
                Progress { taken: input.len(), written: 0 }
            }
        };
        let Client { limits, phase, speaker, .. } = &mut *self.client;
        if let Phase::Open(connection) = phase {
            let rest = input.get(done.taken..).unwrap_or_default();
            let progress = speaker.speak(connection, &Context { now: self.now, limits }, rest, store, output);
            done = Progress { taken: done.taken + progress.taken, written: progress.written };
        }
        done
    }

    fn stored(&self) -> usize {
        match &self.client.phase {
            Phase::Asking(asking) => asking.http.stored(),
            Phase::Open(connection) => connection.stored(),
            Phase::Failed(_) => 0,
        }
    }

    fn handle_eof(&mut self) {
        if !self.tell(|connection, _| connection.handle_eof()) {
            self.fail(WsFailure::EndedEarly);
        }
    }

    fn handle_sent(&mut self, sent: usize, left: usize) {
        let _ = self.tell(|connection, cx| connection.handle_sent(cx, sent, left));
    }

    fn handle_timeout(&mut self) {
        if !self.tell(WebSocket::handle_timeout) && self.poll_timeout().is_some_and(|due| due <= self.now) {
            self.fail(WsFailure::NoAnswer);
        }
    }

    fn handle_reset(&mut self) {
        if !self.tell(|connection, _| connection.handle_reset()) {
            self.fail(WsFailure::EndedEarly);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match &self.client.phase {
            Phase::Asking(asking) => Some(asking.deadline),
            Phase::Open(connection) => connection.poll_timeout(self.now),
            Phase::Failed(_) => None,
        }
    }

    fn is_readable(&self) -> bool {
        match &self.client.phase {
            Phase::Asking(_) => true,
            Phase::Open(connection) => connection.is_readable(),
            Phase::Failed(_) => false,
        }
    }

    fn standing(&self) -> Standing {
        Standing::Busy
    }

    fn disposition(&self) -> Disposition {
        match &self.client.phase {
            Phase::Asking(_) => Disposition::Open,
            Phase::Open(connection) => connection.disposition(),
            Phase::Failed(_) => Disposition::Cut,
        }
    }
}
