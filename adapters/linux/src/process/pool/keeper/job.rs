//! An order, until its report is there.

use crate::process::pool::parcel::Parcel;
use crate::process::pool::wire::Head;

#[derive(Debug)]
pub(super) struct Job {
    pub(super) order: Parcel,
    pub(super) id: u64,
    /// How many items it has.
    pub(super) items: u32,
    /// How often it may be given to another worker, if one dies of it.
    pub(super) retries: u32,
}

impl Job {
    pub(super) fn new(order: Parcel, head: Head, retries: u32) -> Self {
        Self { order, id: head.id, items: head.detail, retries }
    }
}
