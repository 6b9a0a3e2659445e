//! Programs that are executed, and what they find.

use alloc::collections::BTreeSet;
use core::sync::atomic::{AtomicBool, Ordering};
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Command;
use std::thread;

use rustix::fs::{MemfdFlags, memfd_create};
use wirenut_linux::process::{Ended, Program};
use wirenut_linux::signal::{self, Handler, Signal, SignalSet};

fn shell(script: &str) -> Program {
    Program::new("/bin/sh").argument("-c").argument(script)
}

/// What a program wrote to the first descriptor that was passed to it.
fn output_of(program: &Program, others: &[(&str, BorrowedFd<'_>)]) -> String {
    let mut output = File::from(memfd_create("output", MemfdFlags::CLOEXEC).unwrap());
    let passed: Vec<_> = [("output", output.as_fd())].into_iter().chain(others.iter().copied()).collect();
    let ended = program.spawn_with_descriptors(&passed).unwrap().join().unwrap();
    assert_eq!(ended, Ended::Exited(0));
    let mut text = String::new();
    output.rewind().unwrap();
    output.read_to_string(&mut text).unwrap();
    text
}

/// Where they are here is where others are to be there.
pub(crate) fn get_descriptors_in_their_order() {
    let files: Vec<File> = (0_u8..4)
        .map(|number| {
            let mut file = File::from(memfd_create("file", MemfdFlags::CLOEXEC).unwrap());
            file.write_all(&[b'a' + number]).unwrap();
            file.rewind().unwrap();
            file
        })
        .collect();
    let names = ["d d", "c%", "b/", "ä"];
    let passed: Vec<_> = names.into_iter().zip(files.iter().rev().map(AsFd::as_fd)).collect();
    let script = r#"cat <&4 >&3; cat <&5 >&3; cat <&6 >&3; cat <&7 >&3; echo " $LISTEN_FDS $LISTEN_FDNAMES" >&3"#;
    assert_eq!(output_of(&shell(script), &passed), "dcba 5 output:d d:c%:b/:ä\n");
}

/// A lock of the allocator's that another thread holds at the fork is held in the child for ever.
pub(crate) fn begin_while_threads_work() {
    static OVER: AtomicBool = AtomicBool::new(false);
    let work = || {
        while !OVER.load(Ordering::Relaxed) {
            let texts: Vec<String> = (0..100).map(|number: u32| number.to_string()).collect();
            assert_eq!(texts.len(), 100);
        }
    };
    let threads: Vec<_> = (0..3).map(|_| thread::spawn(work)).collect();
    for _ in 0..200 {
        assert_eq!(Program::new("/bin/true").spawn_with_descriptors(&[]).unwrap().join().unwrap(), Ended::Exited(0));
    }
    OVER.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

pub(crate) fn begin_without_handlers_and_masks() {
    let _handled = signal::handle(Signal::SIGUSR1, Handler::new()).unwrap();
    signal::ignore(Signal::SIGUSR2).unwrap();
    let _termination = signal::termination().unwrap();
    let _blocked = signal::block(&SignalSet::full());
    let ended = |script: &str| shell(script).spawn_with_descriptors(&[]).unwrap().join().unwrap();
    for (name, signal) in [("TERM", Signal::SIGTERM), ("USR1", Signal::SIGUSR1), ("HUP", Signal::SIGHUP)] {
        let script = format!("kill -{name} $$; exit 3");
        assert_eq!(ended(&script), Ended::Signaled { signal, core_dumped: false });
    }
    assert_eq!(ended("kill -USR2 $$; exit 3"), Ended::Exited(3));
    let came = signal::pending();
    let sent = [Signal::SIGTERM, Signal::SIGUSR1, Signal::SIGHUP, Signal::SIGUSR2];
    assert!(sent.iter().all(|signal| !came.contains(*signal)), "none of them came to the parent: {came:?}");
}

pub(crate) fn have_the_environment() {
    if std::env::var_os("NESTED").is_none() {
        let script =
            r#"LISTEN_PID=1 LISTEN_FDS=7 LISTEN_FDNAMES=x WATCHDOG_PID=$$ WATCHDOG_USEC=5 NESTED='a b' exec "$0""#;
        let mut command = Command::new("sh");
        // What is below is run by the shell's process, whose number it knows.
        assert!(command.args(["-c", script]).arg(std::env::current_exe().unwrap()).status().unwrap().success());
        return;
    }
    let script = r#"test $LISTEN_PID = $$ && test $WATCHDOG_PID = $$ && echo "$LISTEN_FDS $LISTEN_FDNAMES $WATCHDOG_USEC $NESTED" >&3"#;
    assert_eq!(output_of(&shell(script), &[]), "1 output 5 a b\n");
    let none = r#"test -z "$LISTEN_PID$LISTEN_FDS$LISTEN_FDNAMES""#;
    assert_eq!(shell(none).spawn_with_descriptors(&[]).unwrap().join().unwrap(), Ended::Exited(0));
}

pub(crate) fn that_cannot_be_are_told() {
    let input = File::open("/dev/null").unwrap();
    let failed = |path: &str, name: &str| {
        let error = Program::new(path).spawn_with_descriptors(&[(name, input.as_fd())]).unwrap_err();
        (error.kind(), error.to_string())
    };
    assert_eq!(
        failed("/no/such/program", "x"),
        (ErrorKind::NotFound, "cannot execute /no/such/program: No such file or directory (os error 2)".into())
    );
    assert_eq!(failed("/etc/passwd", "x").0, ErrorKind::PermissionDenied);
    for name in ["a:b", "a\nb"] {
        let (kind, line) = failed("/bin/true", name);
        assert_eq!(kind, ErrorKind::InvalidInput);
        assert!(line.starts_with("cannot pass a descriptor by the name a"), "{line}");
    }
    assert_eq!(failed("/bin/tr\0ue", "x").0, ErrorKind::InvalidInput);
    let status = rustix::process::wait(rustix::process::WaitOptions::NOHANG);
    assert_eq!(status.unwrap_err(), rustix::io::Errno::CHILD, "no child is left");
}

pub(crate) fn have_no_descriptor_more() {
    let before = fs::read_dir("/proc/self/fd").unwrap().count();
    let keep: Vec<OwnedFd> = (0..20).map(|_| File::open("/dev/null").unwrap().into()).collect();
    let script = "ls /proc/$$/fd >&2";
    // What it has anyhow: this process was not started with standard input, output and error alone.
    let usual = Command::new("sh").args(["-c", script]).output().unwrap();
    let numbers = |text: &str| text.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    let mut expected = numbers(str::from_utf8(&usual.stderr).unwrap());
    expected.extend(["3".to_owned(), "4".to_owned()]);
    let text = output_of(&shell("ls /proc/$$/fd >&3"), &[("last", keep[9].as_fd())]);
    assert_eq!(numbers(&text), expected);
    drop(keep);
    assert_eq!(fs::read_dir("/proc/self/fd").unwrap().count(), before);
}
