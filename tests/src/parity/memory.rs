//! The first wire: a session and its peer in memory.

use wirenut::time::Duration;
use wirenut::transport::Disposition;
use wirenut_reference::{DEVICE_LIMITS, Reference};

use super::transcript;
use super::{Case, Close, State, Step, Transcript};
use crate::pair::{Pair, Setup};

/// What is waited for at most: less than any deadline of the peer.
const PATIENCE: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_millis(5);

type Device = Pair<Reference<wirenut_reference::MemoryDevice>>;

/// What the client of `case` gets.
///
/// # Panics
/// If what it waits for does not come, or what comes is no answer.
#[must_use]
pub fn converse(case: &Case, state: State) -> Transcript {
    let setup = Setup { limits: DEVICE_LIMITS, capacity: 2048, ..Setup::default() };
    let mut pair = Pair::new(setup, Reference { device: state.device() });
    for step in &case.steps {
        match step {
            Step::Send(bytes) => pair.send(bytes),
            Step::Await(count) => wait(&mut pair, case, |pair| case.has_answers(*count, &pair.output)),
            Step::AwaitBody(bytes) => wait(&mut pair, case, |pair| case.has_body(*bytes, &pair.output)),
            Step::End => {
                pair.put_end();
                pair.run();
            }
        }
    }
    wait(&mut pair, case, |pair| pair.session.disposition() != Disposition::Open);
    let (outcome, _) = pair.finish();
    let close = if outcome.disposition == Disposition::Abort { Close::Reset } else { Close::Ended };
    Transcript::read(&case.methods, &outcome.output, close).unwrap_or_else(|why| panic!("{}: {why}", case.name))
}

fn wait(pair: &mut Device, case: &Case, is_there: impl Fn(&Device) -> bool) {
    let end = pair.now().saturating_add(PATIENCE);
    while !is_there(pair) {
        if pair.now() >= end {
            let got = transcript::read(&case.methods, &pair.output);
            panic!("{}: in memory it did not come to what is waited for: {got:?}", case.name);
        }
        pair.pass(MOMENT);
    }
}
