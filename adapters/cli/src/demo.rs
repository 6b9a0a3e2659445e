//! `wirenut demo`: the reference service, the same as on boards.

use core::sync::atomic::{AtomicI32, AtomicU8, AtomicU32, Ordering};

use wirenut_reference::{Device, Reference};
use wirenut_server::Model;

use crate::arguments::DemoArguments;
use crate::failure::Failure;
use crate::server;

/// Runs the reference service until it is told to stop: one device, at whatever address it is asked for.
///
/// # Errors
///
/// [`Failure::Network`] where an address cannot be listened on, and what else ended the server.
pub fn demo(arguments: &DemoArguments) -> Result<(), Failure> {
    let servers = server::listen(&arguments.server.listen, Model::DEFAULT)?;
    server::run(servers, &Reference { device: SharedDevice::new() })
}

/// A device in memory for several threads. It begins as the [one for a single thread](wirenut_reference::MemoryDevice).
struct SharedDevice {
    celsius_tenths: AtomicI32,
    setting: AtomicU8,
    requests: AtomicU32,
}

impl SharedDevice {
    const fn new() -> Self {
        Self { celsius_tenths: AtomicI32::new(215), setting: AtomicU8::new(20), requests: AtomicU32::new(0) }
    }
}

impl Device for SharedDevice {
    fn celsius_tenths(&self) -> i32 {
        self.celsius_tenths.load(Ordering::Relaxed)
    }

    fn setting(&self) -> u8 {
        self.setting.load(Ordering::Relaxed)
    }

    fn set(&self, degrees: u8) {
        self.setting.store(degrees, Ordering::Relaxed);
    }

    fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wirenut_reference::MemoryDevice;

    #[test]
    fn it_is_the_device_of_boards() {
        fn check(device: &impl Device) -> [i64; 6] {
            let start = [device.celsius_tenths().into(), device.setting().into(), device.requests().into()];
            device.set(23);
            device.count_request();
            let after = [device.celsius_tenths().into(), device.setting().into(), device.requests().into()];
            [start[0], start[1], start[2], after[0], after[1], after[2]]
        }
        assert_eq!(check(&SharedDevice::new()), check(&MemoryDevice::new()));
        assert_eq!(check(&SharedDevice::new()), [215, 20, 0, 215, 23, 1]);
    }
}
