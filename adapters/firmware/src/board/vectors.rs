//! The interrupt vectors of the board, as far as the Ethernet controller's.

/// The Ethernet controller's line at the interrupt controller.
pub(super) const ETHERNET: u16 = 13;

/// One more than [`ETHERNET`]: no later interrupt is ever enabled, so its vector may be missing.
const COUNT: usize = ETHERNET as usize + 1;

// SAFETY: cortex-m-rt's linker script provides a function of this name, which takes and returns nothing.
unsafe extern "C" {
    /// cortex-m-rt's handler for whatever has no handler: it stops the processor.
    fn DefaultHandler();
}

/// The table that cortex-m-rt's linker script places behind the exceptions.
///
/// No interrupt handler ever runs: see `sleep`.
// SAFETY: the linker script demands this section and name, and keeps the vectors' layout.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [unsafe extern "C" fn(); COUNT] = [DefaultHandler; COUNT];
