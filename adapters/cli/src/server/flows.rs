//! The parts of a service, each in a thread or a process of its own.

use core::any::Any;
use core::panic::AssertUnwindSafe;
use std::os::fd::AsFd as _;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, Scope};

use wirenut_linux::Error;
use wirenut_linux::poller::{Bell, Interest, Poll, Poller as _, Token};
use wirenut_linux::process::{Child, Ended, Process};
use wirenut_linux::signal::{self, Signal, SignalSet};

use super::supervisor::Supervisor;
use crate::failure::Failure;

/// The bell of threads that have ended; processes have the tokens behind it.
const THREADS: Token = Token(1 << 32);

/// What serves at one socket.
pub(crate) struct Part<'s> {
    /// Where, as it is shown.
    pub(crate) place: String,
    pub(crate) stop: Stop<'s>,
    /// What it does until it is stopped.
    pub(crate) run: Box<dyn FnOnce(Mode) -> Result<(), Error> + Send + 's>,
}

/// Stops a part, from the first thread. It does not wait.
pub(crate) type Stop<'s> = Box<dyn Fn(How) + Send + 's>;

/// How a part is to stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum How {
    /// Another process goes on: nobody is accepted, and no connection is closed that may be used.
    HandOver,
    /// What has begun is finished.
    Drain,
    /// At once.
    Now,
}

/// Where a part runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// In a thread of the first process, which stops it.
    Thread,
    /// In a process of its own, which signals stop, too.
    Process,
}

/// Parts that run.
pub(crate) struct Flows<'s> {
    /// Of those that have not ended.
    stops: Vec<Option<Stop<'s>>>,
    /// Of those that go with the parts, and end after the last of them.
    companions: Vec<Stop<'s>>,
    children: Vec<Option<(Child, String)>>,
    bell: Bell,
    sender: Sender<(usize, thread::Result<Result<(), Error>>)>,
    ended: Receiver<(usize, thread::Result<Result<(), Error>>)>,
}

impl<'s> Flows<'s> {
    pub(crate) fn new(supervisor: &mut Supervisor<'_>) -> Result<Self, Failure> {
        let bell = Bell::new()?;
        supervisor.poller.register(bell.as_fd(), THREADS, Interest::READABLE)?;
        let (sender, ended) = mpsc::channel();
        Ok(Self { stops: Vec::new(), companions: Vec::new(), children: Vec::new(), bell, sender, ended })
    }

    /// Runs a part in a thread.
    pub(crate) fn start_thread<'scope>(
        &mut self,
        part: Part<'s>,
        scope: &'scope Scope<'scope, 's>,
    ) -> Result<(), Failure> {
        let number = self.stops.len();
        self.stops.push(Some(part.stop));
        let (sender, bell, run) = (self.sender.clone(), self.bell.clone(), part.run);
        let run = move || {
            let _ = sender.send((number, catch_unwind(AssertUnwindSafe(|| run(Mode::Thread)))));
            bell.ring();
        };
        let started = thread::Builder::new().name("wirenut server".into()).spawn_scoped(scope, run);
        started.map(drop).map_err(|error| {
            self.stops[number] = None;
            Failure::System { what: "start a thread for a server", error }
        })
    }

    /// Runs what goes with the parts in a thread. Its failure is told, and ends nothing.
    pub(crate) fn start_companion<'scope>(
        &mut self,
        part: Part<'s>,
        scope: &'scope Scope<'scope, 's>,
    ) -> Result<(), Failure> {
        let Part { place, stop, run } = part;
        let run = move || {
            if let Err(error) = run(Mode::Thread) {
                log::error!("{place}: {error}");
            }
        };
        let started = thread::Builder::new().name("wirenut monitor".into()).spawn_scoped(scope, run);
        started.map_err(|error| Failure::System { what: "start a thread for a server", error })?;
        self.companions.push(stop);
        Ok(())
    }

    /// The parts are over.
    pub(crate) fn stop_companions(&self) {
        self.companions.iter().for_each(|stop| stop(How::Now));
    }

    /// Runs parts in a process each, in which the others are closed. There must be no thread yet. `begin`: what each process
    /// does first.
    pub(crate) fn start_processes(
        &mut self,
        mut parts: Vec<Part<'s>>,
        supervisor: &mut Supervisor<'_>,
        begin: &(dyn Fn() + Sync),
    ) -> Result<(), Failure> {
        // Signals that come before it listens to them wait.
        let signals = SignalSet::from_iter([Signal::SIGTERM, Signal::SIGINT]);
        let process = Process::new().name("wirenut").daemon(true).block(&signals);
        while let Some(Part { place, stop, run }) = parts.pop() {
            let child = process.spawn_scoped(|| {
                parts.clear();
                supervisor.let_go();
                begin();
                // They are the first process's affair.
                signal::ignore(Signal::SIGHUP)?;
                signal::ignore(Signal::SIGUSR2)?;
                signal::termination()?;
                let _unblocked = signal::unblock(&signals);
                run(Mode::Process)
            });
            let child = child.map_err(|error| Failure::Fork { place: place.clone(), error })?;
            let number = self.stops.len();
            supervisor.poller.register(child.as_fd(), Token(number as u64), Interest::READABLE)?;
            self.children.resize_with(number, || None);
            self.children.push(Some((child, place)));
            self.stops.push(Some(stop));
        }
        Ok(())
    }

    /// None is left.
    pub(crate) fn is_over(&self) -> bool {
        self.stops.iter().all(Option::is_none)
    }

    pub(crate) fn stop(&self, how: How) {
        self.stops.iter().flatten().for_each(|stop| stop(how));
        if how == How::HandOver {
            self.companions.iter().for_each(|stop| stop(how));
        }
    }

    /// Something of that name has happened. Tells how a part has ended, if it was that; until there is none.
    pub(crate) fn next_ended(&mut self, token: Token, poller: &mut Poll) -> Option<Result<(), Failure>> {
        if token == THREADS {
            self.bell.silence();
            let (number, outcome) = self.ended.try_recv().ok()?;
            // Another one may have ended, too.
            self.bell.ring();
            self.stops[number] = None;
            return Some(
                outcome.unwrap_or_else(|panic: Box<dyn Any + Send>| resume_unwind(panic)).map_err(Failure::from),
            );
        }
        let number = usize::try_from(token.0).ok()?;
        let (child, place) = self.children.get_mut(number)?.take()?;
        self.stops[number] = None;
        let ended = poller.deregister(child.as_fd(), token).and_then(|()| child.join());
        Some(match ended {
            Ok(Ended::Exited(0)) => Ok(()),
            Ok(ended) => Err(Failure::Process { place, ended }),
            Err(error) => Err(error.into()),
        })
    }
}
