//! A value and an array that four processes change: atomics are enough where each change is of one number.

use core::sync::atomic::{AtomicU64, Ordering};

use wirenut_linux::process;
use wirenut_linux::sync::{Shared, SharedSlice};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let total = Shared::new(AtomicU64::new(0))?;
    let squares = SharedSlice::new(4, |_| AtomicU64::new(0))?;
    let children: Result<Vec<_>, _> = (0..4_u64)
        .map(|number| {
            let (total, squares) = (total.clone(), squares.clone());
            process::spawn(move || {
                squares[number as usize].store(number * number, Ordering::Relaxed);
                total.fetch_add(number * number, Ordering::Relaxed);
            })
        })
        .collect();
    for child in children? {
        child.join()?;
    }
    let squares: Vec<u64> = squares.iter().map(|square| square.load(Ordering::Relaxed)).collect();
    println!("{squares:?} are {} together", total.load(Ordering::Relaxed));
    Ok(())
}
