//! Link layers of captures: what stands before the IP packet.

use crate::ip::extension::missing;
use crate::ip::{Captured, PacketError, PacketRule};

/// What a captured frame begins with, by the LINKTYPE_ registry of tcpdump.org.
///
/// ```
/// use wirenut::ip::{Captured, LinkType};
/// let mut frame = [0; 14 + 4 + 20];
/// frame[12..18].copy_from_slice(&[0x81, 0, 0, 7, 8, 0]); // VLAN 7, IPv4
/// let packet = LinkType::Ethernet.network_packet(Captured::whole(&frame))?;
/// assert_eq!(packet.map(Captured::length), Some(20));
/// frame[16..18].copy_from_slice(&[8, 6]); // ARP
/// assert_eq!(LinkType::Ethernet.network_packet(Captured::whole(&frame))?, None);
/// # Ok::<(), wirenut::ip::PacketError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LinkType {
    /// An address family in the byte order of the machine that captured (0), or in that of the network (108).
    Null,
    /// Ethernet (1), with any number of VLAN tags (IEEE 802.1Q, 802.1ad).
    Ethernet,
    /// An IP packet of either version, and nothing before it (12, 14, 101, 228, 229).
    Raw,
    /// "Cooked" frames of Linux, of any interface, version 1 (113).
    LinuxCooked,
    /// Version 2 of those (276).
    LinuxCooked2,
}

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
/// What says that a VLAN tag follows: of 802.1Q, of 802.1ad, and what was used before that.
const VLAN: [u16; 3] = [0x8100, 0x88a8, 0x9100];
/// AF_INET, which is the same everywhere, and what the BSDs, macOS and Linux call AF_INET6.
const FAMILIES: [u32; 5] = [2, 24, 28, 30, 10];

impl LinkType {
    /// The link layer of this number in a capture's header. None: unknown here.
    #[must_use]
    pub const fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            0 | 108 => Self::Null,
            1 => Self::Ethernet,
            12 | 14 | 101 | 228 | 229 => Self::Raw,
            113 => Self::LinuxCooked,
            276 => Self::LinuxCooked2,
            _ => return None,
        })
    }

    /// The IP packet in a frame, unchecked, with whatever pads the frame behind it. None: the frame carries something
    /// else (ARP, for example).
    ///
    /// # Errors
    ///
    /// The header is not whole, or names an address family that does not exist.
    #[inline]
    pub fn network_packet(self, frame: Captured<'_>) -> Result<Option<Captured<'_>>, PacketError> {
        match self {
            Self::Raw => Ok(Some(frame)),
            Self::Null => null(frame),
            Self::Ethernet => behind_ether_type(frame, 12, 14),
            Self::LinuxCooked => behind_ether_type(frame, 14, 16),
            Self::LinuxCooked2 => behind_ether_type(frame, 0, 20),
        }
    }
}

fn null(frame: Captured<'_>) -> Result<Option<Captured<'_>>, PacketError> {
    let family = *frame.header::<4>().ok_or_else(|| missing(frame, 4))?;
    let is_family = |family| FAMILIES.contains(&family);
    if is_family(u32::from_le_bytes(family)) || is_family(u32::from_be_bytes(family)) {
        return Ok(Some(frame.behind(4)));
    }
    match family {
        // Another family: such as ISO, 7.
        [_, 0, 0, 0] | [0, 0, 0, _] if family != [0; 4] => Ok(None),
        _ => Err(PacketError::new(PacketRule::InvalidLinkHeader, 0)),
    }
}

/// What follows a header of `length` bytes with the number of a protocol `at` a place in it, and VLAN tags behind it. A
/// tag is four bytes, the last two of which are the next such number.
#[inline]
fn behind_ether_type(frame: Captured<'_>, at: usize, length: usize) -> Result<Option<Captured<'_>>, PacketError> {
    if frame.bytes().len() < length {
        return Err(missing(frame, length));
    }
    let (mut rest, mut ether_type) = (frame.behind(length), ether_type(frame, at)?);
    while VLAN.contains(&ether_type) {
        let offset = frame.length().saturating_sub(rest.length());
        ether_type = self::ether_type(rest, 2).map_err(|error| error.behind(offset))?;
        rest = rest.behind(4);
    }
    Ok(matches!(ether_type, IPV4 | IPV6).then_some(rest))
}

#[inline]
fn ether_type(header: Captured<'_>, at: usize) -> Result<u16, PacketError> {
    let bytes = header.behind(at).header::<2>().ok_or_else(|| missing(header, at.saturating_add(2)))?;
    Ok(u16::from_be_bytes(*bytes))
}
