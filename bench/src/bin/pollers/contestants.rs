//! The pollers that are compared, behind one face. Each wait must find exactly one source, which is ready.

use core::num::NonZeroUsize;
use std::io::Result;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use mio::unix::SourceFd;
use wirenut_linux::Error;
use wirenut_linux::poller::{Interest, Poller, Token};

/// How many events one wait may find: as many as ours.
const MAX_EVENTS: usize = 512;

pub(crate) trait Contestant {
    fn register(&mut self, source: &dyn AsFd) -> Result<()>;
    fn wait(&mut self) -> Result<()>;
}

pub(crate) struct Ours<P>(pub(crate) P);

impl<P: for<'s> Poller<Source<'s> = BorrowedFd<'s>, Error = Error>> Contestant for Ours<P> {
    fn register(&mut self, source: &dyn AsFd) -> Result<()> {
        let source = source.as_fd();
        let token = Token(u64::from(source.as_raw_fd().unsigned_abs()));
        Ok(self.0.register(source, token, Interest::READABLE)?)
    }

    fn wait(&mut self) -> Result<()> {
        let _ = self.0.wait(None)?;
        let mut found = 0;
        while let Some(event) = self.0.next_event() {
            found += usize::from(event.is_readable());
        }
        assert_eq!(found, 1);
        Ok(())
    }
}

/// mio is edge-triggered.
pub(crate) struct Mio {
    poll: mio::Poll,
    events: mio::Events,
}

impl Mio {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { poll: mio::Poll::new()?, events: mio::Events::with_capacity(MAX_EVENTS) })
    }
}

impl Contestant for Mio {
    fn register(&mut self, source: &dyn AsFd) -> Result<()> {
        let descriptor = source.as_fd().as_raw_fd();
        let token = mio::Token(descriptor.unsigned_abs() as usize);
        self.poll.registry().register(&mut SourceFd(&descriptor), token, mio::Interest::READABLE)
    }

    fn wait(&mut self) -> Result<()> {
        self.poll.poll(&mut self.events, None)?;
        assert_eq!(self.events.iter().filter(|event| event.is_readable()).count(), 1);
        Ok(())
    }
}

/// polling, level-triggered.
pub(crate) struct Polling {
    poller: polling::Poller,
    events: polling::Events,
}

impl Polling {
    pub(crate) fn new() -> Result<Self> {
        let events = polling::Events::with_capacity(NonZeroUsize::new(MAX_EVENTS).unwrap_or(NonZeroUsize::MIN));
        Ok(Self { poller: polling::Poller::new()?, events })
    }
}

impl Contestant for Polling {
    #[expect(unsafe_code, reason = "polling leaves it to the caller that sources outlive the registration")]
    fn register(&mut self, source: &dyn AsFd) -> Result<()> {
        let source = source.as_fd();
        let event = polling::Event::readable(source.as_raw_fd().unsigned_abs() as usize);
        // SAFETY: the sockets are closed after the contestants.
        unsafe { self.poller.add_with_mode(&source, event, polling::PollMode::Level) }
    }

    fn wait(&mut self) -> Result<()> {
        self.events.clear();
        self.poller.wait(&mut self.events, None)?;
        assert_eq!(self.events.iter().filter(|event| event.readable).count(), 1);
        Ok(())
    }
}
