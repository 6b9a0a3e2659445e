//! SIGINT, SIGTERM, SIGHUP and SIGQUIT: what is under way ends in good order, and then the process by that signal.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicI32, Ordering};
use core::time::Duration;
use std::os::fd::AsFd as _;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use wirenut_client::Cancel;
use wirenut_linux::signal::{self, Disposition, Signal, SignalSet};
use wirenut_linux::socket::Attempt;

use super::failure::GetFailure;

/// How long an end in good order may take: writing to a pipe that nobody reads cannot be interrupted otherwise.
const GRACE: Duration = Duration::from_secs(2);

/// Hears of signals.
#[derive(Clone)]
pub(super) struct Interrupt {
    cancel: Cancel,
    /// The number of the one that came; 0 for none.
    came: Arc<AtomicI32>,
    signals: SignalSet,
}

/// Those that end it. What is ignored, as a shell's `&` and nohup(1) have it, stays so.
fn signals() -> SignalSet {
    let mut set = SignalSet::EMPTY;
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        if signal::disposition(signal).is_ok_and(|now| now != Disposition::Ignored) {
            set.insert(signal);
        }
    }
    set
}

impl Interrupt {
    /// From now on, a signal cancels what is under way.
    pub(super) fn new() -> Result<Self, GetFailure> {
        let failed = |error| GetFailure::System("take signals", error);
        let cancel = Cancel::new().map_err(|error| failed(error.into()))?;
        let interrupt = Self { cancel, came: Arc::new(AtomicI32::new(0)), signals: signals() };
        if interrupt.signals.is_empty() {
            return Ok(interrupt);
        }
        // For all threads that begin after this.
        signal::block(&interrupt.signals).keep();
        let ours = interrupt.clone();
        let waiting = move || {
            let Ok(Attempt::Done(info)) = signal::wait(&ours.signals, None) else { return };
            ours.came.store(info.signal().number(), Ordering::SeqCst);
            ours.cancel.cancel();
            // The second one ends it at once.
            let _ = signal::wait(&ours.signals, Some(GRACE.into()));
            super::password::restore();
            ours.end();
        };
        thread::Builder::new().name("signals".into()).spawn(waiting).map_err(failed)?;
        Ok(interrupt)
    }

    pub(super) const fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Ends this process by the signal that came, if one came.
    pub(super) fn end(&self) {
        if let Some(signal) = Signal::from_number(self.came.load(Ordering::SeqCst)) {
            let _ = signal::set_default(signal);
            signal::unblock(&self.signals).keep();
            let _ = signal::raise(signal);
        }
    }

    /// Sleeps, or until a signal comes.
    pub(super) fn sleep(&self, time: Duration) -> Result<(), GetFailure> {
        let time =
            rustix::event::Timespec::try_from(time).unwrap_or(rustix::event::Timespec { tv_sec: 86_400, tv_nsec: 0 });
        let cancel = self.cancel.as_fd();
        // A signal that was caught elsewhere would only make it shorter.
        let _ = poll(&mut [PollFd::new(&cancel, PollFlags::IN)], Some(&time));
        if self.cancel.is_cancelled() { Err(GetFailure::Quiet) } else { Ok(()) }
    }
}
