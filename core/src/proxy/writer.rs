//! Writes a header of version 2.

use core::net::{IpAddr, SocketAddr};

use super::endpoints::{Endpoints, Transport};
use super::error::WriteError;
use super::output::{Output, of_one_family};
use super::raw_tlv::RawTlv;
use super::tls::{Tls, TlsTlv};
use super::tlv::{CRC32C, SSL, Seen, Tlv};
use super::v2::{DATAGRAM, HEAD, IPV4, IPV6, LOCAL, PROXY, SIGNATURE, STREAM, UNIX, checksum_of};

/// Writes a header of version 2 to a buffer: addresses, then TLVs, then perhaps a checksum. What it writes, a receiver
/// reads as the same, if its limit allows so many bytes.
///
/// ```
/// use wirenut::proxy::{Endpoints, HeaderWriter, Limits, Parsed, Tlv, parse};
/// let endpoints = Endpoints::tcp(([192, 0, 2, 7], 56324).into(), ([192, 0, 2, 1], 443).into());
/// let mut room = [0; 64];
/// let mut writer = HeaderWriter::new(&mut room, &endpoints)?;
/// writer.tlv(&Tlv::UniqueId(b"7f000001"))?;
/// let header = writer.finish_with_checksum()?;
/// assert_eq!(header.len(), 16 + 12 + 3 + 8 + 3 + 4);
/// let Ok(Parsed::Header(header)) = parse(&Limits::DEFAULT, header) else { unreachable!("it was just written") };
/// assert_eq!(header.endpoints, endpoints);
/// # Ok::<(), wirenut::proxy::WriteError>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct HeaderWriter<'o> {
    output: Output<'o>,
    seen: Seen,
}

impl<'o> HeaderWriter<'o> {
    /// Writes all that stands before the TLVs: 16 bytes, and 12, 36 or 216 for the addresses. If one address alone is of
    /// IPv6, the other one is mapped into it (`::ffff:192.0.2.1`).
    ///
    /// # Errors
    /// [`WriteError::Full`]: `out` is too short.
    pub fn new(out: &'o mut [u8], endpoints: &Endpoints<'_>) -> Result<Self, WriteError> {
        let mut writer = Self { output: Output::new(out), seen: Seen::default() };
        writer.output.put(&SIGNATURE)?;
        match *endpoints {
            Endpoints::Local => writer.output.put(&[LOCAL, 0, 0, 0])?,
            Endpoints::Unspecified => writer.output.put(&[PROXY, 0, 0, 0])?,
            Endpoints::Ip { transport, source, destination } => {
                let (source, destination) = of_one_family(source, destination);
                let family = if source.is_ipv4() { IPV4 } else { IPV6 };
                writer.output.put(&[PROXY, family | number(transport), 0, 0])?;
                writer.address(source)?;
                writer.address(destination)?;
                writer.output.put(&source.port().to_be_bytes())?;
                writer.output.put(&destination.port().to_be_bytes())?;
            }
            Endpoints::Unix { transport, source, destination } => {
                writer.output.put(&[PROXY, UNIX | number(transport), 0, 0])?;
                writer.output.put(source.0)?;
                writer.output.put(destination.0)?;
            }
        }
        writer.note_length()?;
        Ok(writer)
    }

    fn address(&mut self, address: SocketAddr) -> Result<(), WriteError> {
        match address.ip() {
            IpAddr::V4(address) => self.output.put(&address.octets()),
            IpAddr::V6(address) => self.output.put(&address.octets()),
        }
    }

    /// Adds a TLV. A receiver skips those of a header without addresses. On failure nothing is added.
    ///
    /// # Errors
    /// [`WriteError::Full`]: there is no room, or the header exceeds 65,551 bytes. [`WriteError::InvalidTlv`]: a receiver
    /// would refuse it, or it is the checksum, which [`Self::finish_with_checksum`] writes.
    pub fn tlv(&mut self, tlv: &Tlv<'_>) -> Result<(), WriteError> {
        if tlv.kind() == CRC32C {
            return Err(WriteError::InvalidTlv);
        }
        self.add(tlv.kind(), |writer| match *tlv {
            Tlv::Alpn(value) | Tlv::Noop(value) | Tlv::UniqueId(value) | Tlv::Other { value, .. } => {
                writer.output.put(value)
            }
            Tlv::Authority(text) | Tlv::Netns(text) => writer.output.put(text.as_bytes()),
            Tlv::Crc32c(number) => writer.output.put(&number.to_be_bytes()),
            Tlv::Tls(tls) => {
                writer.output.put(&tls.head())?;
                writer.output.put(tls.tlvs.bytes())
            }
        })
    }

    /// Adds a TLV about TLS, with these TLVs in it: `tls` without those that it has.
    ///
    /// ```
    /// use wirenut::proxy::{Endpoints, HeaderWriter, Tls, TlsTlv};
    /// let mut room = [0; 64];
    /// let mut writer = HeaderWriter::new(&mut room, &Endpoints::udp(([192, 0, 2, 7], 1).into(), ([192, 0, 2, 1], 2).into()))?;
    /// let tls = Tls { client: Tls::OVER_TLS, verify: 0, tlvs: Default::default() };
    /// writer.tls(&tls, &[TlsTlv::Version("TLSv1.3")])?;
    /// assert!(writer.finish().ends_with(b"\x20\x00\x0f\x01\0\0\0\0\x21\x00\x07TLSv1.3"));
    /// # Ok::<(), wirenut::proxy::WriteError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::tlv`].
    pub fn tls(&mut self, tls: &Tls<'_>, tlvs: &[TlsTlv<'_>]) -> Result<(), WriteError> {
        self.add(SSL, |writer| {
            writer.output.put(&tls.head())?;
            for tlv in tlvs {
                writer.head(tlv.kind(), tlv.value().len())?;
                writer.output.put(tlv.value())?;
            }
            Ok(())
        })
    }

    /// Adds a TLV whose value `put` writes, whole or not at all.
    fn add(&mut self, kind: u8, put: impl FnOnce(&mut Self) -> Result<(), WriteError>) -> Result<(), WriteError> {
        let (start, seen) = (self.output.length(), self.seen);
        let added = self.try_add(kind, put);
        if added.is_err() {
            self.output.shorten(start);
            self.seen = seen;
        }
        added
    }

    fn try_add(&mut self, kind: u8, put: impl FnOnce(&mut Self) -> Result<(), WriteError>) -> Result<(), WriteError> {
        if !self.seen.is_first(kind) {
            return Err(WriteError::InvalidTlv);
        }
        let head = self.output.length();
        self.head(kind, 0)?;
        let start = self.output.length();
        put(self)?;
        let value = self.output.written().get(start..).unwrap_or_default();
        Tlv::read(&RawTlv::new(kind, value)).map_err(|_| WriteError::InvalidTlv)?;
        let length = u16::try_from(value.len()).map_err(|_| WriteError::Full)?;
        self.output.put_at(head.saturating_add(1), &length.to_be_bytes())?;
        self.note_length()
    }

    /// Writes type and length.
    fn head(&mut self, kind: u8, length: usize) -> Result<(), WriteError> {
        let [high, low] = u16::try_from(length).map_err(|_| WriteError::Full)?.to_be_bytes();
        self.output.put(&[kind, high, low])
    }

    /// Writes down how long the block is so far.
    fn note_length(&mut self) -> Result<(), WriteError> {
        let length = u16::try_from(self.output.length().saturating_sub(HEAD)).map_err(|_| WriteError::Full)?;
        self.output.put_at(HEAD.saturating_sub(2), &length.to_be_bytes())
    }

    /// The header.
    #[must_use]
    pub fn finish(self) -> &'o [u8] {
        self.output.finish()
    }

    /// The header, with its CRC32C as its last TLV: seven bytes more.
    ///
    /// # Errors
    /// [`WriteError::Full`], as for any TLV.
    pub fn finish_with_checksum(mut self) -> Result<&'o [u8], WriteError> {
        self.add(CRC32C, |writer| writer.output.put(&[0; 4]))?;
        let at = self.output.length().saturating_sub(4);
        let checksum = checksum_of(self.output.written(), at);
        self.output.put_at(at, &checksum.to_be_bytes())?;
        Ok(self.output.finish())
    }
}

const fn number(transport: Transport) -> u8 {
    match transport {
        Transport::Stream => STREAM,
        Transport::Datagram => DATAGRAM,
    }
}
