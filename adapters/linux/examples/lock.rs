//! An account that two processes book on, one of which dies in the middle; and what the next one learns.

use wirenut_linux::process;
use wirenut_linux::sync::{Lock, Locked};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    // What is here, and what has gone: 100 together.
    let account = Lock::new([100_u64, 0])?;
    let careless = process::spawn({
        let account = account.clone();
        move || -> Result<(), wirenut_linux::Error> {
            let mut account = account.lock()?.into_inner();
            account[0] -= 30;
            std::process::abort()
        }
    })?;
    println!("the first {}", careless.join()?);
    match account.lock()? {
        Locked::Sound(account) => println!("sound: {account:?}"),
        Locked::Recovered(mut account) => {
            println!("half-written: {account:?}");
            account[1] = 100 - account[0];
            account.declare_sound();
        }
    }
    println!("repaired: {:?}", account.lock()?.into_inner());
    Ok(())
}
