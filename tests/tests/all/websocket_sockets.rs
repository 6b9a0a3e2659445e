//! WebSocket over real sockets: tungstenite as the client of our server, under several models, with messages longer than any
//! buffer.

use core::net::SocketAddr;
use core::num::NonZeroUsize;
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::{Error, Message, WebSocket};
use wirenut::http::service::routes;
use wirenut::websocket::{MessageHandler, Next, Outbox, Piece, PieceHandler, Upgrade, upgrade};
use wirenut_server::{Config, Model, Server, Stopper};

const PATIENCE: Duration = Duration::from_secs(30);

/// The longest message that the handler of whole ones gets: what the store of the connection has room for.
const LONGEST_WHOLE: usize = 16 * 1024 - 126;

struct Whole;

impl MessageHandler for Whole {
    const ROOM: usize = LONGEST_WHOLE + 10;

    fn text(&mut self, text: &str, outbox: &mut Outbox<'_>) -> Next {
        outbox.text(text).into()
    }

    fn binary(&mut self, message: &[u8], outbox: &mut Outbox<'_>) -> Next {
        outbox.binary(message).into()
    }
}

struct Pieces;

impl PieceHandler for Pieces {
    const ROOM: usize = 14;

    fn piece(&mut self, piece: Piece<'_>, outbox: &mut Outbox<'_>) -> Next {
        outbox.piece(piece.kind, piece.bytes, piece.is_last).into()
    }
}

/// A server, until it is dropped.
struct Running {
    address: SocketAddr,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn start(model: Model) -> Self {
        let server = Server::bind("127.0.0.1:0", Config { model, ..Config::DEFAULT }).expect("a free port");
        let (address, stopper) = (server.local_addr().expect("an address"), server.stopper());
        let thread = thread::spawn(move || {
            let service = routes!(
                (),
                get("/whole", |_, request, responder| upgrade(request, responder, Whole)),
                get("/pieces", |_, request, responder| {
                    let accepted = Upgrade::DEFAULT.accept(request, responder)?;
                    Upgrade::DEFAULT.begin_pieces(&accepted, responder, Pieces)
                }),
            );
            server.run(&service).expect("a server that runs");
        });
        Self { address, stopper, thread: Some(thread) }
    }

    fn connect(&self, path: &str) -> WebSocket<Wire> {
        let wire = Wire::connect(self.address);
        let url = format!("ws://{}{path}", self.address);
        tungstenite::client(url, wire).expect("a handshake").0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stopper.stop();
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            assert!(matches!(ended, Some(Ok(()))), "the server failed");
        }
    }
}

/// A socket whose writes never wait, so that the client reads while it sends: what it sends leaves in a thread.
struct Wire {
    stream: TcpStream,
    sender: Sender<Vec<u8>>,
}

impl Wire {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a server");
        stream.set_nodelay(true).expect("a socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket");
        let (sender, receiver) = channel::<Vec<u8>>();
        let mut writer = stream.try_clone().expect("a descriptor");
        // It ends with the wire; or with the connection, as the reader then sees.
        thread::spawn(move || receiver.iter().try_for_each(|bytes| writer.write_all(&bytes)));
        Self { stream, sender }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sender.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn text(length: usize) -> String {
    "äbc水".chars().cycle().take(length).collect()
}

fn binary(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 253) as u8).collect()
}

/// Sends messages of all lengths at which something changes, and says good-bye.
fn converse(mut socket: WebSocket<Wire>, longest: usize) {
    for length in [0, 1, 125, 126, 4000, LONGEST_WHOLE, 65_535, 65_536, 100_000, 1_500_000] {
        if length > longest {
            break;
        }
        for message in [Message::binary(binary(length)), Message::text(text(length / 4))] {
            socket.send(message.clone()).expect("a server that reads");
            assert!(socket.read().expect("an echo") == message, "{length} bytes");
        }
        socket.send(Message::Ping("alive".into())).expect("a server that reads");
        assert_eq!(socket.read().expect("a Pong"), Message::Pong("alive".into()));
    }
    // Fragments, and a control frame between them.
    let fragment =
        |data, bytes: &'static [u8], is_final| Message::Frame(Frame::message(bytes, OpCode::Data(data), is_final));
    for message in [
        fragment(Data::Text, b"w\xc3", false),
        Message::Ping("within".into()),
        fragment(Data::Continue, b"\xb6", false),
        fragment(Data::Continue, b"rld", true),
    ] {
        socket.send(message).expect("a server that reads");
    }
    assert_eq!(socket.read().expect("a Pong"), Message::Pong("within".into()));
    assert_eq!(socket.read().expect("an echo"), Message::text("wörld"));

    let close = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
    socket.close(Some(close)).expect("a server that reads");
    assert!(
        matches!(socket.read().expect("its Close"), Message::Close(Some(close)) if close.code == CloseCode::Normal)
    );
    assert!(matches!(socket.read(), Err(Error::ConnectionClosed)), "the server ends the connection");
}

#[test]
fn tungstenite_is_served_under_each_model() {
    let four = NonZeroUsize::new(4).expect("a number");
    for model in [Model::DEFAULT, Model::Threading { threads: four }, Model::Iterative] {
        let server = Running::start(model);
        converse(server.connect("/pieces"), usize::MAX);
        converse(server.connect("/whole"), LONGEST_WHOLE);
    }
}

#[test]
fn many_connections_of_tungstenite_are_served_at_once() {
    let server = Running::start(Model::DEFAULT);
    thread::scope(|scope| {
        for number in 0..16 {
            let server = &server;
            scope.spawn(move || match number % 2 {
                0 => converse(server.connect("/pieces"), 100_000),
                _ => converse(server.connect("/whole"), LONGEST_WHOLE),
            });
        }
    });
}

#[test]
fn a_message_that_is_too_long_gets_1009() {
    let server = Running::start(Model::DEFAULT);
    let mut socket = server.connect("/whole");
    socket.send(Message::binary(binary(LONGEST_WHOLE + 1))).expect("a server that reads");
    match socket.read() {
        Ok(Message::Close(Some(close))) => assert_eq!(close.code, CloseCode::Size),
        other => panic!("not a Close: {other:?}"),
    }
}
