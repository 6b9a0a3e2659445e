//! What a queued signal carries.

/// The value of a [queued](super::queue) signal, `union sigval` of sigevent(3type): an `int` or a word, as both sides have agreed.
///
/// ```
/// use wirenut_linux::signal::Value;
/// assert_eq!(Value::from(-7_i32).as_i32(), -7);
/// assert_eq!(Value::from(usize::MAX).as_usize(), usize::MAX);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Value(usize);

impl Value {
    /// The `int`, where the sender gave one.
    #[must_use]
    pub fn as_i32(self) -> i32 {
        let mut bytes = [0; size_of::<i32>()];
        bytes.copy_from_slice(&self.0.to_ne_bytes()[..size_of::<i32>()]);
        i32::from_ne_bytes(bytes)
    }

    /// The whole word.
    #[must_use]
    pub const fn as_usize(self) -> usize {
        self.0
    }
}

/// In the bytes at which C finds the union's `int`; the others are zero.
impl From<i32> for Value {
    fn from(value: i32) -> Self {
        let mut bytes = [0; size_of::<usize>()];
        bytes[..size_of::<i32>()].copy_from_slice(&value.to_ne_bytes());
        Self(usize::from_ne_bytes(bytes))
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self(value)
    }
}
