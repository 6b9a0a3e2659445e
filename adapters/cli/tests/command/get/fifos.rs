//! FIFOs (fifo(7)) that nobody needs to read or write.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};

use super::server::{Reply, Server};
use super::terminal::end;
use crate::process::wirenut;

const LENGTH: usize = 1_000_000;

fn server() -> Server {
    Server::new(|_| Reply::new("200 OK", "", vec![b'x'; LENGTH]))
}

fn fifo(folder: &Path) -> PathBuf {
    let path = folder.join("fifo");
    mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
    path
}

/// A run that ends although its standard input is open, and silent.
fn get(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = wirenut();
    command.arg("get").args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _silent = child.stdin.take();
    let status = end(&mut child).code();
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    (status, errors)
}

/// Nobody opens it, or somebody who reads or writes nothing. On a machine that is busy, the time may be over before that is
/// noticed, which is said in other words.
#[test]
fn nobody_is_waited_for_beyond_the_deadline() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let path = fifo(folder.path());
    let path = path.to_str().unwrap();
    let check = |option: &str, path: &str| {
        let (status, errors) = get(&["-m", "0.3", option, path, &server.url("/")]);
        assert_eq!((status, errors.lines().count()), (Some(28), 1), "{option} {path}: {errors}");
    };
    let part = format!("a=@{path}");
    let at = format!("@{path}");
    for (option, path) in [
        ("-o", path),
        ("-D", path),
        ("-T", path),
        ("-T", "-"),
        ("-F", &part),
        ("-F", "a=@-"),
        ("-d", &at),
        ("-d", "@-"),
        ("--data-urlencode", &at),
        ("-H", &at),
        ("-w", &at),
        ("--cacert", path),
    ] {
        check(option, path);
    }
    let (read, write) = (OFlags::RDONLY | OFlags::NONBLOCK, OFlags::WRONLY | OFlags::NONBLOCK);
    let _reader = rustix::fs::open(path, read | OFlags::CLOEXEC, Mode::empty()).unwrap();
    check("-o", path);
    let _writer = rustix::fs::open(path, write | OFlags::CLOEXEC, Mode::empty()).unwrap();
    check("-T", path);
}

/// The writer comes before the reader, or after it.
#[test]
fn a_fifo_that_is_written_is_sent_whole() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let path = fifo(folder.path());
    for options in [&[][..], &["-m", "60"]] {
        let writing = path.clone();
        let writer = thread::spawn(move || {
            fs::File::options().write(true).open(writing).unwrap().write_all(&vec![b'y'; LENGTH]).unwrap();
        });
        let found = get(&[options, &["-T", path.to_str().unwrap(), &server.url("/")]].concat());
        assert_eq!(found, (Some(0), String::new()));
        writer.join().unwrap();
        assert!(server.asked().pop().unwrap().content == vec![b'y'; LENGTH]);
    }
}

/// What the command line takes from a file, it takes from a FIFO.
#[test]
fn an_option_that_is_written_to_a_fifo_is_read() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let path = fifo(folder.path());
    let writing = path.clone();
    let writer = thread::spawn(move || fs::write(writing, "X-A: b\n"));
    let found = get(&["-m", "60", "-H", &format!("@{}", path.display()), &server.url("/")]);
    assert_eq!(found, (Some(0), String::new()));
    writer.join().unwrap().unwrap();
    assert_eq!(server.asked().pop().unwrap().field("x-a"), Some("b"));
}

/// It is opened once: its writer would fail if a reader went before the one that reads.
#[test]
fn a_fifo_that_is_a_part_of_a_form_is_sent_whole() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let path = fifo(folder.path());
    let (part, writing) = (format!("a=@{}", path.display()), path.clone());
    let writer = thread::spawn(move || fs::write(writing, vec![b'y'; LENGTH]));
    let found = get(&["-m", "60", "-F", &part, &server.url("/")]);
    assert_eq!(found, (Some(0), String::new()));
    writer.join().unwrap().unwrap();
    let content = server.asked().pop().unwrap().content;
    let part = [b"\r\n\r\n", &vec![b'y'; LENGTH][..], b"\r\n--"].concat();
    assert!(content.windows(part.len()).any(|window| window == part));
}

/// The reader comes before the writer, or after it.
#[test]
fn a_fifo_that_is_read_gets_everything() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let path = fifo(folder.path());
    for options in [&[][..], &["-m", "60"]] {
        let reading = path.clone();
        let reader = thread::spawn(move || {
            let mut all = Vec::new();
            fs::File::open(reading).unwrap().read_to_end(&mut all).unwrap();
            all.len()
        });
        let found = get(&[options, &["-o", path.to_str().unwrap(), &server.url("/")]].concat());
        assert_eq!(found, (Some(0), String::new()));
        assert_eq!(reader.join().unwrap(), LENGTH);
    }
}
