//! TCP against Python: ends, resets, full buffers, families.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use std::fs::{self, File};
use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use wirenut_linux::socket::{
    Attempt, Family, KeepAlive, Mode, Progress, Received, Socket, TcpListener, TcpStream, UnixListener,
};
use wirenut_tests::tools::has;

use crate::peer::{Peer, abstract_name, accept, patient, text};

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
    if !has("python3") {
        return;
    }
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
    if !has("python3") {
        return;
    }
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
fn our_receiving_ends_alone() {
    if !has("python3") {
        return;
    }
    let (mut peer, stream) = client("say(rest(s).decode())");
    stream.shutdown(Shutdown::Read).unwrap();
    assert_eq!(stream.recv(&mut [0; 9]).unwrap(), Received::End);
    (&stream).write_all(b"still there").unwrap();
    stream.shutdown(Shutdown::Both).unwrap();
    assert_eq!(peer.hear(), "still there");
    peer.end();
}

#[test]
fn pieces_and_peeks_are_of_the_same_bytes() {
    if !has("python3") {
        return;
    }
    let (peer, stream) = client("s.sendall(b'headbody'); hear()");
    let (mut head, mut body) = ([0; 4], [0; 100]);
    while stream.peek(&mut body).unwrap() != Received::Data(8) {}
    let mut buffers = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut []), IoSliceMut::new(&mut body)];
    assert_eq!(stream.recv_vectored(&mut buffers).unwrap(), Received::Data(8));
    assert_eq!((&head, &body[..4]), (b"head", &b"body"[..]));
    // No bytes are neither an end nor something to wait for.
    assert_eq!(stream.recv(&mut []).unwrap(), Received::Data(0));
    assert_eq!(stream.peek(&mut []).unwrap(), Received::Data(0));
    assert_eq!(stream.recv_vectored(&mut [IoSliceMut::new(&mut [])]).unwrap(), Received::Data(0));
    assert_eq!(stream.send(b"").unwrap(), Attempt::Done(0));
    assert_eq!(stream.send_vectored(&[]).unwrap(), Attempt::Done(0));
    stream.set_mode(Mode::NonBlocking).unwrap();
    assert_eq!(stream.recv_vectored(&mut [IoSliceMut::new(&mut head)]).unwrap(), Received::WouldBlock);
    assert_eq!(stream.peek(&mut head).unwrap(), Received::WouldBlock);
    peer.kill();
    poll(&mut [PollFd::new(&stream, PollFlags::IN)], None).unwrap();
    assert_eq!(stream.peek(&mut head).unwrap(), Received::End);
    assert_eq!(stream.recv_vectored(&mut [IoSliceMut::new(&mut head)]).unwrap(), Received::End);
}

/// How many segments they were is known to the one who got them (tcpi_data_segs_in).
#[test]
fn what_is_sent_with_more_shares_a_segment() {
    if !has("python3") {
        return;
    }
    let script = "
def take(length):
    while length: length -= len(s.recv(length))
    return struct.unpack_from('I', s.getsockopt(IPPROTO_TCP, TCP_INFO, 200), 152)[0]
before = 0
while hear():
    now = take(8); say(now - before); before = now";
    let (mut peer, stream) = server(script);
    stream.set_no_delay(true).unwrap();
    let mut segments = |send_head: &dyn Fn() -> Attempt<usize>| {
        assert_eq!(send_head(), Attempt::Done(4));
        assert_eq!(stream.send(b"body").unwrap(), Attempt::Done(4));
        peer.say("how many?");
        peer.hear()
    };
    // If this process has to pause in between for long enough, the system sends the first piece nevertheless.
    let together = (0..20).any(|_| segments(&|| stream.send_more(b"head").unwrap()) == "1");
    let apart = (0..20).any(|_| segments(&|| stream.send(b"head").unwrap()) == "2");
    assert!(together && apart, "together: {together}, apart: {apart}");
}

#[test]
fn a_reset_in_mid_message_is_an_error_and_no_signal() {
    if !has("python3") {
        return;
    }
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
    let number = stream.as_raw_fd();
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
    if !has("python3") {
        return;
    }
    let (mut peer, stream) = client(
        "s.sendall(b'abc')
try: say(len(rest(s)))
except ConnectionResetError: say('reset')",
    );
    // What is not received would make any end a reset.
    assert_eq!(stream.recv(&mut [0; 10]).unwrap(), Received::Data(3));
    stream.abort().unwrap();
    assert_eq!(peer.hear(), "reset");
    peer.end();
}

/// Neither side receives before it has sent all: only what looks at both directions gets through.
#[test]
fn full_buffers_both_ways() {
    if !has("python3") {
        return;
    }
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
    if !has("python3") {
        return;
    }
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

/// Who ends first keeps the address for a minute (TIME-WAIT).
#[test]
fn an_address_of_a_moment_ago_is_bound_again() {
    let listener = TcpListener::bind(&loopback()).unwrap();
    let address = listener.local_address().unwrap();
    let client = TcpStream::connect(&address).unwrap();
    let server = accept(&listener);
    server.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.recv(&mut [0]).unwrap(), Received::End);
    drop(client);
    assert_eq!(server.recv(&mut [0]).unwrap(), Received::End);
    drop((server, listener));
    let error = Socket::tcp(Family::V4).unwrap().bind(&address).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot bind to {address}: Address already in use (os error 98)"));
    TcpListener::bind(&address).unwrap();
}

#[test]
fn a_listener_can_make_room() {
    let name = abstract_name();
    let socket = Socket::stream().unwrap();
    socket.bind(&name).unwrap();
    let listener = socket.listen(0).unwrap();
    let connect = || Socket::stream().unwrap().start_connect(&name);
    let _first = connect().unwrap();
    assert_eq!(
        connect().unwrap_err().to_string(),
        format!("cannot connect to {name}: Resource temporarily unavailable (os error 11)")
    );
    listener.set_backlog(1).unwrap();
    assert!(matches!(connect().unwrap(), Progress::Connected(_)));
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
    if !has("python3") {
        return;
    }
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
    if !has("python3") {
        return;
    }
    let (mut peer, stream) = server(
        "s.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1); s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
s.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 11); s.setsockopt(IPPROTO_TCP, TCP_KEEPINTVL, 12)
s.setsockopt(IPPROTO_TCP, TCP_KEEPCNT, 13); s.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack('ii', 1, 14))
channel = socket(AF_UNIX); channel.connect('\\0' + hear())
send_fds(channel, [b'!'], [s.fileno()])",
    );
    let name = abstract_name();
    let channel = UnixListener::bind(&name).unwrap();
    peer.say(&text(&name));
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

/// Each option that is set here is what another program finds.
#[test]
fn options_that_are_set_are_set() {
    if !has("python3") {
        return;
    }
    let (listener, name) = (patient(TcpListener::bind(&loopback()).unwrap()), abstract_name());
    let channel = UnixListener::bind(&name).unwrap();
    let script = "
channel = socket(AF_UNIX); channel.connect('\\0' + arguments[0])
while True:
    data, descriptors, _, _ = recv_fds(channel, 1000, 1)
    if not data: break
    s = socket(fileno=descriptors[0])
    def get(option, level=SOL_SOCKET): return s.getsockopt(level, option)
    def pair(option, format): return struct.unpack(format, s.getsockopt(SOL_SOCKET, option, 16))
    say(eval(data))
    s.close()";
    let mut peer = Peer::start(script, &[&text(&name)]);
    let channel = accept(&channel);
    let mut check = |socket: BorrowedFd<'_>, expression: &str, value: &str| {
        let sent = channel.send_descriptors(expression.as_bytes(), &[socket]).unwrap();
        assert_eq!(sent, Attempt::Done(expression.len()));
        assert_eq!(peer.hear(), value, "{expression}");
    };
    let seconds = Duration::from_secs;

    let tcp = Socket::tcp(Family::V4).unwrap();
    tcp.set_reuse_address(true).unwrap();
    tcp.set_reuse_port(true).unwrap();
    tcp.set_no_delay(true).unwrap();
    tcp.set_keep_alive(Some(KeepAlive { idle: Duration::from_millis(10_001), interval: seconds(12), probes: 13 }))
        .unwrap();
    tcp.set_user_timeout(30_000).unwrap();
    tcp.set_linger(Some(seconds(14))).unwrap();
    tcp.set_recv_buffer_size(10_000).unwrap();
    tcp.set_send_buffer_size(20_000).unwrap();
    tcp.set_recv_timeout(Some(Duration::from_millis(1_500))).unwrap();
    tcp.set_send_timeout(Some(seconds(2))).unwrap();
    tcp.set_hops(7).unwrap();
    tcp.set_fast_open_connect(true).unwrap();
    for (expression, value) in [
        ("get(SO_REUSEADDR)", "1"),
        ("get(SO_REUSEPORT)", "1"),
        ("get(TCP_NODELAY, IPPROTO_TCP)", "1"),
        ("get(SO_KEEPALIVE)", "1"),
        ("[get(each, IPPROTO_TCP) for each in (TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT)]", "[11, 12, 13]"),
        ("get(TCP_USER_TIMEOUT, IPPROTO_TCP)", "30000"),
        ("pair(SO_LINGER, 'ii')", "(1, 14)"),
        ("get(SO_RCVBUF)", "20000"),
        ("get(SO_SNDBUF)", "40000"),
        ("pair(SO_RCVTIMEO, 'll')", "(1, 500000)"),
        ("pair(SO_SNDTIMEO, 'll')", "(2, 0)"),
        ("get(IP_TTL, IPPROTO_IP)", "7"),
        ("get(30, IPPROTO_TCP)", "1"), // TCP_FASTOPEN_CONNECT
    ] {
        check(tcp.as_fd(), expression, value);
    }
    listener.set_fast_open(16).unwrap();
    check(listener.as_fd(), "get(TCP_FASTOPEN, IPPROTO_TCP)", "16");

    let udp = Socket::udp(Family::V4).unwrap();
    udp.set_broadcast(true).unwrap();
    udp.set_multicast_hops(3).unwrap();
    udp.set_multicast_loop(false).unwrap();
    check(udp.as_fd(), "get(SO_BROADCAST)", "1");
    check(udp.as_fd(), "[get(each, IPPROTO_IP) for each in (IP_MULTICAST_TTL, IP_MULTICAST_LOOP)]", "[3, 0]");

    let six = Socket::udp(Family::V6).unwrap();
    six.set_hops(9).unwrap();
    six.set_multicast_hops(3).unwrap();
    six.set_multicast_loop(false).unwrap();
    six.set_multicast_interface(1).unwrap();
    let names = "(IPV6_V6ONLY, IPV6_UNICAST_HOPS, IPV6_MULTICAST_HOPS, IPV6_MULTICAST_LOOP, IPV6_MULTICAST_IF)";
    check(six.as_fd(), &format!("[get(each, IPPROTO_IPV6) for each in {names}]"), "[1, 9, 3, 0, 1]");
    drop(channel);
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

/// Whether it can be written to now.
fn is_writable(stream: &TcpStream) -> bool {
    let mut watched = [PollFd::new(stream, PollFlags::OUT)];
    poll(&mut watched, Some(&Timespec::default())).unwrap() == 1
}

#[test]
fn writable_is_what_has_sent_all_below_the_low_water_mark() {
    let listener = Socket::tcp(Family::V4).unwrap();
    // So little room that most of what is sent must wait here.
    listener.set_recv_buffer_size(4_096).unwrap();
    listener.bind(&loopback()).unwrap();
    let listener = patient(listener.listen(1).unwrap());
    let stream = Socket::tcp(Family::V4).unwrap();
    stream.set_send_buffer_size(200_000).unwrap();
    let stream = stream.connect(&listener.local_address().unwrap()).unwrap();
    let mut peer = accept(&listener);
    assert_eq!(stream.send(&[7; 50_000]).unwrap(), Attempt::Done(50_000));
    assert!(is_writable(&stream), "there is room for more");
    stream.set_unsent_low_water_mark(1).unwrap();
    assert!(!is_writable(&stream), "some of it has not left");
    peer.read_exact(&mut vec![0; 50_000]).unwrap();
    assert!(is_writable(&stream));
}

#[test]
fn parts_of_a_file_are_sent_until_there_is_no_room() {
    let path = std::env::temp_dir().join(format!("wirenut-send-file-{}", std::process::id()));
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|index| (index % 251) as u8).collect();
    fs::write(&path, &bytes).unwrap();
    let file = File::open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let listener = patient(TcpListener::bind(&loopback()).unwrap());
    let stream = TcpStream::connect(&listener.local_address().unwrap()).unwrap();
    let peer = accept(&listener);
    stream.set_mode(Mode::NonBlocking).unwrap();
    let mut sent = 0;
    // Far more than any buffers hold.
    let mut laps = 0_u64;
    let blocked = loop {
        let offset = sent % bytes.len() as u64;
        match stream.send_file(&file, offset, u64::MAX).unwrap() {
            Attempt::Done(0) => unreachable!("the offset is within the file"),
            Attempt::Done(count) => sent += count,
            Attempt::WouldBlock => break true,
        }
        laps += 1;
        if laps > 1_000 {
            break false;
        }
    };
    assert!(blocked, "{sent} bytes were sent, and nobody receives");
    stream.shutdown(Shutdown::Write).unwrap();
    let mut received = Vec::new();
    (&peer).read_to_end(&mut received).unwrap();
    assert_eq!(received.len() as u64, sent);
    assert!(received.iter().zip(bytes.iter().cycle()).all(|(one, other)| one == other));
    assert_eq!(peer.send_file(&file, bytes.len() as u64, 10).unwrap(), Attempt::Done(0), "the end of the file");
    let error = peer.send_file(&file, u64::MAX, 10).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(rustix::io::Errno::OVERFLOW.raw_os_error()), "{error}");
}

#[test]
fn unread_bytes_are_counted_and_waiting_connections_seen_by_each_descriptor() {
    let listener = TcpListener::bind(&loopback()).unwrap();
    let second = listener.try_clone().unwrap();
    assert_ne!(listener.as_raw_fd(), second.as_raw_fd());
    assert!(!listener.has_waiting().unwrap() && !second.has_waiting().unwrap());
    let mut client = TcpStream::connect(&listener.local_address().unwrap()).unwrap();
    assert!(listener.has_waiting().unwrap() && second.has_waiting().unwrap());
    let server = accept(&patient(second));
    assert!(!listener.has_waiting().unwrap(), "one queue");
    client.write_all(&[1; 1_000]).unwrap();
    // They are on their way; a peek waits for the first.
    assert_eq!(server.peek(&mut [0]).unwrap(), Received::Data(1));
    while server.unread_bytes().unwrap() < 1_000 {}
    assert_eq!(server.recv(&mut [0; 400]).unwrap(), Received::Data(400));
    assert_eq!(server.unread_bytes().unwrap(), 600);
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(server.recv(&mut [0; 900]).unwrap(), Received::Data(600));
    assert_eq!(server.recv(&mut [0; 900]).unwrap(), Received::End);
    assert_eq!(server.unread_bytes().unwrap(), 0, "the end is no byte");
}
