//! Counts allocations.

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicU64, Ordering};
use std::alloc::System;

static COUNT: AtomicU64 = AtomicU64::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: all is the system's allocator; only a number is kept beside it.
unsafe impl GlobalAlloc for Counting {
    // SAFETY: demands of its caller what the trait does.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.store(COUNT.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    // SAFETY: demands of its caller what the trait does.
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract, and the system's allocator gave the memory.
        unsafe { System.dealloc(pointer, layout) }
    }

    // SAFETY: demands of its caller what the trait does.
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.store(COUNT.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract, and the system's allocator gave the memory.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// How often `work` allocates. There is one thread.
pub(crate) fn of<T>(work: impl FnOnce() -> T) -> u64 {
    let before = COUNT.load(Ordering::Relaxed);
    work();
    COUNT.load(Ordering::Relaxed) - before
}
