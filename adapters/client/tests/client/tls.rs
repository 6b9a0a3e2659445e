//! TLS: whom the client trusts, and what it takes for the end.

mod caddy;
mod handshakes;
mod trust;
mod ways;

use alloc::sync::Arc;
use std::io::{Read, Write};
use std::net::TcpStream;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ProtocolVersion, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion, version};
use wirenut_client::{Body, Client, Error, Phase};

use crate::lab::{Peer, Server, builder};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Who signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        Self::named("authority")
    }

    fn named(name: &str) -> Self {
        Self::with(name, |_| {})
    }

    fn with(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        change(&mut params);
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for that name, and its key.
    fn pems(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// The settings of a server with a certificate for that name, which `change` has made what the test needs.
    fn server(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
        Arc::new(self.server_of(name, &[&version::TLS12, &version::TLS13], change))
    }

    /// The same for a server that speaks only these versions.
    fn server_of(
        &self,
        name: &str,
        versions: &[&'static SupportedProtocolVersion],
        change: impl FnOnce(&mut CertificateParams),
    ) -> ServerConfig {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = ServerConfig::builder_with_protocol_versions(versions)
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }

    /// A client that trusts this authority only.
    fn client(&self) -> Client {
        builder().add_root_certificates(self.pem.as_bytes()).only_added_roots().build()
    }
}

/// The server's end of a connection over TLS.
struct Secure(StreamOwned<ServerConnection, TcpStream>);

impl Secure {
    fn head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        String::from_utf8(head).ok()
    }

    fn say(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).and_then(|()| self.0.flush()).is_ok()
    }

    fn close(&mut self) {
        self.0.conn.send_close_notify();
        let _ = self.0.flush();
    }
}

fn secure(config: Arc<ServerConfig>, serve: impl Fn(&mut Secure) + Send + Sync + 'static) -> Server {
    Server::new(move |_, peer| serve(&mut accept(&config, peer)))
}

/// Takes so many bytes of content, and answers with them.
fn send_back(peer: &mut Secure, length: usize) {
    let mut content = vec![0; length];
    peer.0.read_exact(&mut content).unwrap();
    peer.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"));
    peer.say(content);
}

fn accept(config: &Arc<ServerConfig>, peer: &mut Peer) -> Secure {
    let connection = ServerConnection::new(Arc::clone(config)).unwrap();
    Secure(StreamOwned::new(connection, peer.stream().try_clone().unwrap()))
}

fn url(server: &Server) -> String {
    format!("https://localhost:{}/", server.address().port())
}

fn text(client: &Client, url: &str) -> Result<String, Error> {
    client.get(url).send()?.text(100)
}

#[test]
fn a_trusted_server_is_asked_twice_over_one_session() {
    let authority = Authority::new();
    for (host, only) in [("localhost", &version::TLS13), ("127.0.0.1", &version::TLS12)] {
        let mut config = authority.server_of(host, &[only], |_| {});
        if only.version == ProtocolVersion::TLSv1_2 {
            config.alpn_protocols = Vec::new();
        }
        let server = secure(Arc::new(config), move |peer| {
            while peer.head().is_some() {
                assert_eq!(peer.0.conn.protocol_version(), Some(only.version));
                let protocol = peer.0.conn.alpn_protocol().map_or(0, <[u8]>::len);
                peer.say(format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{protocol:2}"));
            }
        });
        let (client, url) = (authority.client(), format!("https://{host}:{}/", server.address().port()));
        let first = client.get(&url).send().unwrap();
        assert!(first.timings().tls.is_some());
        let expected = if host == "localhost" { " 8" } else { " 0" };
        assert_eq!(first.text(10).unwrap(), expected);
        let second = client.get(&url).send().unwrap();
        assert!(second.timings().tls.is_none(), "a second session");
        assert_eq!(second.text(10).unwrap(), expected);
    }
}

#[test]
fn an_end_without_close_notify_is_a_cut() {
    let authority = Authority::new();
    for (head, closes, is_whole) in [
        ("HTTP/1.1 200 OK\r\n\r\n", true, true),
        ("HTTP/1.1 200 OK\r\n\r\n", false, false),
        // Content that says where it ends needs no other end.
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", false, true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", true, false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", false, false),
    ] {
        let server = secure(authority.server("localhost", |_| {}), move |peer| {
            peer.head();
            peer.say(head);
            peer.say("all of it");
            if closes {
                peer.close();
            }
        });
        let outcome = text(&authority.client(), &url(&server));
        match outcome {
            Ok(text) => assert!(is_whole && text == "all of it", "{head:?} {closes}"),
            Err(error) => {
                assert!(!is_whole, "{head:?} {closes}: {error}");
                assert_eq!(error.phase(), Phase::Body);
            }
        }
    }
}

#[test]
fn megabytes_go_both_ways() {
    let authority = Authority::new();
    let server = secure(authority.server("localhost", |_| {}), |peer| {
        while peer.head().is_some() {
            send_back(peer, 2_000_000);
        }
    });
    let content: Vec<u8> = (0..2_000_000_u32).map(|number| number.to_le_bytes()[1]).collect();
    let client = authority.client();
    for _ in 0..2 {
        let body = Body::from(&content[..]);
        let response = client.post(url(&server)).expect_continue(false).body(body).send().unwrap();
        assert!(response.bytes(2_000_000).unwrap() == content);
    }
}

/// The same over TLS, on one thread: the handshake, content held in the session, the end.
#[test]
fn requests_over_tls_do_not_block() {
    use std::os::fd::AsFd as _;
    use wirenut_client::Progress;
    use wirenut_linux::monotonic_time;
    use wirenut_linux::poller::{Epoll, Interest, Poller as _, Token};

    let authority = Authority::new();
    let server = secure(authority.server("localhost", |_| {}), |peer| {
        while peer.head().is_some() {
            send_back(peer, 1_000_000);
        }
    });
    let (client, content) = (authority.client(), vec![9; 1_000_000]);
    let mut poller = Epoll::new().unwrap();
    let start = || client.post(url(&server)).body(&content[..]).expect_continue(false).start().unwrap();
    let mut exchanges: Vec<_> = (0..8).map(|_| (start(), 0)).collect();
    for (number, (exchange, _)) in (0..).zip(&exchanges) {
        poller.register(exchange.as_fd(), Token(number), Interest::READABLE).unwrap();
    }
    while exchanges.iter().any(|(exchange, _)| !exchange.is_over()) {
        for (exchange, received) in &mut exchanges {
            loop {
                match exchange.poll().unwrap() {
                    Progress::Content(piece) => *received += piece.len(),
                    Progress::Head(_) => {}
                    Progress::Pending | Progress::End => break,
                }
            }
        }
        let open = exchanges.iter().filter(|(exchange, _)| !exchange.is_over());
        let Some(next) = open.filter_map(|(exchange, _)| exchange.poll_timeout()).min() else { continue };
        poller.wait_until(Some(next), monotonic_time).unwrap();
        while poller.next_event().is_some() {}
    }
    assert!(exchanges.iter().all(|(_, received)| *received == 1_000_000));
}
