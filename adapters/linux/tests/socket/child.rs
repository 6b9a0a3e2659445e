//! What concerns a whole process, and so needs one of its own: signals, descriptors that are counted, that run out, and
//! that it was started with.

mod descriptors;
mod inheritance;
mod signals;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use rustix::fs::inotify;
use wirenut_linux::socket::Socket;

const VARIABLE: &str = "WIRENUT_TEST_CHILD";

/// Not a test by itself: what a child does.
#[test]
fn in_the_child() {
    match std::env::var(VARIABLE).as_deref() {
        Ok("count") => descriptors::count(),
        Ok("exec") => descriptors::exec(),
        Ok("exhaust") => descriptors::exhaust(),
        Ok("interrupted") => signals::interrupted(),
        Ok("inherited") => inheritance::take_inherited(),
        Ok("numbered") => inheritance::take_by_number(),
        Ok("permissions") => give_permissions(),
        Ok("pipe") => signals::write_to_nobody(),
        Ok("signals") => signals::tell_signals_apart(),
        _ => {}
    }
}

/// This program, to run one of the above.
fn child(part: &str, before: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{before} exec \"$0\" --exact child::in_the_child --nocapture --test-threads=1"));
    command.arg(std::env::current_exe().unwrap()).env(VARIABLE, part);
    command
}

fn run(mut command: Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn permissions_are_those_that_were_asked_for_whatever_the_umask_is() {
    for umask in ["umask 0;", "umask 0777;", "umask 0022;"] {
        run(child("permissions", umask));
    }
}

fn give_permissions() {
    let directory = std::env::temp_dir().join(format!("wirenut-test-permissions-{}", std::process::id()));
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, Permissions::from_mode(0o700)).unwrap();
    // Nobody may connect before the permissions are there: they are changed only where the umask takes some away.
    let changes = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    inotify::add_watch(&changes, &directory, inotify::WatchFlags::ATTRIB).unwrap();
    let umask = rustix::process::umask(rustix::fs::Mode::empty());
    rustix::process::umask(umask);
    for permissions in [0o600, 0o666, 0o642, 0] {
        let path = directory.join("socket");
        let (_listener, pathname) = Socket::stream().unwrap().listen_at(&path, permissions, 1).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, permissions);
        let was_changed = rustix::io::read(&changes, &mut [0; 1000]).is_ok();
        assert_eq!(was_changed, umask.as_raw_mode() & permissions != 0, "{permissions:o}");
        drop(pathname);
        let pathname = Socket::datagram().unwrap().bind_pathname(&path, permissions).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, permissions);
        assert!(pathname.remove().unwrap());
        while rustix::io::read(&changes, &mut [0; 1000]).is_ok() {}
    }
    fs::remove_dir(&directory).unwrap();
}
