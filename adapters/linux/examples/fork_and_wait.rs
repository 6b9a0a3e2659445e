//! Forks three children, waits for each, and says how it has ended: by itself, by a panic, by a signal.

use wirenut_linux::process::{Process, parent};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    println!("parent {}", std::process::id());
    let mut children = Vec::new();
    for (name, work) in [("exits", exit as fn() -> u8), ("panics", panic), ("waits", wait)] {
        let child = Process::new().name(name).spawn(move || {
            println!("child {} of {}: {name}", std::process::id(), parent());
            work()
        })?;
        children.push(child);
    }
    children[2].terminate()?;
    for child in children {
        println!("{} {}", child.name(), child.join()?);
    }
    Ok(())
}

fn exit() -> u8 {
    7
}

fn panic() -> u8 {
    panic!("no more paper")
}

/// Until a signal ends it.
fn wait() -> u8 {
    loop {
        std::thread::park();
    }
}
