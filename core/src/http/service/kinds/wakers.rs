//! Exchanges that wait for the same thing.

use core::cell::RefCell;
use core::task::Waker;

/// The wakers of at most `N` exchanges, for one thread; behind a lock for several.
///
/// ```
/// use core::task::Waker;
/// use wirenut::http::service::Wakers;
///
/// let wakers = Wakers::<2>::new();
/// assert!(wakers.add(Waker::noop()) && wakers.add(Waker::noop()), "the same one takes one place");
/// wakers.wake();
/// ```
#[derive(Debug)]
pub struct Wakers<const N: usize> {
    places: RefCell<[Option<Waker>; N]>,
}

impl<const N: usize> Wakers<N> {
    /// Nobody waits.
    #[must_use]
    pub const fn new() -> Self {
        Self { places: RefCell::new([const { None }; N]) }
    }

    /// This one waits. `false`: there is no place, so that it must be asked by time.
    #[must_use]
    pub fn add(&self, waker: &Waker) -> bool {
        let mut places = self.places.borrow_mut();
        if places.iter().flatten().any(|other| other.will_wake(waker)) {
            return true;
        }
        let place = places.iter_mut().find(|place| place.is_none());
        place.map(|place| *place = Some(waker.clone())).is_some()
    }

    /// Wakes all, and forgets them.
    pub fn wake(&self) {
        for index in 0..N {
            // It is not borrowed while somebody is woken, who may add himself again.
            let waker = self.places.borrow_mut().get_mut(index).and_then(Option::take);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

impl<const N: usize> Default for Wakers<N> {
    fn default() -> Self {
        Self::new()
    }
}
