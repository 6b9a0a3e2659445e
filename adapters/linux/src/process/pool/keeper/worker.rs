//! A worker, as its keeper holds it.

use std::time::Instant;

use super::job::Job;
use crate::process::Child;
use crate::process::pipe::Duplex;

#[derive(Debug)]
pub(super) struct Worker {
    pub(super) child: Child,
    pub(super) pipe: Duplex,
    /// What it does.
    pub(super) job: Option<Job>,
    /// By when it must have done it.
    pub(super) deadline: Option<Instant>,
    /// How many items it may still be given.
    pub(super) left: u32,
    /// It was killed, since its time was over.
    pub(super) is_late: bool,
    /// It takes no more orders: it was told to leave, or does so by itself.
    pub(super) is_leaving: bool,
    /// Its pipe is watched.
    pub(super) is_heard: bool,
}

impl Worker {
    pub(super) fn new(child: Child, pipe: Duplex, left: u32) -> Self {
        Self { child, pipe, job: None, deadline: None, left, is_late: false, is_leaving: false, is_heard: true }
    }

    pub(super) const fn is_idle(&self) -> bool {
        self.job.is_none() && !self.is_leaving
    }
}
