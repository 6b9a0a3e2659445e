//! A call that was sent, until its report is taken.

use alloc::sync::Arc;
use std::time::Instant;

use super::failed::TaskError;
use super::parcel::Parcel;
use super::shared::Shared;
use super::table::{DONE, PANICKED};
use super::task::Call;
use super::wire::Items;

/// Dropping it discards the report.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) shared: Arc<Shared>,
    pub(super) id: u64,
}

impl Ticket {
    /// `None`: the time is over.
    pub(super) fn report(&self, deadline: Option<Instant>) -> Result<Option<Parcel>, TaskError> {
        self.shared.report(self.id, deadline)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.shared.discard(self.id);
    }
}

/// The results in a report, of so many tasks, in their order.
pub(super) fn results<T: Call>(report: &Parcel, count: usize) -> Vec<Result<T::Output, TaskError>> {
    let failed = |error: &TaskError| (0..count).map(|_| Err(error.clone())).collect();
    if let Some(error) = report.head().and_then(TaskError::of) {
        return failed(&error);
    }
    match report.items() {
        Ok(items) => {
            let mut results: Vec<_> = Items(&items).take(count).map(result::<T>).collect();
            // A worker answers every item; one whose answer is torn apart is not believed to.
            results.resize_with(count, || Err(TaskError::Ended));
            results
        }
        Err(error) => failed(&error.into()),
    }
}

fn result<T: Call>(item: &[u8]) -> Result<T::Output, TaskError> {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    match item.split_first() {
        Some((&DONE, bytes)) => T::read(bytes),
        Some((&PANICKED, bytes)) => Err(TaskError::Panicked(text(bytes))),
        Some((_, bytes)) => Err(TaskError::Failed(text(bytes))),
        None => Err(TaskError::Failed(String::new())),
    }
}
