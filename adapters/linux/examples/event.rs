//! Three processes that start together.

use wirenut_linux::process;
use wirenut_linux::sync::Event;

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let start = Event::new()?;
    let mut children = Vec::new();
    for number in 1..=3 {
        let start = start.clone();
        children.push(process::spawn(move || {
            start.wait();
            println!("{number} runs");
        })?);
    }
    println!("ready, steady, go");
    start.set();
    for child in children {
        child.join()?;
    }
    Ok(())
}
