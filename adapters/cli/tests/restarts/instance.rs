//! One instance of the service, whichever process it is at the moment.

use core::net::SocketAddr;
use core::sync::atomic::{AtomicU32, Ordering};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::{PATIENCE, until};

/// `wirenut demo`, and the service manager that it reports to.
pub(crate) struct Instance {
    pub(crate) address: SocketAddr,
    folder: PathBuf,
    manager: UnixDatagram,
    first: Child,
    /// The main process.
    process: u32,
}

impl Instance {
    /// With these options.
    pub(crate) fn start(options: &[&str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("wirenut-instance-{}-{number}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let manager = UnixDatagram::bind(folder.join("notify")).unwrap();
        manager.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_wirenut"));
        command.args(["demo", "--listen", "127.0.0.1:0", "--drain", "20"]).args(options);
        command.env("NOTIFY_SOCKET", folder.join("notify"));
        let mut first = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(first.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        // Later processes write there, too.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        let address = line.trim_end().trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
        let process = first.id();
        let instance = Self { address, folder, manager, first, process };
        instance.hear("READY=1");
        instance
    }

    /// Has another process go on in its place, and waits until that is the main one. The old one may be at its last requests.
    pub(crate) fn restart(&mut self) {
        signal("USR2", self.process);
        let line = self.hear("MAINPID=");
        let process = line.lines().find_map(|line| line.strip_prefix("MAINPID=")).unwrap().parse().unwrap();
        self.hear("READY=1");
        assert_ne!(process, self.process);
        self.process = process;
    }

    fn hear(&self, what: &str) -> String {
        until(what, || {
            let mut message = [0; 1000];
            let length = self.manager.recv(&mut message).unwrap();
            let message = String::from_utf8_lossy(&message[..length]).into_owned();
            message.lines().any(|line| line.starts_with(what)).then_some(message)
        })
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // The first process may have been waited for long ago, but its number is not free before this has waited.
        signal("KILL", self.process);
        let _ = self.first.kill();
        let _ = self.first.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn signal(name: &str, process: u32) {
    let _ = Command::new("kill").args(["-s", name, &process.to_string()]).status();
}
