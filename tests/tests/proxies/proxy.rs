//! The proxies: how each is set up, started and put away, and what it says that it has passed on.

use core::net::SocketAddr;
use core::time::Duration;
use std::fs::{self, File};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use std::{env, process, thread};

use wirenut_tests::reserved::Reserved;

/// A proxy and its set-up. All keep their connections to the server and use them again for other clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Passes content on as it comes, and header lines that it does not understand.
    NginxStreaming,
    /// Gathers a request before it passes it on.
    NginxBuffering,
    /// As it comes.
    Haproxy,
    /// Lets pass what it would refuse.
    HaproxyLenient,
    /// Says by the PROXY protocol whom it passes on, in its version 1.
    HaproxyV1,
    /// In version 2, with TLVs and a checksum.
    HaproxyV2,
}

impl Kind {
    /// Those that speak HTTP and nothing before it.
    pub(crate) const ALL: [Self; 4] = [Self::NginxStreaming, Self::NginxBuffering, Self::Haproxy, Self::HaproxyLenient];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NginxStreaming => "nginx, streaming",
            Self::NginxBuffering => "nginx, buffering",
            Self::Haproxy => "HAProxy",
            Self::HaproxyLenient => "HAProxy, lenient",
            Self::HaproxyV1 => "HAProxy, PROXY protocol 1",
            Self::HaproxyV2 => "HAProxy, PROXY protocol 2",
        }
    }

    /// `{address}`, `{origin}` and `{folder}` are put in.
    fn config(self) -> String {
        match self {
            Self::NginxStreaming => {
                nginx("proxy_request_buffering off; ignore_invalid_headers off; underscores_in_headers on;")
            }
            Self::NginxBuffering => nginx("proxy_request_buffering on;"),
            Self::Haproxy => haproxy(""),
            Self::HaproxyLenient => haproxy("option accept-invalid-http-request"),
            Self::HaproxyV1 => haproxy_naming_clients("send-proxy"),
            Self::HaproxyV2 => haproxy_naming_clients("send-proxy-v2 proxy-v2-options crc32c,unique-id"),
        }
    }

    /// The program and its arguments, to which the path of its configuration is added.
    const fn command(self) -> &'static [&'static str] {
        match self {
            Self::NginxStreaming | Self::NginxBuffering => &["nginx", "-e", "stderr", "-c"],
            Self::Haproxy | Self::HaproxyLenient | Self::HaproxyV1 | Self::HaproxyV2 => &["haproxy", "-db", "-f"],
        }
    }
}

/// One process, so that there is one connection to the server at a time. Upgrades are passed on as everybody does it.
fn nginx(options: &str) -> String {
    const REST: &str = r#"
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr emerg;
events { worker_connections 512; }
http {
    log_format passed escape=none '$request_method $request_uri	$status	$upstream_addr';
    access_log {folder}/passed passed;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_header_timeout 3s;
    client_body_timeout 3s;
    keepalive_timeout 3s;
    lingering_close off;
    map $http_upgrade $connection_header { default upgrade; '' ''; }
    upstream origin { server {origin}; keepalive 1; }
    server {
        listen {address};
        location / {
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_header;
            proxy_ignore_client_abort on;
            proxy_read_timeout 5s;
        }
    {options}
    }
}
"#;
    REST.replace("{options}", options)
}

fn haproxy(options: &str) -> String {
    const REST: &str = r#"
global
    log stdout format raw local0 info
    nbthread 1
defaults
    mode http
    log global
    log-format "%HM %HU	%ST	%s"
    option http-keep-alive
    http-reuse always
    timeout connect 5s
    timeout client 3s
    timeout server 5s
    timeout http-request 3s
    timeout http-keep-alive 3s
    timeout tunnel 3s
    {options}
listen proxy
    bind {address}
    server origin {origin} pool-max-conn 1
"#;
    REST.replace("{options}", options)
}

/// It says to the server whom it passes on, and checks often whether the server lives.
fn haproxy_naming_clients(how: &str) -> String {
    const REST: &str = r#"
global
    log stdout format raw local0 info
    nbthread 1
defaults
    mode http
    log global
    log-format "%HM %HU	%ST	%s"
    option http-keep-alive
    unique-id-format %ci:%cp
    timeout connect 5s
    timeout client 3s
    timeout server 5s
    timeout check 5s
    timeout http-request 3s
    timeout http-keep-alive 3s
listen proxy
    bind {address}
    option httpchk GET /check
    server origin {origin} {how} check inter 50ms
"#;
    REST.replace("{how}", how)
}

/// A running proxy, until it is dropped.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    _reserved: Reserved,
    folder: PathBuf,
    child: Child,
}

impl Proxy {
    /// Starts it before the server at `origin`.
    ///
    /// # Panics
    /// If it does not come up.
    pub(crate) fn start(kind: Kind, origin: SocketAddr) -> Self {
        let mut proxy = Self::spawn(kind, Reserved::new(), origin);
        assert!(proxy.comes_up(), "{} did not come up (see its messages above)", kind.name());
        proxy
    }

    fn spawn(kind: Kind, reserved: Reserved, origin: SocketAddr) -> Self {
        let address = reserved.address;
        let name = format!("wirenut-proxies-{}-{kind:?}-{}", process::id(), address.port());
        let folder = env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder of its own");
        let config = kind.config().replace("{address}", &address.to_string()).replace("{origin}", &origin.to_string());
        let config = config.replace("{folder}", &folder.display().to_string());
        fs::write(folder.join("config"), config).expect("a configuration");
        let passed = File::create(folder.join("passed")).expect("a log");
        // If this process is killed, the proxy is too.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).args(kind.command()).arg(folder.join("config"));
        // Debian keeps both where not everybody looks.
        command.env("PATH", format!("{}:/usr/sbin", env::var("PATH").unwrap_or_default()));
        command.stdin(Stdio::null()).stdout(passed);
        let child = command.spawn().expect("setpriv of util-linux");
        Self { address, _reserved: reserved, folder, child }
    }

    fn comes_up(&mut self) -> bool {
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            if TcpStream::connect(self.address).is_ok() {
                return true;
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Methods and targets of the requests that it says it has sent to the server, so far: each as often as it was sent.
    pub(crate) fn passed(&self) -> Vec<String> {
        let log = fs::read(self.folder.join("passed")).expect("a log");
        let log = String::from_utf8_lossy(&log).into_owned();
        let parts = log.lines().filter_map(|line| {
            let mut parts = line.split('\t');
            Some((parts.next()?, parts.nth(1)?))
        });
        // nginx names each server that it tried, HAProxy `<NOSRV>` where it tried none.
        let is_none = |server: &str| matches!(server, "" | "-" | "<NOSRV>");
        let sent = parts.filter(|(_, servers)| !is_none(servers));
        sent.flat_map(|(line, servers)| servers.split(", ").map(|_| line.to_owned())).collect()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
