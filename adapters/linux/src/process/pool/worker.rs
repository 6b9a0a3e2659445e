//! A worker: it takes orders, one at a time, and reports.

use std::io::Write as _;

use super::parcel::Parcel;
use super::table::Table;
use super::wire::{Head, Items, RESULTS, message};
use crate::error::Error;
use crate::process::pipe::{Duplex, SendError};

/// Works until nothing more comes, or something has panicked: what that has left half-done must not be worked with.
pub(super) fn work(keeper: &Duplex, table: &mut Table) -> Result<(), Error> {
    while let Some(order) = Parcel::recv(keeper)? {
        let Some(head) = order.head() else { continue };
        let mut results = message();
        let has_panicked = table.run(head.what, Items(&order.items()?), &mut results);
        drop(order);
        // What a task has printed is out before its result is: the worker may be killed at any time.
        let _ = std::io::stdout().flush();
        let report = Head { what: RESULTS, detail: u32::from(has_panicked), ..head };
        match Parcel::new(report, results, keeper.max_message())?.send(keeper) {
            Ok(()) if !has_panicked => {}
            Ok(()) | Err(SendError::Closed) => break,
            Err(error) => return Err(Error::plain("report to the keeper of the pool", std::io::Error::from(error))),
        }
    }
    Ok(())
}
