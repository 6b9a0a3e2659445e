//! One instance of the service, whichever process it is at the moment.

use core::net::SocketAddr;
use core::sync::atomic::{AtomicU32, Ordering};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use wirenut_tests::reserved::Reserved;
use wirenut_tests::waiting::{PATIENCE, until};

/// `wirenut demo`, and the service manager that it reports to.
pub(crate) struct Instance {
    pub(crate) address: SocketAddr,
    /// It stays its own while it is started anew.
    _reserved: Reserved,
    folder: PathBuf,
    manager: UnixDatagram,
    options: Vec<String>,
    /// The process that this one has started.
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
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let reserved = Reserved::new();
        let (first, address) = launch(&folder, &reserved.address.to_string(), &options);
        let process = first.id();
        let instance = Self { address, _reserved: reserved, folder, manager, options, first, process };
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

    /// Tells it to end.
    pub(crate) fn stop(&self) {
        signal("TERM", self.process);
    }

    /// Waits until it has ended, and starts it anew at the same address.
    pub(crate) fn start_again(&mut self) {
        let ended = until("its end", || self.first.try_wait().unwrap());
        assert!(ended.success(), "{ended}");
        let (first, address) = launch(&self.folder, &self.address.to_string(), &self.options);
        assert_eq!(address, self.address);
        (self.process, self.first) = (first.id(), first);
        self.hear("READY=1");
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

/// The process, and where it listens.
fn launch(folder: &Path, listen: &str, options: &[String]) -> (Child, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirenut"));
    command.args(["demo", "--listen", listen, "--drain", "20"]).args(options);
    command.env("NOTIFY_SOCKET", folder.join("notify"));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    // Later processes write there, too.
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    (child, line.trim_end().trim_start_matches("http://").trim_end_matches('/').parse().unwrap())
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
