//! Counts the primes below each number, on all processors: `pool 10000 20000 30000`. A number that is none is an error of
//! its own task only.

use wirenut_linux::process::pool::{Pool, TaskError};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let mut builder = Pool::builder().max_tasks_per_worker(100);
    let count = builder.task("count primes", count);
    let pool = builder.start()?; // before any thread is

    let numbers: Vec<String> = std::env::args().skip(1).collect();
    let counts = pool.map(count, &numbers);
    for (number, count) in numbers.iter().zip(counts) {
        match count {
            Ok(count) => println!("{number}: {}", String::from_utf8(count)?),
            Err(TaskError::Failed(error)) => println!("{number}: {error}"),
            Err(error) => return Err(error.into()),
        }
    }
    pool.join()?;
    Ok(())
}

/// In a worker.
fn count(number: &[u8]) -> Result<Vec<u8>, core::num::ParseIntError> {
    let limit: u32 = String::from_utf8_lossy(number).parse()?;
    let is_prime = |n: &u32| (2..).take_while(|d| d * d <= *n).all(|d| !n.is_multiple_of(d));
    Ok((2..limit).filter(is_prime).count().to_string().into_bytes())
}
