//! Version 2: binary (proxy-protocol §2.2).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::crc32c::crc32c;
use super::endpoints::{Endpoints, Transport, UnixAddress};
use super::error::{Error, Rule};
use super::header::{Header, Parsed, Version};
use super::limits::Limits;
use super::tlv::Tlvs;

pub(super) const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Bytes before the block.
pub(super) const HEAD: usize = 16;
pub(super) const LOCAL: u8 = 0x20;
pub(super) const PROXY: u8 = 0x21;
pub(super) const IPV4: u8 = 0x10;
pub(super) const IPV6: u8 = 0x20;
pub(super) const UNIX: u8 = 0x30;
pub(super) const STREAM: u8 = 1;
pub(super) const DATAGRAM: u8 = 2;

/// Places in the head.
const COMMAND_AT: usize = 12;
const FAMILY_AT: usize = 13;
const LENGTH_AT: usize = 14;

/// Reads a header that begins with a carriage return. Its block is looked at once it is whole, as proxy-protocol §2.2
/// demands: so no byte of it is read twice, whatever the cut.
pub(super) fn parse<'b>(limits: &Limits, input: &'b [u8]) -> Result<Parsed<'b>, Error> {
    let Some((kind, length)) = read_head(limits, input)? else { return Ok(Parsed::NeedMore(HEAD)) };
    let Some(header) = input.get(..length) else { return Ok(Parsed::NeedMore(length)) };
    let block = header.get(HEAD..).unwrap_or_default();
    let (endpoints, tlvs) = kind.read(block).ok_or(BLOCK_TOO_SHORT)?;
    let (tlvs, checksum) = Tlvs::read(tlvs, length.saturating_sub(tlvs.len()))?;
    if let Some((at, told)) = checksum
        && told != checksum_of(header, at)
    {
        return Err(Error::new(Rule::WrongChecksum, at));
    }
    Ok(Parsed::Header(Header { version: Version::V2, endpoints, tlvs, length }))
}

/// Of a header, with zeros in place of the checksum at this place (proxy-protocol §2.2.3).
pub(super) fn checksum_of(header: &[u8], at: usize) -> u32 {
    let (before, rest) = header.split_at_checked(at).unwrap_or((header, &[]));
    let zeros = [0; size_of::<u32>()];
    crc32c(&[before, &zeros, rest.get(zeros.len()..).unwrap_or_default()])
}

/// The low byte of the length decides it: no addresses are longer than 255 bytes.
const BLOCK_TOO_SHORT: Error = Error::new(Rule::BlockTooShort, LENGTH_AT.saturating_add(1));

/// What the block says, and the length of the header, once so many bytes are there.
fn read_head(limits: &Limits, input: &[u8]) -> Result<Option<(Kind, usize)>, Error> {
    if let Some(at) = input.iter().zip(SIGNATURE).position(|(byte, expected)| *byte != expected) {
        return Err(Error::new(Rule::InvalidSignature, at));
    }
    let Some(command) = input.get(COMMAND_AT) else { return Ok(None) };
    let is_local = match *command {
        LOCAL => true,
        PROXY => false,
        command if command >> 4 != LOCAL >> 4 => return Err(Error::new(Rule::UnsupportedVersion, COMMAND_AT)),
        _ => return Err(Error::new(Rule::UnknownCommand, COMMAND_AT)),
    };
    let Some(family) = input.get(FAMILY_AT) else { return Ok(None) };
    let kind = if is_local { Kind::Local } else { Kind::of(*family)? };
    let Some(high) = input.get(LENGTH_AT) else { return Ok(None) };
    let most = usize::from(limits.header_bytes);
    let least = HEAD.saturating_add(usize::from(*high) << 8);
    if least > most {
        return Err(Error::new(Rule::HeaderTooLong, LENGTH_AT));
    }
    let Some(low) = input.get(LENGTH_AT.saturating_add(1)) else { return Ok(None) };
    let length = least.saturating_add(usize::from(*low));
    if length > most {
        return Err(Error::new(Rule::HeaderTooLong, LENGTH_AT.saturating_add(1)));
    }
    if length < HEAD.saturating_add(kind.address_bytes()) {
        return Err(BLOCK_TOO_SHORT);
    }
    Ok(Some((kind, length)))
}

/// What a block begins with.
#[derive(Clone, Copy)]
enum Kind {
    Local,
    Unspecified,
    Ipv4(Transport),
    Ipv6(Transport),
    Unix(Transport),
}

impl Kind {
    fn of(family: u8) -> Result<Self, Error> {
        let transport = match family & 15 {
            STREAM => Some(Transport::Stream),
            DATAGRAM => Some(Transport::Datagram),
            _ => None,
        };
        match (family & 0xf0, transport) {
            (IPV4, Some(transport)) => Ok(Self::Ipv4(transport)),
            (IPV6, Some(transport)) => Ok(Self::Ipv6(transport)),
            (UNIX, Some(transport)) => Ok(Self::Unix(transport)),
            (IPV4 | IPV6 | UNIX, None) => Err(Error::new(Rule::UnknownTransport, FAMILY_AT)),
            _ if family == 0 => Ok(Self::Unspecified),
            _ => Err(Error::new(Rule::UnknownFamily, FAMILY_AT)),
        }
    }

    const fn address_bytes(self) -> usize {
        match self {
            Self::Local | Self::Unspecified => 0,
            Self::Ipv4(_) => 12,
            Self::Ipv6(_) => 36,
            Self::Unix(_) => 216,
        }
    }

    /// The ends, and the bytes of TLVs behind them. `None`: they are cut.
    fn read(self, block: &[u8]) -> Option<(Endpoints<'_>, &[u8])> {
        match self {
            Self::Local => Some((Endpoints::Local, &[])),
            Self::Unspecified => Some((Endpoints::Unspecified, &[])),
            Self::Ipv4(transport) => read_ip::<4, Ipv4Addr>(transport, block),
            Self::Ipv6(transport) => read_ip::<16, Ipv6Addr>(transport, block),
            Self::Unix(transport) => {
                let (source, rest) = block.split_first_chunk()?;
                let (destination, rest) = rest.split_first_chunk()?;
                let (source, destination) = (UnixAddress(source), UnixAddress(destination));
                Some((Endpoints::Unix { transport, source, destination }, rest))
            }
        }
    }
}

fn read_ip<const BYTES: usize, A: From<[u8; BYTES]> + Into<IpAddr>>(
    transport: Transport,
    block: &[u8],
) -> Option<(Endpoints<'_>, &[u8])> {
    let (source, rest) = block.split_first_chunk()?;
    let (destination, rest) = rest.split_first_chunk()?;
    let (&[a, b, c, d], rest) = rest.split_first_chunk()?;
    let source = SocketAddr::new(A::from(*source).into(), u16::from_be_bytes([a, b]));
    let destination = SocketAddr::new(A::from(*destination).into(), u16::from_be_bytes([c, d]));
    Some((Endpoints::Ip { transport, source, destination }, rest))
}
