//! The listening socket: while the server runs, and when it ends.
//!
//! A listener of tokio's only accepts. Here it is known that somebody waits before anybody is accepted: so nobody is taken out
//! of the queue of the system without a place, and of several servers on one socket the one that has a place takes him.

use core::task::{Context, Poll};
use std::io;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::accept::TokioAccept;

/// How many are taken in when the server ends: as many as a queue holds. Others may come for as long as one looks.
const MAX_REST: u32 = 4_096;

/// Where connections come from.
#[derive(Debug)]
pub(super) struct Incoming<L: TokioAccept> {
    /// `None`: from nowhere any more.
    listening: Option<AsyncFd<L::Listening>>,
    /// The server ends, and so many more are taken: those who wait in the queue, and nobody after them.
    rest: Option<u32>,
}

impl<L: TokioAccept> Incoming<L> {
    /// To be called within a runtime.
    pub(super) fn new(listening: L::Listening) -> io::Result<Self> {
        #[expect(
            deprecated,
            reason = "what replaces it is unsafe; it asks for a descriptor of its own, as each of these has"
        )]
        let listening = AsyncFd::with_interest(listening, Interest::READABLE)?;
        Ok(Self { listening: Some(listening), rest: None })
    }

    /// From now on only those who wait are taken.
    pub(super) const fn end(&mut self) {
        self.rest = Some(MAX_REST);
    }

    /// From now on nobody is taken.
    pub(super) fn close(&mut self) {
        self.listening = None;
    }

    pub(super) const fn is_closed(&self) -> bool {
        self.listening.is_none()
    }

    /// May somebody wait? `Pending`: the task is woken when somebody does, unless this is closed.
    pub(super) fn poll_waiting(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match (&self.listening, self.rest) {
            (None, _) => Poll::Pending,
            // Tokio says "not now" for reasons of its own.
            (Some(_), Some(_)) => Poll::Ready(Ok(())),
            (Some(listening), None) => listening.poll_read_ready(cx).map_ok(drop),
        }
    }

    /// Does somebody wait? If not, [`Self::poll_waiting`] waits for the next one.
    pub(super) fn has_waiting(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(listening) = &self.listening else { return false };
        let known = listening.poll_read_ready(cx);
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let has_waiting = poll(&mut [PollFd::new(listening.get_ref(), PollFlags::IN)], Some(&at_once)) != Ok(0);
        if has_waiting {
            return true;
        }
        if let Poll::Ready(Ok(mut known)) = known {
            known.clear_ready();
        }
        if self.rest.is_some() {
            self.close();
        }
        false
    }

    /// The next one. `None`: nobody waits, and [`Self::poll_waiting`] waits for the next one.
    pub(super) fn accept(&mut self, cx: &mut Context<'_>) -> Option<io::Result<(L::Stream, L::Peer)>> {
        loop {
            let listening = self.listening.as_ref()?;
            let outcome = match &mut self.rest {
                Some(0) => Err(io::ErrorKind::WouldBlock.into()),
                Some(rest) => {
                    *rest = rest.saturating_sub(1);
                    L::accept(listening.get_ref())
                }
                None => {
                    let Poll::Ready(known) = listening.poll_read_ready(cx) else { return None };
                    known.and_then(|mut known| {
                        // Forgets that it is ready where it is not.
                        known
                            .try_io(|listening| L::accept(listening.get_ref()))
                            .unwrap_or_else(|_| Err(io::ErrorKind::WouldBlock.into()))
                    })
                }
            };
            match outcome {
                // It was lost before it was accepted: the next one.
                Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) => {
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.rest.is_some() {
                        self.close();
                    }
                    return None;
                }
                outcome => return Some(outcome),
            }
        }
    }
}
