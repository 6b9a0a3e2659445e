//! Descriptors: none leaks, none survives another program, and they run out.

use core::time::Duration;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::process::Command;

use wirenut_linux::lookup::{self, Hints, Transport};
use wirenut_linux::socket::{
    Attempt, Batch, Family, Mode, Received, Socket, TcpListener, TcpStream, UdpSocket, UnixStream, inherited,
};

use super::{child, run};
use crate::peer::{Directory, abstract_name};

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn nothing_leaks() {
    run(child("count", ""));
}

/// Each call that opens something, where it succeeds and where it fails.
pub(super) fn count() {
    let directory = Directory::new();
    let path = directory.join("socket");
    let before = open_descriptors();
    for _ in 0..3 {
        let listener = TcpListener::bind(&([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_address().unwrap();
        let client = TcpStream::connect(&address).unwrap();
        let (server, _) = listener.accept(Mode::Blocking).unwrap().done().unwrap();
        TcpListener::bind(&address).unwrap_err();
        server.abort().unwrap();
        client.recv(&mut [0]).unwrap_err();
        drop(listener);
        TcpStream::connect(&address).unwrap_err();
        Socket::tcp(Family::V4).unwrap().connect_within(&address, Duration::from_secs(1)).unwrap_err();
        let _ = Socket::tcp(Family::V4).unwrap().start_connect(&address);
        UdpSocket::try_from(OwnedFd::from(client)).unwrap_err();

        let (_listener, pathname) = Socket::stream().unwrap().listen_at(&path, 0o600, 1).unwrap();
        Socket::stream().unwrap().listen_at(&path, 0o600, 1).unwrap_err();
        assert!(pathname.remove().unwrap());
        let (one, other) = UnixStream::pair().unwrap();
        one.send_descriptors(b"seen", &[one.as_fd(), one.as_fd()]).unwrap().done().unwrap();
        assert!(matches!(other.recv_descriptors(&mut [0; 4]).unwrap(), Received::Data(_)));
        one.send_descriptors(b"unseen", &[one.as_fd()]).unwrap().done().unwrap();
        assert_eq!(other.recv(&mut [0; 10]).unwrap(), Received::Data(6));
        one.send_descriptors(b"never received", &[one.as_fd()]).unwrap().done().unwrap();
        let name = abstract_name();
        let (one, other) = (Socket::datagram().unwrap(), Socket::datagram().unwrap());
        other.bind(&name).unwrap();
        one.bind(&name).unwrap_err();
        for _ in 0..5 {
            one.send_descriptors_to(b"some", &[one.as_fd()], &name).unwrap().done().unwrap();
        }
        // Cut, seen and unseen in each way, and never received.
        assert!(other.peek_from(&mut [0; 1]).unwrap().done().unwrap().0.is_truncated());
        assert_eq!(other.recv_descriptors_from(&mut [0; 1]).unwrap().done().unwrap().0.descriptors.len(), 1);
        other.recv_from(&mut [0; 1]).unwrap().done().unwrap();
        other.recv_from_vectored(&mut []).unwrap().done().unwrap();
        assert_eq!(other.recv_batch(&mut Batch::new(1, 1)).unwrap(), Attempt::Done(1));
        one.send_descriptors_to(b"", &[one.as_fd()], &abstract_name()).unwrap_err();
        lookup::addresses("localhost", "80", Transport::Tcp).unwrap();
        lookup::address_info(Some("localhost"), None, &Hints { canonical_name: true, ..Hints::DEFAULT }).unwrap();
        lookup::addresses("localhost", "no-such", Transport::Tcp).unwrap_err();
        lookup::address_from_text("[fe80::1%lo]:80").unwrap();
        assert!(inherited().unwrap().is_empty());
    }
    assert_eq!(open_descriptors(), before);
}

#[test]
fn no_descriptor_survives_another_program() {
    run(child("exec", ""));
}

/// Whatever made it: what a new program has is what it had before.
pub(super) fn exec() {
    let listed = || Command::new("ls").arg("/proc/self/fd").output().unwrap().stdout;
    let before = listed();
    let directory = Directory::new();
    let tcp = TcpListener::bind(&([127, 0, 0, 1], 0).into()).unwrap();
    let client = TcpStream::connect(&tcp.local_address().unwrap()).unwrap();
    let server = tcp.accept(Mode::Blocking).unwrap().done().unwrap();
    let progress = Socket::tcp(Family::V4).unwrap().start_connect(&tcp.local_address().unwrap()).unwrap();
    let (unix, pathname) = Socket::stream().unwrap().listen_at(directory.join("socket"), 0o600, 1).unwrap();
    let (one, other) = UnixStream::pair().unwrap();
    one.send_descriptors(b"x", &[one.as_fd()]).unwrap().done().unwrap();
    let delivery = other.recv_descriptors(&mut [0]).unwrap();
    assert!(matches!(&delivery, Received::Data(delivery) if delivery.descriptors.len() == 1));
    let others = (Socket::udp(Family::DualStack).unwrap(), Socket::datagram().unwrap(), Socket::seqpacket().unwrap());
    let plain = rustix::io::fcntl_dupfd_cloexec(&client, 0).unwrap();
    rustix::io::fcntl_setfd(&plain, rustix::io::FdFlags::empty()).unwrap();
    assert_ne!(listed(), before, "one that is left open is seen");
    let taken = TcpStream::try_from(plain).unwrap();
    assert_eq!(listed(), before);
    drop((client, server, progress, unix, pathname, one, other, delivery, others, taken));
}

#[test]
fn descriptors_that_run_out_are_errors_that_pass() {
    run(child("exhaust", "ulimit -n 32;"));
}

pub(super) fn exhaust() {
    let listener = TcpListener::bind(&([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_address().unwrap();
    let client = TcpStream::connect(&address).unwrap();
    let (one, other) = UnixStream::pair().unwrap();
    one.send_descriptors(b"two", &[one.as_fd(), one.as_fd()]).unwrap().done().unwrap();
    let mut hoard = Vec::new();
    let error = loop {
        match Socket::udp(Family::V4) {
            Ok(socket) => hoard.push(socket),
            Err(error) => break error,
        }
    };
    assert!(error.is_out_of_resources());
    assert_eq!(error.to_string(), "cannot make a socket for UDP: Too many open files (os error 24)");
    let error = listener.accept(Mode::Blocking).unwrap_err();
    assert!(error.is_out_of_resources());
    assert!(error.to_string().starts_with("cannot accept a connection on descriptor "), "{error}");
    assert!(UnixStream::pair().unwrap_err().is_out_of_resources());
    // One more is allowed: one of two arrives, and that is told.
    hoard.pop();
    let Received::Data(delivery) = other.recv_descriptors(&mut [0; 10]).unwrap() else { panic!() };
    assert_eq!((delivery.message.length, delivery.descriptors.len(), delivery.is_incomplete), (3, 1, true));
    drop(delivery);
    // The connection has waited.
    let (server, peer) = listener.accept(Mode::Blocking).unwrap().done().unwrap();
    assert_eq!(peer, client.local_address().unwrap());
    drop(server);
}
