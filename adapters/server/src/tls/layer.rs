//! The layer itself: one session for each connection, behind what its proxy says first.

use core::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};

use wirenut::proxy::{self, Parsed, Receiver};
use wirenut::readiness::Interest;
use wirenut::time::{Duration, Instant};
use wirenut_linux::connection::{Failed, Flushed, Transport};
use wirenut_linux::socket::{AnyByteStream, Attempt, Received};
use wirenut_tls::rustls::HandshakeKind;
use wirenut_tls::{Error, Session};

use super::Tls;
use crate::layer::{Carrier, Greeting, Layer, Source, Start};

/// What a piece of a source has at most: no more is encrypted before all of it has left.
const PIECE: usize = 64 * 1024;

/// How a protocol wants to be spoken over TLS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// It is HTTP: ALPN names it, and a peer that speaks it without TLS gets an answer that says so.
    pub(crate) is_http: bool,
}

/// The layer of a worker.
pub(crate) struct Secured {
    tls: Tls,
    terms: Terms,
    /// How long a handshake may take.
    limit: Duration,
    piece: RefCell<Vec<u8>>,
    /// See [`Layer::has_left`].
    has_left: Cell<bool>,
    /// See [`Layer::lent_holds_part`].
    lent_holds_part: Cell<bool>,
}

impl Secured {
    pub(crate) fn new(tls: Tls, terms: Terms, limit: Duration) -> Self {
        let [has_left, lent_holds_part] = [false; 2].map(Cell::new);
        Self { tls, terms, limit, piece: RefCell::default(), has_left, lent_holds_part }
    }
}

/// How far a connection is.
pub(crate) enum Stage {
    /// Its proxy has not said all yet.
    Header(Box<Header>),
    /// Nothing has come. The handshake must have ended by then.
    New(Instant),
    /// The handshake: until when, and what the socket must be ready for.
    Greeting(Box<Session>, Instant, Interest),
    Open(Box<Open>),
    /// Nothing is encrypted any more, or ever was.
    Clear,
}

pub(crate) struct Header {
    receiver: Receiver,
    limits: proxy::Limits,
    bytes: Vec<u8>,
    /// How many bytes it must have to go on.
    wanted: usize,
}

pub(crate) struct Open {
    session: Session,
    /// Our direction ends once all has left.
    is_ending: bool,
}

/// For callers that wait.
impl Open {
    pub(crate) fn recv(&mut self, socket: &AnyByteStream, into: &mut [u8]) -> io::Result<Received> {
        self.session.recv(socket, into).map_err(io_error)
    }

    pub(crate) fn send(&mut self, socket: &AnyByteStream, bytes: &[u8]) -> io::Result<Attempt<usize>> {
        self.session.send(socket, bytes).map_err(io_error)
    }

    /// Sends what is held. `WouldBlock`: some still is.
    pub(crate) fn flush(&mut self, socket: &AnyByteStream) -> io::Result<Attempt<usize>> {
        let is_all = self.session.flush(socket).map_err(io_error)?;
        Ok(if is_all { Attempt::Done(0) } else { Attempt::WouldBlock })
    }

    pub(crate) fn holds_unsent(&mut self) -> bool {
        self.session.unsent() > 0
    }

    pub(crate) fn close(&mut self, socket: &AnyByteStream) -> io::Result<()> {
        self.session.close(socket).map(drop).map_err(io_error)
    }
}

impl Layer for Secured {
    const IS_SECURE: bool = true;
    type State = Stage;
    type Lent<'l> = Lent<'l>;

    fn begin(&self, start: Start, now: Instant) -> Stage {
        match start {
            Start::AtOnce => Stage::New(now.saturating_add(self.limit)),
            Start::BehindHeader(limits) => {
                let mut receiver = Receiver::new(&limits, now);
                let wanted = match receiver.receive(&limits, &[]) {
                    Ok(Parsed::NeedMore(wanted)) => wanted,
                    Ok(Parsed::Header(_)) | Err(_) => 1,
                };
                Stage::Header(Box::new(Header { receiver, limits, bytes: Vec::new(), wanted }))
            }
            Start::Never => Stage::Clear,
        }
    }

    fn lend<'l>(&'l self, stage: &'l mut Stage, socket: &'l AnyByteStream) -> Lent<'l> {
        self.has_left.set(false);
        self.lent_holds_part.set(self.holds_part(stage));
        Lent { layer: self, stage, socket }
    }

    fn greet(&self, stage: &mut Stage, socket: &AnyByteStream, is_ready: bool) -> Option<Greeting> {
        if let (Stage::New(until), true) = (&*stage, is_ready) {
            let until = *until;
            let mut first = [0];
            match socket.peek(&mut first) {
                Ok(Received::Data(_)) if self.terms.is_http && first[0].is_ascii_uppercase() => {
                    *stage = Stage::Clear;
                    return Some(Greeting::Cleartext);
                }
                Ok(Received::Data(_)) => {}
                Ok(Received::WouldBlock) => return None,
                // A peer that ends without a byte only checks whether the port is open.
                Ok(Received::End) | Err(_) => {
                    *stage = Stage::Clear;
                    return None;
                }
            }
            match Session::server(&self.tls.config(self.terms.is_http)) {
                Ok(session) => *stage = Stage::Greeting(Box::new(session), until, Interest::READABLE),
                Err(error) => return fail(stage, &error),
            }
        }
        let Stage::Greeting(session, _, interest) = stage else { return None };
        match session.handshake(socket) {
            Ok(Some(wanted)) => {
                *interest = wanted;
                None
            }
            Ok(None) => {
                let is_resumed = session.connection().handshake_kind() == Some(HandshakeKind::Resumed);
                if let Stage::Greeting(session, ..) = core::mem::replace(stage, Stage::Clear) {
                    *stage = Stage::Open(Box::new(Open { session: *session, is_ending: false }));
                }
                Some(Greeting::Agreed { is_resumed })
            }
            Err(error) => fail(stage, &error),
        }
    }

    fn deadline(&self, stage: &Stage) -> Option<Instant> {
        match stage {
            Stage::New(until) | Stage::Greeting(_, until, _) => Some(*until),
            Stage::Header(_) | Stage::Open(_) | Stage::Clear => None,
        }
    }

    fn give_up(&self, stage: &mut Stage) {
        *stage = Stage::Clear;
    }

    fn holds_unread(&self, stage: &mut Stage) -> bool {
        if let Stage::Open(open) = stage { open.session.holds_unread() } else { false }
    }

    fn holds_part(&self, stage: &Stage) -> bool {
        if let Stage::Open(open) = stage { open.session.holds_part() } else { false }
    }

    fn has_left(&self) -> bool {
        self.has_left.get()
    }

    fn lent_holds_part(&self) -> bool {
        self.lent_holds_part.get()
    }
}

fn fail(stage: &mut Stage, error: &Error) -> Option<Greeting> {
    *stage = Stage::Clear;
    Some(Greeting::Failed(error.to_string()))
}

/// A connection, for a call.
pub(crate) struct Lent<'l> {
    layer: &'l Secured,
    stage: &'l mut Stage,
    socket: &'l AnyByteStream,
}

impl Header {
    /// Receives no byte behind the header. Also returns whether it is whole (true) or invalid (false); `None`: neither yet.
    fn recv(&mut self, socket: &AnyByteStream, into: &mut [u8]) -> Result<(Received, Option<bool>), Failed> {
        let most = self.wanted.saturating_sub(self.bytes.len()).min(into.len());
        let received = socket.recv(&mut into[..most]).map_err(|_| Failed)?;
        if let Received::Data(count) = received {
            self.bytes.extend_from_slice(&into[..count]);
        }
        let is_whole = match self.receiver.receive(&self.limits, &self.bytes) {
            Ok(Parsed::NeedMore(wanted)) => {
                self.wanted = wanted;
                None
            }
            Ok(Parsed::Header(_)) => Some(true),
            Err(_) => Some(false),
        };
        Ok((received, is_whole))
    }
}

impl Transport for Lent<'_> {
    fn prepare(&mut self) -> Result<Option<Interest>, Failed> {
        Ok(match &*self.stage {
            Stage::New(_) => Some(Interest::READABLE),
            Stage::Greeting(_, _, interest) => Some(*interest),
            Stage::Header(_) | Stage::Open(_) | Stage::Clear => None,
        })
    }

    fn recv(&mut self, into: &mut [u8]) -> Result<Received, Failed> {
        match &mut *self.stage {
            Stage::Header(header) => {
                let (received, is_whole) = header.recv(self.socket, into)?;
                let from = header.receiver.poll_timeout().unwrap_or(Instant::START);
                match is_whole {
                    None => {}
                    Some(true) => *self.stage = Stage::New(from.saturating_add(self.layer.limit)),
                    // `Proxied` reads the same header, and ends the connection.
                    Some(false) => *self.stage = Stage::Clear,
                }
                Ok(received)
            }
            Stage::Open(open) => match open.session.recv(self.socket, into) {
                Ok(received) => {
                    self.layer.has_left.set(open.session.holds_unread());
                    self.layer.lent_holds_part.set(open.session.holds_part());
                    Ok(received)
                }
                // A request says itself whether it is whole; and many clients just close (RFC 9112 §9.8).
                Err(Error::Truncated) if self.layer.terms.is_http => Ok(Received::End),
                Err(error) => {
                    log::debug!("{error}");
                    Err(Failed)
                }
            },
            Stage::New(_) | Stage::Greeting(..) => Ok(Received::WouldBlock),
            Stage::Clear => Transport::recv(&mut self.socket, into),
        }
    }

    fn holds_unread(&mut self) -> bool {
        self.layer.holds_unread(self.stage)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<usize, Failed> {
        match &mut *self.stage {
            Stage::Open(open) => match open.session.send(self.socket, bytes) {
                Ok(Attempt::Done(count)) => Ok(count),
                Ok(Attempt::WouldBlock) => Ok(0),
                Err(_) => Err(Failed),
            },
            Stage::New(_) | Stage::Greeting(..) => Ok(0),
            Stage::Header(_) | Stage::Clear => Transport::send(&mut self.socket, bytes),
        }
    }

    fn held(&mut self) -> usize {
        match &mut *self.stage {
            Stage::Open(open) => open.session.unsent(),
            Stage::Greeting(session, ..) => session.unsent(),
            Stage::Header(_) | Stage::New(_) | Stage::Clear => 0,
        }
    }

    fn flush(&mut self) -> Result<Option<Flushed>, Failed> {
        let Stage::Open(open) = &mut *self.stage else { return Ok(None) };
        let before = open.session.unsent();
        if before == 0 {
            return Ok(None);
        }
        open.session.flush(self.socket).map_err(|_| Failed)?;
        let held = open.session.unsent();
        if held == 0 && open.is_ending {
            Transport::shutdown_write(&mut self.socket);
        }
        Ok(Some(Flushed { sent: before.saturating_sub(held), held }))
    }

    fn shutdown_write(&mut self) {
        if let Stage::Open(open) = &mut *self.stage {
            // The next call reports what fails here.
            open.is_ending = !open.session.close(self.socket).unwrap_or(true);
            if open.is_ending {
                return;
            }
        }
        Transport::shutdown_write(&mut self.socket);
    }

    fn close(&mut self) {
        if let Stage::Open(open) = &mut *self.stage {
            // As far as there is room for it: the peer has ended, and nothing waits for it any more.
            let _ = open.session.close(self.socket);
        }
    }

    fn untaken_bytes(&mut self) -> u64 {
        let held = self.held() as u64;
        held.saturating_add(Transport::untaken_bytes(&mut self.socket))
    }

    fn set_low_water_mark(&mut self) -> bool {
        self.socket.set_low_water_mark()
    }
}

impl Carrier for Lent<'_> {
    fn carry(&mut self, source: &mut impl Source, length: u64) -> io::Result<u64> {
        let Stage::Open(open) = &mut *self.stage else { return source.transfer(self.socket, length) };
        if open.session.unsent() > 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let mut piece = self.layer.piece.borrow_mut();
        piece.resize(PIECE, 0);
        let most = usize::try_from(length).unwrap_or(PIECE).min(PIECE);
        let count = source.read(&mut piece[..most])?;
        if count > 0 {
            let taken = open.session.send(self.socket, &piece[..count]).map_err(io_error)?;
            if taken != Attempt::Done(count) {
                return Err(io::Error::other("TLS has taken a part"));
            }
        }
        Ok(count as u64)
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all others are about what the peer said")]
fn io_error(error: Error) -> io::Error {
    let kind = match error {
        Error::System(error) => return error.into(),
        Error::Truncated => ErrorKind::UnexpectedEof,
        // The peer has broken a rule of TLS, and got an alert.
        _ => ErrorKind::InvalidData,
    };
    io::Error::new(kind, error.to_string())
}
