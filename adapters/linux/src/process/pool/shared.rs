//! What all handles of a pool share, in the parent: which calls are on their way, and who listens to the keeper.
//!
//! No thread is started for it. Of the threads that wait for something, one listens and takes down whatever comes; the
//! others wait until it has, and one of them goes on when it has what it waits for.

use alloc::collections::BTreeMap;
use std::os::fd::AsRawFd;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustix::io::Errno;
use rustix::process::{Pid, getpid};
use wirenut::time::Duration;

use super::failed::TaskError;
use super::parcel::Parcel;
use super::task::Place;
use super::wire::{FINISH, Head, put_head};
use crate::error::Error;
use crate::process::Child;
use crate::process::pipe::{Duplex, SendError};
use crate::socket::{Attempt, Received};
use crate::sys::poll::{Entry, poll};

/// How many calls with a file may be on their way: each is a descriptor of the keeper's.
const MAX_LARGE: usize = 64;

/// How long the keeper may take to end its workers, and itself, before it is killed.
const GRACE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Shared {
    keeper: Child,
    pipe: Duplex,
    /// Whose pool it is: a process that is forked later has a copy of all this, and must not use it.
    owner: Pid,
    queue: usize,
    builder: u64,
    tasks: usize,
    state: Mutex<State>,
    /// Somebody has listened.
    changed: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct State {
    next: u64,
    calls: BTreeMap<u64, Progress>,
    /// How many of the calls have no report yet, and how many of those are files.
    open: usize,
    large: usize,
    is_listening: bool,
    /// How many threads wait until somebody has listened. Waking up nobody is a system call, too.
    waiting: usize,
    is_closed: bool,
    /// The keeper is gone, or told to go.
    is_over: bool,
}

#[derive(Debug)]
enum Progress {
    Open { is_large: bool, is_wanted: bool },
    Done(Parcel),
}

/// What came of listening.
enum Heard {
    Report(Parcel),
    End,
    Nothing,
}

impl Shared {
    pub(super) fn new(pipe: Duplex, keeper: Child, queue: usize, builder: u64, tasks: usize) -> Self {
        let (state, changed) = (Mutex::default(), Condvar::new());
        Self { keeper, pipe, owner: getpid(), queue, builder, tasks, state, changed }
    }

    pub(super) fn is_here(&self) -> bool {
        getpid() == self.owner
    }

    /// Sends an order, which it gives a number. `is_patient`: waits until there is room for it.
    pub(super) fn order(
        &self,
        place: Place,
        items: u32,
        message: Vec<u8>,
        is_patient: bool,
    ) -> Result<Attempt<u64>, TaskError> {
        let is_known = usize::try_from(place.index).is_ok_and(|index| index < self.tasks);
        if !self.is_here() || place.builder != self.builder || !is_known {
            return Err(TaskError::Foreign);
        }
        let is_large = message.len() > self.pipe.max_message();
        let deadline = if is_patient { None } else { Some(Instant::now()) };
        let accepted = self.wait_until(deadline, |state| {
            if state.is_closed {
                return Some(Err(TaskError::Closed));
            }
            (state.open < self.queue && (!is_large || state.large < MAX_LARGE)).then(|| Ok(state.begin(is_large)))
        })?;
        let Some(accepted) = accepted else { return Ok(Attempt::WouldBlock) };
        let id = accepted?;
        let sent = self.send(Head { id, what: place.index, detail: items }, message, is_patient);
        if !matches!(sent, Ok(Attempt::Done(()))) {
            self.state().forget(id);
        }
        Ok(sent?.map(|()| id))
    }

    fn send(&self, head: Head, mut message: Vec<u8>, is_patient: bool) -> Result<Attempt<()>, TaskError> {
        put_head(&mut message, head);
        let parcel = Parcel::new(head, message, self.pipe.max_message())?;
        let sent = if is_patient { parcel.send(&self.pipe).map(Attempt::Done) } else { parcel.try_send(&self.pipe) };
        sent.map_err(refused)
    }

    /// The report of a call, when it is there. `None`: the time is over.
    pub(super) fn report(&self, id: u64, deadline: Option<Instant>) -> Result<Option<Parcel>, TaskError> {
        if !self.is_here() {
            return Err(TaskError::Foreign);
        }
        self.wait_until(deadline, |state| state.take(id))
    }

    /// The first of these calls that has a report, waited for.
    pub(super) fn any_report(&self, ids: &[u64]) -> Result<Option<(usize, Parcel)>, TaskError> {
        if !self.is_here() {
            return Err(TaskError::Foreign);
        }
        self.wait_until(None, |state| ids.iter().enumerate().find_map(|(place, id)| Some((place, state.take(*id)?))))
    }

    /// Nobody will ask for it.
    pub(super) fn discard(&self, id: u64) {
        self.state().discard(id);
    }

    pub(super) fn close(&self) {
        self.state().is_closed = true;
    }

    /// Waits until all is done, and the keeper has left.
    pub(super) fn join(&self, deadline: Option<Instant>) -> Result<Attempt<()>, TaskError> {
        if !self.is_here() {
            return Err(TaskError::Foreign);
        }
        self.close();
        if self.wait_until(deadline, |state| (state.open == 0).then_some(()))?.is_none() {
            return Ok(Attempt::WouldBlock);
        }
        // Where it has left already, it was told before.
        let _ = Parcel::bare(Head { id: 0, what: FINISH, detail: 0 }).send(&self.pipe);
        let ended = match deadline {
            None => Some(self.keeper.join()?),
            Some(deadline) => self.keeper.join_timeout(deadline.saturating_duration_since(Instant::now()).into())?,
        };
        Ok(if ended.is_some() { Attempt::Done(()) } else { Attempt::WouldBlock })
    }

    /// Ends all at once. Nothing of the pool is left when it returns.
    pub(super) fn terminate(&self) -> Result<(), Error> {
        if !self.is_here() {
            return Ok(());
        }
        let mut state = self.state();
        (state.is_closed, state.is_over) = (true, true);
        drop(state);
        self.changed.notify_all();
        self.pipe.shutdown_send()?;
        if self.keeper.join_timeout(GRACE)?.is_none() {
            // Somebody has stopped it. Its workers die with it.
            self.keeper.kill()?;
            self.keeper.join()?;
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `look` finds what it looks for, and listens to the keeper meanwhile, unless somebody else does.
    fn wait_until<R>(
        &self,
        deadline: Option<Instant>,
        mut look: impl FnMut(&mut State) -> Option<R>,
    ) -> Result<Option<R>, TaskError> {
        let mut state = self.state();
        loop {
            if let Some(found) = look(&mut state) {
                return Ok(Some(found));
            }
            if state.is_over {
                return Err(TaskError::Ended);
            }
            if state.is_listening {
                let Some(again) = self.wait_for_change(state, deadline) else { return Ok(None) };
                state = again;
                continue;
            }
            state.is_listening = true;
            drop(state);
            let heard = self.listen(deadline);
            state = self.state();
            state.is_listening = false;
            if state.waiting > 0 {
                self.changed.notify_all();
            }
            match heard? {
                Heard::Report(report) => state.note(report),
                Heard::End => state.is_over = true,
                Heard::Nothing => return Ok(None),
            }
        }
    }

    /// `None`: the time is over.
    fn wait_for_change<'s>(
        &self,
        mut state: MutexGuard<'s, State>,
        deadline: Option<Instant>,
    ) -> Option<MutexGuard<'s, State>> {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return None;
        }
        state.waiting += 1;
        let mut state = match left {
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(left) => self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
        };
        state.waiting -= 1;
        Some(state)
    }

    fn listen(&self, deadline: Option<Instant>) -> Result<Heard, Error> {
        let mut is_keeper_gone = false;
        loop {
            match Parcel::try_recv(&self.pipe)? {
                Received::Data(report) => return Ok(Heard::Report(report)),
                Received::End => return Ok(Heard::End),
                // A process that a task has forked may keep the other end open.
                Received::WouldBlock if is_keeper_gone => return Ok(Heard::End),
                Received::WouldBlock => {}
            }
            let left = deadline.map(|deadline| Duration::from(deadline.saturating_duration_since(Instant::now())));
            let entry = |fd| Entry { fd, events: libc::POLLIN, revents: 0 };
            let mut entries = [entry(self.pipe.as_raw_fd()), entry(std::os::fd::AsFd::as_fd(&self.keeper).as_raw_fd())];
            match poll(&mut entries, left) {
                Ok(0) => return Ok(Heard::Nothing),
                Ok(_) => is_keeper_gone = entries[1].revents != 0,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(Error::plain("wait for the pool", errno)),
            }
        }
    }
}

fn refused(error: SendError) -> TaskError {
    if matches!(error, SendError::Closed) {
        TaskError::Ended
    } else {
        Error::new("give a task to the pool", error.into()).into()
    }
}

impl State {
    fn begin(&mut self, is_large: bool) -> u64 {
        let id = self.next;
        self.next += 1;
        self.calls.insert(id, Progress::Open { is_large, is_wanted: true });
        self.open += 1;
        self.large += usize::from(is_large);
        id
    }

    /// It was not sent.
    fn forget(&mut self, id: u64) {
        if let Some(Progress::Open { is_large, .. }) = self.calls.remove(&id) {
            self.open -= 1;
            self.large -= usize::from(is_large);
        }
    }

    fn note(&mut self, report: Parcel) {
        let Some(Head { id, .. }) = report.head() else { return };
        let Some(Progress::Open { is_large, is_wanted }) = self.calls.get(&id) else { return };
        self.open -= 1;
        self.large -= usize::from(*is_large);
        if *is_wanted {
            self.calls.insert(id, Progress::Done(report));
        } else {
            self.calls.remove(&id);
        }
    }

    fn take(&mut self, id: u64) -> Option<Parcel> {
        if !matches!(self.calls.get(&id), Some(Progress::Done(_))) {
            return None;
        }
        match self.calls.remove(&id) {
            Some(Progress::Done(report)) => Some(report),
            _ => None,
        }
    }

    fn discard(&mut self, id: u64) {
        if let Some(Progress::Open { is_wanted, .. }) = self.calls.get_mut(&id) {
            *is_wanted = false;
        } else {
            self.calls.remove(&id);
        }
    }
}
