//! Scripts as text: a step a line, and the states of both ends after it, of which the kernel and the tracker say the same.
//!
//! `c shutdown > FIN-WAIT-1 ESTABLISHED : gap` — who does what; the states of `c` and `s`; and what the tracker has found
//! unusual in what has passed. Where the kernel's state is another one than the tracker's, it stands behind a stroke:
//! `CLOSED/ESTABLISHED`, and the script says why. `-`: there is no connection.
//!
//! Steps of an end, `c` or `s`: `listen`, `connect`, `accept`, `send N`, `read`, `shutdown`, `close`, `abort`, `keepalive`,
//! `patience MS`, `deaf`. What it sends waits on the link. Steps of the link: `deliver` gives all that waits, and what comes
//! of it, to whom it is for; `deliver c` only the first packet that `c` has sent. `lose c` loses that one, `repeat c` delivers
//! it and keeps it, `delay c` puts it behind the others. `wait c` waits until `c` sends something by itself, and `wait c STATE`
//! until it is in a state. `inject c RA 1 5 +3`: a segment, as if of `c`, with these flags, numbers (counted from each end's
//! first) and so many bytes. `rto MS`, `set NAME VALUE`: how both ends behave. `open` is `s listen`, `c connect`,
//! `deliver` and `s accept`.

mod checks;

use alloc::collections::VecDeque;
use core::net::SocketAddr;
use core::time::Duration;
use std::thread;
use std::time::Instant;

use wirenut::ip::{Ipv4Header, Ipv6Header, Protocol};
use wirenut::tcp::SequenceNumber;
use wirenut::tcp::segment::{Flags, Header};
use wirenut::tcp::state::State;
use wirenut::tcp::tracker::{Anomalies, Anomaly};
use wirenut_tests::tcp::flags;

use crate::agreement::is_same;
use crate::end::End;
use crate::kernel::{Tracepoint, Transition};
use crate::namespace::Keeper;
use crate::network::{Host, Network, addresses};
use crate::watch::{Read, Watch};

/// Longer than any step waits for.
const LIMIT: Duration = Duration::from_secs(10);

/// A script, and what it is called.
pub(crate) type Script = (&'static str, &'static str);

/// Everything that scripts run on.
pub(crate) struct Stage {
    pub(crate) network: Network,
    pub(crate) tracepoint: Option<Tracepoint>,
    pub(crate) next_port: u16,
    /// What was not as it should be.
    pub(crate) differences: Vec<String>,
    /// Holds the user namespace of who is not the superuser.
    pub(crate) _superuser: Option<Keeper>,
}

struct Run<'s> {
    stage: &'s mut Stage,
    watch: Watch,
    ends: [End; 2],
    /// What is on its way, and who has sent it.
    flying: VecDeque<(Host, Vec<u8>)>,
    /// The first numbers of both ends.
    first: [u32; 2],
    anomalies: Anomalies,
    /// Those that are true of what has passed by itself, so that they need not be expected.
    true_anomalies: Anomalies,
    /// Ends of which the script has said that both differ.
    differs: [bool; 2],
    transitions: Vec<Transition>,
}

/// Runs a script over IPv4 or IPv6, and notes what is not as it should be.
pub(crate) fn run(stage: &mut Stage, (name, text): Script, is_v6: bool) {
    let port = stage.next_port;
    stage.next_port += 2;
    let address = |host: Host| SocketAddr::new(addresses(host).address(is_v6), port + u16::from(host == Host::Other));
    let [one, other] = Host::BOTH.map(address);
    stage.network.set_rto(10_000);
    if let Some(tracepoint) = &mut stage.tracepoint {
        tracepoint.take();
    }
    let mut run = Run {
        watch: Watch::new(1_000),
        ends: [End::new(one, other, true), End::new(other, one, false)],
        flying: VecDeque::new(),
        first: [0; 2],
        anomalies: Anomalies::NONE,
        true_anomalies: Anomalies::NONE,
        differs: [false; 2],
        transitions: Vec::new(),
        stage,
    };
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (step, expected) = line.split_once('>').map_or((line, None), |(step, expected)| (step, Some(expected)));
        println!("{name}: {line}");
        run.step(&step.split_whitespace().collect::<Vec<_>>());
        run.gather();
        if let Some(difference) = run.check(expected) {
            run.stage.differences.push(format!("{name}, IPv{}: {line}\n    {difference}", if is_v6 { 6 } else { 4 }));
        }
    }
    run.check_transitions(name);
    run.check_bytes(name);
}

fn host(word: &str) -> Host {
    match word {
        "c" => Host::One,
        "s" => Host::Other,
        _ => panic!("no end: {word}"),
    }
}

fn number<T: core::str::FromStr>(word: &str) -> T {
    word.parse().unwrap_or_else(|_| panic!("no number: {word}"))
}

impl Run<'_> {
    fn step(&mut self, words: &[&str]) {
        match *words {
            ["open"] => {
                for words in [&["s", "listen"][..], &["c", "connect"], &["deliver"], &["s", "accept"]] {
                    self.step(words);
                    self.gather();
                }
            }
            ["deliver"] => self.deliver_all(),
            ["deliver", from] => {
                let at = self.first_of(host(from));
                self.deliver(at);
            }
            ["lose", from] => {
                let at = self.first_of(host(from));
                self.flying.remove(at);
            }
            ["repeat", from] => {
                let packet = self.flying[self.first_of(host(from))].clone();
                self.flying.push_front(packet);
                self.deliver(0);
            }
            ["delay", from] => {
                let at = self.first_of(host(from));
                let packet = self.flying.remove(at).expect("it is there");
                self.flying.push_back(packet);
            }
            ["wait", from] => self.wait_packet(host(from)),
            ["wait", from, state] => self.wait_state(host(from), state),
            ["inject", from, flags, ref rest @ ..] => self.inject(host(from), flags, rest),
            ["rto", millis] => self.stage.network.set_rto(number(millis)),
            ["set", name, value] => self.stage.network.set(name, value),
            [who, ref action @ ..] => self.act(host(who), action),
            [] => panic!("no step"),
        }
    }

    fn act(&mut self, who: Host, action: &[&str]) {
        let namespace = self.stage.network.of(who);
        let end = &mut self.ends[who.index()];
        match *action {
            ["listen"] => end.listen(namespace, None),
            ["listen", bytes] => end.listen(namespace, Some(number(bytes))),
            ["deaf"] => end.stop_listening(),
            ["connect"] => end.connect(namespace),
            ["accept"] => assert!(end.accept(), "nothing to accept"),
            ["send", count] => {
                end.send(number(count));
            }
            ["read"] => end.receive(),
            ["shutdown"] => end.shutdown(),
            ["close"] => end.close(),
            ["abort"] => end.abort(),
            ["keepalive"] => end.keep_alive(),
            ["patience", millis] => end.give_up_after(number(millis)),
            _ => panic!("no action: {action:?}"),
        }
    }

    /// What both ends have sent goes on the link.
    fn gather(&mut self) {
        for from in Host::BOTH {
            for packet in self.stage.network.take(from) {
                let read = Read::new(&packet);
                // Of scripts before, something may still come.
                if read.source != self.ends[from.index()].address {
                    continue;
                }
                if read.is_syn {
                    self.first[from.index()] = read.sequence;
                }
                self.flying.push_back((from, packet));
            }
        }
        if let Some(tracepoint) = &mut self.stage.tracepoint {
            self.transitions.extend(tracepoint.take());
        }
    }

    fn first_of(&self, from: Host) -> usize {
        self.flying.iter().position(|(sender, _)| *sender == from).expect("it has sent something")
    }

    fn deliver_all(&mut self) {
        for _ in 0..10_000 {
            self.gather();
            if self.flying.is_empty() {
                return;
            }
            self.deliver(0);
        }
        panic!("both ends do not stop to send");
    }

    fn deliver(&mut self, at: usize) {
        let (from, packet) = self.flying.remove(at).expect("it is there");
        self.pass(from, &packet);
        self.gather();
        for host in Host::BOTH {
            let is_ahead = self.flying.iter().any(|(sender, _)| *sender == host);
            if is_ahead || self.differs[host.index()] {
                continue;
            }
            let (ours, theirs) = self.states(host);
            if !is_same(ours, theirs) {
                let passed = Read::new(&packet);
                self.stage
                    .differences
                    .push(format!("{host:?}: we say {ours:?}, the kernel {theirs:?} after {passed:?}"));
                self.differs[host.index()] = true;
            }
        }
    }

    fn pass(&mut self, from: Host, packet: &[u8]) {
        let (observed, _, seen) = self.watch.observe(packet);
        for anomaly in observed.anomalies.iter() {
            self.anomalies = self.anomalies.with(anomaly);
        }
        // What a stalled test has sent again is no part of the script.
        if let Some(anomaly) = seen.anomaly().filter(|anomaly| *anomaly == Anomaly::Retransmission) {
            self.true_anomalies = self.true_anomalies.with(anomaly);
        }
        if seen.is_same_ack {
            self.true_anomalies = self.true_anomalies.with(Anomaly::DuplicateAck);
        }
        self.stage.network.put(from.other(), packet);
    }

    fn states(&self, host: Host) -> (Option<State>, Option<State>) {
        let end = &self.ends[host.index()];
        (self.watch.state(end.address, end.peer), end.state(self.stage.network.of(host)))
    }

    fn wait_packet(&mut self, from: Host) {
        let deadline = Instant::now() + LIMIT;
        loop {
            self.gather();
            if self.flying.iter().any(|(sender, _)| *sender == from) {
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{from:?} sends nothing");
            self.stage.network.wait(from, left);
        }
    }

    fn wait_state(&self, who: Host, name: &str) {
        let deadline = Instant::now() + LIMIT;
        let end = &self.ends[who.index()];
        loop {
            let state = end.state(self.stage.network.of(who)).unwrap_or_default();
            if state.name() == name {
                return;
            }
            assert!(Instant::now() < deadline, "{who:?} stays in {state}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn inject(&mut self, from: Host, letters: &str, rest: &[&str]) {
        let [end, peer] = [from, from.other()].map(|host| self.ends[host.index()].address);
        let mut header = Header { window: 1_000, ..Header::new(end.port(), peer.port()) };
        header.flags = flags(letters);
        let (mut numbers, mut length) = (Vec::new(), 0);
        for word in rest {
            match word.strip_prefix('+') {
                Some(count) => length = number(count),
                None => numbers.push(number::<i64>(word)),
            }
        }
        let of = |host: Host, offset: Option<&i64>| {
            let offset = offset.map_or(0, |offset| *offset as u32);
            SequenceNumber::new(self.first[host.index()].wrapping_add(offset))
        };
        (header.sequence, header.acknowledgment) = (of(from, numbers.first()), of(from.other(), numbers.get(1)));
        if !header.flags.contains(Flags::ACK) {
            header.acknowledgment = SequenceNumber::new(0);
        }
        let packet = packet(&header, end, peer, &vec![b'?'; length]);
        self.pass(from, &packet);
    }
}

/// A packet with this segment.
pub(crate) fn packet(header: &Header, source: SocketAddr, destination: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let mut segment = vec![0; header.len() + payload.len()];
    let length = header.emit(source.ip(), destination.ip(), payload, &mut segment).expect("room");
    let mut packet = vec![0; 100 + length];
    let used = match (source, destination) {
        (SocketAddr::V4(source), SocketAddr::V4(destination)) => {
            let header = Ipv4Header::new(*source.ip(), *destination.ip(), Protocol::TCP, length);
            header.emit(&mut packet).expect("room")[..length].copy_from_slice(&segment);
            header.len()
        }
        (SocketAddr::V6(source), SocketAddr::V6(destination)) => {
            let header = Ipv6Header::new(*source.ip(), *destination.ip(), Protocol::TCP, length);
            header.emit(&mut packet).expect("room")[..length].copy_from_slice(&segment);
            header.len()
        }
        _ => panic!("two versions of IP"),
    };
    packet.truncate(used + length);
    packet
}
