//! Our server, behind the proxy: it notes each request that it sees, and says in its answer which one that was.

use alloc::sync::Arc;
use core::convert::Infallible;
use core::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Field, Fields, Method, RequestHead, Response, Status, WriteError};
use wirenut_server::{Config, Server, Stopper};

/// A request, as the service was told of it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The other end of its connection.
    pub(crate) peer: Option<SocketAddr>,
    /// Method and target.
    pub(crate) line: String,
    /// Names and values.
    pub(crate) fields: Vec<(String, String)>,
    /// The content, as far as it came.
    pub(crate) body: Vec<u8>,
    /// Did all of it come?
    pub(crate) is_whole: bool,
}

/// What an answer says of the request of this method and target.
pub(crate) fn testimony(line: &str) -> String {
    format!("seen {line}\n")
}

/// What belongs to the key of the attacks (RFC 6455 §4.2.2): HAProxy looks at it.
const WEBSOCKET_ACCEPT: &str = "ICX+Yqv66kxgM0FcWaLWlFLwTAI=";

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<Seen>>>);

impl Notes {
    fn lock(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in flight.
struct Exchange {
    /// Which of the notes is about it.
    note: usize,
    status: Status,
    is_answered: bool,
}

impl Service for Notes {
    type Exchange = Exchange;
    type Source = Infallible;

    fn request(&self, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<(Exchange, Step), WriteError> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let line = format!("{} {}", text(head.method.as_bytes()), text(head.target.raw()));
        let is_early = head.target.path().starts_with(b"/early");
        let is_switch = head.target.path().starts_with(b"/switch") && head.fields.get("upgrade").is_some();
        if is_early {
            responder.send(&Response::new(Status::FORBIDDEN), testimony(&line).as_bytes())?;
        } else if is_switch {
            let fields = [Field::new("Upgrade", "websocket"), Field::new("Sec-WebSocket-Accept", WEBSOCKET_ACCEPT)];
            responder.respond(&Response::new(Status::SWITCHING_PROTOCOLS).with_fields(&fields))?;
        }
        let mut notes = self.lock();
        // A 200 to CONNECT would begin a tunnel.
        let status = if head.method == Method::Connect { Status::METHOD_NOT_ALLOWED } else { Status::OK };
        let exchange = Exchange { note: notes.len(), status, is_answered: is_early || is_switch };
        let fields = head.fields.into_iter().map(|field| (text(field.name), text(field.value))).collect();
        notes.push(Seen { peer: responder.peer(), line, fields, body: Vec::new(), is_whole: false });
        Ok((exchange, if is_early { Step::Done } else { Step::More }))
    }

    fn body(&self, exchange: &mut Exchange, piece: &[u8], _: &mut Responder<'_>) -> Result<(usize, Step), WriteError> {
        if let Some(seen) = self.lock().get_mut(exchange.note) {
            seen.body.extend(piece);
        }
        Ok((piece.len(), Step::More))
    }

    fn end(&self, exchange: &mut Exchange, _: Fields<'_>, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        let mut notes = self.lock();
        let Some(seen) = notes.get_mut(exchange.note) else { return Ok(Step::Abort) };
        if !exchange.is_answered {
            responder.send(&Response::new(exchange.status), testimony(&seen.line).as_bytes())?;
        }
        seen.is_whole = true;
        Ok(Step::Done)
    }
}

/// A server in a thread, until it is dropped.
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    notes: Notes,
    stopper: Stopper,
    running: Option<JoinHandle<()>>,
}

impl Origin {
    pub(crate) fn start() -> Self {
        Self::with(Config::DEFAULT)
    }

    pub(crate) fn with(config: Config) -> Self {
        let server = Server::bind("127.0.0.1:0", config).expect("a free port");
        let (address, stopper, notes) = (server.local_addr().expect("an address"), server.stopper(), Notes::default());
        let service = notes.clone();
        let running = thread::spawn(move || {
            server.run(&service).expect("a server that runs");
        });
        Self { address, notes, stopper, running: Some(running) }
    }

    /// How many requests it has seen.
    pub(crate) fn count(&self) -> usize {
        self.notes.lock().len()
    }

    /// The requests behind the first `known`.
    pub(crate) fn seen_since(&self, known: usize) -> Vec<Seen> {
        self.notes.lock().iter().skip(known).cloned().collect()
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.stopper.stop_now();
        let ended = self.running.take().map(JoinHandle::join);
        if !thread::panicking() {
            assert!(matches!(ended, Some(Ok(()))), "the server failed");
        }
    }
}
