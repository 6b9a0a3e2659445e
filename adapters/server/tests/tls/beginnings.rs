//! How connections begin: handshakes, and what comes in their place.

use core::num::NonZeroUsize;
use std::fs;
use std::io::{Read, Write};

use wirenut::http::{Limits, Network};
use wirenut::readiness::WhenFull;
use wirenut::time::Duration;
use wirenut_server::{Config, Model, ProxyProtocol, Server, Tls};
use wirenut_tls::rustls::{AlertDescription, Error, HandshakeKind};

use crate::lab::{FOUR, Running, Transport, wait_until};
use crate::secure::{ALL, Secure, certificate, echo, plain, serve, start, tls, trusting};

/// Tickets are those of all processes, since they were made before they were forked.
pub(crate) fn resume_sessions_of_other_processes() {
    let made = certificate();
    for model in ALL {
        let running = start(&made, Config { model, ..Config::DEFAULT }, serve);
        let config = trusting(&made, &[b"http/1.1"]);
        for round in 0..12 {
            let mut client = Secure::connect(&running, &config);
            // Tickets come with the first answer.
            assert_eq!(client.ask("GET", "/", b""), b"Hello, World!\n");
            let expected = if round == 0 { HandshakeKind::Full } else { HandshakeKind::Resumed };
            assert_eq!(client.agree().unwrap(), Some(expected), "{} {round}", model.name());
        }
    }
}

pub(crate) fn take_the_certificate_of_a_reload() {
    let (first, second) = (certificate(), certificate());
    let folder = std::env::temp_dir().join(format!("wirenut-reloads-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let files = ["a.pem", "a.key"].map(|name| folder.join(name));
    for model in ALL {
        fs::write(&files[0], first.cert.pem()).unwrap();
        fs::write(&files[1], first.signing_key.serialize_pem()).unwrap();
        let tls = Tls::from_files(&files[0], &files[1]).unwrap();
        let its_tls = tls.clone();
        // The server is a child of this process, and so are its own.
        let running = Running::start(Transport::Tcp, Config { model, ..Config::DEFAULT }, |server: Server| {
            serve(server.with_tls(its_tls))
        });
        let (old, new) = (trusting(&first, &[]), trusting(&second, &[]));
        assert_eq!(Secure::connect(&running, &old).ask("GET", "/", b""), b"Hello, World!\n");
        fs::write(&files[0], "no certificate").unwrap();
        tls.reload().unwrap_err();
        assert_eq!(Secure::connect(&running, &old).ask("GET", "/", b""), b"Hello, World!\n");
        fs::write(&files[0], second.cert.pem()).unwrap();
        fs::write(&files[1], second.signing_key.serialize_pem()).unwrap();
        tls.reload().unwrap();
        for _ in 0..8 {
            assert_eq!(Secure::connect(&running, &new).ask("GET", "/", b""), b"Hello, World!\n");
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}

pub(crate) fn without_tls_are_told_so() {
    let made = certificate();
    for model in ALL {
        println!("{}", model.name());
        let running = start(&made, Config { model, ..Config::DEFAULT }, serve);
        let mut client = plain(&running);
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nand more, which nobody reads").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\nThis port speaks HTTPS: use https:// in place of http\n"), "{answer}");
        // What speaks neither gets an alert.
        let mut client = plain(&running);
        client.write_all(b"\0\x01\x02\x03\x04\x05\x06\x07").unwrap();
        let mut alert = Vec::new();
        client.read_to_end(&mut alert).unwrap();
        assert_eq!(alert.first(), Some(&21), "the content type of alerts");
        // And the server goes on.
        assert_eq!(Secure::connect(&running, &trusting(&made, &[])).ask("GET", "/", b""), b"Hello, World!\n");
        running.finish();
    }
    // A handler is not called.
    let running = start(&made, Config { model: Model::Threading { threads: FOUR }, ..Config::DEFAULT }, echo);
    let mut client = plain(&running);
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut alert = Vec::new();
    client.read_to_end(&mut alert).unwrap();
    assert_eq!(alert.first(), Some(&21));
}

pub(crate) fn without_a_place_get_an_alert() {
    let made = certificate();
    let one = NonZeroUsize::MIN;
    for model in
        [Model::Multiplexed { workers: one }, Model::Forking { children: one }, Model::Threading { threads: one }]
    {
        println!("{}", model.name());
        let config = Config { model, max_connections: 1, when_full: WhenFull::Refuse, ..Config::DEFAULT };
        let running = start(&made, Config { evict_idle: false, ..config }, serve);
        let config = trusting(&made, &[]);
        let mut client = Secure::connect(&running, &config);
        assert_eq!(client.ask("GET", "/", b""), b"Hello, World!\n");
        let error = Secure::connect(&running, &config).agree().unwrap_err();
        let error = error.downcast::<Error>().unwrap();
        assert_eq!(error, Error::AlertReceived(AlertDescription::InternalError));
        assert_eq!(client.ask("GET", "/", b""), b"Hello, World!\n");
        drop(client);
        assert!(running.finish().contains("refused 1 "));
    }
}

/// The first record of a client, or so much of it.
fn hello(length: usize) -> Vec<u8> {
    let mut hello = Vec::new();
    let made = certificate();
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = std::net::TcpStream::connect(socket.local_addr().unwrap()).unwrap();
    Secure::over(stream, &trusting(&made, &[])).0.conn.write_tls(&mut hello).unwrap();
    hello.truncate(length);
    hello
}

pub(crate) fn that_take_too_long_are_ended() {
    let made = certificate();
    let limits = Limits { head: Duration::from_millis(100), ..Limits::DEFAULT };
    for (model, run) in [
        (Model::DEFAULT, serve as fn(Server) -> _),
        (Model::Threading { threads: FOUR }, serve),
        (Model::Threading { threads: FOUR }, echo),
    ] {
        for length in [0, 1, 100] {
            let running = start(&made, Config { model, limits, ..Config::DEFAULT }, run);
            // Made before its time begins.
            let hello = hello(length);
            let mut client = plain(&running);
            client.write_all(&hello).unwrap();
            assert_eq!(client.read(&mut [0; 10]).unwrap(), 0, "{} after {length} bytes", model.name());
        }
    }
}

/// Somebody who wants the place gets it, as soon as a head would have had to be there.
pub(crate) fn give_way_as_heads_do() {
    let made = certificate();
    let running =
        start(&made, Config { max_connections: 1, min_head: Duration::from_millis(50), ..Config::DEFAULT }, serve);
    let config = trusting(&made, &[]);
    let hello = hello(100);
    let mut slow = plain(&running);
    slow.write_all(&hello).unwrap();
    assert_eq!(Secure::connect(&running, &config).ask("GET", "/", b""), b"Hello, World!\n");
    let ended = slow.read(&mut [0; 10]);
    assert!(ended.as_ref().is_ok_and(|count| *count == 0) || ended.is_err(), "{ended:?}");
    assert!(running.finish().contains("evicted 1 "));
}

pub(crate) fn come_behind_the_header_of_a_proxy() {
    const PROXIES: ProxyProtocol =
        ProxyProtocol { networks: &[Network::v4([127, 0, 0, 0], 8)], ..ProxyProtocol::DEFAULT };
    const HEADER: &[u8] = b"PROXY TCP4 192.0.2.7 192.0.2.8 1234 443\r\n";
    let made = certificate();
    let config = trusting(&made, &[]);
    for model in ALL {
        println!("{}", model.name());
        let running = start(&made, Config { model, proxy_protocol: Some(PROXIES), ..Config::DEFAULT }, serve);
        for pieces in [&[HEADER][..], &[&HEADER[..7], &HEADER[7..20], &HEADER[20..]]] {
            let mut stream = plain(&running);
            stream.set_nodelay(true).unwrap();
            for piece in pieces {
                stream.write_all(piece).unwrap();
            }
            let mut client = Secure::over(stream, &config);
            assert_eq!(client.ask("GET", "/peer", b""), b"192.0.2.7:1234");
        }
        // Without one there is no handshake.
        let error = Secure::connect(&running, &config).agree().unwrap_err();
        assert!(error.get_ref().is_none(), "{error}");
        running.finish();
    }
    let running = start(
        &made,
        Config { model: Model::Threading { threads: FOUR }, proxy_protocol: Some(PROXIES), ..Config::DEFAULT },
        |server| {
            server.run_handler(&|mut stream: &wirenut_server::handler::Stream| write!(stream, "{}", stream.peer()))
        },
    );
    let mut stream = plain(&running);
    stream.write_all(HEADER).unwrap();
    assert_eq!(Secure::over(stream, &config).rest(), b"192.0.2.7:1234");
}

/// RFC 7301 §3.2.
pub(crate) fn agree_on_a_protocol_or_fail() {
    let made = certificate();
    let running = start(&made, Config::DEFAULT, serve);
    for (protocols, agreed) in
        [(&[][..], Some(None)), (&[&b"h2"[..], b"http/1.1"], Some(Some(&b"http/1.1"[..]))), (&[b"h2"], None)]
    {
        let mut client = Secure::connect(&running, &trusting(&made, protocols));
        let kind = client.agree();
        match agreed {
            Some(protocol) => assert_eq!((kind.is_ok(), client.0.conn.alpn_protocol()), (true, protocol)),
            None => assert_eq!(
                kind.unwrap_err().downcast::<Error>().unwrap(),
                Error::AlertReceived(AlertDescription::NoApplicationProtocol)
            ),
        }
    }
}

pub(crate) fn that_are_cut_off_are_counted() {
    let made = certificate();
    let server = Server::bind("127.0.0.1:0", Config::DEFAULT).unwrap().with_tls(tls(&made));
    let (address, metrics, stopper) = (server.local_addr().unwrap(), server.metrics(), server.stopper());
    let running = std::thread::spawn(move || serve(server));
    for length in [0, 1, 100] {
        std::net::TcpStream::connect(address).unwrap().write_all(&hello(length)).unwrap();
    }
    // Who said nothing has only looked whether somebody listens.
    wait_until("they have failed", || metrics.read().handshakes.failed == 2);
    let config = trusting(&made, &[]);
    for _ in 0..2 {
        let stream = std::net::TcpStream::connect(address).unwrap();
        assert_eq!(Secure::over(stream, &config).ask("GET", "/", b""), b"Hello, World!\n");
    }
    // A certificate that the client does not trust.
    let stranger = trusting(&certificate(), &[]);
    Secure::over(std::net::TcpStream::connect(address).unwrap(), &stranger).agree().unwrap_err();
    wait_until("it has failed", || metrics.read().handshakes.failed == 3);
    stopper.stop();
    let report = running.join().unwrap().unwrap();
    let handshakes = report.handshakes;
    assert_eq!((handshakes.full, handshakes.resumed, handshakes.failed, report.accepted), (1, 1, 3, 6));
}
