//! What a child's closure returns.

use core::fmt::Display;

/// How a child tells what came of its work: by its exit status, and a line on standard error where it failed.
///
/// `()` is status 0, a `u8` is itself. An `Err` is printed, with the child's name or id before it, and is status 1.
///
/// ```
/// use wirenut_linux::process::{self, Ended};
/// let child = process::spawn(|| std::fs::read("/no/such/file").map(drop))?;
/// assert_eq!(child.join()?, Ended::Exited(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Report {
    /// The exit status, or what to print before the process ends with status 1.
    ///
    /// # Errors
    /// What to print.
    fn report(self) -> Result<u8, String>;
}

impl Report for () {
    fn report(self) -> Result<u8, String> {
        Ok(0)
    }
}

impl Report for u8 {
    fn report(self) -> Result<u8, String> {
        Ok(self)
    }
}

/// For a closure that never returns, which a signal ends.
impl Report for <fn() -> ! as never::Returns>::Value {
    fn report(self) -> Result<u8, String> {
        self
    }
}

/// How stable Rust may name the type of what never returns.
mod never {
    pub trait Returns {
        type Value;
    }

    impl<T> Returns for fn() -> T {
        type Value = T;
    }
}

impl<T: Report, E: Display> Report for Result<T, E> {
    fn report(self) -> Result<u8, String> {
        self.map_err(|error| error.to_string())?.report()
    }
}
