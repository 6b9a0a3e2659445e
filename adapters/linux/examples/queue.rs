//! Two producers and two consumers, all of them processes, around one queue.

use wirenut_linux::process;
use wirenut_linux::socket::Received;
use wirenut_linux::sync::queue::{self, Bounds};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let (sender, receiver) = queue::bounded(Bounds { messages: 8, ..Bounds::DEFAULT })?;
    let mut children = Vec::new();
    for name in ["one", "two"] {
        let sender = sender.clone();
        children.push(process::spawn(move || {
            (1..=3).try_for_each(|number| sender.send(format!("{name}: {number}").as_bytes()))
        })?);
    }
    // The stream ends with the last sender, so the parent keeps none.
    drop(sender);
    for name in ["a", "b"] {
        let receiver = receiver.clone();
        children.push(process::spawn(move || -> Result<(), wirenut_linux::Error> {
            while let Received::Data(delivery) = receiver.recv()? {
                // Until it is dropped: if this process were killed here, the other one would get it.
                let message = delivery.into_inner();
                println!("consumer {name} has {}", String::from_utf8_lossy(&message));
            }
            Ok(())
        })?);
    }
    for child in children {
        child.join()?;
    }
    Ok(())
}
