//! What outlives a connection: the host's side of the service.

use core::cell::Cell;

use wirenut::http::{FieldFilter, Limits};
use wirenut::time::Duration;

/// What is kept of heads and trailer sections on a device: the first line, the field that has the boundary of a form, and
/// those that ask for WebSocket.
pub const DEVICE_FILTER: FieldFilter = FieldFilter {
    names: &["Content-Type", "Host", "Connection", "Upgrade", "Origin", "Sec-WebSocket-Key", "Sec-WebSocket-Version"],
    bytes: 400,
};

/// The bounds on a device: browsers send heads of several KiB, which there is no room for, and sockets are so few that
/// who is gone without a word must not keep one for long.
///
/// A host that keeps the same bounds gives the same answers, also to what is too long.
pub const DEVICE_LIMITS: Limits = Limits {
    head_bytes: 8 * 1024,
    field_filter: Some(&DEVICE_FILTER),
    trailer_bytes: 2048,
    output_reserve: 256,
    head: Duration::from_secs(10),
    idle: Duration::from_secs(20),
    linger: Duration::from_secs(2),
    ..Limits::DEFAULT
};

/// The device that the service shows and sets.
///
/// Methods take `&self`, as [`Service`](wirenut::http::service::Service) does: where threads share the device, it keeps
/// its values in atomics.
pub trait Device {
    /// The temperature now, in tenths of a degree Celsius.
    fn celsius_tenths(&self) -> i32;

    /// The temperature that is wanted, in degrees Celsius.
    fn setting(&self) -> u8;

    /// Wants another temperature. Called with what is in [`SETTINGS`](crate::SETTINGS) only.
    fn set(&self, degrees: u8);

    /// How many requests were counted.
    fn requests(&self) -> u32;

    /// Counts a request.
    fn count_request(&self);
}

impl<D: Device + ?Sized> Device for &D {
    fn celsius_tenths(&self) -> i32 {
        (**self).celsius_tenths()
    }

    fn setting(&self) -> u8 {
        (**self).setting()
    }

    fn set(&self, degrees: u8) {
        (**self).set(degrees);
    }

    fn requests(&self) -> u32 {
        (**self).requests()
    }

    fn count_request(&self) {
        (**self).count_request();
    }
}

/// A device in memory, for one thread: without a sensor it shows what it was told.
///
/// ```
/// use wirenut_reference::{Device, MemoryDevice};
/// let device = MemoryDevice::new();
/// device.set(23);
/// device.measure(-15);
/// assert_eq!((device.setting(), device.celsius_tenths(), device.requests()), (23, -15, 0));
/// ```
#[derive(Debug)]
pub struct MemoryDevice {
    celsius_tenths: Cell<i32>,
    setting: Cell<u8>,
    requests: Cell<u32>,
}

impl MemoryDevice {
    /// A device at 21.5 degrees that wants 20 and has counted nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { celsius_tenths: Cell::new(215), setting: Cell::new(20), requests: Cell::new(0) }
    }

    /// The temperature has changed.
    pub fn measure(&self, celsius_tenths: i32) {
        self.celsius_tenths.set(celsius_tenths);
    }
}

impl Default for MemoryDevice {
    fn default() -> Self {
        Self::new()
    }
}

impl Device for MemoryDevice {
    fn celsius_tenths(&self) -> i32 {
        self.celsius_tenths.get()
    }

    fn setting(&self) -> u8 {
        self.setting.get()
    }

    fn set(&self, degrees: u8) {
        self.setting.set(degrees);
    }

    fn requests(&self) -> u32 {
        self.requests.get()
    }

    fn count_request(&self) {
        self.requests.set(self.requests.get().wrapping_add(1));
    }
}
