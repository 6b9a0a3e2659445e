//! Workers that are killed and stopped at random, again and again, while they work.

use core::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use wirenut::time::Duration;
use wirenut_linux::process::Ended;
use wirenut_linux::process::pool::{Pool, TaskError};
use wirenut_linux::signal;

use crate::processes::{Before, children, descriptors_of, eventually, keeper, pid};

/// Sends signals to workers of a keeper, as many as are wanted, until it is told to stop.
fn strike(keeper: u32, signal: Signal, is_over: &AtomicBool) -> usize {
    let mut seed = 7_u64;
    let mut count = 0;
    while !is_over.load(Ordering::Relaxed) {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let workers = children(keeper);
        let Some(worker) = workers.get((seed >> 33) as usize % workers.len().max(1)) else { continue };
        // Its number may be another process's by now, but not with a descriptor and the same parent.
        let Ok(descriptor) = pidfd_open(pid(*worker), PidfdFlags::empty()) else { continue };
        if children(keeper).contains(worker) && pidfd_send_signal(&descriptor, signal).is_ok() {
            count += 1;
        }
        if seed >> 62 != 0 {
            thread::sleep(core::time::Duration::from_micros((seed >> 20) % 1_000));
        }
    }
    count
}

fn storm(
    signal: Signal,
    mut pool: wirenut_linux::process::pool::Builder,
    wanted: usize,
    is_expected: fn(&TaskError) -> bool,
) {
    let before = Before::now();
    let double = crate::results::double(&mut pool);
    let pool = pool.start().unwrap();
    let keeper = keeper();
    let open = descriptors_of(keeper);
    let is_over = AtomicBool::new(false);
    let (mut done, mut lost, mut struck) = (0, 0, 0);
    while struck < wanted {
        is_over.store(false, Ordering::Relaxed);
        struck += thread::scope(|scope| {
            let striker = scope.spawn(|| strike(keeper, signal, &is_over));
            let arguments = 0..20_000_u32;
            for (argument, result) in arguments.clone().zip(pool.map(double, arguments.map(u32::to_ne_bytes))) {
                match result {
                    Ok(result) => {
                        assert_eq!(result, (2 * argument).to_ne_bytes());
                        done += 1;
                    }
                    Err(error) => {
                        assert!(is_expected(&error), "{argument}: {error}");
                        lost += 1;
                    }
                }
            }
            is_over.store(true, Ordering::Relaxed);
            striker.join().unwrap()
        });
    }
    println!("{struck} signals, {done} done, {lost} lost");
    assert!(done > 0 && lost > 0);
    // Zombies would be among its children, and what leaks among its descriptors.
    eventually(|| children(keeper).len() == 4 && descriptors_of(keeper) == open, "four workers, and nothing else");
    pool.join().unwrap();
    drop(pool);
    before.is_again();
}

pub(crate) fn of_kills() {
    storm(Signal::KILL, Pool::builder().workers(4), 5_000, |error| {
        matches!(error, TaskError::Died(Ended::Signaled { signal: signal::Signal::SIGKILL, .. }))
    });
}

pub(crate) fn of_stops() {
    let builder = Pool::builder().workers(4).time_limit(Duration::from_millis(10));
    storm(Signal::STOP, builder, 1_000, |error| matches!(error, TaskError::TimedOut));
}
