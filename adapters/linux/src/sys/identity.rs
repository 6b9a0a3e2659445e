//! Who this process is, remembered until it forks: pthread_atfork(3).

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Once;

/// What [`remembered`] has found, or zero.
static IDENTITY: AtomicU64 = AtomicU64::new(0);

/// The value of `find`, which is asked once in each process: a child that was forked asks anew. Zero is never remembered.
pub(crate) fn remembered(find: impl FnOnce() -> u64) -> u64 {
    static FORGETS: Once = Once::new();
    let known = IDENTITY.load(Ordering::Relaxed);
    if known != 0 {
        return known;
    }
    FORGETS.call_once(|| {
        // SAFETY: the function takes nothing, stores to an atomic alone, and lives as long as the program. Where the
        // system has no memory for it, `find` is asked in the parent only, which the caller's own check of the number of
        // the process would show; the C library allocates these few bytes at the start of the program.
        let failed = unsafe { libc::pthread_atfork(None, None, Some(forget)) };
        assert!(failed == 0, "no memory for one entry of pthread_atfork");
    });
    let found = find();
    IDENTITY.store(found, Ordering::Relaxed);
    found
}

/// What was remembered in this process, and not in the one that forked it; or zero.
#[inline]
pub(crate) fn known() -> u64 {
    IDENTITY.load(Ordering::Relaxed)
}

extern "C" fn forget() {
    IDENTITY.store(0, Ordering::Relaxed);
}
