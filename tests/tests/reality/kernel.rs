//! What the kernel says of the states of connections: in its table, by ss(8), and each transition by its tracepoint.

use core::net::Ipv6Addr;
use core::net::SocketAddr;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Stdio};

use rustix::fs::OFlags;
use wirenut::tcp::state::State;

use crate::namespace::{Keeper, Namespace};

/// A row of a host's table of connections: its own port, that of the peer, and the state.
pub(crate) type Row = (u16, u16, State);

/// `/proc/net/tcp` and `/proc/net/tcp6`: also connections that wait to be accepted, that nobody has accepted yet, and whose
/// sockets are closed.
pub(crate) fn table(namespace: &Namespace) -> Vec<Row> {
    namespace.enter();
    let mut rows = Vec::new();
    for name in ["tcp", "tcp6"] {
        let text = fs::read_to_string(format!("/proc/thread-self/net/{name}")).expect("a table");
        rows.extend(text.lines().skip(1).map(|line| {
            let mut words = line.split_whitespace().skip(1);
            let mut port = || {
                let address = words.next().and_then(|word| word.rsplit_once(':'));
                u16::from_str_radix(address.expect("an address").1, 16).expect("a port")
            };
            let (local, remote) = (port(), port());
            let number = u8::from_str_radix(words.next().expect("a state"), 16).expect("a number");
            (local, remote, of_number(number))
        }));
    }
    rows
}

/// The same by ss(8), which asks over another way (sock_diag(7)). Requests in front of a listener are only there.
pub(crate) fn ss(namespace: &Namespace) -> Vec<Row> {
    namespace.enter();
    let output = Command::new("ss").args(["-tanH"]).stdin(Stdio::null()).output().expect("ss of iproute2");
    assert!(output.status.success(), "ss: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let rows = text.lines().map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let port = |word: &str| word.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(0);
        (port(words[3]), port(words[4]), of_word(words[0]))
    });
    rows.collect()
}

/// As ss(8) says it.
fn of_word(word: &str) -> State {
    match word {
        "ESTAB" => State::Established,
        "SYN-RECV" => State::SynReceived,
        "UNCONN" => State::Closed,
        _ => *State::ALL.iter().find(|state| state.name() == word).unwrap_or_else(|| panic!("the state {word}?")),
    }
}

/// By the numbers of the kernel (`include/net/tcp_states.h`).
fn of_number(number: u8) -> State {
    match number {
        1 => State::Established,
        2 => State::SynSent,
        3 | 12 => State::SynReceived,
        4 => State::FinWait1,
        5 => State::FinWait2,
        6 => State::TimeWait,
        7 => State::Closed,
        8 => State::CloseWait,
        9 => State::LastAck,
        10 => State::Listen,
        11 => State::Closing,
        _ => panic!("the state {number}?"),
    }
}

/// A transition of a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Transition {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) to: State,
}

/// The tracepoint `sock:inet_sock_set_state`, in an instance of tracefs of our own.
///
/// TIME-WAIT belongs to no socket: what enters it goes to CLOSED here. So does a socket in FIN-WAIT-2 that is closed. A
/// request in front of a listener has no socket, either, until the handshake is over.
pub(crate) struct Tracepoint {
    pipe: File,
    rest: Vec<u8>,
    // Removes the instance, once the pipe is closed.
    _keeper: Keeper,
}

impl Tracepoint {
    /// # Errors
    /// There is no tracefs, or it may not be used.
    pub(crate) fn new() -> Result<Self, String> {
        let folder = "/sys/kernel/tracing";
        let name = format!("wirenut-{}", std::process::id());
        let script = format!(
            "[ -d {folder}/instances ] || mount -t tracefs nodev {folder}
            cd {folder}/instances && mkdir {name} || exit 1
            echo; cat >/dev/null
            for try in 1 2 3 4 5 6 7 8 9 10; do rmdir {name} 2>/dev/null && break; sleep 0.1; done"
        );
        let keeper = Keeper::start(&["--mount"], &script, false)?;
        // Its root is that of its mount namespace.
        let instance = format!("/proc/{}/root{folder}/instances/{name}", keeper.id());
        let enable = format!("{instance}/events/sock/inet_sock_set_state/enable");
        fs::write(&enable, "1").map_err(|error| format!("{enable}: {error}"))?;
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let pipe = OpenOptions::new().read(true).custom_flags(flags).open(format!("{instance}/trace_pipe"));
        let pipe = pipe.map_err(|error| format!("{instance}/trace_pipe: {error}"))?;
        Ok(Self { pipe, rest: Vec::new(), _keeper: keeper })
    }

    /// The transitions since the last call, of all networks.
    pub(crate) fn take(&mut self) -> Vec<Transition> {
        let mut bytes = [0; 1 << 16];
        loop {
            match self.pipe.read(&mut bytes) {
                Ok(0) => break,
                Ok(count) => self.rest.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("trace_pipe: {error}"),
            }
        }
        let whole = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let text: Vec<u8> = self.rest.drain(..whole).collect();
        String::from_utf8_lossy(&text).lines().filter_map(transition).collect()
    }
}

fn transition(line: &str) -> Option<Transition> {
    let value = |key: &str| line.split_whitespace().find_map(|word| word.strip_prefix(key));
    let end = |address, port| {
        let address: Ipv6Addr = value(address)?.parse().ok()?;
        Some(SocketAddr::new(address.to_canonical(), value(port)?.parse().ok()?))
    };
    let to = match value("newstate=TCP_")? {
        "ESTABLISHED" => State::Established,
        "SYN_SENT" => State::SynSent,
        "SYN_RECV" | "NEW_SYN_RECV" => State::SynReceived,
        "FIN_WAIT1" => State::FinWait1,
        "FIN_WAIT2" => State::FinWait2,
        "TIME_WAIT" => State::TimeWait,
        "CLOSE" => State::Closed,
        "CLOSE_WAIT" => State::CloseWait,
        "LAST_ACK" => State::LastAck,
        "LISTEN" => State::Listen,
        "CLOSING" => State::Closing,
        _ => return None,
    };
    Some(Transition { local: end("saddrv6=", "sport=")?, remote: end("daddrv6=", "dport=")?, to })
}
