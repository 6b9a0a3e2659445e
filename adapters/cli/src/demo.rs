//! `wirenut demo`: the reference service, the same as on boards.

use core::sync::atomic::{AtomicU32, Ordering};

use clap::Args;
use wirenut_linux::Error;
use wirenut_linux::sync::Shared;
use wirenut_reference::{Device, Reference};

use crate::failure::Failure;
use crate::listen::PlaceOptions;
use crate::server::{self, ServerOptions};

/// The arguments of `wirenut demo`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut demo --listen 127.0.0.1:9000
  wirenut demo --model forking --workers 40   a process for each connection, 40 at most
  wirenut demo --metrics 127.0.0.1:9100       then: curl 127.0.0.1:9100/metrics")]
pub struct DemoArguments {
    /// Where to listen.
    #[command(flatten)]
    pub places: PlaceOptions,
    /// Who serves, and how the service lives.
    #[command(flatten)]
    pub server: ServerOptions,
}

/// Runs the reference service until it is told to stop: one device, at whatever address it is asked for.
///
/// # Errors
///
/// [`Failure::Network`] where an address cannot be listened on, and what else ended the server.
pub fn demo(arguments: &DemoArguments) -> Result<(), Failure> {
    let listening = server::listen(&arguments.places.listen, arguments.places.socket_mode, &arguments.server)?;
    server::give_up_privileges(&arguments.server.life)?;
    server::run(listening, &Reference { device: SharedDevice::new()? }, None)
}

/// A device in memory that threads and processes share: its temperature, its setting and its requests. It begins as the
/// [one for a single thread](wirenut_reference::MemoryDevice).
struct SharedDevice(Shared<[AtomicU32; 3]>);

impl SharedDevice {
    fn new() -> Result<Self, Error> {
        Shared::new([215, 20, 0].map(AtomicU32::new)).map(Self)
    }
}

impl Device for SharedDevice {
    fn celsius_tenths(&self) -> i32 {
        self.0[0].load(Ordering::Relaxed).cast_signed()
    }

    fn setting(&self) -> u8 {
        u8::try_from(self.0[1].load(Ordering::Relaxed)).unwrap_or(u8::MAX)
    }

    fn set(&self, degrees: u8) {
        self.0[1].store(degrees.into(), Ordering::Relaxed);
    }

    fn requests(&self) -> u32 {
        self.0[2].load(Ordering::Relaxed)
    }

    fn count_request(&self) {
        self.0[2].fetch_add(1, Ordering::Relaxed);
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
        let shared = || SharedDevice::new().unwrap();
        assert_eq!(check(&shared()), check(&MemoryDevice::new()));
        assert_eq!(check(&shared()), [215, 20, 0, 215, 23, 1]);
    }
}
