//! The device of all processes of a server.

use core::sync::atomic::{AtomicU32, Ordering};

use wirenut_linux::sync::SharedSlice;
use wirenut_reference::Device;
use wirenut_tests::parity::State;

/// What a device knows, in memory that processes share: the setting, and how many requests there were.
#[derive(Clone, Debug)]
pub(crate) struct SharedDevice(SharedSlice<AtomicU32>);

impl SharedDevice {
    pub(crate) fn new() -> Self {
        Self(SharedSlice::new(2, |_| AtomicU32::new(0)).expect("memory"))
    }

    pub(crate) fn reset(&self, state: State) {
        self.0[0].store(state.setting.into(), Ordering::SeqCst);
        self.0[1].store(state.requests, Ordering::SeqCst);
    }
}

impl Device for SharedDevice {
    fn celsius_tenths(&self) -> i32 {
        State::FRESH.device().celsius_tenths()
    }

    fn setting(&self) -> u8 {
        u8::try_from(self.0[0].load(Ordering::SeqCst)).unwrap_or(u8::MAX)
    }

    fn set(&self, degrees: u8) {
        self.0[0].store(degrees.into(), Ordering::SeqCst);
    }

    fn requests(&self) -> u32 {
        self.0[1].load(Ordering::SeqCst)
    }

    fn count_request(&self) {
        self.0[1].fetch_add(1, Ordering::SeqCst);
    }
}
