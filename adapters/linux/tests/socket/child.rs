//! What concerns a whole process, and so needs one of its own: signals, descriptors that are counted, that run out, and
//! that it was started with.

use core::time::Duration;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, ErrorKind, IoSlice, IoSliceMut, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify;
use rustix::io::retry_on_intr;
use rustix::process::{Signal, getpid, kill_process};
use wirenut_linux::lookup::{self, Hints, Transport};
use wirenut_linux::socket::{
    Attempt, Batch, Connected, Family, Inherited, Listening, Mode, Open, Received, SeqpacketStream, Socket, Stream,
    Tcp, TcpListener, TcpStream, Udp, UdpSocket, UnixAddress, UnixListener, UnixStream, inherited, inherited_at,
};
use wirenut_tests::tools::has;

use crate::peer::{Directory, PATIENCE, Peer, abstract_name, accept, patient, text};

const VARIABLE: &str = "WIRENUT_TEST_CHILD";

/// Not a test by itself: what a child does.
#[test]
fn in_the_child() {
    match std::env::var(VARIABLE).as_deref() {
        Ok("count") => count(),
        Ok("exec") => exec(),
        Ok("exhaust") => exhaust(),
        Ok("interrupted") => interrupted(),
        Ok("inherited") => take_inherited(),
        Ok("numbered") => take_by_number(),
        Ok("permissions") => give_permissions(),
        Ok("pipe") => write_to_nobody(),
        Ok("signals") => tell_signals_apart(),
        _ => {}
    }
}

/// This program, to run one of the above.
fn child(part: &str, before: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{before} exec \"$0\" --exact child::in_the_child --nocapture --test-threads=1"));
    command.arg(std::env::current_exe().unwrap()).env(VARIABLE, part);
    command
}

fn run(mut command: Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn nothing_leaks() {
    run(child("count", ""));
}

#[test]
fn the_second_signal_is_told_from_the_first() {
    run(child("signals", ""));
}

fn tell_signals_apart() {
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

/// Each call that opens something, where it succeeds and where it fails.
fn count() {
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
fn exec() {
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
fn permissions_are_those_that_were_asked_for_whatever_the_umask_is() {
    for umask in ["umask 0;", "umask 0777;", "umask 0022;"] {
        run(child("permissions", umask));
    }
}

fn give_permissions() {
    let directory = std::env::temp_dir().join(format!("wirenut-test-permissions-{}", std::process::id()));
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, Permissions::from_mode(0o700)).unwrap();
    // Nobody may connect before the permissions are there: they are changed only where the umask takes some away.
    let changes = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    inotify::add_watch(&changes, &directory, inotify::WatchFlags::ATTRIB).unwrap();
    let umask = rustix::process::umask(rustix::fs::Mode::empty());
    rustix::process::umask(umask);
    for permissions in [0o600, 0o666, 0o642, 0] {
        let path = directory.join("socket");
        let (_listener, pathname) = Socket::stream().unwrap().listen_at(&path, permissions, 1).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, permissions);
        let was_changed = rustix::io::read(&changes, &mut [0; 1000]).is_ok();
        assert_eq!(was_changed, umask.as_raw_mode() & permissions != 0, "{permissions:o}");
        drop(pathname);
        let pathname = Socket::datagram().unwrap().bind_pathname(&path, permissions).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, permissions);
        assert!(pathname.remove().unwrap());
        while rustix::io::read(&changes, &mut [0; 1000]).is_ok() {}
    }
    fs::remove_dir(&directory).unwrap();
}

#[test]
fn descriptors_that_run_out_are_errors_that_pass() {
    run(child("exhaust", "ulimit -n 32;"));
}

fn exhaust() {
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

fn interrupted() {
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

const SYSTEMD: &str = "
import fcntl
tcp = create_server(('127.0.0.1', 0)); udp = socket(AF_INET, SOCK_DGRAM)
path = socket(AF_UNIX); path.bind(arguments[1]); path.listen()
# First out of the way, for one of them may have one of the numbers.
high = [fcntl.fcntl(s.fileno(), fcntl.F_DUPFD, 50) for s in (tcp, udp, path)]
for number, descriptor in enumerate(high): os.dup2(descriptor, 3 + number)
os.environ.update(LISTEN_PID=arguments[4].replace('own', str(os.getpid())), LISTEN_FDS=arguments[2], LISTEN_FDNAMES=arguments[3], WIRENUT_TEST_CHILD='inherited')
os.closerange(6, 60)
os.execv(arguments[0], [arguments[0], '--exact', 'child::in_the_child', '--nocapture', '--test-threads=1'])";

#[test]
fn sockets_of_systemd_are_taken_once_and_their_paths_stay() {
    if !has("python3") {
        return;
    }
    let directory = Directory::new();
    let path = directory.join("socket");
    let program = std::env::current_exe().unwrap();
    for (id, count, names, said) in [
        ("own", "3", "web:dns:local", "taken"),
        ("1", "3", "web:dns:local", "none"),
        (
            "own",
            "3",
            "web:dns",
            "cannot name that many descriptors as LISTEN_FDNAMES says: web:dns: Invalid argument (os error 22)",
        ),
        ("own", "x", "web", "cannot take as many descriptors as LISTEN_FDS says: x: Invalid argument (os error 22)"),
        ("own", "4", "a:b:c:d", "cannot take over descriptor 6: "),
    ] {
        let _ = fs::remove_file(&path);
        let mut peer = Peer::start(SYSTEMD, &[&program.display(), &path.display(), &count, &names, &id]);
        let line = loop {
            let line = peer.hear();
            if let Some(line) = line.strip_prefix("said ") {
                break line.to_owned();
            }
        };
        assert!(line.starts_with(said), "{line}");
        assert!(path.exists());
    }
}

fn take_inherited() {
    let taken = match inherited() {
        Ok(taken) if taken.is_empty() => return println!("\nsaid none"),
        Ok(taken) => taken,
        Err(error) => return println!("\nsaid {error}"),
    };
    let names: Vec<_> = taken.iter().map(|passed| (passed.name(), passed.number())).collect();
    assert_eq!(names, [("web", 3), ("dns", 4), ("local", 5)]);
    let kinds = |passed: &Inherited| {
        (passed.is_socket::<Tcp, Listening>(), passed.is_socket::<Udp, Open>(), passed.is_socket::<Stream, Listening>())
    };
    let kinds: Vec<_> = taken.iter().map(kinds).collect();
    assert_eq!(kinds, [(true, false, false), (false, true, false), (false, false, true)]);
    assert!(!taken[2].is_socket::<Stream, Connected>());
    assert!(inherited().unwrap().is_empty());
    let mut taken = taken.into_iter();
    let _web: TcpListener = taken.next().unwrap().into_socket().unwrap();
    let dns = OwnedFd::from(taken.next().unwrap());
    assert!(rustix::io::fcntl_getfd(&dns).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
    let wrong = TcpListener::try_from(dns);
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "cannot take over descriptor 4: Protocol wrong type for socket (os error 91)"
    );
    let local: UnixListener = taken.next().unwrap().into_socket().unwrap();
    let address = local.local_address().unwrap();
    UnixStream::connect(&address).unwrap();
    drop(local);
    println!("\nsaid taken");
}

#[test]
fn descriptors_of_somebody_else_are_taken_by_number() {
    run(child("numbered", "exec 9</dev/null;"));
}

fn take_by_number() {
    let taken = inherited_at(9).unwrap();
    assert_eq!((taken.name(), taken.number()), ("", 9));
    assert!(!taken.is_socket::<Tcp, Listening>());
    let said = |number| inherited_at(number).unwrap_err().to_string();
    assert_eq!(said(9), "cannot take over descriptor 9: Device or resource busy (os error 16)", "it has an owner");
    drop(taken);
    assert_eq!(said(9), "cannot take over descriptor 9: Bad file descriptor (os error 9)");
    for number in [-1, 0, 2] {
        assert_eq!(said(number), format!("cannot take over descriptor {number}: Invalid argument (os error 22)"));
    }
    let opened = fs::File::open("/dev/null").unwrap();
    assert_eq!(inherited_at(opened.as_raw_fd()).unwrap_err().kind(), ErrorKind::ResourceBusy);
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

fn write_to_nobody() {
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
