//! What the parent, the keeper and the workers write to each other.
//!
//! Every message is a head and items. An order asks for one function with each item; a report has a result for each. The
//! processes are copies of one program, so numbers are as the machine has them.

use rustix::io::Errno;

use crate::process::Ended;
use crate::signal::Signal;

/// The bytes of a head.
pub(super) const HEAD: usize = 16;

/// What every message begins with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    /// Which call it is about.
    pub(super) id: u64,
    /// Of an order, the function's place in the table, or [`FINISH`]; of a report, one of its kinds.
    pub(super) what: u32,
    /// Of an order, how many items; of a report, what its kind says more.
    pub(super) detail: u32,
}

/// In place of a function: end when all is done.
pub(super) const FINISH: u32 = u32::MAX;

// The kinds of reports.
/// The keeper has its workers, or could not make them: an error's number.
pub(super) const STARTED: u32 = 0;
/// The results follow. Its detail: whether the worker leaves.
pub(super) const RESULTS: u32 = 1;
/// There is no worker, nor can one be made: an error's number.
pub(super) const NO_WORKER: u32 = 2;
/// The worker was killed, as the time was over.
pub(super) const TIMED_OUT: u32 = 3;
/// The worker has left: its status.
pub(super) const EXITED: u32 = 4;
/// A signal has ended the worker: its number, and 256 more with a core dump.
pub(super) const SIGNALED: u32 = 5;
/// The worker has ended, however it did.
pub(super) const ENDED: u32 = 6;
/// The order or the results did not get through: an error's number.
pub(super) const LOST: u32 = 7;

impl Head {
    pub(super) fn to_bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..8].copy_from_slice(&self.id.to_ne_bytes());
        bytes[8..12].copy_from_slice(&self.what.to_ne_bytes());
        bytes[12..].copy_from_slice(&self.detail.to_ne_bytes());
        bytes
    }

    pub(super) fn of(message: &[u8]) -> Option<Self> {
        let (id, rest) = message.split_first_chunk()?;
        let (what, rest) = rest.split_first_chunk()?;
        let (detail, _) = rest.split_first_chunk()?;
        Some(Self { id: u64::from_ne_bytes(*id), what: u32::from_ne_bytes(*what), detail: u32::from_ne_bytes(*detail) })
    }

    /// A report of a worker's end.
    pub(super) fn died(id: u64, ended: &Ended) -> Self {
        let (what, detail) = match ended {
            Ended::Exited(status) => (EXITED, u32::from(*status)),
            Ended::Signaled { signal, core_dumped } => {
                (SIGNALED, signal.number().unsigned_abs() | if *core_dumped { 256 } else { 0 })
            }
            Ended::Panicked(_) | Ended::Unknown => (ENDED, 0),
        };
        Self { id, what, detail }
    }

    /// A report that the order, or what came of it, did not get through.
    pub(super) fn lost(self, errno: Errno) -> Self {
        Self { what: LOST, detail: errno.raw_os_error().unsigned_abs(), ..self }
    }

    /// How a worker has ended, of such a report.
    pub(super) fn ended(self) -> Ended {
        match self.what {
            EXITED => u8::try_from(self.detail).map_or(Ended::Unknown, Ended::Exited),
            SIGNALED => {
                let number = i32::try_from(self.detail & 255).unwrap_or(0);
                let core_dumped = self.detail & 256 != 0;
                Signal::from_number(number).map_or(Ended::Unknown, |signal| Ended::Signaled { signal, core_dumped })
            }
            _ => Ended::Unknown,
        }
    }
}

/// Begins a message, of which the head is [filled in](put_head) when it is known.
pub(super) fn message() -> Vec<u8> {
    vec![0; HEAD]
}

pub(super) fn put_head(message: &mut [u8], head: Head) {
    if let Some(place) = message.first_chunk_mut() {
        *place = head.to_bytes();
    }
}

/// Appends an item that `write` makes. False, and nothing is appended, if it is longer than 4 GiB.
pub(super) fn put_item<R>(message: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> R) -> Option<R> {
    let begin = message.len();
    message.extend([0; 4]);
    let result = write(message);
    let written = u32::try_from(message.len().saturating_sub(begin + 4));
    match (written, message.get_mut(begin..).and_then(|item| item.first_chunk_mut())) {
        (Ok(length), Some(place)) => {
            *place = length.to_ne_bytes();
            Some(result)
        }
        _ => {
            message.truncate(begin);
            None
        }
    }
}

/// The items of a message, behind its head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Items<'m>(pub(super) &'m [u8]);

impl<'m> Iterator for Items<'m> {
    type Item = &'m [u8];

    fn next(&mut self) -> Option<&'m [u8]> {
        let (length, rest) = self.0.split_first_chunk()?;
        let (item, rest) = rest.split_at_checked(usize::try_from(u32::from_ne_bytes(*length)).ok()?)?;
        self.0 = rest;
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut message = message();
        for item in [&b"one"[..], b"", b"three"] {
            put_item(&mut message, |message| message.extend(item)).unwrap();
        }
        let head = Head { id: u64::MAX - 1, what: 3, detail: 7 };
        put_head(&mut message, head);
        assert_eq!(Head::of(&message), Some(head));
        assert_eq!(Items(&message[HEAD..]).collect::<Vec<_>>(), [&b"one"[..], b"", b"three"]);
        assert_eq!(Head::of(&message[..HEAD - 1]), None);
        // Whatever is cut is no item, and nothing panics.
        for end in HEAD..message.len() {
            assert!(Items(&message[HEAD..end]).count() < 3);
        }
    }

    #[test]
    fn ends_are_told_as_they_were() {
        let signals =
            Signal::all().flat_map(|signal| [false, true].map(|core_dumped| Ended::Signaled { signal, core_dumped }));
        for ended in (0..=255).map(Ended::Exited).chain(signals).chain([Ended::Unknown]) {
            assert_eq!(Head::died(9, &ended).ended(), ended);
        }
    }
}
