//! What a service manager hears.

use std::fs;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::process::Command;

use crate::lab::{PATIENCE, Service};

/// The socket of a manager.
struct Manager(UnixDatagram);

impl Manager {
    fn at(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }

    fn hear(&self) -> String {
        let mut message = [0; 1000];
        let length = self.0.recv(&mut message).unwrap();
        String::from_utf8(message[..length].to_vec()).unwrap()
    }

    /// Nothing more has come, of processes that have ended.
    fn hears_nothing(&self) {
        self.0.set_nonblocking(true).unwrap();
        let heard = self.0.recv(&mut [0; 1000]);
        assert!(heard.is_err(), "{heard:?}");
    }
}

fn with_manager(directory: &Path, mut command: Command) -> Command {
    command.env("NOTIFY_SOCKET", directory.join("notify"));
    command
}

fn started() -> (Manager, Service) {
    let mut manager = None;
    let service = Service::start_as(&std::env::current_exe().unwrap(), |directory, command| {
        manager = Some(Manager::at(&directory.join("notify")));
        with_manager(directory, command)
    });
    (manager.unwrap(), service)
}

pub(crate) fn hears_by_a_path() {
    let (manager, service) = started();
    assert_eq!(manager.hear(), "READY=1");
    service.stop();
    assert_eq!(manager.hear(), "STOPPING=1");
    manager.hears_nothing();
}

pub(crate) fn hears_by_an_abstract_name() {
    let name = format!("wirenut-life-{}", std::process::id());
    let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let manager = Manager(socket);
    let service = Service::start_as(&std::env::current_exe().unwrap(), |_, mut command| {
        command.env("NOTIFY_SOCKET", format!("@{name}"));
        command
    });
    assert_eq!(manager.hear(), "READY=1");
    service.stop();
}

pub(crate) fn that_is_not_there() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(crate::service::DIRECTORY, "/nowhere").env("NOTIFY_SOCKET", "/no/such/socket");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(said.contains("notify"), "{said}");
}

pub(crate) fn hears_of_the_main_process_first() {
    let (manager, service) = started();
    assert_eq!(manager.hear(), "READY=1");
    for _ in 0..2 {
        service.restart();
        assert_eq!(manager.hear(), format!("MAINPID={}", service.ask("pid")));
        assert_eq!(manager.hear(), "READY=1");
    }
    service.stop();
    assert_eq!(manager.hear(), "STOPPING=1", "of the last process alone");
    manager.hears_nothing();
}

pub(crate) fn hears_nothing_of_restarts_that_fail() {
    let (manager, service) = started();
    assert_eq!(manager.hear(), "READY=1");
    service.order("die");
    assert_ne!(service.ask("restart"), "ok");
    service.order("hang");
    assert_ne!(service.ask("restart soon"), "ok");
    service.stop();
    assert_eq!(manager.hear(), "STOPPING=1");
    manager.hears_nothing();
}

pub(crate) fn hears_of_a_successor_left_alone() {
    let (manager, service) = started();
    assert_eq!(manager.hear(), "READY=1");
    service.order("kill");
    let asked = std::net::TcpStream::connect(("127.0.0.1", service.port)).unwrap();
    crate::lab::ask(asked, "restart").unwrap_err();
    let process = service.ask("pid");
    assert_eq!(manager.hear(), format!("MAINPID={process}"));
    assert_eq!(manager.hear(), "READY=1");
    fs::remove_file(service.path()).unwrap();
    service.stop();
}
