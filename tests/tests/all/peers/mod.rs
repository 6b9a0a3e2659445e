//! What others read in the same bytes: hyper, h11 and node, as servers and as clients.
//!
//! Each stream is read by us and by a peer. Where the two readings part, the reason must be in the tables of
//! [`explained`]; and each reason there must be needed, so that the tables stay true.
//!
//! `WIRENUT_SEED` and `WIRENUT_COUNT` make it another run, in which not every reason is needed.

mod explained;
mod generate;
mod hyper;
mod ours;
mod program;
mod reading;

use alloc::collections::{BTreeMap, BTreeSet};
use std::env;

use wirenut::http::{Method, Rule};

use explained::{EXPLANATIONS, Explanation, Parting, Peer};
use generate::Role;
use program::Program;
use reading::Reading;

const SEED: u64 = 1;
const COUNT: u64 = 20_000;

#[test]
fn hyper_reads_the_same() {
    let mut run = Run::new(Peer::Hyper);
    run.compare(Role::Requests, ours::requests, hyper::requests);
    run.compare(Role::Response, response, |stream| hyper::response(method(stream).as_bytes(), stream));
    run.finish();
}

#[test]
#[ignore = "needs python3 with h11: `.ci/run peers` brings it along"]
fn h11_reads_the_same() {
    program_reads_the_same(Peer::H11, &mut Program::start("python3", "h11_peer.py"));
}

#[test]
#[ignore = "needs node: `.ci/run peers` brings it along"]
fn node_reads_the_same() {
    program_reads_the_same(Peer::Node, &mut Program::start("node", "node_peer.js"));
}

fn program_reads_the_same(peer: Peer, program: &mut Program) {
    let mut run = Run::new(peer);
    run.compare(Role::Requests, ours::requests, |stream| program.read("requests", stream));
    let kind = |stream: &[u8]| if method(stream) == Method::Head { "response to HEAD" } else { "response to GET" };
    run.compare(Role::Response, response, |stream| program.read(kind(stream), stream));
    run.finish();
}

fn response(stream: &[u8]) -> Reading<Rule> {
    ours::response(method(stream), stream)
}

/// What a response answers: some answer HEAD.
fn method(stream: &[u8]) -> Method<'static> {
    if stream.len().is_multiple_of(8) { Method::Head } else { Method::Get }
}

/// Streams that a peer and we have read.
struct Run {
    peer: Peer,
    seed: Option<u64>,
    count: Option<u64>,
    /// How many streams both read to their end, with a whole message in them.
    accepted: usize,
    /// Which of [`EXPLANATIONS`] were needed.
    needed: BTreeSet<usize>,
    /// How often readings part in ways that nobody explains, and the shortest example of each.
    unexplained: BTreeMap<String, (usize, Vec<u8>, String)>,
}

impl Run {
    fn new(peer: Peer) -> Self {
        let number = |name| {
            env::var(name).ok().map(|number| number.parse().unwrap_or_else(|_| panic!("{name} is not a number")))
        };
        let (seed, count) = (number("WIRENUT_SEED"), number("WIRENUT_COUNT"));
        Self { peer, seed, count, accepted: 0, needed: BTreeSet::new(), unexplained: BTreeMap::new() }
    }

    /// Has both read all streams, and notes where they part.
    fn compare(
        &mut self,
        role: Role,
        read: impl Fn(&[u8]) -> Reading<Rule>,
        mut have_read: impl FnMut(&[u8]) -> Reading<String>,
    ) {
        for stream in generate::streams(role, self.seed.unwrap_or(SEED), self.count.unwrap_or(COUNT)) {
            let (ours, theirs) = (read(&stream), have_read(&stream));
            let Some((at, difference)) = reading::compare(&ours, &theirs) else {
                self.accepted += usize::from(ours.refused.is_none() && !ours.steps.is_empty());
                continue;
            };
            let parting = Parting { stream: &stream, ours: &ours, theirs: &theirs, at, difference: &difference };
            let explains = |known: &Explanation| known.peers.contains(&self.peer) && known.explains(&parting);
            if let Some(known) = EXPLANATIONS.iter().position(explains) {
                self.needed.insert(known);
                continue;
            }
            let text = format!("ours   {ours:?}\n  theirs {theirs:?}");
            let entry = self.unexplained.entry(format!("{difference:?}")).or_insert((0, stream.clone(), text.clone()));
            entry.0 += 1;
            if stream.len() < entry.1.len() {
                (entry.1, entry.2) = (stream, text);
            }
        }
    }

    /// # Panics
    /// If the readings part where nobody knows why; or, in the fixed run, if a reason is not needed, or hardly anything
    /// was accepted.
    fn finish(self) {
        let Self { peer, accepted, needed, unexplained, .. } = self;
        println!("{peer:?}: {accepted} streams accepted by both, {} kinds of differences", needed.len());
        let texts: Vec<_> = unexplained
            .iter()
            .map(|(kind, (count, stream, text))| format!("{count} × {kind}\n  {}\n  {text}", stream.escape_ascii()))
            .collect();
        assert!(texts.is_empty(), "{peer:?} parts from us:\n{}", texts.join("\n"));
        if self.seed.is_none() && self.count.is_none() {
            let is_idle = |(nth, known): &(usize, &Explanation)| known.peers.contains(&peer) && !needed.contains(nth);
            let idle = EXPLANATIONS.iter().enumerate().filter(is_idle).map(|(_, known)| (known.kind, known.why));
            let idle: Vec<_> = idle.collect();
            assert!(idle.is_empty(), "{peer:?} does not need {idle:#?}");
            assert!(accepted > 10_000, "{accepted} streams were accepted by both");
        }
    }
}
