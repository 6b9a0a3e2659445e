//! The life of a service: what signals tell it, and what becomes of its parts.

use std::os::fd::AsFd as _;

use wirenut_linux::poller::{Bell, Interest, Poll, Poller as _, Token};
use wirenut_linux::signal::{self, Handler, Signal, Termination};

use super::flows::Flows;
use crate::failure::Failure;

const FIRST_SIGNAL: Token = Token(u64::MAX);
const SECOND_SIGNAL: Token = Token(u64::MAX - 1);
const HANGUP: Token = Token(u64::MAX - 2);

/// What the first thread of a service waits for.
pub(crate) struct Life {
    pub(crate) poller: Poll,
    termination: Termination,
    hangups: Bell,
}

impl Life {
    /// From now on signals are not the system's to act upon.
    pub(crate) fn begin() -> Result<Self, Failure> {
        let mut poller = Poll::new();
        let termination = signal::termination()?;
        let hangups = Bell::new()?;
        signal::handle(Signal::SIGHUP, Handler::new().ring(&hangups))?;
        poller.register(termination.as_fd(), FIRST_SIGNAL, Interest::READABLE)?;
        poller.register(termination.repeated(), SECOND_SIGNAL, Interest::READABLE)?;
        poller.register(hangups.as_fd(), HANGUP, Interest::READABLE)?;
        Ok(Self { poller, termination, hangups })
    }

    /// Until all parts have ended: because of a signal, or because one of them has failed.
    ///
    /// # Errors
    /// What ended the first part that failed.
    pub(crate) fn live(&mut self, flows: &mut Flows, reload: impl Fn()) -> Result<(), Failure> {
        let mut outcome = Ok(());
        while !flows.is_over() {
            let _ = self.poller.wait(None)?;
            while let Some(event) = self.poller.next_event() {
                match event.token {
                    // Their descriptors stay readable.
                    FIRST_SIGNAL => {
                        self.poller.deregister(self.termination.as_fd(), FIRST_SIGNAL)?;
                        flows.stop();
                    }
                    SECOND_SIGNAL => {
                        self.poller.deregister(self.termination.repeated(), SECOND_SIGNAL)?;
                        flows.stop_now();
                    }
                    HANGUP => {
                        self.hangups.silence();
                        reload();
                    }
                    token => {
                        while let Some(ended) = flows.next_ended(token, &mut self.poller) {
                            // A service of which a part is missing is not one to go on with.
                            flows.stop();
                            outcome = outcome.and(ended);
                        }
                    }
                }
            }
        }
        outcome
    }
}
