//! What a child is to be.

use super::child::Child;
use super::report::Report;
use super::spawn_error::SpawnError;
use super::start;

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
}
