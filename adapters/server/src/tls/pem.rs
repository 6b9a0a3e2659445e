//! Certificates and keys in PEM.

use core::time::Duration;
use std::time::SystemTime;

use wirenut_tls::rustls::pki_types::pem::PemObject;
use wirenut_tls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::flaw::TlsFlaw;

/// All certificates, in their order.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsFlaw> {
    let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| TlsFlaw::InvalidPem(error.to_string()))?;
    match chain.is_empty() {
        true if has(pem, b"PRIVATE KEY-----") => Err(TlsFlaw::KeyInPlaceOfCertificate),
        true => Err(TlsFlaw::NoCertificate),
        false => Ok(chain),
    }
}

/// The first key.
pub(super) fn key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsFlaw> {
    // Of either form: PKCS #8, or that of OpenSSL.
    if has(pem, b"-----BEGIN ENCRYPTED PRIVATE KEY-----") || has(pem, b"Proc-Type: 4,ENCRYPTED") {
        return Err(TlsFlaw::EncryptedKey);
    }
    let key = PrivateKeyDer::pem_slice_iter(pem).next().transpose();
    match key.map_err(|error| TlsFlaw::InvalidPem(error.to_string()))? {
        Some(key) => Ok(key),
        None if has(pem, b"-----BEGIN CERTIFICATE-----") => Err(TlsFlaw::CertificateInPlaceOfKey),
        None => Err(TlsFlaw::NoKey),
    }
}

/// Until when a certificate is valid.
pub(super) fn not_after(certificate: &CertificateDer<'_>) -> Option<SystemTime> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let seconds = certificate.validity().not_after.timestamp();
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

fn has(pem: &[u8], words: &[u8]) -> bool {
    pem.windows(words.len()).any(|window| window == words)
}
