//! Signals as descriptors that become readable: one at the first SIGTERM or SIGINT, one at the second, one at SIGHUP.
//!
//! They are the process's, as signals are, and never closed, so the handler writes to nothing else. Those of the end are
//! never read, so every server that watches them sees them.

use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use core::{mem, ptr};
use std::io::Result;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::checked;
use super::eventfd::{self, EventFd};

/// What the signals raise.
#[derive(Debug)]
pub(crate) struct Signals {
    /// Readable since the first signal.
    pub(crate) first: EventFd,
    /// Readable since the second.
    pub(crate) second: EventFd,
}

static SIGNALS: OnceLock<Signals> = OnceLock::new();
/// The descriptors again, for the handler: it may touch nothing but atomics.
static FIRST: AtomicI32 = AtomicI32::new(-1);
static SECOND: AtomicI32 = AtomicI32::new(-1);
static COUNT: AtomicU32 = AtomicU32::new(0);

static HANGUPS: OnceLock<EventFd> = OnceLock::new();
/// Its descriptor, for the handler.
static HANGUP: AtomicI32 = AtomicI32::new(-1);

/// Held by who sets something up for the handler.
static ONCE: Mutex<()> = Mutex::new(());

/// From now on the signals do not end the process, but raise these.
pub(crate) fn catch() -> Result<&'static Signals> {
    let _guard = ONCE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(signals) = SIGNALS.get() {
        return Ok(signals);
    }
    let signals = Signals { first: EventFd::new()?, second: EventFd::new()? };
    FIRST.store(signals.first.as_fd().as_raw_fd(), Ordering::SeqCst);
    SECOND.store(signals.second.as_fd().as_raw_fd(), Ordering::SeqCst);
    let signals = SIGNALS.get_or_init(|| signals);
    for signal in [libc::SIGTERM, libc::SIGINT] {
        install(signal)?;
    }
    Ok(signals)
}

/// From now on SIGHUP does not end the process, but raises this.
pub(crate) fn catch_hangups() -> Result<&'static EventFd> {
    let _guard = ONCE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(hangups) = HANGUPS.get() {
        return Ok(hangups);
    }
    let hangups = EventFd::new()?;
    HANGUP.store(hangups.as_fd().as_raw_fd(), Ordering::SeqCst);
    let hangups = HANGUPS.get_or_init(|| hangups);
    install(libc::SIGHUP)?;
    Ok(hangups)
}

fn install(signal: libc::c_int) -> Result<()> {
    let handler: extern "C" fn(libc::c_int) = handle;
    // SAFETY: all-zero bytes are a valid sigaction: no flags, an empty mask, the default handler.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = handler as libc::sighandler_t;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: the kernel reads `action`, which outlives the call; the handler calls only what a handler may.
    checked(unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) })?;
    Ok(())
}

extern "C" fn handle(signal: libc::c_int) {
    // SAFETY: the location is valid for the thread that the handler runs on.
    let before = unsafe { *libc::__errno_location() };
    let descriptor = match signal {
        libc::SIGHUP => &HANGUP,
        _ if COUNT.fetch_add(1, Ordering::SeqCst) == 0 => &FIRST,
        _ => &SECOND,
    };
    eventfd::raise(descriptor.load(Ordering::SeqCst));
    // The code that was interrupted may be about to look at its own error.
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = before };
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
