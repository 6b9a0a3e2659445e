//! Bodies that the kernel moves itself.

use alloc::sync::Arc;
use core::convert::Infallible;
use std::fs::File;
use std::io::{ErrorKind, Result};
use std::os::unix::fs::FileExt as _;

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

    /// Copies up to as many bytes as there is room for in `into`, without waiting, and remembers how far it came. Called in
    /// place of [`Self::transfer`] where the bytes are encrypted, which the kernel does not do. Returns how many; zero means that
    /// the source has ended, and is too short.
    ///
    /// # Errors
    /// After any error the connection is cut. By default it is [`Unsupported`](std::io::ErrorKind::Unsupported).
    fn read(&mut self, _into: &mut [u8]) -> Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }
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

    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        loop {
            match self.file.read_at(into, self.offset) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => {
                    let count = read?;
                    self.offset = self.offset.saturating_add(count as u64);
                    return Ok(count);
                }
            }
        }
    }
}
