//! HAProxy, as it is set up and started.

use core::net::SocketAddr;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::{env, process};

use wirenut_tests::reserved::Reserved;
use wirenut_tests::waiting::until;

/// What HAProxy does with its connections to a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reuse {
    /// A new one for each request.
    Never,
    /// They are kept, and used for any client. What it had no need for, HAProxy closes itself: half of it each 5 seconds
    /// (`pool-purge-delay`). That is sooner than the old processes close what nobody has used, so none meets a close.
    Always,
}

impl Reuse {
    const fn options(self) -> &'static str {
        match self {
            Self::Never => "option http-server-close",
            Self::Always => "option http-keep-alive\n    http-reuse always",
        }
    }
}

const CONFIG: &str = "
global
    log stdout format raw local0 info
    maxconn 2000
    stats socket {folder}/stats
defaults
    mode http
    log global
    option httplog
    option dontlog-normal
    option dontlognull
    retries 0
    no option redispatch
    timeout check 10s
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout http-request 60s
    timeout http-keep-alive 60s
    timeout queue 60s
frontend clients
    bind {address}
    default_backend instances
backend instances
    balance roundrobin
    {options}
    {check}
    server one {one}
    server two {two}
";

/// A running one, until it is dropped.
pub(crate) struct Haproxy {
    pub(crate) address: SocketAddr,
    _reserved: Reserved,
    folder: PathBuf,
    child: Child,
}

impl Haproxy {
    /// Before servers, of which it asks whether they are well where that can be asked.
    pub(crate) fn start(reuse: Reuse, servers: [(SocketAddr, Option<SocketAddr>); 2]) -> Self {
        let mut haproxy = Self::spawn(reuse, Reserved::new(), servers);
        assert!(haproxy.comes_up(), "HAProxy did not come up");
        haproxy
    }

    fn spawn(reuse: Reuse, reserved: Reserved, servers: [(SocketAddr, Option<SocketAddr>); 2]) -> Self {
        let address = reserved.address;
        let folder = env::temp_dir().join(format!("wirenut-restarts-{}-{}", process::id(), address.port()));
        fs::create_dir(&folder).unwrap();
        let config = CONFIG.replace("{address}", &address.to_string()).replace("{options}", reuse.options());
        let config = config.replace("{folder}", &folder.display().to_string());
        let check = if servers[0].1.is_some() { "option httpchk GET /health" } else { "" };
        let config = config.replace("{check}", check);
        let [one, two] = servers.map(|(address, health)| {
            let check = health.map(|health| format!(" check inter 50ms fall 1 rise 1 port {}", health.port()));
            format!("{address}{}", check.unwrap_or_default())
        });
        let config = config.replace("{one}", &one).replace("{two}", &two);
        fs::write(folder.join("config"), config).unwrap();
        let said = File::create(folder.join("said")).unwrap();
        // If this process is killed, HAProxy is too.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "haproxy", "-db", "-f"]).arg(folder.join("config"));
        // Debian keeps it where not everybody looks.
        command.env("PATH", format!("{}:/usr/sbin", env::var("PATH").unwrap_or_default()));
        command.stdin(Stdio::null()).stdout(said.try_clone().unwrap()).stderr(said);
        Self { address, _reserved: reserved, folder, child: command.spawn().expect("setpriv of util-linux") }
    }

    fn comes_up(&mut self) -> bool {
        until("HAProxy", || match self.child.try_wait().unwrap() {
            Some(_) => Some(false),
            None => TcpStream::connect(self.address).is_ok().then_some(true),
        })
    }

    /// Waits until it takes a server for well, or not: `one` or `two`.
    pub(crate) fn wait_until(&self, server: &str, is_up: bool) {
        let state = if is_up { "UP" } else { "DOWN" };
        until(state, || self.status(server).starts_with(state).then_some(()));
    }

    fn status(&self, server: &str) -> String {
        // It takes connections before it can be asked.
        let Ok(mut stats) = UnixStream::connect(self.folder.join("stats")) else { return String::new() };
        stats.write_all(b"show stat\n").unwrap();
        let table = io::read_to_string(stats).unwrap();
        let row = table.lines().find(|line| line.starts_with(&format!("instances,{server},"))).unwrap();
        row.split(',').nth(17).unwrap().to_owned()
    }

    /// Ends it: what it has complained of.
    pub(crate) fn end(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let said = fs::read_to_string(self.folder.join("said")).unwrap();
        // What it says of its own state and of servers is as it should be.
        let is_of_request =
            |line: &&str| !["[NOTICE]", "[WARNING]", "Server "].iter().any(|start| line.starts_with(start));
        said.lines().filter(is_of_request).take(20).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Haproxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
