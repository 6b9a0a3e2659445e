//! What a header of version 2 says besides addresses: type, length, value (proxy-protocol §2.2).

use super::error::{Error, Rule};
use super::raw_tlv::{RawTlv, RawTlvs};
use super::tls::Tls;

/// Numbers of types.
pub(super) const ALPN: u8 = 0x01;
pub(super) const AUTHORITY: u8 = 0x02;
pub(super) const CRC32C: u8 = 0x03;
pub(super) const NOOP: u8 = 0x04;
pub(super) const UNIQUE_ID: u8 = 0x05;
pub(super) const SSL: u8 = 0x20;
pub(super) const NETNS: u8 = 0x30;

/// The longest value of [`UNIQUE_ID`].
const UNIQUE_ID_BYTES: usize = 128;

/// One thing that a proxy says of a connection. [`Header::tlvs`](super::Header::tlvs) has an example.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Tlv<'b> {
    /// PP2_TYPE_ALPN: the protocol that the client speaks, by its name in RFC 7301.
    Alpn(&'b [u8]),
    /// PP2_TYPE_AUTHORITY: the name of the host that the client asked for (SNI).
    Authority(&'b str),
    /// PP2_TYPE_CRC32C: the checksum of the header. It was right.
    Crc32c(u32),
    /// PP2_TYPE_NOOP: nothing.
    Noop(&'b [u8]),
    /// PP2_TYPE_UNIQUE_ID: what identifies the connection, up to 128 bytes.
    UniqueId(&'b [u8]),
    /// PP2_TYPE_SSL: how the client is connected to the proxy by TLS.
    Tls(Tls<'b>),
    /// PP2_TYPE_NETNS: the name of a network namespace, in visible ASCII.
    Netns(&'b str),
    /// Any other type: 0xE0 to 0xEF are an application's own.
    Other {
        /// Its number.
        kind: u8,
        /// What it says.
        value: &'b [u8],
    },
}

impl<'b> Tlv<'b> {
    /// The number of its type.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Alpn(_) => ALPN,
            Self::Authority(_) => AUTHORITY,
            Self::Crc32c(_) => CRC32C,
            Self::Noop(_) => NOOP,
            Self::UniqueId(_) => UNIQUE_ID,
            Self::Tls(_) => SSL,
            Self::Netns(_) => NETNS,
            Self::Other { kind, .. } => *kind,
        }
    }

    /// A value as what its type says that it is.
    pub(super) fn read(raw: &RawTlv<'b>) -> Result<Self, Error> {
        let RawTlv { kind, value, .. } = *raw;
        Ok(match kind {
            ALPN => Self::Alpn(value),
            AUTHORITY => Self::Authority(raw.text()?),
            CRC32C => {
                let number = value.try_into().map_err(|_| raw.wrong_length())?;
                Self::Crc32c(u32::from_be_bytes(number))
            }
            NOOP => Self::Noop(value),
            UNIQUE_ID if value.len() > UNIQUE_ID_BYTES => return Err(raw.wrong_length()),
            UNIQUE_ID => Self::UniqueId(value),
            SSL => Self::Tls(Tls::read(raw)?),
            NETNS => Self::Netns(raw.ascii()?),
            kind => Self::Other { kind, value },
        })
    }
}

/// The TLVs of a header, in their order. All of them are checked.
///
/// ```
/// use wirenut::proxy::{Endpoints, HeaderWriter, Limits, Parsed, Tlv, parse};
/// let mut room = [0; 64];
/// let endpoints = Endpoints::tcp(([192, 0, 2, 7], 56324).into(), ([192, 0, 2, 1], 443).into());
/// let mut writer = HeaderWriter::new(&mut room, &endpoints)?;
/// writer.tlv(&Tlv::Authority("example.org"))?;
/// let Ok(Parsed::Header(header)) = parse(&Limits::DEFAULT, writer.finish()) else { unreachable!("it is whole") };
/// let authority = header.tlvs.iter().find_map(|tlv| if let Tlv::Authority(name) = tlv { Some(name) } else { None });
/// assert_eq!(authority, Some("example.org"));
/// # Ok::<(), wirenut::proxy::WriteError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tlvs<'b>(&'b [u8]);

impl<'b> Tlvs<'b> {
    /// None.
    pub const EMPTY: Self = Self(&[]);

    /// Checks all that stand from `start` on in the header; gives also the place of the checksum.
    pub(super) fn read(bytes: &'b [u8], start: usize) -> Result<(Self, Option<(usize, u32)>), Error> {
        let (mut seen, mut checksum) = (Seen::default(), None);
        for raw in RawTlvs::new(bytes, start) {
            let raw = raw?;
            if !seen.is_first(raw.kind) {
                return Err(Error::new(Rule::DuplicateTlv, raw.offset()));
            }
            if let Tlv::Crc32c(number) = Tlv::read(&raw)? {
                checksum = Some((raw.value_offset(), number));
            }
        }
        Ok((Self(bytes), checksum))
    }

    /// One after the other.
    #[must_use]
    pub const fn iter(&self) -> TlvsIter<'b> {
        TlvsIter(RawTlvs::new(self.0, 0))
    }
}

impl<'b> IntoIterator for Tlvs<'b> {
    type Item = Tlv<'b>;
    type IntoIter = TlvsIter<'b>;

    fn into_iter(self) -> TlvsIter<'b> {
        self.iter()
    }
}

/// Gives [`Tlvs`] one by one.
#[derive(Clone, Debug)]
pub struct TlvsIter<'b>(RawTlvs<'b>);

impl<'b> Iterator for TlvsIter<'b> {
    type Item = Tlv<'b>;

    fn next(&mut self) -> Option<Tlv<'b>> {
        // They were checked.
        Tlv::read(&self.0.next()?.ok()?).ok()
    }
}

/// Which types were there that can be there once only.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Seen(u8);

impl Seen {
    /// Is it the first of its type, or of a type that can be there again? Notes it.
    pub(super) fn is_first(&mut self, kind: u8) -> bool {
        let bit = match kind {
            ALPN => 1,
            AUTHORITY => 2,
            CRC32C => 4,
            UNIQUE_ID => 8,
            SSL => 16,
            NETNS => 32,
            _ => return true,
        };
        let is_first = self.0 & bit == 0;
        self.0 |= bit;
        is_first
    }
}
