//! Signals as descriptors that become readable: one at the first SIGTERM or SIGINT, one at the second, one at SIGHUP.
//!
//! They are the process's, as signals are, and never closed, so the handler writes to nothing else. Those of the end are
//! never read, so every server that watches them sees them.

use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::io::Result;

use super::eventfd::EventFd;
use super::sigaction::{self, install, set_default_if, with_errno_kept};

/// What the signals raise.
#[derive(Debug)]
pub(crate) struct Signals {
    /// Readable since the first signal.
    pub(crate) first: EventFd,
    /// Readable since the second.
    pub(crate) second: EventFd,
    count: AtomicU32,
}

/// Null until they are caught. There is no lock, since a child would never see it released: [`forget_in_child`].
static SIGNALS: AtomicPtr<Signals> = AtomicPtr::new(ptr::null_mut());
static HANGUPS: AtomicPtr<EventFd> = AtomicPtr::new(ptr::null_mut());

/// From now on the signals do not end the process, but raise these.
pub(crate) fn catch() -> Result<&'static Signals> {
    let make = || Ok(Signals { first: EventFd::new()?, second: EventFd::new()?, count: AtomicU32::new(0) });
    let signals = found_or_made(&SIGNALS, make)?;
    for signal in [libc::SIGTERM, libc::SIGINT] {
        install(signal, handle)?;
    }
    Ok(signals)
}

/// From now on SIGHUP does not end the process, but raises this.
pub(crate) fn catch_hangups() -> Result<&'static EventFd> {
    let hangups = found_or_made(&HANGUPS, EventFd::new)?;
    install(libc::SIGHUP, handle)?;
    Ok(hangups)
}

/// In a child made by fork(2), before anything else: all signals that this package catches have their defaults again, and
/// [`catch`] makes descriptors that are not the parent's. Those of the parent stay open.
///
/// Async-signal-safe: no lock, no allocation. All signals are blocked from before the fork until it returns, or else one
/// in between is told to the parent.
pub(crate) fn forget_in_child() {
    SIGNALS.store(ptr::null_mut(), Ordering::SeqCst);
    HANGUPS.store(ptr::null_mut(), Ordering::SeqCst);
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        set_default_if(signal, |action| {
            let handler: extern "C" fn(libc::c_int) = handle;
            action.sa_sigaction == handler as libc::sighandler_t
        });
    }
    sigaction::forget_in_child();
}

/// What the place has, which is never freed.
fn found_or_made<T>(place: &AtomicPtr<T>, make: impl FnOnce() -> Result<T>) -> Result<&'static T> {
    let mut found = place.load(Ordering::SeqCst);
    if found.is_null() {
        let made = Box::into_raw(Box::new(make()?));
        match place.compare_exchange(ptr::null_mut(), made, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => found = made,
            Err(other) => {
                found = other;
                // SAFETY: it comes from `Box::into_raw` just now, and nobody has seen it.
                drop(unsafe { Box::from_raw(made) });
            }
        }
    }
    // SAFETY: it comes from `Box::into_raw`, and is never freed once it was stored.
    Ok(unsafe { &*found })
}

extern "C" fn handle(signal: libc::c_int) {
    with_errno_kept(|| {
        if signal == libc::SIGHUP {
            // SAFETY: null, or never freed.
            if let Some(hangups) = unsafe { HANGUPS.load(Ordering::SeqCst).as_ref() } {
                hangups.raise();
            }
            return;
        }
        // SAFETY: null, or never freed.
        let Some(signals) = (unsafe { SIGNALS.load(Ordering::SeqCst).as_ref() }) else { return };
        let is_first = signals.count.fetch_add(1, Ordering::SeqCst) == 0;
        if is_first { signals.first.raise() } else { signals.second.raise() }
    });
}

/// A thread, for tests to interrupt.
#[cfg(test)]
pub(crate) struct Target(libc::pid_t);

#[cfg(test)]
impl Target {
    pub(crate) fn this_thread() -> Self {
        // SAFETY: the call takes no pointer.
        Self(unsafe { libc::gettid() })
    }

    /// Has the thread handle a signal, which must be [caught](catch).
    pub(crate) fn interrupt(&self) {
        // SAFETY: the calls take no pointer; a thread that has ended is not found.
        unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), self.0, libc::SIGTERM) };
    }
}
