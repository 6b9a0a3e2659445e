//! Signals from a descriptor: signalfd(2).

use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::{Errno, retry_on_intr};

use super::wait::check_blocked;
use super::{Info, SignalSet};
use crate::error::Error;
use crate::socket::Attempt;
use crate::sys::signalfd::SignalFd;

/// Readable, for any poller, while signals of a set wait for this process or the thread that looks: signalfd(2). Only where it
/// matters who sent a signal, or with what value.
///
/// Everywhere else a [handler](super::Handler) that rings a bell, or [`termination`](super::termination), is better: here the
/// signals must be blocked in every thread, and in every program that is executed they still are; and who reads one takes it
/// from all others.
///
/// A child made by fork(2) reads its own signals from it, but an epoll instance that it shares with the parent tells of the
/// parent's.
///
/// ```
/// use std::os::fd::AsFd;
/// use wirenut_linux::poller::{Epoll, Interest, Poller, Token, Waited};
/// use wirenut_linux::signal::{self, Signal, SignalDescriptor};
/// use wirenut_linux::socket::Attempt;
///
/// let set = Signal::SIGUSR1.into();
/// let _blocked = signal::block(&set); // before other threads are started
/// let signals = SignalDescriptor::new(&set)?;
/// assert_eq!(signals.read()?, Attempt::WouldBlock);
/// let mut poller = Epoll::new()?;
/// poller.register(signals.as_fd(), Token(0), Interest::READABLE)?;
///
/// signal::queue(Signal::SIGUSR1, std::process::id(), 42.into())?;
/// assert_eq!(poller.wait(None)?, Waited::Ready);
/// let info = signals.read()?.done().unwrap();
/// assert_eq!(info.value().map(|value| value.as_i32()), Some(42));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SignalDescriptor(SignalFd);

impl SignalDescriptor {
    /// One for these signals.
    ///
    /// # Errors
    /// This thread does not block all of the set; or there is no descriptor left.
    pub fn new(set: &SignalSet) -> Result<Self, Error> {
        check_blocked(set)?;
        SignalFd::new(set.bits()).map(Self).map_err(|errno| Error::plain("make a signalfd", errno))
    }

    /// Takes a signal that has come. It does not wait.
    ///
    /// # Errors
    /// The system says so.
    pub fn read(&self) -> Result<Attempt<Info>, Error> {
        match retry_on_intr(|| self.0.read()).and_then(Info::new) {
            Ok(info) => Ok(Attempt::Done(info)),
            Err(Errno::AGAIN) => Ok(Attempt::WouldBlock),
            Err(errno) => Err(Error::on("read a signal from", &self.0.as_fd(), errno)),
        }
    }
}

impl AsFd for SignalDescriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
