//! A connection's place in a server of tokio's: what the loop wishes of it, and what it tells the loop.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::{task, time};
use wirenut::readiness::{Admission, Link, Lists, Standing};

use crate::foreign::tokio_1::TokioTimer;
use crate::{Clock, ConnectionObserver, Retirement};

/// How long somebody who has connected, and asked nothing yet, is waited for when the server ends.
const GRACE: Duration = Duration::from_millis(100);

/// Who is served, as the loop and all connections see it.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) admission: Arc<Mutex<Admission<Lists<Vec<Link>>>>>,
    pub(super) timer: TokioTimer,
}

impl Shared {
    pub(super) fn admission(&self) -> MutexGuard<'_, Admission<Lists<Vec<Link>>>> {
        lock(&self.admission)
    }
}

/// One connection, of a slot or refused.
pub(super) struct Place {
    shared: Shared,
    /// `None`: it gets no slot, and is answered 503.
    pub(super) slot: Option<u32>,
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    /// It is to end when it is done. Stays until the connection knows.
    is_to_end: bool,
    /// It is to give way.
    is_to_go: bool,
    standing: Standing,
    is_fresh: bool,
    has_stayed: bool,
    is_told: bool,
}

impl Place {
    pub(super) fn new(shared: &Shared, slot: Option<u32>) -> Arc<Self> {
        let state = State {
            is_to_end: false,
            is_to_go: false,
            standing: Standing::Reading,
            is_fresh: true,
            has_stayed: false,
            is_told: false,
        };
        Arc::new(Self { shared: shared.clone(), slot, state: Mutex::new(state), changed: Notify::new() })
    }

    /// It is to end.
    pub(super) fn wish(&self, wish: Retirement) {
        {
            let mut state = lock(&self.state);
            match wish {
                Retirement::WhenDone => state.is_to_end = true,
                Retirement::Now => state.is_to_go = true,
            }
        }
        self.changed.notify_one();
    }

    pub(super) fn is_lingering(&self) -> bool {
        lock(&self.state).standing == Standing::Lingering
    }

    /// It was wished to give way, and goes on. Once.
    pub(super) fn take_stay(&self) -> bool {
        core::mem::take(&mut lock(&self.state).has_stayed)
    }

    /// Returns when it is wished once more that the connection gives way at once.
    pub(super) async fn given_up(&self) {
        while self.retired().await != Retirement::Now {}
    }

    /// Its handler knows that it is to give way.
    pub(super) fn tell(&self) {
        lock(&self.state).is_told = true;
    }

    pub(super) fn is_told(&self) -> bool {
        lock(&self.state).is_told
    }

    /// The connection is in use again. If it was to give way meanwhile, it goes on.
    pub(super) fn stay(&self) {
        self.set_standing(Standing::Busy);
        let mut state = lock(&self.state);
        state.has_stayed |= core::mem::take(&mut state.is_to_go);
    }

    /// Until it is looked at whether all that had come is answered.
    async fn wait_for_requests(&self) {
        let is_fresh = lock(&self.state).is_fresh;
        if is_fresh {
            time::sleep(GRACE).await;
        } else {
            // What has come by now may not have been seen yet.
            task::yield_now().await;
        }
    }
}

impl ConnectionObserver for Place {
    fn set_standing(&self, standing: Standing) {
        {
            let mut state = lock(&self.state);
            state.standing = standing;
            state.is_fresh &= standing == Standing::Reading;
        }
        if let Some(slot) = self.slot {
            self.shared.admission().set_standing(slot, standing, self.shared.timer.now());
        }
    }

    fn handle_stay(&self) {
        lock(&self.state).has_stayed = true;
    }

    /// Dropping it loses no wish.
    async fn retired(&self) -> Retirement {
        loop {
            let (is_to_go, is_to_end) = {
                let state = lock(&self.state);
                (state.is_to_go, state.is_to_end)
            };
            if is_to_go {
                // What has come by now may not have been seen yet.
                task::yield_now().await;
                if core::mem::take(&mut lock(&self.state).is_to_go) {
                    return Retirement::Now;
                }
            } else if is_to_end {
                self.wait_for_requests().await;
                lock(&self.state).is_to_end = false;
                return Retirement::WhenDone;
            } else {
                self.changed.notified().await;
            }
        }
    }
}

/// Whoever holds it only moves values, so a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
