//! What the firmware images of this folder share: the board, and how they report trouble.
//!
//! The board is QEMU's `mps2-an385`, a Cortex-M3 at 25 MHz with a LAN9118 Ethernet controller.
//! A binary of `src/bin` starts it and then repeats one round for ever: let smoltcp work,
//! serve the sockets, sleep until there is something to do.
//!
//! ```ignore
//! #[cortex_m_rt::entry]
//! fn main() -> ! {
//!     static mut FRAMES: FrameBuffers = FrameBuffers::new();
//!     static mut BOARD: MaybeUninit<Board> = MaybeUninit::uninit();
//!     let board = BOARD.write(Board::start(FRAMES));
//!     loop {
//!         let changed = board.poll(&mut sockets);
//!         // ... serve the sockets ...
//!         board.sleep(&sockets);
//!     }
//! }
//! ```
//!
//! With the feature `embassy`, [`board::embassy`] brings the same board to embassy's executor and network instead.
//!
//! In scope: registers, clock, frames, the network's addresses, logs. And the services and the server over smoltcp that the firmwares of one
//! kind share ([`hello`], [`full`], [`web`]). Out of scope: anything that a second board would not have to supply in its own way.

#![no_std]

pub mod board;
pub use board::{Board, FrameBuffers};

pub mod canned;

pub mod full;

pub mod hello;

pub mod sockets;

pub mod web;

#[cfg(feature = "fetch")]
pub mod fetch;

mod diagnostics;
pub use diagnostics::{error, info, warn};
