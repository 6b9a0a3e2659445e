//! Look-up, and connects that are raced.

use core::time::Duration;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::{io, thread};

use wirenut_client::{Cancel, Cause, Phase};

use crate::lab::{Server, builder, client, nobody};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A listener whose queue is full, so that it answers no further connect; and what fills it.
struct Full {
    listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Full {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        wirenut_linux::socket::TcpListener::from(listener.try_clone().unwrap()).set_backlog(0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
            waiting.push(stream);
            assert!(waiting.len() < 1_000);
        }
        Self { listener, _waiting: waiting }
    }
}

#[test]
fn who_never_answers_is_given_up() {
    let full = Full::new();
    let address = full.listener.local_addr().unwrap();
    let url = format!("http://{}/", address);
    let error = client().get(url).timeout(Duration::from_millis(50)).send().unwrap_err();
    assert_eq!((error.phase(), error.kind()), (Phase::Connect, ErrorKind::TimedOut));
    assert_eq!(error.to_string(), format!("cannot connect to {}: it took longer than 50 ms", address));
}

/// A head is sent from one buffer, of at least 64 KiB.
#[test]
fn a_head_that_is_too_long_is_said_to_be() {
    let server = Server::answering(OK);
    let room = 64 * 1024;
    for (url, value, is_sent) in [
        (server.url("/"), "x".repeat(room - 1000), true),
        (server.url("/"), "x".repeat(room), false),
        (server.url(&format!("/?{}", "x".repeat(room))), String::new(), false),
    ] {
        let sent = client().get(url).header("X", value).send();
        let is_known =
            sent.as_ref().is_err_and(|error| matches!(error.cause(), Cause::HeadTooLong(limit) if *limit == room));
        assert!(sent.is_ok() == is_sent && is_known != is_sent, "{sent:?}");
    }
}

#[test]
fn a_connect_can_be_cancelled() {
    let full = Full::new();
    let url = format!("http://{}/", full.listener.local_addr().unwrap());
    let cancel = Cancel::new().unwrap();
    let error = thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(20));
            cancel.cancel();
        });
        client().get(url).cancel(&cancel).send().unwrap_err()
    });
    assert!(matches!(error.cause(), Cause::Cancelled), "{error}");
    assert_eq!(error.phase(), Phase::Connect);
}

#[test]
fn a_name_that_nobody_has_fails_at_look_up() {
    let error = client().get("http://no-such-host.invalid/").send().unwrap_err();
    assert_eq!((error.phase(), error.subject()), (Phase::LookUp, "no-such-host.invalid"));
    assert!(matches!(error.cause(), Cause::System(error) if error.lookup_failure().is_some()), "{error}");
}

#[test]
fn a_refused_connect_names_address_and_host() {
    let (_socket, address) = nobody();
    let error = client().get(format!("http://localhost:{}/", address.port())).send().unwrap_err();
    assert_eq!((error.phase(), error.kind()), (Phase::Connect, ErrorKind::ConnectionRefused));
    assert!(error.subject().ends_with(&format!(":{} (localhost)", address.port())), "{error}");
}

#[test]
fn a_unix_socket_is_a_way_to_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let client = builder().unix_socket(&path).build();
    let error = client.get("http://anything/").send().unwrap_err();
    assert_eq!((error.phase(), error.kind()), (Phase::Connect, ErrorKind::NotFound));
    let listener = UnixListener::bind(&path).unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        for _ in 0..2 {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                io::Read::read_exact(&mut stream, &mut byte).unwrap();
                head.push(byte[0]);
            }
            assert!(head.starts_with(b"GET /x HTTP/1.1\r\nHost: anything\r\n"));
            io::Write::write_all(&mut stream, OK.as_bytes()).unwrap();
        }
    });
    for _ in 0..2 {
        assert_eq!(client.get("http://anything/x").send().unwrap().text(10).unwrap(), "ok");
    }
    server.join().unwrap();
}
