//! Services that are made of handlers.

pub(super) mod application;
pub(super) mod methods;
pub(super) mod route;
pub(super) mod routed_request;
pub(super) mod routes;
pub(super) mod service_fn;
#[cfg_attr(target_pointer_width = "64", path = "start_words.rs")]
#[cfg_attr(not(target_pointer_width = "64"), path = "start_plain.rs")]
mod start;
