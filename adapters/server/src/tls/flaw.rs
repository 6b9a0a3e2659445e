//! What is wrong with a certificate or a key.

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

use wirenut_tls::rustls;

/// A certificate or a key that cannot be used: which, what is wrong, and what to do.
///
/// ```
/// use wirenut_server::{Tls, TlsFlaw};
/// let error = Tls::from_files("/nowhere/a.pem", "/nowhere/a.key").unwrap_err();
/// assert!(matches!(error.flaw(), TlsFlaw::Unreadable(_)));
/// let line = "cannot use the certificate /nowhere/a.pem: No such file or directory (os error 2)";
/// assert_eq!(error.to_string(), line);
/// ```
#[derive(Debug)]
pub struct TlsError {
    is_of_key: bool,
    path: Option<PathBuf>,
    flaw: TlsFlaw,
}

/// What is wrong with a certificate or a key.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsFlaw {
    /// The file cannot be read.
    Unreadable(io::Error),
    /// The file has more than so many bytes, or no end at all.
    FileTooLarge(u64),
    /// It begins as PEM, and goes on otherwise.
    InvalidPem(String),
    /// There is no certificate in it.
    NoCertificate,
    /// There is a key where a certificate is to be.
    KeyInPlaceOfCertificate,
    /// There is no key in it.
    NoKey,
    /// There is a certificate where a key is to be.
    CertificateInPlaceOfKey,
    /// The key is encrypted: nobody is there to give the password.
    EncryptedKey,
    /// The key is not that of the certificate.
    KeyMismatch,
    /// Certificate and key have more bytes together than so many, and cannot be passed on to other processes.
    TooLarge(usize),
    /// The key is of a kind that is not supported, or the certificate none: what rustls says.
    Unsupported(rustls::Error),
    /// The system has no memory, or no random bytes.
    System(wirenut_linux::Error),
}

impl PartialEq for TlsFlaw {
    /// Of the same kind?
    fn eq(&self, other: &Self) -> bool {
        core::mem::discriminant(self) == core::mem::discriminant(other)
    }
}

impl TlsError {
    pub(super) const fn of_certificate(flaw: TlsFlaw) -> Self {
        Self { is_of_key: false, path: None, flaw }
    }

    pub(super) const fn of_key(flaw: TlsFlaw) -> Self {
        Self { is_of_key: true, path: None, flaw }
    }

    /// With the path of the one that is wrong.
    pub(super) fn in_files(self, [certificate, key]: &[PathBuf; 2]) -> Self {
        let path = if self.is_of_key { key } else { certificate };
        Self { path: Some(path.clone()), ..self }
    }

    /// What is wrong.
    #[must_use]
    pub const fn flaw(&self) -> &TlsFlaw {
        &self.flaw
    }

    /// The file that is wrong, where it is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot use the {}", if self.is_of_key { "key" } else { "certificate" })?;
        if let Some(path) = &self.path {
            f.write_str(" ")?;
            // A control must not command a terminal.
            path.display().to_string().chars().try_for_each(|sign| match sign.is_control() {
                true => sign.escape_default().fmt(f),
                false => fmt::Write::write_char(f, sign),
            })?;
        }
        write!(f, ": {}", self.flaw)
    }
}

impl core::error::Error for TlsError {}

impl fmt::Display for TlsFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable(error) => return error.fmt(f),
            Self::InvalidPem(error) => return write!(f, "it is no valid PEM: {error}"),
            Self::Unsupported(error) => return error.fmt(f),
            Self::System(error) => return error.fmt(f),
            Self::FileTooLarge(limit) => {
                return write!(f, "it has more than {limit} bytes: give a file that has nothing else in it");
            }
            Self::TooLarge(limit) => {
                return write!(f, "it has more than {limit} bytes together with its key: leave out what is no certificate");
            }
            Self::NoCertificate => "there is none in it: it must begin with -----BEGIN CERTIFICATE-----",
            Self::KeyInPlaceOfCertificate => "it is a key: give the certificate first, and then its key",
            Self::NoKey => "there is none in it: it must begin with -----BEGIN PRIVATE KEY-----",
            Self::CertificateInPlaceOfKey => "it is a certificate: give the file that has its private key",
            Self::EncryptedKey => "it is encrypted: decrypt it (openssl pkey -in KEY -out FILE), and let nobody else read that",
            Self::KeyMismatch => {
                "it is not that of the certificate: give the key that the certificate was made with, and its certificate first"
            }
        })
    }
}

impl From<rustls::Error> for TlsFlaw {
    fn from(error: rustls::Error) -> Self {
        if matches!(error, rustls::Error::InconsistentKeys(_)) { Self::KeyMismatch } else { Self::Unsupported(error) }
    }
}
