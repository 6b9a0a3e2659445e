//! A pool, as the program holds it.

use alloc::sync::Arc;
use core::fmt;
use std::time::Instant;

use wirenut::time::Duration;

use super::builder::Builder;
use super::failed::TaskError;
use super::map::{Map, MapUnordered};
use super::parcel::Parcel;
use super::pending::Pending;
use super::shared::Shared;
use super::task::{Argument, Call};
use super::ticket::Ticket;
use super::wire::{message, put_item};
use crate::error::Error;
use crate::process::Child;
use crate::process::pipe::Duplex;
use crate::socket::Attempt;

/// Processes that work for this one. See [the module](super).
///
/// Its clones are the same pool, for other threads. When the last one is dropped, the pool is
/// [terminated](Self::terminate).
#[derive(Clone)]
pub struct Pool {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    workers: usize,
    names: Vec<Box<str>>,
}

impl Pool {
    /// A pool that is to be started: say what its workers can do.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(super) fn new(
        pipe: Duplex,
        keeper: Child,
        queue: usize,
        builder: u64,
        workers: usize,
        names: Vec<Box<str>>,
    ) -> Self {
        let shared = Arc::new(Shared::new(pipe, keeper, queue, builder, names.len()));
        Self { inner: Arc::new(Inner { shared, workers, names }) }
    }

    /// Has a worker do a task, and waits for the result.
    ///
    /// ```
    /// use wirenut_linux::process::pool::Pool;
    /// let mut builder = Pool::builder().workers(1);
    /// let upper = builder.task("upper case", |text| Ok::<_, String>(text.to_ascii_uppercase()));
    /// let pool = builder.start()?;
    /// assert_eq!(pool.apply(upper, b"hello")?, b"HELLO");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// See [`TaskError`].
    pub fn apply<T: Call>(&self, task: T, argument: &T::Argument) -> Result<T::Output, TaskError> {
        self.apply_async(task, argument)?.wait()
    }

    /// Has a worker do a task, and returns at once with what its result can be waited for by. Waits only where the pool's
    /// [queue](Builder::queue) is full.
    ///
    /// Tasks are done whether somebody waits for them or not.
    ///
    /// ```
    /// use wirenut_linux::process::pool::Pool;
    /// let mut builder = Pool::builder().workers(2);
    /// let upper = builder.task("upper case", |text| Ok::<_, String>(text.to_ascii_uppercase()));
    /// let pool = builder.start()?;
    /// let (one, two) = (pool.apply_async(upper, b"one")?, pool.apply_async(upper, b"two")?);
    /// assert_eq!((two.wait()?, one.wait()?), (b"TWO".to_vec(), b"ONE".to_vec()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`TaskError::Closed`], [`Ended`](TaskError::Ended), [`Foreign`](TaskError::Foreign), `Value` and
    /// [`System`](TaskError::System). The task was not begun then.
    pub fn apply_async<T: Call>(&self, task: T, argument: &T::Argument) -> Result<Pending<T>, TaskError> {
        match self.begin(task, argument, true)? {
            Attempt::Done(pending) => Ok(pending),
            Attempt::WouldBlock => Err(TaskError::Ended),
        }
    }

    /// The same, but does not wait where the queue is full.
    ///
    /// ```
    /// use wirenut_linux::process::pool::Pool;
    /// use wirenut_linux::socket::Attempt;
    /// let mut builder = Pool::builder().workers(1).queue(1);
    /// let wait = builder.task("wait", |_| -> Result<_, String> { loop { std::thread::park() } });
    /// let pool = builder.start()?;
    /// let one = pool.try_apply_async(wait, b"")?.done().unwrap();
    /// assert!(matches!(pool.try_apply_async(wait, b"")?, Attempt::WouldBlock));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::apply_async`].
    pub fn try_apply_async<T: Call>(&self, task: T, argument: &T::Argument) -> Result<Attempt<Pending<T>>, TaskError> {
        self.begin(task, argument, false)
    }

    /// Has the workers do a task for each argument. The results come in the order of the arguments, each when it is asked
    /// for.
    ///
    /// Nothing is done before the first result is asked for, and then as much ahead as keeps the workers busy: so many
    /// arguments as there may be, so few are taken, and so few results are kept. Where the tasks are small, say how many of
    /// them shall go [together](Map::chunk).
    ///
    /// ```
    /// use wirenut_linux::process::pool::Pool;
    /// let mut builder = Pool::builder().workers(2);
    /// let square = builder.task("square", |bytes| Ok::<_, String>(vec![bytes[0] * bytes[0]]));
    /// let pool = builder.start()?;
    /// let squares: Result<Vec<_>, _> = pool.map(square, (1..=4).map(|number| [number])).collect();
    /// assert_eq!(squares?.concat(), [1, 4, 9, 16]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn map<T: Call, I: IntoIterator<Item: Argument<T>>>(&self, task: T, arguments: I) -> Map<T, I::IntoIter> {
        Map::new(self.clone(), task, arguments.into_iter())
    }

    /// The same, but results come as they are done, each with the number of its argument.
    ///
    /// ```
    /// use wirenut_linux::process::pool::Pool;
    /// let mut builder = Pool::builder().workers(2);
    /// let square = builder.task("square", |bytes| Ok::<_, String>(vec![bytes[0] * bytes[0]]));
    /// let pool = builder.start()?;
    /// let mut sum = 0;
    /// for (number, result) in pool.map_unordered(square, [[1], [2], [3]]) {
    ///     sum += usize::from(result?[0]) * number;
    /// }
    /// assert_eq!(sum, 0 * 1 + 1 * 4 + 2 * 9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn map_unordered<T: Call, I: IntoIterator<Item: Argument<T>>>(
        &self,
        task: T,
        arguments: I,
    ) -> MapUnordered<T, I::IntoIter> {
        MapUnordered::new(self.clone(), task, arguments.into_iter())
    }

    /// From now on no task is accepted. Those that were are done.
    pub fn close(&self) {
        self.inner.shared.close();
    }

    /// [Closes](Self::close) the pool, waits until all tasks are done, and until all processes have left. Results that were not
    /// waited for can still be.
    ///
    /// ```
    /// use wirenut_linux::process::pool::{Pool, TaskError};
    /// let mut builder = Pool::builder().workers(2);
    /// let upper = builder.task("upper case", |text| Ok::<_, String>(text.to_ascii_uppercase()));
    /// let pool = builder.start()?;
    /// let pending = pool.apply_async(upper, b"hello")?;
    /// pool.join()?;
    /// assert_eq!(pending.wait()?, b"HELLO");
    /// assert!(matches!(pool.apply(upper, b"late"), Err(TaskError::Closed)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`TaskError::Ended`]: the pool was terminated, or its keeper killed, before all were done.
    pub fn join(&self) -> Result<(), TaskError> {
        self.inner.shared.join(None).map(|_| ())
    }

    /// The same, for so long at most: a task without a [time limit](Builder::time_limit) may take for ever. It is closed then,
    /// and goes on with what it has.
    ///
    /// # Errors
    /// As for [`Self::join`].
    pub fn join_timeout(&self, limit: Duration) -> Result<Attempt<()>, TaskError> {
        self.inner.shared.join(Instant::now().checked_add(limit.into()))
    }

    /// Ends the pool at once, whatever its workers do (SIGKILL). What was not done is [`TaskError::Ended`]. No process of it is
    /// left when this returns; processes that tasks have made are the tasks' to end.
    ///
    /// # Errors
    /// The system has no memory left.
    pub fn terminate(&self) -> Result<(), Error> {
        self.inner.shared.terminate()
    }

    pub(super) fn workers(&self) -> usize {
        self.inner.workers
    }

    pub(super) fn any_report(&self, ids: &[u64]) -> Result<(usize, Parcel), TaskError> {
        self.inner.shared.any_report(ids)?.ok_or(TaskError::Ended)
    }

    fn begin<T: Call>(
        &self,
        task: T,
        argument: &T::Argument,
        is_patient: bool,
    ) -> Result<Attempt<Pending<T>>, TaskError> {
        let mut message = message();
        append::<T>(argument, &mut message)?;
        self.order(task, 1, message, is_patient).map(|attempt| attempt.map(Pending::new))
    }

    pub(super) fn order<T: Call>(
        &self,
        task: T,
        items: u32,
        message: Vec<u8>,
        is_patient: bool,
    ) -> Result<Attempt<Ticket>, TaskError> {
        let shared = &self.inner.shared;
        let id = shared.order(task.place(), items, message, is_patient)?;
        Ok(id.map(|id| Ticket { shared: Arc::clone(shared), id }))
    }
}

/// Appends one argument to a message; where that fails, the message is as before.
pub(super) fn append<T: Call>(argument: &T::Argument, message: &mut Vec<u8>) -> Result<(), TaskError> {
    let begin = message.len();
    let too_long = || Error::plain("give a task more than 4 GiB", rustix::io::Errno::MSGSIZE);
    let written = put_item(message, |message| T::write(argument, message)).ok_or_else(too_long)?;
    if written.is_err() {
        message.truncate(begin);
    }
    written
}

impl Drop for Inner {
    fn drop(&mut self) {
        // There is nobody to tell. The keeper ends with this process at the latest.
        let _ = self.shared.terminate();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { workers, names, .. } = &*self.inner;
        f.debug_struct("Pool").field("workers", workers).field("tasks", names).finish_non_exhaustive()
    }
}
