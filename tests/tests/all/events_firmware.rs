//! Server-sent events on the board: six clients hear what a seventh sends, and who leaves makes room.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use wirenut_tests::tools::has_board;

use crate::process::Program;

/// For a test that fails.
const PATIENCE: Duration = Duration::from_secs(30);

struct Client {
    stream: TcpStream,
    seen: String,
}

impl Client {
    /// Asks until an answer begins: a stack without a queue refuses who comes too fast.
    fn ask(address: SocketAddr, request: &str) -> Self {
        let end = Instant::now() + PATIENCE;
        loop {
            let mut stream = TcpStream::connect_timeout(&address, PATIENCE).expect("a connection");
            stream.set_read_timeout(Some(PATIENCE)).expect("a live socket");
            let mut piece = [0; 512];
            match stream.write_all(request.as_bytes()).and_then(|()| stream.read(&mut piece)) {
                Ok(length @ 1..) => {
                    let seen = str::from_utf8(&piece[..length]).expect("a text").to_owned();
                    return Self { stream, seen };
                }
                refused => assert!(Instant::now() < end, "no answer: {refused:?}"),
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn listen(address: SocketAddr, path: &str) -> Self {
        let mut client = Self::ask(address, &format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        client.wait_for("\r\n\r\n");
        client
    }

    /// Reads until this has come.
    #[track_caller]
    fn wait_for(&mut self, text: &str) {
        let mut piece = [0; 512];
        while !self.seen.contains(text) {
            let length = self.stream.read(&mut piece).expect("it is answered in time");
            assert!(length > 0, "no {text:?} in {:?}", self.seen);
            self.seen.push_str(str::from_utf8(&piece[..length]).expect("a text"));
        }
    }
}

fn say(address: SocketAddr, number: u32) {
    let content = number.to_string();
    let length = content.len();
    let request =
        format!("POST /news HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{content}");
    Client::ask(address, &request).wait_for("HTTP/1.1 204 ");
}

#[test]
fn six_clients_hear_events_from_the_board() {
    if !has_board() {
        return;
    }
    let board = Program::start(&["adapters/firmware/run", "events_embassy"]);
    let address = board.address;
    let mut clients: Vec<_> = (0..6).map(|_| Client::listen(address, "/news")).collect();
    say(address, 4711);
    for client in &mut clients {
        assert!(client.seen.contains("Content-Type: text/event-stream\r\n"), "{}", client.seen);
        client.wait_for("id: 0\ndata: 4711\n\n");
    }
    // Three leave, and three others come.
    clients.truncate(3);
    clients.extend((0..3).map(|_| Client::listen(address, "/news")));
    say(address, 815);
    clients.iter_mut().for_each(|client| client.wait_for("id: 1\ndata: 815\n\n"));
    drop(clients);
    let mut clock = Client::listen(address, "/ticks");
    (0..4).for_each(|tick| clock.wait_for(&format!("data: {tick}\n\n")));
}
