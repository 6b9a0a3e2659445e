//! How much memory a connection takes, and when.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use std::alloc::System;

use wirenut_deflate::{Context, Deflater, DeflaterConfig, Inflater};

use crate::through::{deflate, inflate};

thread_local! {
    static ALLOCATED: Cell<isize> = const { Cell::new(0) };
}

/// Counts the bytes that each thread has allocated and not freed. (What another thread frees makes it negative.)
struct Counting;

#[allow(unsafe_code, reason = "an allocator is unsafe by its trait")]
// SAFETY: each call is passed on to the system's allocator as it is; a count in a `Cell` allocates nothing.
unsafe impl GlobalAlloc for Counting {
    // SAFETY: demands of its caller what the trait does.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.set(ALLOCATED.get().wrapping_add_unsigned(layout.size()));
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    // SAFETY: demands of its caller what the trait does.
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATED.set(ALLOCATED.get().wrapping_sub_unsigned(layout.size()));
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The bytes that a deflater and an inflater have: before a message, behind one, and the most within.
fn measure(config: DeflaterConfig) -> [(isize, isize); 2] {
    let message = b"some message that is long enough".repeat(10);
    let before = ALLOCATED.get();
    let mut deflater = Deflater::new(config);
    assert_eq!(ALLOCATED.get(), before, "allocated before there was a message");
    let mut output = [0; 1000];
    let progress = deflater.deflate(&message, &mut output);
    assert_eq!(progress.taken, message.len());
    let deflating = ALLOCATED.get() - before;
    let end = deflater.finish(&mut output[progress.written..]);
    assert!(end.is_done);
    let deflated = ALLOCATED.get() - before;
    let payload = &output[..progress.written + end.written];

    let before = ALLOCATED.get();
    let mut inflater = Inflater::new(config.context);
    let mut message = [0; 400];
    assert_eq!(ALLOCATED.get(), before, "allocated before there was a message");
    let progress = inflater.inflate(payload, &mut message).unwrap();
    let inflating = ALLOCATED.get() - before;
    assert!(inflater.finish(&mut message[progress.written..]).unwrap().is_done);
    let inflated = ALLOCATED.get() - before;
    [(deflating, deflated), (inflating, inflated)]
}

#[test]
fn memory_is_as_the_documentation_says() {
    let [deflater, inflater] = measure(DeflaterConfig::DEFAULT);
    let kib = |bytes: isize| bytes / 1024;
    assert_eq!((kib(deflater.0), kib(inflater.0)), (371, 46));
    assert_eq!((deflater.0, inflater.0), (deflater.1, inflater.1), "the window stays");

    let small = DeflaterConfig { window_bits: 10, memory_level: 1, ..DeflaterConfig::DEFAULT };
    let [deflater, inflater] = measure(small);
    assert_eq!((kib(deflater.0), kib(inflater.0)), (136, 46));
}

#[test]
fn memory_is_freed_behind_each_message_without_context_take_over() {
    let [deflater, inflater] = measure(DeflaterConfig { context: Context::Reset, ..DeflaterConfig::DEFAULT });
    assert!(deflater.0 > 0 && inflater.0 > 0);
    assert_eq!((deflater.1, inflater.1), (0, 0));
}

#[test]
fn memory_does_not_grow_with_messages() {
    let before = ALLOCATED.get();
    let mut deflater = Deflater::new(DeflaterConfig::DEFAULT);
    let mut inflater = Inflater::new(Context::TakeOver);
    let mut allocated = [0; 4];
    for (length, allocated) in [10, 100_000, 10, 1_000_000].into_iter().zip(&mut allocated) {
        let payload = deflate(&mut deflater, &vec![7; length], length, 1 << 16);
        assert_eq!(inflate(&mut inflater, &payload, 1 << 16, 1 << 16).unwrap().len(), length);
        drop(payload);
        *allocated = ALLOCATED.get() - before;
    }
    assert_eq!(allocated, [allocated[0]; 4]);
    drop((deflater, inflater));
    assert_eq!(ALLOCATED.get(), before);
}
