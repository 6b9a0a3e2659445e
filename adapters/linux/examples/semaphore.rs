//! Four processes, and two printers: never are more than two of them printing, also when one dies at it.

use core::sync::atomic::{AtomicU32, Ordering};

use wirenut_linux::process;
use wirenut_linux::sync::{Semaphore, Shared};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let (printers, printing) = (Semaphore::new(2)?, Shared::new(AtomicU32::new(0))?);
    process::spawn({
        let printers = printers.clone();
        move || -> Result<(), wirenut_linux::Error> {
            let _permit = printers.acquire()?;
            std::process::abort() // its permit comes back
        }
    })?
    .join()?;
    let mut children = Vec::new();
    for number in 1..=4 {
        let (printers, printing) = (printers.clone(), printing.clone());
        children.push(process::spawn(move || -> Result<(), wirenut_linux::Error> {
            let _permit = printers.acquire()?;
            let now = printing.fetch_add(1, Ordering::SeqCst) + 1;
            println!("process {number} prints, {}", if now <= 2 { "at most one beside it" } else { "one too many" });
            printing.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        })?);
    }
    for child in children {
        child.join()?;
    }
    println!("{} printers are free", printers.value()?);
    Ok(())
}
