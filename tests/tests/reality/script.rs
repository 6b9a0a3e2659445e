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

use crate::end::{End, of_table};
use crate::kernel::{self, Tracepoint, Transition};
use crate::namespace::Keeper;
use crate::network::{Host, Network, addresses};
use crate::watch::{Read, Watch, flag};

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

    fn inject(&mut self, from: Host, flags: &str, rest: &[&str]) {
        let [end, peer] = [from, from.other()].map(|host| self.ends[host.index()].address);
        let mut header = Header { window: 1_000, ..Header::new(end.port(), peer.port()) };
        header.flags = flags.chars().map(flag).fold(Flags::NONE, |flags, flag| flags | flag);
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

    /// The states and the anomalies since the last check against the expected ones.
    fn check(&mut self, expected: Option<&str>) -> Option<String> {
        let (states, anomalies) = expected.map_or(("", ""), |text| text.split_once(':').unwrap_or((text, "")));
        let mut shown = Vec::new();
        let mut is_right = true;
        let words: Vec<_> = states.split_whitespace().collect();
        for host in Host::BOTH {
            let (ours, theirs) = self.states(host);
            let Some(word) = words.get(host.index()) else { continue };
            is_right &= self.is_same_by_ss(host, theirs);
            let (tracker, kernel) = word.split_once('/').unwrap_or((word, word));
            self.differs[host.index()] |= tracker != kernel;
            is_right &= ours.map_or("-", State::name) == tracker;
            // Whoever only listens has no connection.
            let theirs = theirs.map_or("-", State::name);
            is_right &= theirs == kernel || (theirs == "-" && matches!(kernel, "CLOSED" | "LISTEN"));
            shown.push(format!("{}/{theirs}", ours.map_or("-", State::name)));
        }
        let mut found = self.anomalies;
        let names: Vec<_> = anomalies.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        for anomaly in self.true_anomalies.iter().filter(|anomaly| !names.contains(&anomaly.name())) {
            found = without(found, anomaly);
        }
        is_right &= names.join(", ") == found.to_string();
        (self.anomalies, self.true_anomalies) = (Anomalies::NONE, Anomalies::NONE);
        (!is_right).then(|| format!("shown: {} : {found}; ss: {:?}", shown.join(" "), self.ss()))
    }

    fn is_same_by_ss(&self, host: Host, state: Option<State>) -> bool {
        let by_ss = of_table(&kernel::ss(self.stage.network.of(host)), &self.ends[host.index()]);
        // A request in front of a listener is in one of both lists only on some kernels.
        by_ss == state || state == Some(State::SynReceived)
    }

    fn ss(&self) -> [Option<State>; 2] {
        Host::BOTH.map(|host| of_table(&kernel::ss(self.stage.network.of(host)), &self.ends[host.index()]))
    }

    /// The states that the tracker has said of each end are those that its socket went through.
    fn check_transitions(&mut self, name: &str) {
        if self.stage.tracepoint.is_none() {
            return;
        }
        for host in Host::BOTH {
            let end = &self.ends[host.index()];
            if self.differs[host.index()] {
                continue;
            }
            let is_its = |transition: &&Transition| (transition.local, transition.remote) == (end.address, end.peer);
            let theirs: Vec<_> = self.transitions.iter().filter(is_its).map(|transition| transition.to).collect();
            let ours = self.watch.visited(end.address, end.peer);
            if let Some(why) = differ(ours, &theirs, false) {
                self.stage
                    .differences
                    .push(format!("{name}, {host:?}: {why}: we say {ours:?}, the tracepoint {theirs:?}"));
            }
        }
    }

    /// The bytes that the tracker's streams have put in order are those that were sent, and those that came are among them.
    fn check_bytes(&mut self, name: &str) {
        for host in Host::BOTH {
            let (end, peer) = (&self.ends[host.index()], &self.ends[host.other().index()]);
            let bytes = self.watch.bytes(end.address, end.peer);
            let is_right = (0..end.sent).map(|place| crate::end::pattern(host == Host::One, place));
            let is_right = bytes.len() <= end.sent && is_right.zip(bytes).all(|(sent, seen)| sent == *seen);
            if !is_right || !bytes.starts_with(&peer.read) {
                self.stage
                    .differences
                    .push(format!("{name}: {} bytes of {host:?} are not those that it sent", bytes.len()));
            }
        }
    }
}

/// Whether both say the same. Whoever only listens, or has refused, has no connection.
pub(crate) fn is_same(ours: Option<State>, theirs: Option<State>) -> bool {
    ours == theirs || (theirs.is_none() && matches!(ours, None | Some(State::Closed | State::Listen)))
}

/// Of [`differ`]: we say a state that the kernel was not in, or not then.
pub(crate) const WENT_ELSEWHERE: &str = "the kernel did not go that way";

/// Why the states that we say of an end are not those that its socket went through. A socket knows neither LISTEN of a
/// connection nor TIME-WAIT: it is CLOSED then.
///
/// `is_reset`: a reset has passed, and has overtaken what its receiver has sent.
pub(crate) fn differ(ours: &[State], theirs: &[State], is_reset: bool) -> Option<&'static str> {
    let plain = |states: &[State]| {
        let states = states.iter().filter(|state| **state != State::Listen);
        let mut plain: Vec<_> =
            states.map(|state| if *state == State::TimeWait { State::Closed } else { *state }).collect();
        plain.dedup();
        plain
    };
    let (mut ours, theirs) = (plain(ours), plain(theirs));
    // Of SYNs that cross, the second one is not known yet when the first one arrives.
    let has_opened =
        theirs.starts_with(&[State::SynSent, State::SynReceived]) && ours.first() == Some(&State::SynReceived);
    let theirs = if has_opened { &theirs[1..] } else { &theirs[..] };
    // The same of FINs: its receiver has sent its own before it came.
    let crosses = |pair: &[State]| pair == [State::CloseWait, State::Closing];
    if let Some(at) = ours.windows(2).position(crosses) {
        ours[at] = State::FinWait1;
        ours.dedup();
    }
    // A request that came to nothing was no socket yet.
    if theirs.first() != Some(&State::SynReceived) && ours.first() == Some(&State::SynReceived) && theirs.is_empty() {
        ours.clear();
    }
    // Who refuses has no socket.
    if theirs.is_empty() && ours == [State::Closed] {
        ours.clear();
    }
    let mut left = theirs.iter().peekable();
    for state in &ours {
        loop {
            match left.next() {
                Some(next) if next == state => break,
                // One segment with FIN and ACK goes through two states.
                Some(State::FinWait2) if *state == State::Closed => {}
                Some(next) if is_reset && *state == State::Closed && next.has_ended() => {}
                _ => return Some(WENT_ELSEWHERE),
            }
        }
    }
    left.next().map(|_| "the kernel went further")
}

fn without(anomalies: Anomalies, one: Anomaly) -> Anomalies {
    anomalies.iter().filter(|anomaly| *anomaly != one).fold(Anomalies::NONE, Anomalies::with)
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
