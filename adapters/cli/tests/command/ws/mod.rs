//! `wirenut ws`, against servers that behave and some that do not.

mod endings;
mod messages;
mod peers;
mod secure;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::thread;

use wirenut::http::service::routes;
use wirenut::websocket::handshake::{DeflateSupport, ServerHandshake};
use wirenut::websocket::{CloseCode, InPieces, MessageHandler, Next, Outbox, Piece, PieceHandler, Upgrade, upgrade};
use wirenut_deflate::PerMessageDeflate;
use wirenut_server::{Config, Server, Stopper};

use crate::process::wirenut;

/// Sends back what comes.
struct Echo;

impl PieceHandler for Echo {
    const ROOM: usize = 14;

    fn piece(&mut self, piece: Piece<'_>, outbox: &mut Outbox<'_>) -> Next {
        outbox.piece(piece.kind, piece.bytes, piece.is_last).into()
    }
}

/// Says what it was made with, and closes with a code and a reason.
struct Farewell(Vec<String>, CloseCode, &'static str);

impl MessageHandler for Farewell {
    const ROOM: usize = 1024;
    const PUSHES: bool = true;

    fn proceed(&mut self, outbox: &mut Outbox<'_>) -> Next {
        for text in &self.0 {
            outbox.text(text).unwrap();
        }
        match outbox.close(self.1, self.2) {
            Ok(()) => Next::More,
            Err(_) => Next::Close(self.1),
        }
    }
}

const COMPRESSED: Upgrade<'static> = Upgrade {
    handshake: ServerHandshake {
        deflate: Some(DeflateSupport::DEFAULT),
        subprotocols: &["b", "a"],
        ..ServerHandshake::DEFAULT
    },
    ..Upgrade::DEFAULT
};

/// A server, in a thread of its own until the test ends.
struct Served {
    url: String,
    stopper: Stopper,
    thread: Option<thread::JoinHandle<()>>,
}

impl Served {
    fn start() -> Self {
        let server = Server::bind("127.0.0.1:0", Config::DEFAULT).unwrap();
        let (url, stopper) = (format!("ws://{}", server.address()), server.stopper());
        let thread = thread::spawn(move || {
            let app = routes!(
                (),
                get("/echo", |_, request, responder| {
                    let accepted = COMPRESSED.accept(request, responder)?;
                    let codec = accepted.deflate.as_ref().map(PerMessageDeflate::of_server);
                    COMPRESSED.begin_with::<_, _, InPieces>(&accepted, responder, Echo, codec)
                }),
                get("/about", |_, request, responder| {
                    let field =
                        |name| String::from_utf8_lossy(request.fields.get(name).unwrap_or_default()).into_owned();
                    let about = ["Origin", "X-One", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"].map(field);
                    upgrade(request, responder, Farewell(about.into(), CloseCode::NORMAL, ""))
                }),
                get("/fail", |_, request, responder| {
                    upgrade(request, responder, Farewell(vec![], CloseCode::INTERNAL_ERROR, "out of order\u{1b}"))
                }),
            );
            server.run(&app).unwrap();
        });
        Self { url, stopper, thread: Some(thread) }
    }

    fn ws(&self, path: &str, options: &[&str], input: &[u8]) -> (Option<i32>, Vec<u8>, String) {
        ws(&[&[format!("{}{path}", self.url).as_str()], options].concat(), input)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stopper.stop();
        let _ = self.thread.take().unwrap().join();
    }
}

/// Runs the command with this on its standard input: its status, what it printed, and what it complained about.
fn ws(arguments: &[&str], input: &[u8]) -> (Option<i32>, Vec<u8>, String) {
    let mut command = wirenut();
    command.arg("ws").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    // A child that has ended does not take it.
    let typing = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    typing.join().unwrap();
    (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
}

/// A server that answers each connection with these bytes, and ends it; without any it stays silent.
fn answering(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _): (TcpStream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request);
        if answer.is_empty() {
            // Until the client has left.
            let _ = stream.read(&mut request);
        }
        let _ = stream.write_all(answer);
    });
    url
}
