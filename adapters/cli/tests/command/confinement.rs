//! What must never be served, and what must not hang.

use core::sync::atomic::{AtomicBool, Ordering};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use crate::client::Client;
use crate::process::{Server, wirenut};
use crate::tree::Tree;

fn site() -> Tree {
    let tree = Tree::with(&[("file", "file"), ("dir/file", "inside")]);
    fs::create_dir(tree.path().join("outside")).unwrap();
    fs::write(tree.path().join("outside/secret"), "secret").unwrap();
    fs::write(tree.path().join("secret"), "secret").unwrap();
    tree
}

#[test]
fn no_spelling_leads_out() {
    let tree = site();
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    let absolute = format!("/{}", tree.path().join("secret").display());
    for (target, status) in [
        ("/../secret", 400),
        ("/dir/../../secret", 400),
        ("/dir/../file", 400),
        ("/%2e%2e/secret", 400),
        ("/.%2E/secret", 400),
        ("/..%2fsecret", 400),
        ("/dir%2f..%2f..%2fsecret", 400),
        ("/dir%2Ffile", 400),
        ("/%2fetc/passwd", 400),
        ("/file%00", 400),
        ("/file%00.html", 400),
        ("/..%00/secret", 400),
        ("/%", 400),
        ("/%2", 400),
        ("/%zz", 400),
        ("/..", 400),
        ("/%252e%252e/secret", 404),
        ("/..%5csecret", 404),
        ("/%c0%ae%c0%ae/secret", 404),
        ("//etc/passwd", 404),
        (&absolute, 404),
    ] {
        let response = client.get(target);
        assert_eq!(response.status, status, "{target}");
        assert!(!response.text().contains("secret"), "{target}");
    }
    assert_eq!(client.get("/file").text(), "file", "and the connection still is of use");
}

#[test]
fn links_are_followed_inside_only() {
    let tree = site();
    for (target, link) in [
        ("file", "in"),
        ("dir", "in-dir"),
        ("../file", "dir/in"),
        ("../secret", "out"),
        ("../../secret", "dir/out"),
        ("../outside", "out-dir"),
        ("../public/file", "out-and-back"),
        ("/etc/passwd", "absolute"),
        ("/proc/self/root", "magic"),
        ("loop", "loop"),
        ("nothing", "dangling"),
    ] {
        symlink(target, tree.public().join(link)).unwrap();
    }
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    for (target, body) in [("/in", "file"), ("/in-dir/file", "inside"), ("/dir/in", "file")] {
        let response = client.get(target);
        assert_eq!((response.status, response.text()), (200, body), "{target}");
    }
    assert_eq!(client.get("/in-dir").field("Location"), Some("/in-dir/"));
    for target in [
        "/out",
        "/dir/out",
        "/in-dir/out",
        "/out-dir",
        "/out-dir/",
        "/out-dir/secret",
        "/out-and-back",
        "/absolute",
        "/magic/etc/passwd",
        "/loop",
        "/dangling",
    ] {
        assert_eq!((client.get(target).status, target), (404, target));
    }
    let peer = "a symbolic link leads out of the served directory";
    assert!(server.errors.wait_for(1)[0].ends_with(&format!(": out: {peer}")));
}

/// What leads out, what leads nowhere, and what is not followed are told apart to who runs the server.
#[test]
fn links_that_are_not_followed_are_told_as_what_they_are() {
    let tree = site();
    for (target, link) in
        [("self", "self"), ("there", "round"), ("round", "there"), ("../secret", "out"), ("file", "in")]
    {
        symlink(target, tree.public().join(link)).unwrap();
    }
    let (circle, out) =
        ("a loop of symbolic links (or more than 40 of them)", "a symbolic link leads out of the served directory");
    let link = "a symbolic link, and none is followed here";
    for (options, target, status, told) in [
        (&[][..], "/self", 404, Some(circle)),
        (&[], "/round", 404, Some(circle)),
        (&[], "/self/x", 404, Some(circle)),
        (&[], "/out", 404, Some(out)),
        (&[], "/in", 200, None),
        (&["--no-symlinks"], "/self", 404, Some(link)),
        (&["--no-symlinks"], "/out", 404, Some(link)),
        (&["--no-symlinks"], "/in", 404, Some(link)),
    ] {
        let server = Server::serve_with(&tree.public(), options);
        assert_eq!(Client::connect(server.address).get(target).status, status, "{options:?} {target}");
        match told {
            Some(told) => {
                let line = &server.errors.wait_for(1)[0];
                assert!(line.ends_with(&format!(": {}: {told}", &target[1..])), "{options:?} {target}: {line}");
            }
            None => assert_eq!(server.errors.all(), [""; 0]),
        }
    }
}

#[test]
fn what_is_no_file_is_not_found_and_does_not_hang() {
    let tree = site();
    let fifo = tree.public().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let _socket = UnixListener::bind(tree.public().join("socket")).unwrap();
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    for target in ["/fifo", "/socket", "/fifo/"] {
        assert_eq!((client.get(target).status, target), (404, target));
    }
    assert_eq!(client.get("/file").text(), "file");
}

/// Each of them would give bytes without end, or wait for some.
#[test]
fn devices_are_not_found() {
    let server = Server::serve(Path::new("/dev"));
    let mut client = Client::connect(server.address);
    for target in ["/zero", "/urandom", "/full", "/null", "/tty", "/zero/"] {
        assert_eq!((client.get(target).status, target), (404, target));
    }
    assert_eq!(client.get("/").status, 200);
}

/// What is sent in place of something else must be a file within, too.
#[test]
fn pages_and_compressed_forms_are_confined_alike() {
    let tree = site();
    tree.write("fifo-page/file", "");
    tree.write("link-page/file", "");
    for name in ["fifo-page/index.html", "file.br"] {
        assert!(Command::new("mkfifo").arg(tree.public().join(name)).status().unwrap().success());
    }
    tree.write("404.html", "page");
    let server = Server::serve_with(&tree.public(), &["--precompressed", "--error-page", "404.html"]);
    fs::remove_file(tree.public().join("404.html")).unwrap();
    for (target, link) in
        [("../../secret", "link-page/index.html"), ("../secret", "file.gz"), ("../secret", "404.html")]
    {
        symlink(target, tree.public().join(link)).unwrap();
    }
    let mut client = Client::connect(server.address);
    for (target, status) in [("/fifo-page/", 404), ("/link-page/", 404), ("/missing", 404), ("/file", 200)] {
        client.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br, gzip\r\n\r\n"));
        let response = client.response();
        assert_eq!((response.status, response.field("Content-Encoding")), (status, None), "{target}");
        assert!(!response.text().contains("secret"), "{target}");
    }
}

/// A check before the opening would be too early now and then.
#[test]
fn a_directory_that_becomes_a_link_while_it_is_asked_for_leads_nowhere() {
    let tree = site();
    fs::write(tree.path().join("outside/file"), "secret").unwrap();
    symlink("../outside", tree.public().join("link")).unwrap();
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let [dir, link, other] = ["dir", "link", "other"].map(|name| tree.public().join(name));
            while !is_over.load(Ordering::Relaxed) {
                for (from, to) in [(&dir, &other), (&link, &dir), (&dir, &link), (&other, &dir)] {
                    fs::rename(from, to).unwrap();
                }
            }
        });
        let statuses: Vec<u16> = (0..2000)
            .map(|_| {
                let response = client.get("/dir/file");
                assert!(response.status == 404 || response.text() == "inside", "{response:?}");
                response.status
            })
            .collect();
        is_over.store(true, Ordering::Relaxed);
        assert!(statuses.contains(&200) && statuses.contains(&404), "both were met");
    });
}

#[test]
fn what_may_not_be_read_is_forbidden() {
    const NOBODY: u32 = 65_534;
    let tree = site();
    tree.write("passage/file", "inside");
    tree.write("open", "open");
    for (name, mode) in [
        ("public/file", 0o000),
        ("public/dir", 0o000),
        ("public/passage/file", 0o644),
        // May be passed through, and not be listed: not even by its owner, who runs this if it is not root.
        ("public/passage", 0o111),
        ("public", 0o755),
        ("", 0o755),
    ] {
        fs::set_permissions(tree.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::set_permissions(tree.public().join("open"), fs::Permissions::from_mode(0o644)).unwrap();
    let mut command = wirenut();
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        // Nothing is forbidden to root, so the server is somebody else: from a copy, since a build directory may be
        // closed to others.
        let copy = tree.path().join("wirenut");
        // By a program: a child of another test could have a copy of our descriptor for a while, and the file would be busy.
        assert!(Command::new("cp").arg(env!("CARGO_BIN_EXE_wirenut")).arg(&copy).status().unwrap().success());
        command = Command::new(copy);
        command.stdin(Stdio::null()).uid(NOBODY).gid(NOBODY);
    }
    let server = Server::start(command.arg("serve").arg(tree.public()).args(["--listen", "127.0.0.1:0"]));
    let mut client = Client::connect(server.address);
    assert_eq!(client.get("/passage/file").text(), "inside");
    for target in ["/file", "/dir/file", "/dir/", "/passage/"] {
        let response = client.get(target);
        assert_eq!(
            (response.status, response.text()),
            (403, "403 Forbidden\nThe server has no permission to read what is here.\n"),
            "{target}"
        );
    }
    assert_eq!(client.get("/open").text(), "open");
    // So that they can be cleared away.
    for name in ["dir", "passage"] {
        fs::set_permissions(tree.public().join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
}
