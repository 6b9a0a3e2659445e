//! More clients than the board has places for: the idle make room, and nobody is left without an answer.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use wirenut::readiness::Policy;
use wirenut_reference::DEVICE_LIMITS;

use crate::parity::board::{Board, EMBASSY, SMOLTCP};

/// As many as the firmwares serve at once.
const PLACES: usize = 6;

const PATIENCE: Duration = Duration::from_secs(10);

/// For the board to see what was sent.
const PAUSE: Duration = Duration::from_millis(200);

/// What the slow answers take.
const SLOW_MS: u32 = 5_000;

/// How often a board is asked anew, where the machine was too busy to ask in time.
const TRIES: usize = 3;

struct Client(TcpStream);

impl Client {
    fn connect(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(address).map_err(|error| format!("no connection: {error}"))?;
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        Ok(Self(stream))
    }

    fn send(&mut self, target: &str) -> Result<(), String> {
        let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        self.0.write_all(request.as_bytes()).map_err(|error| format!("{target} was not sent: {error}"))
    }

    /// Succeeds if the next answer has this status, or with `None` if the connection ends. (A small answer comes in one
    /// piece.)
    fn expect(&mut self, status: Option<&str>) -> Result<(), String> {
        let mut answer = [0; 1024];
        let length = self.0.read(&mut answer).map_err(|error| format!("{status:?} did not come: {error}"))?;
        let line = String::from_utf8_lossy(&answer[..length]);
        let came = line.split(' ').nth(1);
        if came == status { Ok(()) } else { Err(format!("{came:?} came and not {status:?}")) }
    }
}

/// Fills the board, and asks for one place more: first with idle clients, then with slow ones. An error says why, and that it
/// counts only if it came within so much time of that moment: later, the board's own deadlines had passed.
fn crowd(board: &Board) -> Result<(), (Instant, Duration, String)> {
    let start = Instant::now();
    let idle = Duration::from(DEVICE_LIMITS.idle);
    let while_idle = |why| (start, idle, why);
    let mut clients = Vec::new();
    for _ in 0..PLACES {
        clients.push(Client::connect(board.address()).map_err(while_idle)?);
    }
    for client in &mut clients {
        client.send("/reading").and_then(|()| client.expect(Some("200"))).map_err(while_idle)?;
        // A connection is idle once its answer was acknowledged, and acknowledgements may be delayed: so that the first
        // one is idle for longest, the next one comes later.
        thread::sleep(2 * PAUSE);
    }
    // It gives way when it has been idle for a while.
    thread::sleep(2 * Duration::from(Policy::DEFAULT.min_idle));
    let mut newcomer = Client::connect(board.address()).map_err(while_idle)?;
    newcomer.send("/reading").and_then(|()| newcomer.expect(Some("200"))).map_err(while_idle)?;
    clients.remove(0).expect(None).map_err(while_idle)?;

    clients.push(newcomer);
    let start_of_slow = Instant::now();
    for client in &mut clients {
        client.send(&format!("/slow?ms={SLOW_MS}")).map_err(while_idle)?;
    }
    // Whoever is not seen to be busy yet would give way.
    thread::sleep(5 * PAUSE);
    let while_slow = |why| (start_of_slow, Duration::from_millis(u64::from(SLOW_MS)), why);
    let mut refused = Client::connect(board.address()).map_err(while_slow)?;
    refused.send("/reading").and_then(|()| refused.expect(Some("503"))).map_err(while_slow)?;
    for client in &mut clients {
        client.expect(Some("200")).map_err(while_idle)?;
    }
    Ok(())
}

/// The board has deadlines of its own, so what it does tells something only where this machine asks in time.
fn check(command: &str) {
    let Some(board) = Board::boot(command) else { return };
    // Whoever asked whether it is up may not have left yet, and keeps a place so long.
    thread::sleep(Duration::from(DEVICE_LIMITS.linger) + Duration::from(Policy::DEFAULT.min_idle));
    for _ in 0..TRIES {
        let Err((since, bound, why)) = crowd(&board) else { return };
        let took = since.elapsed();
        assert!(took > bound, "{command}: {why}, after {took:?}\n{}", board.log());
        thread::sleep(bound);
    }
    panic!("{command}: this machine was too busy, {TRIES} times");
}

#[test]
fn the_board_makes_room_over_smoltcp() {
    check(SMOLTCP);
}

#[test]
fn the_board_makes_room_over_embassy() {
    check(EMBASSY);
}
