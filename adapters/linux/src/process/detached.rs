//! Processes that are nobody's child here: a double fork.

use rustix::io::Errno;
use rustix::process::getpid;

use super::confirmation::{self, Listener, Teller};
use super::fork::fork;
use super::inherited::Ends;
use super::report::Report;
use super::run::run;
use super::settings::Process;
use super::spawn_error::SpawnError;
use super::start::{not_set_up, reap, shared_text};
use crate::signal::SignalSet;
use crate::sys::fork::PANICKED;

/// Runs the closure in a grandchild, whose parent has ended: the system's init(1), or the nearest process that adopts
/// orphans, reaps it. Returns its process id, by which it may be signalled for as long as one knows that it runs.
///
/// ```
/// use wirenut_linux::process;
/// let (reader, writer) = std::io::pipe()?;
/// let pid = process::spawn_detached(move || writeln!(&writer, "{}", std::process::id()))?;
/// # use std::io::{Read, Write};
/// let mut told = String::new();
/// { reader }.read_to_string(&mut told)?;
/// assert_eq!(told.trim_end(), pid.to_string());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// See [`Process::spawn_detached`].
pub fn spawn_detached<R: Report>(closure: impl FnOnce() -> R + Send + 'static) -> Result<u32, SpawnError> {
    Process::new().spawn_detached(closure)
}

impl Process {
    /// Forks twice, and runs the closure in the grandchild: see [`spawn_detached`]. It has no parent to die with, so it is no
    /// [daemon](Self::daemon) in that sense, nor a [subreaper](Self::subreaper), whatever was set.
    ///
    /// When this returns, the process is in its group and session and has its nice value.
    ///
    /// # Errors
    /// As [`Process::spawn`], of either fork. No process is left then.
    pub fn spawn_detached<R: Report>(&self, closure: impl FnOnce() -> R + Send + 'static) -> Result<u32, SpawnError> {
        let settings = Self { is_daemon: false, ..self.clone() };
        let panic = shared_text()?;
        fork_twice(
            &self.blocked,
            self.ends,
            || Ok(()),
            move || settings.apply(getpid()).map(|()| settings),
            move |settings| run(&settings.name, &panic, closure),
        )
    }
}

/// Runs the work in a grandchild, and returns its id, once the child and the grandchild are as they are to be. The work
/// gets what the grandchild has made.
pub(super) fn fork_twice<T>(
    blocked: &SignalSet,
    ends: Ends,
    child: impl FnOnce() -> Result<(), Errno>,
    grandchild: impl FnOnce() -> Result<T, Errno>,
    work: impl FnOnce(T) -> u8,
) -> Result<u32, SpawnError> {
    let (listener, teller) = confirmation::channel()?;
    let mut listener = Some(listener);
    let its_listener = &mut listener;
    let between = fork(blocked, ends, move || {
        drop(its_listener.take());
        let mut teller = Some(teller);
        let its_teller = &mut teller;
        let forked = child()
            .map_err(not_set_up)
            .map_err(SpawnError::from)
            .and_then(|()| fork(blocked, Ends::All, move || begin(its_teller.take(), grandchild, work)));
        if let Some(teller) = teller {
            teller.tell(forked.map_err(|error| error.errno()));
        }
        0
    })?;
    let heard = listener.map_or(Ok(None), Listener::hear);
    reap(between);
    // Nothing was said where somebody has killed the one in between.
    let pid = heard.and_then(|named| named.ok_or(Errno::CHILD)).map_err(not_set_up)?;
    Ok(pid.as_raw_nonzero().get().cast_unsigned())
}

/// In the grandchild.
fn begin<T>(teller: Option<Teller>, grandchild: impl FnOnce() -> Result<T, Errno>, work: impl FnOnce(T) -> u8) -> u8 {
    match grandchild() {
        Ok(made) => {
            // The first process goes on when all copies of it are closed.
            drop(teller);
            work(made)
        }
        Err(errno) => {
            teller.into_iter().for_each(|teller| teller.tell(Err(errno)));
            PANICKED
        }
    }
}
