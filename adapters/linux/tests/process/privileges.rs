//! What is given up for good.

use alloc::collections::BTreeSet;
use core::convert::Infallible;
use core::error::Error;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::thread;

use rustix::process::getuid;
use rustix::thread::{CapabilitySet, set_keep_capabilities};
use wirenut_linux::process::{User, become_user, change_root, forbid_new_privileges};
use wirenut_linux::socket::TcpListener;

/// Only root has something to give up.
fn is_root() -> bool {
    let is_root = getuid().is_root();
    if !is_root {
        let _ = writeln!(std::io::stderr(), "SKIPPED: a test of privileges needs root");
    }
    is_root
}

/// What a line of /proc/self/task/ID/status says, of each thread.
fn of_all_threads(field: &str) -> BTreeSet<String> {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let status = threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("status")).unwrap());
    let field = format!("{field}:");
    let line = |status: String| status.lines().find_map(|line| line.strip_prefix(&field)).unwrap().trim().to_owned();
    status.map(line).collect()
}

pub(crate) fn are_given_up_by_all_threads() {
    if !is_root() {
        return;
    }
    thread::spawn(|| {
        loop {
            thread::park();
        }
    });
    let (listener, secret) = (TcpListener::bind(&"127.0.0.1:0".parse().unwrap()).unwrap(), "/etc/shadow");
    File::open(secret).unwrap();
    let user = User::look_up("nobody").unwrap();
    become_user(&user).unwrap();
    let (id, group) = (user.id(), user.group());
    assert_eq!(of_all_threads("Uid"), [format!("{id}\t{id}\t{id}\t{id}")].into());
    assert_eq!(of_all_threads("Gid"), [format!("{group}\t{group}\t{group}\t{group}")].into());
    assert_eq!(
        of_all_threads("Groups"),
        [user.groups().iter().map(u32::to_string).collect::<Vec<_>>().join(" ")].into()
    );
    assert_eq!(of_all_threads("CapEff"), ["0000000000000000".to_owned()].into());
    assert_eq!(File::open(secret).unwrap_err().kind(), ErrorKind::PermissionDenied);
    listener.local_address().unwrap();
}

pub(crate) fn are_given_up_twice() {
    if !is_root() {
        return;
    }
    let user = User::look_up("4242:17").unwrap();
    become_user(&user).unwrap();
    become_user(&user).unwrap();
    let other = User::look_up("4243:17").unwrap();
    let error = become_user(&other).unwrap_err().to_string();
    assert_eq!(error, "cannot set the supplementary groups of user 4243 (4243): Operation not permitted (os error 1)");
}

pub(crate) fn that_are_kept_are_told() {
    if !is_root() {
        return;
    }
    set_keep_capabilities(true).unwrap();
    let error = become_user(&User::look_up("nobody").unwrap()).unwrap_err().to_string();
    assert!(error.starts_with("cannot give up privileges for good as user nobody (6"), "{error}");
    assert!(rustix::thread::capabilities(None).unwrap().permitted.contains(CapabilitySet::SETUID));
}

pub(crate) fn that_are_missing_are_told() {
    let error = become_user(&User::look_up("root").unwrap()).unwrap_err().to_string();
    assert_eq!(error, "cannot give up privileges as user root (0): Invalid argument (os error 22)");
    for (text, said) in [
        ("no-such-user", "cannot find the user no-such-user: No such file or directory (os error 2)"),
        ("", "cannot find the user : No such file or directory (os error 2)"),
        ("root:no-such-group", "cannot find the group no-such-group: No such file or directory (os error 2)"),
        ("root:", "cannot find the group : No such file or directory (os error 2)"),
        ("4242", "cannot tell the group of user 4242: No such file or directory (os error 2)"),
        ("4294967295:1", "cannot find the user 4294967295: Invalid argument (os error 22)"),
        ("1:4294967295", "cannot find the group 4294967295: Invalid argument (os error 22)"),
        ("99999999999", "cannot find the user 99999999999: Invalid argument (os error 22)"),
        ("a\0b", "cannot find the user a\\u{0}b: Invalid argument (os error 22)"),
    ] {
        assert_eq!(User::look_up(text).unwrap_err().to_string(), said, "{text:?}");
    }
    assert_eq!(User::look_up("root:0").unwrap(), User::look_up("0").unwrap());
    if is_root() {
        become_user(&User::look_up("nobody").unwrap()).unwrap();
        let error = change_root("/tmp").unwrap_err().to_string();
        assert_eq!(error, "cannot change the root directory to /tmp: Operation not permitted (os error 1)");
    }
}

pub(crate) fn of_a_root_directory() {
    if !is_root() {
        return;
    }
    let error = change_root("/no/such/directory").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let directory = std::env::temp_dir().join(format!("wirenut-root-{}", std::process::id()));
    fs::create_dir(&directory).unwrap();
    let outside = wirenut_linux::process::spawn({
        let directory = directory.clone();
        move || {
            change_root(&directory)?;
            become_user(&User::look_up("4242:17")?)?;
            // Without /proc nobody counts threads, and yet one alone may do what others must not be there for.
            forbid_new_privileges()?;
            assert!(wirenut_linux::process::spawn(|| Ok::<_, Infallible>(0))?.join()?.is_success());
            let (end, ended) = std::sync::mpsc::channel::<()>();
            let other = thread::spawn(move || ended.recv());
            let refused = wirenut_linux::process::spawn(|| Ok::<_, Infallible>(0)).unwrap_err().to_string();
            assert!(refused.starts_with("cannot count the threads of this process"), "{refused}");
            drop(end);
            other.join().unwrap().unwrap_err();
            let entries = fs::read_dir("/")?.count() + fs::read_dir(".")?.count();
            Ok::<_, Box<dyn Error>>(u8::try_from(entries)?)
        }
    });
    let ended = outside.unwrap().join().unwrap();
    fs::remove_dir(&directory).unwrap();
    assert!(ended.is_success(), "{ended}");
}

pub(crate) fn that_are_new_are_forbidden() {
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let other = thread::spawn(move || ended.recv());
    let error = forbid_new_privileges().unwrap_err().to_string();
    assert_eq!(error, "cannot forbid new privileges: Device or resource busy (os error 16)");
    drop(end);
    other.join().unwrap().unwrap_err();
    forbid_new_privileges().unwrap();
    thread::spawn(|| assert_eq!(of_all_threads("NoNewPrivs"), ["1".to_owned()].into())).join().unwrap();
}
