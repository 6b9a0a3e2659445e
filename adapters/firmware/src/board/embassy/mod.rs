//! The board for embassy: its executor, its clock and its network, each in a file.
//!
//! All that happens is seen by one loop, [`run`]'s; interrupts only end its sleep. So nothing here is woken from a
//! handler, and nothing that the loop looks at is missed: a frame stays announced until the network has looked for it.

mod driver;
mod executor;
mod time;

use embassy_net::{Config, Ipv4Cidr, StaticConfigV4, tcp};
use wirenut_embedded_io::Error;

use super::device::EthernetDevice;
use super::network::{ADDRESS, GATEWAY};
use crate::warn;
pub use executor::run;

/// embassy-net draws the first sequence numbers and ports from it; see [`network`](super::network).
pub const RANDOM_SEED: u64 = super::network::RANDOM_SEED;

/// Starts the clock and the Ethernet controller, which is embassy-net's driver.
///
/// # Panics
///
/// As [`Board::start`](super::Board::start), instead of which it is called.
#[must_use]
pub fn start(frames: &'static mut super::FrameBuffers) -> EthernetDevice {
    super::start(frames).1
}

/// The addresses of [`network`](super::network).
#[must_use]
pub fn config() -> Config {
    Config::ipv4_static(StaticConfigV4 {
        address: Ipv4Cidr::new(ADDRESS.address(), ADDRESS.prefix_len()),
        gateway: Some(GATEWAY),
        dns_servers: Default::default(),
    })
}

/// Logs why a connection did not end in good order.
pub fn report(error: Error<tcp::Error>) {
    if let Error::Protocol(error) = error {
        warn!("{} at byte {=u64}", error.rule, error.offset);
    } else {
        warn!("the connection was lost");
    }
}
