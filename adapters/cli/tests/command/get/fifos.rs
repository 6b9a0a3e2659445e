//! FIFOs (fifo(7)) as outputs: nobody needs to read them.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::thread;

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};

use super::server::{Reply, Server};
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

fn get(arguments: &[&str]) -> (Option<i32>, String) {
    let output = wirenut().arg("get").args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Nobody opens it, or somebody who reads nothing.
#[test]
fn a_fifo_that_nobody_reads_is_waited_for_up_to_the_deadline() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let path = fifo(folder.path());
    for option in ["-o", "-D"] {
        let found = get(&["-m", "0.3", option, path.to_str().unwrap(), &server.url("/")]);
        assert_eq!(found, (Some(28), "wirenut: the time of --max-time is over\n".into()), "{option}");
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let _reader = rustix::fs::open(&path, flags, Mode::empty()).unwrap();
    let found = get(&["-m", "0.5", "-o", path.to_str().unwrap(), &server.url("/")]);
    assert_eq!(found, (Some(28), "wirenut: the time of --max-time is over\n".into()));
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
