//! What became of credentials lately.

use alloc::sync::Arc;
use core::time::Duration;
use std::collections::HashMap;
use std::time::Instant;

use wirenut::http::constant_time_eq;

/// For how long a password that was right need not be checked again.
const ACCEPTED_FOR: Duration = Duration::from_secs(15 * 60);

/// The same for one that was wrong: programs that repeat it cost nothing, and who guesses gains nothing.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// How many of each are remembered at most.
const MOST: usize = 1024;

/// A keyed hash of a user and a password. Nobody without the key can choose two that share a byte, so that the time that a
/// look-up takes says nothing about them.
pub(super) type Digest = [u8; 32];

/// What became of credentials, by their digests. Those that were right and those that were wrong have room of their own: who
/// guesses drives out nobody who knows.
#[derive(Default)]
pub(super) struct Memory {
    accepted: Table<Arc<[u8]>>,
    refused: Table<()>,
}

impl Memory {
    /// The user of right credentials. `Some(None)`: they are wrong.
    pub(super) fn recall(&self, digest: &Digest, now: Instant) -> Option<Option<Arc<[u8]>>> {
        match self.accepted.get(digest, now) {
            Some(user) => Some(Some(Arc::clone(user))),
            None => self.refused.get(digest, now).map(|()| None),
        }
    }

    pub(super) fn remember(&mut self, digest: Digest, user: Option<&Arc<[u8]>>, now: Instant) {
        match user {
            Some(user) => self.accepted.put(digest, Arc::clone(user), now, ACCEPTED_FOR),
            None => self.refused.put(digest, (), now, REFUSED_FOR),
        }
    }
}

/// A bounded number of values, each for some time.
struct Table<V> {
    /// By the first eight bytes.
    values: HashMap<[u8; 8], Remembered<V>>,
}

struct Remembered<V> {
    digest: Digest,
    until: Instant,
    value: V,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { values: HashMap::new() }
    }
}

impl<V> Table<V> {
    fn get(&self, digest: &Digest, now: Instant) -> Option<&V> {
        let found = self.values.get(&place(digest))?;
        (constant_time_eq(&found.digest, digest) && now < found.until).then_some(&found.value)
    }

    fn put(&mut self, digest: Digest, value: V, now: Instant, lasts: Duration) {
        if self.values.len() >= MOST && !self.values.contains_key(&place(&digest)) {
            self.values.retain(|_, value| now < value.until);
            if self.values.len() >= MOST
                && let Some(first) = self.values.iter().min_by_key(|(_, value)| value.until).map(|(place, _)| *place)
            {
                self.values.remove(&first);
            }
        }
        self.values.insert(place(&digest), Remembered { digest, until: now + lasts, value });
    }
}

fn place(digest: &Digest) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = *digest;
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: u32) -> Digest {
        let mut digest = [0; 32];
        digest[..4].copy_from_slice(&number.to_le_bytes());
        digest
    }

    #[test]
    fn outcomes_are_known_for_their_time() {
        let (now, user) = (Instant::now(), Arc::from(&b"ann"[..]));
        let mut memory = Memory::default();
        memory.remember(digest(1), Some(&user), now);
        memory.remember(digest(2), None, now);
        let at = |seconds| now + Duration::from_secs(seconds);
        for (number, seconds, expected) in [
            (1, 0, Some(Some(&user))),
            (1, 899, Some(Some(&user))),
            (1, 900, None),
            (2, 59, Some(None)),
            (2, 60, None),
            (3, 0, None),
        ] {
            let known = memory.recall(&digest(number), at(seconds));
            assert_eq!(known.as_ref().map(Option::as_ref), expected, "{number} after {seconds} s");
        }
        let mut other = digest(1);
        other[31] = 1;
        assert_eq!(memory.recall(&other, now), None, "all bytes count");
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let (now, user) = (Instant::now(), Arc::from(&b"ann"[..]));
        let mut memory = Memory::default();
        memory.remember(digest(0), Some(&user), now);
        for number in 1..=2 * MOST as u32 {
            memory.remember(digest(number), None, now + Duration::from_millis(number.into()));
        }
        assert_eq!(memory.refused.values.len(), MOST);
        let now = now + Duration::from_secs(10);
        assert!(memory.recall(&digest(0), now).is_some(), "guesses drive out nobody who knows");
        assert!(memory.recall(&digest(1), now).is_none() && memory.recall(&digest(2 * MOST as u32), now).is_some());
    }
}
