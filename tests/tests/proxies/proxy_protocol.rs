//! Clients that HAProxy passes on, and says so by the PROXY protocol.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Instant;

use wirenut::http::Network;
use wirenut::proxy::{Endpoints, Limits, Parsed, Version, parse};
use wirenut_linux::socket::{Family, Socket};
use wirenut_server::{Config, ProxyProtocol};

use crate::origin::{Origin, Seen, testimony};
use crate::proxy::{Kind, Proxy};

const PATIENCE: Duration = Duration::from_secs(10);
const LOOPBACK: &[Network] = &[Network::v4([127, 0, 0, 0], 8)];
const SETTINGS: ProxyProtocol = ProxyProtocol { networks: LOOPBACK, ..ProxyProtocol::DEFAULT };

/// Asks twice over one connection; gives the address that it has: HAProxy itself, which asks, too, has none of this host.
fn ask(proxy: SocketAddr, name: usize) -> SocketAddr {
    let socket = Socket::tcp(Family::V4).expect("a socket");
    socket.bind(&SocketAddr::from(([127, 0, 9, 9], 0))).expect("an address of loopback");
    let mut stream = TcpStream::from(OwnedFd::from(socket.connect(&proxy).expect("HAProxy")));
    stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
    for end in ["keep-alive", "close"] {
        write!(stream, "GET /{name}-{end} HTTP/1.1\r\nHost: a\r\nConnection: {end}\r\n\r\n").expect("a request");
    }
    let mut answers = String::new();
    stream.read_to_string(&mut answers).expect("answers in time");
    for end in ["keep-alive", "close"] {
        assert!(answers.contains(&testimony(&format!("GET /{name}-{end}"))), "{answers}");
    }
    stream.local_addr().expect("an address")
}

fn is_check(seen: &Seen) -> bool {
    seen.line.ends_with(" /check")
}

#[test]
#[ignore = "needs HAProxy"]
fn the_server_sees_the_clients_of_haproxy_and_lives_with_its_checks() {
    for kind in [Kind::HaproxyV1, Kind::HaproxyV2] {
        let origin = Origin::with(Config { proxy_protocol: Some(SETTINGS), ..Config::DEFAULT });
        let proxy = Proxy::start(kind, origin.address);
        let clients: Vec<_> = thread::scope(|scope| {
            let asking: Vec<_> = (0..20).map(|name| scope.spawn(move || ask(proxy.address, name))).collect();
            asking.into_iter().map(|asking| asking.join().expect("a client")).collect()
        });
        for (name, client) in clients.iter().enumerate() {
            let seen = origin.seen_since(0);
            let own: Vec<_> = seen.iter().filter(|seen| seen.line.starts_with(&format!("GET /{name}-"))).collect();
            assert_eq!(own.len(), 2, "{}: {own:?}", kind.name());
            assert!(own.iter().all(|seen| seen.peer == Some(*client)), "{}: {client} {own:?}", kind.name());
        }
        // It goes on to ask, so its checks are answered; and they come from itself.
        let end = Instant::now() + PATIENCE;
        let known = origin.count();
        let checks = loop {
            let checks: Vec<_> = origin.seen_since(known).into_iter().filter(is_check).collect();
            if checks.len() >= 5 {
                break checks;
            }
            assert!(Instant::now() < end, "{}: no checks: {checks:?}", kind.name());
            thread::sleep(Duration::from_millis(20));
        };
        for check in checks {
            let peer = check.peer.expect("an address");
            assert!(peer.ip().is_loopback() && !clients.contains(&peer), "{}: {peer}", kind.name());
        }
        ask(proxy.address, 20);
    }
}

/// The first bytes that HAProxy sends over a connection, up to the end of a header, as they are.
fn header_of(kind: Kind, check: impl Fn(&[u8])) {
    let origin = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let proxy = Proxy::start(kind, origin.local_addr().expect("an address"));
    let (mut stream, _) = origin.accept().expect("a check");
    stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") || !bytes.windows(4).any(|word| word == b"GET ") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("more of it");
        bytes.extend(byte);
    }
    check(&bytes);
    drop(proxy);
}

#[test]
#[ignore = "needs HAProxy"]
fn checks_of_haproxy_begin_with_headers_of_its_own() {
    header_of(Kind::HaproxyV1, |bytes| {
        let Ok(Parsed::Header(header)) = parse(&Limits::DEFAULT, bytes) else { panic!("{}", bytes.escape_ascii()) };
        assert_eq!(header.version, Version::V1);
        assert!(bytes[header.length..].starts_with(b"GET /check"), "{}", bytes.escape_ascii());
    });
    header_of(Kind::HaproxyV2, |bytes| {
        let Ok(Parsed::Header(header)) = parse(&Limits::DEFAULT, bytes) else { panic!("{}", bytes.escape_ascii()) };
        assert_eq!((header.version, header.endpoints), (Version::V2, Endpoints::Local));
        assert!(bytes[header.length..].starts_with(b"GET /check"), "{}", bytes.escape_ascii());
    });
}
