//! How other threads reach a worker: wake-ups of exchanges, and the wish to stop.

use alloc::sync::Arc;
use alloc::task::Wake;
use core::mem;
use core::sync::atomic::{AtomicU8, Ordering};
use std::io::Result;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::slots::Token;
use crate::sys::eventfd::EventFd;

/// The worker is at work and will look into its mailbox before it sleeps.
const AWAKE: u8 = 0;
/// The worker sleeps, or is about to: only the eventfd gets it up.
const ASLEEP: u8 = 1;
/// Something is in the mailbox, and the worker knows or will.
const NOTIFIED: u8 = 2;

/// A worker's mailbox. Only the first letter that finds the worker asleep costs a system call.
#[derive(Debug)]
pub(crate) struct Mailbox {
    state: AtomicU8,
    stop: AtomicU8,
    woken: Mutex<Vec<Token>>,
    bell: EventFd,
    /// Those who stop when this one is to.
    followers: OnceLock<Vec<Arc<Mailbox>>>,
}

/// How a server is to stop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub(crate) enum Stop {
    /// Not at all.
    No,
    /// When the exchanges in flight are over.
    Drain,
    /// At once.
    Now,
}

impl Mailbox {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            state: AtomicU8::new(AWAKE),
            stop: AtomicU8::new(Stop::No as u8),
            woken: Mutex::new(Vec::new()),
            bell: EventFd::new()?,
            followers: OnceLock::new(),
        })
    }

    /// Becomes readable when a sleeping worker is wanted.
    pub(crate) const fn bell(&self) -> &EventFd {
        &self.bell
    }

    /// The worker is about to sleep. True if it must not: something came since it looked last.
    pub(crate) fn fall_asleep(&self) -> bool {
        self.state.swap(ASLEEP, Ordering::SeqCst) == NOTIFIED
    }

    /// The worker is back. True if something came while it slept.
    pub(crate) fn get_up(&self) -> bool {
        self.state.swap(AWAKE, Ordering::SeqCst) == NOTIFIED
    }

    /// Who was woken, in place of an empty list.
    pub(crate) fn take_woken(&self, empty: Vec<Token>) -> Vec<Token> {
        mem::replace(&mut *self.woken.lock().unwrap_or_else(PoisonError::into_inner), empty)
    }

    pub(crate) fn wanted_stop(&self) -> Stop {
        match self.stop.load(Ordering::SeqCst) {
            0 => Stop::No,
            1 => Stop::Drain,
            _ => Stop::Now,
        }
    }

    /// A wish to stop is never taken back, nor made milder.
    pub(crate) fn stop(&self, how: Stop) {
        self.stop.fetch_max(how as u8, Ordering::SeqCst);
        self.notify();
        self.followers.get().into_iter().flatten().for_each(|follower| follower.stop(how));
    }

    /// Has others stop when this one is to, or was already. Only the first call has an effect.
    pub(crate) fn lead(&self, followers: Vec<Arc<Self>>) {
        let followers = self.followers.get_or_init(|| followers);
        // Whoever stopped it before did not know them.
        let wanted = self.wanted_stop();
        if wanted != Stop::No {
            followers.iter().for_each(|follower| follower.stop(wanted));
        }
    }

    fn wake(&self, token: Token) {
        self.woken.lock().unwrap_or_else(PoisonError::into_inner).push(token);
        self.notify();
    }

    fn notify(&self) {
        if self.state.swap(NOTIFIED, Ordering::SeqCst) == ASLEEP {
            self.bell.raise();
        }
    }
}

/// Wakes the exchange of one connection. Made only for services that ask for it.
pub(crate) struct ConnectionWaker {
    pub(crate) token: Token,
    pub(crate) mailbox: Arc<Mailbox>,
}

impl Wake for ConnectionWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.mailbox.wake(self.token);
    }
}

/// Stops a server, from any thread. Made by [`Server::stopper`](crate::Server::stopper).
#[derive(Clone, Debug)]
pub struct Stopper {
    pub(crate) mailbox: Arc<Mailbox>,
}

impl Stopper {
    /// Begins a graceful end, and returns at once. All that has come by then is answered: who waits in the queue comes in,
    /// and then nobody any more; requests that were not read yet are; a connection ends after the last of its own, which is
    /// at once where there is none, and a tenth of a second later where nothing was asked yet. What is left after [`Config::drain`](crate::Config::drain) is cut.
    ///
    /// What comes while a connection is closed, or in the moment between the last look into the queue and its end, is not
    /// answered: the client sees a reset, as with any server that ends.
    pub fn stop(&self) {
        self.mailbox.stop(Stop::Drain);
    }

    /// Ends the server at once: what is in flight is cut.
    pub fn stop_now(&self) {
        self.mailbox.stop(Stop::Now);
    }
}
