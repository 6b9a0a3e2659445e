//! Terminals by their device numbers.

use core::fmt;

/// A terminal, by the numbers of its device. It is displayed by the name of its file in /dev, as the kernel's list of
/// devices has it, or by the numbers.
///
/// ```
/// use wirenut_linux::process::status::Terminal;
/// let [pseudo, console, serial, other] = [(136, 3), (4, 1), (4, 65), (204, 64)];
/// let names = [pseudo, console, serial, other].map(|(major, minor)| Terminal { major, minor }.to_string());
/// assert_eq!(names, ["pts/3", "tty1", "ttyS1", "204:64"]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Terminal {
    /// Which kind of device.
    pub major: u32,
    /// Which of them.
    pub minor: u32,
}

impl Terminal {
    /// The seventh field of /proc/PID/stat; 0 is none.
    pub(super) fn from_number(number: i32) -> Option<Self> {
        let number = number.cast_unsigned();
        let (major, minor) = (number >> 8 & 0xfff, number & 0xff | number >> 12 & 0xf_ff00);
        (number != 0).then_some(Self { major, minor })
    }
}

impl fmt::Display for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.major, self.minor) {
            (136..=143, minor) => write!(f, "pts/{}", u64::from(self.major - 136) * 256 + u64::from(minor)),
            (4, minor @ 0..64) => write!(f, "tty{minor}"),
            (4, minor) => write!(f, "ttyS{}", minor - 64),
            (major, minor) => write!(f, "{major}:{minor}"),
        }
    }
}
