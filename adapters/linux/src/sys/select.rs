//! select(2), and its sets of descriptors.

use core::ptr;

use rustix::io::Result;
use wirenut::time::Duration;

use super::socket::last_error;
use super::time::timespec;

/// There is no larger descriptor in a set than the one before this.
pub(crate) const FD_SETSIZE: usize = libc::FD_SETSIZE;

const WORD_BITS: usize = libc::c_ulong::BITS as usize;

/// How many words a set has.
pub(crate) const WORDS: usize = FD_SETSIZE / WORD_BITS;

/// A set of descriptors, as the kernel reads and writes it: descriptor n is bit n.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Set([libc::c_ulong; WORDS]);

const _: () = assert!(size_of::<Set>() == size_of::<libc::fd_set>());

impl Set {
    pub(crate) const EMPTY: Self = Self([0; WORDS]);

    /// Puts a descriptor below [`FD_SETSIZE`] in, or takes it out.
    pub(crate) fn set(&mut self, descriptor: usize, is_in: bool) {
        let (word, bit) = (&mut self.0[descriptor / WORD_BITS], descriptor % WORD_BITS);
        *word = *word & !(1 << bit) | libc::c_ulong::from(is_in) << bit;
    }

    pub(crate) fn contains(&self, descriptor: usize) -> bool {
        self.0[descriptor / WORD_BITS] & 1 << (descriptor % WORD_BITS) != 0
    }

    /// The largest descriptor, and one.
    pub(crate) fn end(&self) -> usize {
        let last = self.0.iter().rposition(|word| *word != 0);
        last.map_or(0, |at| (at + 1) * WORD_BITS - self.0[at].leading_zeros() as usize)
    }

    /// The smallest descriptor of any of the sets, if it is not before that word.
    pub(crate) fn first(sets: &[Self; 3], from_word: usize) -> Option<usize> {
        (from_word..WORDS).find_map(|at| {
            let word = sets.iter().fold(0, |word, set| word | set.0[at]);
            (word != 0).then(|| at * WORD_BITS + word.trailing_zeros() as usize)
        })
    }

    /// In which word a descriptor is.
    pub(crate) const fn word_of(descriptor: usize) -> usize {
        descriptor / WORD_BITS
    }
}

/// Waits, for at most `limit`, until a descriptor below `end` can be read, written, or has something urgent, and leaves in
/// each set those that can. After an error the sets mean nothing.
pub(crate) fn select(end: usize, sets: &mut [Set; 3], limit: Option<Duration>) -> Result<()> {
    let limit = limit.map(timespec);
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    let end = libc::c_int::try_from(end.min(FD_SETSIZE)).unwrap_or(0);
    let [readable, writable, urgent] = sets.each_mut().map(|set| ptr::from_mut(set).cast::<libc::fd_set>());
    // SAFETY: each set has the layout of `fd_set` and room for `end` bits, which the kernel reads and writes; it reads
    // `limit`, if that is not null.
    let found = unsafe { libc::pselect(end, readable, writable, urgent, limit, ptr::null()) };
    if found < 0 { Err(last_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_keeps_its_descriptors() {
        let mut set = Set::EMPTY;
        assert_eq!((set.end(), Set::first(&[set; 3], 0)), (0, None));
        for descriptor in [1023, 64, 63, 0] {
            set.set(descriptor, true);
            assert!(set.contains(descriptor));
            assert_eq!((set.end(), Set::first(&[Set::EMPTY, Set::EMPTY, set], 0)), (1024, Some(descriptor)));
        }
        assert_eq!(Set::first(&[set; 3], Set::word_of(64)), Some(64));
        set.set(1023, false);
        assert_eq!((set.contains(1023), set.end()), (false, 65));
    }
}
