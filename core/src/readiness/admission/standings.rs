//! What connections are doing, as far as that decides who gives way, and since when.

use crate::time::{Duration, Instant};

/// What a connection is doing, as far as that decides who gives way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Standing {
    /// It is in the middle of something, and does not give way.
    Busy,
    /// All that it will ever send is sent; what the peer still sends is thrown away.
    Lingering,
    /// It is between two requests, and nothing of the next one has come.
    Idle,
    /// It waits for the rest of a request's head, or for the first request.
    Reading,
}

/// What the connection of a slot is doing, and since when, in four bytes: ticks of 1,024 µs, of which there are 30 bits
/// that wrap around after 12 days.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Since(u32);

impl Since {
    /// It does not give way, or there is none. A zero, which needs no other bytes in flash than those that clear memory.
    pub const BUSY: Self = Self(0);

    const TICKS: u32 = u32::MAX >> 2;

    pub(super) fn new(standing: Standing, now: Instant) -> Self {
        #[expect(clippy::as_conversions, reason = "discriminants are small")]
        let standing = standing as u32;
        Self(ticks(now) << 2 | standing)
    }

    pub(super) const fn standing(self) -> Standing {
        match self.0 & 3 {
            0 => Standing::Busy,
            1 => Standing::Lingering,
            2 => Standing::Idle,
            _ => Standing::Reading,
        }
    }

    /// When it gives way, compared with others.
    pub(super) fn order(self, waits: &Waits, now: Instant) -> Order {
        let age = ticks(now).wrapping_sub(self.0 >> 2) & Self::TICKS;
        let wait = waits.0.get(index(self.0 & 3)).copied().unwrap_or(NEVER);
        Order(u64::from(wait.saturating_sub(age)) << 32 | u64::from(self.0 << 30 | Self::TICKS ^ age))
    }
}

/// How many ticks each standing must last before it gives way.
#[derive(Clone, Debug)]
pub(super) struct Waits([u32; 4]);

/// More than any age, and so much more that what is left is more than any wait.
const NEVER: u32 = u32::MAX;

impl Waits {
    /// Of those that are idle, and of those whose heads do not come; `None`: they do not give way.
    pub(super) const fn new(idle: Option<Duration>, reading: Option<Duration>) -> Self {
        Self([NEVER, 0, wait(idle), wait(reading)])
    }
}

#[expect(clippy::as_conversions, reason = "its bound is looked at")]
const fn wait(min: Option<Duration>) -> u32 {
    match min {
        Some(min) if min.as_micros() >> 10 < Since::TICKS as u64 => min.as_micros().div_ceil(1 << 10) as u32,
        _ => NEVER,
    }
}

/// Who gives way before whom: first by the ticks that are left until then, then by standing, then whoever does it for longest.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Order(u64);

impl Order {
    /// Behind that of everybody who gives way at all: an age has 30 bits.
    pub(super) const NEVER: Self = Self(1 << 62);

    /// How long it takes. None: for ever.
    pub(super) fn left(self) -> Option<Duration> {
        (self.0 < Self::NEVER.0).then_some(Duration::from_micros(self.0 >> 32 << 10))
    }
}

/// The low bits of the ticks of a time.
fn ticks(time: Instant) -> u32 {
    u32::try_from(time.as_micros() >> 10 & u64::from(u32::MAX)).unwrap_or(0)
}

/// Where an [`Admission`](super::Admission) keeps what the connection of each slot is doing: [`Lists`](super::Lists), or
/// an array for few.
pub trait Standings {
    /// What the connection of this slot is doing. [`Since::BUSY`] where there is no such slot.
    fn since(&self, slot: u32) -> Since;

    /// From now on it does this. Nothing, where there is no such slot.
    fn set(&mut self, slot: u32, since: Since);

    /// Slots among which is, of each standing, the one that has it for longest.
    fn candidates(&self) -> impl Iterator<Item = (u32, Since)>;
}

impl<const N: usize> Standings for [Since; N] {
    fn since(&self, slot: u32) -> Since {
        self.get(index(slot)).copied().unwrap_or(Since::BUSY)
    }

    fn set(&mut self, slot: u32, since: Since) {
        if let Some(place) = self.get_mut(index(slot)) {
            *place = since;
        }
    }

    fn candidates(&self) -> impl Iterator<Item = (u32, Since)> {
        (0..).zip(self.iter().copied())
    }
}

pub(super) fn index(slot: u32) -> usize {
    usize::try_from(slot).unwrap_or(usize::MAX)
}
