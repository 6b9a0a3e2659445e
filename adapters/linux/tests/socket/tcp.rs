//! TCP against Python: ends, resets, full buffers.

use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::fs::{self, File};
use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;

use rustix::event::{PollFd, PollFlags, poll};
use wirenut_linux::socket::{Attempt, Mode, Received, TcpListener, TcpStream};
use wirenut_tests::tools::has;

use crate::peer::{Peer, accept, patient};

pub(crate) fn loopback() -> SocketAddr {
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

pub(crate) fn client(script: &str) -> (Peer, TcpStream) {
    let listener = patient(TcpListener::bind(&loopback()).unwrap());
    let peer = Peer::start(&format!("{CLIENT}{script}"), &[&listener.local_address().unwrap().port()]);
    let stream = accept(&listener);
    (peer, stream)
}

pub(crate) fn server(script: &str) -> (Peer, TcpStream) {
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
