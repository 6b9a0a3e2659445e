//! What lies beneath TCP and UDP in a captured packet: link layers, IPv4 and IPv6, checksums; and UDP itself.
//!
//! Packets are read from slices that hold all that was captured, and written into slices. Nothing of a packet is trusted:
//! each length is held against what is there, and what is wrong has a name and an offset ([`PacketError`]). A capture may
//! hold less than the wire did (its snap length): [`Captured`] knows both lengths, and a header that is whole is read
//! whatever is missing behind it.
//!
//! Each format is a *view*, which checks the bytes once and reads fields where they lie, and a *value* (`…Header`), whose
//! `parse` takes it from a view, and whose `emit` writes it.
//!
//! | layer | view | value |
//! |---|---|---|
//! | link | [`LinkType::network_packet`] | |
//! | IP of either version | [`Packet`] | |
//! | IPv4 (RFC 791) | [`Ipv4Packet`] | [`Ipv4Header`] |
//! | IPv6 (RFC 8200) | [`Ipv6Packet`] | [`Ipv6Header`] |
//! | UDP (RFC 768) | [`UdpDatagram`] | [`UdpHeader`] |
//! | TCP (RFC 9293) | [`tcp::segment`](crate::tcp::segment) | |
//!
//! Not in scope: fragments are not put together; what is encrypted (ESP) stays so.
//!
//! ```
//! use wirenut::ip::{Captured, LinkType, Packet, Protocol};
//! let frame = [
//!     [0x45, 0, 0, 29, 0, 1, 0, 0, 64, 17, 0x7c, 0xcd, 127, 0, 0, 1, 127, 0, 0, 1].as_slice(), // IPv4
//!     &[0x30, 0x39, 0, 53, 0, 9, 0, 0, b'?'],                                                  // UDP
//! ]
//! .concat();
//! let captured = LinkType::Raw.network_packet(Captured::whole(&frame))?.expect("an IP packet");
//! let packet = Packet::parse(captured)?;
//! assert_eq!((packet.protocol(), packet.payload().length()), (Protocol::UDP, 9));
//! # Ok::<(), wirenut::ip::PacketError>(())
//! ```

mod captured;
mod checksum;
mod error;
mod extension;
mod ipv4;
mod ipv4_header;
mod ipv6;
mod ipv6_header;
mod link;
mod packet;
mod protocol;
mod udp;

pub use captured::Captured;
pub use checksum::{Checksum, ChecksumVerdict};
pub use error::{PacketError, PacketRule};
pub use extension::Fragment;
pub(crate) use extension::missing;
pub use ipv4::Ipv4Packet;
pub use ipv4_header::Ipv4Header;
pub use ipv6::Ipv6Packet;
pub use ipv6_header::Ipv6Header;
pub use link::LinkType;
pub use packet::Packet;
pub use protocol::Protocol;
pub use udp::{UdpDatagram, UdpHeader};
