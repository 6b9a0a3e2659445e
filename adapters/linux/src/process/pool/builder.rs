//! What a pool is to be.

use core::fmt::{self, Display};
#[cfg(feature = "serde")]
use core::marker::PhantomData;
use core::num::NonZero;
use core::sync::atomic::{AtomicU64, Ordering};

use rustix::io::Errno;
#[cfg(feature = "serde")]
use serde::{Serialize, de::DeserializeOwned};
use wirenut::time::Duration;

use super::handle::Pool;
use super::keeper::keep;
use super::parcel::Parcel;
use super::table::Table;
#[cfg(feature = "serde")]
use super::task::ValueTask;
use super::task::{Place, Task};
use super::wire::{Head, STARTED};
use crate::error::Error;
use crate::process::pipe::duplex;
use crate::process::{Group, Process, SpawnError};

/// How many calls are accepted and not done, unless it is said.
const QUEUE: usize = 1024;

/// What the keeper must know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) workers: usize,
    pub(super) time_limit: Option<Duration>,
    pub(super) retries: u32,
    pub(super) max_tasks: Option<u32>,
}

/// A pool to [start](Self::start): its functions, and how it treats them. Begin with [`Pool::builder`].
///
/// ```
/// use wirenut::time::Duration;
/// use wirenut_linux::process::pool::Pool;
/// let mut builder = Pool::builder().workers(2).time_limit(Duration::from_secs(10)).retries(1).max_tasks_per_worker(100);
/// let reverse = builder.task("reverse", |bytes| Ok::<_, String>(bytes.iter().rev().copied().collect()));
/// let pool = builder.start()?;
/// assert_eq!(pool.apply(reverse, b"abc")?, b"cba");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct Builder {
    settings: Settings,
    queue: usize,
    table: Table,
    /// Its tasks are not those of another builder.
    number: u64,
}

impl Builder {
    pub(super) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
        let settings = Settings { workers, time_limit: None, retries: 0, max_tasks: None };
        Self { settings, queue: QUEUE, table: Table::default(), number: COUNT.fetch_add(1, Ordering::Relaxed) }
    }

    /// How many processes work. Unless it is said: as many as there are processors for this process.
    pub fn workers(mut self, count: usize) -> Self {
        self.settings.workers = count;
        self
    }

    /// How many calls may be accepted and not done: 1024, unless it is said. Who asks for more waits, or is told. A chunk of a
    /// map is one call.
    pub fn queue(mut self, calls: usize) -> Self {
        self.queue = calls;
        self
    }

    /// How long a task may take, from when a worker has got it. One that takes longer is killed with its process, stopped or
    /// not, and reported: [`TaskError::TimedOut`](super::TaskError::TimedOut). It is not tried again. None, unless it is
    /// said; one of zero is over at once.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.settings.time_limit = Some(limit);
        self
    }

    /// How often a task is given to another worker, if the one that had it has died. 0, unless it is said, as what such a
    /// task has done before is done twice.
    pub fn retries(mut self, retries: u32) -> Self {
        self.settings.retries = retries;
        self
    }

    /// After how many tasks a worker is replaced by a fresh process: against memory that tasks leak. Never, unless it is
    /// said.
    pub fn max_tasks_per_worker(mut self, tasks: u32) -> Self {
        self.settings.max_tasks = Some(tasks);
        self
    }

    /// Makes a function known to the workers. The name is for people who read the [`Debug`](fmt::Debug) output.
    ///
    /// The function runs in the workers, each of which has its own copy of what it captures, as of [`start`](Self::start).
    /// What a call changes there, later calls find that come to the same worker: which, is chance.
    ///
    /// ```
    /// use wirenut_linux::process::pool::Pool;
    /// let mut builder = Pool::builder().workers(1);
    /// let mut count = 0;
    /// let count_calls = builder.task("count calls", move |_| {
    ///     count += 1;
    ///     Ok::<_, String>(vec![count])
    /// });
    /// let pool = builder.start()?;
    /// assert_eq!((pool.apply(count_calls, b"")?, pool.apply(count_calls, b"")?), (vec![1], vec![2]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn task<E: Display>(
        &mut self,
        name: &str,
        mut function: impl FnMut(&[u8]) -> Result<Vec<u8>, E> + Send + 'static,
    ) -> Task {
        Task(self.add(name, move |argument, result| {
            result.extend(function(argument).map_err(|error| error.to_string())?);
            Ok(())
        }))
    }

    /// The same for a function of values. They go as [`Sender::send_value`](crate::process::pipe::End::send_value) sends them.
    ///
    /// ```
    /// use wirenut_linux::process::pool::Pool;
    /// let mut builder = Pool::builder().workers(2);
    /// let length = builder.value_task("length", |(x, y): (f64, f64)| Ok::<_, String>(x.hypot(y)));
    /// let pool = builder.start()?;
    /// assert_eq!(pool.apply(length, &(3.0, 4.0))?, 5.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "serde")]
    pub fn value_task<A: Serialize + DeserializeOwned, R: Serialize + DeserializeOwned, E: Display>(
        &mut self,
        name: &str,
        mut function: impl FnMut(A) -> Result<R, E> + Send + 'static,
    ) -> ValueTask<A, R> {
        use crate::value::{append, from_bytes};
        let place = self.add(name, move |argument, result| {
            let argument = from_bytes(argument).map_err(|error| format!("the argument is no such value: {error}"))?;
            let value = function(argument).map_err(|error| error.to_string())?;
            append(&value, result).map_err(|error| format!("the result cannot be written as bytes: {error}"))
        });
        ValueTask(place, PhantomData)
    }

    fn add(
        &mut self,
        name: &str,
        function: impl FnMut(&[u8], &mut Vec<u8>) -> Result<(), String> + Send + 'static,
    ) -> Place {
        // More than there is memory for are not known, and asking for one is an error.
        let index = self.table.add(name, Box::new(function)).unwrap_or(u32::MAX);
        Place { builder: self.number, index }
    }

    /// Forks the keeper, which forks the workers. All of them are there when this returns.
    ///
    /// What they inherit is what [every child](crate::process#what-the-child-inherits) inherits, all descriptors of this process
    /// among it, for as long as the pool lives: so start it early. They are in a process group of their own, so a Ctrl-C on
    /// the terminal does not reach them.
    ///
    /// # Errors
    /// [`SpawnError::Threads`]: this process has more than one thread. [`SpawnError::System`]: no workers, no queue or no
    /// tasks for a worker were asked for (`InvalidInput`), or the system has no more processes, memory or descriptors.
    /// No process is left then.
    pub fn start(self) -> Result<Pool, SpawnError> {
        let Self { settings, queue, table, number } = self;
        if settings.workers == 0 || queue == 0 || settings.max_tasks == Some(0) {
            return Err(Error::plain("start a pool without workers, queue or tasks", Errno::INVAL).into());
        }
        let names = table.names();
        let (ours, theirs) = duplex()?;
        let keeper = Process::new().name("pool keeper").daemon(true).group(Group::New);
        let keeper = keeper.spawn(move || keep(theirs, settings, table))?;
        let started = Parcel::recv(&ours)?.and_then(|parcel| parcel.head());
        match started {
            Some(Head { what: STARTED, detail: 0, .. }) => {
                Ok(Pool::new(ours, keeper, queue, number, settings.workers, names))
            }
            other => {
                keeper.join()?;
                let errno = other.and_then(|head| i32::try_from(head.detail).ok());
                let errno = errno.map_or(Errno::IO, Errno::from_raw_os_error);
                Err(Error::plain("fork the workers of a pool", errno).into())
            }
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Builder");
        shown.field("settings", &self.settings).field("queue", &self.queue).field("tasks", &self.table.names()).finish()
    }
}
