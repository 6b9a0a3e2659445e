//! Unix sockets against Python: paths and what is left of them, names, messages, descriptors.

use std::fs::{self, File};
use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net;
use std::thread;

use wirenut_linux::socket::{
    Attempt, Connected, Datagram, MAX_DESCRIPTORS, Message, Mode, Received, SeqpacketListener, Socket, UnixAddress,
    UnixDatagram, UnixListener, UnixStream,
};
use wirenut_tests::tools::has;

use crate::peer::{Directory, Peer, abstract_name, accept, patient, text, until_refused};

#[test]
fn paths_and_names_reach_each_other() {
    if !has("python3") {
        return;
    }
    let directory = Directory::new();
    let peer = "
s = socket(AF_UNIX); s.bind(arguments[1]); s.connect(arguments[0].replace('@', '\\0'))
s.sendall(rest(s)[::-1])";
    let path = directory.join("listener");
    let (listener, pathname) = Socket::stream().unwrap().listen_at(&path, 0o600, 1).unwrap();
    for (number, listener) in [listener, UnixListener::bind(&abstract_name()).unwrap()].into_iter().enumerate() {
        let own = directory.join(&format!("peer {number}"));
        let peer = Peer::start(peer, &[&listener.local_address().unwrap(), &own.display()]);
        let (stream, address) = patient(listener).accept(Mode::Blocking).unwrap().done().unwrap();
        assert_eq!(address.as_pathname(), Some(own.as_path()));
        assert_eq!(stream.peer_address().unwrap(), address);
        let credentials = stream.peer_credentials().unwrap();
        assert_eq!((credentials.process, credentials.user), (peer.id(), fs::metadata("/proc/self").unwrap().uid()));
        (&stream).write_all(b"stressed").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        (&stream).read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "desserts");
        peer.end();
    }
    assert!(pathname.remove().unwrap());
    assert!(!path.exists());
}

/// The longest path that the system takes has no zero byte at its end in the structure of the calls.
#[test]
fn the_longest_path_of_a_peer_is_understood() {
    if !has("python3") {
        return;
    }
    let directory = Directory::new();
    let longest = directory.join(&"x".repeat(107 - directory.0.as_os_str().len()));
    assert_eq!(longest.as_os_str().len(), 108);
    let script = "
import ctypes
s = socket(AF_UNIX, SOCK_DGRAM)
assert ctypes.CDLL(None).bind(s.fileno(), struct.pack('H108s', AF_UNIX, arguments[1].encode()), 110) == 0
s.sendto(b'hello', '\\0' + arguments[0]); say(s.recv(9))";
    let socket = patient(Socket::datagram().unwrap());
    let name = abstract_name();
    socket.bind(&name).unwrap();
    let mut peer = Peer::start(script, &[&text(&name), &longest.display()]);
    let (_, from) = socket.recv_from(&mut [0; 9]).unwrap().done().unwrap();
    assert_eq!(from.as_pathname(), Some(longest.as_path()));
    socket.send_to(b"you", &from).unwrap().done().unwrap();
    assert_eq!(peer.hear(), "b'you'");
    // Somebody without an address.
    UnixStream::pair().unwrap().0.peer_address().unwrap().is_unnamed().then_some(()).unwrap();
    Socket::datagram().unwrap().send_to(b"anonymous", &name).unwrap().done().unwrap();
    assert!(socket.recv_from(&mut []).unwrap().done().unwrap().1.is_unnamed());
}

#[test]
fn what_a_killed_process_leaves_is_replaced_and_nothing_else() {
    if !has("python3") {
        return;
    }
    let directory = Directory::new();
    let path = directory.join("socket");
    for kind in ["SOCK_STREAM", "SOCK_SEQPACKET", "SOCK_DGRAM"] {
        let script = format!(
            "s = socket(AF_UNIX, {kind}); s.bind(arguments[0])
if {kind} != SOCK_DGRAM: s.listen()
say('bound'); hear()"
        );
        let mut peer = Peer::start(&script, &[&path.display()]);
        peer.hear();
        let bind = || match kind {
            "SOCK_STREAM" => Socket::stream()?.listen_at(&path, 0o600, 1).map(|(_, pathname)| pathname),
            "SOCK_SEQPACKET" => Socket::seqpacket()?.listen_at(&path, 0o600, 1).map(|(_, pathname)| pathname),
            _ => Socket::datagram()?.bind_pathname(&path, 0o600),
        };
        let error = bind().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot bind to {}: Address already in use (os error 98)", path.display()),
            "{kind}: it is alive"
        );
        peer.kill();
        assert!(path.exists());
        let pathname = bind().unwrap();
        assert_eq!(fs::metadata(pathname.as_path()).unwrap().permissions().mode() & 0o777, 0o600);
        drop(pathname);
        assert!(!path.exists());
    }
    // Neither a file that is no socket, nor a link to something.
    fs::write(&path, "precious").unwrap();
    let link = directory.join("link");
    std::os::unix::fs::symlink(directory.join("nowhere"), &link).unwrap();
    for path in [&path, &link] {
        let error = Socket::stream().unwrap().listen_at(path, 0o600, 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    // The socket of another kind, which is somebody's.
    let other = directory.join("other");
    let datagram = Socket::datagram().unwrap();
    let _pathname = datagram.bind_pathname(&other, 0o600).unwrap();
    assert_eq!(Socket::stream().unwrap().listen_at(&other, 0o600, 1).unwrap_err().kind(), ErrorKind::AddrInUse);
    let error = Socket::stream().unwrap().listen_at(directory.join("missing/socket"), 0o600, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn of_many_who_want_a_path_at_the_same_time_one_gets_it() {
    let directory = Directory::new();
    let path = directory.join("socket");
    for _ in 0..20 {
        let outcomes: Vec<_> = thread::scope(|scope| {
            let listen = || Socket::stream().unwrap().listen_at(&path, 0o600, 10);
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(listen)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let (winners, losers): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!(winners.len(), 1);
        assert!(losers.into_iter().all(|loser| loser.unwrap_err().kind() == ErrorKind::AddrInUse));
        UnixStream::connect(&UnixAddress::pathname(&path).unwrap()).unwrap();
        // As a process that is killed leaves it: the next ones find a socket of nobody.
        for (listener, pathname) in winners.into_iter().map(Result::unwrap) {
            drop(listener);
            core::mem::forget(pathname);
            until_refused(|| UnixStream::connect(&UnixAddress::pathname(&path).unwrap()));
        }
    }
}

#[test]
fn a_path_that_cannot_be_removed_is_told() {
    let directory = Directory::new();
    let path = directory.join("socket");
    let pathname = Socket::datagram().unwrap().bind_pathname(&path, 0o600).unwrap();
    drop(directory);
    let line = format!("cannot remove {}: No such file or directory (os error 2)", path.display());
    assert_eq!(pathname.remove().unwrap_err().to_string(), line);
}

#[test]
fn the_path_of_a_successor_stays() {
    let directory = Directory::new();
    let path = directory.join("socket");
    let (listener, first) = Socket::stream().unwrap().listen_at(&path, 0o600, 1).unwrap();
    drop(listener);
    until_refused(|| UnixStream::connect(&UnixAddress::pathname(&path).unwrap()));
    let (second_listener, second) = Socket::stream().unwrap().listen_at(&path, 0o666, 1).unwrap();
    assert!(!first.remove().unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o666);
    UnixStream::connect(&UnixAddress::pathname(&path).unwrap()).unwrap();
    drop((second_listener, second));
    assert!(!path.exists());
}

#[test]
fn messages_keep_their_bounds_and_the_end_is_no_message() {
    if !has("python3") {
        return;
    }
    let script = "
s = socket(AF_UNIX, SOCK_SEQPACKET); s.connect('\\0' + arguments[0])
for message in [b'one', b'', b'longer than that', b'']: s.send(message)
say(s.recv(100), s.recv(100))
s.close()";
    let name = abstract_name();
    let listener = SeqpacketListener::bind(&name).unwrap();
    let mut peer = Peer::start(script, &[&text(&name)]);
    let stream = accept(&listener);
    let mut bytes = [0; 6];
    for full_length in [3, 0, 16, 0] {
        let length = full_length.min(6);
        let message = Message { length, full_length };
        assert_eq!(stream.peek_message(&mut bytes).unwrap(), Received::Data(message));
        assert_eq!(stream.recv_message(&mut bytes).unwrap(), Received::Data(message));
    }
    stream.set_mode(Mode::NonBlocking).unwrap();
    assert_eq!(stream.recv_message(&mut bytes).unwrap(), Received::WouldBlock);
    stream.send_message(b"").unwrap().done().unwrap();
    stream.send_message_vectored(&[IoSlice::new(b"t"), IoSlice::new(b"wo")]).unwrap().done().unwrap();
    assert_eq!(peer.hear(), "b'' b'two'");
    peer.end();
    assert_eq!(stream.peek_message(&mut bytes).unwrap(), Received::End);
    assert_eq!(stream.recv_message_vectored(&mut [IoSliceMut::new(&mut bytes)]).unwrap(), Received::End);
    assert_eq!(stream.recv_message(&mut bytes).unwrap(), Received::End);
    assert!(matches!(stream.recv_descriptors(&mut bytes).unwrap(), Received::End));
    assert_eq!(stream.send_message(b"three").unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn datagrams_wait_for_room() {
    let (one, other) = Socket::<Datagram, _>::pair().unwrap();
    one.set_mode(Mode::NonBlocking).unwrap();
    let mut sent = 0;
    while one.send_message(&[sent as u8]).unwrap() == Attempt::Done(()) {
        sent += 1;
    }
    let mut byte = [0];
    for number in 0..sent {
        assert_eq!(other.recv_message(&mut byte).unwrap().done().unwrap().length, 1);
        assert_eq!(byte, [number as u8]);
    }
    drop(one);
    assert_eq!(until_refused(|| other.send_message(b"x")).kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn descriptors_go_both_ways() {
    if !has("python3") {
        return;
    }
    let script = "
s = socket(AF_UNIX, getattr(socket_module, arguments[1])); s.connect('\\0' + arguments[0])
data, descriptors, flags, _ = recv_fds(s, 100, 10)
say(data, len(descriptors), os.read(descriptors[0], 100))
read, write = os.pipe(); os.write(write, b'through their pipe'); os.close(write)
if arguments[1] == 'seqpacket': s.send(b'')
send_fds(s, [b'here'], [read, read]); s.close()";
    let script = script
        .replace("getattr(socket_module, arguments[1])", "{'stream': SOCK_STREAM}.get(arguments[1], SOCK_SEQPACKET)");
    let directory = Directory::new();
    let mut file = File::create_new(directory.join("file")).unwrap();
    file.write_all(b"through our file").unwrap();
    let file = File::open(directory.join("file")).unwrap();
    let check = |data: Received<wirenut_linux::socket::Delivery>| {
        let Received::Data(delivery) = data else { panic!("{data:?}") };
        assert_eq!((delivery.message.length, delivery.descriptors.len(), delivery.is_incomplete), (4, 2, false));
        for descriptor in &delivery.descriptors {
            assert!(rustix::io::fcntl_getfd(descriptor).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
        }
        let mut text = String::new();
        File::from(delivery.descriptors.into_iter().next().unwrap()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "through their pipe");
    };
    let (name, other) = (abstract_name(), abstract_name());
    let (stream, seqpacket) = (UnixListener::bind(&name).unwrap(), SeqpacketListener::bind(&other).unwrap());

    let mut peer = Peer::start(&script, &[&text(&name), &"stream"]);
    let stream = accept(&stream);
    assert_eq!(stream.send_descriptors(b"", &[file.as_fd()]).unwrap_err().kind(), ErrorKind::InvalidInput);
    for count in [MAX_DESCRIPTORS + 1, 2 * MAX_DESCRIPTORS] {
        let too_many = vec![file.as_fd(); count];
        assert_eq!(stream.send_descriptors(b"x", &too_many).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(stream.send_descriptors(b"take", &[file.as_fd()]).unwrap(), Attempt::Done(4));
    assert_eq!(peer.hear(), "b'take' 1 b'through our file'");
    check(stream.recv_descriptors(&mut [0; 100]).unwrap());
    assert!(matches!(stream.recv_descriptors(&mut [0; 100]).unwrap(), Received::End));

    (&file).rewind().unwrap();
    let mut peer = Peer::start(&script, &[&text(&other), &"seqpacket"]);
    let stream = accept(&seqpacket);
    stream.send_descriptors(b"", &[file.as_fd()]).unwrap().done().unwrap();
    assert_eq!(peer.hear(), "b'' 1 b'through our file'");
    let Received::Data(empty) = stream.recv_descriptors(&mut [0; 100]).unwrap() else { panic!("no end yet") };
    assert_eq!((empty.message.full_length, empty.descriptors.len()), (0, 0));
    check(stream.recv_descriptors(&mut [0; 100]).unwrap());
    assert!(matches!(stream.recv_descriptors(&mut [0; 100]).unwrap(), Received::End));
}

#[test]
fn descriptors_go_to_any_address_and_come_from_it() {
    if !has("python3") {
        return;
    }
    let script = "
s = socket(AF_UNIX, SOCK_DGRAM); s.bind(arguments[1])
read, write = os.pipe(); os.write(write, b'through their pipe'); os.close(write)
s.sendmsg([b'here'], [(SOL_SOCKET, SCM_RIGHTS, array.array('i', [read, read]))], 0, '\\0' + arguments[0])
data, descriptors, flags, _ = recv_fds(s, 100, 10)
say(data, len(descriptors), os.read(descriptors[0], 100))";
    let directory = Directory::new();
    let (name, path) = (abstract_name(), directory.join("peer"));
    let socket = patient(Socket::datagram().unwrap());
    socket.bind(&name).unwrap();
    let mut peer = Peer::start(script, &[&text(&name), &path.display()]);
    // What is longer than the buffer is told, and its descriptors come.
    let (delivery, from) = socket.recv_descriptors_from(&mut [0; 3]).unwrap().done().unwrap();
    assert_eq!((delivery.message, delivery.is_incomplete), (Message { length: 3, full_length: 4 }, false));
    assert_eq!(from.as_pathname(), Some(path.as_path()));
    let mut descriptors = delivery.descriptors.into_iter().map(File::from);
    assert_eq!(std::io::read_to_string(descriptors.next().unwrap()).unwrap(), "through their pipe");
    assert_eq!(descriptors.count(), 1);

    fs::write(directory.join("file"), "through our file").unwrap();
    let file = File::open(directory.join("file")).unwrap();
    let too_many = vec![file.as_fd(); MAX_DESCRIPTORS + 1];
    assert_eq!(socket.send_descriptors_to(b"", &too_many, &from).unwrap_err().kind(), ErrorKind::InvalidInput);
    socket.send_descriptors_to(b"", &[file.as_fd()], &from).unwrap().done().unwrap();
    assert_eq!(peer.hear(), "b'' 1 b'through our file'");
    peer.end();
    let error = socket.send_descriptors_to(b"", &[file.as_fd()], &from).unwrap_err();
    let line = format!("cannot send descriptors to {}: Connection refused (os error 111)", path.display());
    assert_eq!(error.to_string(), line);
}

#[test]
fn as_many_descriptors_as_can_be_sent_arrive() {
    let (one, other) = UnixStream::pair().unwrap();
    one.send_descriptors(b"all", &vec![one.as_fd(); MAX_DESCRIPTORS]).unwrap().done().unwrap();
    let Received::Data(delivery) = other.recv_descriptors(&mut [0; 100]).unwrap() else { panic!() };
    assert_eq!((delivery.descriptors.len(), delivery.is_incomplete), (MAX_DESCRIPTORS, false));
}

#[test]
fn the_standard_librarys_types_are_the_same_sockets() {
    let name = abstract_name();
    let listener = net::UnixListener::from(UnixListener::bind(&name).unwrap());
    let client = net::UnixStream::from(UnixStream::connect(&name).unwrap());
    let server = UnixListener::from(listener).accept(Mode::Blocking).unwrap().done().unwrap().0;
    server.send(b"hello").unwrap().done().unwrap();
    assert_eq!(UnixStream::from(client).recv(&mut [0; 9]).unwrap(), Received::Data(5));
    let (one, other) = net::UnixDatagram::pair().unwrap();
    let one = Socket::<Datagram, Connected>::try_from(one).unwrap();
    one.send_message(b"hello").unwrap().done().unwrap();
    assert_eq!(other.recv(&mut [0; 9]).unwrap(), 5);
    let error = UnixDatagram::try_from(other).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(rustix::io::Errno::ISCONN.raw_os_error()));
    let open = net::UnixDatagram::from(Socket::datagram().unwrap());
    assert!(UnixDatagram::try_from(open).unwrap().local_address().unwrap().is_unnamed());
}

#[test]
fn addresses_of_the_standard_library_are_the_same() {
    for address in [
        UnixAddress::pathname("/tmp/x").unwrap(),
        UnixAddress::abstract_name(b"\0x\xff").unwrap(),
        UnixAddress::unnamed(),
    ] {
        let theirs = net::SocketAddr::try_from(&address).unwrap();
        assert_eq!(UnixAddress::try_from(&theirs).unwrap(), address);
    }
    assert_eq!(UnixAddress::abstract_name(b"\0x\xff").unwrap().to_string(), "@\\x00x\\xff");
    for path in ["", "a\0b"] {
        assert!(UnixAddress::pathname(path).is_err(), "{path:?}");
    }
    assert_eq!(UnixAddress::abstract_name(&[b'x'; 108]).unwrap_err().kind(), ErrorKind::InvalidFilename);
    assert!(UnixAddress::abstract_name(&[b'x'; 107]).is_ok());
    assert!(UnixAddress::abstract_name(b"").is_err());
}
