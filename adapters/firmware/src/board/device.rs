//! Ethernet frames between a stack and the controller, through two buffers of one frame each.
//!
//! A frame leaves the controller's memory when the stack takes it and enters it when the stack has
//! written it; nothing is queued here. Two buffers, because a stack may write an answer while it
//! still reads the question.

use smoltcp::{
    phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken},
    time::Instant,
};

use super::lan9118::Lan9118;

/// The largest frame, with its header, without the checksum that the controller adds.
pub const FRAME_LENGTH: usize = 1514;

/// Memory for one frame in each direction. A firmware keeps it in a `static`.
pub struct FrameBuffers {
    received: [u8; FRAME_LENGTH],
    transmitted: [u8; FRAME_LENGTH],
}

impl FrameBuffers {
    /// Zeroed buffers, so that a `static` of them takes no flash.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made in a static only, where Default cannot be called")]
    pub const fn new() -> Self {
        Self { received: [0; FRAME_LENGTH], transmitted: [0; FRAME_LENGTH] }
    }
}

/// The controller, frame by frame: smoltcp's [`Device`].
pub struct EthernetDevice {
    controller: Lan9118,
    frames: &'static mut FrameBuffers,
}

impl EthernetDevice {
    /// Joins a started controller and the memory for its frames.
    #[must_use]
    pub fn new(controller: Lan9118, frames: &'static mut FrameBuffers) -> Self {
        Self { controller, frames }
    }

    /// Whether [`receive`](Device::receive) would find a frame.
    #[must_use]
    pub fn has_frame(&self) -> bool {
        self.controller.has_frame()
    }

    /// Whether the largest frame could be sent now.
    #[cfg(feature = "embassy")]
    pub(super) fn has_room(&self) -> bool {
        self.controller.can_transmit(FRAME_LENGTH)
    }

    /// Forgets frames that were announced by interrupt so far; those that come later announce
    /// themselves again.
    pub(super) fn clear_interrupt(&mut self) {
        self.controller.clear_interrupt();
    }

    /// The next frame, and the right to answer it. It is taken only when an answer could be sent: else it waits in the
    /// controller.
    pub(super) fn take(&mut self) -> Option<(ReceivedFrame<'_>, FrameToTransmit<'_>)> {
        if !self.controller.can_transmit(FRAME_LENGTH) {
            return None;
        }
        let FrameBuffers { received, transmitted } = &mut *self.frames;
        let length = self.controller.receive(received)?;
        let answer = FrameToTransmit { controller: &mut self.controller, buffer: transmitted };
        Some((ReceivedFrame(&mut received[..length]), answer))
    }

    /// The right to send a frame, if there is room for the largest.
    pub(super) fn room(&mut self) -> Option<FrameToTransmit<'_>> {
        self.controller
            .can_transmit(FRAME_LENGTH)
            .then_some(FrameToTransmit { controller: &mut self.controller, buffer: &mut self.frames.transmitted })
    }
}

impl Device for EthernetDevice {
    type RxToken<'a> = ReceivedFrame<'a>;
    type TxToken<'a> = FrameToTransmit<'a>;

    fn receive(&mut self, _now: Instant) -> Option<(ReceivedFrame<'_>, FrameToTransmit<'_>)> {
        self.take()
    }

    fn transmit(&mut self, _now: Instant) -> Option<FrameToTransmit<'_>> {
        self.room()
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME_LENGTH;
        capabilities.max_burst_size = Some(1);
        capabilities
    }
}

/// A frame that has come.
pub struct ReceivedFrame<'a>(pub(super) &'a mut [u8]);

impl RxToken for ReceivedFrame<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(self.0)
    }
}

/// The right to send one frame; the controller has room for it.
pub struct FrameToTransmit<'a> {
    controller: &'a mut Lan9118,
    buffer: &'a mut [u8; FRAME_LENGTH],
}

impl FrameToTransmit<'_> {
    /// Lets `write` write a frame of `length` bytes, and sends it.
    pub(super) fn send<R>(self, length: usize, write: impl FnOnce(&mut [u8]) -> R) -> R {
        let frame = &mut self.buffer[..length];
        let result = write(frame);
        self.controller.transmit(frame);
        result
    }
}

impl TxToken for FrameToTransmit<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        self.send(length, write)
    }
}
