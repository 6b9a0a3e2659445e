//! A service with a path for each thing that a server can be asked to do, and a server that runs it.

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::Waker;
use std::fs::File;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use wirenut::http::service::{Responder, Service, Step, Wakeup};
use wirenut::http::{Error, Fields, RequestHead, Response, Status, WriteError};
use wirenut::time::{Duration, Instant};
use wirenut_server::{Config, FileRange, Metrics, Model, Report, Server, Stopper};

/// `/hello`, `/echo`, `/sink`, `/big/BYTES`, `/wait/MILLISECONDS`, `/wake`, `/never`, `/file/BYTES`,
/// `/sleep/MILLISECONDS` and `/hold` (which hold up their worker for that long, or while a test holds the lock), `/cut/BYTES` (the
/// first so many bytes of an answer that is never whole).
pub(crate) struct Lab {
    pub(crate) begun: AtomicU64,
    pub(crate) closed: AtomicU64,
    pub(crate) failed: AtomicU64,
    /// Bytes of bodies that were made.
    pub(crate) made: AtomicU64,
    /// Bytes of bodies that were taken.
    pub(crate) taken: AtomicU64,
    /// Requests for `/hold` that have come.
    pub(crate) held: AtomicU64,
    pub(crate) hold: Mutex<()>,
    file: Option<Arc<File>>,
    wakers: Mutex<Sender<Waker>>,
}

pub(crate) enum Exchange {
    Simple,
    Echo { is_complete: bool },
    Sink(u64),
    Big(u64),
    WaitUntil(Instant),
    Woken,
    Never,
    Late,
    File,
}

impl Lab {
    pub(crate) fn new(file: Option<File>) -> (Self, Receiver<Waker>) {
        let (wakers, woken) = mpsc::channel();
        let zero = || AtomicU64::new(0);
        let lab = Self {
            begun: zero(),
            closed: zero(),
            failed: zero(),
            made: zero(),
            taken: zero(),
            held: zero(),
            hold: Mutex::new(()),
            file: file.map(Arc::new),
            wakers: Mutex::new(wakers),
        };
        (lab, woken)
    }

    fn begin(&self, exchange: Exchange, step: Step<FileRange>) -> Result<(Exchange, Step<FileRange>), WriteError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        Ok((exchange, step))
    }
}

const OK: Response<'static> = Response::new(Status::OK);

impl Service for Lab {
    type Exchange = Exchange;
    type Source = FileRange;

    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<(Exchange, Step<FileRange>), WriteError> {
        let path = core::str::from_utf8(head.target.path()).unwrap();
        let (name, number) = path[1..].split_once('/').unwrap_or((&path[1..], "0"));
        let number: u64 = number.parse().unwrap();
        match name {
            "hello" => {
                responder.send(&OK, b"Hello, World!")?;
                self.begin(Exchange::Simple, Step::Done)
            }
            "echo" => {
                responder.respond(&OK.with_unknown_length())?;
                self.begin(Exchange::Echo { is_complete: false }, Step::More)
            }
            "sink" => self.begin(Exchange::Sink(0), Step::More),
            "big" => {
                responder.respond(&OK.with_length(number))?;
                self.begin(Exchange::Big(number), Step::More)
            }
            "wait" => {
                let until = responder.now().saturating_add(Duration::from_millis(number));
                self.begin(Exchange::WaitUntil(until), Step::Wait(Some(until)))
            }
            "wake" => {
                self.wakers.lock().unwrap().send(responder.waker()).unwrap();
                self.begin(Exchange::Woken, Step::Wait(None))
            }
            "sleep" => {
                thread::sleep(core::time::Duration::from_millis(number));
                responder.send(&OK, b"slept")?;
                self.begin(Exchange::Simple, Step::Done)
            }
            "hold" => {
                self.held.fetch_add(1, Ordering::SeqCst);
                drop(self.hold.lock().unwrap());
                responder.send(&OK, b"held")?;
                self.begin(Exchange::Simple, Step::Done)
            }
            "never" => self.begin(Exchange::Never, Step::Wait(None)),
            "file" => {
                responder.respond(&OK.with_length(number))?;
                let source = FileRange::new(Arc::clone(self.file.as_ref().unwrap()), 0);
                self.begin(Exchange::File, Step::Transfer { source, length: number })
            }
            "cut" => {
                responder.respond(&OK.with_length(number + 1))?;
                responder.send_body(&vec![b'c'; number as usize])?;
                self.begin(Exchange::Simple, Step::Abort)
            }
            "silent" => self.begin(Exchange::Simple, Step::Done),
            "late" => {
                responder.respond(&OK.with_length(1))?;
                let until = responder.now().saturating_add(Duration::from_millis(1));
                self.begin(Exchange::Late, Step::Wait(Some(until)))
            }
            "long" => {
                responder.respond(&OK.with_length(1))?;
                responder.send_body(b"long")?;
                self.begin(Exchange::Simple, Step::Done)
            }
            _ => {
                responder.send(&Response::new(Status::NOT_FOUND), b"")?;
                self.begin(Exchange::Simple, Step::Done)
            }
        }
    }

    fn body(
        &self,
        exchange: &mut Exchange,
        piece: &[u8],
        responder: &mut Responder<'_>,
    ) -> Result<(usize, Step<FileRange>), WriteError> {
        let taken = match exchange {
            Exchange::Echo { .. } => responder.send_body(piece)?,
            Exchange::Sink(taken) => {
                *taken += piece.len() as u64;
                piece.len()
            }
            Exchange::Simple
            | Exchange::Big(_)
            | Exchange::WaitUntil(_)
            | Exchange::Woken
            | Exchange::Never
            | Exchange::Late
            | Exchange::File => piece.len(),
        };
        self.taken.fetch_add(taken as u64, Ordering::SeqCst);
        Ok((taken, Step::More))
    }

    fn end(
        &self,
        exchange: &mut Exchange,
        _: Fields<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<Step<FileRange>, WriteError> {
        if let Exchange::Echo { is_complete } = exchange {
            *is_complete = true;
        } else if let Exchange::Sink(taken) = exchange {
            responder.send(&OK, taken.to_string().as_bytes())?;
            return Ok(Step::Done);
        }
        self.proceed(exchange, responder)
    }

    fn proceed(&self, exchange: &mut Exchange, responder: &mut Responder<'_>) -> Result<Step<FileRange>, WriteError> {
        match exchange {
            Exchange::Echo { is_complete: true } => Ok(Step::Done),
            Exchange::Simple | Exchange::Echo { .. } | Exchange::Sink(_) => Ok(Step::More),
            Exchange::Big(left) => {
                responder.fill_body(|place| {
                    let made = place.len().min(usize::try_from(*left).unwrap());
                    place[..made].fill(b'x');
                    *left -= made as u64;
                    self.made.fetch_add(made as u64, Ordering::SeqCst);
                    made
                })?;
                Ok(if *left == 0 { Step::Done } else { Step::More })
            }
            Exchange::WaitUntil(until) if responder.now() < *until => Ok(Step::Wait(Some(*until))),
            Exchange::Never => Ok(Step::Wait(None)),
            Exchange::Woken if responder.wakeup() != Some(Wakeup::Waker) => Ok(Step::Wait(None)),
            Exchange::Late => responder.send_body(b"late").map(|_| Step::Done),
            Exchange::WaitUntil(_) => {
                responder.send(&OK, b"waited")?;
                Ok(Step::Done)
            }
            Exchange::Woken => {
                responder.send(&OK, b"woken")?;
                Ok(Step::Done)
            }
            Exchange::File => Ok(if responder.unsent() == Some(0) { Step::Done } else { Step::More }),
        }
    }

    fn closed(&self, _: Exchange, outcome: Result<(), Error>) {
        self.closed.fetch_add(1, Ordering::SeqCst);
        if outcome.is_err() {
            self.failed.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// A server on a thread of its own.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) lab: Arc<Lab>,
    pub(crate) stopper: Stopper,
    pub(crate) metrics: Metrics,
    pub(crate) woken: Receiver<Waker>,
    thread: JoinHandle<Report>,
}

impl Running {
    pub(crate) fn start(config: Config) -> Self {
        Self::with_file(config, None)
    }

    pub(crate) fn with_file(config: Config, file: Option<File>) -> Self {
        Self::with(config, file)
    }

    pub(crate) fn on_threads(config: Config, threads: NonZeroUsize) -> Self {
        Self::with(Config { model: Model::Multiplexed { workers: threads }, ..config }, None)
    }

    fn with(config: Config, file: Option<File>) -> Self {
        let server = Server::bind("127.0.0.1:0", config).unwrap();
        let (address, stopper) = (server.local_addr().unwrap(), server.stopper());
        let metrics = server.metrics();
        let (lab, woken) = Lab::new(file);
        let lab = Arc::new(lab);
        let of_server = Arc::clone(&lab);
        let thread = thread::spawn(move || server.run(&*of_server).unwrap());
        Self { address, lab, stopper, metrics, woken, thread }
    }

    /// Stops it, and checks that each exchange was closed.
    pub(crate) fn finish(self) -> Report {
        self.stopper.stop();
        self.join()
    }

    /// Waits until it has stopped.
    pub(crate) fn join(self) -> Report {
        let report = self.thread.join().unwrap();
        let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        assert_eq!(count(&self.lab.begun), count(&self.lab.closed), "exchanges begun and closed");
        report
    }

    pub(crate) fn failed(&self) -> u64 {
        self.lab.failed.load(Ordering::SeqCst)
    }
}

/// Held by tests with hundreds of connections: all of them at once would leave no descriptor that select can watch.
pub(crate) fn of_many_clients() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a test that must ask within [`GRACE`] of the end. It gives false if this machine was too busy for that, and then it is
/// run again.
pub(crate) fn in_time(mut test: impl FnMut() -> bool) {
    assert!((0..50).any(|_| test()), "this machine was too busy each time");
}

/// How long a server that ends waits for the first request of somebody who has connected.
pub(crate) const GRACE: core::time::Duration = core::time::Duration::from_millis(100);

/// Looks again until it is so; the time is only a bound for a test that fails. (A process that another test starts has a copy of
/// each socket for a moment, so that what this one has closed may still be there.)
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if is_so() {
            return;
        }
        thread::sleep(core::time::Duration::from_millis(10));
    }
    panic!("never: {what}");
}
