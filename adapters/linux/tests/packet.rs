//! Packets that pass the loopback interface. Where packet sockets are not permitted, these tests do nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;

use wirenut_linux::packet::{Filter, LinkLayer, PacketSocket};
use wirenut_linux::poller::{Epoll, Interest, Poller, Token, Waited};
use wirenut_linux::socket::Attempt;
use wirenut_tests::reserved::both_protocols;

/// None where it is not permitted.
fn open(filter: Filter) -> Option<PacketSocket> {
    open_on("lo", filter)
}

fn open_on(interface: &str, filter: Filter) -> Option<PacketSocket> {
    match PacketSocket::open(interface, filter) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            assert_eq!(
                error.to_string(),
                format!("cannot capture on {interface}: Operation not permitted (os error 1)")
            );
            None
        }
        opened => Some(opened.unwrap()),
    }
}

/// The ends of all packets that wait.
fn waiting(watcher: &PacketSocket) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    let mut buffer = vec![0; 1 << 17];
    while let Attempt::Done(frame) = watcher.receive(&mut buffer).unwrap() {
        assert!(!frame.is_outgoing && frame.length == frame.bytes.len() && frame.micros.is_some());
        packets.push(frame.bytes.to_vec());
    }
    packets
}

#[test]
fn a_filter_lets_packets_of_its_port_pass_and_no_others() {
    for place in ["127.0.0.1:0", "[::1]:0"] {
        let ((_one, one, address), (_other, other, elsewhere)) = (both_protocols(place), both_protocols(place));
        let Some(watcher) = open(Filter::Port(address.port())) else { return };
        assert_eq!(watcher.link_layer(), LinkLayer::Ethernet);
        other.send_to(b"to it", address).unwrap();
        other.send_to(b"to itself", elsewhere).unwrap();
        one.send_to(b"from it", elsewhere).unwrap();
        let packets = waiting(&watcher);
        assert_eq!(packets.len(), 2, "{packets:?}");
        assert!(packets[0].ends_with(b"to it") && packets[1].ends_with(b"from it"), "{packets:?}");
        let counted = watcher.statistics().unwrap();
        assert_eq!((counted.packets, counted.dropped), (2, 0));
        // They add up.
        one.send_to(b"again", elsewhere).unwrap();
        assert_eq!(watcher.statistics().unwrap().packets, 3);
    }
}

/// With a cooked header, and once as well.
#[test]
fn all_interfaces_are_watched_together() {
    let (_listener, socket, address) = both_protocols("127.0.0.1:0");
    let Some(watcher) = open_on("any", Filter::Port(address.port())) else { return };
    assert_eq!(watcher.link_layer(), LinkLayer::Cooked);
    socket.send_to(b"hello", address).unwrap();
    let packets = waiting(&watcher);
    assert_eq!(packets.len(), 1, "{packets:?}");
    // For this host, of the loopback interface, with an address of zeros, IPv4.
    assert_eq!(packets[0][..17], [0, 0, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0x45]);
    assert!(packets[0].len() == 16 + 20 + 8 + 5 && packets[0].ends_with(b"hello"));
}

#[test]
fn a_connection_is_seen_from_both_ends_once() {
    let (listener, _socket, address) = both_protocols("127.0.0.1:0");
    let Some(watcher) = open(Filter::Port(address.port())) else { return };
    let mut client = TcpStream::connect(address).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    client.write_all(b"data").unwrap();
    server.read_exact(&mut [0; 4]).unwrap();
    let packets = waiting(&watcher);
    // SYN, SYN ACK, ACK, data, and perhaps its acknowledgment already; each once.
    assert!((4..=5).contains(&packets.len()) && packets[3].ends_with(b"data"), "{packets:?}");
    const PROTOCOL: usize = 14 + 9;
    assert!(packets.iter().all(|packet| packet[PROTOCOL] == 6));
}

#[test]
fn a_poller_tells_of_packets_and_a_short_buffer_gets_their_beginning() {
    let (_listener, socket, address) = both_protocols("127.0.0.1:0");
    let Some(watcher) = open(Filter::Port(address.port())) else { return };
    let mut poller = Epoll::new().unwrap();
    poller.register(watcher.as_fd(), Token(1), Interest::READABLE).unwrap();
    assert_eq!(watcher.receive(&mut [0; 9]).unwrap(), Attempt::WouldBlock);
    socket.send_to(&[7; 100], address).unwrap();
    assert_eq!(poller.wait(None).unwrap(), Waited::Ready);
    let mut buffer = [0; 40];
    let frame = watcher.receive(&mut buffer).unwrap().done().unwrap();
    assert_eq!((frame.bytes.len(), frame.length), (40, 14 + 20 + 8 + 100));
}

#[test]
fn what_has_no_room_is_counted() {
    let (_listener, socket, address) = both_protocols("127.0.0.1:0");
    let Some(watcher) = open(Filter::Port(address.port())) else { return };
    watcher.set_receive_buffer_size(4_096).unwrap();
    for _ in 0..200 {
        socket.send_to(&[0; 1_000], address).unwrap();
    }
    let received = u64::try_from(waiting(&watcher).len()).unwrap();
    let counted = watcher.statistics().unwrap();
    assert!(received > 0 && counted.dropped > 0, "{received}: {counted:?}");
    assert_eq!((counted.packets, counted.packets - counted.dropped), (200, received));
}

#[test]
fn an_interface_that_is_not_there_is_told() {
    let error = PacketSocket::open("no such\n0", Filter::All).unwrap_err();
    assert!(error.to_string().starts_with("cannot capture on no such\\n0: "), "{error}");
}
