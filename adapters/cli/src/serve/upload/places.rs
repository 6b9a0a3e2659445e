//! Places for uploads: so many in all, and so many of one client.

use alloc::sync::Arc;
use core::net::IpAddr;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::serve::network::network;

/// Uploads at the same time, in each process. Each has up to two batches in memory.
pub(super) const MOST: usize = 256;

/// How many of them one client may have: a quarter. An upload may last as long as its client likes, so whoever had all places
/// would keep out everybody else.
const MOST_OF_ONE: usize = MOST / 4;

/// Who uploads now.
#[derive(Debug, Default)]
pub(super) struct Places(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    taken: usize,
    /// How many of those are whose: only of those who have any.
    clients: HashMap<IpAddr, usize>,
}

impl Places {
    /// A place for an upload of the client at this address. `None`: all are taken, or that client has its share.
    pub(super) fn take(self: &Arc<Self>, peer: Option<IpAddr>) -> Option<Place> {
        let (mut state, network) = (self.state(), network(peer));
        if state.taken >= MOST {
            return None;
        }
        if let Some(network) = network {
            let taken = state.clients.entry(network).or_default();
            if *taken >= MOST_OF_ONE {
                return None;
            }
            *taken += 1;
        }
        state.taken += 1;
        Some(Place { places: Arc::clone(self), network })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among all uploads, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    network: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.places.state();
        state.taken -= 1;
        if let Some(network) = self.network
            && let Some(taken) = state.clients.get_mut(&network)
        {
            *taken -= 1;
            if *taken == 0 {
                state.clients.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_client_has_more_than_its_share() {
        let places = Arc::new(Places::default());
        let take = |address: &str| places.take(Some(address.parse().unwrap()));
        let mut taken: Vec<Place> = (0..MOST_OF_ONE).map(|_| take("192.0.2.1").unwrap()).collect();
        assert!(take("192.0.2.1").is_none() && take("::ffff:192.0.2.1").is_none());
        taken.pop();
        taken.push(take("::ffff:192.0.2.1").expect("the place that was given back"));
        // A network of IPv6 is one client.
        taken.extend((0..MOST_OF_ONE).map(|number| take(&format!("2001:db8::{number:x}")).unwrap()));
        assert!(take("2001:db8::ffff").is_none());
        taken.push(take("2001:db8:0:1::1").expect("that of another network"));
        // Behind a proxy on this machine are many.
        while let Some(place) = take("127.0.0.1") {
            taken.push(place);
        }
        assert_eq!(taken.len(), MOST);
        assert!(take("192.0.2.2").is_none() && places.take(None).is_none());
        taken.clear();
        let state = places.state();
        assert_eq!((state.taken, state.clients.len()), (0, 0));
        drop(state);
        assert!(take("192.0.2.1").is_some());
    }
}
