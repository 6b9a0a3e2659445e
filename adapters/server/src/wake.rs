//! How other threads reach a worker: wake-ups of exchanges, and the wish to stop.

use alloc::sync::Arc;
use alloc::task::Wake;
use core::cell::RefCell;
use core::task::Waker;
use std::collections::HashMap;

use wirenut_linux::wake::WakeQueue;

use crate::board::{Lead, Seat, Stop};
use crate::slots::Token;

/// What other threads know of a worker.
#[derive(Debug)]
pub(crate) struct WorkerHandle {
    /// Connections whose exchanges were woken.
    pub(crate) woken: WakeQueue<Token>,
    pub(crate) seat: Seat,
}

impl WorkerHandle {
    pub(crate) fn new(seat: Seat) -> Self {
        Self { woken: WakeQueue::with_bell(seat.bell().clone()), seat }
    }
}

/// Wakes the exchange of one connection. Made only for services that ask for it.
struct ConnectionWaker {
    token: Token,
    worker: Arc<WorkerHandle>,
}

impl Wake for ConnectionWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.worker.woken.push(self.token);
    }
}

/// The wakers of a worker's connections that were asked for one, by slot: asked again, a connection gives the same one, and
/// a slot keeps its memory for the connection after it, once nobody has the old one any more.
#[derive(Default)]
pub(crate) struct Wakers(RefCell<HashMap<u32, Arc<ConnectionWaker>>>);

impl Wakers {
    /// The one of this connection.
    pub(crate) fn get(&self, token: Token, worker: &Arc<WorkerHandle>) -> Waker {
        let mut wakers = self.0.borrow_mut();
        let new = || ConnectionWaker { token, worker: Arc::clone(worker) };
        let kept = wakers.entry(token.slot).or_insert_with(|| Arc::new(new()));
        if kept.token != token {
            match Arc::get_mut(kept) {
                Some(kept) => kept.token = token,
                None => *kept = Arc::new(new()),
            }
        }
        Waker::from(Arc::clone(kept))
    }
}

/// Stops a server, from any thread. Made by [`Server::stopper`](crate::Server::stopper).
#[derive(Clone, Debug)]
pub struct Stopper {
    pub(crate) lead: Arc<Lead>,
}

impl Stopper {
    /// Begins a graceful end, and returns at once. All that has come by then is answered: connections that wait in the queue
    /// are accepted, later ones are not, and requests that were not read yet are read. A connection ends after the last
    /// response of its own. Without one it ends at once, or after a tenth of a second if it has not sent a request yet.
    /// What is left after [`Config::drain`](crate::Config::drain) is cut.
    ///
    /// What comes while a connection is closed, or in the moment between the last look into the queue and its end, is not
    /// answered: the client sees a reset, as with any server that ends.
    ///
    /// With [`Config::drain_delay`](crate::Config::drain_delay) all that begins after that time, or when this is called again.
    pub fn stop(&self) {
        self.lead.ask_to_end();
    }

    /// Ends the server because another process accepts at the same socket from now on
    /// ([`Life::restart`](crate::life::Life::restart)), and returns at once. It accepts nobody any more, and closes no
    /// connection by itself: each answer says that it is the last one (`Connection: close`), and an idle connection waits for one
    /// more request, or for the peer to close it. So no request meets a connection that is being closed. What is left after
    /// [`Config::drain`](crate::Config::drain) is closed or cut.
    pub fn hand_over(&self) {
        self.lead.stop(Stop::HandOver);
    }

    /// Ends the server at once: what is in flight is cut.
    pub fn stop_now(&self) {
        self.lead.stop(Stop::Now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Board;
    use wirenut_linux::poller::Bell;

    #[test]
    fn a_connection_has_one_waker_and_leaves_its_memory_to_the_next() {
        let worker = Arc::new(WorkerHandle::new(Board::new(1).unwrap().seat(0, Bell::new().unwrap())));
        let wakers = Wakers::default();
        let [first, second, other] = [(1, 1), (1, 2), (2, 1)].map(|(slot, generation)| Token::new(slot, generation));
        let waker = wakers.get(first, &worker);
        assert!(waker.will_wake(&wakers.get(first, &worker)));
        assert!(!waker.will_wake(&wakers.get(other, &worker)));
        // Somebody still has it: the next connection in that slot must not be woken by it.
        assert!(!waker.will_wake(&wakers.get(second, &worker)));
        waker.wake();
        assert_eq!(worker.woken.take(Vec::new()), [first]);
        let waker = wakers.get(second, &worker);
        let data = waker.data();
        drop(waker);
        assert_eq!(wakers.get(first, &worker).data(), data, "no memory is taken where nobody has the old one");
    }
}
