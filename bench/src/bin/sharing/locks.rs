//! Locks and semaphores that nobody else wants.

use core::hint::black_box;
use std::sync::Mutex;
use std::time::Instant;

use wirenut_linux::sync::{Lock, Semaphore};

use crate::Measured;

pub(crate) const ALL: &[Measured] = &[
    ("lock", "wirenut", || {
        let lock = Lock::new(0_u64).unwrap();
        each(1_000_000, || *black_box(&lock).lock().unwrap().into_inner() += 1)
    }),
    ("lock", "std", || {
        let lock = Mutex::new(0_u64);
        each(1_000_000, || *black_box(&lock).lock().unwrap() += 1)
    }),
    ("semaphore", "wirenut", || {
        let semaphore = Semaphore::new(2).unwrap();
        each(200_000, || drop(black_box(&semaphore).acquire().unwrap()))
    }),
];

/// Nanoseconds for each of so many times.
pub(crate) fn each(times: u32, mut work: impl FnMut()) -> f64 {
    let begun = Instant::now();
    (0..times).for_each(|_| work());
    begun.elapsed().as_nanos() as f64 / f64::from(times)
}
