//! Signals: which comes, what goes on after one, and which is not raised.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, IoSlice, IoSliceMut, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::process::{Signal, getpid, kill_process};
use wirenut_linux::socket::{
    Attempt, Batch, Mode, Received, SeqpacketStream, Socket, UnixAddress, UnixListener, UnixStream,
};
use wirenut_tests::tools::has;

use super::{child, run};
use crate::peer::{PATIENCE, Peer, abstract_name, accept, patient, text};

#[test]
fn the_second_signal_is_told_from_the_first() {
    run(child("signals", ""));
}

pub(super) fn tell_signals_apart() {
    let termination = wirenut_linux::signal::termination().unwrap();
    // With a time-out, so that a test that fails ends.
    let is_readable = |source: BorrowedFd<'_>, seconds| {
        let limit = Timespec { tv_sec: seconds, tv_nsec: 0 };
        retry_on_intr(|| poll(&mut [PollFd::new(&source, PollFlags::IN)], Some(&limit))).unwrap() == 1
    };
    let (first, second) = (termination.as_fd(), termination.repeated());
    assert!(!is_readable(first, 0) && !is_readable(second, 0));
    kill_process(getpid(), Signal::INT).unwrap();
    assert!(is_readable(first, 20) && !is_readable(second, 0));
    kill_process(getpid(), Signal::TERM).unwrap();
    assert!(is_readable(second, 20) && is_readable(first, 0), "both stay");
}

/// A time-out makes the system give up waiting at a signal, whatever its handler wants: the hard case.
#[test]
fn interrupted_calls_go_on() {
    if !has("python3") {
        return;
    }
    let name = abstract_name();
    let listener = Socket::stream().unwrap();
    listener.bind(&name).unwrap();
    let listener = patient(listener.listen(0).unwrap());
    let _first = UnixStream::connect(&name).unwrap();
    let mut child: Child = child("interrupted", "").env("NAME", text(&name)).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut wait_for = |said: &str| lines.find_map(|line| line.strip_prefix(said).map(str::to_owned)).unwrap();
    let thread = wait_for("thread ");
    // To the very thread that waits: any other one may take what is for the process.
    let signal = || {
        let script = "
import ctypes, time
for _ in range(10):
    # Until it waits, a signal does nothing, which is no failure: only that it goes on is asked for.
    time.sleep(0.02)
    assert ctypes.CDLL(None).tgkill(int(arguments[0]), int(arguments[1]), 15) == 0";
        Peer::start(script, &[&child.id(), &thread]).end();
    };
    // It waits to be connected, for there is no room, and once more behind itself.
    for before in ["connecting within", "connecting"] {
        wait_for(before);
        signal();
        listener.accept(Mode::Blocking).unwrap().done().unwrap();
    }
    let stream = accept(&listener);
    // It waits for bytes.
    wait_for("receiving");
    signal();
    stream.send(b"x").unwrap().done().unwrap();
    // It waits for datagrams, in each way.
    let socket = Socket::datagram().unwrap();
    let to = UnixAddress::abstract_name(format!("{} datagrams", text(&name)).as_bytes()).unwrap();
    for _ in 0..WAYS_TO_RECEIVE {
        wait_for("waiting for a datagram");
        signal();
        socket.send_to(b"x", &to).unwrap().done().unwrap();
    }
    // It waits for a connection.
    wait_for("accepting");
    signal();
    UnixStream::connect(&UnixAddress::abstract_name(format!("{} back", text(&name)).as_bytes()).unwrap()).unwrap();
    // It waits for room.
    wait_for("sending");
    signal();
    let mut total = 0;
    let mut bytes = vec![0; 1 << 16];
    while let Received::Data(count) = stream.recv(&mut bytes).unwrap() {
        total += count;
    }
    assert_eq!(total, 10_000_000);
    assert!(child.wait().unwrap().success());
}

const WAYS_TO_RECEIVE: usize = 6;

pub(super) fn interrupted() {
    let _termination = wirenut_linux::signal::termination().unwrap();
    let name = std::env::var("NAME").unwrap();
    let [datagrams, back] = ["datagrams", "back"].map(|suffix| format!("{name} {suffix}"));
    let [name, datagrams, back] =
        [name, datagrams, back].map(|name| UnixAddress::abstract_name(name.as_bytes()).unwrap());
    let socket = patient(Socket::datagram().unwrap());
    socket.bind(&datagrams).unwrap();
    let listener = patient(UnixListener::bind(&back).unwrap());
    let thread = fs::read_link("/proc/thread-self").unwrap();
    println!("\nthread {}", thread.file_name().unwrap().display());
    println!("\nconnecting within");
    let _first = Socket::stream().unwrap().connect_within(&name, PATIENCE).unwrap();
    println!("\nconnecting");
    let stream = patient(Socket::stream().unwrap()).connect(&name).unwrap();
    println!("\nreceiving");
    assert_eq!(stream.recv(&mut [0; 10]).unwrap(), Received::Data(1));
    let mut batch = Batch::new(1, 1);
    let ways: [&mut dyn FnMut() -> bool; WAYS_TO_RECEIVE] = [
        &mut || socket.recv_from(&mut [0]).unwrap().done().is_some(),
        &mut || socket.recv_from_vectored(&mut [IoSliceMut::new(&mut [0])]).unwrap().done().is_some(),
        &mut || socket.recv_batch(&mut batch).unwrap().done().is_some(),
        &mut || socket.recv_descriptors_from(&mut [0]).unwrap().done().is_some(),
        &mut || socket.peek_from(&mut []).unwrap().done().is_some() && socket.recv_from(&mut []).is_ok(),
        &mut || socket.next_length().unwrap() == Attempt::Done(1),
    ];
    for receive in ways {
        println!("\nwaiting for a datagram");
        assert!(receive());
    }
    println!("\naccepting");
    listener.accept(Mode::Blocking).unwrap().done().unwrap();
    println!("\nsending");
    let data = vec![0; 10_000_000];
    let mut sent = 0;
    while let Attempt::Done(count) = stream.send(&data[sent..]).unwrap() {
        sent += count;
        if sent == data.len() {
            return;
        }
    }
    panic!("it would block after {sent} bytes");
}

/// Programs in Rust ignore SIGPIPE, so that a call which raises it would not be noticed: not so this child, whose signals
/// are blocked by the one who starts it. What is raised then waits, and is seen.
#[test]
fn sending_to_nobody_raises_no_signal() {
    if !has("python3") {
        return;
    }
    let program = std::env::current_exe().unwrap();
    let script = "
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPIPE])
os.environ['WIRENUT_TEST_CHILD'] = 'pipe'
os.execv(arguments[0], [arguments[0], '--exact', 'child::in_the_child', '--nocapture', '--test-threads=1'])";
    Peer::start(script, &[&program.display()]).end();
}

pub(super) fn write_to_nobody() {
    let (one, other) = UnixStream::pair().unwrap();
    drop(other);
    assert_eq!(one.send(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(one.send_more(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(one.send_vectored(&[IoSlice::new(b"x")]).unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(one.send_descriptors(b"x", &[one.as_fd()]).unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!((&one).write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!((&one).write_vectored(&[IoSlice::new(b"x")]).unwrap_err().kind(), ErrorKind::BrokenPipe);
    let mut one = one;
    let error = embedded_io::Write::write(&mut one, b"x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    let (one, other) = SeqpacketStream::pair().unwrap();
    drop(other);
    assert_eq!(one.send_message(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(one.send_message_vectored(&[]).unwrap_err().kind(), ErrorKind::BrokenPipe);
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let pending = status.lines().find_map(|line| line.strip_prefix("SigPnd:\t")).unwrap();
    assert_eq!(pending, "0000000000000000");
}
