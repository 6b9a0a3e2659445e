//! How the processor waits: WFI with interrupts disabled, so that no wake-up is lost.
//!
//! The processor leaves WFI when an interrupt that is enabled at the interrupt controller is
//! pending, even if the processor itself does not take interrupts at the time. So the Ethernet
//! line is enabled only around the WFI, inside a critical section: a frame that comes between the
//! last look and the WFI is pending and wakes, and no handler is needed. The clock's tick wakes as
//! well, and its handler runs when the critical section ends.

use cortex_m::{asm, interrupt, peripheral::NVIC};

use super::{device::EthernetDevice, vectors};

/// The Ethernet line as the interrupt controller's type wants it.
#[derive(Clone, Copy)]
struct Ethernet;

// SAFETY: the number is fixed, and below the length of the vector table.
unsafe impl interrupt::InterruptNumber for Ethernet {
    fn number(self) -> u16 {
        vectors::ETHERNET
    }
}

/// Returns when a frame has come or the clock has ticked; at once if a frame is waiting.
pub(super) fn until_frame_or_tick(device: &mut EthernetDevice) {
    interrupt::free(|_| {
        device.clear_interrupt();
        if !device.has_frame() {
            until_interrupt();
            NVIC::unpend(Ethernet);
        }
    });
}

/// Returns when the clock has ticked, or while a frame is [announced](is_frame_announced).
#[cfg(feature = "embassy")]
pub(super) fn until_announced_or_tick() {
    interrupt::free(|_| until_interrupt());
}

/// Has a frame come since the last [`withdraw`]?
#[cfg(feature = "embassy")]
pub(super) fn is_frame_announced() -> bool {
    NVIC::is_pending(Ethernet)
}

/// Forgets the frames that were announced so far, for who looks for them afterwards.
#[cfg(feature = "embassy")]
pub(super) fn withdraw(device: &mut EthernetDevice) {
    device.clear_interrupt();
    NVIC::unpend(Ethernet);
}

/// Only in a critical section: no handler may run.
fn until_interrupt() {
    // SAFETY: no critical section relies on this line being masked, and it is masked again
    // before the processor takes interrupts.
    unsafe { NVIC::unmask(Ethernet) };
    asm::wfi();
    NVIC::mask(Ethernet);
}
