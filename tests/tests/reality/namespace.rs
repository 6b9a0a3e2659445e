//! Network namespaces that live as long as a process that holds them, so that nothing is left of them whatever happens.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin, Command, Stdio};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// A process in namespaces of its own, which ends when this value is dropped, or when this process ends.
pub(crate) struct Keeper {
    child: Child,
    /// The process lives until this is closed.
    input: Option<ChildStdin>,
}

impl Keeper {
    /// Starts `script` by sh(1) in the namespaces that `options` of unshare(1) name. The script prints a line once it is
    /// ready, and then reads its input to the end.
    ///
    /// # Errors
    /// What the program said that could not do it.
    pub(crate) fn start(options: &[&str], script: &str, is_marked: bool) -> Result<Self, String> {
        let mut command = Command::new("unshare");
        command.args(options).args(["sh", "-c", script]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if !is_marked {
            // The harness kills what a test that was killed has left. This one has to clean up first.
            command.env_remove("WIRENUT_ISOLATED");
        }
        let mut child = command.spawn().map_err(|error| format!("unshare: {error}"))?;
        let input = child.stdin.take();
        let mut line = String::new();
        let output = child.stdout.take().expect("a pipe");
        let is_ready = BufReader::new(output).read_line(&mut line).is_ok_and(|count| count > 0);
        if is_ready {
            return Ok(Self { child, input });
        }
        let mut said = String::new();
        let _ = child.stderr.take().expect("a pipe").read_to_string(&mut said);
        child.wait().expect("a child");
        Err(said.trim().to_owned())
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}

/// Becomes the superuser of a user namespace of its own, if it is none: only so may it make the others.
///
/// # Errors
/// The system does not allow it.
pub(crate) fn become_superuser() -> Result<Option<Keeper>, String> {
    if rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let keeper = Keeper::start(&["--user", "--map-root-user"], "echo; exec cat >/dev/null", true)?;
    enter(&keeper, "user", LinkNameSpaceType::User)?;
    Ok(Some(keeper))
}

fn enter(keeper: &Keeper, name: &str, kind: LinkNameSpaceType) -> Result<File, String> {
    let path = format!("/proc/{}/ns/{name}", keeper.id());
    let link = File::open(&path).map_err(|error| format!("{path}: {error}"))?;
    move_into_link_name_space(link.as_fd(), Some(kind)).map_err(|error| format!("setns: {error}"))?;
    Ok(link)
}

/// A host of its own: its network, with nothing in it yet but what [`Self::enter`] puts there.
pub(crate) struct Namespace {
    link: File,
    _keeper: Keeper,
}

impl Namespace {
    /// # Errors
    /// The system does not allow it.
    pub(crate) fn new() -> Result<Self, String> {
        let keeper = Keeper::start(&["--net"], "echo; exec cat >/dev/null", true)?;
        let link = enter(&keeper, "net", LinkNameSpaceType::Network)?;
        Ok(Self { link, _keeper: keeper })
    }

    /// From now on this thread's new sockets, devices and settings are of this network; those before stay where they are.
    pub(crate) fn enter(&self) {
        move_into_link_name_space(self.link.as_fd(), Some(LinkNameSpaceType::Network)).expect("a network namespace");
    }

    /// Gives the device its addresses, and says how connections over it behave.
    pub(crate) fn configure(&self, device: &str, ours: Addresses, theirs: Addresses) {
        self.enter();
        let (ours4, theirs4, ours6) = (ours.v4.to_string(), theirs.v4.to_string(), format!("{}/64", ours.v6));
        ip(&["link", "set", "lo", "up"]);
        ip(&["link", "set", "dev", device, "addrgenmode", "none", "up"]);
        ip(&["address", "add", &ours4, "peer", &theirs4, "dev", device]);
        ip(&["-6", "address", "add", &ours6, "dev", device, "nodad"]);
        // Nothing is sent by itself where a test is slow: no probe of the tail, and no cache of what was measured before.
        self.set("tcp_early_retrans", "0");
        self.set("tcp_no_metrics_save", "1");
        self.set("tcp_syncookies", "0");
    }

    /// How long the other end has to be silent until something is sent again, once a round trip was measured. Each segment
    /// is acknowledged at once.
    pub(crate) fn set_rto(&self, device: &str, theirs: Addresses, millis: u32) {
        self.enter();
        let rto = format!("{millis}ms");
        for peer in [theirs.v4.to_string(), theirs.v6.to_string()] {
            ip(&["route", "replace", &peer, "dev", device, "rto_min", &rto, "quickack", "1"]);
        }
    }

    /// Networks that are made from here have small tables of their own (Linux 6.1).
    pub(crate) fn with_small_tables(self) -> Self {
        let _ = fs::write("/proc/sys/net/ipv4/tcp_child_ehash_entries", "256");
        self
    }

    /// Sets `net.ipv4.name` here.
    pub(crate) fn set(&self, name: &str, value: &str) {
        self.enter();
        let path = format!("/proc/sys/net/ipv4/{name}");
        fs::write(&path, value).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
}

/// Those of one host.
#[derive(Clone, Copy)]
pub(crate) struct Addresses {
    pub(crate) v4: Ipv4Addr,
    pub(crate) v6: Ipv6Addr,
}

impl Addresses {
    /// Of the host with this number, 0 or 1: those that networks for tests have (RFC 2544, RFC 4193), so chosen that two
    /// processes have others. A tracepoint shows the transitions of all networks.
    pub(crate) fn of(host: u8) -> Self {
        let [.., high, low] = std::process::id().to_be_bytes();
        let number = (u32::from(high) << 9) | (u32::from(low) << 1) | u32::from(host);
        let [.., a, b] = number.to_be_bytes();
        Self {
            v4: Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + number),
            v6: Ipv6Addr::new(0xfd00, 0x77, 0, 0, 0, (number >> 16) as u16, u16::from_be_bytes([a, b]), 1),
        }
    }

    pub(crate) fn address(&self, is_v6: bool) -> IpAddr {
        if is_v6 { self.v6.into() } else { self.v4.into() }
    }
}

fn ip(arguments: &[&str]) {
    let output = Command::new("ip").args(arguments).stdin(Stdio::null()).output().expect("ip of iproute2");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {}: {said}", arguments.join(" "));
}
