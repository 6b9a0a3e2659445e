//! Options that contradict each other, and what each of them does to the service.

use core::time::Duration;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::Instant;

use wirenut_tests::tools::has;

use crate::client::{Client, get};
use crate::process::{PATIENCE, Server, run, wirenut};
use crate::tree::Tree;

#[test]
fn options_that_contradict_each_other_are_told_with_the_reason() {
    for (arguments, said) in [
        (
            &["demo", "--model", "iterative", "--workers", "2"][..],
            "--workers cannot be used with --model iterative: it serves one connection at a time",
        ),
        (
            &["serve", "--model", "iterative", "--max-connections", "2"],
            "--max-connections cannot be used with --model iterative: it serves one connection at a time",
        ),
        (
            &["demo", "--model", "forking", "--max-connections", "2"],
            "--max-connections cannot be used with --model forking: each process or thread serves one connection, so \
             --workers says how many there may be",
        ),
        (
            &["echo", "--model", "pre-threaded", "--max-connections", "2"],
            "--max-connections cannot be used with --model pre-threaded: each process or thread serves one connection, so \
             --workers says how many there may be",
        ),
        (
            &["serve", "--poller", "select", "--max-connections", "1024"],
            "--max-connections 1024 cannot be used with --poller select: it watches descriptors below 1024 only",
        ),
        (
            &["demo", "--model", "threading", "--poller", "epoll"],
            "--poller cannot be used with --model threading: each connection is waited for alone, by poll(2)",
        ),
        (
            &["echo", "--model", "multiplexed", "--listen", "udp:0"],
            "--model multiplexed cannot be used with datagrams: each is done when it is answered, and there is nothing to \
             wait for beside it",
        ),
        (
            &["echo", "--poller", "poll", "--listen", "udp:0"],
            "--poller cannot be used with datagrams alone: they have no connections",
        ),
        (
            &["echo", "--max-connections", "7", "--listen", "udp:0", "--listen", "unix-datagram:a"],
            "--max-connections cannot be used with datagrams alone: they have no connections",
        ),
        (
            &["echo", "--proxy-protocol", "unix", "--listen", "unix-datagram:a"],
            "--proxy-protocol cannot be used with datagrams alone: they have no connections",
        ),
        (
            &["demo", "--socket-mode", "0660"],
            "--socket-mode cannot be used without --listen unix:PATH: only paths have permissions",
        ),
        (&["serve", "--chroot", "/"], "--chroot cannot be used without --user: who stays root finds a way out of it"),
    ] {
        let (status, output, errors) = run(arguments);
        assert_eq!((status, output.as_str()), (Some(2), ""), "{arguments:?}");
        assert_eq!(errors, format!("error: {said}\n"), "{arguments:?}");
    }
}

/// How many threads, or processes beneath it, a server has.
fn count(server: &Server, model: &str) -> usize {
    let id = server.child.id();
    if model == "multiplexed" || model == "pre-threaded" {
        let tasks = fs::read_dir(format!("/proc/{id}/task")).unwrap();
        let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
        // The thread that runs the server is one of them.
        return names.filter(|name| ["wirenut worker\n", "wirenut server\n"].contains(&name.as_str())).count();
    }
    let children = |id: u32| -> Vec<u32> {
        let list = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        list.split_whitespace().map(|id| id.parse().unwrap()).collect()
    };
    children(id).into_iter().map(|lead| children(lead).len()).sum()
}

#[test]
fn workers_are_as_many_as_were_asked_for() {
    for model in ["multiplexed", "pre-threaded", "pre-forked"] {
        let mut command = wirenut();
        let server = Server::start(command.args(["demo", "--listen", "0", "--model", model, "--workers", "3"]));
        let start = Instant::now();
        while count(&server, model) != 3 {
            assert!(start.elapsed() < PATIENCE, "{model}: {}", count(&server, model));
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Each is busy, so the next one waits until one of them has ended.
#[test]
fn connections_are_as_many_as_were_asked_for() {
    for options in [
        &["--model", "multiplexed", "--max-connections", "2"][..],
        &["--model", "pre-forked", "--workers", "1", "--max-connections", "2"],
        &["--model", "forking", "--workers", "2"],
        &["--model", "threading", "--workers", "2"],
        &["--model", "pre-threaded", "--workers", "2"],
    ] {
        let mut command = wirenut();
        let server = Server::start(command.args(["echo", "--listen", "0"]).args(options));
        let connect = || {
            let client = std::net::TcpStream::connect(server.address).unwrap();
            client.set_read_timeout(Some(PATIENCE)).unwrap();
            client
        };
        let echo = |mut client: &std::net::TcpStream| {
            use std::io::{Read, Write};
            client.write_all(b"x").unwrap();
            client.read_exact(&mut [0])
        };
        let held = [connect(), connect()];
        held.iter().for_each(|client| echo(client).unwrap());
        let late = connect();
        late.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        assert!(echo(&late).is_err(), "{options:?}");
        drop(held);
        late.set_read_timeout(Some(PATIENCE)).unwrap();
        std::io::Read::read_exact(&mut &late, &mut [0]).unwrap();
    }
}

#[test]
fn each_poller_is_the_one_that_was_asked_for() {
    let tree = Tree::with(&[("small", "small")]);
    for (poller, has_epoll) in [("epoll", true), ("poll", false), ("select", false)] {
        let server = Server::serve_with(&tree.public(), &["--poller", poller]);
        assert_eq!(Client::connect(server.address).get("/small").text(), "small");
        let descriptors = fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap();
        let mut names = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        assert_eq!(names.any(|name| name.to_string_lossy().contains("eventpoll")), has_epoll, "{poller}");
    }
}

#[test]
fn what_is_left_when_the_time_for_the_end_is_over_is_cut() {
    for model in ["multiplexed", "threading", "forking", "pre-forked"] {
        let tree = Tree::new();
        fs::File::create(tree.public().join("sparse")).unwrap().set_len(1 << 40).unwrap();
        let mut server = Server::serve_with(&tree.public(), &["--drain", "0.2", "--model", model]);
        let mut client = Client::connect(server.address);
        client.send(get("/sparse"));
        assert_eq!(client.head().status, 200);
        server.signal("TERM");
        assert_eq!(server.end().code(), Some(0), "{model}");
        assert!(client.rest() < 1 << 40);
    }
}

/// As curl speaks for somebody: the log has the client whom it names, and the answer is as ever.
#[test]
fn proxies_are_believed_who_their_clients_are() {
    if !has("curl") {
        return;
    }
    let tree = Tree::with(&[("small", "small")]);
    for model in ["multiplexed", "forking"] {
        let options = ["--proxy-protocol", "127.0.0.1,10.0.0.0/8", "--model", model];
        let server = Server::serve_with(&tree.public(), &options);
        let url = format!("http://{}/small", server.address);
        let curl = |arguments: &[&str]| Command::new("curl").args(["-s"]).args(arguments).arg(&url).output().unwrap();
        assert_eq!(curl(&["--haproxy-protocol"]).stdout, b"small", "{:?}", server.errors.all());
        assert!(server.output.wait_for(1)[0].starts_with("127.0.0.1:"));
        assert!(!curl(&[]).status.success(), "{model}: a proxy says whom it passes on");
        let told = server.errors.wait_for(1);
        assert!(told[0].contains("127.0.0.1:"), "{told:?}");
    }
}
