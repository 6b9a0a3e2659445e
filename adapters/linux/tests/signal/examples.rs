//! The examples of signals and threads, and those of datagrams to many, which have a program for each who hears.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Stdio};
use wirenut_tests::example;

use wirenut_linux::socket::UdpSocket;

/// What it prints, where it succeeds.
fn output(name: &str, arguments: &[&str]) -> String {
    let output = example!(name).args(arguments).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{name} {arguments:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Whatever its arguments are, it says what it wants, in a line.
fn refuses(name: &str, arguments: &[&str]) {
    let output = example!(name).args(arguments).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && said.starts_with("Error: ") && said.lines().count() == 1, "{said}");
}

/// A program that runs, whose lines are read.
struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Running {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let mut child = example!(name).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn say(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn alarm() {
    assert_eq!(output("alarm", &["1"]), "waiting\nthe handler runs\nthe alarm has come\n");
    for arguments in [&[][..], &["-1"], &["soon"]] {
        refuses("alarm", arguments);
    }
}

pub(crate) fn threads() {
    let expected = "1229 primes below 10000\n0 primes below 2\n168 primes below 1000\n";
    for count in ["1", "2", "16"] {
        assert_eq!(output("threads", &[count, "10000", "2", "1000"]), expected);
    }
    refuses("threads", &["0"]);
}

pub(crate) fn group_chat() {
    // A port that is free, and stays so: a group is no address of anybody.
    let port = UdpSocket::bind_to(&"127.0.0.1:0".parse().unwrap()).unwrap().local_address().unwrap().port();
    let group = format!("239.255.77.7:{port}");
    let mut members = ["ann", "bob", "cy"].map(|name| Running::start("group_chat", &[name, &group, "1"]));
    for (member, name) in members.iter_mut().zip(["ann", "bob", "cy"]) {
        assert_eq!(member.hear(), format!("{name} is in {group}"));
    }
    members[0].say("hello\nall of you\n");
    members.iter_mut().for_each(|member| assert_eq!([member.hear(), member.hear()], ["ann: hello", "ann: all of you"]));
    members[1].say("\x1b[31mred\n");
    members.iter_mut().for_each(|member| assert_eq!(member.hear(), "bob: ?[31mred"));
    for member in &mut members {
        drop(member.child.stdin.take());
        assert!(member.child.wait().unwrap().success());
    }
    refuses("group_chat", &["ann", "127.0.0.1:7007", "1"]);
}

pub(crate) fn broadcast() {
    let mut first = Running::start("broadcast", &["hear", "0.0.0.0:0"]);
    let address = first.hear();
    let mut second = Running::start("broadcast", &["hear", &address]);
    assert_eq!(second.hear(), address);
    let port = address.rsplit_once(':').unwrap().1;
    output("broadcast", &["tell", &format!("127.255.255.255:{port}"), "all of you"]);
    for hearer in [&mut first, &mut second] {
        let line = hearer.hear();
        assert!(line.starts_with("127.0.0.1:") && line.ends_with(": all of you"), "{line}");
    }
    refuses("broadcast", &["tell", "127.255.255.255:9"]);
}

pub(crate) fn ping_pong() {
    let lines = output("ping_pong", &["3"]);
    let heads: Vec<_> = lines.lines().map(|line| line.split(" from ").next().unwrap()).collect();
    assert_eq!(heads[..3], ["ping 0, pong 1", "ping 2, pong 3", "ping 4, pong 5"]);
    assert_eq!(heads.len(), 4, "{lines}");
}
