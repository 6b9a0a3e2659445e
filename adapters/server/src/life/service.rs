//! One process of a service, from its beginning to its end.

use core::mem;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wirenut::time::Duration;
use wirenut_linux::Error;
use wirenut_linux::process::Program;
use wirenut_linux::socket::{Connected, Inherited, Pathname, Seqpacket, SeqpacketStream, inherited};

use super::handover::{Answer, Channel, NAME, Predecessor};
use super::names::encode;
use super::notify::Notifier;
use super::passed::Passed;
use super::restart::{RestartError, Successor};

/// The life of this process as one of a service: what it tells the service manager, and the process that it follows or that
/// follows it. See the [module](super).
///
/// One for each process; threads share it. A child that was forked does not use it.
#[derive(Debug)]
pub struct Life {
    notifier: Notifier,
    /// Of this process, as it was called. None where nobody knows, which matters only for restarts.
    program: Option<Program>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    stage: Stage,
    /// Removed when this process ends, or handed over.
    pathnames: Vec<Pathname>,
}

#[derive(Debug)]
enum Stage {
    /// It is not ready. With the process that it follows, if it follows one.
    Beginning(Option<Predecessor>),
    Serving,
    /// A successor is on its way.
    Restarting,
    HandedOver,
}

impl Life {
    /// To be called at the beginning of the program, while the environment, the working directory and the program's path are
    /// those that it was started with; and once, since the sockets that were passed are given once.
    ///
    /// ```
    /// use wirenut_server::life::Life;
    /// let (life, passed) = Life::begin()?;
    /// assert!(!life.is_successor() && passed.is_empty());
    /// # Ok::<(), wirenut_server::Error>(())
    /// ```
    ///
    /// # Errors
    /// The environment is wrong: see [`inherited`] and [`Notifier::from_environment`].
    pub fn begin() -> Result<(Self, Passed), Error> {
        let program = Program::this().ok();
        let mut passed = Passed(inherited()?);
        let channel = passed.take_if(|passed| passed.name() == NAME && passed.is_socket::<Seqpacket, Connected>());
        let predecessor = channel.map(Inherited::into_socket).transpose()?.map(Predecessor);
        let state = State { stage: Stage::Beginning(predecessor), pathnames: Vec::new() };
        Ok((Self { notifier: Notifier::from_environment()?, program, state: Mutex::new(state) }, passed))
    }

    /// True if this process was started by the one that it replaces.
    #[must_use]
    pub fn is_successor(&self) -> bool {
        matches!(self.state().stage, Stage::Beginning(Some(_)))
    }

    /// True once another process has the service: this one is to drain and to end, and tells the manager nothing more.
    #[must_use]
    pub fn is_handed_over(&self) -> bool {
        matches!(self.state().stage, Stage::HandedOver)
    }

    /// This process has all that it needs, and begins to accept when this returns. It tells the process that it follows, and waits
    /// for its answer; then it tells the service manager. To be called once more after [`Self::reloading`].
    ///
    /// Whoever accepts before this has returned may be killed with connections that it has accepted.
    ///
    /// # Errors
    /// The message to the process before, or to the manager, cannot be sent. This process does not have the service then, and
    /// should end.
    pub fn ready(&self) -> Result<(), Error> {
        let predecessor = match &mut self.state().stage {
            Stage::Beginning(predecessor) => predecessor.take(),
            Stage::Serving | Stage::Restarting => return self.notifier.ready(),
            Stage::HandedOver => return Ok(()),
        };
        let Some(predecessor) = predecessor else {
            self.notifier.ready()?;
            self.state().stage = Stage::Serving;
            return Ok(());
        };
        let is_given = match predecessor.take_over()? {
            Answer::Yours(pathnames) => {
                self.state().pathnames.extend(pathnames);
                true
            }
            Answer::Gone => false,
        };
        self.state().stage = Stage::Serving;
        // The service is this process's and nobody else's, so it serves, whoever gets the message.
        let told = if is_given {
            self.notifier.ready()
        } else {
            log::warn!("the process that this one replaces has ended before it had handed over");
            self.notifier.main_process(std::process::id()).and_then(|()| self.notifier.ready())
        };
        if let Err(error) = told {
            log::warn!("{error}");
        }
        Ok(())
    }

    /// The path of a Unix socket of the service: it is removed when this is dropped, unless another process has the service by then,
    /// which removes it in turn.
    pub fn keep(&self, pathname: Pathname) {
        self.state().pathnames.push(pathname);
    }

    /// See [`Notifier::reloading`].
    ///
    /// # Errors
    /// As that.
    pub fn reloading(&self) -> Result<(), Error> {
        self.tell(Notifier::reloading)
    }

    /// See [`Notifier::stopping`]. A process that has handed over says nothing: the service does not stop.
    ///
    /// # Errors
    /// As that.
    pub fn stopping(&self) -> Result<(), Error> {
        self.tell(Notifier::stopping)
    }

    /// See [`Notifier::status`].
    ///
    /// # Errors
    /// As that.
    pub fn status(&self, line: &str) -> Result<(), Error> {
        self.tell(|notifier| notifier.status(line))
    }

    /// See [`Notifier::alive`].
    ///
    /// # Errors
    /// As that.
    pub fn alive(&self) -> Result<(), Error> {
        self.tell(Notifier::alive)
    }

    /// See [`Notifier::watchdog`].
    #[must_use]
    pub const fn watchdog(&self) -> Option<Duration> {
        self.notifier.watchdog()
    }

    fn tell(&self, message: impl Fn(&Notifier) -> Result<(), Error>) -> Result<(), Error> {
        if self.is_handed_over() { Ok(()) } else { message(&self.notifier) }
    }

    /// Starts this program again in a new process, with these sockets, and waits until that is ready. When this returns
    /// successfully, the new process has the service; this one is to drain and to end.
    ///
    /// Sockets have any names; the new process finds them by these ([`Passed::take`]). All that listen are to be there, in
    /// the order that they have in this process. See the [module](super) for how it goes.
    ///
    /// # Errors
    /// This process serves on in each case, and may try again.
    pub fn restart(&self, sockets: &[(&str, BorrowedFd<'_>)], patience: Duration) -> Result<(), RestartError> {
        self.start_successor(sockets)?.wait(patience)
    }

    /// The same without waiting, for who waits with a poller.
    ///
    /// # Errors
    /// As [`Self::restart`].
    pub fn start_successor(&self, sockets: &[(&str, BorrowedFd<'_>)]) -> Result<Successor<'_>, RestartError> {
        {
            let state = &mut *self.state();
            match state.stage {
                Stage::Serving => state.stage = Stage::Restarting,
                Stage::Beginning(_) | Stage::Restarting => return Err(RestartError::InProgress),
                Stage::HandedOver => return Err(RestartError::HandedOver),
            }
        }
        let start = || {
            let (channel, theirs) = SeqpacketStream::pair()?;
            let names: Vec<String> = sockets.iter().map(|(name, _)| encode(name)).collect();
            let sockets = names.iter().map(String::as_str).zip(sockets.iter().map(|(_, socket)| *socket));
            let passed: Vec<_> = sockets.chain([(NAME, theirs.as_fd())]).collect();
            let program = self.program.clone().map_or_else(Program::this, Ok)?;
            let child = program.spawn_with_descriptors(&passed)?;
            Ok(Successor { life: self, child, channel: Channel(channel), has_taken_over: false })
        };
        start().map_err(|error: Error| {
            self.go_on();
            error.into()
        })
    }

    /// A successor has failed.
    pub(super) fn go_on(&self) {
        self.state().stage = Stage::Serving;
    }

    /// A successor is ready.
    pub(super) fn give_to(&self, process: u32, channel: &Channel) -> Result<(), Error> {
        let state = &mut *self.state();
        // The manager hears of it before it hears from it.
        self.notifier.main_process(process)?;
        if let Err(error) = channel.give(&state.pathnames) {
            self.notifier.main_process(std::process::id())?;
            return Err(error);
        }
        state.stage = Stage::HandedOver;
        mem::take(&mut state.pathnames).into_iter().for_each(Pathname::leave);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
