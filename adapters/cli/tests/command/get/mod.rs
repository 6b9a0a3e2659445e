//! `wirenut get`, against servers that behave and some that do not.

mod resume;
mod server;
mod twin;
