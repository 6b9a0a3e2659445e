//! Work that blocks: threads that wait for disks and databases, so that the server's threads never do.
//!
//! A [`Service`](wirenut::http::service::Service) must not block. An exchange that needs something which takes its time
//! gives that to a [`Pool`], waits, and takes the value when it is woken:
//!
//! ```
//! use std::fs;
//! use wirenut::http::Status;
//! use wirenut::http::service::{OrStatus, Readiness, later, routes};
//! use wirenut_server::blocking::{Bounds, Pool};
//!
//! let pool = Pool::new(Bounds::DEFAULT);
//! // Answers with the name of the machine, which lies on a disk.
//! let service = routes!(&pool, get("/", |pool, _, responder| {
//!     let read = pool.spawn(&responder.waker(), || fs::read("/proc/sys/kernel/hostname"));
//!     let mut read = read.or_status(Status::SERVICE_UNAVAILABLE)?;
//!     Ok(later(move |_, responder| {
//!         let Some(done) = read.take() else { return Ok(Readiness::Wait(None)) };
//!         // The job has panicked, or the disk has failed.
//!         let name = done.ok().and_then(Result::ok).or_status(Status::INTERNAL_SERVER_ERROR)?;
//!         Ok(Readiness::Ready(responder.send_all(Status::OK, "text/plain", name)?))
//!     }))
//! }));
//!
//! let server = wirenut_server::Server::bind("127.0.0.1:0", wirenut_server::Config::DEFAULT)?;
//! # let address = server.local_addr().unwrap();
//! # let stopper = server.stopper();
//! # let client = std::thread::spawn(move || {
//! #     use std::io::{Read, Write};
//! #     let mut client = std::net::TcpStream::connect(address).unwrap();
//! #     client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
//! #     let mut answer = String::new();
//! #     client.read_to_string(&mut answer).unwrap();
//! #     assert!(answer.ends_with(&fs::read_to_string("/proc/sys/kernel/hostname").unwrap()), "{answer}");
//! #     stopper.stop();
//! # });
//! server.run(&service)?;
//! # client.join().unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A job costs two allocations, and a place in the queue. To look whether it is done costs none.

use core::fmt;
use core::task::Waker;

use wirenut_linux::thread;
pub use wirenut_linux::thread::{Bounds, Full, Job, Lost};

/// A bounded number of threads behind a bounded queue, for work that blocks: a [`thread::Pool`], which has the details.
///
/// Dropping the pool does not wait: jobs that have not begun are [`Lost`], and those that run go on without it, lest a
/// disk that does not answer keeps the program from ending. A server that stops gracefully waits for its exchanges, and so
/// for all jobs that somebody still wants.
pub struct Pool(thread::Pool);

impl Pool {
    /// A pool without threads yet.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self(thread::Pool::new("wirenut blocking", bounds))
    }

    /// Has a thread do the work as soon as one is free, and wakes `waker` once when its value is there, or never will be
    /// ([`Lost`]). It does not wait for anything.
    ///
    /// The waker of an exchange is [`Responder::waker`](wirenut::http::service::Responder::waker).
    ///
    /// ```
    /// use std::task::Waker;
    /// use wirenut_server::blocking::{Bounds, Pool};
    /// let pool = Pool::new(Bounds::DEFAULT);
    /// let job = pool.spawn(Waker::noop(), || 6 * 7).unwrap();
    /// // A service returns `Step::Wait` instead.
    /// assert_eq!(job.join(), Ok(42));
    /// ```
    ///
    /// # Errors
    /// [`Full`]: the work was dropped undone, and the waker will not be woken. Answer 503 with Retry-After, or ask again at a
    /// time of your own.
    pub fn spawn<T: Send + 'static>(
        &self,
        waker: &Waker,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Job<T>, Full> {
        self.0.spawn_waking(waker, work)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
