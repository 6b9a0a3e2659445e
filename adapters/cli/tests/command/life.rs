//! The life of a service: what its manager hears, who it becomes, and the process that goes on in its place.

use core::time::Duration;
use std::fs::{self, Permissions};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

use tempfile::TempDir;

use crate::client::{Client, get};
use crate::passing::ask;
use crate::process::{PATIENCE, Server, run, wirenut};
use crate::tree::Tree;

/// Who manages services, as systemd does.
pub(crate) struct Manager {
    directory: TempDir,
    socket: UnixDatagram,
}

impl Manager {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let socket = UnixDatagram::bind(directory.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { directory, socket }
    }

    /// Has the command tell it.
    pub(crate) fn attend<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("NOTIFY_SOCKET", self.directory.path().join("notify"))
    }

    /// The next message that is not a status, with numbers as `N`.
    fn hear(&self) -> String {
        let message = self.hear_next(|message| !message.starts_with("STATUS="));
        message.replace(|sign: char| sign.is_ascii_digit(), "N").replace("NN", "N").replace("NN", "N")
    }

    /// The next message that is one of those, as it is.
    pub(crate) fn hear_next(&self, is_one: impl Fn(&str) -> bool) -> String {
        loop {
            let mut message = [0; 1000];
            let length = self.socket.recv(&mut message).unwrap();
            let message = core::str::from_utf8(&message[..length]).unwrap();
            if is_one(message) {
                return message.to_owned();
            }
        }
    }
}

#[test]
fn the_manager_hears_of_the_beginning_of_reloads_and_of_the_end() {
    for model in ["multiplexed", "iterative"] {
        let manager = Manager::new();
        let tree = Tree::with(&[("small", "small")]);
        let mut command = wirenut();
        command.arg("serve").arg(tree.public()).args(["--listen", "0", "--model", model]);
        let mut server = Server::start(manager.attend(&mut command).env("WATCHDOG_USEC", "500000000"));
        let mut heard: Vec<String> = (0..2).map(|_| manager.hear()).collect();
        heard.sort();
        assert!(heard[0].starts_with("READY=") && heard[1].starts_with("WATCHDOG="), "{heard:?}");
        server.signal("HUP");
        let told = manager.hear();
        assert!(told.starts_with("RELOADING=N\nMONOTONIC_USEC=N"), "{told:?}");
        assert_eq!(manager.hear(), "READY=N");
        server.signal("TERM");
        assert_eq!(manager.hear(), "STOPPING=N");
        assert_eq!((server.end().code(), server.errors.all()), (Some(0), vec![]));
    }
}

/// The processes that have the socket that listens there.
fn owners(address: core::net::SocketAddr) -> Vec<u32> {
    let port = format!(":{:04X}", address.port());
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let sockets: Vec<String> = table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            (fields[1].ends_with(&port) && fields[3] == "0A").then(|| format!("socket:[{}]", fields[9]))
        })
        .collect();
    let all =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok()?.parse().ok());
    all.filter(|process: &u32| {
        let Ok(descriptors) = fs::read_dir(format!("/proc/{process}/fd")) else { return false };
        let mut links = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        links.any(|link| sockets.iter().any(|socket| link == Path::new(socket)))
    })
    .collect()
}

/// The processes that this one has started and that have not ended.
fn children(process: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    list.split_whitespace().map(|id| id.parse().unwrap()).collect()
}

/// A process and all beneath it.
fn family(process: u32) -> Vec<u32> {
    [process].into_iter().chain(children(process).into_iter().flat_map(family)).collect()
}

/// Kills what it has found when the test ends.
pub(crate) struct Successor(pub(crate) u32);

pub(crate) fn signal(process: u32, name: &str) {
    let _ = Command::new("kill").args(["-s", name, &process.to_string()]).status();
}

impl Successor {
    pub(crate) fn signal(&self, name: &str) {
        signal(self.0, name);
    }

    pub(crate) fn is_alive(&self) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
        status.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
    }
}

impl Drop for Successor {
    fn drop(&mut self) {
        if self.is_alive() {
            self.signal("KILL");
        }
    }
}

pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn another_process_goes_on_and_no_connection_is_lost() {
    // Where a thread serves one at a time, an idle connection gives way to whoever comes.
    for model in ["multiplexed", "threading", "forking", "pre-forked"] {
        let tree = Tree::with(&[("small", "small")]);
        fs::File::create(tree.public().join("sparse")).unwrap().set_len(1 << 25).unwrap();
        let path = tree.path().join("web.sock");
        let mut command = wirenut();
        command.arg("serve").arg(tree.public()).args(["--quiet", "--model", model, "--listen", "127.0.0.1:0"]);
        let mut old = Server::start(command.args(["--listen", &format!("unix:{}", path.display())]));
        let mut kept = Client::connect(old.address);
        assert_eq!(kept.get("/small").text(), "small");
        // It is at work while another process begins.
        let mut busy = Client::connect(old.address);
        busy.send(get("/sparse"));
        let length = busy.head().length();
        let before = family(old.child.id());
        old.signal("USR2");
        let mut new = None;
        wait_until("another process", || {
            assert_eq!(Client::connect(old.address).get("/small").text(), "small", "{model}");
            new = children(old.child.id()).into_iter().find(|child| !before.contains(child));
            let Some(new) = new else { return false };
            // It serves alone once the old one has stopped to listen.
            let ours = family(new);
            let owners = owners(old.address);
            !owners.is_empty() && owners.iter().all(|owner| ours.contains(owner))
        });
        let new = Successor(new.unwrap());
        assert_eq!(
            kept.get("/small").field("Connection"),
            Some("close"),
            "{model}: nothing is closed that may be used"
        );
        assert_eq!(kept.rest(), 0);
        assert!(ask(&path, "/small").ends_with("small"));
        busy.take(length, 1 << 16, |_, _| ());
        // Who lingers, or may ask once more, is waited for.
        drop((kept, busy));
        assert_eq!(old.end().code(), Some(0), "{model}");
        assert!(path.exists(), "it is the new one's");
        assert_eq!(Client::connect(old.address).get("/small").text(), "small");
        new.signal("TERM");
        wait_until("it ends", || !new.is_alive());
        assert!(!path.exists());
        assert!(TcpStream::connect(old.address).is_err());
        assert_eq!(old.errors.all(), Vec::<String>::new(), "{model}");
    }
}

#[test]
fn a_process_that_cannot_begin_leaves_the_old_one_at_work() {
    let tree = Tree::with(&[("small", "small")]);
    let log = tree.path().join("log");
    let mut old = Server::serve_with(&tree.public(), &["--log-file", log.to_str().unwrap()]);
    // Its log is lost in the meantime.
    fs::remove_file(&log).unwrap();
    fs::create_dir(&log).unwrap();
    for time in 1..=2 {
        old.signal("USR2");
        let told = old.errors.wait_for(2 * time);
        assert!(told[2 * time - 2].starts_with("wirenut: cannot write the log to '"), "{told:?}");
        let said = "wirenut: cannot restart: the new process exited with status 1 before it was ready";
        assert!(told[2 * time - 1].starts_with(said), "{told:?}");
        assert_eq!(Client::connect(old.address).get("/small").text(), "small");
        // A line of each kind is told once a second.
        thread::sleep(Duration::from_millis(1100));
    }
    old.signal("TERM");
    assert_eq!(old.end().code(), Some(0));
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn it_becomes_another_user_once_it_listens() {
    if !is_root() {
        eprintln!("not tested: only root can become another user");
        return;
    }
    let tree = Tree::with(&[("small", "small")]);
    fs::set_permissions(tree.path(), Permissions::from_mode(0o755)).unwrap();
    fs::write(tree.public().join("secret"), "secret").unwrap();
    fs::set_permissions(tree.public().join("secret"), Permissions::from_mode(0o600)).unwrap();
    let mut server = Server::serve_with(&tree.public(), &["--user", "nobody"]);
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    assert!(
        status.contains("\nUid:\t65534\t65534\t65534\t65534\n") && status.contains("\nNoNewPrivs:\t1\n"),
        "{status}"
    );
    let mut client = Client::connect(server.address);
    assert_eq!(client.get("/small").text(), "small");
    assert_eq!(client.get("/secret").status, 403);
    server.signal("TERM");
    assert_eq!(server.end().code(), Some(0));
    let (status, _, errors) = run(&["demo", "--listen", "0", "--user", "no-such-user"]);
    assert_eq!(
        (status, errors.starts_with("wirenut: cannot find the user no-such-user: ")),
        (Some(1), true),
        "{errors}"
    );
}

#[test]
fn its_root_may_be_the_served_directory() {
    if !is_root() {
        eprintln!("not tested: only root can change the root directory");
        return;
    }
    let tree = Tree::with(&[("small", "small")]);
    fs::set_permissions(tree.path(), Permissions::from_mode(0o755)).unwrap();
    // Without /proc, those that fork cannot count their threads there.
    for model in ["multiplexed", "forking", "pre-forked"] {
        let mut command = wirenut();
        command.args(["serve", "/", "--listen", "127.0.0.1:0", "--model", model, "--user", "nobody", "--chroot"]);
        command.arg(tree.public());
        let mut server = Server::start(&mut command);
        let root = fs::read_link(format!("/proc/{}/root", server.child.id())).unwrap();
        assert_eq!(root, tree.public());
        let mut client = Client::connect(server.address);
        assert_eq!(client.get("/small").text(), "small");
        // There is no program to go on with.
        server.signal("USR2");
        let told = server.errors.wait_for(1);
        assert!(told[0].starts_with("wirenut: cannot restart: cannot execute "), "{told:?}");
        assert_eq!(client.get("/small").text(), "small");
        server.signal("TERM");
        assert_eq!(server.end().code(), Some(0));
    }
}
