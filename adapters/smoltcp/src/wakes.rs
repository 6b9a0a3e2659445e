//! The wakers of a server's connections, in memory that is there for ever: one waker for each, without allocation.

use core::fmt;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{RawWaker, RawWakerVTable, Waker};

/// What wakes exchanges that wait: one waker for each of `N` connections of a [`Server`](crate::Server). It lies in a
/// static, for an exchange may keep its waker for as long as it likes.
///
/// A wake, from an interrupt or out of a service, is remembered until the next [`Server::poll`](crate::Server::poll), and
/// calls a function, which must see to it that this comes soon. It has nothing to do where the loop only sleeps until the next
/// interrupt, and wakes come from interrupts: these end the sleep.
///
/// ```
/// use wirenut_smoltcp::Wakes;
/// static WAKES: Wakes<4> = Wakes::new(|| { /* for example `cortex_m::asm::sev()` */ });
/// # use smoltcp::iface::SocketHandle;
/// # use wirenut::{http::Limits, readiness::Policy};
/// # use wirenut_reference::{MemoryDevice, Reference};
/// # use wirenut_smoltcp::Server;
/// # fn example(
/// #     handles: [SocketHandle; 4], limits: &'static Limits, policy: Policy,
/// # ) -> Server<Reference<MemoryDevice>, 4, 300, &'static Wakes<4>> {
/// Server::with_wakes(handles, 80, limits, policy, &WAKES)
/// # }
/// ```
pub struct Wakes<const N: usize> {
    bells: [Bell; N],
}

struct Bell {
    is_woken: AtomicBool,
    notify: fn(),
}

impl<const N: usize> Wakes<N> {
    /// Nobody is woken. `notify` is called by each wake, wherever that is: also in interrupts, if it comes from there.
    #[must_use]
    #[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "its bound is looked at")]
    pub const fn new(notify: fn()) -> Self {
        let mut bells = [const { Bell { is_woken: AtomicBool::new(false), notify: nothing } }; N];
        let mut number = 0;
        while number < N {
            bells[number].notify = notify;
            number += 1;
        }
        Self { bells }
    }
}

/// What wakes the exchanges of a [`Server`](crate::Server): [`Wakes`], or nothing (`()`), which takes no flash.
pub trait Wake: Copy {
    /// The waker of that connection.
    fn waker(self, number: usize) -> Waker;

    /// Was that connection woken since this was asked last?
    fn take(self, number: usize) -> bool;

    /// Is there a connection that was woken?
    fn any(self) -> bool;
}

impl Wake for () {
    fn waker(self, _: usize) -> Waker {
        Waker::noop().clone()
    }

    fn take(self, _: usize) -> bool {
        false
    }

    fn any(self) -> bool {
        false
    }
}

impl<const N: usize> Wake for &'static Wakes<N> {
    fn waker(self, number: usize) -> Waker {
        let Some(bell) = self.bells.get(number) else { return Waker::noop().clone() };
        // SAFETY: the functions of the table take the pointer for a `Bell` that lives for ever, which it is. They only read
        // it, and its flag is atomic: so they may run in any thread or interrupt. Cloning and dropping do nothing.
        unsafe { Waker::from_raw(raw(bell)) }
    }

    fn take(self, number: usize) -> bool {
        // Not a swap, which not every processor has. A wake between the two is one with those before: what it tells of is seen
        // by whoever is asked after this.
        let is_woken = self.bells.get(number).is_some_and(|bell| bell.is_woken.load(Ordering::Acquire));
        if is_woken && let Some(bell) = self.bells.get(number) {
            bell.is_woken.store(false, Ordering::Release);
        }
        is_woken
    }

    fn any(self) -> bool {
        self.bells.iter().any(|bell| bell.is_woken.load(Ordering::Acquire))
    }
}

impl<const N: usize> fmt::Debug for Wakes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.bells.iter().map(|bell| bell.is_woken.load(Ordering::Relaxed))).finish()
    }
}

fn nothing() {}

static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, ignore);

fn raw(bell: &'static Bell) -> RawWaker {
    RawWaker::new(ptr::from_ref(bell).cast(), &TABLE)
}

fn clone(data: *const ()) -> RawWaker {
    RawWaker::new(data, &TABLE)
}

fn wake(data: *const ()) {
    // SAFETY: only `Wakes::waker` makes wakers with this table, out of references that last for ever.
    let bell = unsafe { &*data.cast::<Bell>() };
    bell.is_woken.store(true, Ordering::Release);
    (bell.notify)();
}

fn ignore(_: *const ()) {}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::AtomicU32;

    #[test]
    fn each_connection_has_its_own() {
        static NOTIFIED: AtomicU32 = AtomicU32::new(0);
        static WAKES: Wakes<2> = Wakes::new(|| _ = NOTIFIED.fetch_add(1, Ordering::Relaxed));
        let [first, second] = [0, 1].map(|number| WAKES.waker(number));
        assert!(first.will_wake(&WAKES.waker(0)) && !first.will_wake(&second));
        assert!(!WAKES.any());
        second.wake_by_ref();
        let late = second.clone();
        second.wake();
        assert_eq!((WAKES.any(), WAKES.take(0), WAKES.take(1), WAKES.take(1)), (true, false, true, false));
        late.wake();
        assert_eq!((WAKES.take(1), NOTIFIED.load(Ordering::Relaxed)), (true, 3));
        WAKES.waker(2).wake();
        assert!(!WAKES.any(), "there is no such connection");
    }
}
