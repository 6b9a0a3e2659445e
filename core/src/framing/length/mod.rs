//! Messages with their length in front.

mod field;
mod layout;
mod prefix;

pub use field::LengthField;
pub use layout::{ByteOrder, InvalidLayout, Width};
pub use prefix::LengthPrefixed;
