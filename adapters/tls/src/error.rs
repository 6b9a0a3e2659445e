//! Why a wire failed.

use core::fmt;

use crate::certificate::CertificateFlaw;

/// Why a wire failed. It fails again after that.
///
/// ```
/// use wirenut_tls::Error;
/// assert_eq!(Error::Truncated.to_string(), "the connection ended without close_notify, so it may be cut off");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The system said no: the connection was reset, for example.
    System(wirenut_linux::Error),
    /// The peer ended the connection without close_notify: somebody on the way may have cut it off (RFC 8446 §6.1).
    Truncated,
    /// The peer ended the connection before both had agreed on TLS.
    HandshakeEnded,
    /// The name of the server is neither a DNS name nor an IP address.
    InvalidName,
    /// The peer broke a rule of TLS, refused us by an alert, or its certificate was not accepted.
    #[cfg(feature = "rustls")]
    Tls(rustls::Error),
}

impl Error {
    /// Why the certificate of the peer was not accepted, if that is what failed.
    #[must_use]
    pub fn certificate_flaw(&self) -> Option<CertificateFlaw> {
        match self {
            #[cfg(feature = "rustls")]
            Self::Tls(rustls::Error::InvalidCertificate(error)) => Some(error.into()),
            #[cfg(feature = "rustls")]
            Self::Tls(_) => None,
            Self::System(_) | Self::Truncated | Self::HandshakeEnded | Self::InvalidName => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => error.fmt(f),
            Self::Truncated => f.write_str("the connection ended without close_notify, so it may be cut off"),
            Self::HandshakeEnded => f.write_str("the peer ended the connection during the handshake of TLS"),
            Self::InvalidName => f.write_str("the name of the server is neither a DNS name nor an IP address"),
            #[cfg(feature = "rustls")]
            Self::Tls(error) => match self.certificate_flaw() {
                Some(flaw) => write!(f, "the certificate {flaw}"),
                None => error.fmt(f),
            },
        }
    }
}

// Without a source: the line of `Display` has it already, and a caller that prints both would repeat it.
impl core::error::Error for Error {}

impl From<wirenut_linux::Error> for Error {
    fn from(error: wirenut_linux::Error) -> Self {
        Self::System(error)
    }
}

#[cfg(feature = "rustls")]
impl From<rustls::Error> for Error {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error)
    }
}
