//! Restarts that work, and those that do not.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::fs;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::thread;

use crate::lab::{Service, ask, is_gone, until};

pub(crate) fn in_turn() {
    let service = Service::start();
    let mut processes = BTreeSet::from([service.first.id().to_string()]);
    for _ in 0..4 {
        service.restart();
        assert!(service.path().exists(), "the old process has left it");
        let after = service.ask_unix("pid");
        assert_eq!(service.ask("pid"), after);
        assert!(processes.insert(after));
    }
    service.stop();
}

/// As after an update of a package.
pub(crate) fn with_another_program_on_the_disk() {
    let copy = std::env::temp_dir().join(format!("wirenut-life-program-{}", std::process::id()));
    let other = copy.with_extension("new");
    copy_program(&std::env::current_exe().unwrap(), &copy);
    copy_program(&copy, &other);
    let service = Service::start_as(&copy, |_, command| command);
    fs::rename(&other, &copy).unwrap();
    service.restart();
    let program = fs::read_link(format!("/proc/{}/exe", service.ask("pid"))).unwrap();
    assert_eq!(program, copy, "and not a deleted one");
    service.stop();
    fs::remove_file(copy).unwrap();
}

fn fails(order: &str, request: &str, said: &str) {
    let service = Service::start();
    service.order(order);
    let before = service.ask("pid");
    for _ in 0..2 {
        assert_eq!(service.ask(request), said);
        assert_eq!((service.ask("pid"), service.ask_unix("pid")), (before.clone(), before.clone()));
        let children = fs::read_to_string(format!("/proc/{before}/task/{before}/children")).unwrap_or_default();
        assert_eq!(children, "", "it is reaped");
    }
    service.order("");
    assert_eq!(service.ask(request), "ok");
    service.stop();
}

pub(crate) fn of_what_dies() {
    fails("die", "restart", "cannot restart: the new process exited with status 3 before it was ready");
}

pub(crate) fn of_what_is_never_ready() {
    let service = Service::start();
    service.order("hang");
    assert_eq!(
        service.ask("restart soon"),
        "cannot restart: the new process was not ready within 300 ms, and was killed"
    );
    service.order("");
    assert_eq!(service.ask("restart"), "ok");
    service.stop();
}

pub(crate) fn of_what_is_not_there() {
    let copy = std::env::temp_dir().join(format!("wirenut-life-missing-{}", std::process::id()));
    copy_program(&std::env::current_exe().unwrap(), &copy);
    let service = Service::start_as(&copy, |_, command| command);
    fs::remove_file(&copy).unwrap();
    let said = service.ask("restart");
    assert_eq!(
        said,
        format!("cannot restart: cannot execute {}: No such file or directory (os error 2)", copy.display())
    );
    service.stop();
}

pub(crate) fn two_at_once() {
    let service = Service::start();
    assert_eq!(
        service.ask("two"),
        "cannot restart: this process begins, or a restart is under way; \
         cannot restart: another process has taken over already"
    );
    service.stop();
}

pub(crate) fn that_are_watched_by_a_poller() {
    let service = Service::start();
    let before = service.ask("pid");
    assert_eq!(service.ask("poll"), "ok");
    until(|| is_gone(&before).then_some(()));
    service.order("die");
    assert_eq!(service.ask("poll"), "cannot restart: the new process exited with status 3 before it was ready");
    service.stop();
}

/// The new one is all that is left, and serves.
pub(crate) fn whose_old_process_dies() {
    let mut service = Service::start();
    service.order("kill");
    let asked = ask(TcpStream::connect(("127.0.0.1", service.port)).unwrap(), "restart");
    asked.unwrap_err();
    service.first.wait().unwrap();
    let after = service.ask("pid");
    assert_ne!(after, service.first.id().to_string());
    assert_eq!(service.ask_unix("pid"), after);
    // Nobody has removed the path, and the new process has not heard that it is its own.
    let path = service.path();
    fs::remove_file(path).unwrap();
    service.stop();
}

pub(crate) fn lose_no_connection() {
    let service = Arc::new(Service::start());
    let (is_over, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let client = |number: u32| {
        let (service, is_over, asked) = (Arc::clone(&service), Arc::clone(&is_over), Arc::clone(&asked));
        thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                let answer = if number.is_multiple_of(2) {
                    TcpStream::connect(("127.0.0.1", service.port)).and_then(|stream| ask(stream, "pid"))
                } else {
                    UnixStream::connect(service.path()).and_then(|stream| ask(stream, "pid"))
                };
                answer.unwrap();
                asked.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    let clients: Vec<_> = (0..8).map(client).collect();
    for round in 1..=20 {
        service.restart();
        until(|| (asked.load(Ordering::Relaxed) > round * 200).then_some(()));
    }
    is_over.store(true, Ordering::Relaxed);
    clients.into_iter().for_each(|client| client.join().unwrap());
    Arc::into_inner(service).unwrap().stop();
}

pub(crate) fn leave_no_descriptor() {
    let service = Service::start();
    service.restart();
    let before = service.ask("descriptors");
    service.order("die");
    assert_ne!(service.ask("restart"), "ok");
    assert_eq!(service.ask("descriptors"), before, "of one that fails");
    service.order("");
    service.restart();
    service.restart();
    assert_eq!(service.ask("descriptors"), before, "of several in turn");
    service.stop();
}

/// By cp: a child of another test could have a copy of our descriptor for a while, and the file would be busy.
fn copy_program(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg(from).arg(to).status().unwrap().success());
}
