//! Bodies on their way, in and out: what delimits them, whoever sends them. Both ends of a connection use these.

pub mod multipart;
pub(crate) mod read;
pub(crate) mod write;
