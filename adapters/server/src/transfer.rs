//! Bodies that the kernel moves itself.

use alloc::sync::Arc;
use core::convert::Infallible;
use std::fs::File;
use std::io::{ErrorKind, Result};

use wirenut_linux::socket::AnyByteStream;

/// A source of body bytes that goes into a socket without passing through the server's buffers:
/// what a service gives in [`Step::Transfer`](wirenut::http::service::Step::Transfer).
pub trait Transfer {
    /// Moves up to `length` bytes into the socket, without waiting for room in it, and remembers how far it came.
    /// Returns how many; zero means that the source has ended, and is too short.
    ///
    /// # Errors
    /// [`WouldBlock`](std::io::ErrorKind::WouldBlock) if there is no room now: it is called again when there is. After
    /// any other error the connection is cut.
    fn transfer(&mut self, socket: &AnyByteStream, length: u64) -> Result<u64>;
}

/// For services that transfer nothing.
impl Transfer for Infallible {
    fn transfer(&mut self, _: &AnyByteStream, _: u64) -> Result<u64> {
        match *self {}
    }
}

/// A part of a file, moved by sendfile(2). The file's own position plays no part, so any number of ranges can share it.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::{fs::File, sync::Arc};
/// use wirenut_server::FileRange;
/// let file = Arc::new(File::open("Cargo.toml")?);
/// let range = FileRange::new(file, 100);
/// # let _ = range;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FileRange {
    file: Arc<File>,
    offset: u64,
}

impl FileRange {
    /// What begins at that byte of the file; how long it is, [`Step::Transfer`](wirenut::http::service::Step::Transfer)
    /// says.
    #[must_use]
    pub fn new(file: impl Into<Arc<File>>, offset: u64) -> Self {
        Self { file: file.into(), offset }
    }
}

impl Transfer for FileRange {
    fn transfer(&mut self, socket: &AnyByteStream, length: u64) -> Result<u64> {
        let sent = socket.send_file(&self.file, self.offset, length)?;
        let moved = sent.done().ok_or(ErrorKind::WouldBlock)?;
        self.offset = self.offset.saturating_add(moved);
        Ok(moved)
    }
}
