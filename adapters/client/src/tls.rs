//! TLS by rustls: a stream in the middle of a connection.

use alloc::sync::Arc;
use core::fmt::Display;
use std::io::{ErrorKind, Read as _, Write as _};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme};
use wirenut_linux::poller::Interest;
use wirenut_linux::socket::{AnyByteStream, Attempt, Received};

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
            // Machines have certificates that nobody can read; those that count are enough.
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

/// So often a read takes bytes of the socket, 4 KiB each time at most: more than one record has.
const MAX_ROUNDS: usize = 8;

/// One session of TLS; the socket is lent to each call.
pub(crate) struct Session(ClientConnection);

impl Session {
    pub(crate) fn new(config: &Arc<ClientConfig>, name: &str) -> Result<Self, Cause> {
        let name = ServerName::try_from(name.to_owned()).map_err(failed)?;
        Ok(Self(ClientConnection::new(Arc::clone(config), name).map_err(failed)?))
    }

    /// Goes on to agree on TLS. `None`: it is agreed. Otherwise what to wait for.
    pub(crate) fn shake(&mut self, socket: &AnyByteStream) -> Result<Option<Interest>, Cause> {
        while self.0.is_handshaking() {
            if !self.flush(socket)? {
                return Ok(Some(Interest::WRITABLE));
            }
            match self.receive(socket)? {
                Received::Data(_) => {}
                Received::End => return Err(Cause::Tls("the server ended the connection during the handshake".into())),
                Received::WouldBlock => return Ok(Some(Interest::READABLE)),
            }
        }
        Ok(None)
    }

    /// Receives what is there, decrypted. The end is one only after close_notify: without, it is an error, for what came may
    /// be cut off. After much that is no content it says `WouldBlock`, although there may be more: a server that never stops
    /// to send tickets must not keep the caller from its deadline.
    pub(crate) fn recv(&mut self, socket: &AnyByteStream, into: &mut [u8]) -> Result<Received, Cause> {
        for _ in 0..MAX_ROUNDS {
            match self.0.reader().read(into) {
                Ok(0) => return Ok(Received::End),
                Ok(count) => return Ok(Received::Data(count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Err(Cause::Tls("the connection ended without close_notify, so it may be cut off".into()));
                }
                Err(error) => return Err(failed(error)),
            }
            if self.receive(socket)? == Received::WouldBlock {
                break;
            }
        }
        Ok(Received::WouldBlock)
    }

    /// Are there decrypted bytes that nobody has received? The server may send them with the end of the handshake.
    pub(crate) fn holds_unread(&mut self) -> bool {
        self.0.process_new_packets().is_ok_and(|state| state.plaintext_bytes_to_read() > 0)
    }

    /// Takes records from the socket, encrypted bytes, or the end of the socket.
    fn receive(&mut self, socket: &AnyByteStream) -> Result<Received, Cause> {
        let received = match self.0.read_tls(&mut &*socket) {
            Ok(0) => Received::End,
            Ok(count) => Received::Data(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Received::WouldBlock),
            Err(error) => return Err(Cause::System(wirenut_linux::Error::new("receive", error))),
        };
        let processed = self.0.process_new_packets().map(drop).map_err(failed);
        // The peer gets an alert that says why.
        let flushed = self.flush(socket);
        processed.and(flushed).map(|_| received)
    }

    /// Takes bytes to send, if what was taken before has left.
    pub(crate) fn send(&mut self, socket: &AnyByteStream, bytes: &[u8]) -> Result<Attempt<usize>, Cause> {
        if !self.flush(socket)? {
            return Ok(Attempt::WouldBlock);
        }
        let count = self.0.writer().write(bytes).map_err(failed)?;
        self.flush(socket)?;
        Ok(Attempt::Done(count))
    }

    /// Sends what was taken. Has all of it left?
    pub(crate) fn flush(&mut self, socket: &AnyByteStream) -> Result<bool, Cause> {
        while self.0.wants_write() {
            match self.0.write_tls(&mut &*socket) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(Cause::System(wirenut_linux::Error::new("send", error))),
            }
        }
        Ok(true)
    }

    /// Says that nothing more comes.
    pub(crate) fn close(&mut self, socket: &AnyByteStream) {
        self.0.send_close_notify();
        // As far as there is room for it.
        let _ = self.flush(socket);
    }
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

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;
    use std::thread;

    use rcgen::generate_simple_self_signed;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::{ServerConfig, ServerConnection};
    use wirenut_linux::socket::Mode;

    use super::*;

    /// Tickets without end must not keep a request from its deadline, nor a look at an idle connection from its end.
    #[test]
    fn messages_of_tls_alone_do_not_hold_up_the_caller() {
        let certified = generate_simple_self_signed(["a".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key);
        let mut config = config.unwrap();
        config.send_tls13_tickets = 400;
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let server = thread::spawn(move || {
            let mut server = ServerConnection::new(Arc::new(config)).unwrap();
            while server.is_handshaking() || server.wants_write() {
                server.complete_io(&mut theirs).unwrap();
            }
            theirs
        });
        let ours = wirenut_linux::socket::UnixStream::from(ours);
        ours.set_mode(Mode::NonBlocking).unwrap();
        let socket = AnyByteStream::from(ours);
        let trust = Trust { anybody: true, ..Trust::default() };
        let mut session = Session::new(&trust.config().unwrap(), "a").unwrap();
        while session.shake(&socket).unwrap().is_some() {
            thread::yield_now();
        }
        let _open = server.join().unwrap();
        assert_eq!(session.recv(&socket, &mut [0]).unwrap(), Received::WouldBlock);
        assert!(matches!(socket.peek(&mut [0]).unwrap(), Received::Data(1)), "all was taken at once");
        while matches!(socket.peek(&mut [0]).unwrap(), Received::Data(_)) {
            assert_eq!(session.recv(&socket, &mut [0]).unwrap(), Received::WouldBlock);
        }
    }
}
