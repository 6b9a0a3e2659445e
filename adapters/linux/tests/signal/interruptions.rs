//! Signals that interrupt system calls, each millisecond: nothing breaks, and no time-out begins anew for ever.

use core::net::SocketAddr;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Instant;

use wirenut::time::Duration;
use wirenut_linux::Error;
use wirenut_linux::poller::{EdgeEpoll, Epoll, Poll, Poller, Select};
use wirenut_linux::process;
use wirenut_linux::signal::{self, Signal};
use wirenut_linux::socket::{
    Attempt, Batch, Connected, Datagram, Mode, Received, SeqpacketStream, Socket, TcpListener, TcpStream, UdpSocket,
    UnixAddress, UnixListener, UnixStream,
};
use wirenut_linux::thread::{Bounds, Event, Pool};

use crate::lab::{LIMIT, Storm, rest};

const ANY: &str = "127.0.0.1:0";

fn any() -> SocketAddr {
    ANY.parse().unwrap()
}

fn limit() -> Option<core::time::Duration> {
    Some(LIMIT.into())
}

pub(crate) fn of_receiving() {
    let storm = Storm::begin();
    let (one, other) = UnixStream::pair().unwrap();
    other.set_recv_timeout(limit()).unwrap();
    let room = &mut [0; 10];
    storm.times_out("recv", || other.recv(room).unwrap() == Received::WouldBlock);
    storm.times_out("peek", || other.peek(room).unwrap() == Received::WouldBlock);
    let mut slices = [IoSliceMut::new(room)];
    storm.times_out("recv_vectored", || other.recv_vectored(&mut slices).unwrap() == Received::WouldBlock);
    storm.times_out("recv_descriptors", || {
        matches!(other.recv_descriptors(&mut [0; 10]).unwrap(), Received::WouldBlock)
    });
    storm.times_out("embedded_io::Read", || {
        let mut other = UnixStream::try_from(other.as_fd().try_clone_to_owned().unwrap()).unwrap();
        let error = embedded_io::Read::read(&mut other, &mut [0]).unwrap_err();
        error.kind() == std::io::ErrorKind::TimedOut
    });
    // What comes in the end is received.
    other.set_recv_timeout(None).unwrap();
    let child = process::spawn(move || {
        rest();
        one.send(b"hello").map(drop)
    });
    assert_eq!(other.recv(&mut [0; 10]).unwrap(), Received::Data(5));
    child.unwrap().join().unwrap();
}

pub(crate) fn of_sending() {
    let storm = Storm::begin();
    let (one, other) = UnixStream::pair().unwrap();
    one.set_send_timeout(limit()).unwrap();
    let bytes = &[0; 100_000];
    while one.send(bytes).unwrap() != Attempt::WouldBlock {}
    storm.times_out("send", || one.send(bytes).unwrap() == Attempt::WouldBlock);
    storm.times_out("send_vectored", || one.send_vectored(&[IoSlice::new(bytes)]).unwrap() == Attempt::WouldBlock);
    let file = std::fs::File::open("Cargo.toml").unwrap();
    storm.times_out("send_file", || one.send_file(&file, 0, 100).unwrap() == Attempt::WouldBlock);
    let pass = || one.send_descriptors(b"a", &[file.as_fd()]).unwrap() == Attempt::WouldBlock;
    storm.times_out("send_descriptors", pass);
    one.set_send_timeout(None).unwrap();
    let child = process::spawn(move || {
        rest();
        // Until it is killed: it has inherited the other end, too.
        while other.recv(&mut [0; 10_000])? != Received::End {}
        Ok::<(), Error>(())
    });
    assert!(matches!(one.send(bytes).unwrap(), Attempt::Done(_)));
    let child = child.unwrap();
    child.kill().unwrap();
    child.join().unwrap();
}

pub(crate) fn of_accepting_and_connecting() {
    let storm = Storm::begin();
    let listener = TcpListener::bind(&any()).unwrap();
    listener.set_recv_timeout(limit()).unwrap();
    storm.times_out("accept", || matches!(listener.accept(Mode::Blocking).unwrap(), Attempt::WouldBlock));
    // A listener without room.
    let name = UnixAddress::abstract_name(format!("interrupted {}", std::process::id()).as_bytes()).unwrap();
    let socket = Socket::stream().unwrap();
    socket.bind(&name).unwrap();
    let full: UnixListener = socket.listen(0).unwrap();
    let _first = UnixStream::connect(&name).unwrap();
    storm.times_out("connect_within", || {
        let error = Socket::stream().unwrap().connect_within(&name, LIMIT.into()).unwrap_err();
        error.kind() == std::io::ErrorKind::TimedOut
    });
    storm.times_out("connect", || {
        let socket = Socket::stream().unwrap();
        socket.set_send_timeout(limit()).unwrap();
        socket.connect(&name).unwrap_err().kind() == std::io::ErrorKind::TimedOut
    });
    // Somebody comes in the end, and is let in.
    listener.set_recv_timeout(None).unwrap();
    let address = listener.local_address().unwrap();
    let child = process::spawn(move || {
        rest();
        TcpStream::connect(&address).map(drop)
    });
    assert!(listener.accept(Mode::Blocking).unwrap().done().is_some());
    child.unwrap().join().unwrap();
    let child = process::spawn(move || {
        rest();
        // The one that has waited makes room for the other.
        let _first = full.accept(Mode::Blocking)?;
        full.accept(Mode::Blocking).map(drop)
    });
    UnixStream::connect(&name).unwrap();
    child.unwrap().join().unwrap();
}

pub(crate) fn of_datagrams_and_descriptors() {
    let storm = Storm::begin();
    let socket = UdpSocket::bind_to(&any()).unwrap();
    socket.set_recv_timeout(limit()).unwrap();
    storm.times_out("recv_from", || matches!(socket.recv_from(&mut [0; 10]).unwrap(), Attempt::WouldBlock));
    storm.times_out("next_length", || socket.next_length().unwrap() == Attempt::WouldBlock);
    let mut batch = Batch::new(4, 100);
    storm.times_out("recv_batch", || socket.recv_batch(&mut batch).unwrap() == Attempt::WouldBlock);
    let (one, other) = Socket::<Datagram, Connected>::pair().unwrap();
    other.set_recv_timeout(limit()).unwrap();
    one.set_send_timeout(limit()).unwrap();
    storm.times_out("recv_message", || other.recv_message(&mut [0; 10]).unwrap() == Attempt::WouldBlock);
    while one.send_message(&[0; 1_000]).unwrap() != Attempt::WouldBlock {}
    storm.times_out("send_message", || one.send_message(&[0; 1_000]).unwrap() == Attempt::WouldBlock);
    let (_one, other) = SeqpacketStream::pair().unwrap();
    other.set_recv_timeout(limit()).unwrap();
    storm.times_out("recv_message", || other.recv_message(&mut [0; 10]).unwrap() == Received::WouldBlock);
}

pub(crate) fn of_pollers() {
    fn until_its_time(storm: &Storm, poller: &mut impl for<'s> Poller<Source<'s> = BorrowedFd<'s>, Error = Error>) {
        let begun = Instant::now();
        let now = || wirenut::time::Instant::from_micros(u64::try_from(begun.elapsed().as_micros()).unwrap());
        let until = now().saturating_add(LIMIT);
        storm.times_out("wait_until", || !poller.wait_until(Some(until), now).unwrap());
    }
    let storm = Storm::begin();
    until_its_time(&storm, &mut Select::new());
    until_its_time(&storm, &mut Poll::new());
    until_its_time(&storm, &mut Epoll::new().unwrap());
    until_its_time(&storm, &mut EdgeEpoll::new().unwrap());
}

pub(crate) fn of_waits_without_end() {
    let _storm = Storm::begin();
    let hangups = signal::hangups().unwrap();
    let parent = std::process::id();
    let child = process::spawn(move || {
        rest();
        signal::send(Signal::SIGHUP, parent)
    });
    hangups.wait().unwrap();
    child.unwrap().join().unwrap();
}

pub(crate) fn of_waits_for_threads_and_children() {
    let storm = Storm::begin();
    let child = process::spawn(|| -> u8 {
        loop {
            signal::pause();
        }
    })
    .unwrap();
    storm.times_out("join_timeout of a child", || child.join_timeout(LIMIT).unwrap().is_none());
    child.kill().unwrap();
    child.join().unwrap();
    let event = Event::new();
    storm.times_out("an event", || !event.wait_timeout(LIMIT));
    // The threads block it: it is this one that is interrupted.
    let blocked = signal::block(&Signal::SIGALRM.into());
    let pool = Pool::new("worker", Bounds::DEFAULT);
    let mut job = pool
        .spawn({
            let event = event.clone();
            move || event.wait()
        })
        .unwrap();
    drop(blocked);
    storm.times_out("a job", || job.wait_timeout(LIMIT).is_none());
    event.set();
    assert_eq!(job.join(), Ok(()));
    assert!(pool.join_timeout(Duration::from_secs(30)));
}
