//! Descriptors, of which a process has only so many.

use std::os::fd::{AsFd, AsRawFd};

/// The largest reserve, and which part of the limit it is at most: a small limit has none.
const MAX_RESERVED: u64 = 32;
const RESERVED_PART: u64 = 16;

/// Whether a server may take one more. Some are left to the rest of the process: what a service opens to answer those who
/// are in.
#[derive(Debug)]
pub(crate) struct Descriptors {
    /// The first number that is in reserve. The system gives the smallest number that is free.
    reserved_from: i64,
    /// The last one that was given was in reserve, or there was none: so each time it is looked first.
    is_tight: bool,
}

impl Descriptors {
    /// By the limit that the process has now, and that of a poller: from which one on it can watch none.
    pub(crate) fn new(end: Option<u64>) -> Self {
        let limit = wirenut_linux::descriptor_limit().unwrap_or(u64::MAX).min(end.unwrap_or(u64::MAX));
        let reserved_from = limit - (limit / RESERVED_PART).min(MAX_RESERVED);
        Self { reserved_from: i64::try_from(reserved_from).unwrap_or(i64::MAX), is_tight: false }
    }

    /// A connection got this descriptor.
    pub(crate) fn given(&mut self, descriptor: &impl AsRawFd) {
        self.is_tight = i64::from(descriptor.as_raw_fd()) >= self.reserved_from;
    }

    /// Were only those in reserve left when it was looked last?
    pub(crate) const fn is_tight(&self) -> bool {
        self.is_tight
    }

    /// The system had none left.
    pub(crate) const fn ran_out(&mut self) {
        self.is_tight = true;
    }

    /// Are only those in reserve left? Costs nothing while there are many.
    pub(crate) fn are_short(&mut self, any: &impl AsFd) -> bool {
        if self.is_tight {
            match any.as_fd().try_clone_to_owned() {
                Ok(next) => self.given(&next),
                Err(_) => self.ran_out(),
            }
        }
        self.is_tight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_free_again_is_noticed() {
        let file = std::fs::File::open("/dev/null").unwrap();
        let mut descriptors = Descriptors::new(None);
        assert!(!descriptors.are_short(&file));
        descriptors.ran_out();
        assert!(!descriptors.are_short(&file));
        descriptors.reserved_from = 0;
        assert!(!descriptors.are_short(&file));
        descriptors.given(&file);
        assert!(descriptors.are_short(&file));
    }
}
