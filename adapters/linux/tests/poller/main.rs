//! One suite holds every poller to the laws of the contract.

extern crate alloc;

mod beyond;
mod laws;
mod model;
mod situations;
mod sources;

use std::os::fd::BorrowedFd;

use wirenut_linux::Error;
use wirenut_linux::poller::{EdgeEpoll, Epoll, Event, Poll, Poller, Select};

/// A poller under test.
trait Tested: for<'s> Poller<Source<'s> = BorrowedFd<'s>, Error = Error> {
    /// Tells once.
    const IS_EDGE: bool = false;
    /// Tells errors, hang-ups and half-closes.
    const GIVES_HINTS: bool = true;
    /// Takes descriptors of any number.
    const TAKES_ANY: bool = true;

    fn make() -> Self;

    /// What one wait that does not wait finds.
    fn look(&mut self) -> Vec<Event>
    where
        Self: Sized,
    {
        let _ = self.wait(Some(wirenut::time::Duration::default())).unwrap();
        core::iter::from_fn(|| self.next_event()).collect()
    }
}

impl Tested for Select {
    const GIVES_HINTS: bool = false;
    const TAKES_ANY: bool = false;

    fn make() -> Self {
        Self::new()
    }
}

impl Tested for Poll {
    fn make() -> Self {
        Self::new()
    }
}

impl Tested for Epoll {
    fn make() -> Self {
        Self::new().unwrap()
    }
}

impl Tested for EdgeEpoll {
    const IS_EDGE: bool = true;

    fn make() -> Self {
        Self::new().unwrap()
    }
}

/// A test of each law for one poller.
macro_rules! hold {
    ($name:ident, $poller:ty: $($module:ident::$law:ident)+) => {
        mod $name {
            $(#[test]
            fn $law() {
                crate::$module::$law::<$poller>();
            })+
        }
    };
}

macro_rules! hold_to_all_laws {
    ($($name:ident: $poller:ty),+) => {
        $(hold! { $name, $poller:
            situations::what_is_asked_for_and_so_is_told
            laws::level_tells_again_and_edge_tells_once
            laws::none_is_passed_over
            laws::no_event_is_older_than_the_registration
            laws::to_modify_is_to_begin_anew
            laws::no_event_is_lost_that_was_not_fetched
            laws::a_source_is_registered_once
            laws::a_wait_is_over_late_rather_than_early
            laws::descriptors_of_any_number_or_a_clear_error
            sources::a_bell_wakes_from_another_thread
            sources::a_timer_is_told_when_its_time_has_come
            sources::a_wait_ends_at_its_deadline
            sources::the_end_of_the_process_is_told
            model::agrees_with_the_model
        })+
    };
}

hold_to_all_laws! {
    select: wirenut_linux::poller::Select,
    poll: wirenut_linux::poller::Poll,
    epoll: wirenut_linux::poller::Epoll,
    edge_epoll: wirenut_linux::poller::EdgeEpoll
}
