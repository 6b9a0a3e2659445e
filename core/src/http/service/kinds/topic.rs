//! News for many: the last values that were published, and the exchanges that wait for the next one.

use core::cell::RefCell;
use core::fmt;
use core::task::Waker;

use super::events::EventSink;
use super::wakers::Wakers;
use crate::http::service::handler::Result;
use crate::time::Duration;

/// How often somebody looks for whom there is no place among those who are woken.
const LOOK: Duration = Duration::from_secs(1);

/// The last `N` values that were published, numbered from 0, and up to `FOLLOWERS` exchanges that are woken by the next one;
/// those beyond look once a second. For one thread.
///
/// Whoever is more than `N` values behind misses the oldest of them.
///
/// ```
/// use wirenut::http::Status;
/// use wirenut::http::service::{Event, Fixed, Topic, collect, routes};
///
/// // What one client sends, all others hear.
/// let news = &Topic::<u8, 100, 8>::new();
/// let service = routes!(
///     (),
///     post("/say", |_, request, _| collect(request, Fixed::<1>::new(), |_, content, responder| {
///         news.publish(content.first().copied().unwrap_or(0));
///         responder.status(Status::NO_CONTENT)
///     })),
///     get("/hear", |_, _, responder| responder.events(news.follow(|events, number, byte| {
///         events.send_event(&Event::new(byte).with_id(&number))
///     }))),
/// );
/// # let _ = service;
/// ```
pub struct Topic<T, const N: usize, const FOLLOWERS: usize> {
    values: RefCell<Values<T, N>>,
    followers: Wakers<FOLLOWERS>,
}

/// The value of number `n` lies at `n` modulo `N`.
struct Values<T, const N: usize> {
    last: [Option<T>; N],
    /// The number of the next one.
    next: u64,
}

impl<T: Clone, const N: usize> Values<T, N> {
    fn index(number: u64) -> usize {
        let count = u64::try_from(N).unwrap_or(u64::MAX);
        number.checked_rem(count).and_then(|index| usize::try_from(index).ok()).unwrap_or(N)
    }

    /// The value of this number, or of the oldest one after it that is kept, and its number.
    fn get(&self, number: u64) -> Option<(u64, T)> {
        let oldest = self.next.saturating_sub(u64::try_from(N).unwrap_or(u64::MAX));
        let number = number.max(oldest);
        if number >= self.next {
            return None;
        }
        Some((number, self.last.get(Self::index(number))?.clone()?))
    }
}

impl<T: Clone, const N: usize, const FOLLOWERS: usize> Topic<T, N, FOLLOWERS> {
    /// Nothing was published yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { values: RefCell::new(Values { last: [const { None }; N], next: 0 }), followers: Wakers::new() }
    }

    /// Publishes a value, and returns its number.
    pub fn publish(&self, value: T) -> u64 {
        let mut values = self.values.borrow_mut();
        let number = values.next;
        if let Some(place) = values.last.get_mut(Values::<T, N>::index(number)) {
            *place = Some(value);
        }
        values.next = number.saturating_add(1);
        // Whoever is woken may look at once.
        drop(values);
        self.followers.wake();
        number
    }

    /// The number of the next value.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        self.values.borrow().next
    }

    /// The value of this number, or of the oldest one after it that is kept, and its number. `None`: it is still to come.
    ///
    /// ```
    /// use wirenut::http::service::Topic;
    /// let news = Topic::<&str, 2, 8>::new();
    /// ["one", "two", "three"].map(|word| news.publish(word));
    /// assert_eq!((news.get(0), news.get(2), news.get(3)), (Some((1, "two")), Some((2, "three")), None));
    /// ```
    #[must_use]
    pub fn get(&self, number: u64) -> Option<(u64, T)> {
        self.values.borrow().get(number)
    }

    /// Wakes this waker when the next value is published, once. `false`: too many wait, so look again after a while.
    #[must_use]
    pub fn wait(&self, waker: &Waker) -> bool {
        self.followers.add(waker)
    }

    /// A function for [`Responder::events`](crate::http::service::Responder::events) that has `send` send each value that is published from
    /// now on.
    pub fn follow<A>(
        &self,
        send: impl FnMut(&mut EventSink<'_, '_>, u64, &T) -> Result<()>,
    ) -> impl FnMut(A, &mut EventSink<'_, '_>) -> Result<()> {
        self.follow_from(self.next_number(), send)
    }

    /// The same from the value of this number on: of a client that says in `Last-Event-ID` which one it had last, the one
    /// after that. A number that is still to come is not waited for: the client had it of a topic that is gone, so it hears
    /// what comes next.
    pub fn follow_from<A>(
        &self,
        number: u64,
        mut send: impl FnMut(&mut EventSink<'_, '_>, u64, &T) -> Result<()>,
    ) -> impl FnMut(A, &mut EventSink<'_, '_>) -> Result<()> {
        let mut wanted = number.min(self.next_number());
        move |_, events| {
            // What is sent is a copy, so that `send` may publish.
            while let Some((number, value)) = self.get(wanted) {
                send(events, number, &value)?;
                wanted = number.saturating_add(1);
            }
            if !self.wait(&events.waker()) {
                events.wait(LOOK);
            }
            Ok(())
        }
    }
}

impl<T: Clone, const N: usize, const FOLLOWERS: usize> Default for Topic<T, N, FOLLOWERS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize, const FOLLOWERS: usize> fmt::Debug for Topic<T, N, FOLLOWERS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topic").field("keeps", &N).field("followers", &FOLLOWERS).finish_non_exhaustive()
    }
}
