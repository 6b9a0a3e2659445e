//! What the values of fields mean.

pub(crate) mod accept_encoding;
pub(crate) mod conditional;
pub(crate) mod cookie;
mod cookie_date;
pub(crate) mod date;
pub(crate) mod entity_tag;
pub(crate) mod error;
mod find;
pub(crate) mod form;
mod hop_by_hop;
mod lines;
mod output;
pub(crate) mod percent;
pub(crate) mod percent_encode;
pub(crate) mod range;
pub(crate) mod set_cookie;
mod set_cookie_parse;
pub mod structured;
