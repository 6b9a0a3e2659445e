//! Messages without their content: heads, as they are read and as they are written, and what they consist of.

pub(crate) mod fields;
pub(crate) mod request;
pub(crate) mod request_head;
pub(crate) mod request_kind;
pub(crate) mod response;
pub(crate) mod response_head;
pub(crate) mod target;
