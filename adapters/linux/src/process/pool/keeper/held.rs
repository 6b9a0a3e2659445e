//! What a keeper has open, and a worker must not keep.

use std::os::fd::AsFd as _;

use super::worker::Worker;
use crate::error::Error;
use crate::poller::{Epoll, Interest, Poller as _, Token};
use crate::process::pipe::Duplex;

/// What a keeper waits for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    Parent,
    /// The pipe of the worker at this place.
    Pipe(usize),
    /// The process of it, that ends.
    Child(usize),
}

impl Source {
    const PARENT: Token = Token(u64::MAX);

    pub(super) fn token(self) -> Token {
        // There are fewer places than half of the numbers.
        let number = |place| u64::try_from(place).unwrap_or(0) << 1;
        match self {
            Self::Parent => Self::PARENT,
            Self::Pipe(place) => Token(number(place)),
            Self::Child(place) => Token(number(place) | 1),
        }
    }

    pub(super) fn of(token: Token) -> Self {
        let place = usize::try_from(token.0 >> 1).unwrap_or(usize::MAX);
        match token {
            Self::PARENT => Self::Parent,
            Token(number) if number & 1 == 0 => Self::Pipe(place),
            Token(_) => Self::Child(place),
        }
    }
}

#[derive(Debug)]
pub(super) struct Held {
    pub(super) poller: Epoll,
    pub(super) parent: Duplex,
    /// By their places; `None` where one could not be forked.
    pub(super) workers: Vec<Option<Worker>>,
}

impl Held {
    pub(super) fn new(parent: Duplex, workers: usize) -> Result<Self, Error> {
        let mut poller = Epoll::new()?;
        poller.register(parent.as_fd(), Source::Parent.token(), Interest::READABLE)?;
        Ok(Self { poller, parent, workers: (0..workers).map(|_| None).collect() })
    }

    pub(super) fn worker(&mut self, place: usize) -> Option<&mut Worker> {
        self.workers.get_mut(place)?.as_mut()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Worker> {
        self.workers.iter().flatten()
    }

    /// Puts a worker in its place, and watches it.
    pub(super) fn put(&mut self, place: usize, worker: Worker) -> Result<(), Error> {
        self.poller.register(worker.pipe.as_fd(), Source::Pipe(place).token(), Interest::READABLE)?;
        self.poller.register(worker.child.as_fd(), Source::Child(place).token(), Interest::READABLE)?;
        self.workers[place] = Some(worker);
        Ok(())
    }

    /// Takes a worker out of its place, and watches it no more. Closing it would not do: a copy of its descriptor that
    /// another worker has keeps what is watched alive.
    pub(super) fn take(&mut self, place: usize) -> Result<Option<Worker>, Error> {
        let Some(worker) = self.workers.get_mut(place).and_then(Option::take) else { return Ok(None) };
        if worker.is_heard {
            self.poller.deregister(worker.pipe.as_fd(), Source::Pipe(place).token())?;
        }
        self.poller.deregister(worker.child.as_fd(), Source::Child(place).token())?;
        Ok(Some(worker))
    }

    /// A worker's pipe has ended, which it would tell again and again.
    pub(super) fn stop_hearing(&mut self, place: usize) -> Result<(), Error> {
        let Self { poller, workers, .. } = self;
        match workers.get_mut(place) {
            Some(Some(worker)) if worker.is_heard => {
                worker.is_heard = false;
                poller.deregister(worker.pipe.as_fd(), Source::Pipe(place).token())
            }
            _ => Ok(()),
        }
    }
}
