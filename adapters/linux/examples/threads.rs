//! Counts the primes below each number, by threads of a pool that all begin at one event.
//!
//! `threads 4 10000 20000 30000` does so by four threads.

use core::num::NonZeroUsize;

use wirenut_linux::thread::{Bounds, Event, Pool};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let threads: NonZeroUsize = arguments.next().ok_or("how many threads?")?.parse()?;
    let pool = Pool::new("counter", Bounds { threads, ..Bounds::DEFAULT });
    let begin = Event::new();
    let mut jobs = Vec::new();
    for argument in arguments {
        let (end, begin) = (argument.parse()?, begin.clone());
        // Beyond what may wait, the pool says that it is full.
        let job = pool.spawn(move || {
            begin.wait();
            primes(end)
        })?;
        jobs.push((end, job));
    }
    begin.set();
    for (end, job) in jobs {
        println!("{} primes below {end}", job.join()?);
    }
    pool.join();
    Ok(())
}

fn primes(end: u32) -> usize {
    (2..end).filter(|number| (2..).take_while(|part| part * part <= *number).all(|part| number % part != 0)).count()
}
