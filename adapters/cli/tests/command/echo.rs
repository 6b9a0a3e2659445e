//! `wirenut echo`: what comes goes back, whoever sends it.

use core::time::Duration;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

use tempfile::TempDir;

use crate::process::{PATIENCE, Server, run, wirenut};

const ANY: &str = "127.0.0.1:0";

/// Those in which datagrams are answered by others than in the first.
const MODELS: [&str; 3] = ["iterative", "threading", "pre-forked"];

const POLLERS: [&str; 3] = ["epoll", "poll", "select"];

fn echo(poller: &str) -> Command {
    let mut command = wirenut();
    command.args(["echo", "--poller", poller]);
    command
}

/// The place at this path.
fn unix(path: &Path) -> OsString {
    let mut place = OsString::from("unix:");
    place.push(path);
    place
}

fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends all on one thread, and receives to the end on this one.
fn echoed(mut stream: impl Read, mut sender: impl Write + Send, end: impl FnOnce() + Send, data: &[u8]) -> Vec<u8> {
    thread::scope(|scope| {
        scope.spawn(move || {
            sender.write_all(data).unwrap();
            end();
        });
        let mut received = Vec::new();
        stream.read_to_end(&mut received).unwrap();
        received
    })
}

#[test]
fn streams_come_back_whole_and_end() {
    for poller in POLLERS {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("socket");
        let mut server = Server::start(echo(poller).args(["--listen", ANY, "--listen"]).arg(unix(&path)));
        assert_eq!(server.output.wait_for(1), [format!("unix {}", path.display())]);
        let data: Vec<u8> = (0..5_000_000_u32).map(|number| (number % 251) as u8).collect();
        let tcp = patient(TcpStream::connect(server.address).unwrap());
        let received = echoed(&tcp, &tcp, || tcp.shutdown(Shutdown::Write).unwrap(), &data);
        assert!(received == data, "{} bytes", received.len());
        let unix = UnixStream::connect(&path).unwrap();
        unix.set_read_timeout(Some(PATIENCE)).unwrap();
        let received = echoed(&unix, &unix, || unix.shutdown(Shutdown::Write).unwrap(), &data);
        assert!(received == data, "{} bytes", received.len());
        server.signal("TERM");
        assert_eq!(server.end().code(), Some(0));
        assert!(!path.exists(), "the path is removed");
        assert_eq!(server.errors.all(), Vec::<String>::new());
    }
}

#[test]
fn who_does_not_receive_holds_up_nobody_and_no_end() {
    for poller in POLLERS {
        let mut server = Server::start(echo(poller).args(["--drain", "1", "--listen", ANY]));
        let deaf = TcpStream::connect(server.address).unwrap();
        deaf.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
        let chunk = vec![0; 1 << 20];
        while (&deaf).write_all(&chunk).is_ok() {}
        let mut other = patient(TcpStream::connect(server.address).unwrap());
        other.write_all(b"ping").unwrap();
        let mut bytes = [0; 4];
        other.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"ping");
        server.signal("INT");
        assert_eq!(server.end().code(), Some(0));
        assert_eq!(other.read(&mut bytes).unwrap(), 0, "an end, and no reset");
    }
}

#[test]
fn who_finds_no_place_waits() {
    for poller in POLLERS {
        let server = Server::start(echo(poller).args(["--listen", ANY, "--max-connections", "1"]));
        let connect = || patient(TcpStream::connect(server.address).unwrap());
        let mut bytes = [0];
        let mut first = connect();
        first.write_all(b"1").unwrap();
        first.read_exact(&mut bytes).unwrap();
        let mut second = connect();
        second.write_all(b"2").unwrap();
        second.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        assert!(second.read(&mut bytes).is_err(), "it is not taken in yet");
        drop(first);
        second.set_read_timeout(Some(PATIENCE)).unwrap();
        second.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"2");
    }
}

/// So many come and go at once that places are taken again as soon as they are free.
#[test]
fn places_are_used_again() {
    for poller in POLLERS {
        let server = Server::start(echo(poller).args(["--listen", ANY, "--max-connections", "2"]));
        let visit = |number: u32| {
            let mut stream = patient(TcpStream::connect(server.address).unwrap());
            let mut bytes = [0; 4];
            stream.write_all(&number.to_be_bytes()).unwrap();
            stream.read_exact(&mut bytes).unwrap();
            assert_eq!(u32::from_be_bytes(bytes), number);
        };
        thread::scope(|scope| {
            for visitor in 0..4 {
                scope.spawn(move || (0..100).for_each(|number| visit(visitor << 16 | number)));
            }
        });
    }
}

#[test]
fn a_busy_connection_starves_nobody() {
    for poller in POLLERS {
        let server = Server::start(echo(poller).args(["--listen", ANY]));
        let busy = patient(TcpStream::connect(server.address).unwrap());
        let mut other = patient(TcpStream::connect(server.address).unwrap());
        thread::scope(|scope| {
            scope.spawn(|| while (&busy).write_all(&[0; 1 << 16]).is_ok() {});
            scope.spawn(|| while matches!((&busy).read(&mut [0; 1 << 16]), Ok(1..)) {});
            for number in 0..100 {
                let mut byte = [0];
                other.write_all(&[number]).unwrap();
                other.read_exact(&mut byte).unwrap();
                assert_eq!(byte, [number]);
            }
            busy.shutdown(Shutdown::Both).unwrap();
        });
    }
}

#[test]
fn descriptors_that_run_out_are_survived() {
    for poller in POLLERS {
        let mut limited = Command::new("sh");
        let script = "ulimit -n 32 && exec \"$0\" echo --workers 1 --listen 127.0.0.1:0 --poller \"$1\"";
        let server = Server::start(limited.args(["-c", script, env!("CARGO_BIN_EXE_wirenut"), poller]));
        let mut clients: Vec<TcpStream> =
            (0..30).map(|_| patient(TcpStream::connect(server.address).unwrap())).collect();
        clients.reverse();
        while let Some(mut client) = clients.pop() {
            client.write_all(b"x").unwrap();
            client.read_exact(&mut [0]).unwrap();
        }
    }
}

/// A descriptor that becomes free elsewhere is found by looking again: no connection of this listener ends.
#[test]
fn descriptors_that_others_had_are_used() {
    for poller in POLLERS {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("socket");
        let mut limited = Command::new("sh");
        let script =
            "ulimit -n 32 && exec \"$0\" echo --workers 1 --listen 127.0.0.1:0 --poller \"$1\" --listen \"unix:$2\"";
        let limited = limited.args(["-c", script, env!("CARGO_BIN_EXE_wirenut"), poller]).arg(&path);
        let server = Server::start(limited);
        let clients: Vec<UnixStream> = (0..30).map(|_| UnixStream::connect(&path).unwrap()).collect();
        (&clients[0]).write_all(b"x").unwrap();
        (&clients[0]).read_exact(&mut [0]).unwrap();
        let mut other = patient(TcpStream::connect(server.address).unwrap());
        other.write_all(b"x").unwrap();
        thread::sleep(Duration::from_millis(50));
        drop(clients);
        other.read_exact(&mut [0]).unwrap();
    }
}

#[test]
fn datagrams_come_back_to_their_senders() {
    for model in MODELS {
        let mut server =
            Server::start(wirenut().args(["echo", "--model", model]).args(["--listen", "udp:127.0.0.1:0"]));
        let sockets = [UdpSocket::bind(ANY).unwrap(), UdpSocket::bind(ANY).unwrap()];
        let mut bytes = vec![0; 1 << 16];
        for length in [0, 1, 65_507] {
            for (number, socket) in (1..).zip(&sockets) {
                socket.set_read_timeout(Some(PATIENCE)).unwrap();
                socket.send_to(&vec![number; length], server.address).unwrap();
            }
            for (number, socket) in (1..).zip(&sockets) {
                assert_eq!(socket.recv_from(&mut bytes).unwrap(), (length, server.address));
                assert!(bytes[..length].iter().all(|byte| *byte == number));
            }
        }
        server.signal("TERM");
        assert_eq!(server.end().code(), Some(0));
    }
}

#[test]
fn what_is_in_the_way_is_said_with_what_to_do() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "precious").unwrap();
    let socket = UdpSocket::bind(ANY).unwrap();
    let (taken, file) = (socket.local_addr().unwrap().to_string(), file.to_str().unwrap());
    for (arguments, said) in [
        (
            ["echo", "--listen", &format!("udp:{taken}")],
            format!(
                "cannot take datagrams at {taken}: Address already in use (os error 98) (somebody is there already: "
            ),
        ),
        (
            ["echo", "--listen", &format!("unix:{file}")],
            format!("cannot bind to {file}: Address already in use (os error 98) (somebody is there already: "),
        ),
        (
            ["echo", "--listen", "192.0.2.1:7"],
            "cannot listen on 192.0.2.1:7: Cannot assign requested address (os error 99) (no interface ".into(),
        ),
    ] {
        let (status, output, errors) = run(&arguments);
        assert_eq!((status, output.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(errors.starts_with(&format!("wirenut: {said}")), "{errors}");
        assert_eq!((errors.matches('\n').count(), errors.ends_with('\n')), (1, true), "{errors}");
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "precious");
}

/// Whoever may read a directory may lock it.
#[test]
fn a_lock_that_another_program_holds_is_not_waited_for_without_end() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("socket");
    let lock = File::open(directory.path()).unwrap();
    lock.lock().unwrap();
    let (status, output, errors) = run(&["echo", "--listen", unix(&path).to_str().unwrap()]);
    assert_eq!((status, output.as_str()), (Some(1), ""));
    let (place, process) = (path.display(), std::process::id());
    let user = fs::metadata("/proc/self").unwrap().uid();
    let said = format!("cannot bind to {place}: process {process} of user {user} has its directory locked by flock(2)");
    assert!(errors.starts_with(&format!("wirenut: {said}")), "{errors}");
    assert_eq!((errors.matches('\n').count(), path.exists()), (1, false), "{errors}");
    // Who only takes a turn is waited for.
    let mut server = thread::scope(|scope| {
        let starting =
            scope.spawn(|| Server::start(wirenut().args(["echo", "--listen", ANY, "--listen"]).arg(unix(&path))));
        thread::sleep(Duration::from_millis(200));
        assert!(!path.exists());
        lock.unlock().unwrap();
        starting.join().unwrap()
    });
    assert!(path.exists());
    server.signal("TERM");
    assert_eq!((server.end().code(), path.exists()), (Some(0), false));
}

/// The time that a process has used so far, in ticks.
fn busy(server: &Server) -> u64 {
    let line = fs::read_to_string(format!("/proc/{}/stat", server.child.id())).unwrap();
    let fields: Vec<&str> = line.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// None of its threads runs: a signal is sent before it has arrived.
fn wait_until_stopped(server: &Server) {
    let begun = Instant::now();
    let is_stopped = |task: &fs::DirEntry| {
        let line = fs::read_to_string(task.path().join("stat")).unwrap();
        line.rsplit(')').next().unwrap().starts_with(" T")
    };
    while !fs::read_dir(format!("/proc/{}/task", server.child.id())).unwrap().all(|task| is_stopped(&task.unwrap())) {
        assert!(begun.elapsed() < PATIENCE, "it runs on");
        thread::sleep(Duration::from_millis(1));
    }
}

/// The command at a priority by which it is not held up by what else runs, if this user may choose that.
fn preferred() -> Command {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return wirenut();
    }
    let mut nice = Command::new("nice");
    nice.args(["-n", "-15"]).arg(wirenut().get_program());
    nice
}

/// Nothing is forged: the first datagram comes from the place of one server, before that one is there.
#[test]
fn two_echoes_do_not_keep_each_other_busy() {
    // Those of one process, which can be stopped as one.
    for model in ["iterative", "pre-threaded"] {
        let one = Server::start(preferred().args(["echo", "--model", model]).args(["--listen", "udp:127.0.0.1:0"]));
        one.signal("STOP");
        wait_until_stopped(&one);
        // At an address of its own, so that nobody else gets the port before the other server is there.
        let spark = UdpSocket::bind("127.0.7.7:0").unwrap();
        let place = spark.local_addr().unwrap();
        for datagram in [&b"ping"[..], b"pong", b""] {
            spark.send_to(datagram, one.address).unwrap();
        }
        drop(spark);
        let other =
            Server::start(preferred().args(["echo", "--model", model]).args(["--listen", &format!("udp:{place}")]));
        one.signal("CONT");
        // The one that sent first keeps each of them first.
        let told = one.errors.wait_for(1);
        assert!(
            told[0].starts_with(&format!("wirenut: {place}: the same datagram came 256 times in 10 s")),
            "{told:?}"
        );
        let begun = Instant::now();
        loop {
            let before = (busy(&one), busy(&other));
            thread::sleep(Duration::from_millis(300));
            if before == (busy(&one), busy(&other)) {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "they are still busy");
        }
        // Both still do their work.
        for server in [&one, &other] {
            let client = UdpSocket::bind(ANY).unwrap();
            client.set_read_timeout(Some(PATIENCE)).unwrap();
            for number in 0..1000_u32 {
                client.send_to(&number.to_le_bytes(), server.address).unwrap();
                let mut bytes = [0; 8];
                assert_eq!(client.recv(&mut bytes).unwrap(), 4);
                assert_eq!(bytes[..4], number.to_le_bytes());
            }
            for _ in 0..200 {
                client.send_to(b"ping", server.address).unwrap();
                assert_eq!(client.recv(&mut [0; 8]).unwrap(), 4);
            }
        }
    }
}
