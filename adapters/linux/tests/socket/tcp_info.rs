//! The states of the kernel's connections, driven to each that can be held, and what poll(2), recv and send say there:
//! the same as the core's model of them.

use core::net::SocketAddr;
use core::time::Duration;
use std::fs;
use std::net::Shutdown;
use std::thread;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use wirenut::readiness::Readiness;
use wirenut::tcp::state::{Connection, Queues, RecvResult, SendResult, SocketError, State};
use wirenut_linux::socket::{Attempt, Family, Mode, Progress, Received, Socket, TcpListener, TcpStream};

/// Longer than anything on loopback takes.
const LIMIT: Duration = Duration::from_secs(20);

fn listener() -> TcpListener {
    TcpListener::bind(&"127.0.0.1:0".parse().unwrap()).unwrap()
}

/// Both ends of a connection; neither ever waits.
fn pair() -> (TcpStream, TcpStream) {
    let listener = listener();
    let client = TcpStream::connect(&listener.local_address().unwrap()).unwrap();
    let (server, _) = listener.accept(Mode::NonBlocking).unwrap().done().unwrap();
    client.set_mode(Mode::NonBlocking).unwrap();
    (client, server)
}

/// Waits until it is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LIMIT, "never: {what}");
        thread::yield_now();
    }
}

fn reaches(socket: &TcpStream, state: State) {
    until(state.name(), || socket.tcp_info().unwrap().state == state);
}

/// Sends until the peer, which does not read, has closed its window: a FIN behind that does not get through.
fn fill(socket: &TcpStream) {
    let piece = [b'x'; 1 << 16];
    // What the peer's buffer takes leaves after a moment.
    let mut is_full = false;
    until("a full window", || {
        let was_full = is_full;
        is_full = socket.send(&piece).unwrap() == Attempt::WouldBlock;
        was_full && is_full && socket.tcp_info().unwrap().unacknowledged == 0
    });
}

fn polled(socket: &TcpStream) -> Readiness {
    let all = PollFlags::IN | PollFlags::OUT | PollFlags::RDHUP;
    let mut polled = [PollFd::new(socket, all)];
    poll(&mut polled, Some(&Timespec::default())).unwrap();
    let flags = polled[0].revents();
    let pairs = [
        (PollFlags::IN, Readiness::READABLE),
        (PollFlags::OUT, Readiness::WRITABLE),
        (PollFlags::ERR, Readiness::ERROR),
        (PollFlags::HUP, Readiness::HANG_UP),
        (PollFlags::RDHUP, Readiness::READ_CLOSED),
    ];
    pairs.into_iter().filter(|(flag, _)| flags.contains(*flag)).fold(Readiness::NOTHING, |all, (_, one)| all | one)
}

/// The kernel's state, and that poll(2) says of it what the model says.
#[track_caller]
fn is_as_modelled(socket: &TcpStream, state: State, queues: Queues) {
    assert_eq!(socket.tcp_info().unwrap().state, state);
    assert_eq!(polled(socket), state.readiness(queues), "{state}");
}

const IDLE: Queues = Queues { has_data: false, has_room: true };
const UNREAD: Queues = Queues { has_data: true, has_room: true };
const FULL: Queues = Queues { has_data: false, has_room: false };

/// The states of connections that no socket has any more, by the ports of both ends: proc(5).
fn in_proc(local: SocketAddr, remote: SocketAddr) -> Option<u8> {
    let text = fs::read_to_string("/proc/net/tcp").unwrap();
    let port = |field: &str| u16::from_str_radix(field.rsplit(':').next().unwrap(), 16).unwrap();
    let mut lines = text.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let line = lines.find(|fields| (port(fields[1]), port(fields[2])) == (local.port(), remote.port()))?;
    Some(u8::from_str_radix(line[3], 16).unwrap())
}

#[test]
fn open_to_closed_in_four_segments() {
    let (client, server) = pair();
    let (here, there) = (client.local_address().unwrap(), server.local_address().unwrap());
    is_as_modelled(&client, State::Established, IDLE);
    assert_eq!(server.send(b"x").unwrap(), Attempt::Done(1));
    until("data", || client.unread_bytes().unwrap() == 1);
    is_as_modelled(&client, State::Established, UNREAD);

    client.shutdown(Shutdown::Write).unwrap();
    reaches(&client, State::FinWait2);
    reaches(&server, State::CloseWait);
    is_as_modelled(&client, State::FinWait2, UNREAD);
    is_as_modelled(&server, State::CloseWait, IDLE);
    assert_eq!(client.send(b"x").unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
    assert_eq!(server.recv(&mut [0; 9]).unwrap(), Received::End);
    assert_eq!(server.send(b"y").unwrap(), Attempt::Done(1), "a half-closed connection carries data");

    server.shutdown(Shutdown::Write).unwrap();
    reaches(&server, State::Closed);
    // TIME-WAIT is the system's.
    reaches(&client, State::Closed);
    assert_eq!(in_proc(here, there), Some(6), "TIME-WAIT");
    is_as_modelled(&client, State::Closed, UNREAD);
    assert_eq!(client.recv(&mut [0; 9]).unwrap(), Received::Data(2));
    assert_eq!(client.recv(&mut [0; 9]).unwrap(), Received::End);
    is_as_modelled(&server, State::Closed, IDLE);
}

#[test]
fn ends_behind_a_closed_window() {
    let (client, server) = pair();
    fill(&client);
    is_as_modelled(&client, State::Established, FULL);
    client.shutdown(Shutdown::Write).unwrap();
    is_as_modelled(&client, State::FinWait1, FULL);
    is_as_modelled(&server, State::Established, UNREAD);
    // Both end at once, as far as the client knows.
    server.shutdown(Shutdown::Write).unwrap();
    reaches(&client, State::Closing);
    reaches(&server, State::FinWait2);
    is_as_modelled(&client, State::Closing, FULL);
    is_as_modelled(&server, State::FinWait2, UNREAD);
    assert_eq!(client.recv(&mut [0; 9]).unwrap(), Received::End);
}

#[test]
fn the_last_acknowledgement_waits() {
    let (client, server) = pair();
    fill(&server);
    client.shutdown(Shutdown::Write).unwrap();
    reaches(&server, State::CloseWait);
    is_as_modelled(&server, State::CloseWait, FULL);
    server.shutdown(Shutdown::Write).unwrap();
    is_as_modelled(&server, State::LastAck, FULL);
    reaches(&client, State::FinWait2);
    is_as_modelled(&client, State::FinWait2, UNREAD);
}

#[test]
fn a_reset_is_told_once() {
    let (client, server) = pair();
    server.abort().unwrap();
    reaches(&client, State::Closed);
    let ready = polled(&client);
    assert_eq!(ready, State::Closed.readiness(IDLE) | Readiness::ERROR);
    assert_eq!(client.recv(&mut [0; 9]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(client.recv(&mut [0; 9]).unwrap(), Received::End);
    assert_eq!(client.send(b"x").unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
    is_as_modelled(&client, State::Closed, IDLE);
}

#[test]
fn who_listens_and_who_waits_to_connect() {
    let socket = Socket::tcp(Family::V4).unwrap();
    assert_eq!(socket.tcp_info().unwrap().state, State::Closed);
    socket.bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
    // A queue for one: the next two fill it, and what comes then is not answered.
    let listener = socket.listen(0).unwrap();
    assert_eq!(listener.tcp_info().unwrap().state, State::Listen);
    let address = listener.local_address().unwrap();
    let mut connections = Vec::new();
    loop {
        assert!(connections.len() < 10, "the queue has no end");
        let socket = Socket::tcp(Family::V4).unwrap();
        socket.set_mode(Mode::NonBlocking).unwrap();
        match socket.start_connect(&address).unwrap() {
            Progress::Connected(connection) => connections.push(connection),
            Progress::Connecting(connecting) => {
                // Its SYN is sent again: nobody has answered the first.
                until("an answer, or none", || {
                    let info = connecting.tcp_info().unwrap();
                    info.state == State::Established || info.retransmitted > 0
                });
                match connecting.finish().unwrap() {
                    Progress::Connected(connection) => connections.push(connection),
                    Progress::Connecting(waiting) => {
                        assert_eq!(waiting.tcp_info().unwrap().state, State::SynSent);
                        break;
                    }
                }
            }
        }
    }
    let waiting = listener.tcp_info().unwrap().unacknowledged;
    assert_eq!(usize::try_from(waiting).unwrap(), connections.len(), "what waits to be accepted");
}

/// Before there was a connection, the model and Linux agree on what would block, and on recv; of send POSIX says ENOTCONN.
#[test]
fn without_a_connection() {
    let socket = std::net::TcpStream::from(std::os::fd::OwnedFd::from(Socket::tcp(Family::V4).unwrap()));
    let model = Connection::new();
    let mut ready = [PollFd::new(&socket, PollFlags::IN | PollFlags::OUT | PollFlags::RDHUP)];
    poll(&mut ready, Some(&Timespec::default())).unwrap();
    assert_eq!(ready[0].revents(), PollFlags::OUT | PollFlags::HUP);
    assert_eq!(model.readiness(IDLE), Readiness::WRITABLE | Readiness::HANG_UP);
    assert_eq!(model.recv(false), RecvResult::Failed(SocketError::NotConnected));
    let error = std::io::Read::read(&mut &socket, &mut [0]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotConnected);
    assert_eq!(model.send(true), SendResult::Failed(SocketError::NotConnected));
    let error = std::io::Write::write(&mut &socket, b"x").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
}
