//! What stands for a client where the share of each is bounded.

use core::net::IpAddr;

/// The address of a client, and of IPv6 the network, of which each client has one of its own. `None`: for those that cannot
/// be told from each other: on this machine, where a proxy stands for many, or without an address.
pub(super) fn network(peer: Option<IpAddr>) -> Option<IpAddr> {
    match peer?.to_canonical() {
        local if local.is_loopback() => None,
        IpAddr::V6(address) => Some(IpAddr::from((u128::from(address) >> 64 << 64).to_be_bytes())),
        address @ IpAddr::V4(_) => Some(address),
    }
}
