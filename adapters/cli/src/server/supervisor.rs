//! What the first thread of a service does: it waits for signals, for the end of its parts, and for the process that goes on in its
//! place.

use core::time::Duration;
use std::fs::File;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::Instant;

use wirenut_linux::Error;
use wirenut_linux::poller::{Bell, Interest, Poll, Poller as _, Token};
use wirenut_linux::signal::{self, Disposition, Handler, Signal, Termination};
use wirenut_server::life::{Life, Successor};

use super::flows::{Flows, How};
use crate::failure::Failure;

const FIRST_SIGNAL: Token = Token(u64::MAX);
const SECOND_SIGNAL: Token = Token(u64::MAX - 1);
const HANGUP: Token = Token(u64::MAX - 2);
const RESTART: Token = Token(u64::MAX - 3);
const SUCCESSOR: Token = Token(u64::MAX - 4);

/// For how long a process that is to go on in our place may take to begin.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first thread of a service.
pub(crate) struct Supervisor<'l> {
    pub(crate) poller: Poll,
    life: &'l Life,
    /// What another process gets that goes on in our place; none since this one stops.
    sockets: Vec<(String, OwnedFd)>,
    termination: Termination,
    hangups: Bell,
    restarts: Bell,
    /// It runs in a terminal, whose end is its own.
    has_terminal: bool,
    /// The process that is to go on, and until when it is waited for.
    successor: Option<(Successor<'l>, Instant)>,
    /// Twice in the time in which the service manager wants to hear of it.
    heartbeat: Option<Duration>,
    next_beat: Instant,
}

impl<'l> Supervisor<'l> {
    /// From now on signals are not the system's to act upon.
    pub(crate) fn new(life: &'l Life, sockets: Vec<(String, OwnedFd)>) -> Result<Self, Failure> {
        let mut poller = Poll::new();
        let termination = signal::termination()?;
        // Whoever is started by nohup(1) outlives its terminal.
        let has_terminal = is_in_terminal() && signal::disposition(Signal::SIGHUP)? != Disposition::Ignored;
        let bell = |signal| {
            let bell = Bell::new()?;
            signal::handle(signal, Handler::new().ring(&bell)).map(|_previous| bell)
        };
        let (hangups, restarts) = (bell(Signal::SIGHUP)?, bell(Signal::SIGUSR2)?);
        for (source, token) in [
            (termination.as_fd(), FIRST_SIGNAL),
            (termination.repeated(), SECOND_SIGNAL),
            (hangups.as_fd(), HANGUP),
            (restarts.as_fd(), RESTART),
        ] {
            poller.register(source, token, Interest::READABLE)?;
        }
        let heartbeat = life.watchdog().map(|time| Duration::from(time) / 2);
        let (successor, next_beat) = (None, Instant::now());
        Ok(Self {
            poller,
            life,
            sockets,
            termination,
            hangups,
            restarts,
            has_terminal,
            successor,
            heartbeat,
            next_beat,
        })
    }

    /// In a process that was forked: what is the first one's alone is closed.
    pub(crate) fn let_go(&mut self) {
        self.sockets.clear();
    }

    /// Until all parts have ended: because of a signal, because another process goes on, or because one of them has failed.
    ///
    /// # Errors
    /// What ended the first part that failed.
    pub(crate) fn supervise(&mut self, flows: &mut Flows<'_>, reload: impl Fn()) -> Result<(), Failure> {
        let mut outcome = Ok(());
        while !flows.is_over() {
            let _ = self.poller.wait(self.limit().map(Into::into))?;
            self.keep_time();
            while let Some(event) = self.poller.next_event() {
                match event.token {
                    FIRST_SIGNAL => {
                        // The descriptor stays readable.
                        self.poller.deregister(self.termination.as_fd(), FIRST_SIGNAL)?;
                        self.stop(flows)?;
                    }
                    SECOND_SIGNAL => {
                        self.poller.deregister(self.termination.repeated(), SECOND_SIGNAL)?;
                        flows.stop(How::Now);
                    }
                    HANGUP => {
                        self.hangups.silence();
                        if self.has_terminal && !is_in_terminal() {
                            self.stop(flows)?;
                        } else {
                            tell(self.life.reloading());
                            reload();
                            tell(self.life.ready());
                        }
                    }
                    RESTART => {
                        self.restarts.silence();
                        self.restart()?;
                    }
                    SUCCESSOR => self.look_at_successor(flows)?,
                    token => {
                        while let Some(ended) = flows.next_ended(token, &mut self.poller) {
                            // A service of which a part is missing is not one to go on with. At the end each takes its time.
                            if !self.sockets.is_empty() {
                                self.stop(flows)?;
                            }
                            outcome = outcome.and(ended);
                        }
                    }
                }
            }
        }
        outcome
    }

    fn limit(&self) -> Option<Duration> {
        let beat = self.heartbeat.map(|_| self.next_beat);
        let until = self.successor.as_ref().map(|(_, until)| *until);
        let next = [beat, until].into_iter().flatten().min();
        next.map(|next| next.saturating_duration_since(Instant::now()))
    }

    fn keep_time(&mut self) {
        let now = Instant::now();
        if let Some(heartbeat) = self.heartbeat
            && self.next_beat <= now
        {
            tell(self.life.alive());
            self.next_beat = now + heartbeat;
        }
        if self.successor.as_ref().is_some_and(|(_, until)| *until <= now) {
            log::error!("cannot restart: the new process was not ready within {} s", PATIENCE.as_secs());
            self.forget_successor();
        }
    }

    fn stop(&mut self, flows: &Flows<'_>) -> Result<(), Failure> {
        if !self.sockets.is_empty() {
            tell(self.life.stopping());
            tell(self.life.status("finishing what has begun"));
        }
        self.forget_successor();
        // The queues are closed with the last listener.
        self.sockets.clear();
        flows.stop(How::Drain);
        Ok(())
    }

    /// Starts the process that is to go on.
    fn restart(&mut self) -> Result<(), Failure> {
        if self.sockets.is_empty() {
            return Ok(());
        }
        let sockets: Vec<(&str, BorrowedFd<'_>)> =
            self.sockets.iter().map(|(name, socket)| (name.as_str(), socket.as_fd())).collect();
        match self.life.start_successor(&sockets) {
            Ok(successor) => {
                self.poller.register(successor.as_fd(), SUCCESSOR, Interest::READABLE)?;
                self.successor = Some((successor, Instant::now() + PATIENCE));
            }
            Err(error) => log::error!("{error}"),
        }
        Ok(())
    }

    fn look_at_successor(&mut self, flows: &Flows<'_>) -> Result<(), Failure> {
        match self.successor.as_mut().map(|(successor, _)| successor.look()) {
            Some(Ok(true)) => {
                self.forget_successor();
                self.sockets.clear();
                flows.stop(How::HandOver);
            }
            Some(Err(error)) => {
                log::error!("{error}");
                self.forget_successor();
            }
            Some(Ok(false)) | None => {}
        }
        Ok(())
    }

    /// It has taken over, or never will.
    fn forget_successor(&mut self) {
        if let Some((successor, _)) = self.successor.take() {
            // Nothing can be done about a poller that has lost it.
            let _ = self.poller.deregister(successor.as_fd(), SUCCESSOR);
        }
    }
}

/// Whether there is a terminal that can be lost.
fn is_in_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

/// Who manages the service need not hear of everything.
fn tell(told: Result<(), Error>) {
    if let Err(error) = told {
        log::warn!("{error}");
    }
}
