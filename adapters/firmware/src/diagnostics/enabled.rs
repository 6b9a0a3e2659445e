//! With the feature `log`: defmt over semihosting; a panic or a fault ends QEMU with a failure.

use core::panic::PanicInfo;

use cortex_m_rt::{ExceptionFrame, exception};
use defmt_semihosting as _;

pub use defmt::{error, info, warn};

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    error!("{}", defmt::Display2Format(info));
    semihosting::process::exit(1)
}

// SAFETY: the handler returns nowhere and touches no memory that the interrupted code owns.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    error!("hard fault at {=u32:#010x}", frame.pc());
    semihosting::process::exit(1)
}
