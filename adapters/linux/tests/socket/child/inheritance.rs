//! Descriptors that a process was started with.

use std::fs;
use std::io::ErrorKind;
use std::os::fd::{AsRawFd, OwnedFd};

use wirenut_linux::socket::{
    Connected, Inherited, Listening, Open, Stream, Tcp, TcpListener, Udp, UnixListener, UnixStream, inherited,
    inherited_at,
};
use wirenut_tests::tools::has;

use super::{child, run};
use crate::peer::{Directory, Peer};

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

pub(super) fn take_inherited() {
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

pub(super) fn take_by_number() {
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
