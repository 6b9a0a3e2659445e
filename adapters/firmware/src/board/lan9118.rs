//! The LAN9118 Ethernet controller: frames in and out of its FIFOs, by programmed I/O.
//!
//! Frames are words on the controller's bus, so lengths round up to four bytes there. All the
//! unsafe code of the registers is in `registers`, at the end.

use registers::{Port, Registers};

/// Why the controller did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// What answers at its address is no LAN9118.
    NotFound,
    /// It did not end a reset or an access to its MAC in time.
    Unresponsive,
}

/// The controller, receiving and ready to transmit.
pub struct Lan9118 {
    registers: Registers,
}

/// How often a busy bit is read before the controller counts as broken: the longest of these
/// waits, the reset, takes 10 microseconds, and a read takes some 40 nanoseconds at least.
const BUSY_READS: u32 = 10_000;

const BYTE_ORDER: u32 = 0x8765_4321;
const CHIP: u32 = 0x0118;

const HW_CFG_SOFT_RESET: u32 = 1 << 0;
const HW_CFG_STORE_AND_FORWARD: u32 = 1 << 20;
const HW_CFG_TX_FIFO_5_KB: u32 = 5 << 16;
const TX_CFG_ON: u32 = 1 << 1;
/// Statuses of sent frames may be lost: nobody reads them, and a full status FIFO would stop us.
const TX_CFG_STATUS_OVERRUN: u32 = 1 << 2;
const IRQ_CFG_ENABLE: u32 = 1 << 8;
const IRQ_CFG_ACTIVE_HIGH: u32 = 1 << 4;
const IRQ_CFG_PUSH_PULL: u32 = 1 << 0;
const INT_RX_STATUS_LEVEL: u32 = 1 << 3;
const RX_DP_CTL_FAST_FORWARD: u32 = 1 << 31;
const RX_STATUS_ERROR: u32 = 1 << 15;

const MAC_CSR_BUSY: u32 = 1 << 31;
const MAC_CR: u32 = 1;
const MAC_ADDRESS_HIGH: u32 = 2;
const MAC_ADDRESS_LOW: u32 = 3;
const MAC_CR_FULL_DUPLEX: u32 = 1 << 20;
const MAC_CR_TX_ENABLE: u32 = 1 << 3;
const MAC_CR_RX_ENABLE: u32 = 1 << 2;

const TX_COMMAND_FIRST_AND_LAST: u32 = 1 << 13 | 1 << 12;
/// The two command words, and room to round the frame up.
const TX_OVERHEAD: usize = 16;
const CHECKSUM_LENGTH: usize = 4;

impl Lan9118 {
    /// Resets the controller and lets it receive frames for `mac_address` and for everybody.
    ///
    /// # Errors
    ///
    /// When no LAN9118 answers, or it does not get ready.
    pub(super) fn start(mac_address: [u8; 6]) -> Result<Self, Error> {
        let mut controller = Self { registers: Registers::of_the_board() };
        controller.identify()?;
        controller.reset()?;
        controller.set_up_fifos();
        controller.set_up_interrupt();
        controller.set_up_mac(mac_address)?;
        Ok(controller)
    }

    /// Whether [`receive`](Lan9118::receive) would find a frame.
    #[must_use]
    pub fn has_frame(&self) -> bool {
        self.registers.read(Port::RxFifoInformation) >> 16 & 0xff != 0
    }

    /// Moves the next good frame into `buffer` and says how long it is, without its checksum.
    ///
    /// Frames that are damaged or longer than `buffer` are dropped. `None`: no frame is waiting.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Option<usize> {
        while self.has_frame() {
            let status = self.registers.read(Port::RxStatus);
            let with_checksum = (status >> 16 & 0x3fff) as usize;
            let length = with_checksum.saturating_sub(CHECKSUM_LENGTH);
            if status & RX_STATUS_ERROR != 0 || length > buffer.len() {
                self.drop_frame(with_checksum);
                continue;
            }
            self.read_frame(&mut buffer[..length], with_checksum);
            return Some(length);
        }
        None
    }

    /// Whether [`transmit`](Lan9118::transmit) has room for a frame of `length` bytes.
    #[must_use]
    pub fn can_transmit(&self, length: usize) -> bool {
        let free = self.registers.read(Port::TxFifoInformation) & 0xffff;
        free as usize >= length + TX_OVERHEAD
    }

    /// Sends `frame`; the controller adds the checksum. [`can_transmit`](Lan9118::can_transmit)
    /// must have said yes, else the frame is lost.
    pub fn transmit(&mut self, frame: &[u8]) {
        // Frames are at most 1514 bytes long, and the field has 11 bits.
        let length = frame.len() as u32;
        self.write(Port::TxData, TX_COMMAND_FIRST_AND_LAST | length);
        self.write(Port::TxData, length);
        let (words, rest) = frame.as_chunks();
        for word in words {
            self.write(Port::TxData, u32::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 4];
            word[..rest.len()].copy_from_slice(rest);
            self.write(Port::TxData, u32::from_le_bytes(word));
        }
    }

    /// Withdraws the interrupt for frames that came so far.
    pub fn clear_interrupt(&mut self) {
        self.write(Port::InterruptStatus, INT_RX_STATUS_LEVEL);
    }

    fn read_frame(&mut self, frame: &mut [u8], with_checksum: usize) {
        let (words, rest) = frame.as_chunks_mut();
        for word in words {
            *word = self.registers.read(Port::RxData).to_le_bytes();
        }
        if !rest.is_empty() {
            let word = self.registers.read(Port::RxData).to_le_bytes();
            rest.copy_from_slice(&word[..rest.len()]);
        }
        for _ in frame.len().div_ceil(4)..with_checksum.div_ceil(4) {
            self.registers.read(Port::RxData);
        }
    }

    fn drop_frame(&mut self, with_checksum: usize) {
        // Fast-forward is for frames of four words or more: the data sheet demands it so.
        if with_checksum < 16 {
            self.read_frame(&mut [], with_checksum);
            return;
        }
        self.write(Port::RxDatapathControl, RX_DP_CTL_FAST_FORWARD);
        // A controller that never ends it delivers no frames either way; the reads are bounded.
        let _ = self.wait_while(Port::RxDatapathControl, RX_DP_CTL_FAST_FORWARD);
    }

    fn identify(&self) -> Result<(), Error> {
        let answers = self.registers.read(Port::ByteOrderTest) == BYTE_ORDER;
        let is_lan9118 = self.registers.read(Port::IdAndRevision) >> 16 == CHIP;
        if answers && is_lan9118 { Ok(()) } else { Err(Error::NotFound) }
    }

    fn reset(&mut self) -> Result<(), Error> {
        self.write(Port::HardwareConfiguration, HW_CFG_SOFT_RESET);
        self.wait_while(Port::HardwareConfiguration, HW_CFG_SOFT_RESET)
    }

    fn set_up_fifos(&mut self) {
        self.write(Port::HardwareConfiguration, HW_CFG_STORE_AND_FORWARD | HW_CFG_TX_FIFO_5_KB);
        self.write(Port::RxConfiguration, 0);
        self.write(Port::TxConfiguration, TX_CFG_ON | TX_CFG_STATUS_OVERRUN);
    }

    /// The interrupt line rises with the first frame and stays up until it is cleared.
    fn set_up_interrupt(&mut self) {
        self.write(Port::FifoInterruptLevels, 0);
        self.write(Port::InterruptConfiguration, IRQ_CFG_ENABLE | IRQ_CFG_ACTIVE_HIGH | IRQ_CFG_PUSH_PULL);
        self.write(Port::InterruptEnable, INT_RX_STATUS_LEVEL);
    }

    fn set_up_mac(&mut self, address: [u8; 6]) -> Result<(), Error> {
        let [a, b, c, d, e, f] = address;
        self.write_mac(MAC_ADDRESS_LOW, u32::from_le_bytes([a, b, c, d]))?;
        self.write_mac(MAC_ADDRESS_HIGH, u32::from_le_bytes([e, f, 0, 0]))?;
        self.write_mac(MAC_CR, MAC_CR_FULL_DUPLEX | MAC_CR_TX_ENABLE | MAC_CR_RX_ENABLE)
    }

    /// The MAC's own registers are reached through a pair of ours: a value, then a command.
    fn write_mac(&mut self, index: u32, value: u32) -> Result<(), Error> {
        self.wait_while(Port::MacCommand, MAC_CSR_BUSY)?;
        self.write(Port::MacData, value);
        self.write(Port::MacCommand, MAC_CSR_BUSY | index);
        self.wait_while(Port::MacCommand, MAC_CSR_BUSY)
    }

    fn wait_while(&self, port: Port, busy: u32) -> Result<(), Error> {
        let done = (0..BUSY_READS).any(|_| self.registers.read(port) & busy == 0);
        done.then_some(()).ok_or(Error::Unresponsive)
    }

    fn write(&mut self, port: Port, value: u32) {
        self.registers.write(port, value);
    }
}

/// Reads and writes of the controller's registers, and nothing else: all that is unsafe here.
mod registers {
    const BASE: usize = 0x4020_0000;

    /// The registers we use, by their offset.
    #[derive(Clone, Copy)]
    #[repr(usize)]
    pub(super) enum Port {
        RxData = 0x00,
        TxData = 0x20,
        RxStatus = 0x40,
        IdAndRevision = 0x50,
        InterruptConfiguration = 0x54,
        InterruptStatus = 0x58,
        InterruptEnable = 0x5c,
        ByteOrderTest = 0x64,
        FifoInterruptLevels = 0x68,
        RxConfiguration = 0x6c,
        TxConfiguration = 0x70,
        HardwareConfiguration = 0x74,
        RxDatapathControl = 0x78,
        RxFifoInformation = 0x7c,
        TxFifoInformation = 0x80,
        MacCommand = 0xa4,
        MacData = 0xa8,
    }

    pub(super) struct Registers {
        _not_copied: (),
    }

    impl Registers {
        pub(super) fn of_the_board() -> Self {
            Self { _not_copied: () }
        }

        pub(super) fn read(&self, port: Port) -> u32 {
            // SAFETY: the board maps the controller at this address, every `Port` is an aligned
            // register of it, and reading one touches no memory of the program.
            unsafe { Self::address(port).read_volatile() }
        }

        pub(super) fn write(&mut self, port: Port, value: u32) {
            // SAFETY: as for `read`; the controller does no DMA, so no write reaches memory.
            unsafe { Self::address(port).write_volatile(value) }
        }

        fn address(port: Port) -> *mut u32 {
            core::ptr::without_provenance_mut(BASE + port as usize)
        }
    }
}
