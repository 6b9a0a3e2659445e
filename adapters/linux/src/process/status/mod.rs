//! What the system shows of processes: /proc/PID/stat and /proc/PID/status of proc(5), as types, and the five-state model.
//!
//! ```
//! use wirenut_linux::process::status::{self, State, Status};
//!
//! let this = Status::of(std::process::id())?;
//! assert_eq!((this.state, this.parent), (State::Running, wirenut_linux::process::parent()));
//! assert!(status::all()?.contains(&this.pid));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod flags;
mod observation;
mod parse;
mod proc;
mod state;
mod terminal;

use std::ffi::{OsStr, OsString};
use std::time::SystemTime;

use rustix::time::{ClockId, clock_gettime};
use wirenut::time::Duration;

pub use flags::Flags;
pub use observation::{Observation, Phase};
pub use proc::{StatusError, all};
pub use state::State;
pub use terminal::Terminal;

/// What proc(5) shows of a process at a moment: of its first thread, where threads differ.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Status {
    /// Its process id.
    pub pid: u32,
    /// The name of its program, or what it calls itself: at most 15 bytes (a kernel's thread has more), of which each may be
    /// anything but zero.
    pub name: OsString,
    /// What it does.
    pub state: State,
    /// The process id of its parent; 0 if it has none here.
    pub parent: u32,
    /// Its process group; 0 for a thread of the kernel.
    pub group: u32,
    /// Its session; 0 for a thread of the kernel.
    pub session: u32,
    /// The terminal that its session has.
    pub terminal: Option<Terminal>,
    /// The process group in the foreground of that terminal.
    pub foreground_group: Option<u32>,
    /// Its nice value: from -20 to 19, which gives way to all others.
    pub nice: i32,
    /// How many threads it has; a zombie may have none.
    pub threads: u32,
    /// Its effective user.
    pub user: u32,
    /// When it began, since the system did.
    pub started: Duration,
    /// Time that it has spent on a processor, in its own code.
    pub user_time: Duration,
    /// The same in the kernel.
    pub system_time: Duration,
    /// Bytes of its address space.
    pub virtual_memory: u64,
    /// Bytes of it that are in memory.
    pub resident_memory: u64,
    /// Bytes of it that stay there: mlock(2).
    pub locked_memory: u64,
}

impl Status {
    /// What the system shows of that process now.
    ///
    /// ```
    /// use wirenut_linux::process::Process;
    /// use wirenut_linux::process::status::{State, Status, StatusError};
    /// let child = Process::new().name("a (b) c").nice(1).session().spawn(|| loop { std::thread::park() })?;
    /// let status = Status::of(child.pid())?;
    /// assert_eq!((status.name(), status.session, status.threads), ("a (b) c".as_ref(), child.pid(), 1));
    /// assert_eq!(status.flags().to_string(), "Ns");
    /// child.kill()?;
    /// child.join()?;
    /// assert!(matches!(Status::of(child.pid()), Err(StatusError::NoSuchProcess(_))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StatusError::NoSuchProcess`], also where it ends while it is looked at; a thread's id is no process's.
    pub fn of(pid: u32) -> Result<Self, StatusError> {
        proc::Folder::open(pid)?.status()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// What ps(1) shows behind the state.
    #[must_use]
    pub fn flags(&self) -> Flags {
        Flags::of(self)
    }

    /// Time that it has spent on a processor.
    #[must_use]
    pub fn cpu_time(&self) -> Duration {
        Duration::from_micros(self.user_time.as_micros().saturating_add(self.system_time.as_micros()))
    }

    /// When it began, by the clock that is right now.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use wirenut_linux::process::status::Status;
    /// let began = Status::of(std::process::id())?.start_time();
    /// // The system counts in hundredths of a second.
    /// assert!(began.elapsed().is_ok_and(|elapsed| elapsed < core::time::Duration::from_secs(600)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn start_time(&self) -> SystemTime {
        let since_boot = clock_gettime(ClockId::Boottime).try_into().unwrap_or_default();
        let age = core::time::Duration::saturating_sub(since_boot, self.started.into());
        let now = SystemTime::now();
        now.checked_sub(age).unwrap_or(now)
    }
}
