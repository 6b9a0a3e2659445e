//! The Ethernet controller as embassy-net's driver.

use core::task::Context;

use embassy_net::driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};
use embassy_sync::waitqueue::AtomicWaker;

use crate::board::device::{EthernetDevice, FRAME_LENGTH, FrameToTransmit, ReceivedFrame};
use crate::board::network::MAC_ADDRESS;
use crate::board::sleep;

/// Who waits for a frame.
static NETWORK: AtomicWaker = AtomicWaker::new();

/// Wakes the network if a frame has come.
pub(super) fn wake_network() {
    if sleep::is_frame_announced() {
        NETWORK.wake();
    }
}

impl Driver for EthernetDevice {
    type RxToken<'a> = ReceivedFrame<'a>;
    type TxToken<'a> = FrameToTransmit<'a>;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(ReceivedFrame<'_>, FrameToTransmit<'_>)> {
        if !self.has_frame() {
            NETWORK.register(cx.waker());
            sleep::withdraw(self);
            // One may have come before it was withdrawn.
            if !self.has_frame() {
                return None;
            }
        }
        if !self.has_room() {
            cx.waker().wake_by_ref();
        }
        self.take()
    }

    fn transmit(&mut self, cx: &mut Context<'_>) -> Option<FrameToTransmit<'_>> {
        // Nothing announces room, which is a matter of microseconds.
        if !self.has_room() {
            cx.waker().wake_by_ref();
        }
        self.room()
    }

    fn link_state(&mut self, _: &mut Context<'_>) -> LinkState {
        LinkState::Up
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = FRAME_LENGTH;
        capabilities.max_burst_size = Some(1);
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(MAC_ADDRESS)
    }
}

impl RxToken for ReceivedFrame<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, read: F) -> R {
        read(self.0)
    }
}

impl TxToken for FrameToTransmit<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        self.send(length, write)
    }
}
