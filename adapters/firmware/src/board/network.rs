//! Who the board is on the wire: the addresses of QEMU's user network.

use smoltcp::{
    iface::{Config, Interface},
    phy::Device,
    time::Instant,
    wire::{EthernetAddress, IpCidr, Ipv4Address, Ipv4Cidr},
};

/// Our hardware address: locally administered, since nobody sold us one.
pub const MAC_ADDRESS: [u8; 6] = [0x02, b'w', b'i', b'r', b'e', b'n'];

/// Our address, the one to which QEMU forwards.
pub const ADDRESS: Ipv4Cidr = Ipv4Cidr::new(Ipv4Address::new(10, 0, 2, 15), 24);

/// The way out, and where forwarded connections seem to come from.
pub const GATEWAY: Ipv4Address = Ipv4Address::new(10, 0, 2, 2);

/// smoltcp draws the first sequence numbers from it. The board has no source of randomness; a
/// real one must use its own here, or its connections can be guessed.
pub(super) const RANDOM_SEED: u64 = 0x5749_5245_4e55_5401;

/// Sets smoltcp's interface up with these addresses.
///
/// # Panics
///
/// Never: the tables of the interface have room for one address and one route.
pub fn interface(device: &mut impl Device, now: Instant) -> Interface {
    let mut config = Config::new(EthernetAddress(MAC_ADDRESS).into());
    config.random_seed = RANDOM_SEED;
    let mut interface = Interface::new(config, device, now);
    interface.update_ip_addrs(|addresses| {
        addresses.push(IpCidr::Ipv4(ADDRESS)).expect("the interface has room for one address");
    });
    interface.routes_mut().add_default_ipv4_route(GATEWAY).expect("the interface has room for one route");
    interface
}
