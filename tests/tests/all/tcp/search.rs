//! Two ends over a link that loses, duplicates, reorders and delays: all that can come of it.
//!
//! Each search goes on until it finds nothing new, so its depth has no bound but what the users do and how many segments
//! are on their way at once: two in each direction at most. A segment that does not fit is lost, which a link may do anyway.

use alloc::collections::BTreeSet;
use core::mem;
use std::collections::HashMap;

use wirenut::tcp::state::{Call, RecvResult, State, TimeOut};
use wirenut_tests::tcp::{Action, PEERS, Pair, Program};

use State::{Closed, FinWait2, Listen, SynReceived, TimeWait};

/// More than any of the searches finds: one that finds no end fails.
const MOST: usize = 100_000;

const SERVER: Program =
    Program { passive_opens: 1, active_opens: 0, sends: 0, may_send_to: false, aborts: 0, crashes: 0 };
const CLIENT: Program = Program { passive_opens: 0, active_opens: 1, ..SERVER };

/// All that was reached, and the steps back that need neither a hostile link nor a whim of a user.
struct Explored<const CAPACITY: usize> {
    pairs: Vec<Pair<CAPACITY>>,
    steps_back: Vec<Vec<usize>>,
    /// From which pair, by which action, each was reached first.
    origins: Vec<Option<(usize, Action)>>,
}

/// What happens in the end, once the link delivers: segments come, times pass, and users close.
fn is_fair(action: Action) -> bool {
    match action {
        Action::Deliver(..) | Action::TimeOut(..) | Action::Call(_, Call::Close) => true,
        Action::Duplicate(..) | Action::Lose(..) | Action::Call(..) | Action::Crash(_) => false,
    }
}

/// All that two users can do and the link between them, and what `also` allows.
fn explore<const CAPACITY: usize>(
    programs: [Program; 2],
    also: impl Fn(&Pair<CAPACITY>) -> Vec<Action>,
) -> Explored<CAPACITY> {
    let start = Pair::new(programs);
    let mut numbers = HashMap::from([(start, 0)]);
    let mut explored = Explored { pairs: vec![start], steps_back: vec![Vec::new()], origins: vec![None] };
    let mut next = 0;
    while let Some(pair) = explored.pairs.get(next).copied() {
        for action in pair.actions(true).into_iter().chain(also(&pair)) {
            let mut after = pair;
            after.step(action);
            let number = *numbers.entry(after).or_insert_with_key(|after| {
                explored.pairs.push(*after);
                explored.steps_back.push(Vec::new());
                explored.origins.push(Some((next, action)));
                explored.pairs.len() - 1
            });
            if is_fair(action) {
                explored.steps_back[number].push(next);
            }
        }
        next += 1;
        assert!(next <= MOST, "more than {MOST} pairs, the last:\n{}", explored.way_to(next - 1));
    }
    explored
}

impl<const CAPACITY: usize> Explored<CAPACITY> {
    /// The pairs from which, also once the link delivers, both do not get to CLOSED.
    fn stuck(&self) -> Vec<usize> {
        let mut finishes = vec![false; self.pairs.len()];
        let is_over = |number: &usize| self.pairs[*number].states() == (Closed, Closed);
        let mut left: Vec<usize> = (0..self.pairs.len()).filter(is_over).collect();
        while let Some(number) = left.pop() {
            if !mem::replace(&mut finishes[number], true) {
                left.extend(&self.steps_back[number]);
            }
        }
        (0..self.pairs.len()).filter(|&number| !finishes[number]).collect()
    }

    /// How a pair is reached, in the fewest steps: each pair, and what happened to it.
    fn way_to(&self, mut number: usize) -> String {
        let mut steps = vec![format!("{:?}", self.pairs[number])];
        while let Some((before, action)) = self.origins[number] {
            steps.push(format!("{:?}\n{action:?}", self.pairs[before]));
            number = before;
        }
        steps.reverse();
        steps.join("\n")
    }

    fn all_finish(&self) {
        if let Some(&number) = self.stuck().first() {
            panic!("both ends do not finish from here:\n{}", self.way_to(number));
        }
    }

    /// What users see is what their peers did, where there is one connection only.
    fn data_is_whole(&self) {
        for (number, pair) in self.pairs.iter().enumerate() {
            for (end, peer) in [(0, 1), (1, 0)].map(|(one, other)| (&pair.ends[one], &pair.ends[other])) {
                let sees_end = end.state() != Closed && end.connection().recv(false) == RecvResult::End;
                // A peer that is CLOSED has forgotten.
                let is_whole = !sees_end || peer.state() == Closed || end.received == peer.sent;
                let has_no_more = peer.state() == Closed || end.received <= peer.sent;
                assert!(sees_end <= end.has_seen_end && is_whole && has_no_more, "{}", self.way_to(number));
            }
        }
    }

    fn states(&self) -> impl Iterator<Item = (State, State)> {
        self.pairs.iter().map(Pair::states)
    }
}

fn nothing_else<const CAPACITY: usize>(_: &Pair<CAPACITY>) -> Vec<Action> {
    Vec::new()
}

#[test]
fn without_failures_both_finish_and_are_only_in_pairs_of_states_that_may_be() {
    let allowed: BTreeSet<_> = PEERS.iter().flat_map(|(one, all)| all.iter().map(|other| (*one, *other))).collect();
    assert!(allowed.iter().all(|&(one, other)| allowed.contains(&(other, one))), "a pair has two sides");
    let mut reached = BTreeSet::new();
    let talker = Program { sends: 1, ..CLIENT };
    let answerer = Program { sends: 1, ..SERVER };
    // Besides a client and a server: a simultaneous open, and ends that both listen until one of them becomes active.
    reached.extend(pairs_without_failures::<2>([CLIENT, SERVER], &allowed));
    reached.extend(pairs_without_failures::<2>([talker, SERVER], &allowed));
    reached.extend(pairs_without_failures::<1>([talker, answerer], &allowed));
    reached.extend(pairs_without_failures::<2>([CLIENT, CLIENT], &allowed));
    reached.extend(pairs_without_failures::<1>([talker, talker], &allowed));
    reached.extend(pairs_without_failures::<1>([Program { may_send_to: true, ..answerer }, answerer], &allowed));
    reached.extend(pairs_without_failures::<2>([Program { active_opens: 1, ..SERVER }, SERVER], &allowed));
    assert_eq!(reached, allowed, "a pair is allowed that cannot be");
}

fn pairs_without_failures<const CAPACITY: usize>(
    programs: [Program; 2],
    allowed: &BTreeSet<(State, State)>,
) -> BTreeSet<(State, State)> {
    let explored = explore::<CAPACITY>(programs, nothing_else);
    explored.all_finish();
    explored.data_is_whole();
    for (number, (one, other)) in explored.states().enumerate() {
        assert!(allowed.contains(&(one, other)), "{one} and {other}:\n{}", explored.way_to(number));
    }
    explored.states().flat_map(|(one, other)| [(one, other), (other, one)]).collect()
}

/// The time that systems give to FIN-WAIT-2, which RFC 9293 leaves to the user.
fn fin_wait_2_ends<const CAPACITY: usize>(pair: &Pair<CAPACITY>) -> Vec<Action> {
    let waits = |number: &usize| pair.ends[*number].state() == FinWait2;
    [0, 1].into_iter().filter(waits).map(|number| Action::TimeOut(number, TimeOut::User)).collect()
}

/// With users that abort and machines that crash, one state waits for ever by the RFC alone: nobody tells FIN-WAIT-2,
/// which has nothing to send, that its peer is gone.
fn only_fin_wait_2_needs_a_time<const CAPACITY: usize>(programs: [Program; 2]) {
    let explored = explore::<CAPACITY>(programs, nothing_else);
    let stuck = explored.stuck();
    assert!(!stuck.is_empty(), "FIN-WAIT-2 ends by itself");
    for number in stuck {
        let (one, other) = explored.pairs[number].states();
        let is_known = matches!((one, other), (FinWait2, Closed | Listen) | (Closed | Listen, FinWait2));
        assert!(is_known, "{one} and {other} do not finish:\n{}", explored.way_to(number));
    }
    explore::<CAPACITY>(programs, fin_wait_2_ends).all_finish();
}

#[test]
fn with_aborts_only_fin_wait_2_needs_a_time() {
    let (client, server) = (Program { aborts: 1, ..CLIENT }, Program { aborts: 1, ..SERVER });
    only_fin_wait_2_needs_a_time::<2>([client, server]);
    only_fin_wait_2_needs_a_time::<1>([Program { sends: 1, ..client }, Program { sends: 1, ..server }]);
    only_fin_wait_2_needs_a_time::<1>([client, client]);
}

#[test]
fn with_crashes_only_fin_wait_2_needs_a_time() {
    let server = Program { sends: 1, passive_opens: 2, crashes: 1, ..SERVER };
    only_fin_wait_2_needs_a_time::<1>([Program { sends: 1, ..CLIENT }, server]);
    let client = Program { active_opens: 2, crashes: 1, ..CLIENT };
    only_fin_wait_2_needs_a_time::<1>([client, SERVER]);
}

#[test]
fn a_new_syn_opens_out_of_time_wait() {
    let (client, server) = (Program { active_opens: 2, ..CLIENT }, Program { passive_opens: 2, ..SERVER });
    let explored = explore::<1>([client, server], nothing_else);
    explored.all_finish();
    let is_reuse = |(number, action): &(usize, Action)| {
        matches!(action, Action::Deliver(0, _)) && explored.pairs[*number].ends[1].state() == TimeWait
    };
    let reused = explored
        .origins
        .iter()
        .zip(&explored.pairs)
        .filter(|(origin, pair)| origin.as_ref().is_some_and(is_reuse) && pair.ends[1].state() == SynReceived);
    assert!(reused.count() > 0, "nobody opened out of TIME-WAIT");
}
