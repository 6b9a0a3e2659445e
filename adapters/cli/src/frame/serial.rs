//! Serial devices: termios(3).

use core::fmt;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, retry_on_intr};
use rustix::termios::{
    ControlModes, InputModes, OptionalActions, SpecialCodeIndex, Termios, ioctl_tiocexcl, ioctl_tiocnxcl, tcdrain,
    tcgetattr, tcsetattr,
};

use crate::failure::Failure;
use crate::log::Name;

/// The parity bit of each byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Parity {
    /// There is none
    None,
    /// The number of ones is even
    Even,
    /// The number of ones is odd
    Odd,
}

/// How the ends hold each other up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Flow {
    /// Not at all
    None,
    /// By RTS and CTS
    Hardware,
    /// By XON and XOFF
    Software,
}

/// How a line is set up. Bytes have eight bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) baud: u32,
    pub(super) parity: Parity,
    pub(super) stop_bits: u8,
    pub(super) flow: Flow,
}

/// For errors, and for the one that says what a device does not have.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parity, flow) = (format!("{:?}", self.parity), format!("{:?}", self.flow));
        let (parity, flow) = (parity.to_lowercase(), flow.to_lowercase());
        write!(f, "--baud {} --parity {parity} --stop-bits {} --flow {flow}", self.baud, self.stop_bits)
    }
}

/// A serial device that is ours alone, and in raw mode.
pub(super) struct Serial {
    device: File,
    path: PathBuf,
}

/// What is to be restored when the program ends, wherever it is then: one device.
static FOUND: Mutex<Option<(File, Termios)>> = Mutex::new(None);

impl Serial {
    /// Opens a device without waiting for a carrier, and sets it up.
    pub(super) fn open(path: &Path, line: Line) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::Serial { path: path.into(), error };
        let system = |errno: Errno| failed(errno.into());
        // So that opening it does not wait for a carrier, and it does not become our terminal.
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
        let flags = i32::try_from(flags).unwrap_or_default();
        let device = File::options().read(true).write(true).custom_flags(flags).open(path).map_err(failed)?;
        let found = tcgetattr(&device).map_err(system)?;
        // Two readers would share the bytes between them.
        ioctl_tiocexcl(&device).map_err(system)?;
        let copy = device.try_clone().map_err(failed)?;
        *FOUND.lock().unwrap_or_else(PoisonError::into_inner) = Some((copy, found.clone()));
        let serial = Self { device, path: path.into() };
        let wanted = line.set(found);
        if let Err(error) = wanted.and_then(|wanted| serial.set(&wanted, line)) {
            return Err(failed(error));
        }
        Ok(serial)
    }

    fn set(&self, wanted: &Termios, line: Line) -> io::Result<()> {
        tcsetattr(&self.device, OptionalActions::Now, wanted)?;
        // The call succeeds if anything could be done of it.
        let now = tcgetattr(&self.device)?;
        if now.output_speed() != wanted.output_speed() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it does not have --baud {}", line.baud)));
        }
        if now.control_modes != wanted.control_modes || now.input_modes != wanted.input_modes {
            let name = Name::of(&self.path);
            let _ = writeln!(io::stderr(), "wirenut: '{name}' does not have all of {line}");
        }
        let flags = fcntl_getfl(&self.device)?;
        Ok(fcntl_setfl(&self.device, flags - OFlags::NONBLOCK)?)
    }

    /// Waits until all has left.
    pub(super) fn drain(&self) -> Result<(), Failure> {
        let drained = retry_on_intr(|| tcdrain(&self.device));
        drained.map_err(|errno| Failure::Write { path: self.path.clone(), error: errno.into() })
    }

    /// Leaves the device as it was found, if there is one.
    pub(super) fn restore_all() {
        if let Some((device, found)) = FOUND.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A device that is gone needs nothing.
            let _ = tcsetattr(&device, OptionalActions::Now, &found);
            let _ = ioctl_tiocnxcl(&device);
        }
    }
}

/// Leaves the device as it was found.
impl Drop for Serial {
    fn drop(&mut self) {
        Self::restore_all();
    }
}

impl AsFd for Serial {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.device.as_fd()
    }
}

impl Line {
    /// Bytes as they are, set up like this.
    fn set(self, mut termios: Termios) -> io::Result<Termios> {
        termios.make_raw();
        termios.set_speed(self.baud)?;
        let control = &mut termios.control_modes;
        // Modem lines are not looked at: three wires are enough.
        control.insert(ControlModes::CREAD | ControlModes::CLOCAL);
        control.set(ControlModes::CSTOPB, self.stop_bits == 2);
        control.set(ControlModes::PARENB, self.parity != Parity::None);
        control.set(ControlModes::PARODD, self.parity == Parity::Odd);
        control.set(ControlModes::CRTSCTS, self.flow == Flow::Hardware);
        let input = &mut termios.input_modes;
        // A byte with the wrong parity comes as zero, which checksums see.
        input.set(InputModes::INPCK, self.parity != Parity::None);
        input.set(InputModes::IXON | InputModes::IXOFF, self.flow == Flow::Software);
        termios.special_codes[SpecialCodeIndex::VMIN] = 1;
        termios.special_codes[SpecialCodeIndex::VTIME] = 0;
        Ok(termios)
    }
}
