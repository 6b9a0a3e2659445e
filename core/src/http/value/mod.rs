//! What the values of fields mean.

pub(crate) mod accept_encoding;
pub(crate) mod conditional;
pub(crate) mod date;
pub(crate) mod entity_tag;
pub(crate) mod error;
mod hop_by_hop;
pub(crate) mod range;
