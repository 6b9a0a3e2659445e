//! Connections that a service has taken over, over real sockets of the Linux server: drain, reset, a peer that does not
//! read, and an end of one direction. What is sent in answer to which bytes, each wire shows in [`crate::parity`].

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use wirenut::http::service::{Exchange, Responder, Result, Service, Step, routes};
use wirenut::http::{Error, Field, Fields, Response, Status};
use wirenut::websocket::{Closed, MessageHandler, Next, Outbox, upgrade};
use wirenut_server::{Config, Server, Stopper};

const PATIENCE: Duration = Duration::from_secs(20);

/// Sends texts back, and tells how it ended.
struct Echo(Sender<String>);

impl MessageHandler for Echo {
    const ROOM: usize = 4096;

    fn text(&mut self, text: &str, outbox: &mut Outbox<'_>) -> Next {
        outbox.text(text).into()
    }

    fn closed(&mut self, how: Closed<'_>) {
        let _ = self.0.send(match how {
            Closed::Clean(_) => "clean".to_owned(),
            Closed::Failed(error) => error.to_string(),
            Closed::Abnormal(how) => format!("{how:?}"),
        });
    }
}

/// Ends its direction at once, and tells what still comes.
struct Listener(Sender<String>, Vec<u8>);

impl<A, S> Exchange<A, S> for Listener {
    const UPGRADES: bool = true;

    fn proceed(&mut self, _: A, responder: &mut Responder<'_>) -> Result<Step<S>> {
        if let Some(mut tunnel) = responder.tunnel() {
            tunnel.shutdown_write();
        }
        Ok(Step::Wait(None))
    }

    fn body(&mut self, _: A, piece: &[u8], _: &mut Responder<'_>) -> Result<(usize, Step<S>)> {
        self.1.extend_from_slice(piece);
        Ok((piece.len(), Step::Wait(None)))
    }

    fn end(&mut self, _: A, _: Fields<'_>, _: &mut Responder<'_>) -> Result<Step<S>> {
        Ok(Step::Done)
    }

    fn closed(self, _: A, outcome: core::result::Result<(), Error>) {
        let _ = self.0.send(format!("{} {}", String::from_utf8_lossy(&self.1), outcome.is_ok()));
    }
}

fn service(told: Sender<String>) -> impl Service<Source = core::convert::Infallible> {
    let others = told.clone();
    routes!(
        (),
        get("/echo", move |_, request, responder| upgrade(request, responder, Echo(told.clone()))),
        get("/listen", move |_, _, responder| {
            let fields = [Field::new("Upgrade", "websocket")];
            responder.respond(&Response::new(Status::SWITCHING_PROTOCOLS).with_fields(&fields))?;
            Ok(Listener(others.clone(), Vec::new()))
        }),
    )
}

struct Running {
    address: SocketAddr,
    stopper: Stopper,
    told: Receiver<String>,
    running: Option<JoinHandle<()>>,
}

impl Running {
    fn start() -> Self {
        let config = Config { drain: wirenut::time::Duration::from_secs(10), ..Config::DEFAULT };
        let server = Server::bind("127.0.0.1:0", config).expect("a free port");
        let (address, stopper) = (server.local_addr().expect("an address"), server.stopper());
        let (tell, told) = channel();
        let running = thread::spawn(move || {
            server.run_on_this_thread(&service(tell)).expect("a server that runs");
        });
        Self { address, stopper, told, running: Some(running) }
    }

    /// A client behind the 101.
    fn switch(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("a server");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("a server that reads");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("a head");
            head.extend(byte);
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", head.escape_ascii());
        stream
    }

    fn told(&self) -> String {
        self.told.recv_timeout(PATIENCE).expect("an end of the connection")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stopper.stop();
        let ended = self.running.take().map(JoinHandle::join);
        if !thread::panicking() {
            assert!(matches!(ended, Some(Ok(()))), "the server failed");
        }
    }
}

/// A text, masked by zeros.
fn frame(text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a short text").to_be_bytes();
    [&[0x81, 0xfe], &length[..], &[0; 4], text].concat()
}

#[test]
fn a_drain_says_going_away_and_ends_once_that_is_answered() {
    let server = Running::start();
    let mut client = server.switch("/echo");
    server.stopper.stop();
    let mut close = [0; 4];
    client.read_exact(&mut close).expect("a Close");
    assert_eq!(close, [0x88, 0x02, 0x03, 0xe9]);
    client.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9]).expect("a server that reads");
    assert_eq!(client.read(&mut close).expect("an end"), 0);
    assert_eq!(server.told(), "clean");
}

#[test]
fn a_reset_is_told() {
    let server = Running::start();
    let mut client = server.switch("/echo");
    client.write_all(&frame(&[b'u'; 200])).expect("a server that reads");
    assert_eq!(client.peek(&mut [0]).expect("an echo"), 1);
    // A close with bytes that were not read is a reset.
    drop(client);
    assert_eq!(server.told(), "Reset");
}

#[test]
fn who_does_not_read_is_not_read_from_and_loses_nothing() {
    let server = Running::start();
    let mut client = server.switch("/echo");
    client.set_nonblocking(true).expect("a socket");
    let text = [b'x'; 1000];
    let one = frame(&text);
    // What fits between both, as far as the last frame.
    let (mut sent, mut cut) = (0, 0);
    let mut pauses = 0;
    while pauses < 20 {
        match client.write(&one[cut..]) {
            Ok(count) => (sent, cut, pauses) = (sent + count, (cut + count) % one.len(), 0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                pauses += 1;
                thread::sleep(Duration::from_millis(5));
            }
            Err(error) => panic!("{error}"),
        }
        assert!(sent < 64 << 20, "the server reads on and on");
    }
    client.set_nonblocking(false).expect("a socket");
    let mut writer = client.try_clone().expect("a socket");
    let rest = one[cut..].to_vec();
    let writing = thread::spawn(move || writer.write_all(&rest));
    let count = (sent + one.len() - cut) / one.len();
    let mut echo = vec![0; 4 + text.len()];
    for _ in 0..count {
        client.read_exact(&mut echo).expect("an echo");
        assert_eq!((&echo[..4], &echo[4..]), (&[0x81, 126, 0x03, 0xe8][..], &text[..]));
    }
    writing.join().expect("a thread").expect("a server that reads");
    client.shutdown(Shutdown::Both).expect("a socket");
    assert_eq!(server.told(), "EndOfStream");
}

#[test]
fn our_direction_ends_first_and_what_comes_is_still_read() {
    let server = Running::start();
    let mut client = server.switch("/listen");
    assert_eq!(client.read(&mut [0]).expect("an end"), 0);
    client.write_all(b"still ").expect("a server that reads");
    client.write_all(b"here").expect("a server that reads");
    client.shutdown(Shutdown::Write).expect("a socket");
    assert_eq!(server.told(), "still here true");
}
