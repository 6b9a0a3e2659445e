//! Options of TCP sockets: those that are set here are what another program finds, and the other way round.

use core::time::Duration;
use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use wirenut_linux::socket::{Attempt, Family, KeepAlive, Mode, Received, Socket, TcpListener, TcpStream, UnixListener};
use wirenut_tests::tools::has;

use crate::peer::{Peer, abstract_name, accept, patient, text};
use crate::tcp::{loopback, server};

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
