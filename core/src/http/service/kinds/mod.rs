//! The kinds of exchanges that are ready-made, and what they work with.

pub(super) mod collect;
pub(super) mod event;
pub(super) mod events;
pub(super) mod later;
pub(super) mod place;
pub(super) mod receive;
pub(super) mod stream;
pub(super) mod topic;
pub(super) mod wakers;
