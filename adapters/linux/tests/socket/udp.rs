//! UDP against Python: none, one and too many bytes, pieces, batches, refusals, families, broadcast, multicast.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::io::{ErrorKind, IoSlice, IoSliceMut};

use wirenut_linux::socket::{Attempt, Batch, Family, Message, Mode, Socket, UdpSocket};
use wirenut_tests::tools::has;

use crate::peer::{Peer, patient, until_refused};

const ECHO: &str = "
s = socket(AF_INET, SOCK_DGRAM); s.bind(('127.0.0.1', 0)); say(s.getsockname()[1])
while True:
    data, address = s.recvfrom(1 << 16)
    s.sendto(data, address)
    if data == b'end': break
";

fn bound() -> UdpSocket {
    patient(UdpSocket::bind_to(&(Ipv4Addr::LOCALHOST, 0).into()).unwrap())
}

#[test]
fn lengths_from_none_to_most_come_back() {
    if !has("python3") {
        return;
    }
    let mut peer = Peer::start(ECHO, &[]);
    let echo = peer.hear_port();
    let socket = bound();
    let mut bytes = vec![0; 1 << 16];
    for length in [0, 1, 1_472, 1_473, 9_000, 65_507] {
        let data = vec![7; length];
        assert_eq!(socket.send_to(&data, &echo).unwrap(), Attempt::Done(()));
        assert_eq!(socket.next_length().unwrap(), Attempt::Done(length));
        let (message, from) = socket.recv_from(&mut bytes).unwrap().done().unwrap();
        assert_eq!((message, from), (Message { length, full_length: length }, echo));
        assert_eq!(bytes[..length], data);
    }
    let error = socket.send_to(&[0; 65_508], &echo).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot send to {echo}: Message too long (os error 90)"));
    // What is cut is told, with and without any room.
    for room in [0, 2] {
        socket.send_to(b"12345", &echo).unwrap().done().unwrap();
        let (message, _) = socket.recv_from(&mut bytes[..room]).unwrap().done().unwrap();
        assert_eq!(message, Message { length: room, full_length: 5 });
        assert!(message.is_truncated());
    }
    socket.send_to(b"end", &echo).unwrap().done().unwrap();
    peer.end();
}

#[test]
fn pieces_are_one_datagram_and_what_is_cut_is_told() {
    if !has("python3") {
        return;
    }
    let mut peer = Peer::start(ECHO, &[]);
    let echo = peer.hear_port();
    let socket = bound();
    let (head, body) = (vec![1; 500], vec![2; 65_007]);
    let pieces = [IoSlice::new(&head), IoSlice::new(&[]), IoSlice::new(&body)];
    assert_eq!(socket.send_to_vectored(&pieces, &echo).unwrap(), Attempt::Done(()));
    let (mut first, mut second) = (vec![0; 500], vec![0; 65_007]);
    let mut buffers = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut []), IoSliceMut::new(&mut second)];
    let received = socket.recv_from_vectored(&mut buffers).unwrap();
    assert_eq!(received, Attempt::Done((Message { length: 65_507, full_length: 65_507 }, echo)));
    assert!(first == head && second == body);
    let error = socket.send_to_vectored(&[IoSlice::new(&body), IoSlice::new(&body)], &echo).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot send to {echo}: Message too long (os error 90)"));

    // Peeking takes nothing.
    let (mut two, mut one) = ([0; 2], [0; 1]);
    socket.send_to_vectored(&[IoSlice::new(b"abc"), IoSlice::new(b"de")], &echo).unwrap().done().unwrap();
    for _ in 0..2 {
        let peeked = socket.peek_from(&mut two).unwrap();
        assert_eq!((peeked, &two), (Attempt::Done((Message { length: 2, full_length: 5 }, echo)), b"ab"));
    }
    let received = socket.recv_from_vectored(&mut [IoSliceMut::new(&mut two), IoSliceMut::new(&mut one)]).unwrap();
    assert_eq!(received, Attempt::Done((Message { length: 3, full_length: 5 }, echo)));
    assert_eq!((&two, &one), (b"ab", b"c"));
    socket.set_mode(Mode::NonBlocking).unwrap();
    assert_eq!(socket.peek_from(&mut two).unwrap(), Attempt::WouldBlock, "the rest of it is gone");
    assert_eq!(socket.recv_from_vectored(&mut [IoSliceMut::new(&mut two)]).unwrap(), Attempt::WouldBlock);

    let socket = patient(bound().connect(&echo).unwrap());
    socket.send_message_vectored(&[IoSlice::new(b"abc"), IoSlice::new(b"de")]).unwrap().done().unwrap();
    let cut = Attempt::Done(Message { length: 3, full_length: 5 });
    assert_eq!(socket.peek_message(&mut [0; 3]).unwrap(), cut);
    assert_eq!(socket.recv_message(&mut [0; 3]).unwrap(), cut);
    socket.send_message(b"abcde").unwrap().done().unwrap();
    let buffers = &mut [IoSliceMut::new(&mut two), IoSliceMut::new(&mut one)];
    assert_eq!(socket.recv_message_vectored(buffers).unwrap(), cut);
    socket.send_message_vectored(&[]).unwrap().done().unwrap();
    assert_eq!(socket.recv_message_vectored(&mut []).unwrap(), Attempt::Done(Message { length: 0, full_length: 0 }));
    socket.send_message(b"end").unwrap().done().unwrap();
    peer.end();
}

#[test]
fn each_family_reaches_its_peers() {
    if !has("python3") {
        return;
    }
    let script = "
six = socket(AF_INET6, SOCK_DGRAM); six.bind(('::1', 0)); say(six.getsockname()[1])
data, address = six.recvfrom(100); six.sendto(data[::-1], address)
four = socket(AF_INET, SOCK_DGRAM); four.sendto(b'of four', ('127.0.0.1', int(hear()))); say(four.recv(100).decode())";
    let mut peer = Peer::start(script, &[]);
    let six = SocketAddr::from((Ipv6Addr::LOCALHOST, peer.hear().parse().unwrap()));
    let both = patient(Socket::udp(Family::DualStack).unwrap());
    both.bind(&(Ipv6Addr::UNSPECIFIED, 0).into()).unwrap();
    let mut bytes = [0; 100];
    both.send_to(b"stressed", &six).unwrap().done().unwrap();
    let (message, from) = both.recv_from(&mut bytes).unwrap().done().unwrap();
    assert_eq!((&bytes[..message.length], from), (&b"desserts"[..], six));
    peer.say(&both.local_address().unwrap().port().to_string());
    let (message, from) = both.recv_from(&mut bytes).unwrap().done().unwrap();
    assert_eq!((&bytes[..message.length], from.ip()), (&b"of four"[..], Ipv4Addr::LOCALHOST.to_ipv6_mapped().into()));
    both.send_to(b"answer", &from).unwrap().done().unwrap();
    assert_eq!(peer.hear(), "answer");
    peer.end();
    let only_six = Socket::udp(Family::V6).unwrap();
    assert_eq!(only_six.send_to(b"x", &from).unwrap_err().kind(), ErrorKind::NetworkUnreachable);
}

#[test]
fn broadcasts_reach_all() {
    if !has("python3") {
        return;
    }
    let hear = "s = socket(AF_INET, SOCK_DGRAM); s.bind(('', 0)); say(s.getsockname()[1]); say(s.recv(100).decode())";
    let mut peer = Peer::start(hear, &[]);
    let everybody = (Ipv4Addr::new(127, 255, 255, 255), peer.hear_port().port()).into();
    let socket = bound();
    let error = socket.send_to(b"all of you", &everybody).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot send to {everybody}: Permission denied (os error 13)"));
    socket.set_broadcast(true).unwrap();
    socket.send_to(b"all of you", &everybody).unwrap().done().unwrap();
    assert_eq!(peer.hear(), "all of you");
    peer.end();
}

#[test]
fn batches_keep_order_lengths_and_senders() {
    if !has("python3") {
        return;
    }
    let mut peer = Peer::start(ECHO, &[]);
    let echo = peer.hear_port();
    let socket = bound();
    let texts: Vec<Vec<u8>> = (0..100_u8).map(|number| vec![number; usize::from(number) % 7]).collect();
    let datagrams: Vec<(&[u8], &SocketAddr)> = texts.iter().map(|text| (&text[..], &echo)).collect();
    assert_eq!(socket.send_batch(&[]).unwrap(), Attempt::Done(0));
    // Few enough at a time for any buffer.
    for part in datagrams.chunks(20) {
        assert_eq!(socket.send_batch(part).unwrap(), Attempt::Done(part.len()));
        let mut batch = Batch::new(8, 5);
        let mut seen = 0;
        while seen < part.len() {
            let count = socket.recv_batch(&mut batch).unwrap().done().unwrap();
            assert!((1..=8).contains(&count));
            for (bytes, message, from) in batch.iter() {
                let sent = part[seen].0;
                assert_eq!((bytes, message.full_length, from), (&sent[..sent.len().min(5)], sent.len(), &echo));
                seen += 1;
            }
        }
    }
    socket.set_mode(Mode::NonBlocking).unwrap();
    let mut batch = Batch::new(1_000_000, 1);
    assert_eq!(socket.recv_batch(&mut batch).unwrap(), Attempt::WouldBlock);
    assert_eq!(batch.iter().count(), 0);
    let error = socket.send_batch(&[(&[0; 65_508], &echo)]).unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot send to {echo}: Message too long")), "{error}");
    socket.send_to(b"end", &echo).unwrap().done().unwrap();
    peer.end();
}

#[test]
fn a_connected_socket_hears_its_peer_only_and_its_refusals() {
    let (peer, stranger) = (bound(), bound());
    let socket = bound().connect(&peer.local_address().unwrap()).unwrap();
    let own = socket.local_address().unwrap();
    assert_eq!(socket.peer_address().unwrap(), peer.local_address().unwrap());
    stranger.send_to(b"stranger", &own).unwrap().done().unwrap();
    peer.send_to(b"peer", &own).unwrap().done().unwrap();
    assert_eq!(socket.recv_message(&mut [0; 100]).unwrap().done().unwrap().length, 4);
    drop(peer);
    socket.set_mode(Mode::NonBlocking).unwrap();
    let error = until_refused(|| {
        assert_eq!(socket.send_message(b"is anybody there?")?, Attempt::Done(()));
        socket.recv_message(&mut [0; 100])
    });
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(socket.recv_message(&mut [0; 100]).unwrap(), Attempt::WouldBlock);
}

#[test]
fn groups_are_joined_and_left() {
    if !has("python3") {
        return;
    }
    let hear = "
s = socket(AF_INET, SOCK_DGRAM); s.bind(('', 0))
s.setsockopt(IPPROTO_IP, IP_ADD_MEMBERSHIP, inet_aton('239.255.77.1') + inet_aton('127.0.0.1'))
say(s.getsockname()[1]); say(s.recv(100).decode())";
    let mut peer = Peer::start(hear, &[]);
    let port = peer.hear_port().port();
    let group = IpAddr::V4(Ipv4Addr::new(239, 255, 77, 1));
    let socket = bound();
    socket.set_multicast_interface(1).unwrap();
    socket.set_multicast_hops(0).unwrap();
    socket.set_multicast_loop(true).unwrap();
    socket.send_to(b"all of you", &(group, port).into()).unwrap().done().unwrap();
    assert_eq!(peer.hear(), "all of you");
    socket.join_multicast(group, 1).unwrap();
    let error = socket.join_multicast(group, 1).unwrap_err();
    assert_eq!(error.to_string(), "cannot join 239.255.77.1: Address already in use (os error 98)");
    socket.leave_multicast(group, 1).unwrap();
    assert_eq!(socket.leave_multicast(group, 1).unwrap_err().kind(), ErrorKind::AddrNotAvailable);
    assert_eq!(socket.join_multicast(Ipv4Addr::LOCALHOST.into(), 1).unwrap_err().kind(), ErrorKind::InvalidInput);
}

/// Joined and left only: not every machine has a route for multicasts of IPv6 over loopback.
#[test]
fn groups_of_ipv6_are_joined_and_left() {
    let socket = Socket::udp(Family::V6).unwrap();
    let group = IpAddr::V6(Ipv6Addr::new(0xff01, 0, 0, 0, 0, 0, 0, 0x77));
    socket.join_multicast(group, 1).unwrap();
    assert_eq!(socket.join_multicast(group, 1).unwrap_err().kind(), ErrorKind::AddrInUse);
    socket.leave_multicast(group, 1).unwrap();
    let error = socket.leave_multicast(group, 1).unwrap_err();
    assert_eq!(error.to_string(), "cannot leave ff01::77: Cannot assign requested address (os error 99)");
    assert_eq!(socket.join_multicast(Ipv6Addr::LOCALHOST.into(), 1).unwrap_err().kind(), ErrorKind::InvalidInput);
}
