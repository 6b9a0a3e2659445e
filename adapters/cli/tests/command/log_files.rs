//! The file of `--log-file`: moved away, removed, and on a disk that is full.

use core::time::Duration;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

use crate::client::Client;
use crate::process::{PATIENCE, Server};
use crate::tree::Tree;

/// Waits until there is a whole line in a file, and gives all that is in it.
fn wait_for_line(path: &Path) -> String {
    let start = Instant::now();
    loop {
        match fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text,
            _ => assert!(start.elapsed() < PATIENCE, "no line in {path:?}"),
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn lines_of_other_servers_go_into_a_file() {
    let tree = Tree::with(&[("small", "small")]);
    let (log, old) = (tree.path().join("log"), tree.path().join("log.1"));
    let server = Server::serve_with(&tree.public(), &["--log-format", "combined", "--log-file", log.to_str().unwrap()]);
    let mut client = Client::connect(server.address);
    client.send("GET /small HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nUser-Agent: \"x\"\r\n\r\n");
    client.response();
    let line = wait_for_line(&log);
    assert!(line.starts_with("127.0.0.1 - - ["), "{line}");
    assert!(line.ends_with(" +0000] \"GET /small HTTP/1.0\" 200 5 \"-\" \"\\x22x\\x22\"\n"), "{line}");
    fs::rename(&log, &old).unwrap();
    client.get("/missing");
    assert!(wait_for_line(&log).contains("\"GET /missing HTTP/1.1\" 404 "));
    assert_eq!(wait_for_line(&old), line);
}

/// As logrotate does it: move, make, and tell.
#[test]
fn a_hangup_has_the_file_opened_anew_and_ends_nothing() {
    let tree = Tree::with(&[("small", "small")]);
    let (log, old) = (tree.path().join("log"), tree.path().join("log.1"));
    let mut server = Server::serve_with(&tree.public(), &["--log-file", log.to_str().unwrap()]);
    let mut client = Client::connect(server.address);
    client.get("/small");
    let line = wait_for_line(&log);
    for _ in 0..3 {
        fs::rename(&log, &old).unwrap();
        server.signal("HUP");
        let start = Instant::now();
        while !log.exists() {
            assert!(start.elapsed() < PATIENCE, "no new file");
            thread::sleep(Duration::from_millis(5));
        }
    }
    assert_eq!(fs::read_to_string(&old).unwrap(), "", "the second file was never written to");
    client.get("/missing");
    assert!(wait_for_line(&log).contains(" GET /missing 404 ") && line.contains(" GET /small 200 "));
    server.signal("TERM");
    assert_eq!((server.end().code(), server.errors.all()), (Some(0), vec![]));
}

#[test]
fn a_full_disk_is_told_once_and_holds_up_nobody() {
    let tree = Tree::with(&[("small", "small")]);
    let server = Server::serve_with(&tree.public(), &["--log-file", "/dev/full"]);
    let mut client = Client::connect(server.address);
    client.get("/small");
    let told = server.errors.wait_for(1);
    assert!(
        told[0].starts_with("wirenut: cannot write the log to '/dev/full', lines are lost: No space left"),
        "{told:?}"
    );
    for _ in 0..10 {
        assert_eq!(client.get("/small").text(), "small");
    }
    assert_eq!(server.errors.all().len(), 1);
}

/// A server whose files may have so many blocks of 512 bytes: the write that goes beyond is a short one, and the next one
/// fails, as on a disk that is full. For each file anew, so another one has room.
fn limited(tree: &Tree, log: &Path, blocks: u32) -> Server {
    let script =
        format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" serve \"$1\" --listen 127.0.0.1:0 --log-file \"$2\"");
    let mut command = Command::new("sh");
    Server::start(command.args(["-c", &script, env!("CARGO_BIN_EXE_wirenut")]).arg(tree.public()).arg(log))
}

/// A server whose log has said that it is full, within a line.
fn full(tree: &Tree, log: &Path) -> (Server, Client) {
    loop {
        let server = limited(tree, log, 4);
        let mut client = Client::connect(server.address);
        let start = Instant::now();
        while server.errors.all().is_empty() {
            assert!(start.elapsed() < PATIENCE, "{} bytes", fs::metadata(log).unwrap().len());
            client.get("/small");
        }
        let told = &server.errors.all()[0];
        assert!(told.starts_with("wirenut: cannot write the log to '"), "{told}");
        // The end of a line may be where the room ends.
        if !fs::read_to_string(log).unwrap().ends_with('\n') {
            return (server, client);
        }
        drop(server);
        fs::remove_file(log).unwrap();
    }
}

/// Each way to make room is enough alone, and no line is two.
#[test]
fn after_a_full_disk_has_cut_a_line_the_log_goes_on() {
    type MakeRoom = fn(&Path, &Server);
    let ways: [(&str, MakeRoom); 4] = [
        ("removed", |log, _| fs::remove_file(log).unwrap()),
        ("moved", |log, _| fs::rename(log, log.with_extension("1")).unwrap()),
        ("removed, and told", |log, server| {
            fs::remove_file(log).unwrap();
            server.signal("HUP");
            let start = Instant::now();
            while !log.exists() {
                assert!(start.elapsed() < PATIENCE, "no new file");
                thread::sleep(Duration::from_millis(5));
            }
        }),
        ("emptied", |log, _| fs::File::options().write(true).open(log).unwrap().set_len(0).unwrap()),
    ];
    for (way, make_room) in ways {
        let tree = Tree::with(&[("small", "small")]);
        let log = tree.path().join("log");
        let (server, mut client) = full(&tree, &log);
        make_room(&log, &server);
        for _ in 0..3 {
            assert_eq!(client.get("/small").text(), "small");
        }
        client.get("/last");
        let start = Instant::now();
        while !fs::read_to_string(&log).is_ok_and(|text| text.contains(" GET /last 404 ")) {
            assert!(start.elapsed() < PATIENCE, "{way}: {:?}", fs::read_to_string(&log));
            thread::sleep(Duration::from_millis(5));
        }
        for line in fs::read_to_string(&log).unwrap().lines() {
            assert_eq!((line.split(' ').count(), line.ends_with("ms")), (6, true), "{way}: {line}");
        }
        let told = server.errors.wait_for(2);
        assert!(told[1].contains("the log goes on in '") && told[1].ends_with(" lines were lost"), "{way}: {told:?}");
        let held = fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap();
        let held = held.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
        let is_old = |path: &Path| path.starts_with(tree.path()) && path.to_string_lossy().contains("deleted");
        let old: Vec<_> = held.filter(|path| is_old(path)).collect();
        assert_eq!(old, Vec::<std::path::PathBuf>::new(), "{way}: nothing is held");
    }
}

/// As with `wirenut serve >> log`: there is nothing to be opened anew, but the file may be emptied.
#[test]
fn an_output_on_a_full_disk_goes_on_when_there_is_room() {
    let tree = Tree::with(&[("small", "small")]);
    let log = tree.path().join("log");
    let script = "trap '' XFSZ; ulimit -f 4; exec \"$0\" serve \"$1\" --listen 127.0.0.1:0 >> \"$2\"";
    let mut child = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_wirenut")])
        .arg(tree.public())
        .arg(&log)
        .spawn()
        .unwrap();
    let url = wait_for_line(&log);
    let address = url.trim_end().trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
    let mut client = Client::connect(address);
    let wait_until = |is_so: &dyn Fn(&str) -> bool, client: &mut Client| {
        let start = Instant::now();
        while !fs::read_to_string(&log).is_ok_and(|text| is_so(&text)) {
            assert!(start.elapsed() < PATIENCE, "{:?}", fs::read_to_string(&log));
            assert_eq!(client.get("/small").text(), "small");
        }
    };
    // The unit of `ulimit` is not the same in every shell.
    wait_until(&|text| text.len() >= 2048 && text.len() % 1024 == 0, &mut client);
    client.get("/small");
    fs::File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
    wait_until(
        &|text| text.contains(" lines lost, the log could not be written\n") && text.ends_with("ms\n"),
        &mut client,
    );
    child.kill().unwrap();
    child.wait().unwrap();
}
