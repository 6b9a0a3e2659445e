//! IP packets of either version.

use core::net::IpAddr;

use crate::ip::extension::missing;
use crate::ip::{Captured, Fragment, Ipv4Packet, Ipv6Packet, PacketError, PacketRule, Protocol};

/// A checked view of an IP packet: the version that its first byte says.
#[derive(Clone, Copy, Debug)]
pub enum Packet<'p> {
    /// Version 4.
    V4(Ipv4Packet<'p>),
    /// Version 6.
    V6(Ipv6Packet<'p>),
}

impl<'p> Packet<'p> {
    /// Reads the headers.
    ///
    /// # Errors
    ///
    /// Those of [`Ipv4Packet::parse`] and [`Ipv6Packet::parse`]; [`PacketRule::UnknownVersion`] for others.
    #[inline]
    pub fn parse(packet: Captured<'p>) -> Result<Self, PacketError> {
        match packet.bytes().first().map(|first| first >> 4) {
            Some(4) => Ipv4Packet::parse(packet).map(Self::V4),
            Some(6) => Ipv6Packet::parse(packet).map(Self::V6),
            Some(_) => Err(PacketError::new(PacketRule::UnknownVersion, 0)),
            None => Err(missing(packet, 1)),
        }
    }

    /// Who sent it.
    #[must_use]
    #[inline]
    pub fn source(&self) -> IpAddr {
        match self {
            Self::V4(packet) => packet.source().into(),
            Self::V6(packet) => packet.source().into(),
        }
    }

    /// Whom it is for.
    #[must_use]
    #[inline]
    pub fn destination(&self) -> IpAddr {
        match self {
            Self::V4(packet) => packet.destination().into(),
            Self::V6(packet) => packet.destination().into(),
        }
    }

    /// What it carries, behind all headers that are skipped.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        match self {
            Self::V4(packet) => packet.protocol(),
            Self::V6(packet) => packet.protocol(),
        }
    }

    /// What it carries: of a fragment that is not the first, no header of TCP or UDP.
    #[must_use]
    pub const fn payload(&self) -> Captured<'p> {
        match self {
            Self::V4(packet) => packet.payload(),
            Self::V6(packet) => packet.payload(),
        }
    }

    /// Which piece of a packet it is, if it is not a whole one.
    #[must_use]
    pub fn fragment(&self) -> Option<Fragment> {
        match self {
            Self::V4(packet) => packet.fragment(),
            Self::V6(packet) => packet.fragment(),
        }
    }
}
