//! What a signal does to this process: sigaction(2).

use alloc::sync::Arc;
use core::sync::atomic::AtomicUsize;
use std::os::fd::OwnedFd;

use rustix::io::Errno;

use super::Signal;
use crate::error::Error;
use crate::poller::Bell;
use crate::sys::sigaction::{self, Action, Reaction};

/// What is done at once when a signal comes, by whatever thread it interrupts: a list of reactions, in their order.
///
/// A handler may interrupt any code, also malloc(3) or a holder of a lock, so hardly anything may be called in it:
/// signal-safety(7). The reactions are what is both safe and enough; all else is done where the program sees them. There is none
/// for code of your own, as no type tells the compiler what that code may call.
///
/// While a handler runs, its thread has all other signals blocked: many at once need the stack of one.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use wirenut_linux::signal::{self, Handler, Signal};
///
/// let signals = Arc::new(AtomicUsize::new(0));
/// let handler = Handler::new().count(&signals).write(std::io::stderr(), b"caught\n")?;
/// signal::handle(Signal::SIGUSR1, handler)?;
/// signal::raise(Signal::SIGUSR1)?;
/// assert_eq!(signals.load(Ordering::SeqCst), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Handler {
    reactions: Vec<Reaction>,
    interrupts: bool,
    is_once: bool,
}

impl Handler {
    /// One that does nothing, but that a signal has come [ends a pause](super::suspend).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds 1.
    #[must_use]
    pub fn count(self, counter: &Arc<AtomicUsize>) -> Self {
        self.with(Reaction::Add(Arc::clone(counter)))
    }

    /// Stores that value. Several handlers may store theirs in one place.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use wirenut_linux::signal::{self, Handler, Signal};
    ///
    /// let last = Arc::new(AtomicUsize::new(0));
    /// for (signal, value) in [(Signal::SIGUSR1, 1), (Signal::SIGUSR2, 2)] {
    ///     signal::handle(signal, Handler::new().store(&last, value))?;
    /// }
    /// signal::raise(Signal::SIGUSR2)?;
    /// assert_eq!(last.load(Ordering::SeqCst), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn store(self, place: &Arc<AtomicUsize>, value: usize) -> Self {
        self.with(Reaction::Store(Arc::clone(place), value))
    }

    /// Rings, and so wakes whoever waits for it in a poller.
    ///
    /// ```
    /// use std::os::fd::AsFd;
    /// use wirenut_linux::poller::{Bell, Interest, Poll, Poller, Token, Waited};
    /// use wirenut_linux::signal::{self, Handler, Signal};
    ///
    /// let bell = Bell::new()?;
    /// let mut poller = Poll::new();
    /// poller.register(bell.as_fd(), Token(0), Interest::READABLE)?;
    /// signal::handle(Signal::SIGWINCH, Handler::new().ring(&bell))?;
    /// signal::raise(Signal::SIGWINCH)?;
    /// assert_eq!(poller.wait(None)?, Waited::Ready);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn ring(self, bell: &Bell) -> Self {
        self.with(Reaction::Raise(Arc::clone(bell.eventfd())))
    }

    /// Writes the message to a duplicate of the descriptor. The interrupted thread waits for as long as the descriptor blocks,
    /// and other signals are not for that thread then; what cannot be written is lost, as a handler has nobody to tell.
    ///
    /// # Errors
    /// The process has no descriptor left for the duplicate.
    pub fn write(self, to: impl std::os::fd::AsFd, message: &[u8]) -> Result<Self, Error> {
        let to = to.as_fd();
        let copy: OwnedFd =
            rustix::io::fcntl_dupfd_cloexec(to, 0).map_err(|errno| Error::on("duplicate", &to, errno))?;
        Ok(self.with(Reaction::Write(Arc::new(copy), message.into())))
    }

    /// Has the signal interrupt system calls of the thread, without SA_RESTART. Otherwise they go on, as far as signal(7) says that
    /// they can.
    ///
    /// Whatever waits in this package goes on in either case, but for the pollers, which say
    /// [`Interrupted`](crate::poller::Waited::Interrupted) in either; other code may report an error.
    #[must_use]
    pub fn interrupting(self) -> Self {
        Self { interrupts: true, ..self }
    }

    /// Handles the signal once. The next one does what it does by default: SA_RESETHAND.
    #[must_use]
    pub fn once(self) -> Self {
        Self { is_once: true, ..self }
    }

    fn with(mut self, reaction: Reaction) -> Self {
        self.reactions.push(reaction);
        self
    }
}

/// From now on the signal is handled, in the whole process.
///
/// The handler, with what it refers to, is kept until it is replaced. A [child](crate::process) and an executed program begin with
/// the default.
///
/// # Errors
/// The signal [cannot be caught](Signal::can_be_caught), or is SIGSEGV, SIGBUS, SIGFPE or SIGILL: the thread whose fault it is would
/// repeat it for ever.
///
/// ```
/// use wirenut_linux::signal::{self, Handler, Signal};
/// let error = signal::handle(Signal::SIGKILL, Handler::new()).unwrap_err();
/// assert_eq!(error.to_string(), "cannot handle SIGKILL: Invalid argument (os error 22)");
/// assert!(signal::handle(Signal::SIGSEGV, Handler::new()).is_err());
/// ```
pub fn handle(signal: Signal, handler: Handler) -> Result<Previous, Error> {
    let failed = |errno| Error::of("handle", &signal, errno);
    if matches!(signal, Signal::SIGSEGV | Signal::SIGBUS | Signal::SIGFPE | Signal::SIGILL) {
        return Err(failed(Errno::INVAL));
    }
    let action = Action::handler(handler.reactions, !handler.interrupts, handler.is_once);
    replace(signal, action).map_err(failed)
}

/// From now on the signal does nothing; one that waits blocked is dropped. An executed program ignores it too.
///
/// Children of a process that ignores SIGCHLD leave no zombie, and their status is lost.
///
/// ```
/// use wirenut_linux::signal::{self, Disposition, Signal};
/// signal::ignore(Signal::SIGTERM)?;
/// signal::raise(Signal::SIGTERM)?;
/// assert_eq!(signal::disposition(Signal::SIGTERM)?, Disposition::Ignored);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The signal [cannot be caught](Signal::can_be_caught).
pub fn ignore(signal: Signal) -> Result<Previous, Error> {
    replace(signal, Action::ignore()).map_err(|errno| Error::of("ignore", &signal, errno))
}

/// From now on the signal does what it [does by default](Signal::default_action).
///
/// # Errors
/// The signal [cannot be caught](Signal::can_be_caught).
pub fn set_default(signal: Signal) -> Result<Previous, Error> {
    replace(signal, Action::by_default()).map_err(|errno| Error::of("set to its default", &signal, errno))
}

fn replace(signal: Signal, action: Action) -> Result<Previous, Errno> {
    sigaction::replace(signal.number(), action).map(|action| Previous { signal, action })
}

/// What a signal does at present, whoever has set it.
///
/// A program that was started with SIGINT or SIGHUP ignored (a shell's `&`, nohup(1)) should leave it so:
///
/// ```
/// use wirenut_linux::signal::{self, Disposition, Handler, Signal};
/// if signal::disposition(Signal::SIGHUP)? != Disposition::Ignored {
///     signal::handle(Signal::SIGHUP, Handler::new())?;
/// }
/// // A Rust program is started so.
/// assert_eq!(signal::disposition(Signal::SIGPIPE)?, Disposition::Ignored);
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
///
/// # Errors
/// libc keeps the signal for itself.
pub fn disposition(signal: Signal) -> Result<Disposition, Error> {
    let current =
        sigaction::current(signal.number()).map_err(|errno| Error::of("tell the disposition of", &signal, errno))?;
    Ok(if current.is_default() {
        Disposition::Default
    } else if current.is_ignored() {
        Disposition::Ignored
    } else {
        Disposition::Handled
    })
}

/// What a signal does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Disposition {
    /// Its [default action](Signal::default_action).
    Default,
    /// Nothing.
    Ignored,
    /// Some handler is called: of this module or another.
    Handled,
}

/// What a signal did before it was set: dropping this forgets it.
#[derive(Debug)]
pub struct Previous {
    signal: Signal,
    action: Action,
}

impl Previous {
    /// Has the signal do that again, also where it was a handler that this package did not install.
    ///
    /// ```
    /// use wirenut_linux::signal::{self, Disposition, Handler, Signal};
    /// let previous = signal::handle(Signal::SIGTERM, Handler::new())?;
    /// signal::raise(Signal::SIGTERM)?;
    /// previous.restore()?;
    /// assert_eq!(signal::disposition(Signal::SIGTERM)?, Disposition::Default);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`handle`]; not for what was set once.
    pub fn restore(self) -> Result<(), Error> {
        let Self { signal, action } = self;
        let restored = sigaction::replace(signal.number(), action);
        restored.map(drop).map_err(|errno| Error::of("restore the disposition of", &signal, errno))
    }
}
