//! Wirenut: one protocol core, any wire.
//!
//! A sans-IO core: it parses and writes HTTP/1.x, models connections and says when it wants what, and never does I/O,
//! never allocates, never reads a clock. Adapters bind it to Linux and to embedded stacks.
// The pages of docs.rs say which feature an item needs; that takes a nightly compiler.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::panic,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        reason = "tests may panic"
    )
)]

mod bytes;
pub mod framing;
pub mod http;
pub mod ip;
pub mod proxy;
pub mod readiness;
mod rules;
pub mod tcp;
pub mod time;
pub mod transport;
pub mod websocket;
