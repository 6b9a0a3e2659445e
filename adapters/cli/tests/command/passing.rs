//! Sockets on this machine, and sockets that somebody else has opened: a shell, systemd, the process before.

use std::fs;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::process::{PATIENCE, Server, run, wirenut};
use crate::tree::Tree;

/// What is answered to a GET at a path of a Unix socket.
pub(crate) fn ask(path: &Path, target: &str) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn files_are_served_at_a_path_that_is_removed_at_the_end() {
    for (mode, permissions) in [(None, 0o600), (Some("0666"), 0o666), (Some("640"), 0o640)] {
        let tree = Tree::with(&[("small", "small")]);
        let path = tree.path().join("web.sock");
        let place = format!("unix:{}", path.display());
        let mut command = wirenut();
        command.arg("serve").arg(tree.public()).args(["--listen", "127.0.0.1:0", "--listen", &place]);
        command.args(mode.iter().flat_map(|mode| ["--socket-mode", mode]));
        let mut server = Server::start(&mut command);
        assert_eq!(server.output.wait_for(1), [place]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, permissions);
        assert!(ask(&path, "/small").ends_with("\r\n\r\nsmall"));
        server.signal("TERM");
        assert_eq!((server.end().code(), server.errors.all()), (Some(0), vec![]));
        assert!(!path.exists());
    }
}

/// Starts the command by a shell that passes it a socket as its descriptor 3, with these variables.
fn pass(socket: OwnedFd, variables: &str, arguments: &[&str]) -> Server {
    let mut shell = Command::new("sh");
    // The socket becomes descriptor 3, and its number is closed.
    let script = format!("exec 3<&0 0</dev/null; export LISTEN_PID=$$ {variables}; exec \"$0\" \"$@\"");
    Server::start(shell.args(["-c", &script]).arg(wirenut().get_program()).args(arguments).stdin(Stdio::from(socket)))
}

#[test]
fn sockets_that_were_passed_have_numbers_and_names() {
    let tree = Tree::with(&[("small", "small")]);
    let public = tree.public();
    let public = public.to_str().unwrap();
    for (variables, place) in [
        ("LISTEN_FDS=1", "fd:3"),
        ("LISTEN_FDS=1 LISTEN_FDNAMES=web", "fd:3"),
        ("LISTEN_FDS=1 LISTEN_FDNAMES=web", "fd:web"),
        // By who counts them not.
        ("LISTEN_PID=", "fd:3"),
    ] {
        let path = tree.path().join("passed.sock");
        let listener = UnixListener::bind(&path).unwrap();
        assert!(listener.as_raw_fd() > 2);
        let mut server =
            pass(listener.into(), variables, &["serve", public, "--listen", "127.0.0.1:0", "--listen", place]);
        assert_eq!(server.output.wait_for(1), [format!("unix:{}", path.display())], "{variables} {place}");
        assert!(ask(&path, "/small").ends_with("\r\n\r\nsmall"), "{variables} {place}");
        server.signal("TERM");
        assert_eq!((server.end().code(), server.errors.all()), (Some(0), vec![]));
        assert!(path.exists(), "it is another's");
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn sockets_that_were_not_passed_are_told() {
    for (place, said) in [
        ("fd:web", "cannot listen on fd:web: no such socket was passed to this process (by systemd, "),
        ("fd:700", "cannot take over descriptor 700: Bad file descriptor"),
    ] {
        let (status, output, errors) = run(&["demo", "--listen", place]);
        assert_eq!((status, output.as_str()), (Some(1), ""), "{place}");
        assert!(errors.starts_with(&format!("wirenut: {said}")), "{errors}");
        assert_eq!(errors.matches('\n').count(), 1, "{errors}");
    }
}

/// Nobody would answer there.
#[test]
fn a_socket_that_nobody_asked_for_is_told() {
    let tree = Tree::new();
    let listener = UnixListener::bind(tree.path().join("socket")).unwrap();
    let mut shell = Command::new("sh");
    let script = "exec 3<&0; export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web; exec \"$0\" demo --listen 0";
    shell.args(["-c", script]).arg(wirenut().get_program()).stdin(Stdio::from(OwnedFd::from(listener)));
    let output = shell.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = "wirenut: cannot leave a socket unanswered that was passed: add --listen fd:3 or fd:web\n";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), said);
}
