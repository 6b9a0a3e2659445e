//! Sockets against socat and OpenBSD's nc. Where one of them cannot be installed, its tests say so, and do nothing.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::thread;

use wirenut_linux::socket::{
    Family, Message, Mode, Received, SeqpacketListener, Socket, TcpListener, TcpStream, UdpSocket, UnixListener,
    UnixStream,
};

use wirenut_tests::tools::has;

use crate::peer::{Directory, Peer, abstract_name, accept, patient, text};

/// OpenBSD's: others go by that name, and have other options.
fn nc() -> Option<Command> {
    tool("nc")
}

fn socat() -> Option<Command> {
    tool("socat")
}

fn tool(name: &str) -> Option<Command> {
    has(name).then(|| Command::new(name))
}

fn loopback() -> TcpListener {
    patient(TcpListener::bind(&"127.0.0.1:0".parse().unwrap()).unwrap())
}

/// Sends a line back in reverse, after the end of those who sent it.
fn reverse(mut stream: impl Read + Write) {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let reversed: String = text.trim_end().chars().rev().collect();
    writeln!(stream, "{reversed}").unwrap();
}

#[test]
fn nc_ends_its_direction_first() {
    let Some(mut nc) = nc() else { return };
    let listener = loopback();
    let port = listener.local_address().unwrap().port().to_string();
    let mut peer = Peer::run(nc.args(["-N", "127.0.0.1", &port]));
    peer.say("stressed");
    peer.say_no_more();
    reverse(&accept(&listener));
    assert_eq!(peer.hear_out(), "desserts\n");
}

#[test]
fn nc_comes_by_path() {
    let Some(mut nc) = nc() else { return };
    let directory = Directory::new();
    let path = directory.join("socket");
    let (listener, _pathname) = Socket::stream().unwrap().listen_at(&path, 0o600, 1).unwrap();
    let mut peer = Peer::run(nc.args(["-N", "-U"]).arg(&path));
    peer.say("stressed");
    peer.say_no_more();
    reverse(&accept(&patient(listener)));
    assert_eq!(peer.hear_out(), "desserts\n");
}

#[test]
fn nc_hears_the_end_first() {
    let Some(mut nc) = nc() else { return };
    let listener = loopback();
    let port = listener.local_address().unwrap().port().to_string();
    let mut peer = Peer::run(nc.args(["127.0.0.1", &port]));
    let stream = accept(&listener);
    (&stream).write_all(b"over\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(peer.hear(), "over");
    peer.say("not yet");
    let mut bytes = [0; 8];
    (&stream).read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"not yet\n");
    peer.kill();
}

#[test]
fn datagrams_of_nc_are_answered() {
    let Some(mut nc) = nc() else { return };
    let socket = patient(UdpSocket::bind_to(&"127.0.0.1:0".parse().unwrap()).unwrap());
    let port = socket.local_address().unwrap().port().to_string();
    let mut peer = Peer::run(nc.args(["-u", "127.0.0.1", &port]));
    let mut bytes = [0; 100];
    for text in ["one", "two, which is longer"] {
        peer.say(text);
        let (message, from) = socket.recv_from(&mut bytes).unwrap().done().unwrap();
        assert_eq!(&bytes[..message.length], format!("{text}\n").as_bytes());
        socket.send_to(&bytes[..message.length], &from).unwrap().done().unwrap();
        assert_eq!(peer.hear(), text);
    }
    peer.kill();
}

/// It connects, passes the connection, and ends.
#[test]
fn nc_passes_the_connection_that_it_made() {
    let Some(mut nc) = nc() else { return };
    let listener = loopback();
    let port = listener.local_address().unwrap().port().to_string();
    let (one, other) = UnixStream::pair().unwrap();
    let child = nc.args(["-F", "127.0.0.1", &port]).stdin(Stdio::null()).stdout(OwnedFd::from(other));
    let mut child = child.spawn().unwrap();
    let server = accept(&listener);
    let Received::Data(mut delivery) = patient(one).recv_descriptors(&mut [0]).unwrap() else { panic!() };
    assert!(child.wait().unwrap().success());
    let client = TcpStream::try_from(delivery.descriptors.remove(0)).unwrap();
    assert_eq!(client.peer_address().unwrap(), listener.local_address().unwrap());
    assert_eq!(client.local_address().unwrap(), server.peer_address().unwrap());
    drop(client);
    assert_eq!(server.recv(&mut [0]).unwrap(), Received::End);
}

/// More than all buffers hold, while cat sends it back, and our end comes before its last bytes.
#[test]
fn all_that_goes_through_socat_and_cat_comes_back() {
    let Some(mut socat) = socat() else { return };
    let listener = loopback();
    let address = format!("TCP:{}", listener.local_address().unwrap());
    let peer = Peer::run(socat.args(["-t", "30", &address, "EXEC:cat"]));
    let stream = accept(&listener);
    let data: Vec<u8> = (0..10_000_000_u32).map(|number| (number % 251) as u8).collect();
    let received = thread::scope(|scope| {
        scope.spawn(|| {
            (&stream).write_all(&data).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
        });
        let mut received = Vec::new();
        (&stream).read_to_end(&mut received).unwrap();
        received
    });
    assert!(received == data, "{} bytes came back", received.len());
    peer.end();
}

#[test]
fn socat_breaks_off_in_mid_message() {
    let Some(mut socat) = socat() else { return };
    let listener = loopback();
    let address = format!("TCP:{},linger=0,shut-close", listener.local_address().unwrap());
    let mut peer = Peer::run(socat.args(["-u", "STDIN", &address]));
    let stream = accept(&listener);
    peer.say("ab");
    assert_eq!(stream.recv(&mut [0; 10]).unwrap(), Received::Data(3));
    peer.say_no_more();
    assert_eq!(stream.recv(&mut [0; 10]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    peer.end();
}

#[test]
fn socat_speaks_both_families_to_one_listener() {
    let Some(_) = socat() else { return };
    let socket = Socket::tcp(Family::DualStack).unwrap();
    socket.bind(&"[::]:0".parse().unwrap()).unwrap();
    let listener = patient(socket.listen(1).unwrap());
    let port = listener.local_address().unwrap().port();
    for (address, from) in
        [(format!("TCP4:127.0.0.1:{port}"), "::ffff:127.0.0.1"), (format!("TCP6:[::1]:{port}"), "::1")]
    {
        let peer = Peer::run(Command::new("socat").args(["-u", &address, "STDOUT"]));
        let (stream, peer_address) = listener.accept(Mode::Blocking).unwrap().done().unwrap();
        assert_eq!(peer_address.ip().to_string(), from);
        (&stream).write_all(b"welcome").unwrap();
        drop(stream);
        assert_eq!(peer.hear_out(), "welcome");
    }
}

#[test]
fn messages_of_socat_keep_their_bounds() {
    let Some(mut socat) = socat() else { return };
    let name = abstract_name();
    let listener = patient(SeqpacketListener::bind(&name).unwrap());
    let mut peer = Peer::run(socat.args(["STDIO", &format!("ABSTRACT-CONNECT:{},socktype=5", text(&name))]));
    let stream = accept(&listener);
    let mut bytes = [0; 100];
    for said in ["one", "and two"] {
        peer.say(said);
        let length = said.len() + 1;
        let whole = Received::Data(Message { length, full_length: length });
        assert_eq!(stream.peek_message(&mut bytes).unwrap(), whole);
        assert_eq!(stream.recv_message(&mut bytes).unwrap(), whole);
        stream.send_message(&bytes[..length]).unwrap().done().unwrap();
        assert_eq!(peer.hear(), said);
    }
    drop(stream);
    assert_eq!(peer.hear_out(), "");
}

#[test]
fn datagrams_of_socat_may_be_empty_or_as_large_as_can_be() {
    let Some(_) = socat() else { return };
    let directory = Directory::new();
    let file = directory.join("file");
    let socket = patient(UdpSocket::bind_to(&"127.0.0.1:0".parse().unwrap()).unwrap());
    let to = format!("UDP:{},shut-null", socket.local_address().unwrap());
    let mut bytes = vec![0; 1 << 16];
    // After each, it says that it has ended by an empty one.
    for lengths in [&[0][..], &[1, 0], &[65_507, 0]] {
        fs::write(&file, vec![7; lengths[0]]).unwrap();
        let from = format!("OPEN:{}", file.display());
        Peer::run(Command::new("socat").args(["-u", "-b", "65507", &from, &to])).end();
        for &length in lengths {
            let (message, _) = socket.recv_from(&mut bytes).unwrap().done().unwrap();
            assert_eq!(message, Message { length, full_length: length });
            assert!(bytes[..length].iter().all(|byte| *byte == 7));
        }
    }
}

#[test]
fn socat_comes_by_name() {
    let Some(mut socat) = socat() else { return };
    let name = abstract_name();
    let listener = patient(UnixListener::bind(&name).unwrap());
    let peer = Peer::run(socat.args(["-u", &format!("ABSTRACT-CONNECT:{}", text(&name)), "STDOUT"]));
    let stream = accept(&listener);
    assert_eq!(stream.peer_credentials().unwrap().process, peer.id());
    (&stream).write_all(b"welcome").unwrap();
    drop(stream);
    assert_eq!(peer.hear_out(), "welcome");
}
