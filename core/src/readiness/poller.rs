//! The contract of everything that waits for several sources at once.

use core::fmt;

use super::{Event, Interest, Token};
use crate::time::{Duration, Instant};

/// Waits until one of several sources is ready.
///
/// A loop over it reads: [`wait`](Self::wait), then [`next_event`](Self::next_event) until there is none; meanwhile
/// sources come ([`register`](Self::register)), change ([`modify`](Self::modify)) and go
/// ([`deregister`](Self::deregister)). It belongs to one thread. Another thread reaches it through a source that it
/// makes readable.
///
/// # Laws
///
/// One suite of tests holds every implementation of this project to them.
///
/// 1. **What is asked for and so, is told**, by the next wait. Where more sources are ready than one wait can tell of, the
///    others come in the waits after it, and none is passed over for good.
/// 2. **What is told was so** when the wait ended. It may be so no longer: another process may have read the bytes. So
///    sources do not block, and "would block" after an event is no error.
/// 3. **What is not asked for is not told**, but that a source failed or hung up, which may be.
/// 4. **No event is older than the registration.** `deregister` and `modify` drop the source's events that
///    were not fetched yet. So a token may be used again at once.
/// 5. **To modify is to begin anew**: what is so then is told by the next wait, by an edge-triggered poller too.
/// 6. **A wait asks for nothing while events are left**: it returns at once. So none is lost that was not fetched.
/// 7. **A source is registered once.** A second time is an error, as is to modify or deregister one that is not.
///    An error changes nothing.
/// 8. **A wait is over late rather than early**: its limit is rounded up to what the system can count.
///
/// # What the caller owes
///
/// - **A token names one source at a time.** Which token goes with which source is not checked.
/// - **Deregister before you close.** The poller has borrowed the source for the call only. What the number of a closed
///   descriptor then means is another file's matter: of one that was left behind, select fails, poll tells errors or the other
///   file's readiness, and epoll forgets it, unless a duplicate (of dup, fork or a message) keeps it open: then it tells
///   of it forever and cannot be made to stop. (So with epoll alone, to close a source without duplicates is to
///   deregister it, and saves the call. Events that were not fetched still come: such a caller's token has a generation.)
/// - **Sources that are always ready**, as files on disks are, may be refused.
///
/// # Level and edge
///
/// A [`LevelTriggered`] poller tells of a source in every wait for as long as it is ready. An edge-triggered one tells
/// once when it becomes ready, or more comes, and then may be silent until "would block" was seen: so read or write until
/// then. Code that does is right with both; code that does not asks for `P: LevelTriggered`.
///
/// # For whom this is
///
/// For hosts where somebody else (a kernel) knows what is ready. A stack in the same memory, such as smoltcp's socket
/// set, is its own register: to ask each of its few sockets costs a load and a compare, so its adapter does that and
/// needs no poller. Where many peripherals share one interrupt-driven sleep, the contract fits, as here:
///
/// ```
/// use wirenut::readiness::{Event, Interest, Poller, Readiness, Token, Waited};
/// use wirenut::time::Duration;
///
/// /// Up to four ports, whose interrupts set bits in `received`; this one never sleeps.
/// #[derive(Default)]
/// struct Ports { received: u8, watched: [Option<(Token, Interest)>; 4], found: u8 }
///
/// #[derive(Debug)]
/// struct Misused;
/// # impl core::fmt::Display for Misused {
/// #     fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result { f.write_str("misused") }
/// # }
/// # impl core::error::Error for Misused {}
///
/// impl Poller for Ports {
///     type Source<'s> = usize;
///     type Error = Misused;
///
///     fn register(&mut self, port: usize, token: Token, interest: Interest) -> Result<(), Misused> {
///         match self.watched.get_mut(port) {
///             Some(place @ None) => *place = Some((token, interest)),
///             _ => return Err(Misused),
///         }
///         Ok(())
///     }
///
///     fn modify(&mut self, port: usize, token: Token, interest: Interest) -> Result<(), Misused> {
///         self.deregister(port, token)?;
///         self.register(port, token, interest)
///     }
///
///     fn deregister(&mut self, port: usize, _: Token) -> Result<(), Misused> {
///         self.watched.get_mut(port).and_then(Option::take).ok_or(Misused)?;
///         self.found &= !(1 << port);
///         Ok(())
///     }
///
///     fn wait(&mut self, _: Option<Duration>) -> Result<Waited, Misused> {
///         if self.found == 0 {
///             let asked = |port: &usize| self.watched[*port].is_some_and(|(_, i)| i.contains(Interest::READABLE));
///             self.found = (0..4).filter(asked).fold(0, |found, port| found | self.received & 1 << port);
///         }
///         Ok(if self.found == 0 { Waited::TimedOut } else { Waited::Ready })
///     }
///
///     fn next_event(&mut self) -> Option<Event> {
///         let port = (0..4).find(|port| self.found & 1 << port != 0)?;
///         self.found &= !(1 << port);
///         self.watched[port].map(|(token, _)| Event { token, readiness: Readiness::READABLE })
///     }
/// }
///
/// let mut ports = Ports::default();
/// ports.register(2, Token(7), Interest::READABLE)?;
/// ports.received = 1 << 2;
/// assert_eq!(ports.wait(None)?, Waited::Ready);
/// assert!(ports.next_event().is_some_and(|event| event.token == Token(7) && event.is_readable()));
/// assert_eq!(ports.next_event(), None);
/// # Ok::<(), Misused>(())
/// ```
pub trait Poller {
    /// What is registered: a borrowed descriptor, a handle, a number.
    type Source<'s>;
    /// Why a call failed.
    type Error: fmt::Debug + fmt::Display;

    /// Tells of the source from now on, under that name.
    ///
    /// # Errors
    /// It is registered already, is nothing that can be waited for, or there is no room for it.
    fn register(&mut self, source: Self::Source<'_>, token: Token, interest: Interest) -> Result<(), Self::Error>;

    /// Tells of something else from now on, under the same name; drops its events that were found and not fetched.
    ///
    /// # Errors
    /// It is not registered.
    fn modify(&mut self, source: Self::Source<'_>, token: Token, interest: Interest) -> Result<(), Self::Error>;

    /// Tells of it no more; drops its events that were found and not fetched.
    ///
    /// # Errors
    /// It is not registered.
    fn deregister(&mut self, source: Self::Source<'_>, token: Token) -> Result<(), Self::Error>;

    /// Waits until something is ready, for at most `limit`: without one forever, with one of zero not at all.
    ///
    /// # Errors
    /// The system is out of memory, or a source was closed before it was deregistered.
    fn wait(&mut self, limit: Option<Duration>) -> Result<Waited, Self::Error>;

    /// The next event of those that the last wait found. After `None`, wait again.
    #[must_use]
    fn next_event(&mut self) -> Option<Event>;

    /// Waits until something is ready (true) or that time has come (false), however often a signal interrupts it: `now`
    /// is asked again each time.
    ///
    /// ```no_run
    /// # use wirenut::{readiness::Poller, time::{Duration, Instant}};
    /// # fn example<P: Poller>(poller: &mut P, now: fn() -> Instant) -> Result<(), P::Error> {
    /// let until = now().saturating_add(Duration::from_secs(5));
    /// while poller.wait_until(Some(until), now)? {
    ///     while let Some(event) = poller.next_event() { /* … */ }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Self::wait`].
    fn wait_until(&mut self, until: Option<Instant>, mut now: impl FnMut() -> Instant) -> Result<bool, Self::Error>
    where
        Self: Sized,
    {
        loop {
            let limit = until.map(|until| until.saturating_since(now()));
            match self.wait(limit)? {
                Waited::Ready => return Ok(true),
                Waited::TimedOut | Waited::Interrupted => {}
            }
            if until.is_some_and(|until| until <= now()) {
                return Ok(false);
            }
        }
    }
}

/// A poller that tells of a source for as long as it is ready: see [`Poller`].
pub trait LevelTriggered: Poller {}

/// Why a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[must_use]
pub enum Waited {
    /// There are events to fetch.
    Ready,
    /// The limit is over.
    TimedOut,
    /// A signal was handled: nothing is ready, and the limit may not be over. [`Poller::wait_until`] waits for the rest.
    Interrupted,
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::vec::Vec;
    use core::convert::Infallible;

    /// Ends its waits as the script says, each a millisecond after its beginning.
    struct Scripted {
        script: Vec<Waited>,
        limits: Vec<Option<Duration>>,
    }

    impl Poller for Scripted {
        type Source<'s> = ();
        type Error = Infallible;

        fn register(&mut self, (): (), _: Token, _: Interest) -> Result<(), Infallible> {
            Ok(())
        }

        fn modify(&mut self, (): (), _: Token, _: Interest) -> Result<(), Infallible> {
            Ok(())
        }

        fn deregister(&mut self, (): (), _: Token) -> Result<(), Infallible> {
            Ok(())
        }

        fn wait(&mut self, limit: Option<Duration>) -> Result<Waited, Infallible> {
            self.limits.push(limit);
            Ok(self.script.remove(0))
        }

        fn next_event(&mut self) -> Option<Event> {
            None
        }
    }

    #[test]
    fn an_interrupted_wait_waits_for_the_rest() {
        use Waited::{Interrupted, Ready, TimedOut};
        for (script, until, ready, limits) in [
            (&[Interrupted, Interrupted, Ready][..], Some(5), true, &[Some(5), Some(4), Some(3)][..]),
            (&[Interrupted, Interrupted], Some(2), false, &[Some(2), Some(1)]),
            // The system cannot count so far: it says that it is over, and it is not.
            (&[TimedOut, Ready], Some(1_000_000), true, &[Some(1_000_000), Some(999_999)]),
            (&[Interrupted, Ready], None, true, &[None, None]),
        ] {
            let mut poller = Scripted { script: script.to_vec(), limits: Vec::new() };
            let millis = |millis| Instant::START.saturating_add(Duration::from_millis(millis));
            let mut asked = 0;
            // Asked twice for each wait: before it, and after.
            let now = || {
                asked += 1;
                millis(asked / 2)
            };
            assert_eq!(poller.wait_until(until.map(millis), now), Ok(ready));
            let waited: Vec<_> = limits.iter().map(|limit| limit.map(Duration::from_millis)).collect();
            assert_eq!((poller.limits, poller.script), (waited, Vec::new()));
        }
    }
}
