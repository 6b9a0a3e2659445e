//! How a client is connected to the proxy by TLS: PP2_TYPE_SSL (proxy-protocol §2.2.6).

use super::error::Error;
use super::raw_tlv::{RawTlv, RawTlvs};

const VERSION: u8 = 0x21;
const COMMON_NAME: u8 = 0x22;
const CIPHER: u8 = 0x23;
const SIGNATURE_ALGORITHM: u8 = 0x24;
const KEY_ALGORITHM: u8 = 0x25;
const GROUP: u8 = 0x26;
const SIGNATURE_SCHEME: u8 = 0x27;
const CLIENT_CERTIFICATE: u8 = 0x28;

/// How a client is connected to the proxy.
///
/// ```
/// use wirenut::proxy::{Tls, TlsTlv};
/// let tls = Tls { client: Tls::OVER_TLS, verify: 0, tlvs: Default::default() };
/// assert!(tls.is_over_tls() && !tls.has_verified_certificate());
/// assert_eq!(tls.tlvs.iter().next(), None::<TlsTlv<'_>>);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tls<'b> {
    /// [`Self::OVER_TLS`], [`Self::CERTIFICATE_ON_CONNECTION`], [`Self::CERTIFICATE_IN_SESSION`], or together.
    pub client: u8,
    /// Zero: the certificate was verified, if there was one. Ask [`Self::has_verified_certificate`].
    pub verify: u32,
    /// More of it.
    pub tlvs: TlsTlvs<'b>,
}

impl<'b> Tls<'b> {
    /// PP2_CLIENT_SSL: the client is connected over TLS.
    pub const OVER_TLS: u8 = 1;
    /// PP2_CLIENT_CERT_CONN: it has shown a certificate on this connection.
    pub const CERTIFICATE_ON_CONNECTION: u8 = 2;
    /// PP2_CLIENT_CERT_SESS: it has shown one in the TLS session that this connection goes on with.
    pub const CERTIFICATE_IN_SESSION: u8 = 4;

    /// Is the client connected over TLS?
    #[must_use]
    pub const fn is_over_tls(&self) -> bool {
        self.client & Self::OVER_TLS != 0
    }

    /// Has the client shown a certificate, and has the proxy verified it? A `verify` of zero alone does not say so: proxies
    /// write it, too, for a client without a certificate.
    #[must_use]
    pub const fn has_verified_certificate(&self) -> bool {
        let shown = Self::CERTIFICATE_ON_CONNECTION | Self::CERTIFICATE_IN_SESSION;
        self.verify == 0 && self.is_over_tls() && self.client & shown != 0
    }

    pub(super) fn read(raw: &RawTlv<'b>) -> Result<Self, Error> {
        let head = raw.value.split_first_chunk();
        let (&[client, a, b, c, d], bytes) = head.ok_or(raw.wrong_length())?;
        let start = raw.value_offset().saturating_add(5);
        for inner in RawTlvs::new(bytes, start) {
            TlsTlv::read(&inner?)?;
        }
        Ok(Self { client, verify: u32::from_be_bytes([a, b, c, d]), tlvs: TlsTlvs(bytes) })
    }

    /// Bytes of its value before its TLVs.
    pub(super) const fn head(&self) -> [u8; 5] {
        let [a, b, c, d] = self.verify.to_be_bytes();
        [self.client, a, b, c, d]
    }
}

/// One thing that a proxy says of a client's TLS. Texts are visible ASCII, but for the common name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TlsTlv<'b> {
    /// PP2_SUBTYPE_SSL_VERSION: the version of TLS, such as `TLSv1.3`.
    Version(&'b str),
    /// PP2_SUBTYPE_SSL_CN: the common name of the client's certificate.
    CommonName(&'b str),
    /// PP2_SUBTYPE_SSL_CIPHER: the cipher.
    Cipher(&'b str),
    /// PP2_SUBTYPE_SSL_SIG_ALG: by what the proxy's certificate is signed.
    SignatureAlgorithm(&'b str),
    /// PP2_SUBTYPE_SSL_KEY_ALG: by what the key of the proxy's certificate was made.
    KeyAlgorithm(&'b str),
    /// PP2_SUBTYPE_SSL_GROUP: how keys are exchanged.
    Group(&'b str),
    /// PP2_SUBTYPE_SSL_SIG_SCHEME: by what the proxy has signed the handshake.
    SignatureScheme(&'b str),
    /// PP2_SUBTYPE_SSL_CLIENT_CERT: the client's certificate, X.509 in DER, which nobody has looked at here.
    ClientCertificate(&'b [u8]),
    /// Any other type.
    Other {
        /// Its number.
        kind: u8,
        /// What it says.
        value: &'b [u8],
    },
}

impl<'b> TlsTlv<'b> {
    /// The number of its type.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Version(_) => VERSION,
            Self::CommonName(_) => COMMON_NAME,
            Self::Cipher(_) => CIPHER,
            Self::SignatureAlgorithm(_) => SIGNATURE_ALGORITHM,
            Self::KeyAlgorithm(_) => KEY_ALGORITHM,
            Self::Group(_) => GROUP,
            Self::SignatureScheme(_) => SIGNATURE_SCHEME,
            Self::ClientCertificate(_) => CLIENT_CERTIFICATE,
            Self::Other { kind, .. } => *kind,
        }
    }

    /// What it says.
    #[must_use]
    pub const fn value(&self) -> &'b [u8] {
        match *self {
            Self::Version(text)
            | Self::CommonName(text)
            | Self::Cipher(text)
            | Self::SignatureAlgorithm(text)
            | Self::KeyAlgorithm(text)
            | Self::Group(text)
            | Self::SignatureScheme(text) => text.as_bytes(),
            Self::ClientCertificate(value) | Self::Other { value, .. } => value,
        }
    }

    pub(super) fn read(raw: &RawTlv<'b>) -> Result<Self, Error> {
        Ok(match raw.kind {
            VERSION => Self::Version(raw.ascii()?),
            COMMON_NAME => Self::CommonName(raw.text()?),
            CIPHER => Self::Cipher(raw.ascii()?),
            SIGNATURE_ALGORITHM => Self::SignatureAlgorithm(raw.ascii()?),
            KEY_ALGORITHM => Self::KeyAlgorithm(raw.ascii()?),
            GROUP => Self::Group(raw.ascii()?),
            SIGNATURE_SCHEME => Self::SignatureScheme(raw.ascii()?),
            CLIENT_CERTIFICATE => Self::ClientCertificate(raw.value),
            kind => Self::Other { kind, value: raw.value },
        })
    }
}

/// What else a proxy says of a client's TLS, in its order. All of it is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TlsTlvs<'b>(&'b [u8]);

impl<'b> TlsTlvs<'b> {
    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = TlsTlv<'b>> + use<'b> {
        // They were checked.
        RawTlvs::new(self.0, 0).filter_map(|raw| TlsTlv::read(&raw.ok()?).ok())
    }

    pub(super) const fn bytes(&self) -> &'b [u8] {
        self.0
    }
}
