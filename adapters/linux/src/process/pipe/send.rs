//! Sending.

use core::mem::MaybeUninit;
use std::io::IoSlice;
use std::os::fd::BorrowedFd;

use rustix::io::{Errno, retry_on_intr};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, Shutdown};
use wirenut::time::Duration;

use super::direction::Sends;
use super::end::End;
use super::failed::SendError;
use super::wait::Wait;
use crate::error::Error;
use crate::socket::{Attempt, MAX_DESCRIPTORS};

impl<D: Sends> End<D> {
    /// Sends one message, whole or not at all. Waits while the pipe is full.
    ///
    /// ```
    /// let (sender, receiver) = wirenut_linux::process::pipe::pipe()?;
    /// sender.send(b"hello")?;
    /// assert_eq!(receiver.recv()?.as_deref(), Some(&b"hello"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// See [`SendError`]. Nothing was sent then.
    pub fn send(&self, message: &[u8]) -> Result<(), SendError> {
        self.send_waiting(Wait::Forever, message, &[]).map(|_| ())
    }

    /// The same, but does not wait.
    ///
    /// ```
    /// use wirenut_linux::socket::Attempt;
    /// let (sender, receiver) = wirenut_linux::process::pipe::pipe()?;
    /// while sender.try_send(&[0; 10_000])? == Attempt::Done(()) {}
    /// assert!(receiver.recv()?.is_some()); // there is room again
    /// assert_eq!(sender.try_send(&[0; 10_000])?, Attempt::Done(()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::send`].
    pub fn try_send(&self, message: &[u8]) -> Result<Attempt<()>, SendError> {
        self.send_waiting(Wait::Never, message, &[])
    }

    /// The same, but waits for so long at most.
    ///
    /// ```
    /// use wirenut::time::Duration;
    /// use wirenut_linux::socket::Attempt;
    /// let (sender, _receiver) = wirenut_linux::process::pipe::pipe()?;
    /// while sender.send_timeout(&[0; 10_000], Duration::from_millis(1))? == Attempt::Done(()) {}
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::send`].
    pub fn send_timeout(&self, message: &[u8], limit: Duration) -> Result<Attempt<()>, SendError> {
        self.send_waiting(Wait::within(limit), message, &[])
    }

    /// Sends one message, and duplicates of descriptors with it: SCM_RIGHTS of unix(7). The caller keeps its own.
    ///
    /// ```
    /// use std::io::Read;
    /// use std::os::fd::AsFd;
    /// let (sender, receiver) = wirenut_linux::process::pipe::pipe()?;
    /// sender.send_descriptors(b"a file", &[std::fs::File::open("/proc/self/comm")?.as_fd()])?;
    /// let mut delivery = receiver.recv_descriptors()?.unwrap();
    /// assert_eq!(delivery.bytes, b"a file");
    /// let mut name = String::new();
    /// std::fs::File::from(delivery.descriptors.remove(0)).read_to_string(&mut name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::send`]. Of the system: more than [`MAX_DESCRIPTORS`]; too many of this user are on their way and not yet
    /// received.
    pub fn send_descriptors(&self, message: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<(), SendError> {
        self.send_waiting(Wait::Forever, message, descriptors).map(|_| ())
    }

    /// The same, but waits for so long at most, and not at all if that is zero.
    ///
    /// # Errors
    /// As for [`Self::send_descriptors`].
    pub fn send_descriptors_timeout(
        &self,
        message: &[u8],
        descriptors: &[BorrowedFd<'_>],
        limit: Duration,
    ) -> Result<Attempt<()>, SendError> {
        self.send_waiting(Wait::within(limit), message, descriptors)
    }

    /// Ends what this end sends, for all copies of it in all processes: shutdown(2). What was sent can be received, then the
    /// stream ends. A two-way pipe can still receive.
    ///
    /// ```
    /// use wirenut_linux::process::pipe::{SendError, duplex};
    /// let (one, other) = duplex()?;
    /// let copy = one.clone();
    /// one.send(b"a question")?;
    /// one.shutdown_send()?;
    /// assert!(matches!(copy.send(b"another"), Err(SendError::Closed)));
    /// while let Some(question) = other.recv()? {
    ///     other.send(&question)?;
    /// }
    /// assert_eq!(one.recv()?.as_deref(), Some(&b"a question"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn shutdown_send(&self) -> Result<(), Error> {
        let done = rustix::net::shutdown(self, Shutdown::Write);
        done.map_err(self.failed("shut down"))
    }

    pub(super) fn send_waiting(
        &self,
        wait: Wait,
        message: &[u8],
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<Attempt<()>, SendError> {
        let failed = |errno| SendError::of(errno, self.failed("send on"), message.len(), self.max_message());
        if message.len() > self.max_message() {
            return Err(failed(Errno::MSGSIZE));
        }
        let flags = match wait {
            Wait::Forever => SendFlags::NOSIGNAL,
            Wait::Never | Wait::Until(_) => SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
        };
        loop {
            match self.sendmsg(message, descriptors, flags) {
                Ok(()) => return Ok(Attempt::Done(())),
                Err(Errno::AGAIN) => {}
                Err(errno) => return Err(failed(errno)),
            }
            if !wait.for_events(self, libc::POLLOUT).map_err(failed)? {
                return Ok(Attempt::WouldBlock);
            }
        }
    }

    fn sendmsg(&self, message: &[u8], descriptors: &[BorrowedFd<'_>], flags: SendFlags) -> Result<(), Errno> {
        if descriptors.is_empty() {
            return retry_on_intr(|| rustix::net::send(self, message, flags)).map(|_| ());
        }
        if descriptors.len() > MAX_DESCRIPTORS {
            return Err(Errno::INVAL);
        }
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(descriptors));
        retry_on_intr(|| rustix::net::sendmsg(self, &[IoSlice::new(message)], &mut control, flags)).map(|_| ())
    }
}
