//! Numbers that look as if they came by chance, the same for the same seed.

/// A generator (xorshift).
///
/// ```
/// use wirenut_tests::dice::Dice;
/// let (mut one, mut other) = (Dice::new(7), Dice::new(7));
/// let number = one.below(6);
/// assert!(number < 6 && number == other.below(6));
/// ```
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// One that this seed decides.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number, from 0 up to and without `bound`, which is not zero.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % bound
    }
}
