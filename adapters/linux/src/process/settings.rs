//! What a child is to be.

use super::child::Child;
use super::inherited::Ends;
use super::report::Report;
use super::spawn_error::SpawnError;
use super::start;
use crate::signal::SignalSet;

/// Runs a closure in a child of this process: [`Process::spawn`] of one without a name that is like its parent.
///
/// ```
/// use wirenut_linux::process::{self, Ended};
/// use wirenut_linux::socket::{Received, UnixStream};
///
/// let (ours, theirs) = UnixStream::pair()?;
/// let child = process::spawn(move || theirs.send(b"hello").map(drop))?; // our copy of `theirs` is closed now
/// let mut heard = [0; 10];
/// assert_eq!(ours.recv(&mut heard)?, Received::Data(5));
/// assert_eq!(ours.recv(&mut heard)?, Received::End);
/// assert_eq!(child.join()?, Ended::Exited(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// See [`Process::spawn`].
pub fn spawn<R: Report>(closure: impl FnOnce() -> R + Send + 'static) -> Result<Child, SpawnError> {
    Process::new().spawn(closure)
}

/// A process to [spawn](Self::spawn), and how it differs from its parent: in nothing, to begin with.
///
/// ```
/// use wirenut_linux::process::{Ended, Group, Process};
///
/// let worker = Process::new().name("worker").daemon(true).nice(5).group(Group::New);
/// let children = [worker.spawn(|| 1)?, worker.spawn(|| 2)?];
/// assert_eq!(children[1].join()?, Ended::Exited(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, Debug)]
#[must_use]
pub struct Process {
    pub(super) name: Box<str>,
    pub(super) is_daemon: bool,
    pub(super) nice: i32,
    pub(super) group: Group,
    pub(super) has_session: bool,
    pub(super) is_subreaper: bool,
    pub(super) blocked: SignalSet,
    pub(super) ends: Ends,
}

/// The process group of a child: setpgid(2). Whoever signals a group reaches all in it, as does the terminal.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Group {
    /// The one of its parent.
    #[default]
    Parents,
    /// A new one, of which it is the leader: its id is the child's.
    New,
    /// The one with this id, in the session of its parent.
    Join(u32),
}

impl Process {
    /// One that is as its parent, and has no name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its name, in errors that it reports, and for `ps`, which shows the first 15 bytes: `PR_SET_NAME` of prctl(2).
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    /// Whether it is killed (SIGKILL) when its parent ends, however that comes, or when its [`Child`] is dropped. For work
    /// that is of no use without the parent.
    pub fn daemon(mut self, is_daemon: bool) -> Self {
        self.is_daemon = is_daemon;
        self
    }

    /// What is added to the nice value that it has from its parent: 19 at most gives way to all others, and less than 0
    /// needs a permission. Values beyond the system's are cut: nice(2).
    pub fn nice(mut self, increment: i32) -> Self {
        self.nice = increment;
        self
    }

    /// Its process group.
    pub fn group(mut self, group: Group) -> Self {
        self.group = group;
        self
    }

    /// It leads a session of its own, with a group of its own and without a terminal: setsid(2). Its [`Group`] does not
    /// matter then.
    pub fn session(mut self) -> Self {
        self.has_session = true;
        self
    }

    /// Its orphans are adopted: the child is then a process that runs the closure in a child of its own, reaps whatever
    /// descendants lose their parent, as init(1) does (`PR_SET_CHILD_SUBREAPER` of prctl(2)), and ends when none is left,
    /// as the closure has ended. So a [join](Child::join) waits for the whole tree.
    ///
    /// Signals that are sent to the child are handed on to the closure's process, which is killed if the child is.
    ///
    /// This process itself adopts nobody: the system does not tell an orphan from a child that somebody in this program has
    /// started and waits for, such as a `std::process::Command`, so whoever reaps the one takes the other's status.
    ///
    /// ```
    /// use wirenut_linux::process::{self, Ended, Process};
    /// let (reader, writer) = std::io::pipe()?;
    /// let tree = Process::new().subreaper().spawn(move || {
    ///     process::spawn_detached(move || {
    ///         std::thread::sleep(core::time::Duration::from_millis(10));
    ///         writeln!(&writer, "the orphan has ended")
    ///     })
    ///     .map(drop)
    /// })?;
    /// assert_eq!(tree.join()?, Ended::Exited(0));
    /// # use std::io::{Read, Write};
    /// let mut told = String::new();
    /// { reader }.read_to_string(&mut told)?;
    /// assert_eq!(told, "the orphan has ended\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn subreaper(mut self) -> Self {
        self.is_subreaper = true;
        self
    }

    /// Signals that are blocked in it from its beginning, for a child that [waits](crate::signal::wait) for them: its parent
    /// may send one before the child has begun. None, to begin with, whatever its parent blocks.
    ///
    /// ```
    /// use wirenut_linux::process::{Ended, Process};
    /// use wirenut_linux::signal::{self, Signal, SignalSet};
    /// let usr1 = SignalSet::from(Signal::SIGUSR1);
    /// let child = Process::new().block(&usr1).spawn(move || signal::wait(&usr1, None).map(|_| 5))?;
    /// child.send(Signal::SIGUSR1)?;
    /// assert_eq!(child.join()?, Ended::Exited(5));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn block(mut self, signals: &SignalSet) -> Self {
        self.blocked = *signals;
        self
    }

    /// It keeps all ends of [pipes](super::pipe) and [queues](crate::sync::queue) that its parent has, and not only those that
    /// its closure has captured: for what a closure reaches through something that it shares with the rest of the program.
    /// No stream ends before this child has ended, too.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use wirenut_linux::process::{Process, pipe};
    /// let (sender, receiver) = pipe::pipe()?;
    /// let shared = Arc::new((7, sender));
    /// let child = Process::new().keep_all_ends().spawn({
    ///     let shared = Arc::clone(&shared);
    ///     move || shared.1.send(&[shared.0])
    /// })?;
    /// assert_eq!(receiver.recv()?, Some(vec![7]));
    /// child.join()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn keep_all_ends(mut self) -> Self {
        self.ends = Ends::All;
        self
    }

    /// Forks this process, and runs the closure in the child. What the closure returns becomes the child's exit status, see
    /// [`Report`]; a panic in it becomes status 101, and [`Ended::Panicked`](super::Ended) with its message.
    ///
    /// When this returns, the child is in its group and session and has its nice value. What the closure captured has been
    /// dropped in this process. For what the child inherits, see [the module](super#what-the-child-inherits).
    ///
    /// # Errors
    /// [`SpawnError::Threads`]: this process has more than one thread. [`SpawnError::System`]: there are too many processes,
    /// no memory or no descriptor is left (one is kept for the child), there is no such group, or the permission for the
    /// nice value is missing. No child is left then, and the closure has not run.
    pub fn spawn<R: Report>(&self, closure: impl FnOnce() -> R + Send + 'static) -> Result<Child, SpawnError> {
        start::start(self, closure)
    }

    /// The same, of a closure that borrows. What it borrows is the child's own copy, as it was at the fork: it stays as long
    /// as the child runs, whatever becomes of it here. The child never drops it. It need not be `Send`: no thread gets it, but a
    /// copy of this one.
    ///
    /// ```
    /// use wirenut_linux::process::{Ended, Process};
    /// let numbers = vec![3, 4];
    /// let child = Process::new().spawn_scoped(|| numbers.iter().sum::<u8>())?;
    /// drop(numbers);
    /// assert_eq!(child.join()?, Ended::Exited(7));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::spawn`].
    pub fn spawn_scoped<R: Report>(&self, closure: impl FnOnce() -> R) -> Result<Child, SpawnError> {
        start::start(self, closure)
    }
}
