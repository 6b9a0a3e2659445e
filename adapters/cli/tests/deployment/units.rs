//! The units in `systemd/`.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use wirenut_tests::reserved::Reserved;
use wirenut_tests::tools::has;
use wirenut_tests::waiting::until;

use crate::get;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd")
}

/// What systemd-analyze prints, and whether it is content.
fn analyze(arguments: &[&str]) -> (bool, String) {
    let output = Command::new("systemd-analyze").args(arguments).current_dir(folder()).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// 10 is all that a process can do, 0 nothing.
#[test]
fn expose_little() {
    if !has("systemd-analyze") {
        return;
    }
    let (is_safe, said) = analyze(&["security", "--offline=true", "--no-pager", "--threshold=5", "wirenut.service"]);
    assert!(is_safe, "more than 0.5:\n{said}");
    // That the threshold holds at all: nothing is as safe as this.
    assert!(!analyze(&["security", "--offline=true", "--no-pager", "--threshold=0", "wirenut.service"]).0);
}

/// Each line of them, with the program where the tests have it.
#[test]
fn are_understood() {
    if !has("systemd-analyze") {
        return;
    }
    let copy = Directory::new("units");
    for name in ["wirenut.service", "wirenut.socket"] {
        let unit = fs::read_to_string(folder().join(name)).unwrap();
        let unit = unit.replace("/usr/bin/wirenut", env!("CARGO_BIN_EXE_wirenut"));
        fs::write(copy.0.join(name), unit).unwrap();
    }
    let paths = ["wirenut.service", "wirenut.socket"].map(|name| copy.0.join(name).display().to_string());
    let (is_content, said) = analyze(&["verify", "--man=no", &paths[0], &paths[1]]);
    let of_ours: Vec<&str> = said.lines().filter(|line| line.contains("wirenut")).collect();
    assert!(is_content && of_ours.is_empty(), "{said}");
}

/// The options that the service is started with are those that there are.
#[test]
fn start_what_there_is() {
    let unit = fs::read_to_string(folder().join("wirenut.service")).unwrap();
    let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/wirenut ")).unwrap();
    let help = Command::new(env!("CARGO_BIN_EXE_wirenut")).args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let options: Vec<&str> = line.split(' ').filter(|word| word.starts_with("--")).collect();
    assert!(!options.is_empty());
    for option in options {
        assert!(help.contains(option), "{option} is no option:\n{help}");
    }
}

/// As systemd starts it: with the line of the unit, another directory, and the socket by its name.
#[test]
fn are_started_by_a_connection() {
    if !has("systemd-socket-activate") {
        return;
    }
    let root = Directory::new("activated");
    fs::write(root.0.join("hello.txt"), "Hello from a socket\n").unwrap();
    let unit = fs::read_to_string(folder().join("wirenut.service")).unwrap();
    let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/wirenut ")).unwrap();
    let line = line.replace("/srv/www", &root.0.display().to_string());
    let reserved = Reserved::new();
    let address = reserved.address;
    let mut command = Command::new("systemd-socket-activate");
    command.args(["--listen", &address.to_string(), "--fdname=web", env!("CARGO_BIN_EXE_wirenut")]);
    command.args(line.split(' ')).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // It becomes the service.
    let mut service = Running(command.spawn().unwrap());
    until("systemd-socket-activate", || TcpStream::connect(address).ok());
    for _ in 0..3 {
        assert!(get(address, "/hello.txt").ends_with("\r\n\r\nHello from a socket\n"));
    }
    let _ = Command::new("kill").arg(service.0.id().to_string()).status();
    assert!(until("its end", || service.0.try_wait().unwrap()).success());
}

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wirenut-{name}-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
