//! `wirenut get`, against servers that behave and some that do not.

mod failures;
mod requests;
mod resume;
mod secure;
mod server;
mod terminal;
mod twin;
