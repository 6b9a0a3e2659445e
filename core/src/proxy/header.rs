//! A header, of whichever version.

use core::net::SocketAddr;

use super::endpoints::Endpoints;
use super::tlv::Tlvs;

/// What a proxy says in front of all other bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header<'b> {
    /// How it says so.
    pub version: Version,
    /// Between whom the connection runs.
    pub endpoints: Endpoints<'b>,
    /// What else it says of the connection. Empty in version 1, and where the header has no addresses.
    pub tlvs: Tlvs<'b>,
    /// Bytes of the header. What comes behind them is the client's.
    pub length: usize,
}

impl Header<'_> {
    /// The client's address, to be used in place of the peer's. `None`: the real peer's stays, since nobody is passed on
    /// (LOCAL), the proxy does not say who, or the client has no IP address.
    ///
    /// ```
    /// use wirenut::proxy::{Limits, Parsed, parse};
    /// let Ok(Parsed::Header(header)) = parse(&Limits::DEFAULT, b"PROXY UNKNOWN\r\n") else { unreachable!("it is whole") };
    /// assert_eq!(header.source(), None);
    /// ```
    #[must_use]
    pub const fn source(&self) -> Option<SocketAddr> {
        match self.endpoints {
            Endpoints::Ip { source, .. } => Some(source),
            Endpoints::Local | Endpoints::Unspecified | Endpoints::Unix { .. } => None,
        }
    }
}

/// In which of its versions the protocol is spoken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Version {
    /// 1: a line of text.
    V1,
    /// 2: binary.
    V2,
}

/// What the first bytes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Parsed<'b> {
    /// The beginning of a header. It has at least so many bytes, counted from its first; more than came. Whoever reads no
    /// more than so many never takes a byte that stands behind the header.
    NeedMore(usize),
    /// A whole header.
    Header(Header<'b>),
}
