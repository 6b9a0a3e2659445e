//! Who is being checked, and who waits for that.

use alloc::sync::Arc;
use core::net::IpAddr;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::serve::network::network;

/// How many requests wait at most for a check to begin or to end. Those beyond are told to come again.
const MOST_WAITING: usize = 256;

/// The same of one client: others have room beside it. A browser has six connections.
const MOST_OF_ONE: usize = 32;

/// How long a client is not checked again after a wrong password: whoever guesses has two guesses a second.
const PAUSE: Duration = Duration::from_millis(500);

/// From how many clients on those are forgotten that do nothing.
const MANY: usize = 1024;

/// Whose turn it is. A client has one check at a time, whatever connections it has: so one that guesses takes one thread at
/// most, and learns no more by many connections than by one.
#[derive(Default)]
pub(super) struct Line(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: usize,
    clients: HashMap<IpAddr, Client>,
}

#[derive(Default)]
struct Client {
    waiting: usize,
    is_checked: bool,
    /// After a wrong password.
    not_before: Option<Instant>,
}

impl Line {
    /// A place in the line. `None`: it is too long.
    pub(super) fn wait(self: &Arc<Self>, peer: Option<IpAddr>) -> Option<Place> {
        let mut state = self.state();
        let network = network(peer);
        if state.waiting >= MOST_WAITING {
            return None;
        }
        if let Some(network) = network {
            let client = state.clients.entry(network).or_default();
            if client.waiting >= MOST_OF_ONE {
                return None;
            }
            client.waiting += 1;
        }
        state.waiting += 1;
        Some(Place { line: Arc::clone(self), network })
    }

    /// Begins a check for a client at this address. `None`: one is running already, or one has failed just now. For those that
    /// are on this machine, or have no address, any number: a proxy stands for many.
    pub(super) fn begin(self: &Arc<Self>, peer: Option<IpAddr>, now: Instant) -> Option<Turn> {
        let network = network(peer);
        if let Some(network) = network {
            let mut state = self.state();
            let client = state.clients.entry(network).or_default();
            if client.is_checked || client.not_before.is_some_and(|then| now < then) {
                return None;
            }
            client.is_checked = true;
            if state.clients.len() > MANY {
                let is_busy = |client: &mut Client| {
                    client.waiting > 0 || client.is_checked || client.not_before.is_some_and(|then| now < then)
                };
                state.clients.retain(|_, client| is_busy(client));
            }
        }
        Some(Turn { line: Arc::clone(self), network })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the line, which is given back when it is dropped.
pub(super) struct Place {
    line: Arc<Line>,
    network: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.line.state();
        state.waiting -= 1;
        if let Some(client) = self.network.and_then(|network| state.clients.get_mut(&network)) {
            client.waiting -= 1;
        }
    }
}

/// A check that is running, until it is dropped.
pub(super) struct Turn {
    line: Arc<Line>,
    network: Option<IpAddr>,
}

impl Turn {
    /// The password was wrong.
    pub(super) fn fail(self, now: Instant) {
        let mut state = self.line.state();
        if let Some(client) = self.network.and_then(|network| state.clients.get_mut(&network)) {
            client.not_before = now.checked_add(PAUSE);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.line.state();
        if let Some(client) = self.network.and_then(|network| state.clients.get_mut(&network)) {
            client.is_checked = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_one_check_at_a_time() {
        let (line, now) = (Arc::new(Line::default()), Instant::now());
        let begin = |address: &str| line.begin(Some(address.parse().unwrap()), now);
        let running = begin("192.0.2.1");
        assert!(running.is_some() && begin("192.0.2.1").is_none() && begin("::ffff:192.0.2.1").is_none());
        assert!(begin("192.0.2.2").is_some());
        drop(running);
        assert!(begin("192.0.2.1").is_some());
        let _running = begin("2001:db8:1:2::1");
        assert!(begin("2001:db8:1:2:ffff::2").is_none() && begin("2001:db8:1:3::1").is_some());
        let local = [begin("127.0.0.1"), begin("127.0.0.1"), begin("::1"), begin("::1"), line.begin(None, now)];
        assert!(local.iter().all(Option::is_some));
    }

    #[test]
    fn a_wrong_password_costs_time() {
        let (line, now) = (Arc::new(Line::default()), Instant::now());
        let begin =
            |address: &str, later| line.begin(Some(address.parse().unwrap()), now + Duration::from_millis(later));
        begin("192.0.2.1", 0).unwrap().fail(now);
        assert!(begin("192.0.2.1", 499).is_none() && begin("192.0.2.2", 0).is_some());
        assert!(begin("192.0.2.1", 500).is_some());
        begin("127.0.0.1", 0).unwrap().fail(now);
        assert!(begin("127.0.0.1", 0).is_some());
    }

    #[test]
    fn the_line_is_bounded() {
        let line = Arc::new(Line::default());
        let wait = |number: u8| line.wait(Some(IpAddr::from([192, 0, 2, number])));
        let mut places: Vec<_> = (0..MOST_OF_ONE).map(|_| wait(1).unwrap()).collect();
        assert!(wait(1).is_none(), "of one client");
        places.pop();
        assert!(wait(1).is_some());
        while let Some(place) = line.wait(None) {
            places.push(place);
        }
        assert_eq!(places.len(), MOST_WAITING);
        assert!(wait(2).is_none());
        places.clear();
        assert!(wait(2).is_some());
    }

    #[test]
    fn clients_are_forgotten() {
        let (line, now) = (Arc::new(Line::default()), Instant::now());
        let waiting = line.wait(Some(IpAddr::from([192, 0, 2, 1])));
        for number in 0..2 * MANY as u32 {
            line.begin(Some(IpAddr::from((0x0a00_0000 + number).to_be_bytes())), now).unwrap().fail(now);
        }
        drop(line.begin(Some(IpAddr::from([192, 0, 2, 2])), now + PAUSE));
        assert_eq!(line.state().clients.len(), 2);
        drop(waiting);
    }
}
