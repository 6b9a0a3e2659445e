//! What is known of connections behind proxies, beside them.

use core::cell::RefCell;
use core::net::SocketAddr;
use std::collections::HashMap;

use wirenut::proxy::Receiver;

use crate::farewell::Farewell;

/// What a proxy has said of a connection.
#[derive(Clone, Debug)]
pub(super) enum Claim {
    /// Not all of it has come.
    Awaited(Receiver),
    /// It said nothing that is right, or nothing in time; or nothing can be agreed on: the connection ends so.
    Over(Farewell),
    /// Who the client is.
    Client(SocketAddr),
}

/// By slot. A connection without a claim is its own client.
#[derive(Default)]
pub(super) struct Claims(RefCell<HashMap<u32, Claim>>);

impl Claims {
    pub(super) fn get(&self, slot: u32) -> Option<Claim> {
        self.0.borrow().get(&slot).cloned()
    }

    pub(super) fn set(&self, slot: u32, claim: Claim) {
        self.0.borrow_mut().insert(slot, claim);
    }

    pub(super) fn remove(&self, slot: u32) {
        let mut claims = self.0.borrow_mut();
        if !claims.is_empty() {
            claims.remove(&slot);
        }
    }
}
