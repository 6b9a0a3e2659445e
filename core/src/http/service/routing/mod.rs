//! Services that are made of handlers.

pub(super) mod application;
pub(super) mod route;
pub(super) mod routed_request;
pub(super) mod routes;
pub(super) mod service_fn;
