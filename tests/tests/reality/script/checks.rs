//! What is compared after a step, and after the whole script.

use wirenut::tcp::state::State;
use wirenut::tcp::tracker::{Anomalies, Anomaly};

use super::Run;
use crate::agreement::differ;
use crate::end::{of_table, pattern};
use crate::kernel::{self, Transition};
use crate::network::Host;

impl Run<'_> {
    /// The states and the anomalies since the last check against the expected ones.
    pub(super) fn check(&mut self, expected: Option<&str>) -> Option<String> {
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
    pub(super) fn check_transitions(&mut self, name: &str) {
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
    pub(super) fn check_bytes(&mut self, name: &str) {
        for host in Host::BOTH {
            let (end, peer) = (&self.ends[host.index()], &self.ends[host.other().index()]);
            let bytes = self.watch.bytes(end.address, end.peer);
            let is_right = (0..end.sent).map(|place| pattern(host == Host::One, place));
            let is_right = bytes.len() <= end.sent && is_right.zip(bytes).all(|(sent, seen)| sent == *seen);
            if !is_right || !bytes.starts_with(&peer.read) {
                self.stage
                    .differences
                    .push(format!("{name}: {} bytes of {host:?} are not those that it sent", bytes.len()));
            }
        }
    }
}

fn without(anomalies: Anomalies, one: Anomaly) -> Anomalies {
    anomalies.iter().filter(|anomaly| *anomaly != one).fold(Anomalies::NONE, Anomalies::with)
}
