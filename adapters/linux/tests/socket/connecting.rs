//! How TCP connects: who listens, who has room, and for how long somebody waits.

use core::net::{Ipv4Addr, Ipv6Addr};
use core::time::Duration;
use std::io::ErrorKind;
use std::net::Shutdown;

use rustix::event::{PollFd, PollFlags, poll};
use wirenut_linux::socket::{Family, Mode, Progress, Received, Socket, TcpListener, TcpStream};
use wirenut_tests::tools::has;

use crate::peer::{Peer, abstract_name, accept};
use crate::tcp::loopback;

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
    // Its place is nobody else's.
    let bound = Socket::tcp(Family::V4).unwrap();
    bound.bind(&loopback()).unwrap();
    let address = bound.local_address().unwrap();
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
