//! The same bytes, the same answers: in memory, on Linux, and on a board.
//!
//! A [`Case`] is what a client does; each wire makes a [`Transcript`] of it:
//!
//! | wire | what runs there |
//! |---|---|
//! | memory | a session, between two calls ([`memory`]) |
//! | Linux | the Linux server, over the loopback interface |
//! | embedded-io | one connection of a blocking stream, or of a socket of tokio, over the loopback interface |
//! | board | the firmware in QEMU, over smoltcp and over embassy, through QEMU's network |
//!
//! All of them run the reference service with its [`DEVICE_LIMITS`](wirenut_reference::DEVICE_LIMITS), from the same
//! [`State`]. Here is what needs no socket; the other wires are beside the test, which depends on them.
//!
//! | what | how it is compared |
//! |---|---|
//! | status line, fields and their order | to the byte, without Date: a device has no clock |
//! | a body of declared length | to the byte |
//! | a chunked body | without the framing: the sizes of chunks follow the buffers |
//! | 100 (Continue) | only where the client waits for it: whether it is told depends on whether it has gone on |
//! | whether the connection goes on | to the byte: a last request, the probe, is answered or not |
//! | an end in good order, or a reset | between all but the board; QEMU's network may make an end of a reset, and then the body is not whole |
//!
//! Time-outs are left out: nobody waits for them, and each part has tests with a clock of its own.

pub mod case;
pub mod cases;
pub mod memory;
pub mod transcript;

pub use case::{Case, Step};
pub use transcript::{Close, Transcript};

use wirenut_reference::{Device, MemoryDevice};

/// What the reference service remembers from one connection to the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct State {
    /// The degrees that are wanted.
    pub setting: u8,
    /// The requests that were counted.
    pub requests: u32,
}

impl State {
    /// That of a device that has just started.
    pub const FRESH: Self = Self { setting: 20, requests: 0 };

    /// A device that remembers this.
    #[must_use]
    pub fn device(self) -> MemoryDevice {
        let device = MemoryDevice::new();
        device.set(self.setting);
        (0..self.requests).for_each(|_| device.count_request());
        device
    }
}
