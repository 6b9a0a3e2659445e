//! Both ends of a connection, with nothing between them but a link that cuts: what one says, the other hears.

use core::cell::Cell;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wirenut::http::{
    ClientConnection, ClientEvent, Context, Disposition, Field, Limits, Method, Request, Response, ServerConnection,
    ServerEvent, Status, WriteError,
};
use wirenut::time::Instant;
use wirenut_tests::answers::client_connection;

/// More than any head here.
const ROOM: usize = 300;

fn context() -> Context<'static> {
    Context { now: Instant::START, limits: &Limits::DEFAULT, date: None }
}

/// A request, and how it is answered.
#[derive(Clone, Debug)]
struct Exchange {
    method: Method<'static>,
    sent: Vec<u8>,
    is_sent_in_chunks: bool,
    expects: bool,
    status: Status,
    answer: Vec<u8>,
    is_answered_in_chunks: bool,
    has_interim: bool,
    /// The answer does not wait for the end of the request.
    is_early: bool,
}

impl Exchange {
    fn request(&self) -> Request<'_> {
        let mut request = Request::new(self.method, "/x?y", "example.org").with_length(self.sent.len() as u64);
        if self.is_sent_in_chunks {
            request = request.with_unknown_length();
        }
        request.expect_continue = self.expects && request.length != Some(0);
        request
    }

    fn has_answer(&self) -> bool {
        self.method != Method::Head && !self.status.forbids_body()
    }

    fn response(&self) -> Response<'_> {
        let response = Response::new(self.status).with_fields(const { &[Field::new("A", "b")] });
        if self.status.forbids_body() {
            response
        } else if self.is_answered_in_chunks {
            response.with_unknown_length()
        } else {
            response.with_length(self.answer.len() as u64)
        }
    }
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let methods = select(vec![Method::Get, Method::Head, Method::Post, Method::Put, Method::Other(b"SEARCH")]);
    let statuses = select(vec![Status::OK, Status::NO_CONTENT, Status::NOT_MODIFIED, Status::NOT_FOUND]);
    let body = || vec(any::<u8>(), 0..60);
    (methods, statuses, body(), body(), any::<[bool; 5]>()).prop_map(|(method, status, sent, answer, flags)| {
        let [is_sent_in_chunks, expects, is_answered_in_chunks, has_interim, is_early] = flags;
        // An early answer to a body that is held back, or that is not 2xx, ends the connection: tested by itself.
        let is_early = is_early && !expects && (200..300).contains(&status.code());
        Exchange {
            method,
            sent,
            is_sent_in_chunks,
            expects,
            status,
            answer,
            is_answered_in_chunks,
            has_interim,
            is_early,
        }
    })
}

/// Numbers that come again and again: how much is delivered, and how much room there is.
struct Sizes<'a> {
    sizes: &'a [usize],
    next: Cell<usize>,
}

impl Sizes<'_> {
    fn next(&self) -> usize {
        let size = self.sizes[self.next.get() % self.sizes.len()];
        self.next.set(self.next.get() + 1);
        size
    }

    /// Has `call` write behind `wire`, with little room, or as much as it takes where little is not enough.
    fn write(&self, wire: &mut Vec<u8>, mut call: impl FnMut(&mut [u8]) -> Result<usize, WriteError>) {
        let mut out = [b'?'; ROOM];
        let written = match call(&mut out[..self.next()]) {
            // A last chunk is written whole or not at all, too.
            Err(WriteError::Full) | Ok(0) => call(&mut out),
            other => other,
        };
        wire.extend(&out[..written.expect("allowed")]);
    }
}

/// The client's program: sends all requests as early as it may, and notes what comes.
struct Client<'a> {
    connection: ClientConnection,
    store: [u8; 1024],
    exchanges: &'a [Exchange],
    begun: usize,
    taken: usize,
    heard: Vec<(Status, Vec<u8>)>,
    ended: usize,
    interims: usize,
}

impl Client<'_> {
    fn send(&mut self, sizes: &Sizes<'_>, wire: &mut Vec<u8>, depth: usize) {
        let cx = context();
        if let Some(current) = self.begun.checked_sub(1).map(|at| &self.exchanges[at])
            && self.taken < current.sent.len()
        {
            let rest = &current.sent[self.taken..];
            sizes.write(wire, |out| {
                let (taken, written) = self.connection.send_body(&cx, rest, out)?;
                self.taken += taken;
                Ok(written)
            });
            if self.taken < current.sent.len() {
                return;
            }
        }
        self.connection.finish(&cx).expect("complete");
        sizes.write(wire, |out| Ok(self.connection.poll_transmit(&cx, out)));
        if let Some(next) = self.exchanges.get(self.begun)
            && self.connection.outstanding() < depth
        {
            sizes.write(wire, |out| self.connection.request(&cx, &next.request(), out));
            self.begun += 1;
            self.taken = 0;
        }
    }

    fn receive(&mut self, unread: &mut Vec<u8>) {
        let cx = context();
        loop {
            let (mut used, event) = self.connection.receive(&cx, unread, &mut self.store).expect("a right answer");
            match event {
                ClientEvent::NeedMore | ClientEvent::Paused | ClientEvent::Closed => {
                    unread.drain(..used);
                    return;
                }
                ClientEvent::Interim(_) => self.interims += 1,
                ClientEvent::Head(head) => self.heard.push((head.status, Vec::new())),
                ClientEvent::Body(piece) => {
                    // Not all at once.
                    let taken = piece.len().div_ceil(2);
                    self.heard.last_mut().expect("a head before").1.extend(&piece[..taken]);
                    self.connection.take_body(&cx, taken);
                    used += taken;
                }
                ClientEvent::End(_) => self.ended += 1,
            }
            unread.drain(..used);
        }
    }
}

/// The server's program: answers each request as its exchange says.
struct Server<'a> {
    connection: ServerConnection,
    store: [u8; 1024],
    exchanges: &'a [Exchange],
    heard: Vec<Vec<u8>>,
    ended: usize,
    answered: usize,
    given: usize,
    has_passed_interim: bool,
}

impl Server<'_> {
    /// One thing at a time: what comes behind it may be the next request.
    fn receive(&mut self, unread: &mut Vec<u8>) {
        let cx = context();
        let (mut used, event) = self.connection.receive(&cx, unread, &mut self.store).expect("a right request");
        match event {
            ServerEvent::NeedMore | ServerEvent::Paused | ServerEvent::Closed => {}
            ServerEvent::Head(head) => {
                assert_eq!(head.method, self.exchanges[self.heard.len()].method);
                assert_eq!(head.fields.get("host"), Some(&b"example.org"[..]));
                self.heard.push(Vec::new());
            }
            ServerEvent::Body(piece) => {
                self.heard.last_mut().expect("a head before").extend(piece);
                self.connection.take_body(&cx, piece.len());
                used += piece.len();
            }
            ServerEvent::End(_) => self.ended = self.heard.len(),
        }
        unread.drain(..used);
    }

    fn send(&mut self, sizes: &Sizes<'_>, wire: &mut Vec<u8>) {
        let cx = context();
        let is_asked = self.heard.len() > self.answered;
        if let Some(current) = self.exchanges.get(self.answered).filter(|_| is_asked)
            && (current.is_early || self.ended > self.answered)
        {
            if !self.connection.is_responding() {
                if current.has_interim && !self.has_passed_interim {
                    let hints = Response::new(Status::EARLY_HINTS);
                    sizes.write(wire, |out| self.connection.respond(&cx, &hints, out));
                    self.has_passed_interim = true;
                    return;
                }
                sizes.write(wire, |out| self.connection.respond(&cx, &current.response(), out));
            } else if self.given < current.answer.len() && current.has_answer() {
                let rest = &current.answer[self.given..];
                sizes.write(wire, |out| {
                    let (taken, written) = self.connection.send_body(&cx, rest, out)?;
                    self.given += taken;
                    Ok(written)
                });
            } else if self.ended > self.answered {
                self.connection.finish(&cx).expect("complete");
                self.answered += 1;
                (self.given, self.has_passed_interim) = (0, false);
            }
        }
        sizes.write(wire, |out| Ok(self.connection.poll_transmit(&cx, out)));
    }
}

fn run(exchanges: &[Exchange], sizes: &[usize], depth: usize) {
    let sizes = Sizes { sizes, next: Cell::new(0) };
    let cx = context();
    let mut client = Client {
        connection: ClientConnection::new(&cx),
        store: [0; 1024],
        exchanges,
        begun: 0,
        taken: 0,
        heard: vec![],
        ended: 0,
        interims: 0,
    };
    let mut server = Server {
        connection: ServerConnection::new(&cx),
        store: [0; 1024],
        exchanges,
        heard: vec![],
        ended: 0,
        answered: 0,
        given: 0,
        has_passed_interim: false,
    };
    let (mut upstream, mut downstream) = (Vec::new(), Vec::new());
    let (mut server_unread, mut client_unread) = (Vec::new(), Vec::new());
    for _ in 0..20_000 {
        client.send(&sizes, &mut upstream, depth);
        server_unread.extend(upstream.drain(..sizes.next().min(upstream.len())));
        server.receive(&mut server_unread);
        server.send(&sizes, &mut downstream);
        client_unread.extend(downstream.drain(..sizes.next().min(downstream.len())));
        client.receive(&mut client_unread);
        if client.ended == exchanges.len() && server.ended == exchanges.len() {
            break;
        }
    }
    let expected: Vec<_> = exchanges
        .iter()
        .map(|exchange| (exchange.status, if exchange.has_answer() { exchange.answer.clone() } else { vec![] }))
        .collect();
    assert_eq!(client.heard, expected);
    assert_eq!(client.ended, exchanges.len());
    assert!(server.heard.iter().eq(exchanges.iter().map(|exchange| &exchange.sent)));
    assert!(client.interims >= exchanges.iter().filter(|exchange| exchange.has_interim).count());
    assert_eq!((client.connection.is_idle(), client.connection.disposition()), (true, Disposition::Open));
}

proptest! {
    #[test]
    fn what_one_end_says_the_other_hears(
        exchanges in vec(exchange(), 1..9),
        sizes in vec(1_usize..80, 1..12),
        depth in 1_usize..6,
    ) {
        run(&exchanges, &sizes, depth);
    }
}

/// Parts of which right and wrong answers are made.
const PARTS: [&str; 26] = [
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 200 \r\n",
    "HTTP/1.0 200 OK\r\n",
    "HTTP/1.1 204 No\r\n",
    "HTTP/1.1 100 Continue\r\n",
    "HTTP/1.1 101 Switch\r\n",
    "HTTP/1.1 304 Not\r\n",
    "HTTP/1.1 500 \r\n",
    "HTTP/1.",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    "Content-Length: 3\r\n",
    "Content-Length: 0\r\n",
    "Content-Length: x\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive, upgrade\r\nUpgrade: x\r\n",
    "A: b\r\n",
    " ",
    "3\r\nabc\r\n",
    "0\r\n\r\n",
    "0\r\nC: d\r\n\r\n",
    "abc",
];

proptest! {
    #[test]
    fn answers_are_the_same_in_every_cut(parts in vec(select(PARTS.to_vec()), 0..9)) {
        client_connection(parts.concat().as_bytes());
    }

    #[test]
    fn a_byte_that_is_changed_is_read_the_same_in_every_cut(
        parts in vec(select(PARTS.to_vec()), 1..6),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = parts.concat().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        client_connection(&bytes);
    }
}
