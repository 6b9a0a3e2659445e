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
//! # let address = server.local_addr();
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

mod job;
mod queue;

use alloc::sync::Arc;
use core::fmt;
use core::task::Waker;

pub use job::{Job, Lost};
pub use queue::Bounds;

use job::Slot;
use queue::Queue;

/// A bounded number of threads behind a bounded queue, for work that blocks.
///
/// It has no thread until there is a job. It starts one for each job that finds none idle, up to [`Bounds::threads`], and
/// ends those that have been idle for [`Bounds::idle_time`]. Jobs begin in the order in which they came.
///
/// A panic in a job ends that job and nothing else, beside what the panic hook of the program prints: [`Job::take`]
/// returns [`Lost`], and the thread goes on. In a program that is built to abort on panics, it aborts.
///
/// Dropping the pool does not wait: jobs that have not begun are [`Lost`], and those that run go on without it, lest a
/// disk that does not answer keeps the program from ending. Where the program ends, they end where they are. A server that
/// stops gracefully waits for its exchanges, and so for all jobs that somebody still wants.
pub struct Pool {
    queue: Arc<Queue>,
}

impl Pool {
    /// A pool without threads yet.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { queue: Arc::new(Queue::new(bounds, queue::start_thread)) }
    }

    /// Has a thread do the work as soon as one is free, and wakes `waker` once when its value is there, or never will be
    /// ([`Lost`]). It does not wait for anything.
    ///
    /// The waker of an exchange is [`Responder::waker`](wirenut::http::service::Responder::waker).
    ///
    /// ```
    /// use std::{task::Waker, thread};
    /// use wirenut_server::blocking::{Bounds, Pool};
    /// let pool = Pool::new(Bounds::DEFAULT);
    /// let mut job = pool.spawn(Waker::noop(), || 6 * 7).unwrap();
    /// // A service returns `Step::Wait` instead.
    /// let answer = loop {
    ///     match job.take() {
    ///         Some(answer) => break answer,
    ///         None => thread::yield_now(),
    ///     }
    /// };
    /// assert_eq!(answer, Ok(42));
    /// ```
    ///
    /// # Errors
    /// [`Full`]: the work was dropped undone, and the waker will not be woken.
    pub fn spawn<T: Send + 'static>(
        &self,
        waker: &Waker,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Job<T>, Full> {
        let slot = Slot::new(waker);
        let promise = Slot::promise(&slot);
        let work = Box::new(move || {
            if promise.is_wanted() {
                promise.fulfil(work());
            }
        });
        match self.queue.push(work) {
            Ok(number) => Ok(Job::new(slot, Arc::clone(&self.queue), number)),
            Err(work) => {
                // In this order: the broken promise would wake somebody who hears of it here.
                slot.leave();
                drop(work);
                Err(Full)
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("bounds", self.queue.bounds()).finish_non_exhaustive()
    }
}

/// All threads work, and as many jobs wait as may: answer 503 with Retry-After, or ask again at a time of your own. Nobody is
/// woken when there is a place again.
///
/// It comes also where the system gives no thread and the job could not wait for another one. The first time, that is
/// logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pool is full")
    }
}

impl core::error::Error for Full {}

#[cfg(test)]
mod tests;
