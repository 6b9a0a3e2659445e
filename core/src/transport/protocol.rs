//! What is spoken over a connection.

use crate::readiness::Standing;
use crate::time::Instant;

/// What [`Protocol::drive`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[must_use]
pub struct Progress {
    /// Bytes of the input that were consumed.
    pub taken: usize,
    /// Bytes that were written to the output, from its start.
    pub written: usize,
}

/// What to do with a connection, once all that was written is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Disposition {
    /// Go on.
    Open,
    /// End our direction, and go on reading: what comes is thrown away until the peer ends its own, so that no reset
    /// destroys the last output on its way.
    ShutdownWrite,
    /// Close.
    Close,
    /// Reset: output that was cut off must not look whole. What was written before is sent first, for it may hold
    /// answers to earlier requests.
    Abort,
    /// Reset at once, without sending what is left: the peer is gone, or does not take it.
    Cut,
}

/// One end of a connection's protocol, together with all that it works with: bytes in, bytes out.
///
/// An implementation is made for a call and borrows what it needs (a session, its service, the time). It does no I/O.
/// [`Conversation`](super::Conversation) calls these methods in the right order.
///
/// ```
/// use wirenut::readiness::Standing;
/// use wirenut::time::Instant;
/// use wirenut::transport::{Action, Conversation, Disposition, Input, Progress, Protocol};
///
/// /// Sends back each whole line.
/// struct Echo;
///
/// impl Protocol for Echo {
///     fn drive(&mut self, input: &[u8], _: &mut [u8], output: &mut [u8]) -> Progress {
///         let line = input.split_inclusive(|&byte| byte == b'\n').next().filter(|line| line.ends_with(b"\n"));
///         let Some(line) = line.filter(|line| line.len() <= output.len()) else { return Progress::default() };
///         output[..line.len()].copy_from_slice(line);
///         Progress { taken: line.len(), written: line.len() }
///     }
///     fn handle_eof(&mut self) {}
///     fn handle_sent(&mut self, _: usize, _: usize) {}
///     fn handle_timeout(&mut self) {}
///     fn handle_reset(&mut self) {}
///     fn poll_timeout(&self) -> Option<Instant> { None }
///     fn is_readable(&self) -> bool { true }
///     fn standing(&self) -> Standing { Standing::Busy }
///     fn disposition(&self) -> Disposition { Disposition::Open }
/// }
///
/// let (mut conversation, mut output) = (Conversation::new(), [0; 16]);
/// let input = Input { bytes: b"hello\nand", has_ended: false };
/// assert_eq!(conversation.poll(&mut Echo, input, &mut [], &mut output), (6, Action::Send(6)));
/// assert_eq!(&output[..6], b"hello\n");
/// conversation.handle_sent(&mut Echo, 6, 0);
/// assert_eq!(conversation.poll(&mut Echo, Input { bytes: b"and", has_ended: false }, &mut [], &mut output), (0, Action::Wait));
/// ```
pub trait Protocol {
    /// Does all that can be done with these bytes and this room. `input` are the bytes that were not consumed before, and
    /// those that came since; what is not consumed is offered again. `store` is memory of which the first [`Self::stored`]
    /// bytes must be as the call before left them. `output` is written from its start. Nothing taken and nothing
    /// written: nothing can be done until more bytes or more room come, or time passes.
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress;

    /// How many bytes at the front of the store must be there again at the next [`Self::drive`]. By default there are none.
    fn stored(&self) -> usize {
        0
    }

    /// How much room [`Self::drive`] needs for what it may have to write, if the output is ever so long. A host whose output
    /// may be filled in part by what waits, such as a ring, does not call it with less. By default any room will do.
    fn needed_room(&self) -> usize {
        0
    }

    /// The peer has ended its direction, and all that came was offered to [`Self::drive`] and not consumed. Called once.
    fn handle_eof(&mut self);

    /// The peer has ended its direction; bytes of it may wait unread. To be told as soon as the host knows, where
    /// [`Self::wants_read_closed`]; [`Self::handle_eof`] follows when all was offered. By default nothing is done.
    fn handle_read_closed(&mut self) {}

    /// Does it want to hear of the peer's end although it does not read now, since it waits for something else? By default
    /// not.
    fn wants_read_closed(&self) -> bool {
        false
    }

    /// Of what was written, `sent` more bytes are on their way (given to the peer as far as the host can tell), and
    /// `left` still wait.
    fn handle_sent(&mut self, sent: usize, left: usize);

    /// [`Self::poll_timeout`] is due.
    fn handle_timeout(&mut self);

    /// The transport has failed: nothing more can come or go.
    fn handle_reset(&mut self);

    /// It is this time now. Hosts that keep a protocol itself from call to call, and not only what it is made of, say so
    /// before they call anything else. By default nothing is done: whatever is made for a call borrows the time.
    fn handle_now(&mut self, now: Instant) {
        let _ = now;
    }

    /// A waker of this connection was woken ([`Environment::waker`](super::Environment::waker)), or may have been. By default
    /// nothing is done: a [`Self::drive`] follows anyway.
    fn handle_wake(&mut self) {}

    /// The connection will be [retired](Self::retire), once what waits unread is answered: so whoever waits for something
    /// else should not wait for long. By default nothing is done.
    fn handle_drain(&mut self) {}

    /// The host wants the connection to end: at once if nothing is under way, and otherwise when that is over, which
    /// [`Self::disposition`] then says. May be called more than once. By default nothing is done, and the host cuts the
    /// connection when it has waited long enough.
    fn retire(&mut self) {}

    /// The connection is to give way to another one ([`Verdict::Evict`](crate::readiness::Verdict::Evict)). `has_unread`:
    /// bytes of it wait with the host that were not consumed.
    ///
    /// `false`: it does not, for it is in use, or a request waits unread. Tell
    /// [`Admission::set_standing`](crate::readiness::Admission::set_standing) that it is busy, and ask again. `true`: poll
    /// the conversation once more, which says the last word, and throws away what has come on a connection that lingers. If
    /// our direction has ended then ([`Conversation::is_shut`](super::Conversation::is_shut)), or the connection is over,
    /// close it and release its slot; otherwise its last answer has no room yet, and it is busy.
    ///
    /// By default whoever is not busy, and has nothing unread, is [retired](Self::retire), and gives way if that ends it.
    #[must_use]
    fn give_way(&mut self, has_unread: bool) -> bool {
        match self.standing() {
            Standing::Lingering => true,
            Standing::Idle | Standing::Reading if !has_unread => {
                self.retire();
                self.disposition() != Disposition::Open
            }
            Standing::Idle | Standing::Reading | Standing::Busy => false,
        }
    }

    /// When [`Self::handle_timeout`] is to be called, if nothing else happens before.
    fn poll_timeout(&self) -> Option<Instant>;

    /// Is it the peer's turn, so that the transport should be read? If not, what comes stays there: that is the
    /// back-pressure.
    fn is_readable(&self) -> bool;

    /// What it is doing, as far as that decides which connection gives way. [`Standing::Idle`] means also that a
    /// [`Self::drive`] without input would do nothing.
    fn standing(&self) -> Standing;

    /// What to do with the connection once all that was written is sent.
    fn disposition(&self) -> Disposition;

    /// How many bytes the host has to move itself before anything else. By default there are none.
    fn transfer(&self) -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does that, and ends when it is retired, or not.
    struct Retired {
        standing: Standing,
        ends: bool,
        is_retired: bool,
    }

    impl Protocol for Retired {
        fn drive(&mut self, _: &[u8], _: &mut [u8], _: &mut [u8]) -> Progress {
            Progress::default()
        }
        fn handle_eof(&mut self) {}
        fn handle_sent(&mut self, _: usize, _: usize) {}
        fn handle_timeout(&mut self) {}
        fn handle_reset(&mut self) {}
        fn retire(&mut self) {
            self.is_retired = true;
        }
        fn poll_timeout(&self) -> Option<Instant> {
            None
        }
        fn is_readable(&self) -> bool {
            true
        }
        fn standing(&self) -> Standing {
            self.standing
        }
        fn disposition(&self) -> Disposition {
            if self.ends && self.is_retired { Disposition::Close } else { Disposition::Open }
        }
    }

    #[test]
    fn by_default_who_ends_when_it_is_retired_gives_way() {
        use Standing::{Busy, Idle, Lingering, Reading};
        for (standing, has_unread, ends, gives_way) in [
            (Busy, false, true, false),
            (Lingering, false, false, true),
            (Lingering, true, false, true),
            (Idle, false, true, true),
            (Idle, true, true, false),
            (Idle, false, false, false),
            (Reading, false, true, true),
            (Reading, true, true, false),
        ] {
            let mut protocol = Retired { standing, ends, is_retired: false };
            assert_eq!(protocol.give_way(has_unread), gives_way, "{standing:?} {has_unread} {ends}");
            let is_asked_to_end = matches!(standing, Idle | Reading) && !has_unread;
            assert_eq!(protocol.is_retired, is_asked_to_end);
        }
    }
}
