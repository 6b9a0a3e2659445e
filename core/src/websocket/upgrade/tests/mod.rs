//! A service in memory, and a client's frames.

extern crate alloc;

mod beginning;
mod ending;
mod room;
mod timing;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;

use super::*;
use crate::http::Limits as HttpLimits;
use crate::http::service::{Service, Serving, Session, service_fn};
use crate::readiness::Standing;
use crate::time::Duration;
use crate::transport::{Disposition, Environment};
use crate::websocket::{Client, Closed, Event, Kind, Next, Outbox};

type Fixed = fn() -> [u8; 4];

const REQUEST: &str = "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

const ACCEPTED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nConnection: upgrade\r\n\r\n";

fn http(seconds: u64) -> crate::http::Context<'static> {
    let now = Instant::START.saturating_add(Duration::from_secs(seconds));
    crate::http::Context { now, limits: &HttpLimits::DEFAULT, date: None }
}

fn cx(seconds: u64) -> Context<'static> {
    Context { now: http(seconds).now, limits: &Limits::DEFAULT }
}

/// Sends texts back, and notes how it ended.
struct Echo<'n>(&'n RefCell<Vec<String>>);

impl MessageHandler for Echo<'_> {
    const ROOM: usize = 64;

    fn text(&mut self, text: &str, outbox: &mut Outbox<'_>) -> Next {
        outbox.text(text).into()
    }

    fn closed(&mut self, how: Closed<'_>) {
        let text = match how {
            Closed::Clean(reason) => format!("clean {:?}", reason.map(|reason| reason.code.get())),
            Closed::Failed(error) => format!("{:?}", error.rule),
            Closed::Abnormal(how) => format!("{how:?}"),
        };
        self.0.borrow_mut().push(text);
    }
}

/// Both ends: a service, and a client's frames.
struct Ends<'s, S: Service> {
    session: Session<S>,
    service: &'s S,
    store: Vec<u8>,
    unread: Vec<u8>,
    client: Connection<Client<Fixed>>,
}

impl<'s, S: Service> Ends<'s, S> {
    fn new(service: &'s S) -> Self {
        let client = Connection::new(Client((|| [1, 2, 3, 4]) as Fixed), &cx(0));
        let store = alloc::vec![0; HttpLimits::DEFAULT.store_bytes()];
        Self { session: Session::new(&http(0)), service, store, unread: Vec::new(), client }
    }

    /// These bytes come: what is written.
    fn drive(&mut self, seconds: u64, bytes: &[u8]) -> Vec<u8> {
        self.unread.extend_from_slice(bytes);
        let mut out = [0; 32 * 1024];
        let environment = Environment::alone(out.len());
        let (service, store) = (self.service, &mut self.store);
        let driven = self.session.drive(&http(seconds), &environment, service, &self.unread, store, &mut out);
        self.unread.drain(..driven.taken);
        out[..driven.written].to_vec()
    }

    fn serving<R>(&mut self, call: impl FnOnce(&mut Serving<'_, S>) -> R) -> R {
        let environment = Environment::alone(32 * 1024);
        let (session, service) = (&mut self.session, self.service);
        call(&mut Serving { session, service, cx: http(0), environment: &environment })
    }

    fn text(&mut self, text: &str) -> Vec<u8> {
        let mut out = [0; 256];
        let length = self.client.send_message(Kind::Text, text.as_bytes(), &mut out).unwrap();
        out[..length].to_vec()
    }

    /// What the client reads of these bytes.
    fn read(&mut self, mut bytes: &[u8]) -> Vec<String> {
        let mut events = Vec::new();
        loop {
            let mut room = [0; 1024];
            let (taken, event) = self.client.receive(&cx(0), bytes, &mut room).unwrap();
            match event {
                Event::NeedMore | Event::Closed => return events,
                Event::Piece(piece) => events.push(String::from_utf8(piece.bytes.to_vec()).unwrap()),
                Event::Ping(_) => events.push("ping".to_string()),
                Event::Pong(_) => events.push("pong".to_string()),
                Event::Close(reason) => events.push(format!("close {}", reason.map_or(0, |reason| reason.code.get()))),
            }
            bytes = &bytes[taken..];
        }
    }
}

fn service(notes: &RefCell<Vec<String>>) -> impl Service<Source = core::convert::Infallible> {
    service_fn(move |request, responder| upgrade(request, responder, Echo(notes)))
}

/// Sends messages back, as they are.
struct Unwatched<'n>(Echo<'n>);

impl MessageHandler for Unwatched<'_> {
    const ROOM: usize = 64;
    const WATCHES: bool = false;

    fn message(&mut self, kind: Kind, message: &[u8], outbox: &mut Outbox<'_>) -> Next {
        outbox.message(kind, message).into()
    }

    fn closed(&mut self, how: Closed<'_>) {
        self.0.closed(how);
    }
}
