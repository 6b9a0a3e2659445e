//! How much room the byte machine needs for what it keeps.

use super::words::LONGEST;
use crate::http::limits::Limits;

impl Limits {
    /// How large the store must be that is lent while a head or a trailer section is read, in bytes: for the lines that
    /// are kept, and a word that is looked up. With a smaller one more is refused (431), but nothing is misread.
    ///
    /// ```
    /// use wirenut::http::{FieldFilter, Limits};
    /// const LIMITS: Limits = Limits { field_filter: Some(&FieldFilter { names: &["Accept"], bytes: 109 }), ..Limits::DEFAULT };
    /// assert_eq!(LIMITS.store_bytes(), 128);
    /// assert_eq!(Limits::DEFAULT.store_bytes(), 16 * 1024);
    /// ```
    #[must_use]
    #[expect(clippy::as_conversions, reason = "there is no const conversion; a store is not larger than memory")]
    pub const fn store_bytes(&self) -> usize {
        match self.field_filter {
            Some(field_filter) => (field_filter.bytes as usize).saturating_add(self.longest_word()),
            None if self.trailer_bytes > self.head_bytes => self.trailer_bytes as usize,
            None => self.head_bytes as usize,
        }
    }

    /// The length of the longest word that may mean something.
    pub(crate) const fn longest_word(&self) -> usize {
        let longest = match self.field_filter {
            Some(field_filter) => field_filter.longest_name(),
            None => 0,
        };
        if longest > LONGEST { longest } else { LONGEST }
    }
}
