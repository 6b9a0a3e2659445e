//! The reference service: a small device with a page, a reading, a setting, and endpoints that move bytes.
//!
//! It is linked unchanged into a Linux server, a firmware and the tests, and must answer the same bytes with the same
//! bytes in all of them. What differs between them is behind [`Device`].
//!
//! | request | response |
//! |---|---|
//! | `GET /` | a page for a person |
//! | `GET /reading` | `{"celsius":21.5,"setting":20,"requests":0}` |
//! | `GET /live` | over WebSocket, the reading whenever it changes; `set 23` wants other degrees |
//! | `PUT /setting` | content: whole degrees, [`SETTINGS`]; 204 |
//! | `POST /upload` | any content; `{"length":9,"crc32":"cbf43926"}` |
//! | `POST /form` | multipart/form-data; each part's name, file name, type, length and CRC-32 |
//! | `GET /download?bytes=N` | [`N`](MAX_DOWNLOAD) bytes of [`pattern_byte`], [`DEFAULT_DOWNLOAD`] if not asked |
//! | `POST /echo` | the content, as it comes |
//! | `GET /slow?ms=N` | `done`, after [`N`](MAX_SLOW_MS) milliseconds, [`DEFAULT_SLOW_MS`] if not asked |
//!
//! HEAD works where GET does, OPTIONS everywhere. Other methods are answered 405, other paths 404, and each error with
//! a line of text.
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

#[cfg(test)]
extern crate std;

mod crc32;
mod decimal;
mod device;
mod form;
mod live;
mod query;
mod route;
mod service;
mod text;

pub use crc32::Crc32;
pub use device::{DEVICE_FILTER, DEVICE_LIMITS, Device, MemoryDevice};
pub use form::{FORM_HEAD_BYTES, FORM_PARTS};
pub use service::{
    DEFAULT_DOWNLOAD, DEFAULT_SLOW_MS, Exchange, MAX_DOWNLOAD, MAX_SLOW_MS, Reference, SETTINGS, pattern_byte,
};
