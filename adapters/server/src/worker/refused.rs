//! Connections for which there is no place: they are told so, and linger beside those who have one.

use alloc::collections::VecDeque;

use std::os::fd::{AsFd, BorrowedFd};
use wirenut::readiness::{Event, Readiness};
use wirenut::time::{Duration, Instant};
use wirenut_linux::Error;
use wirenut_linux::poller::Epoll;
use wirenut_linux::socket::AnyByteStream;

use super::Worker;
use crate::slots::Token;
use crate::speaker::Front;
use crate::watcher::Watcher;
use crate::work::Refuser;

/// How many there are at most. The oldest one goes first.
const MAX_REFUSED: usize = 32;

/// Those that were refused, the oldest first. They take no place.
#[derive(Debug, Default)]
pub(super) struct Refused(VecDeque<Token>);

impl Refused {
    #[inline]
    pub(super) fn contains(&self, token: Token) -> bool {
        !self.0.is_empty() && self.0.contains(&token)
    }

    /// It is gone. False if it was none of them.
    pub(super) fn remove(&mut self, token: Token) -> bool {
        let at = self.0.iter().position(|refused| *refused == token);
        at.is_some_and(|at| self.0.remove(at).is_some())
    }
}

impl<K: Front, P: Watcher> Worker<'_, K, P> {
    /// There is no place for this one.
    pub(super) fn begin_refused(&mut self, stream: AnyByteStream) -> Result<(), Error> {
        self.counts().refused.add(1);
        if self.refused.0.len() >= MAX_REFUSED {
            self.close_oldest_refused()?;
        }
        let refused = self.context.call(self.slots.next_token(), &stream, |speaker, call| {
            let state = speaker.refuse(call)?;
            let layer = speaker.begin_layer(&state, call);
            Some((state, layer))
        });
        let Some(refused) = refused else { return Ok(()) };
        let inserted = self.insert(refused, stream);
        let (Ok(token) | Err((_, token))) = &inserted;
        self.refused.0.push_back(*token);
        let token = match inserted {
            Ok(token) => token,
            Err((error, token)) => {
                self.throttle.warn(error);
                return self.remove(token.slot);
            }
        };
        let Some(turn) = self.turn(token) else { return Ok(()) };
        let outcome = turn.run(None);
        self.after(token, outcome)
    }

    /// Closes the oldest one of those that were refused before its time. False if there is none.
    pub(super) fn close_oldest_refused(&mut self) -> Result<bool, Error> {
        let Some(&token) = self.refused.0.front() else { return Ok(false) };
        if let Some(turn) = self.turn(token) {
            // What came is thrown away first: closing a socket with something to read in it resets it.
            let _ = turn.run(Some(Event { token: token.for_poller(), readiness: Readiness::READABLE }));
        }
        self.remove(token.slot)?;
        Ok(true)
    }
}

/// A worker that serves nobody: it only tells those who are refused.
impl<K: Front> Refuser for Worker<'_, K, Epoll> {
    fn refuse(&mut self, stream: AnyByteStream) -> Result<(), Error> {
        self.context.clock.advance();
        self.begin_refused(stream)
    }

    fn run(&mut self) -> Result<(), Error> {
        self.round(Some(Duration::default()))
    }

    fn poll_timeout(&self) -> Option<Instant> {
        Worker::poll_timeout(self)
    }

    fn readable(&self) -> Option<BorrowedFd<'_>> {
        Some(self.poller.as_fd())
    }

    fn abandon(&mut self) {
        (0..self.slots.count()).for_each(|slot| drop(self.slots.remove(slot)));
    }
}
