//! Headers between IP and what it carries: those of IPv6 (RFC 8200 §4, RFC 7045), and the authentication header.

use crate::ip::{Captured, PacketError, PacketRule, Protocol};

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
pub(super) const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
const MOBILITY: u8 = 135;
const HOST_IDENTITY: u8 = 139;
const SHIM6: u8 = 140;

/// A piece of a packet that was sent in several (RFC 791 §3.2, RFC 8200 §4.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Fragment {
    /// Which packet it is of: the same for all its pieces.
    pub identification: u32,
    /// Where in it this piece begins, in bytes. Only the piece at 0 has the header of TCP or UDP.
    pub offset: usize,
    /// Are there pieces behind this one?
    pub more: bool,
}

impl Fragment {
    /// A fragment, unless it is all of the packet (RFC 6946).
    pub(crate) fn unless_whole(identification: u32, offset: usize, more: bool) -> Option<Self> {
        (offset != 0 || more).then_some(Self { identification, offset, more })
    }
}

/// What lies behind all such headers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Upper<'p> {
    pub(super) protocol: Protocol,
    pub(super) fragment: Option<Fragment>,
    pub(super) payload: Captured<'p>,
}

impl<'p> Upper<'p> {
    /// Behind a header of IPv6. Each header that is skipped has eight bytes at least, so their number is bounded by what
    /// was captured.
    pub(super) fn of_ipv6(first: u8, payload: Captured<'p>) -> Result<Self, PacketError> {
        let (mut next, mut rest, mut fragment) = (first, payload, None);
        loop {
            let offset = payload.length().saturating_sub(rest.length());
            let behind = |error: PacketError| error.behind(offset);
            let length = match next {
                HOP_BY_HOP if offset != 0 => return Err(PacketError::new(PacketRule::HopByHopNotFirst, offset)),
                HOP_BY_HOP | ROUTING | DESTINATION | MOBILITY | HOST_IDENTITY | SHIM6 => {
                    options_length(rest).map_err(behind)?
                }
                AUTHENTICATION => authentication_length(rest).map_err(behind)?,
                FRAGMENT => {
                    fragment = fragment_at(rest).map_err(behind)?;
                    FRAGMENT_LENGTH
                }
                _ => break,
            };
            next = next_header(rest).map_err(behind)?;
            rest = within(rest, length).map_err(behind)?;
            if fragment.is_some_and(|fragment| fragment.offset != 0) {
                break;
            }
        }
        Ok(Self { protocol: Protocol::new(next), fragment, payload: rest })
    }
}

/// What an authentication header names, and what lies behind it.
pub(super) fn behind_authentication(header: Captured<'_>) -> Result<(u8, Captured<'_>), PacketError> {
    let length = authentication_length(header)?;
    Ok((next_header(header)?, within(header, length)?))
}

const FRAGMENT_LENGTH: usize = 8;

fn fragment_at(header: Captured<'_>) -> Result<Option<Fragment>, PacketError> {
    let Some(&[_, _, high, low, a, b, c, d]) = header.header::<FRAGMENT_LENGTH>() else {
        return Err(missing(header, FRAGMENT_LENGTH));
    };
    let place = u16::from_be_bytes([high, low]);
    Ok(Fragment::unless_whole(u32::from_be_bytes([a, b, c, d]), usize::from(place & !7), place & 1 != 0))
}

/// In units of eight bytes, without the first (RFC 8200 §4.2).
fn options_length(header: Captured<'_>) -> Result<usize, PacketError> {
    let Some(&[_, length]) = header.header() else { return Err(missing(header, 2)) };
    Ok(usize::from(length).saturating_add(1).saturating_mul(8))
}

/// In units of four bytes, without the first two (RFC 4302 §2.2). The fixed part has twelve.
fn authentication_length(header: Captured<'_>) -> Result<usize, PacketError> {
    match header.header() {
        Some(&[_, 0]) => Err(PacketError::new(PacketRule::InvalidAuthenticationLength, 1)),
        Some(&[_, length]) => Ok(usize::from(length).saturating_add(2).saturating_mul(4)),
        None => Err(missing(header, 2)),
    }
}

fn next_header(header: Captured<'_>) -> Result<u8, PacketError> {
    header.bytes().first().copied().ok_or(missing(header, 1))
}

/// What lies behind a header of this length.
fn within(header: Captured<'_>, length: usize) -> Result<Captured<'_>, PacketError> {
    if header.bytes().len() < length { Err(missing(header, length)) } else { Ok(header.behind(length)) }
}

/// Why there are not so many bytes for a header: the packet is not longer, or the capture is not.
#[cold]
pub(crate) fn missing(packet: Captured<'_>, needed: usize) -> PacketError {
    let is_captured = packet.length() < needed;
    let rule = if is_captured { PacketRule::HeaderBeyondPacket } else { PacketRule::Truncated };
    PacketError::new(rule, packet.bytes().len())
}
