//! The tests that need more than one part of Wirenut.

extern crate alloc;

mod application;
mod cases;
mod client;
mod corpus;
mod crowd;
mod defaults;
mod device_client;
mod errors;
mod events_firmware;
mod floors;
mod forms;
mod framing;
mod full_firmware;
mod install;
mod manifests;
mod parity;
mod peers;
mod process;
mod properties;
mod ranges;
mod readme;
mod regressions;
mod room;
mod rooms;
mod slow;
mod small_buffer;
mod states;
mod streams;
mod suites;
mod time;
mod trailers;
mod values;
mod wrap;
