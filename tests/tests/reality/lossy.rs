//! Many connections at once over a link that loses, doubles and delays, by a seed for each.
//!
//! The tracker stands where the link ends, so it sees what arrives. At each step the states that it has said of an end are
//! those that the kernel's socket went through; in the end both are the same, the bytes are those that were sent, and no
//! anomaly was said that did not happen.

mod checks;

use alloc::collections::BTreeMap;
use core::net::SocketAddr;
use core::ops::Range;
use core::time::Duration;
use std::time::Instant;

use wirenut::tcp::state::State;
use wirenut_tests::dice::Dice;

use crate::end::{End, of_table};
use crate::kernel;
use crate::network::{Host, addresses};
use crate::script::Stage;
use crate::watch::{Read, Watch};
use checks::{check_end, check_way, untrue};

/// How long all connections may take.
const LIMIT: Duration = Duration::from_secs(40);
const AT_A_TIME: usize = 40;
/// From then on the link is a good one, so that all come to an end.
const BAD: Duration = Duration::from_secs(4);

/// How bad a link is: out of 100 packets, so many are lost, doubled, and late.
#[derive(Clone, Copy, Debug)]
struct Link {
    lost: u64,
    doubled: u64,
    late: u64,
}

const LINKS: [Link; 4] = [
    Link { lost: 0, doubled: 0, late: 0 },
    Link { lost: 10, doubled: 0, late: 0 },
    Link { lost: 0, doubled: 20, late: 30 },
    Link { lost: 15, doubled: 15, late: 15 },
];

/// What the user of an end does.
#[derive(Clone, Copy, Debug)]
struct Program {
    sends: usize,
    /// Ends its direction only once the other one has.
    waits: bool,
    /// Breaks the connection off after so many bytes.
    aborts_after: Option<usize>,
    has_shut_down: bool,
}

struct Connection {
    seed: u64,
    link: Link,
    dice: Dice,
    ends: [End; 2],
    programs: [Program; 2],
    /// What the tracepoint has said.
    theirs: [Vec<State>; 2],
    has_opened: [bool; 2],
    /// Who has broken the connection off is CLOSED, and nobody knows until the reset passes.
    has_aborted: [bool; 2],
    has_given_up: [bool; 2],
    /// Why a challenge ACK may come.
    is_challenged: bool,
    is_reset: bool,
    /// A reset with an older number than its receiver expects may have been taken to count: it counts from what was
    /// acknowledged on, for nobody knows what has arrived.
    is_reset_early: bool,
    /// A FIN has come behind more than one gap, of which the tracker keeps one: it counts when it is acknowledged.
    is_fin_unsure: bool,
    /// A SYN, or its answer, that has come late, behind the end, has begun another connection: nobody can tell that it is none.
    has_begun_anew: bool,
    /// Was a FIN of this end lost, or late, or did it wait behind data until the other one had come?
    is_fin_late: [bool; 2],
    has_got_fin: [bool; 2],
    log: Vec<String>,
}

impl Connection {
    fn new(seed: u64, port: u16, is_v6: bool) -> Self {
        let mut dice = Dice::new(seed);
        let [one, other] =
            [0, 1].map(|at: u16| SocketAddr::new(addresses(Host::BOTH[usize::from(at)]).address(is_v6), port + at));
        let mut program = || Program {
            sends: usize::try_from(dice.below(20_000)).expect("small"),
            waits: dice.below(3) == 0,
            aborts_after: (dice.below(8) == 0).then(|| usize::try_from(dice.below(10_000)).expect("small")),
            has_shut_down: false,
        };
        let programs = [program(), Program { waits: false, ..program() }];
        let link = LINKS[usize::try_from(seed % 4).expect("small")];
        Self {
            seed,
            link,
            dice,
            ends: [End::new(one, other, true), End::new(other, one, false)],
            programs,
            theirs: [Vec::new(), Vec::new()],
            has_opened: [false; 2],
            has_aborted: [false; 2],
            has_given_up: [false; 2],
            is_challenged: false,
            is_reset: false,
            is_reset_early: false,
            is_fin_unsure: false,
            has_begun_anew: false,
            is_fin_late: [false; 2],
            has_got_fin: [false; 2],
            log: Vec::new(),
        }
    }

    fn open(&mut self, stage: &Stage) {
        let [one, other] = &mut self.ends;
        if self.dice.below(8) == 0 {
            other.connect(stage.network.of(Host::Other));
        } else {
            other.listen(stage.network.of(Host::Other), None);
        }
        one.connect(stage.network.of(Host::One));
    }

    /// What both users do now. `is_late`: who still waits for a peer that has broken the connection off gives up, for of a
    /// reset that is lost nobody tells an end that has nothing to send.
    fn act(&mut self, is_late: bool) {
        for (at, (end, program)) in self.ends.iter_mut().zip(&mut self.programs).enumerate() {
            if !end.is_held() && (self.has_opened[at] || !end.accept_if_any()) {
                continue;
            }
            if end.stream().is_none() {
                continue;
            }
            self.has_opened[at] = true;
            if program.aborts_after.is_some_and(|count| end.sent >= count) {
                self.log.push(format!("{at} aborts"));
                self.has_aborted[at] = true;
                end.abort();
                continue;
            }
            if end.sent < program.sends && self.dice.below(3) == 0 {
                let count = 1 + usize::try_from(self.dice.below(3_000)).expect("small");
                end.send(count.min(program.sends - end.sent));
            }
            end.receive();
            let has_sent = end.sent == program.sends && (!program.waits || end.has_read_end);
            if has_sent && !program.has_shut_down && !end.has_failed {
                program.has_shut_down = end.shut_down();
                self.log.push(format!("{at} shuts down"));
            }
            self.has_given_up[at] |= is_late && end.is_held() && self.has_aborted[1 - at];
            if end.has_failed || self.has_given_up[at] || (program.has_shut_down && end.has_read_end) {
                self.log.push(format!("{at} closes"));
                end.close();
            }
        }
    }

    fn fail(&self, why: &str, watch: &Watch) -> String {
        let [one, other] = &self.ends;
        format!(
            "seed {}, {:?}: {why}\n    we say {:?} and {:?},\n    the kernel {:?}\n    {}",
            self.seed,
            self.link,
            watch.visited(one.address, other.address),
            watch.visited(other.address, one.address),
            self.theirs,
            self.log.join("\n    ")
        )
    }
}

/// One packet on its way, by when it arrives and a number.
type Flying = BTreeMap<(Instant, u64), (Host, usize, Vec<u8>)>;

/// All connections with these seeds, to their ends; so many at a time.
pub(crate) fn run(stage: &mut Stage, seeds: Range<u64>, is_v6: bool) {
    stage.network.set_rto(50);
    for first in seeds.clone().step_by(AT_A_TIME) {
        let end = seeds.end.min(first + u64::try_from(AT_A_TIME).expect("small"));
        run_some(stage, first..end, is_v6);
    }
}

fn run_some(stage: &mut Stage, seeds: Range<u64>, is_v6: bool) {
    stage.network.set("tcp_fin_timeout", "1");
    // By their time stamps kernels leave out segments that others have overtaken. Without them, all that is acceptable counts.
    stage.network.set("tcp_timestamps", if is_v6 { "0" } else { "1" });
    let first_port = stage.next_port;
    let count = u16::try_from(seeds.end - seeds.start).expect("ports for all");
    stage.next_port += 2 * count;
    let mut connections: Vec<_> =
        seeds.zip(0..).map(|(seed, number)| Connection::new(seed, first_port + 2 * number, is_v6)).collect();
    let mut watch = Watch::new(1_000);
    connections.iter_mut().for_each(|connection| connection.open(stage));
    let (begun, mut number, mut flying) = (Instant::now(), 0, Flying::new());
    let mut is_over = false;
    while !is_over {
        let now = Instant::now();
        if now > begun + LIMIT {
            let left = connections.iter().filter(|connection| connection.ends.iter().any(End::is_held));
            let left: Vec<_> = left.map(|connection| connection.fail("does not end", &watch)).collect();
            panic!("{}", left.join("\n"));
        }
        let (is_bad, is_late) = (now < begun + BAD, now > begun + 2 * BAD);
        connections.iter_mut().for_each(|connection| connection.act(is_late));
        take(stage, &mut connections, &mut flying, &mut number, first_port, is_bad);
        while let Some(entry) = flying.first_entry().filter(|entry| entry.key().0 <= now) {
            let (from, at, packet) = entry.remove();
            deliver(stage, &mut connections[at], &mut watch, from, &packet);
            note_transitions(stage, &mut connections, first_port);
            if stage.tracepoint.is_some() {
                check_way(&connections[at], &watch);
            }
            take(stage, &mut connections, &mut flying, &mut number, first_port, is_bad);
        }
        let is_quiet =
            flying.is_empty() && !connections.iter().any(|connection| connection.ends.iter().any(End::is_held));
        is_over = is_quiet && are_closed(stage, &connections);
        if flying.is_empty() {
            stage.network.wait(Host::One, Duration::from_millis(1));
        }
    }
    note_transitions(stage, &mut connections, first_port);
    let tables = Host::BOTH.map(|host| kernel::table(stage.network.of(host)));
    for connection in &connections {
        check_end(connection, &watch, &tables, stage.tracepoint.is_some());
    }
}

/// Is each connection in both tables over, or in TIME-WAIT, or was it never accepted?
fn are_closed(stage: &Stage, connections: &[Connection]) -> bool {
    let tables = Host::BOTH.map(|host| kernel::table(stage.network.of(host)));
    let is_over = |state| matches!(state, None | Some(State::TimeWait));
    connections
        .iter()
        .flat_map(|connection| connection.ends.iter().zip(&tables))
        .all(|(end, rows)| is_over(of_table(rows, end)))
}

/// What both hosts have sent goes on the link, or is lost there.
fn take(
    stage: &mut Stage,
    connections: &mut [Connection],
    flying: &mut Flying,
    number: &mut u64,
    first_port: u16,
    is_bad: bool,
) {
    for from in Host::BOTH {
        for packet in stage.network.take(from) {
            let read = Read::new(&packet);
            let Some(at) = read.source.port().checked_sub(first_port).map(|distance| usize::from(distance / 2)) else {
                continue;
            };
            let Some(connection) = connections.get_mut(at) else { continue };
            let link = if is_bad { connection.link } else { LINKS[0] };
            let dice = &mut connection.dice;
            let copies = if dice.below(100) < link.lost { 0 } else { 1 + u64::from(dice.below(100) < link.doubled) };
            connection.is_fin_late[from.index()] |=
                read.is_fin && (copies == 0 || connection.has_got_fin[from.index()]);
            for _ in 0..copies {
                let is_late = dice.below(100) < link.late;
                let delay = if is_late { dice.below(60) } else { 1 };
                connection.is_fin_late[from.index()] |= read.is_fin && is_late;
                *number += 1;
                flying.insert((Instant::now() + Duration::from_millis(delay), *number), (from, at, packet.clone()));
            }
        }
    }
}

fn deliver(stage: &mut Stage, connection: &mut Connection, watch: &mut Watch, from: Host, packet: &[u8]) {
    let (observed, read, seen) = watch.observe(packet);
    connection.log.push(format!(
        "{from:?}: {}{}{} {}+{} ack {:?} w {} t {:?}: {}{}, {} {}",
        if read.is_syn { "S" } else { "" },
        if read.is_fin { "F" } else { "" },
        if read.is_rst { "R" } else { "" },
        read.sequence,
        read.length,
        read.acknowledgment,
        read.window,
        read.timestamp,
        observed.anomalies,
        if observed.is_new { " (new)" } else { "" },
        observed.states.client,
        observed.states.server,
    ));
    connection.has_begun_anew |= observed.is_new && !watch.is_first(&read);
    if !connection.has_begun_anew
        && let Some(why) = untrue(connection, &observed, &read, seen)
    {
        panic!("{}", connection.fail(&why, watch));
    }
    connection.is_reset |= read.is_rst;
    connection.is_reset_early |= read.is_rst && !seen.is_exact;
    connection.has_got_fin[from.other().index()] |= read.is_fin;
    connection.is_fin_unsure |= seen.is_unsure && connection.has_got_fin[from.other().index()];
    stage.network.put(from.other(), packet);
}

fn note_transitions(stage: &mut Stage, connections: &mut [Connection], first_port: u16) {
    let Some(tracepoint) = &mut stage.tracepoint else { return };
    for transition in tracepoint.take() {
        for host in Host::BOTH {
            let at = transition.local.port().checked_sub(first_port).map(|distance| usize::from(distance / 2));
            let Some(connection) = at.and_then(|at| connections.get_mut(at)) else { continue };
            let end = &connection.ends[host.index()];
            if (transition.local, transition.remote) == (end.address, end.peer) {
                connection.theirs[host.index()].push(transition.to);
                connection.log.push(format!("{host:?} is in {}", transition.to));
            }
        }
    }
}
