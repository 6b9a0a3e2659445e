//! Whom a client trusts.

use alloc::sync::Arc;
use core::fmt::Display;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::error::Cause;

/// Whom a client trusts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    /// Certificates in PEM, beside those that the machine trusts.
    pub(crate) extra: Vec<Vec<u8>>,
    /// Those of the machine do not count.
    pub(crate) only_extra: bool,
    /// Any certificate will do.
    pub(crate) anybody: bool,
}

impl Trust {
    /// The settings of all connections of a client.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, Cause> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let builder = builder.map_err(failed)?;
        let builder = if self.anybody {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        } else {
            builder.with_root_certificates(self.roots()?)
        };
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn roots(&self) -> Result<RootCertStore, Cause> {
        let mut roots = RootCertStore::empty();
        if !self.only_extra {
            let found = rustls_native_certs::load_native_certs();
            // Some machines hold certificates that do not parse. The others are enough.
            roots.add_parsable_certificates(found.certs);
        }
        for pem in &self.extra {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(failed)?;
                roots.add(certificate).map_err(failed)?;
            }
        }
        if roots.is_empty() {
            return Err(Cause::Other("no certificate authority is trusted: this machine has none, and none was given"));
        }
        Ok(roots)
    }
}

fn failed(error: impl Display) -> Cause {
    Cause::Tls(error.to_string().into())
}

/// Trusts everybody.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
