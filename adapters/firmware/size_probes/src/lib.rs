//! What the weighed programs share: a world that the compiler can know nothing of, so that it folds nothing away.
//!
//! Each program of `src/bin` adds one feature to another, named in its first line, and uses it as an application would.
//! None is ever run.
#![no_std]

use core::arch::asm;
use core::hint::black_box;
use core::panic::PanicInfo;

use wirenut::http::{Context, FieldFilter, Limits};
use wirenut::time::Instant;

pub mod client;
pub mod frames;
pub mod protocol;
pub mod server;
pub mod service;
pub mod stack;
pub mod stream;

/// Those of a device whose service asks for no field.
pub const LIMITS: Limits = Limits { field_filter: Some(&FieldFilter { names: &[], bytes: 109 }), ..Limits::DEFAULT };

/// The same for a service that asks for some.
pub const FIELD_LIMITS: Limits =
    Limits { field_filter: Some(&FieldFilter { names: &["If-None-Match", "Accept"], bytes: 236 }), ..Limits::DEFAULT };

/// What is kept of a head.
pub const STORE: usize = LIMITS.store_bytes();

/// The bytes of a buffer.
pub const BUFFER: usize = 256;

/// Adds the size of `state` to the section `.state`, which no memory holds: so the table knows what a program keeps
/// between two calls, wherever it lies. To be called once for each state.
#[inline(always)]
pub fn keep<T>(_: &T) {
    // SAFETY: it makes no instruction.
    unsafe {
        asm!(".pushsection .state", ".space {}", ".popsection", const size_of::<T>(), options(nomem, nostack));
    }
}

/// Bytes that have come.
#[inline(never)]
pub fn receive(buffer: &mut [u8]) -> usize {
    black_box(buffer).len()
}

/// Bytes that go.
#[inline(never)]
pub fn send(bytes: &[u8]) -> usize {
    black_box(bytes).len()
}

/// The time.
#[inline(never)]
pub fn now() -> Instant {
    Instant::from_micros(black_box(0))
}

/// What a connection is told at each call.
pub fn context(limits: &Limits) -> Context<'_> {
    Context { now: now(), limits, date: None }
}

/// No words, so that nothing is linked to make them.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
