//! The functions that a pool's workers run, and what comes of one.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use super::wire::{Items, put_item};
use crate::process::run::text;

/// Appends its result to the bytes, or says why there is none.
pub(super) type Function = Box<dyn FnMut(&[u8], &mut Vec<u8>) -> Result<(), String> + Send>;

/// The functions, each by its place.
#[derive(Default)]
pub(super) struct Table(Vec<(Box<str>, Function)>);

// What a result begins with.
pub(super) const DONE: u8 = 0;
pub(super) const FAILED: u8 = 1;
pub(super) const PANICKED: u8 = 2;

impl Table {
    pub(super) fn add(&mut self, name: &str, function: Function) -> Option<u32> {
        let place = u32::try_from(self.0.len()).ok()?;
        self.0.push((name.into(), function));
        Some(place)
    }

    /// The names, in their order.
    pub(super) fn names(&self) -> Vec<Box<str>> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Runs a function with each item, and appends the results. True if one of them has panicked.
    pub(super) fn run(&mut self, place: u32, items: Items<'_>, results: &mut Vec<u8>) -> bool {
        let function = usize::try_from(place).ok().and_then(|place| self.0.get_mut(place));
        let Some((_, function)) = function else { return false };
        let mut has_panicked = false;
        for item in items {
            let is_put = put_item(results, |results| has_panicked |= call(function, item, results));
            if is_put.is_none() {
                put_item(results, |results| put_text(results, FAILED, "the result is longer than 4 GiB"));
            }
        }
        has_panicked
    }
}

/// True if it has panicked.
fn call(function: &mut Function, argument: &[u8], results: &mut Vec<u8>) -> bool {
    let begin = results.len();
    results.push(DONE);
    // A worker in which something has panicked is not used any longer.
    let called = catch_unwind(AssertUnwindSafe(|| function(argument, results)));
    match called {
        Ok(Ok(())) => return false,
        Ok(Err(text)) => {
            results.truncate(begin);
            put_text(results, FAILED, &text);
            return false;
        }
        Err(payload) => {
            results.truncate(begin);
            put_text(results, PANICKED, text(payload.as_ref()));
            // It may panic when it is dropped.
            core::mem::forget(payload);
        }
    }
    true
}

fn put_text(results: &mut Vec<u8>, kind: u8, text: &str) {
    results.push(kind);
    results.extend_from_slice(text.as_bytes());
}
