//! One connection, seen from either end: what may come next, what was asked, and when it ends.

pub(crate) mod client;
pub(crate) mod context;
pub(crate) mod pipeline;
pub(crate) mod server;
pub mod state;
