//! Processes in the background.

use std::fs::File;
use std::io::Write as _;

use wirenut_linux::process::{DaemonError, daemonise, group_of, session_of, spawn};
use wirenut_linux::signal::{Signal, raise, send};

use crate::counts::{children, descriptors, line, pipe, rest};
use crate::ending::park;

pub(crate) fn that_are_ready() {
    let before = descriptors();
    let starters = session_of(std::process::id()).unwrap();
    let (reader, writer) = pipe();
    let pid = daemonise(move |ready| {
        ready.tell();
        let this = std::process::id();
        let links = [0, 1, 2].map(|number| std::fs::read_link(format!("/proc/self/fd/{number}")).unwrap());
        let facts = [
            session_of(this).unwrap() != this && session_of(this).unwrap() != starters,
            group_of(this).unwrap() == session_of(this).unwrap(),
            std::env::current_dir().unwrap() == std::path::Path::new("/"),
            rustix::process::umask(rustix::fs::Mode::empty()).as_raw_mode() == 0o022,
            // Those of its starter, both ends of the pipe, and the one by which it tells of a failure.
            descriptors() == before + 3,
            links.iter().all(|link| link == std::path::Path::new("/dev/null")),
        ];
        write!(File::from(writer), "{this} {facts:?}")
    });
    let pid = pid.unwrap();
    assert_eq!(rest(reader), format!("{pid} [true, true, true, true, true, true]"));
    assert_eq!((children().len(), descriptors()), (0, before));
}

pub(crate) fn that_fail() {
    let failed = |error: DaemonError| {
        let DaemonError::Failed(error) = error else { panic!("{error}") };
        error
    };
    assert_eq!(failed(daemonise(|_| Err::<(), _>("no port")).unwrap_err()), "no port");
    assert_eq!(failed(daemonise(|_| -> () { panic!("no way") }).unwrap_err()), "panicked: no way");
    assert_eq!(failed(daemonise(|_| 7).unwrap_err()), "exited with status 7");
    assert_eq!(failed(daemonise(|_| ()).unwrap_err()), "");
    let killed = daemonise(|_ready| raise(Signal::SIGKILL).map(drop));
    let error = killed.unwrap_err();
    assert_eq!(error.to_string(), "the daemon has ended before it was ready");
    let late = daemonise(|ready| {
        ready.tell();
        Err::<(), _>("nobody hears it")
    });
    assert!(late.is_ok());
    assert_eq!(children().len(), 0);
}

/// What a daemon has started may live on: its starter hears of the daemon's end at once.
pub(crate) fn that_leave_a_child() {
    let (reader, writer) = pipe();
    let error = daemonise(move |_ready| {
        let child = spawn(park).unwrap();
        writeln!(File::from(writer), "{}", child.pid()).unwrap();
        Err::<(), _>("no port")
    });
    assert_eq!(error.unwrap_err().to_string(), "the daemon has failed before it was ready: no port");
    send(Signal::SIGKILL, line(&reader).parse().unwrap()).unwrap();
    let (reader, writer) = pipe();
    let error = daemonise(move |_ready| {
        let child = spawn(park).unwrap();
        writeln!(File::from(writer), "{}", child.pid()).unwrap();
        raise(Signal::SIGKILL).map(drop)
    });
    assert_eq!(error.unwrap_err().to_string(), "the daemon has ended before it was ready");
    send(Signal::SIGKILL, line(&reader).parse().unwrap()).unwrap();
}

/// It lives on, and one can end it.
pub(crate) fn that_outlive_their_starter() {
    let (reader, writer) = pipe();
    let (pid_reader, pid_writer) = pipe();
    let starter = spawn(move || {
        let pid = daemonise(move |ready| {
            let _writer = writer;
            ready.tell();
            park();
        });
        writeln!(File::from(pid_writer), "{}", pid.unwrap())
    });
    assert!(starter.unwrap().join().unwrap().is_success());
    // The daemon has the end to write to, too, so this does not end.
    let pid = line(&pid_reader).parse().unwrap();
    send(Signal::SIGTERM, pid).unwrap();
    assert_eq!(rest(reader), "");
}
