//! Every sequence of calls agrees with a simple model of four socket pairs.

use alloc::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use wirenut::time::Duration;
use wirenut_linux::poller::{Event, Interest, Token, Waited};

use crate::Tested;

const PAIRS: usize = 4;

#[derive(Clone, Copy, Debug)]
enum Operation {
    Register(bool, bool),
    Modify(bool, bool),
    Deregister,
    /// The peer sends a byte.
    Send,
    /// Reads until "would block".
    Drain,
    /// Writes until "would block".
    Fill,
    /// The peer reads all.
    DrainPeer,
    /// The peer ends its direction.
    Shut,
    Wait,
    Fetch,
}

fn operations() -> impl Strategy<Value = Vec<(usize, Operation)>> {
    use Operation::*;
    let flags = (any::<bool>(), any::<bool>());
    let operation = prop_oneof![
        3 => flags.prop_map(|(reads, writes)| Register(reads, writes)),
        2 => flags.prop_map(|(reads, writes)| Modify(reads, writes)),
        2 => Just(Deregister),
        3 => Just(Send),
        2 => Just(Drain),
        1 => Just(Fill),
        1 => Just(DrainPeer),
        1 => Just(Shut),
        4 => Just(Wait),
        4 => Just(Fetch),
    ];
    vec((0..PAIRS, operation), 1..60)
}

pub(crate) fn agrees_with_the_model<P: Tested>() {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let run = TestRunner::new(config).run(&operations(), |operations| {
        let mut world = World::<P>::new();
        for (index, operation) in operations {
            world.step(index, operation);
        }
        Ok(())
    });
    run.unwrap();
}

/// What may be read and written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Ready {
    reads: bool,
    writes: bool,
}

const NOTHING: Ready = Ready { reads: false, writes: false };

#[derive(Debug)]
struct Pair {
    ours: UnixStream,
    peers: UnixStream,
    asked: Option<Ready>,
    has_bytes: bool,
    is_shut: bool,
    is_full: bool,
    /// Something has happened that an edge-triggered poller must tell, too.
    is_due: bool,
}

impl Pair {
    fn new() -> Self {
        let (ours, peers) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        peers.set_nonblocking(true).unwrap();
        Self { ours, peers, asked: None, has_bytes: false, is_shut: false, is_full: false, is_due: false }
    }

    /// What of that which was asked for is so.
    fn ready(&self) -> Ready {
        let asked = self.asked.unwrap_or(NOTHING);
        Ready { reads: asked.reads && (self.has_bytes || self.is_shut), writes: asked.writes && !self.is_full }
    }

    fn step(&mut self, operation: Operation) {
        let asked = self.asked.unwrap_or(NOTHING);
        match operation {
            Operation::Send => {
                let is_sent = !self.is_shut && self.peers.write(b"x").is_ok();
                self.has_bytes |= is_sent;
                self.is_due |= is_sent && asked.reads;
            }
            Operation::Drain => {
                while matches!(self.ours.read(&mut [0; 64]), Ok(1..)) {}
                self.has_bytes = false;
            }
            Operation::Fill => {
                while self.ours.write(&[0; 1 << 16]).is_ok() {}
                self.is_full = true;
            }
            Operation::DrainPeer => {
                while matches!(self.peers.read(&mut [0; 1 << 16]), Ok(1..)) {}
                self.is_due |= self.is_full && asked.writes;
                self.is_full = false;
            }
            Operation::Shut => {
                self.is_due |= asked.reads && !self.is_shut;
                self.peers.shutdown(Shutdown::Write).unwrap();
                self.is_shut = true;
            }
            Operation::Register(..)
            | Operation::Modify(..)
            | Operation::Deregister
            | Operation::Wait
            | Operation::Fetch => {}
        }
    }
}

struct World<P> {
    poller: P,
    pairs: [Pair; PAIRS],
    /// What the last wait found and was not fetched. An edge-triggered poller need not tell what is not due.
    left: BTreeMap<u64, (Ready, bool)>,
}

impl<P: Tested> World<P> {
    fn new() -> Self {
        Self { poller: P::make(), pairs: core::array::from_fn(|_| Pair::new()), left: BTreeMap::new() }
    }

    fn step(&mut self, index: usize, operation: Operation) {
        let (token, pair) = (index as u64, &mut self.pairs[index]);
        let source = pair.ours.as_fd();
        match operation {
            Operation::Register(reads, writes) => {
                let registered = self.poller.register(source, Token(token), interest(reads, writes));
                assert_eq!(registered.is_ok(), pair.asked.is_none());
                if registered.is_ok() {
                    (pair.asked, pair.is_due) = (Some(Ready { reads, writes }), true);
                }
            }
            Operation::Modify(reads, writes) => {
                let modified = self.poller.modify(source, Token(token), interest(reads, writes));
                assert_eq!(modified.is_ok(), pair.asked.is_some());
                if modified.is_ok() {
                    (pair.asked, pair.is_due) = (Some(Ready { reads, writes }), true);
                    self.left.remove(&token);
                }
            }
            Operation::Deregister => {
                let deregistered = self.poller.deregister(source, Token(token));
                assert_eq!(deregistered.is_ok(), pair.asked.take().is_some());
                self.left.remove(&token);
            }
            Operation::Wait => self.wait(),
            Operation::Fetch => {
                let event = self.poller.next_event();
                self.check(event);
            }
            Operation::Send | Operation::Drain | Operation::Fill | Operation::DrainPeer | Operation::Shut => {
                pair.step(operation);
            }
        }
    }

    fn wait(&mut self) {
        let asks = !self.left.values().any(|(_, must)| *must);
        // Whether there is one that need not be told is seen when it is fetched.
        if asks {
            while let Some(event) = self.poller.next_event() {
                self.check(Some(event));
            }
            self.left.clear();
        }
        let waited = self.poller.wait(Some(Duration::default())).unwrap();
        if asks {
            for (token, pair) in (0..).zip(&mut self.pairs) {
                let ready = pair.ready();
                let must = ready != NOTHING && (pair.is_due || !P::IS_EDGE);
                pair.is_due = false;
                if ready != NOTHING {
                    self.left.insert(token, (ready, must));
                }
            }
        }
        if self.left.values().any(|(_, must)| *must) {
            assert_eq!(waited, Waited::Ready);
        }
        if self.left.is_empty() {
            assert_eq!(waited, Waited::TimedOut);
        }
    }

    fn check(&mut self, event: Option<Event>) {
        let Some(event) = event else {
            let missed: Vec<_> = self.left.iter().filter(|(_, (_, must))| *must).collect();
            assert!(missed.is_empty(), "not told: {missed:?}");
            self.left.clear();
            return;
        };
        let told = Ready { reads: event.is_readable(), writes: event.is_writable() };
        assert_eq!(self.left.remove(&event.token.0).map(|(ready, _)| ready), Some(told), "{event:?}");
    }
}

fn interest(reads: bool, writes: bool) -> Interest {
    let flag = |is_wanted, flag| if is_wanted { flag } else { Interest::NOTHING };
    flag(reads, Interest::READABLE) | flag(writes, Interest::WRITABLE)
}
