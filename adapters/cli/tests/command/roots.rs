//! The served directory is removed, made again, moved, and switched by a link, as builds and releases do it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::client::Client;
use crate::process::{Server, wirenut};
use crate::tree::Tree;

fn make(directory: &Path, content: &str) {
    fs::create_dir(directory).unwrap();
    fs::write(directory.join("file"), content).unwrap();
}

/// With and without a connection that was there before.
fn check(server: &Server, client: &mut Client, content: &str) {
    assert_eq!(client.get("/file").text(), content);
    assert_eq!(Client::connect(server.address).get("/file").text(), content);
}

#[test]
fn a_directory_that_is_made_again_is_served() {
    for options in [&[][..], &["--no-symlinks"], &["--workers", "1"]] {
        let tree = Tree::new();
        let dist = tree.public().join("dist");
        make(&dist, "first");
        // As it is mostly called: a path relative to where it is called.
        let server = Server::start(
            wirenut().args(["serve", "dist", "--listen", "127.0.0.1:0"]).args(options).current_dir(tree.public()),
        );
        let mut client = Client::connect(server.address);
        check(&server, &mut client, "first");
        for round in 0..3 {
            fs::remove_dir_all(&dist).unwrap();
            for target in ["/file", "/", "/missing"] {
                assert_eq!(client.get(target).status, 404, "there is none: {target}");
            }
            let content = format!("build {round}");
            make(&dist, &content);
            check(&server, &mut client, &content);
            assert_eq!(client.get("/").status, 200, "its listing");
        }
        // One directory is put in the place of the other, as `mv` does it.
        make(&tree.public().join("next"), "next");
        fs::rename(&dist, tree.public().join("old")).unwrap();
        check(&server, &mut client, "build 2");
        fs::rename(tree.public().join("next"), &dist).unwrap();
        check(&server, &mut client, "next");
    }
}

/// The directory that it was called in is no way to the one that was made in its place: its path is.
#[test]
fn the_directory_it_was_called_in_may_be_made_again() {
    for arguments in [&["serve"][..], &["serve", "."], &["serve", "deep"]] {
        let tree = Tree::new();
        let dist = tree.public().join("dist");
        let make_all = |content: &str| {
            make(&dist, content);
            make(&dist.join("deep"), content);
        };
        make_all("first");
        let mut command = wirenut();
        let server = Server::start(command.args(arguments).args(["--listen", "127.0.0.1:0"]).current_dir(&dist));
        let mut client = Client::connect(server.address);
        check(&server, &mut client, "first");
        for content in ["second", "third"] {
            fs::remove_dir_all(&dist).unwrap();
            assert_eq!((client.get("/file").status, client.get("/").status), (404, 404), "{arguments:?}");
            make_all(content);
            check(&server, &mut client, content);
        }
        assert_eq!(server.errors.all(), [""; 0]);
    }
}

#[test]
fn a_link_to_the_release_may_be_switched() {
    let tree = Tree::new();
    let at = |name: &str| tree.public().join(name);
    for release in ["1", "2"] {
        make(&at(release), release);
    }
    symlink("1", at("current")).unwrap();
    let server = Server::serve(&at("current"));
    let mut client = Client::connect(server.address);
    check(&server, &mut client, "1");
    for release in ["2", "1", "2"] {
        symlink(release, at("new")).unwrap();
        fs::rename(at("new"), at("current")).unwrap();
        check(&server, &mut client, release);
    }
    fs::remove_file(at("current")).unwrap();
    check(&server, &mut client, "2");
}

/// What is there cannot be served, and who runs the server learns that.
#[test]
fn what_is_no_directory_is_told_and_what_was_there_goes_on() {
    let tree = Tree::new();
    let dist = tree.public().join("dist");
    make(&dist, "directory");
    let server = Server::serve(&dist);
    let mut client = Client::connect(server.address);
    fs::rename(&dist, tree.public().join("moved")).unwrap();
    fs::write(&dist, "a file").unwrap();
    check(&server, &mut client, "directory");
    let told = &server.errors.wait_for(1)[0];
    let expected = format!("cannot open '{}' again, what was there is still served: Not a directory", dist.display());
    assert!(told.contains(&expected), "{told}");
    fs::remove_file(&dist).unwrap();
    make(&dist, "again");
    check(&server, &mut client, "again");
}

/// The way to the directory is its user's; beneath it, nothing leads out, also of the one that comes later.
#[test]
fn a_directory_that_comes_later_confines_as_well() {
    let tree = Tree::new();
    fs::write(tree.path().join("secret"), "secret").unwrap();
    let dist = tree.public().join("dist");
    make(&dist, "first");
    let server = Server::serve(&dist);
    let mut client = Client::connect(server.address);
    check(&server, &mut client, "first");
    fs::remove_dir_all(&dist).unwrap();
    make(&dist, "second");
    symlink("../../secret", dist.join("out")).unwrap();
    check(&server, &mut client, "second");
    for (target, status) in [("/out", 404), ("/../secret", 400), ("/%2e%2e/%2e%2e/secret", 400)] {
        assert_eq!(client.get(target).status, status, "{target}");
    }
}
