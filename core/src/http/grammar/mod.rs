//! The grammar of all that stands before and between content, as one table: request lines and status lines, field
//! lines of heads and trailers, Host and authorities, Content-Length, lists, chunk-size lines with their extensions.
//!
//! [`ROWS`] is the only semantics. One byte machine runs it for both roles, so any cut of the same bytes gives the same
//! verdict, at the first byte that cannot stand where it stands. A pass that takes sixteen bytes at once may stand in
//! front of it, but it only ever accepts what the table accepts, and is held to that.
//!
//! An action may refuse a byte where the table alone cannot tell: an address or a port that no byte can make right, a
//! second Host, a length that overflows. What only the whole head decides is decided at its empty line.
//!
#![doc = include_str!("table.md")]

mod actions;
mod check;
mod compact;
pub(crate) mod field_line;
pub(crate) mod incoming;
mod ip_literal;
pub(crate) mod machine;
#[cfg(feature = "quick")]
pub(crate) mod quick;
pub(crate) mod response_framing;
mod span;
pub(crate) mod state;
mod store;
mod table;
#[cfg(test)]
mod tests;
mod verdict;
pub(crate) mod words;

pub use state::State;
pub use table::{Action, Class, On, ROWS, Row};

impl On {
    /// Does a row that is so take this byte?
    ///
    /// ```
    /// use wirenut::http::grammar::{Class, On};
    /// assert!(On::Byte(b'H').takes(b'H') && On::Class(Class::Digit).takes(b'7'));
    /// assert!(!On::Byte(b'H').takes(b'h'));
    /// ```
    #[must_use]
    pub fn takes(self, byte: u8) -> bool {
        match self {
            Self::Byte(only) => byte == only,
            Self::Class(class) => compact::is_in_class(byte, class),
        }
    }
}
