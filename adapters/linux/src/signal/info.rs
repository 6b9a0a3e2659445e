//! What came with a signal: siginfo_t of sigaction(2).

use rustix::io::{Errno, Result};

use super::{Signal, Value};
use crate::sys::sigwait::Information;

/// A signal that came, and what the system tells about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Info {
    signal: Signal,
    told: Information,
}

/// Who sent a signal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Sender {
    /// Its process; 0 for one of another process namespace.
    pub process: u32,
    /// Its real user.
    pub user: u32,
}

/// What happened to a child: why SIGCHLD came.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ChildChange {
    /// It has ended, with this status.
    Exited(i32),
    /// A signal has ended it.
    Killed(Signal),
    /// A signal has ended it, and left a core dump.
    Dumped(Signal),
    /// A tracer's trap.
    Trapped(Signal),
    /// A signal has stopped it.
    Stopped(Signal),
    /// It goes on.
    Continued,
}

impl Info {
    pub(super) fn new(told: Information) -> Result<Self> {
        Ok(Self { signal: Signal::from_number(told.number).ok_or(Errno::INVAL)?, told })
    }

    /// Which signal.
    #[must_use]
    pub const fn signal(&self) -> Signal {
        self.signal
    }

    /// Why it came, as a number: `si_code` of sigaction(2), such as SI_USER, SI_QUEUE, CLD_EXITED.
    #[must_use]
    pub const fn code(&self) -> i32 {
        self.told.code
    }

    /// The process that sent it, or the child that it is about. `None`, where the kernel sent it: for a timer, a terminal, a fault.
    ///
    /// Of a [queued](super::queue) signal it is what the sender says: a program need not use the library's function, and may
    /// say what it likes. Who must be sure asks over a [Unix socket](crate::socket::UnixStream).
    #[must_use]
    pub fn sender(&self) -> Option<Sender> {
        let is_known = self.child().is_some()
            || matches!(self.told.code, libc::SI_USER | libc::SI_TKILL | libc::SI_QUEUE | libc::SI_MESGQ);
        is_known.then_some(Sender { process: self.told.process.cast_unsigned(), user: self.told.user })
    }

    /// What it carries, if it was [queued](super::queue), or comes from a timer or message queue that was given a value.
    #[must_use]
    pub fn value(&self) -> Option<Value> {
        matches!(self.told.code, libc::SI_QUEUE | libc::SI_MESGQ | libc::SI_TIMER).then_some(self.told.value.into())
    }

    /// For SIGCHLD: what happened to the child, which is the [sender](Self::sender). It is not waited for by that.
    ///
    /// Several children that change before SIGCHLD is looked at are one signal, about one of them.
    ///
    /// ```
    /// use wirenut_linux::signal::{self, ChildChange, Signal};
    /// let _blocked = signal::block(&Signal::SIGCHLD.into());
    /// let mut child = std::process::Command::new("sh").args(["-c", "exit 7"]).spawn()?;
    /// let info = signal::wait(&Signal::SIGCHLD.into(), None)?.done().unwrap();
    /// assert_eq!(info.child(), Some(ChildChange::Exited(7)));
    /// assert_eq!(info.sender().map(|sender| sender.process), Some(child.id()));
    /// # child.wait()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn child(&self) -> Option<ChildChange> {
        if self.signal != Signal::SIGCHLD {
            return None;
        }
        let by = Signal::from_number(self.told.status);
        match self.told.code {
            libc::CLD_EXITED => Some(ChildChange::Exited(self.told.status)),
            libc::CLD_KILLED => by.map(ChildChange::Killed),
            libc::CLD_DUMPED => by.map(ChildChange::Dumped),
            libc::CLD_TRAPPED => by.map(ChildChange::Trapped),
            libc::CLD_STOPPED => by.map(ChildChange::Stopped),
            libc::CLD_CONTINUED => Some(ChildChange::Continued),
            _ => None,
        }
    }
}
