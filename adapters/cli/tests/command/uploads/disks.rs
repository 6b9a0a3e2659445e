//! Disks that are full, and directories that are not ours.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::{names, put, response};
use crate::client::Client;
use crate::process::Server;
use crate::tree::Tree;

/// A server that a shell starts, once it has done something.
fn start(tree: &Tree, before: &str) -> Server {
    let script = format!("{before}; exec \"$0\" serve \"$1\" --listen 127.0.0.1:0 --upload");
    let mut command = Command::new("sh");
    Server::start(command.args(["-c", &script, env!("CARGO_BIN_EXE_wirenut")]).arg(tree.public()))
}

fn chunked(target: &str, length: usize) -> String {
    let chunks = "10000\r\n".to_owned() + &"x".repeat(0x10000) + "\r\n";
    let count = length / 0x10000;
    format!("PUT {target} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunks.repeat(count))
}

/// A limit of the process would end it by a signal.
#[test]
fn a_limit_of_the_process_ends_the_upload_alone() {
    let tree = Tree::with(&[("old", "old")]);
    // In blocks of 512 bytes.
    let server = start(&tree, "ulimit -f 200");
    for target in ["/old", "/new"] {
        let mut client = Client::connect(server.address);
        client.send(chunked(target, 1 << 20));
        assert_eq!(response(&mut client).status, 413, "{target}");
    }
    assert_eq!(names(&tree.public()), ["old"]);
    let mut client = Client::connect(server.address);
    client.send(put("/new", "", "new"));
    assert_eq!(response(&mut client).status, 201);
    assert_eq!(client.get("/old").text(), "old");
}

/// Needs the rights to mount a file system of its own.
#[test]
fn a_full_disk_is_said() {
    let may_mount = Command::new("unshare").args(["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    if !may_mount.is_ok_and(|output| output.status.success()) {
        return;
    }
    let tree = Tree::new();
    let script = "mount -t tmpfs -o size=1m tmpfs \"$1\" && exec \"$0\" serve \"$1\" --listen 127.0.0.1:0 --upload";
    let mut command = Command::new("unshare");
    let command = command.args(["-m", "sh", "-c", script, env!("CARGO_BIN_EXE_wirenut")]).arg(tree.public());
    let server = Server::start(command);
    for round in 0..3 {
        let mut client = Client::connect(server.address);
        client.send(chunked("/new", 2 << 20));
        let answer = response(&mut client);
        assert_eq!(answer.status, 507, "{round}: {}", answer.text());
        // What is announced is refused before it comes.
        let mut client = Client::connect(server.address);
        client.send("PUT /new HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n");
        assert_eq!(response(&mut client).status, 507);
    }
    let told = server.errors.wait_for(1);
    assert!(told[0].contains("new") && told[0].contains("disk is full"), "{told:?}");
    // All of it is free again.
    let mut client = Client::connect(server.address);
    client.send(put("/new", "", &"x".repeat(900_000)));
    assert_eq!(response(&mut client).status, 201);
    assert_eq!(client.get("/new").length(), 900_000);
}

/// Root may write anywhere: so this is tried as nobody, where that can be.
#[test]
fn what_is_not_ours_is_said() {
    let may_change = Command::new("setpriv").args(["--reuid=65534", "--clear-groups", "true"]).output();
    if !may_change.is_ok_and(|output| output.status.success()) {
        return;
    }
    let tree = Tree::with(&[("old", "old"), ("ours/x", "")]);
    fs::set_permissions(tree.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(tree.public().join("ours"), fs::Permissions::from_mode(0o777)).unwrap();
    let copy = tree.path().join("wirenut");
    // By a program: a child of another test could have a copy of our descriptor for a while, and the file would be busy.
    assert!(Command::new("cp").arg(env!("CARGO_BIN_EXE_wirenut")).arg(&copy).status().unwrap().success());
    let mut command = Command::new("setpriv");
    let command = command.args(["--reuid=65534", "--clear-groups"]).arg(&copy).arg("serve").arg(tree.public());
    let server = Server::start(command.args(["--listen", "127.0.0.1:0", "--upload"]));
    let mut client = Client::connect(server.address);
    for (target, status) in [("/old", 403), ("/new", 403), ("/ours/new", 201)] {
        client.send(put(target, "", "new"));
        assert_eq!(response(&mut client).status, status, "{target}");
    }
    assert_eq!(names(&tree.public()), ["old", "ours/new", "ours/x"]);
    let told = server.errors.wait_for(2);
    assert!(told[0].contains("old") && told[0].contains("no permission to write"), "{told:?}");
}
