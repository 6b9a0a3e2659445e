//! TCP against Python: ends, resets, full buffers, families.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;

use rustix::event::{PollFd, PollFlags, poll};
use wirenut_linux::socket::{Attempt, Family, KeepAlive, Mode, Progress, Received, Socket, TcpListener, TcpStream};

use crate::peer::{Peer, accept, patient};

fn loopback() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

const SERVER: &str = "
listener = create_server(('127.0.0.1', 0))
say(listener.getsockname()[1])
s, _ = listener.accept()
";

const CLIENT: &str = "
s = create_connection(('127.0.0.1', int(arguments[0])))
";

fn client(script: &str) -> (Peer, TcpStream) {
    let listener = patient(TcpListener::bind(&loopback()).unwrap());
    let peer = Peer::start(&format!("{CLIENT}{script}"), &[&listener.local_address().unwrap().port()]);
    let stream = accept(&listener);
    (peer, stream)
}

fn server(script: &str) -> (Peer, TcpStream) {
    let mut peer = Peer::start(&format!("{SERVER}{script}"), &[]);
    let stream = TcpStream::connect(&peer.hear_port()).unwrap();
    (peer, patient(stream))
}

#[test]
fn our_end_first() {
    let (peer, stream) = server("s.sendall(rest(s)[::-1])");
    assert_eq!(stream.send_more(b"ab").unwrap(), Attempt::Done(2));
    assert_eq!(
        stream.send_vectored(&[IoSlice::new(b"c"), IoSlice::new(b""), IoSlice::new(b"de")]).unwrap().done(),
        Some(3)
    );
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(stream.send(b"more").unwrap_err().kind(), ErrorKind::BrokenPipe);
    let mut answer = String::new();
    (&stream).read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "edcba");
    assert_eq!(stream.recv(&mut [0; 9]).unwrap(), Received::End, "the end stays");
    peer.end();
}

#[test]
fn their_end_first() {
    let (mut peer, stream) = client("s.sendall(b'question'); s.shutdown(SHUT_WR); say(rest(s).decode())");
    let mut question = String::new();
    (&stream).read_to_string(&mut question).unwrap();
    assert_eq!(question, "question");
    (&stream).write_all(b"answer").unwrap();
    drop(stream);
    assert_eq!(peer.hear(), "answer");
    peer.end();
}

#[test]
fn a_reset_in_mid_message_is_an_error_and_no_signal() {
    let (mut peer, stream) = client(
        "s.sendall(b'abc'); hear()
s.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack('ii', 1, 0)); s.close(); say('reset')",
    );
    let mut bytes = [0; 10];
    assert_eq!(stream.recv(&mut bytes).unwrap(), Received::Data(3));
    peer.say("now");
    peer.hear();
    let error = stream.recv(&mut bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let number = std::os::fd::AsRawFd::as_raw_fd(&stream);
    assert_eq!(
        error.to_string(),
        format!("cannot receive on descriptor {number}: Connection reset by peer (os error 104)")
    );
    assert_eq!(stream.recv(&mut bytes).unwrap(), Received::End, "the reset is told once");
    assert_eq!(stream.send(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(stream.peer_address().unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(stream.shutdown(Shutdown::Write).unwrap_err().kind(), ErrorKind::NotConnected);
    peer.end();
}

#[test]
fn our_reset_is_seen() {
    let (mut peer, stream) = client(
        "s.sendall(b'abc')
try: say(len(rest(s)))
except ConnectionResetError: say('reset')",
    );
    assert_eq!(stream.peek(&mut [0; 10]).unwrap(), Received::Data(3));
    stream.abort().unwrap();
    assert_eq!(peer.hear(), "reset");
    peer.end();
}

/// Neither side receives before it has sent all: only what looks at both directions gets through.
#[test]
fn full_buffers_both_ways() {
    const LENGTH: usize = 20_000_000;
    let (mut peer, mut stream) = client(
        "import threading
N = 20_000_000
hear()
sender = threading.Thread(target=lambda: s.sendall(bytes(range(251)) * (N // 251 + 1)))
sender.start()
data = rest(s)
say(data == (bytes(range(253)) * (N // 253 + 1))[:N])
sender.join(); s.close()",
    );
    stream.set_mode(Mode::NonBlocking).unwrap();
    let data: Vec<u8> = (0..LENGTH).map(|index| (index % 253) as u8).collect();
    let mut sent = 0;
    while let Attempt::Done(count) = stream.send(&data[sent..]).unwrap() {
        sent += count;
    }
    assert!(sent < LENGTH, "the buffers are full");
    assert!(!embedded_io::WriteReady::write_ready(&mut stream).unwrap());
    peer.say("go");
    let (mut received, mut bytes) = (0, vec![0; 1 << 16]);
    loop {
        let interest = if sent < LENGTH { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        poll(&mut [PollFd::new(&stream, interest)], None).unwrap();
        if sent < LENGTH {
            sent += stream.send(&data[sent..]).unwrap().done().unwrap_or(0);
            if sent == LENGTH {
                stream.shutdown(Shutdown::Write).unwrap();
            }
        }
        match stream.recv(&mut bytes).unwrap() {
            Received::Data(count) => {
                for byte in &bytes[..count] {
                    assert_eq!(usize::from(*byte), received % 251);
                    received += 1;
                }
            }
            Received::End => break,
            Received::WouldBlock => {}
        }
    }
    assert_eq!(received, (LENGTH / 251 + 1) * 251);
    assert_eq!(peer.hear(), "True");
    peer.end();
}

#[test]
fn time_limits_are_kept() {
    let (_peer, stream) = client("hear()");
    stream.set_recv_timeout(Some(Duration::from_millis(50))).unwrap();
    assert_eq!(stream.recv(&mut [0]).unwrap(), Received::WouldBlock);
    let mut stream = stream;
    let error = embedded_io::Read::read(&mut stream, &mut [0]).unwrap_err();
    assert_eq!(embedded_io::Error::kind(&error), embedded_io::ErrorKind::TimedOut);
    assert_eq!((&stream).read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    stream.set_send_timeout(Some(Duration::from_millis(50))).unwrap();
    let all = vec![0; 1 << 24];
    while stream.send(&all).unwrap() != Attempt::WouldBlock {}
    assert_eq!(stream.set_recv_timeout(Some(Duration::ZERO)).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_listener_without_room_lets_connecting_time_out() {
    let socket = Socket::tcp(Family::V4).unwrap();
    socket.bind(&loopback()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_address().unwrap();
    let limit = Duration::from_millis(100);
    let connect = || Socket::tcp(Family::V4).unwrap().connect_within(&address, limit);
    let mut connected = Vec::new();
    let error = loop {
        match connect() {
            Ok(stream) => connected.push(stream),
            Err(error) => break error,
        }
        assert!(connected.len() < 10);
    };
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.to_string(), format!("cannot connect to {address}: Connection timed out (os error 110)"));
    assert_eq!(connected[0].send_timeout().unwrap(), None, "the limit was for connecting only");
    // A time-out of the socket bounds connecting, too.
    let socket = Socket::tcp(Family::V4).unwrap();
    socket.set_send_timeout(Some(limit)).unwrap();
    assert_eq!(socket.connect(&address).unwrap_err().kind(), ErrorKind::TimedOut);
}

#[test]
fn nobody_listens() {
    let address = TcpListener::bind(&loopback()).unwrap().local_address().unwrap();
    assert_eq!(TcpStream::connect(&address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    let mut progress = match Socket::tcp(Family::V4).unwrap().start_connect(&address) {
        // Over loopback it may be known at once.
        Err(error) => return assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
        Ok(progress) => progress,
    };
    let error = loop {
        let Progress::Connecting(socket) = progress else { panic!("connected to nobody") };
        poll(&mut [PollFd::new(&socket, PollFlags::OUT)], None).unwrap();
        match socket.finish() {
            Ok(next) => progress = next,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn tcp_does_not_meet_itself() {
    let socket = Socket::tcp(Family::V4).unwrap();
    socket.bind(&loopback()).unwrap();
    let address = socket.local_address().unwrap();
    assert_eq!(socket.connect(&address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn connecting_waits_also_without_blocking_and_keeps_the_mode() {
    let listener = TcpListener::bind(&loopback()).unwrap();
    let socket = Socket::tcp(Family::V4).unwrap();
    socket.set_mode(Mode::NonBlocking).unwrap();
    let stream = socket.connect(&listener.local_address().unwrap()).unwrap();
    assert_eq!(stream.mode().unwrap(), Mode::NonBlocking);
    assert_eq!(stream.recv(&mut [0]).unwrap(), Received::WouldBlock);
    let accepted = listener.accept(Mode::NonBlocking).unwrap().done().unwrap().0;
    assert_eq!(accepted.mode().unwrap(), Mode::NonBlocking);
}

#[test]
fn families_are_what_was_asked_for() {
    let ask = "
try: create_connection(('127.0.0.1', int(arguments[0]))); say('connected')
except ConnectionRefusedError: say('refused')
hear()";
    for (family, said) in [(Family::V6, "refused"), (Family::DualStack, "connected")] {
        let socket = Socket::tcp(family).unwrap();
        socket.bind(&(Ipv6Addr::UNSPECIFIED, 0).into()).unwrap();
        let listener = socket.listen(1).unwrap();
        let mut peer = Peer::start(ask, &[&listener.local_address().unwrap().port()]);
        assert_eq!(peer.hear(), said);
        if family == Family::DualStack {
            let (_, address) = listener.accept(Mode::Blocking).unwrap().done().unwrap();
            assert_eq!(address.ip(), Ipv4Addr::LOCALHOST.to_ipv6_mapped());
            assert_eq!(address.ip().to_canonical(), Ipv4Addr::LOCALHOST);
        }
    }
}

#[test]
fn options_are_the_systems() {
    let (mut peer, stream) = server(
        "s.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1); s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
s.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 11); s.setsockopt(IPPROTO_TCP, TCP_KEEPINTVL, 12)
s.setsockopt(IPPROTO_TCP, TCP_KEEPCNT, 13); s.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack('ii', 1, 14))
channel = socket(AF_UNIX); channel.connect('\\0' + hear())
send_fds(channel, [b'!'], [s.fileno()])",
    );
    let name = crate::peer::abstract_name();
    let channel = wirenut_linux::socket::UnixListener::bind(&name).unwrap();
    peer.say(core::str::from_utf8(name.as_abstract_name().unwrap()).unwrap());
    let channel = accept(&channel);
    let Received::Data(mut delivery) = channel.recv_descriptors(&mut [0]).unwrap() else { panic!() };
    let theirs = TcpStream::try_from(delivery.descriptors.remove(0)).unwrap();
    assert!(theirs.no_delay().unwrap());
    let seconds = Duration::from_secs;
    let times = KeepAlive { idle: seconds(11), interval: seconds(12), probes: 13 };
    assert_eq!(theirs.keep_alive().unwrap(), Some(times));
    assert_eq!(theirs.linger().unwrap(), Some(seconds(14)));
    assert_eq!(theirs.peer_address().unwrap(), stream.local_address().unwrap());
    assert_eq!(
        (stream.no_delay().unwrap(), stream.keep_alive().unwrap(), stream.linger().unwrap()),
        (false, None, None)
    );
    peer.end();
}

#[test]
fn deferred_connections_wait_for_their_first_bytes() {
    let listener = TcpListener::bind(&loopback()).unwrap();
    listener.set_mode(Mode::NonBlocking).unwrap();
    listener.set_defer_accept(60).unwrap();
    let stream = TcpStream::connect(&listener.local_address().unwrap()).unwrap();
    assert!(matches!(listener.accept(Mode::Blocking).unwrap(), Attempt::WouldBlock));
    stream.send(b"first").unwrap().done().unwrap();
    poll(&mut [PollFd::new(&listener, PollFlags::IN)], None).unwrap();
    assert!(listener.accept(Mode::Blocking).unwrap().done().is_some());
}

#[test]
fn the_standard_librarys_types_are_the_same_sockets() {
    let listener = std::net::TcpListener::from(TcpListener::bind(&loopback()).unwrap());
    let stream = TcpStream::from(std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap());
    let (mut theirs, _) = listener.accept().unwrap();
    stream.send(b"hello").unwrap().done().unwrap();
    drop(stream);
    let mut text = String::new();
    theirs.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
    let error = TcpStream::try_from(std::os::fd::OwnedFd::from(listener)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConnected);
}
