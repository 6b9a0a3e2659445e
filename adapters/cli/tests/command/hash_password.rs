//! `wirenut hash-password`: what it prints, and what it shows while somebody types.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::thread;
use std::time::Instant;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::client::Client;
use crate::process::{PATIENCE, Server, wirenut};
use crate::tree::Tree;
use crate::users::basic;

/// Runs `wirenut hash-password` on this input: status, output, errors.
fn hash_password(arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut command = wirenut();
    let command = command.arg("hash-password").args(arguments).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may have ended before.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn passwords_become_hashes() {
    let tree = Tree::with(&[("a", "content")]);
    for input in [&b"s\xc3\xa9cret\n"[..], b"s\xc3\xa9cret", b"s\xc3\xa9cret\nmore"] {
        let (status, output, errors) = hash_password(&["ann"], input);
        assert_eq!((status, errors.as_str()), (Some(0), ""));
        assert!(
            output.starts_with("ann:$argon2id$v=19$m=19456,t=2,p=1$") && output.matches('\n').count() == 1,
            "{output}"
        );
        let server = Server::serve_with(&tree.public(), &["--auth", output.trim_end()]);
        let mut client = Client::connect(server.address);
        client.send(format!("GET /a HTTP/1.1\r\nHost: a\r\n{}\r\n", basic("ann", "s\u{e9}cret")));
        assert_eq!(client.response().status, 200);
    }
    assert!(hash_password(&[], b"x\n").1.starts_with("$argon2id$"));
    for (input, said) in [
        (&b""[..], "it is empty"),
        (b"\n", "it is empty"),
        (b"a\tb\n", "it has a control character in it"),
        (&[b'a'; 1025], "it is longer than 1024 bytes"),
    ] {
        let (status, output, errors) = hash_password(&["ann"], input);
        assert_eq!((status, output.as_str()), (Some(1), ""));
        assert_eq!(errors, format!("wirenut: cannot take this password: {said}\n"));
    }
    for user in ["a:b", "", "#ann", " ann", "ann ", "a\tb"] {
        assert_eq!(hash_password(&[user], b"x").0, Some(2), "{user}");
    }
}

/// Somebody types it: twice, and nothing of it is shown.
#[test]
fn a_typed_password_is_not_shown() {
    for (typed, expected) in [
        ("secret\nsecret\n", Ok(())),
        ("secret\nsecert\n", Err("the two differ")),
        ("se\x03\nse\x03\n", Err("it has a control")),
    ] {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let inside = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let mut terminal = File::from(terminal);
        let mut command = wirenut();
        let command = command.args(["hash-password", "ann"]).stdin(inside.try_clone().unwrap());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = child.stderr.take().unwrap();
        let mut said = String::new();
        for (question, line) in ["Password: ", "The same again: "].iter().zip(typed.split_inclusive('\n')) {
            // What is typed before the question would be thrown away.
            let mut byte = [0];
            while !said.ends_with(question) {
                assert_eq!(errors.read(&mut byte).unwrap(), 1, "{said}");
                said.push(char::from(byte[0]));
            }
            let hidden = || {
                !rustix::termios::tcgetattr(&inside).unwrap().local_modes.contains(rustix::termios::LocalModes::ECHO)
            };
            let begun = Instant::now();
            while !hidden() {
                assert!(begun.elapsed() < PATIENCE);
                thread::yield_now();
            }
            terminal.write_all(line.as_bytes()).unwrap();
        }
        errors.read_to_string(&mut said).unwrap();
        let output = child.wait_with_output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        match expected {
            Ok(()) => assert!(output.status.success() && printed.starts_with("ann:$argon2id$"), "{said}"),
            Err(reason) => assert!(!output.status.success() && said.contains(reason), "{said}"),
        }
        let modes = rustix::termios::tcgetattr(&inside).unwrap().local_modes;
        assert!(
            modes.contains(rustix::termios::LocalModes::ECHO | rustix::termios::LocalModes::ISIG),
            "it is as before"
        );
        rustix::io::ioctl_fionbio(&terminal, true).unwrap();
        let mut shown = [0; 100];
        let shown = terminal.read(&mut shown).map_or(0, |count| count);
        assert_eq!(shown, 0, "nothing was shown");
    }
}
