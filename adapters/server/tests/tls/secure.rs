//! A certificate of its own for each test, servers that have it, and clients that trust it.

use alloc::sync::Arc;
use core::time::Duration;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use wirenut::http::Status;
use wirenut::http::service::{OrStatus, collect, routes};
use wirenut_server::handler::Stream;
use wirenut_server::{Config, FileRange, Grow, Model, Report, Server, Tls, send_file};
use wirenut_tls::rustls::crypto::ring::default_provider;
use wirenut_tls::rustls::pki_types::ServerName;
use wirenut_tls::rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned};

use crate::lab::{FOUR, Place, Running, Transport};

pub(crate) const ALL: [Model; 7] = [
    Model::Multiplexed { workers: FOUR },
    Model::Multiplexed { workers: core::num::NonZeroUsize::MIN },
    Model::Iterative,
    Model::Forking { children: FOUR },
    Model::Threading { threads: FOUR },
    Model::PreForked { workers: FOUR },
    Model::PreThreaded { workers: FOUR },
];

pub(crate) const BIG: usize = 3 << 20;

pub(crate) fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

pub(crate) fn tls(made: &CertifiedKey<KeyPair>) -> Tls {
    Tls::from_pem(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes()).unwrap()
}

/// A service that has all kinds of content.
pub(crate) fn serve(server: Server) -> Result<Report, wirenut_server::Error> {
    let file = Arc::new(File::open(std::env::current_exe().unwrap()).unwrap());
    server.run(&routes!(in FileRange; &file,
        get("/", |_, _, responder| responder.text("Hello, World!\n")),
        get("/file", |file, request, responder| {
            send_file(request, responder, Arc::clone(file), "application/octet-stream")
        }),
        get("/big", |_, _, responder| responder.send_all(Status::OK, "text/plain", vec![b'x'; BIG])),
        get("/slow", |_, _, responder| {
            thread::sleep(Duration::from_millis(300));
            responder.text("at last\n")
        }),
        get("/peer", |_, _, responder| {
            let peer = responder.peer().or_status(Status::NOT_FOUND)?;
            responder.send_all(Status::OK, "text/plain", peer.to_string())
        }),
        post("/echo", |_, request, _| collect(request, Grow::up_to(BIG), |_, content, responder| {
            responder.send_all(Status::OK, "text/plain", content.to_vec())
        }))
    ))
}

/// Sends back what comes, and ends as the peer does.
pub(crate) fn echo(server: Server) -> Result<Report, wirenut_server::Error> {
    server.run_handler(&|stream: &Stream| io::copy(&mut &*stream, &mut &*stream).map(drop))
}

pub(crate) fn start(
    made: &CertifiedKey<KeyPair>,
    config: Config,
    run: fn(Server) -> Result<Report, wirenut_server::Error>,
) -> Running {
    let tls = tls(made);
    Running::start(Transport::Tcp, config, move |server| run(server.with_tls(tls)))
}

/// The settings of clients that trust this certificate; what is remembered of sessions is theirs.
pub(crate) fn trusting(made: &CertifiedKey<KeyPair>, protocols: &[&[u8]]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    let mut config = config.with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Arc::new(config)
}

pub(crate) fn plain(running: &Running) -> TcpStream {
    let Place::Port(port) = running.place else { panic!("no port") };
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// A client.
pub(crate) struct Secure(pub(crate) StreamOwned<ClientConnection, TcpStream>);

impl Secure {
    pub(crate) fn over(stream: TcpStream, config: &Arc<ClientConfig>) -> Self {
        let name = ServerName::try_from("localhost").unwrap();
        Self(StreamOwned::new(ClientConnection::new(Arc::clone(config), name).unwrap(), stream))
    }

    pub(crate) fn connect(running: &Running, config: &Arc<ClientConfig>) -> Self {
        Self::over(plain(running), config)
    }

    /// Agrees, if that is not done.
    pub(crate) fn agree(&mut self) -> io::Result<Option<HandshakeKind>> {
        while self.0.conn.is_handshaking() {
            self.0.conn.complete_io(&mut self.0.sock)?;
        }
        Ok(self.0.conn.handshake_kind())
    }

    /// Asks, and returns the content of the answer.
    pub(crate) fn ask(&mut self, method: &str, target: &str, content: &[u8]) -> Vec<u8> {
        let head = format!("{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", content.len());
        let head = if method == "GET" { format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n") } else { head };
        self.0.write_all(&[head.as_bytes(), content].concat()).unwrap();
        self.answer()
    }

    /// The content of the next answer.
    pub(crate) fn answer(&mut self) -> Vec<u8> {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            self.0.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
        let (_, length) = head.split_once("content-length: ").unwrap();
        let length = length.split_once("\r\n").unwrap().0.parse().unwrap();
        let mut content = vec![0; length];
        self.0.read_exact(&mut content).unwrap();
        content
    }

    /// Says that nothing more comes, and ends the direction.
    pub(crate) fn end_sending(&mut self) {
        self.0.conn.send_close_notify();
        while self.0.conn.wants_write() {
            self.0.conn.write_tls(&mut self.0.sock).unwrap();
        }
        self.0.sock.shutdown(std::net::Shutdown::Write).unwrap();
    }

    /// All that comes until the end, which must be one in order.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        rest
    }
}
