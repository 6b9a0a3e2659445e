//! How often the same datagram goes back to the same address.
//!
//! Two echoes that send each other one datagram would do so for ever, and nothing in it says that its sender is an echo. But
//! it is always the same. So each is counted, and after some hundred the datagram is kept: that ends its way for good.

use core::hash::{BuildHasher, Hash};
use core::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use core::time::Duration;
use std::hash::RandomState;

use wirenut_linux::Error;
use wirenut_linux::sync::{Shared, SharedSlice};

/// How often the same datagram goes back within a [`WINDOW`].
pub(super) const MAX: u16 = 256;

/// For how long it is counted. A loop in which a datagram needs longer than this by [`MAX`] keeps nobody busy.
pub(super) const WINDOW: Duration = Duration::from_secs(10);

/// How many counters there are in each of two rows. Datagrams share them, by a hash that nobody can foresee, and each is
/// counted in both rows: the lower count is never too low, so no number of datagrams hides one that comes again and again.
/// It is hardly ever too high: both of its counters would have to be another's, too, or a million different datagrams a
/// second to come.
const COUNTERS: usize = 1 << 15;

/// Counts datagrams, in memory that threads and processes share. It reads no clock: times are those since any fixed moment.
#[derive(Debug)]
pub(super) struct Repeats {
    rows: [SharedSlice<AtomicU16>; 2],
    /// The number of the window that they are of.
    window: Shared<AtomicU64>,
    hashing: RandomState,
}

/// Whether a datagram goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It does.
    Send,
    /// It has come too often, and this is the first time that it is kept.
    KeepFirst,
    /// It is kept again.
    Keep,
}

impl Repeats {
    /// # Errors
    /// The system has no memory or no descriptor left.
    pub(super) fn new() -> Result<Self, Error> {
        let row = || SharedSlice::new(COUNTERS, |_| AtomicU16::new(0));
        Ok(Self { rows: [row()?, row()?], window: Shared::new(AtomicU64::new(0))?, hashing: RandomState::new() })
    }

    /// Counts a datagram that came from there.
    pub(super) fn count(&self, from: &impl Hash, bytes: &[u8], now: Duration) -> Verdict {
        let window = u64::try_from(now.as_nanos() / WINDOW.as_nanos()).unwrap_or(u64::MAX);
        if self.window.swap(window, Ordering::Relaxed) != window {
            // What others count at this moment may be lost, which lets some more of the same through.
            self.rows.iter().flat_map(|row| row.iter()).for_each(|count| count.store(0, Ordering::Relaxed));
        }
        let hash = self.hashing.hash_one((from, bytes));
        let mut lowest = u16::MAX;
        for (row, part) in self.rows.iter().zip([hash, hash >> 32]) {
            let count = &row[part as usize % COUNTERS];
            // It stands still at the end, and does not begin anew.
            let before = count.load(Ordering::Relaxed);
            let count =
                if before == u16::MAX { before } else { count.fetch_add(1, Ordering::Relaxed).saturating_add(1) };
            lowest = lowest.min(count);
        }
        match lowest {
            0..=MAX => Verdict::Send,
            count if count == MAX + 1 => Verdict::KeepFirst,
            _ => Verdict::Keep,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::{Ipv4Addr, SocketAddr};

    fn peer(port: u16) -> SocketAddr {
        SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)
    }

    /// How often a datagram is sent back that comes each so many microseconds for a minute.
    fn sent(pause: u64) -> usize {
        let repeats = Repeats::new().unwrap();
        let times = (0..60_000_000).step_by(usize::try_from(pause).unwrap()).map(Duration::from_micros);
        times.filter(|now| repeats.count(&peer(7007), b"same", *now) == Verdict::Send).count()
    }

    #[test]
    fn a_flood_of_the_same_is_kept_and_a_trickle_is_not() {
        let windows = 6;
        assert_eq!(sent(1_000), windows * usize::from(MAX));
        assert_eq!(sent(20_000), windows * usize::from(MAX));
        assert_eq!(sent(50_000), 1200, "20 a second");
    }

    /// Each of them, however many circulate: as one that is kept does not come again.
    #[test]
    fn each_loop_ends() {
        let repeats = [Repeats::new().unwrap(), Repeats::new().unwrap()];
        let mut circulating: Vec<u32> = (0..100).collect();
        let mut rounds = 0_u64;
        while !circulating.is_empty() {
            let now = Duration::from_micros(100 * rounds);
            for (number, repeats) in repeats.iter().enumerate() {
                let from = peer(7000 + number as u16);
                circulating.retain(|datagram| repeats.count(&from, &datagram.to_le_bytes(), now) == Verdict::Send);
            }
            rounds += 1;
            assert!(rounds <= u64::from(MAX) + 1, "{} still circulate", circulating.len());
        }
    }

    #[test]
    fn other_datagrams_and_other_peers_are_others() {
        let repeats = Repeats::new().unwrap();
        let first_kept = (0..300).position(|_| repeats.count(&peer(1), b"a", Duration::ZERO) != Verdict::Send);
        assert_eq!(first_kept, Some(usize::from(MAX)));
        assert_eq!(repeats.count(&peer(1), b"a", Duration::ZERO), Verdict::Keep);
        assert_eq!(repeats.count(&peer(1), b"a", WINDOW), Verdict::Send);
        let others =
            (0..200_000_u32).filter(|number| repeats.count(&peer(2), &number.to_le_bytes(), WINDOW) != Verdict::Send);
        assert_eq!(others.count(), 0, "many that differ");
    }

    #[test]
    fn those_that_are_kept_take_no_others_with_them() {
        let repeats = Repeats::new().unwrap();
        for datagram in 0..200_u8 {
            for _ in 0..300 {
                repeats.count(&peer(1), &[datagram], Duration::ZERO);
            }
        }
        let others = (0..10_000_u32)
            .filter(|number| repeats.count(&peer(2), &number.to_le_bytes(), Duration::ZERO) != Verdict::Send)
            .count();
        // One in 27,000 pairs of counters is full; of a single row it would be one in 160 counters.
        assert!(others <= 10, "{others}");
    }
}
