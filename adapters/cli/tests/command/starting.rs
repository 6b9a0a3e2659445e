//! How it begins, or says in one line why it does not.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::client::Client;
use crate::process::{Server, run, wirenut};
use crate::tree::Tree;

#[test]
fn what_is_in_the_way_is_said_in_one_line() {
    let tree = Tree::with(&[("file", "")]);
    let public = tree.public();
    let (public, file, missing) = (public.to_str().unwrap(), public.join("file"), public.join("missing"));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let free = "127.0.0.1:0";
    for (arguments, said) in [
        (&["serve", public, "--listen", &taken][..], format!("cannot listen on {taken}: Address already in use")),
        (&["demo", "--listen", &taken], format!("cannot listen on {taken}: Address already in use")),
        (&["demo", "--listen", "192.0.2.1:8080"], "cannot listen on 192.0.2.1:8080: Cannot assign".into()),
        (
            &["serve", missing.to_str().unwrap(), "--listen", free],
            format!("cannot serve '{}': No such file or directory", missing.display()),
        ),
        (
            &["serve", file.to_str().unwrap(), "--listen", free],
            format!("cannot serve '{}': Not a directory", file.display()),
        ),
    ] {
        let (status, output, errors) = run(arguments);
        assert_eq!((status, output.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(errors.starts_with(&format!("wirenut: {said}")), "{errors}");
        assert_eq!((errors.matches('\n').count(), errors.ends_with('\n')), (1, true), "{errors}");
    }
}

/// A page in place of others is looked for when it can still be mended: not when the first visitor misses it.
#[test]
fn pages_for_what_is_missing_must_be_there() {
    let tree = Tree::with(&[("file", ""), ("dir/x", ""), ("index.html", "")]);
    fs::write(tree.path().join("outside"), "").unwrap();
    for (target, link) in [("../outside", "out"), ("loop", "loop"), ("file", "in")] {
        symlink(target, tree.public().join(link)).unwrap();
    }
    assert!(Command::new("mkfifo").arg(tree.public().join("fifo")).status().unwrap().success());
    let public = tree.public();
    let place = public.display();
    for option in ["--spa", "--error-page"] {
        for (page, reason) in [
            ("missing.html", "not found"),
            ("dir", "a directory"),
            ("file/x", "not found"),
            ("fifo", "neither a file nor a directory"),
            ("out", "a symbolic link leads out of the served directory"),
            ("loop", "a loop of symbolic links (or more than 40 of them)"),
        ] {
            let (status, output, errors) =
                run(&["serve", public.to_str().unwrap(), "--listen", "127.0.0.1:0", &format!("{option}={page}")]);
            assert_eq!((status, output.as_str()), (Some(1), ""), "{option}={page}");
            let said = format!("cannot use '{page}' for {option}: {reason} (it must be a file beneath '{place}')");
            assert_eq!(errors, format!("wirenut: {said}\n"));
        }
        for page in ["file", "in"] {
            Server::serve_with(&public, &[&format!("{option}={page}")]);
        }
    }
    Server::serve_with(&public, &["--spa"]);
    fs::remove_file(public.join("index.html")).unwrap();
    let (status, _, errors) = run(&["serve", public.to_str().unwrap(), "--listen", "127.0.0.1:0", "--spa"]);
    assert_eq!(status, Some(1), "{errors}");
}

/// Who chooses a name must not command the terminal of who reads of it, or write a line of their own.
#[test]
fn names_and_arguments_are_shown_and_obeyed_by_no_terminal() {
    let tree = Tree::with(&[("file", "")]);
    let evil = OsStr::from_bytes(b"a\x1b[2J\nwirenut: b\xff'\\");
    let shown = r"a\x1b[2J\x0awirenut: b\xff\x27\x5c";
    let path = tree.path().join(evil);
    let place = tree.path().display();
    let public = tree.public();
    let listen: [&OsStr; 2] = ["--listen".as_ref(), "127.0.0.1:0".as_ref()];
    let serve: [&OsStr; 2] = ["serve".as_ref(), public.as_ref()];
    let socket = OsString::from_iter(["unix:".as_ref(), path.join("socket").as_os_str()]);
    for (arguments, status, said) in [
        (vec!["serve".as_ref(), path.as_os_str()], 1, format!("cannot serve '{place}/{shown}': No such file")),
        (
            [&serve[..], &listen, &["--log-file".as_ref(), path.join("log").as_ref()]].concat(),
            1,
            format!("cannot write the log to '{place}/{shown}/log': No such file"),
        ),
        (["lookup", "\x1b[2J\nb"].map(OsStr::new).to_vec(), 1, r"cannot look up \u{1b}[2J\nb: ".into()),
        (vec!["echo".as_ref(), "--listen".as_ref(), socket.as_ref()], 1, r"/a\u{1b}[2J\nwirenut: b".into()),
        (vec!["serve".as_ref(), "a".as_ref(), evil], 2, r"unexpected argument 'a\x1b[2J\x0awirenut: b".into()),
        (vec!["\x1b[31m".as_ref()], 2, r"unrecognized subcommand '\x1b[31m'".into()),
        (["serve", "--workers", "\x1b]0;x\x07"].map(OsStr::new).to_vec(), 2, r"invalid value '\x1b]0;x\x07'".into()),
    ] {
        let output = wirenut().args(&arguments).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{errors}");
        assert!(errors.contains(&said), "{errors}");
        assert!(!errors.contains(|sign: char| sign != '\n' && sign.is_control()), "{errors:?}");
        assert_eq!(errors.lines().filter(|line| line.starts_with("wirenut: b")).count(), 0, "{errors}");
    }
    let place_of_socket = OsString::from_iter(["unix:".as_ref(), path.as_os_str()]);
    let mut server =
        Server::start(wirenut().arg("echo").args(["--listen", "127.0.0.1:0", "--listen"]).arg(place_of_socket));
    assert_eq!(server.output.wait_for(1), [format!("unix {place}/{shown}")]);
    server.signal("TERM");
    assert_eq!(server.end().code(), Some(0));
}

#[test]
fn wrong_usage_has_status_2() {
    for arguments in [
        &["frame"][..],
        &["serve", "a", "b"],
        &["serve", "--listen", "localhost"],
        &["serve", "--listen", "::1:80"],
        &["serve", "--listen", "127.0.0.1"],
        &["serve", "--port", "80"],
        &["demo", "--quiet"],
    ] {
        let (status, output, errors) = run(arguments);
        assert_eq!((status, output.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(errors.contains("--help"), "{errors}");
    }
    let (status, _, errors) = run(&[]);
    assert_eq!(status, Some(2));
    assert!(errors.contains("Usage: wirenut <COMMAND>"), "{errors}");
}

#[test]
fn help_helps() {
    for (arguments, parts) in [
        (&["--help"][..], &["serve", "demo", "Usage: wirenut"][..]),
        (
            &["serve", "--help"],
            &[
                "[DIR]",
                "--listen <PLACE>",
                "localhost:8080",
                "for whoever can reach this machine",
                "--quiet",
                "index.html",
                "Examples:",
            ],
        ),
        (&["demo", "--help"], &["--listen <PLACE>", "127.0.0.1:8080", "Examples:"]),
        (
            &["echo", "--help"],
            &[
                "--listen <PLACE>",
                "127.0.0.1:7007",
                "unix-datagram:/tmp/echo",
                "256 times in",
                "epoll",
                "SIGTERM",
                "Examples:",
            ],
        ),
        (&["lookup", "--help"], &["<NAME>", "[SERVICE]", "/etc/nsswitch.conf", "Examples:"]),
        (&["--version"], &[env!("CARGO_PKG_VERSION")]),
    ] {
        let (status, output, errors) = run(arguments);
        assert_eq!((status, errors.as_str()), (Some(0), ""), "{arguments:?}");
        for part in parts {
            assert!(output.contains(part), "{arguments:?}: {part} is not in {output}");
        }
    }
}

#[test]
fn ipv6_works_alike() {
    if let Err(error) = TcpListener::bind("[::1]:0") {
        // Some containers have no IPv6 at all: then there is nothing to be tested.
        eprintln!("not tested, this machine has no IPv6: {error}");
        return;
    }
    let tree = Tree::with(&[("small", "small")]);
    let server = Server::start(wirenut().args(["serve", "--listen", "[::1]:0"]).arg(tree.public()));
    assert!(server.address.is_ipv6());
    assert_eq!(Client::connect(server.address).get("/small").text(), "small");
    assert!(server.output.wait_for(1)[0].starts_with("[::1]:"));
}

#[test]
fn the_directory_is_where_it_was_called_and_stays_itself() {
    let tree = Tree::with(&[("small", "small")]);
    let server = Server::start(wirenut().args(["serve", "--listen", "127.0.0.1:0"]).current_dir(tree.public()));
    let mut client = Client::connect(server.address);
    assert_eq!(client.get("/small").text(), "small");
    let moved = tree.path().join(OsStr::from_bytes(b"moved \xff"));
    fs::rename(tree.public(), &moved).unwrap();
    assert_eq!(client.get("/small").text(), "small");

    let server = Server::serve(&moved);
    assert_eq!(Client::connect(server.address).get("/small").text(), "small");
}
