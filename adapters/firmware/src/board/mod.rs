//! The board: what there is once it has started, and the two things a firmware asks of it.
//!
//! Each part is a file with one reason to change: `lan9118` (the controller's registers),
//! `device` (frames as smoltcp wants them), `clock` (time since the start), `network` (who we are
//! on the wire), `sleep` (how the processor waits), `vectors` (the interrupt table), `embassy` (all
//! of that as embassy wants it).

pub mod clock;
pub mod device;
#[cfg(feature = "embassy")]
pub mod embassy;
pub mod lan9118;
pub mod network;

mod sleep;
mod vectors;

use cortex_m::Peripherals;
use smoltcp::iface::{Interface, PollResult, SocketSet};

use clock::Clock;
use device::EthernetDevice;
pub use device::FrameBuffers;
use lan9118::Lan9118;

/// The running board. The parts are public, so that an adapter can borrow them one by one.
pub struct Board {
    /// Time since the start.
    pub clock: Clock,
    /// The Ethernet controller, as smoltcp drives it.
    pub device: EthernetDevice,
    /// smoltcp's interface with the address of [`network`].
    pub interface: Interface,
}

impl Board {
    /// Starts the clock, the Ethernet controller and the interface.
    ///
    /// # Panics
    ///
    /// When called a second time, and when the Ethernet controller does not answer: nothing that
    /// this firmware is for would work without it.
    #[must_use]
    pub fn start(frames: &'static mut FrameBuffers) -> Self {
        let (clock, mut device) = start(frames);
        let interface = network::interface(&mut device, clock.now());
        Self { clock, device, interface }
    }

    /// Lets smoltcp receive what has come and send what is due.
    ///
    /// Call it again after the sockets were served, so that their answers leave; [`sleep`] does
    /// not wait while some still have to.
    ///
    /// [`sleep`]: Board::sleep
    pub fn poll(&mut self, sockets: &mut SocketSet<'_>) -> PollResult {
        self.interface.poll(self.clock.now(), &mut self.device, sockets)
    }

    /// Sleeps until a frame has come or smoltcp has something to do by itself.
    ///
    /// Returns at once when either is already so. A firmware with deadlines of its own uses
    /// [`sleep_until`](Board::sleep_until) with the earlier of its own and smoltcp's.
    pub fn sleep(&mut self, sockets: &SocketSet<'_>) {
        let deadline = self.interface.poll_at(self.clock.now(), sockets);
        self.sleep_until(deadline);
    }

    /// Sleeps until a frame has come or the time is `deadline`; without one, until a frame comes.
    ///
    /// May oversleep by a tick of the clock, one millisecond.
    pub fn sleep_until(&mut self, deadline: Option<smoltcp::time::Instant>) {
        while !self.device.has_frame() && deadline.is_none_or(|at| self.clock.now() < at) {
            sleep::until_frame_or_tick(&mut self.device);
        }
    }
}

/// Starts what every stack needs, once.
fn start(frames: &'static mut FrameBuffers) -> (Clock, EthernetDevice) {
    let peripherals = Peripherals::take().expect("the board starts once");
    let clock = Clock::start(peripherals.SYST);
    let controller = Lan9118::start(network::MAC_ADDRESS).expect("the LAN9118 answers");
    (clock, EthernetDevice::new(controller, frames))
}
