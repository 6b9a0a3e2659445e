//! More clients than the board has places for: the idle make room, and nobody is left without an answer.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use wirenut::readiness::Policy;

use crate::parity::board::{Board, EMBASSY, SMOLTCP};

/// As many as the firmwares serve at once.
const PLACES: usize = 6;

const PATIENCE: Duration = Duration::from_secs(10);

/// For the board to see what was sent. Each of the slow answers takes longer than all that is done meanwhile.
const PAUSE: Duration = Duration::from_millis(200);

struct Client(TcpStream);

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        Self(stream)
    }

    fn send(&mut self, target: &str) {
        write!(self.0, "GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").expect("a connection");
    }

    /// The status of the next answer; `None` at the end of the connection. (A small answer comes in one piece.)
    fn status(&mut self) -> Option<String> {
        let mut answer = [0; 1024];
        let length = self.0.read(&mut answer).expect("an answer, or an end");
        let line = String::from_utf8_lossy(&answer[..length]);
        line.split(' ').nth(1).map(ToOwned::to_owned)
    }
}

fn check(command: &str) {
    let Some(board) = Board::boot(command) else { return };
    let mut clients: Vec<_> = (0..PLACES).map(|_| Client::connect(board.address())).collect();
    for client in &mut clients {
        client.send("/reading");
        assert_eq!(client.status().as_deref(), Some("200"));
        // A connection is idle once its answer was acknowledged, and acknowledgements may be delayed: so that the first
        // one is idle for longest, the next one comes later.
        thread::sleep(2 * PAUSE);
    }
    // It gives way when it has been idle for a while.
    thread::sleep(2 * Duration::from(Policy::DEFAULT.min_idle));
    let mut newcomer = Client::connect(board.address());
    newcomer.send("/reading");
    assert_eq!(newcomer.status().as_deref(), Some("200"), "{command}: nobody made room");
    assert_eq!(clients.remove(0).status(), None, "{command}: not who was idle for longest");

    clients.push(newcomer);
    for client in &mut clients {
        client.send("/slow?ms=5000");
    }
    thread::sleep(PAUSE);
    let mut refused = Client::connect(board.address());
    refused.send("/reading");
    assert_eq!(refused.status().as_deref(), Some("503"), "{command}");
    for client in &mut clients {
        assert_eq!(client.status().as_deref(), Some("200"), "{command}: closed in the middle");
    }
}

#[test]
fn the_board_makes_room_over_smoltcp() {
    check(SMOLTCP);
}

#[test]
fn the_board_makes_room_over_embassy() {
    check(EMBASSY);
}
