//! sigaction(2), with handlers that are made of a few reactions and so need no code of a caller's.
//!
//! A handler finds its reactions in a table of pointers. Who replaces them cannot free them at once, as another thread may
//! be at them: they are retired, and freed by a later replacement that finds no handler at work.

use alloc::sync::Arc;
use core::mem;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

use rustix::io::{Errno, Result};

use super::eventfd::EventFd;
use super::sigset::{Bits, to_system};
use super::socket::last_error;

/// One thing that a handler does. Each is async-signal-safe: it takes no lock and allocates and frees nothing.
#[derive(Clone, Debug)]
pub(crate) enum Reaction {
    Add(Arc<AtomicUsize>),
    Store(Arc<AtomicUsize>, usize),
    Raise(Arc<EventFd>),
    Write(Arc<OwnedFd>, Box<[u8]>),
}

type Reactions = Vec<Reaction>;

/// What a signal does.
#[derive(Debug)]
pub(crate) struct Action {
    system: libc::sigaction,
    /// Of a handler of ours.
    reactions: Option<Arc<Reactions>>,
}

/// More than any system has signals.
const SIGNALS: usize = 128;

/// By number: what [`handle`] does. A pointer that is not null is a reference that the table owns.
static TABLE: [AtomicPtr<Reactions>; SIGNALS] = [const { AtomicPtr::new(ptr::null_mut()) }; SIGNALS];

/// How many handlers are at work, and may use what they have found in the table.
static AT_WORK: AtomicUsize = AtomicUsize::new(0);

/// What was in the table, and may be in use. Held by who changes a disposition. Made when it is first needed, and never freed:
/// a child, in which nobody may ever release the lock, [forgets](forget_in_child) it and has another.
static RETIRED: AtomicPtr<Mutex<Vec<Arc<Reactions>>>> = AtomicPtr::new(ptr::null_mut());

impl Action {
    pub(crate) fn by_default() -> Self {
        Self::system(libc::SIG_DFL, 0, None)
    }

    pub(crate) fn ignore() -> Self {
        Self::system(libc::SIG_IGN, 0, None)
    }

    pub(crate) fn handler(reactions: Reactions, restarts: bool, is_once: bool) -> Self {
        let handler: extern "C" fn(libc::c_int) = handle;
        let flag = |wanted, flag| if wanted { flag } else { 0 };
        // Where the thread has a stack for handlers, that one: its own may be nearly full.
        let flags = libc::SA_ONSTACK | flag(restarts, libc::SA_RESTART) | flag(is_once, libc::SA_RESETHAND);
        Self::system(handler as libc::sighandler_t, flags, Some(Arc::new(reactions)))
    }

    fn system(handler: libc::sighandler_t, flags: libc::c_int, reactions: Option<Arc<Reactions>>) -> Self {
        Self { system: action(handler, flags), reactions }
    }

    pub(crate) fn is_default(&self) -> bool {
        self.system.sa_sigaction == libc::SIG_DFL
    }

    pub(crate) fn is_ignored(&self) -> bool {
        self.system.sa_sigaction == libc::SIG_IGN
    }

    fn is_ours(&self) -> bool {
        is_ours(&self.system)
    }
}

/// Has the signal do that, and tells what it did.
pub(crate) fn replace(signal: libc::c_int, action: Action) -> Result<Action> {
    let place = place(signal).ok_or(Errno::INVAL)?;
    let mut retired = retired().lock().unwrap_or_else(PoisonError::into_inner);
    let Action { system, reactions } = action;
    let swap = |reactions: Option<Arc<Reactions>>| {
        let new = reactions.map_or(ptr::null_mut(), |reactions| Arc::into_raw(reactions).cast_mut());
        take(place.swap(new, Ordering::SeqCst))
    };
    let has_reactions = reactions.is_some();
    // A handler finds its reactions from its first call on, and until its last.
    let earlier = if has_reactions { swap(reactions) } else { None };
    let mut before = match change(signal, Some(&system)) {
        Ok(system) => Action { system, reactions: None },
        Err(errno) => {
            if has_reactions {
                retired.extend(swap(earlier));
                free_unused(&mut retired);
            }
            return Err(errno);
        }
    };
    let earlier = if has_reactions { earlier } else { swap(None) };
    // They are another handler's left-overs if somebody has called sigaction(2) in between.
    if before.is_ours() {
        before.reactions.clone_from(&earlier);
    }
    retired.extend(earlier);
    free_unused(&mut retired);
    Ok(before)
}

/// Whoever begins to work after this has found the new ones.
fn free_unused(retired: &mut Vec<Arc<Reactions>>) {
    if AT_WORK.load(Ordering::SeqCst) == 0 {
        retired.clear();
    }
}

/// What the signal does.
pub(crate) fn current(signal: libc::c_int) -> Result<Action> {
    Ok(Action { system: change(signal, None)?, reactions: None })
}

/// In a child made by fork(2), before anything else: signals that handlers of ours catch have their defaults again, and nothing
/// that the handlers and the parent share is reached from here any more. It is not freed or closed, either.
///
/// Async-signal-safe: no lock, no allocation. All signals are blocked from before the fork until it returns, or else one
/// in between is handled for the parent.
pub(super) fn forget_in_child() {
    for (number, place) in (0..).zip(&TABLE) {
        if !place.swap(ptr::null_mut(), Ordering::SeqCst).is_null() {
            set_default_if(number, is_ours);
        }
    }
    // Handlers that other threads of the parent were in are not in this process.
    AT_WORK.store(0, Ordering::SeqCst);
    RETIRED.store(ptr::null_mut(), Ordering::SeqCst);
}

/// Async-signal-safe.
pub(super) fn set_default_if(number: libc::c_int, is_meant: fn(&libc::sigaction) -> bool) {
    if change(number, None).is_ok_and(|current| is_meant(&current)) {
        // It cannot fail, as the signal could be caught.
        let _ = change(number, Some(&zeroed()));
    }
}

/// Has the signal call that, with SA_RESTART. The function must be async-signal-safe.
pub(super) fn install(number: libc::c_int, handler: extern "C" fn(libc::c_int)) -> Result<()> {
    let action = action(handler as libc::sighandler_t, libc::SA_RESTART | libc::SA_ONSTACK);
    change(number, Some(&action)).map(drop)
}

/// Does something in a handler, so that the code that was interrupted and may be about to look at its own error finds that.
pub(super) fn with_errno_kept(what: impl FnOnce()) {
    // SAFETY: the location is valid for the thread that the handler runs on.
    let before = unsafe { *libc::__errno_location() };
    what();
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = before };
}

extern "C" fn handle(signal: libc::c_int) {
    with_errno_kept(|| {
        AT_WORK.fetch_add(1, Ordering::SeqCst);
        let reactions = place(signal).map_or(ptr::null_mut(), |place| place.load(Ordering::SeqCst));
        // SAFETY: the table has it from `Arc::into_raw`. Whoever has taken it out of there since keeps it among the retired, and
        // drops those only after having found nobody at work.
        if let Some(reactions) = unsafe { reactions.as_ref() } {
            reactions.iter().for_each(react);
        }
        AT_WORK.fetch_sub(1, Ordering::SeqCst);
    });
}

fn react(reaction: &Reaction) {
    match reaction {
        Reaction::Add(counter) => _ = counter.fetch_add(1, Ordering::SeqCst),
        Reaction::Store(place, value) => place.store(*value, Ordering::SeqCst),
        Reaction::Raise(descriptor) => descriptor.raise(),
        Reaction::Write(to, message) => write_all(to, message),
    }
}

fn write_all(to: &OwnedFd, mut message: &[u8]) {
    while !message.is_empty() {
        // SAFETY: the descriptor is open, and the kernel reads the bytes of `message`; write(2) may be called in a handler.
        let written = unsafe { libc::write(to.as_raw_fd(), message.as_ptr().cast(), message.len()) };
        match usize::try_from(written) {
            Ok(written) if written > 0 => message = message.get(written..).unwrap_or_default(),
            Err(_) if last_error() == Errno::INTR => {}
            _ => return,
        }
    }
}

fn place(number: libc::c_int) -> Option<&'static AtomicPtr<Reactions>> {
    TABLE.get(usize::try_from(number).ok()?)
}

fn take(reactions: *mut Reactions) -> Option<Arc<Reactions>> {
    // SAFETY: what the table had, and has no longer, is null or a reference by `Arc::into_raw` that is taken once.
    (!reactions.is_null()).then(|| unsafe { Arc::from_raw(reactions) })
}

fn retired() -> &'static Mutex<Vec<Arc<Reactions>>> {
    let mut found = RETIRED.load(Ordering::SeqCst);
    if found.is_null() {
        let new = Box::into_raw(Box::default());
        match RETIRED.compare_exchange(ptr::null_mut(), new, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => found = new,
            Err(other) => {
                found = other;
                // SAFETY: it comes from `Box::into_raw` just now, and nobody has seen it.
                drop(unsafe { Box::from_raw(new) });
            }
        }
    }
    // SAFETY: it comes from `Box::into_raw`, and is never freed once it was stored.
    unsafe { &*found }
}

fn is_ours(action: &libc::sigaction) -> bool {
    let handler: extern "C" fn(libc::c_int) = handle;
    action.sa_sigaction == handler as libc::sighandler_t
}

/// Async-signal-safe.
fn change(number: libc::c_int, action: Option<&libc::sigaction>) -> Result<libc::sigaction> {
    let action = action.map_or(ptr::null(), ptr::from_ref);
    let mut before = zeroed();
    // SAFETY: the kernel reads `action`, if that is not null, and writes `before`; both outlive the call. Handlers come from this
    // package, whose handlers do only what one may, or were installed already.
    if unsafe { libc::sigaction(number, action, &raw mut before) } < 0 { Err(last_error()) } else { Ok(before) }
}

/// While a handler is at work, all other signals wait. What the system saves for each of them takes kilobytes (with AVX-512 some
/// 3, with AMX some 11), and a stack for handlers may have no room for two.
fn action(handler: libc::sighandler_t, flags: libc::c_int) -> libc::sigaction {
    let mut action = zeroed();
    action.sa_sigaction = handler;
    action.sa_flags = flags;
    action.sa_mask = to_system(Bits::MAX);
    action
}

fn zeroed() -> libc::sigaction {
    // SAFETY: all-zero bytes are a valid sigaction: no flags, an empty mask, the default handler.
    unsafe { mem::zeroed() }
}
