//! Work that blocks, given away by exchanges of a real server.

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Error, Field, RequestHead, Response, Status, WriteError};
use wirenut_server::blocking::{Bounds, Full, Job, Lost, Pool};
use wirenut_server::{Config, Report, Server, Stopper};

use crate::client::{Client, get};
use crate::lab::wait_until;

/// `/slow` blocks until it is released; `/broken` panics; all else is answered at once.
struct Disk {
    pool: Pool,
    /// Says that a job has begun, and what releases it.
    begun: Mutex<Sender<Sender<()>>>,
    /// Of exchanges in flight.
    jobs: Arc<AtomicUsize>,
}

impl Service for Disk {
    type Exchange = Option<Job<&'static str>>;
    type Source = core::convert::Infallible;

    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<(Self::Exchange, Step), WriteError> {
        let begun = self.begun.lock().unwrap().clone();
        let job = match head.target.path() {
            b"/slow" => self.pool.spawn(&responder.waker(), move || {
                let (release, released) = mpsc::channel();
                begun.send(release).unwrap();
                let _ = released.recv();
                "read"
            }),
            b"/broken" => self.pool.spawn(&responder.waker(), || panic!("on purpose")),
            _ => {
                responder.send(&Response::new(Status::OK), b"at once")?;
                return Ok((None, Step::Done));
            }
        };
        match job {
            Ok(job) => {
                self.jobs.fetch_add(1, Ordering::SeqCst);
                Ok((Some(job), Step::Wait(None)))
            }
            Err(Full) => {
                let fields = [Field::new("Retry-After", "1")];
                responder.send(&Response::new(Status::SERVICE_UNAVAILABLE).with_fields(&fields), b"full")?;
                Ok((None, Step::Done))
            }
        }
    }

    fn proceed(&self, exchange: &mut Self::Exchange, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        match exchange.as_mut().and_then(Job::take) {
            None => Ok(Step::Wait(None)),
            Some(Ok(read)) => {
                responder.send(&Response::new(Status::OK), read.as_bytes())?;
                Ok(Step::Done)
            }
            Some(Err(Lost)) => Ok(Step::Abort),
        }
    }

    fn closed(&self, exchange: Self::Exchange, _: Result<(), Error>) {
        if exchange.map(drop).is_some() {
            self.jobs.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

struct Running {
    address: SocketAddr,
    stopper: Stopper,
    begun: Receiver<Sender<()>>,
    jobs: Arc<AtomicUsize>,
    thread: JoinHandle<Report>,
}

/// A server on one thread, over a pool of one thread with one place to wait.
fn start() -> Running {
    let server = Server::bind("127.0.0.1:0", Config::DEFAULT).unwrap();
    let (address, stopper) = (server.local_addr().unwrap(), server.stopper());
    let (sender, begun) = mpsc::channel();
    let bounds = Bounds { threads: NonZeroUsize::MIN, waiting: 1, ..Bounds::DEFAULT };
    let jobs = Arc::default();
    let disk = Disk { pool: Pool::new(bounds), begun: Mutex::new(sender), jobs: Arc::clone(&jobs) };
    let thread = thread::spawn(move || server.run(&disk).unwrap());
    Running { address, stopper, begun, jobs, thread }
}

#[test]
fn a_pool_that_blocks_holds_nobody_else_up_and_a_full_one_is_answered_503() {
    let server = start();
    let [mut running, mut waiting, mut other] = [(); 3].map(|()| Client::connect(server.address));
    running.ask("/slow");
    let release = server.begun.recv().unwrap();
    waiting.ask("/slow");
    for _ in 0..10 {
        assert_eq!(other.get("/").body, b"at once");
    }
    wait_until("a full pool", || server.jobs.load(Ordering::SeqCst) == 2);
    let mut full = other.get("/slow");
    assert_eq!((full.status, &full.body[..]), (503, &b"full"[..]));
    assert!(full.head.contains("\r\nretry-after: 1\r\n"), "{}", full.head);
    // The connection goes on.
    full = other.get("/");
    assert_eq!(full.status, 200);

    drop(release);
    assert_eq!(running.response().body, b"read");
    drop(server.begun.recv().unwrap());
    assert_eq!(waiting.response().body, b"read");
    server.stopper.stop();
    assert_eq!(server.thread.join().unwrap().accepted, 3);
}

#[test]
fn a_job_that_panics_is_answered_500_and_the_next_one_is_done() {
    let server = start();
    let mut client = Client::connect(server.address);
    assert_eq!(client.get("/broken").status, 500);
    client.assert_closed();
    drop(client);
    let mut client = Client::connect(server.address);
    client.ask("/slow");
    drop(server.begun.recv().unwrap());
    assert_eq!(client.response().body, b"read");
    server.stopper.stop();
    // It was not the service that panicked.
    assert_eq!(server.thread.join().unwrap().panics, 0);
}

/// A client that leaves takes its job back, which had not begun.
#[test]
fn the_place_of_who_leaves_is_free_again() {
    let server = start();
    let mut running = Client::connect(server.address);
    running.ask("/slow");
    let release = server.begun.recv().unwrap();
    let mut leaving = Client::connect(server.address);
    // Closing a socket with something unread in it resets the connection; an end alone would leave the exchange to wait.
    leaving.send(get("/") + &get("/slow"));
    leaving.stream.get_ref().peek(&mut [0]).unwrap();
    wait_until("a full pool", || server.jobs.load(Ordering::SeqCst) == 2);
    drop(leaving);
    wait_until("a free place", || server.jobs.load(Ordering::SeqCst) == 1);
    let mut next = Client::connect(server.address);
    next.ask("/slow");
    let mut other = Client::connect(server.address);
    wait_until("a full pool", || server.jobs.load(Ordering::SeqCst) == 2);
    assert_eq!(other.get("/slow").status, 503);

    drop(release);
    assert_eq!(running.response().body, b"read");
    // The one that was taken back has not begun: this is the next one's.
    drop(server.begun.recv().unwrap());
    assert_eq!(next.response().body, b"read");
    assert!(server.begun.try_recv().is_err());
    server.stopper.stop();
    server.thread.join().unwrap();
}

/// What is asked when a server begins to end is still read and answered.
#[test]
fn a_server_that_stops_waits_for_jobs_in_flight() {
    let server = start();
    let mut client = Client::connect(server.address);
    client.ask("/slow");
    let release = server.begun.recv().unwrap();
    server.stopper.stop();
    wait_until("an end of listening", || std::net::TcpStream::connect(server.address).is_err());
    drop(release);
    assert_eq!(client.response().body, b"read");
    client.assert_closed();
    drop(client);
    assert_eq!(server.thread.join().unwrap().cut, 0);
}
