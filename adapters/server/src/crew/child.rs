//! A process that serves for a server: what its signals mean, and how it is told of.

use wirenut_linux::Error;
use wirenut_linux::process::{self, Process};
use wirenut_linux::signal::{self, Handler, Signal, SignalSet, Termination};

/// Whether this process may have others serve.
///
/// # Errors
/// It has more than one thread.
pub(super) fn check_threads() -> Result<(), Error> {
    process::check_threads().map_err(|error| Error::new("serve by processes", error.into()))
}

/// What the processes of a server are like. They end with it, whatever ends it. No signal ends one before it has said what
/// its signals mean.
pub(super) fn process() -> Process {
    // What a handler reaches of the program is more than what the closure captures.
    Process::new().daemon(true).block(&termination_signals()).keep_all_ends()
}

/// In such a process: SIGTERM drains it, whoever sends that. SIGINT is its parent's affair: the terminal sends it to
/// the whole group, and the parent then tells its children.
pub(super) fn take_signals() -> Result<Termination, Error> {
    let termination = signal::termination()?;
    // It is not ignored: whatever program a handler starts would ignore it, too.
    signal::handle(Signal::SIGINT, Handler::new())?;
    signal::unblock(&termination_signals()).keep();
    Ok(termination)
}

fn termination_signals() -> SignalSet {
    [Signal::SIGINT, Signal::SIGTERM].into()
}
