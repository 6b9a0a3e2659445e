//! What sharing costs: locks, semaphores and queues of wirenut-linux beside those of others. `bench/sharing` runs it.
//!
//! Prints lines of `what<TAB>who<TAB>nanoseconds`, each the minimum of several turns that all take one after the other.

mod locks;
mod queues;

use wirenut_bench::with_arguments;

/// Something to measure, under the name of what it does and of whose it is: nanoseconds for each time.
pub(crate) type Measured = (&'static str, &'static str, fn() -> f64);

const TURNS: usize = 7;

fn main() {
    with_arguments("usage: sharing", |arguments| arguments.is_empty().then(measure));
}

fn measure() {
    for group in [locks::ALL, queues::ALL] {
        let mut least = vec![f64::INFINITY; group.len()];
        for _ in 0..TURNS {
            for ((_, _, measure), least) in group.iter().zip(&mut least) {
                *least = least.min(measure());
            }
        }
        for ((what, who, _), least) in group.iter().zip(least) {
            println!("{what}\t{who}\t{least:.1}");
        }
    }
}
