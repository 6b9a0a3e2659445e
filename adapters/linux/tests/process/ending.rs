//! How children end.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Resource, Rlimit, setrlimit};
use wirenut_linux::process::{self, Ended, Process};
use wirenut_linux::signal::{self, DefaultAction, Signal};

use crate::counts::{Folder, pipe, rest};

pub(crate) fn with_a_status() {
    for status in [0, 1, 101, 255] {
        assert_eq!(process::spawn(move || status).unwrap().join().unwrap(), Ended::Exited(status));
        let exits = process::spawn(move || -> () { std::process::exit(status.into()) }).unwrap();
        assert_eq!(exits.join().unwrap(), Ended::Exited(status));
    }
    assert!(process::spawn(|| {}).unwrap().join().unwrap().is_success());
    assert_eq!(process::spawn(|| Ok::<u8, String>(7)).unwrap().join().unwrap(), Ended::Exited(7));
}

/// Runs it with that stream going to memory, and returns what went there.
fn captured(redirect: fn(&OwnedFd), run: impl FnOnce()) -> String {
    let memory = memfd_create("output", MemfdFlags::CLOEXEC).unwrap();
    redirect(&memory);
    run();
    let mut file = File::from(memory);
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

fn standard_error(to: &OwnedFd) {
    rustix::stdio::dup2_stderr(to).unwrap();
}

fn standard_output(to: &OwnedFd) {
    rustix::stdio::dup2_stdout(to).unwrap();
}

pub(crate) fn with_an_error() {
    let said = captured(standard_error, || {
        let failed = Process::new().name("worker").spawn(|| Err::<(), _>("no such file")).unwrap();
        assert_eq!(failed.join().unwrap(), Ended::Exited(1));
    });
    assert_eq!(said, "worker: no such file\n");
    let mut pid = 0;
    let said = captured(standard_error, || {
        let failed = process::spawn(|| Err::<(), _>("no such file")).unwrap();
        pid = failed.pid();
        assert_eq!(failed.join().unwrap(), Ended::Exited(1));
    });
    assert_eq!(said, format!("process {pid}: no such file\n"));
}

pub(crate) fn with_a_panic() {
    let said = captured(standard_error, || {
        for message in ["short", "", "ä\n\x1b"] {
            let child = process::spawn(move || -> () { panic!("{message}") }).unwrap();
            assert_eq!(child.join().unwrap(), Ended::Panicked(message.to_owned()));
        }
    });
    assert_eq!(said.matches("panicked at").count(), 3, "{said}");
    // Nor does one get out of the report.
    struct Worse;
    impl core::fmt::Display for Worse {
        fn fmt(&self, _: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            panic!("worse")
        }
    }
    let child = process::spawn(|| Err::<(), _>(Worse)).unwrap();
    assert_eq!(child.join().unwrap(), Ended::Panicked("worse".to_owned()));
}

pub(crate) fn with_a_panic_of_no_text() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("again");
        }
    }
    let child = process::spawn(|| -> () { std::panic::panic_any(Bomb) }).unwrap();
    assert_eq!(child.join().unwrap(), Ended::Panicked(String::new()));
}

pub(crate) fn with_a_long_panic() {
    let child = process::spawn(|| -> () { std::panic::panic_any("ä".repeat(1_000_000)) }).unwrap();
    let Ended::Panicked(message) = child.join().unwrap() else { panic!() };
    assert_eq!(message, "ä".repeat(2_046));
}

pub(crate) fn by_a_signal() {
    let ends = |signal: &Signal| matches!(signal.default_action(), DefaultAction::Terminate | DefaultAction::Core);
    // Rust's runtime takes those two for a stack overflow at first.
    let faults = [Signal::SIGSEGV, Signal::SIGBUS];
    for signal in Signal::all().filter(|signal| signal.can_be_caught() && !faults.contains(signal)).filter(ends) {
        if signal == Signal::SIGPIPE {
            continue; // ignored, as in the parent
        }
        // A shell ignores some in what it runs in the background, and a child inherits that.
        signal::set_default(signal).unwrap();
        let child = process::spawn(|| {
            limit_core_dumps(0);
            park();
        });
        let child = child.unwrap();
        child.send(signal).unwrap();
        let Ended::Signaled { signal: by, .. } = child.join().unwrap() else { panic!("{signal}") };
        assert_eq!(by, signal);
    }
    let killed = process::spawn(park).unwrap();
    killed.kill().unwrap();
    assert_eq!(killed.join().unwrap(), Ended::Signaled { signal: Signal::SIGKILL, core_dumped: false });
}

/// Until a signal ends it.
pub(crate) fn park() {
    loop {
        std::thread::park();
    }
}

fn limit_core_dumps(bytes: u64) {
    setrlimit(Resource::Core, Rlimit { current: Some(bytes), maximum: None }).unwrap();
}

pub(crate) fn with_a_core_dump() {
    let folder = Folder::new();
    let abort = |bytes| {
        let folder = folder.0.clone();
        let child = process::spawn(move || {
            limit_core_dumps(bytes);
            std::env::set_current_dir(&folder).unwrap();
            if true {
                std::process::abort();
            }
        });
        child.unwrap().join().unwrap()
    };
    let ended = |core_dumped| Ended::Signaled { signal: Signal::SIGABRT, core_dumped };
    let (without, with) = (abort(0), abort(1 << 30));
    assert_eq!(without, ended(false));
    // By core(5), a file in the working directory, or else whatever the administrator has chosen.
    if std::fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap().trim_end() == "core" {
        assert_eq!(with, ended(true));
    }
}

pub(crate) fn by_a_stack_overflow() {
    #[expect(unconditional_recursion, reason = "it is to overflow")]
    fn deeper(bytes: &[u8; 4_096]) -> u64 {
        let mut more = *bytes;
        more[0] = more[0].wrapping_add(1);
        deeper(&more) + u64::from(more[17])
    }
    let said = captured(standard_error, || {
        let child = process::spawn(|| -> () {
            limit_core_dumps(0);
            println!("{}", deeper(&[0; 4_096]));
        });
        let ended = child.unwrap().join().unwrap();
        assert_eq!(ended, Ended::Signaled { signal: Signal::SIGABRT, core_dumped: false });
    });
    assert!(said.contains("has overflowed its stack"), "{said}");
}

pub(crate) fn with_output_written_once() {
    let said = captured(standard_output, || {
        print!("parent,");
        // SAFETY: the text ends with a zero byte.
        unsafe { libc::printf(c"stdio,".as_ptr()) };
        process::spawn(|| {
            print!("child,");
            // SAFETY: the text ends with a zero byte.
            unsafe { libc::printf(c"its stdio,".as_ptr()) };
        })
        .unwrap()
        .join()
        .unwrap();
        let _ = process::spawn(|| -> () {
            print!("in vain,");
            panic!("on purpose");
        })
        .unwrap()
        .join();
        println!("end");
    });
    assert_eq!(said, "parent,stdio,child,its stdio,in vain,end\n");
}

pub(crate) fn without_handlers_of_its_parent() {
    static CALLED: std::sync::OnceLock<OwnedFd> = std::sync::OnceLock::new();
    extern "C" fn at_exit() {
        let _ = CALLED.get().map(|writer| rustix::io::write(writer, b"called"));
    }
    let (reader, writer) = pipe();
    CALLED.set(writer).unwrap();
    // SAFETY: the function is one that may be called whenever the process ends.
    unsafe { libc::atexit(at_exit) };
    assert!(process::spawn(|| {}).unwrap().join().unwrap().is_success());
    rustix::io::ioctl_fionbio(reader.as_fd(), true).unwrap();
    assert_eq!(rustix::io::read(&reader, &mut [0; 10]), Err(rustix::io::Errno::AGAIN));
}

/// A daemon, whose parent is killed.
pub(crate) fn with_its_parent() {
    for is_late in (0..60).map(|turn| turn % 2 == 0) {
        let (reader, writer) = pipe();
        let parent = process::spawn(move || {
            let (begun, begin) = pipe();
            let daemon = Process::new().daemon(true).spawn(move || {
                File::from(writer).write_all(b"x").unwrap();
                drop(begin);
                park();
            });
            if is_late {
                // It has begun; otherwise it may find that its parent is gone already.
                rest(begun);
            }
            core::mem::forget(daemon);
        });
        assert_eq!(parent.unwrap().join().unwrap(), Ended::Exited(0));
        let said = rest(reader);
        assert!(said == "x" || !is_late);
    }
}
