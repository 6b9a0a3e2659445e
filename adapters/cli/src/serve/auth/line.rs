//! Who is being checked, and who waits for that.

use alloc::sync::Arc;
use core::net::IpAddr;
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many requests wait at most for a check to begin or to end. Those beyond are told to come again.
const MOST_WAITING: usize = 256;

/// Whose turn it is. A client has one check at a time: so one that guesses learns no more by many connections than by one,
/// and takes one thread at most.
#[derive(Default)]
pub(super) struct Line(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: usize,
    checked: HashSet<IpAddr>,
}

impl Line {
    /// A place in the line. `None`: it is too long.
    pub(super) fn wait(self: &Arc<Self>) -> Option<Place> {
        let mut state = self.state();
        if state.waiting >= MOST_WAITING {
            return None;
        }
        state.waiting += 1;
        Some(Place(Arc::clone(self)))
    }

    /// Begins a check for a client at this address. `None`: one is running already. For those that are on this machine, or
    /// have no address, any number: a proxy stands for many.
    pub(super) fn begin(self: &Arc<Self>, peer: Option<IpAddr>) -> Option<Turn> {
        let client = peer.map(|peer| peer.to_canonical()).filter(|peer| !peer.is_loopback()).map(network);
        if let Some(client) = client
            && !self.state().checked.insert(client)
        {
            return None;
        }
        Some(Turn { line: Arc::clone(self), client })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client with IPv6 has a network of its own: the first 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::from(u128::from(address).wrapping_shr(64).wrapping_shl(64).to_be_bytes()),
    }
}

/// A place in the line, which is given back when it is dropped.
pub(super) struct Place(Arc<Line>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

/// A check that is running, until it is dropped.
pub(super) struct Turn {
    line: Arc<Line>,
    client: Option<IpAddr>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(client) = self.client {
            self.line.state().checked.remove(&client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_one_check_at_a_time() {
        let line = Arc::new(Line::default());
        let begin = |address: &str| line.begin(Some(address.parse().unwrap()));
        let running = begin("192.0.2.1");
        assert!(running.is_some() && begin("192.0.2.1").is_none() && begin("::ffff:192.0.2.1").is_none());
        assert!(begin("192.0.2.2").is_some());
        drop(running);
        assert!(begin("192.0.2.1").is_some());
        let _running = begin("2001:db8:1:2::1");
        assert!(begin("2001:db8:1:2:ffff::2").is_none() && begin("2001:db8:1:3::1").is_some());
        let local = [begin("127.0.0.1"), begin("127.0.0.1"), begin("::1"), begin("::1"), line.begin(None)];
        assert!(local.iter().all(Option::is_some));
    }

    #[test]
    fn the_line_is_bounded() {
        let line = Arc::new(Line::default());
        let mut places: Vec<_> = (0..MOST_WAITING).map(|_| line.wait().unwrap()).collect();
        assert!(line.wait().is_none());
        places.pop();
        assert!(line.wait().is_some());
    }
}
