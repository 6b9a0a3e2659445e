//! Services that panic: each panic costs its connection, and nobody else's.

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicU64, Ordering};
use std::io;
use std::thread::{self, JoinHandle};

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Error, Fields, RequestHead, Response, Status, WriteError};
use wirenut_linux::socket::AnyByteStream;
use wirenut_server::{Config, Model, Report, Server, Stopper, Transfer};

use crate::client::{Client, get, post};
use crate::lab::wait_until;
use crate::logging;

/// Panics where the path says, and answers `fine` elsewhere.
#[derive(Default)]
struct Clumsy {
    begun: AtomicU64,
    closed: AtomicU64,
}

struct Panicking;

impl Transfer for Panicking {
    fn transfer(&mut self, _: &AnyByteStream, _: u64) -> io::Result<u64> {
        panic!("in transfer")
    }
}

type Stepped = Result<Step<Panicking>, WriteError>;
const OK: Response<'static> = Response::new(Status::OK);

impl Service for Clumsy {
    type Exchange = String;
    type Source = Panicking;

    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<(String, Step<Panicking>), WriteError> {
        let place = core::str::from_utf8(&head.target.path()[1..]).unwrap().to_owned();
        let step = match &*place {
            "request" => panic!("in request"),
            "responded" => {
                responder.respond(&OK.with_length(100))?;
                responder.send_body(b"some")?;
                panic!("in responded\nof {}", head.target.path().len())
            }
            "fill" => {
                responder.respond(&OK.with_unknown_length())?;
                responder.fill_body(|_| panic!("in fill"))?;
                Step::Abort
            }
            "transfer" => {
                responder.respond(&OK.with_length(100))?;
                Step::Transfer { source: Panicking, length: 100 }
            }
            "payload" => std::panic::panic_any(7),
            "body" | "end" | "proceed" => Step::More,
            "waited" => Step::Wait(Some(responder.now())),
            "piece" => {
                responder.respond(&OK.with_length(100))?;
                Step::More
            }
            _ => {
                responder.send(&OK, b"fine")?;
                Step::Done
            }
        };
        self.begun.fetch_add(1, Ordering::SeqCst);
        Ok((place, step))
    }

    fn body(
        &self,
        place: &mut String,
        piece: &[u8],
        _: &mut Responder<'_>,
    ) -> Result<(usize, Step<Panicking>), WriteError> {
        assert!(place != "body" && place != "piece", "in {place}");
        Ok((piece.len(), Step::More))
    }

    fn end(&self, place: &mut String, _: Fields<'_>, responder: &mut Responder<'_>) -> Stepped {
        assert_ne!(place, "end", "in end");
        self.proceed(place, responder)
    }

    fn proceed(&self, place: &mut String, _: &mut Responder<'_>) -> Stepped {
        assert!(place != "proceed" && place != "waited", "in {place}");
        Ok(Step::More)
    }

    fn closed(&self, place: String, _: Result<(), Error>) {
        self.closed.fetch_add(1, Ordering::SeqCst);
        assert_ne!(place, "closed", "in closed");
    }
}

struct Running {
    address: SocketAddr,
    stopper: Stopper,
    service: Arc<Clumsy>,
    thread: JoinHandle<Report>,
}

impl Running {
    fn start(threads: usize) -> Self {
        let model = Model::Multiplexed { workers: NonZeroUsize::new(threads).unwrap() };
        let server = Server::bind("127.0.0.1:0", Config { model, ..Config::DEFAULT }).unwrap();
        let (address, stopper) = (server.local_addr().unwrap(), server.stopper());
        let service = Arc::new(Clumsy::default());
        let of_server = Arc::clone(&service);
        let thread = thread::spawn(move || server.run(&*of_server).unwrap());
        Self { address, stopper, service, thread }
    }

    /// Stops it. Every exchange that began must have been closed.
    fn finish(self) -> Report {
        self.stopper.stop();
        let report = self.thread.join().unwrap();
        assert_eq!(self.service.begun.load(Ordering::SeqCst), self.service.closed.load(Ordering::SeqCst));
        report
    }
}

#[test]
fn a_panic_before_the_answer_is_answered_500_and_the_connection_ends() {
    let server = Running::start(1);
    for place in ["request", "payload", "body", "end", "proceed", "waited"] {
        let mut client = Client::connect(server.address);
        client.send(get("/fine") + &post(&format!("/{place}?a=\x7e"), 3) + "abc" + &get("/fine"));
        assert_eq!(client.response().body, b"fine", "{place}");
        let response = client.response();
        assert_eq!((response.status, response.head.contains("connection: close")), (500, true), "{place}");
        client.assert_closed();
    }
    assert_eq!(Client::connect(server.address).get("/fine").status, 200);
    assert_eq!(server.finish().panics, 6);
}

#[test]
fn a_panic_in_the_middle_of_an_answer_cuts_it() {
    let server = Running::start(1);
    for place in ["responded", "fill", "transfer", "piece"] {
        let mut client = Client::connect(server.address);
        client.send(get("/fine") + &post(&format!("/{place}"), 3) + "abc");
        assert_eq!(client.response().body, b"fine", "{place}");
        assert_eq!(client.head().status, 200, "{place}");
        assert!(client.rest().1, "{place}");
    }
    assert_eq!(Client::connect(server.address).get("/fine").status, 200);
    assert_eq!(server.finish().panics, 4);
}

#[test]
fn a_panic_behind_a_whole_answer_harms_nobody() {
    let server = Running::start(1);
    let mut client = Client::connect(server.address);
    assert_eq!(client.get("/closed").body, b"fine");
    assert_eq!(client.get("/fine").body, b"fine");
    assert_eq!(server.finish().panics, 1);
}

#[test]
fn no_worker_dies_of_panics() {
    let server = Running::start(3);
    let mut bystander = Client::connect(server.address);
    assert_eq!(bystander.get("/fine").status, 200);
    for _ in 0..30 {
        assert_eq!(Client::connect(server.address).get("/request").status, 500);
    }
    assert_eq!(bystander.get("/fine").status, 200);
    assert_eq!(server.finish().panics, 30);
}

#[test]
fn a_panic_is_one_line_with_the_request_and_the_message() {
    logging::keep();
    let server = Running::start(1);
    let expected = [
        ("/request?%22quoted%22", "/request?%22quoted%22", "in request"),
        ("/payload", "/payload", "a value that is no text"),
        ("/responded", "/responded", "in responded\\nof 10"),
        ("/proceed", "/proceed", "in proceed"),
        ("/transfer", "/transfer", "in transfer"),
    ];
    for (target, shown, message) in expected {
        let mut client = Client::connect_alone(server.address);
        let peer = client.stream.get_ref().local_addr().unwrap();
        client.ask(target);
        let _ = client.rest();
        let line = format!("ERROR {peer}: the service panicked in GET {shown}: {message}");
        wait_until(&line, || logging::of(peer).contains(&line));
    }
    // Of a target without end, enough to know it by.
    let mut client = Client::connect_alone(server.address);
    let peer = client.stream.get_ref().local_addr().unwrap();
    client.ask(&format!("/proceed?{}", "x".repeat(5_000)));
    let _ = client.rest();
    wait_until("it is logged", || logging::of(peer).iter().any(|line| line.contains("xxx…: in proceed")));
    assert!(logging::of(peer).iter().all(|line| line.len() < 500));
    server.finish();
}
