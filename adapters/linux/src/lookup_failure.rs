//! What getaddrinfo(3) and getnameinfo(3) say, in words.

use core::fmt;
use std::io::ErrorKind;

/// Why a look-up failed: the EAI numbers, with what they mean.
///
/// ```
/// use wirenut_linux::lookup::{Failure, Hints, address_info};
/// let error = address_info(Some("localhost"), None, &Hints { numeric_host: true, ..Hints::DEFAULT }).unwrap_err();
/// assert_eq!(error.lookup_failure(), Some(Failure::NoName));
/// assert_eq!(Failure::NoName.to_string(), "unknown name");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Failure {
    /// EAI_NONAME: no host, or no service, has this name.
    NoName,
    /// EAI_NODATA: the host is known, but has no address.
    NoData,
    /// EAI_AGAIN: the name server did not answer, or not yet. It may later.
    Again,
    /// EAI_FAIL: the name server failed, and will again.
    Fail,
    /// EAI_SERVICE: the service is unknown for this transport.
    Service,
    /// EAI_FAMILY, EAI_ADDRFAMILY: the host has no address of this family.
    Family,
    /// EAI_MEMORY: no memory was left.
    Memory,
    /// EAI_OVERFLOW: the name is longer than names may be.
    Overflow,
    /// Another number, as the system's library gave it.
    Other(i32),
}

impl Failure {
    /// `None` for EAI_SYSTEM: then errno(3) says it.
    pub(crate) const fn of(number: libc::c_int) -> Option<Self> {
        Some(match number {
            libc::EAI_SYSTEM => return None,
            libc::EAI_NONAME => Self::NoName,
            libc::EAI_NODATA => Self::NoData,
            libc::EAI_AGAIN => Self::Again,
            libc::EAI_FAIL => Self::Fail,
            libc::EAI_SERVICE => Self::Service,
            libc::EAI_FAMILY | ADDRFAMILY => Self::Family,
            libc::EAI_MEMORY => Self::Memory,
            libc::EAI_OVERFLOW => Self::Overflow,
            number => Self::Other(number),
        })
    }

    /// As the standard library sorts errors.
    pub(crate) const fn kind(self) -> ErrorKind {
        match self {
            Self::NoName | Self::NoData | Self::Service | Self::Family => ErrorKind::NotFound,
            Self::Memory => ErrorKind::OutOfMemory,
            Self::Overflow => ErrorKind::InvalidInput,
            Self::Again | Self::Fail | Self::Other(_) => ErrorKind::Other,
        }
    }
}

/// EAI_ADDRFAMILY, which the libc crate lacks.
const ADDRFAMILY: libc::c_int = -9;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoName => "unknown name",
            Self::NoData => "the name has no address",
            Self::Again => "no answer from the name server now; try again later",
            Self::Fail => "the name server failed",
            Self::Service => "unknown service for this transport",
            Self::Family => "the name has no address of this family",
            Self::Memory => "out of memory",
            Self::Overflow => "the name is too long",
            Self::Other(number) => return write!(f, "the resolver failed with number {number}"),
        })
    }
}
