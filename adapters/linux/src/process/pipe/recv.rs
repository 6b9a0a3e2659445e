//! Receiving.

use core::mem::MaybeUninit;
use std::io::IoSliceMut;
use std::os::fd::OwnedFd;

use rustix::io::{Errno, retry_on_intr};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, RecvMsg, ReturnFlags};
use wirenut::time::Duration;

use super::direction::Receives;
use super::end::End;
use super::failed::RecvError;
use super::room::with_room;
use super::wait::Wait;
use crate::error::Error;
use crate::socket::{MAX_DESCRIPTORS, Received};

/// A message, and the descriptors that came with it: see [`End::recv_descriptors`].
#[derive(Debug)]
pub struct Delivery {
    /// The message.
    pub bytes: Vec<u8>,
    /// The descriptors, closed on exec(2), and closed when this is dropped.
    pub descriptors: Vec<OwnedFd>,
    /// More were sent, but this process may have no more descriptors: the others are closed.
    pub is_incomplete: bool,
}

impl<D: Receives> End<D> {
    /// Receives the next message. Waits while there is none. `None`: all were received, and nobody is left to send any.
    ///
    /// ```
    /// let (sender, receiver) = wirenut_linux::process::pipe::pipe()?;
    /// sender.send(b"hello")?;
    /// drop(sender);
    /// while let Some(message) = receiver.recv()? {
    ///     assert_eq!(message, b"hello");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The system has no memory left.
    pub fn recv(&self) -> Result<Option<Vec<u8>>, Error> {
        self.recv_vec(Wait::Forever).map(blocked)
    }

    /// The same, but does not wait.
    ///
    /// ```
    /// use wirenut_linux::socket::Received;
    /// let (sender, receiver) = wirenut_linux::process::pipe::pipe()?;
    /// assert_eq!(receiver.try_recv()?, Received::WouldBlock);
    /// sender.send(b"hello")?;
    /// assert_eq!(receiver.try_recv()?, Received::Data(b"hello".to_vec()));
    /// drop(sender);
    /// assert_eq!(receiver.try_recv()?, Received::End);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::recv`].
    pub fn try_recv(&self) -> Result<Received<Vec<u8>>, Error> {
        self.recv_vec(Wait::Never)
    }

    /// The same, but waits for so long at most.
    ///
    /// ```
    /// use wirenut::time::Duration;
    /// use wirenut_linux::socket::Received;
    /// let (_sender, receiver) = wirenut_linux::process::pipe::pipe()?;
    /// assert_eq!(receiver.recv_timeout(Duration::from_millis(1))?, Received::WouldBlock);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::recv`].
    pub fn recv_timeout(&self, limit: Duration) -> Result<Received<Vec<u8>>, Error> {
        self.recv_vec(Wait::within(limit))
    }

    /// Receives the next message into a buffer, and says how long it is. It allocates nothing where the message has room.
    ///
    /// ```
    /// use wirenut_linux::process::pipe::{RecvError, pipe};
    /// let (sender, receiver) = pipe()?;
    /// sender.send(b"one")?;
    /// sender.send(b"two and more")?;
    /// drop(sender);
    /// let mut buffer = [0; 3];
    /// assert_eq!(receiver.recv_into(&mut buffer)?, Some(3));
    /// assert_eq!(&buffer, b"one");
    /// let error = receiver.recv_into(&mut buffer).unwrap_err();
    /// assert!(matches!(error, RecvError::TooLarge(message) if message == b"two and more"));
    /// assert_eq!(receiver.recv_into(&mut buffer)?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`RecvError::TooLarge`]: the message is longer than the buffer, and is given whole with the error. It is not left in the
    /// pipe: with several receivers, the one that asks for its length need not be the one that gets it. And those of
    /// [`Self::recv`].
    pub fn recv_into(&self, buffer: &mut [u8]) -> Result<Option<usize>, RecvError> {
        self.recv_slice(Wait::Forever, buffer).map(blocked)
    }

    /// The same, but does not wait.
    ///
    /// # Errors
    /// As for [`Self::recv_into`].
    pub fn try_recv_into(&self, buffer: &mut [u8]) -> Result<Received, RecvError> {
        self.recv_slice(Wait::Never, buffer)
    }

    /// The same, but waits for so long at most.
    ///
    /// # Errors
    /// As for [`Self::recv_into`].
    pub fn recv_into_timeout(&self, buffer: &mut [u8], limit: Duration) -> Result<Received, RecvError> {
        self.recv_slice(Wait::within(limit), buffer)
    }

    /// Receives the next message, and the descriptors that come with it. Other ways of receiving close those unseen.
    ///
    /// ```
    /// use std::os::fd::AsFd;
    /// let (sender, receiver) = wirenut_linux::process::pipe::pipe()?;
    /// sender.send_descriptors(b"", &[sender.as_fd(), receiver.as_fd()])?;
    /// sender.send(b"none")?;
    /// drop(sender);
    /// let delivery = receiver.recv_descriptors()?.unwrap();
    /// assert_eq!((delivery.bytes.len(), delivery.descriptors.len()), (0, 2));
    /// drop(delivery); // there was a duplicate of `sender` in it
    /// assert!(receiver.recv_descriptors()?.unwrap().descriptors.is_empty());
    /// assert!(receiver.recv_descriptors()?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::recv`].
    pub fn recv_descriptors(&self) -> Result<Option<Delivery>, Error> {
        self.recv_delivery(Wait::Forever).map(blocked)
    }

    /// The same, but waits for so long at most, and not at all if that is zero.
    ///
    /// # Errors
    /// As for [`Self::recv`].
    pub fn recv_descriptors_timeout(&self, limit: Duration) -> Result<Received<Delivery>, Error> {
        self.recv_delivery(Wait::within(limit))
    }

    fn recv_vec(&self, wait: Wait) -> Result<Received<Vec<u8>>, Error> {
        self.recv_lent(wait, <[u8]>::to_vec)
    }

    /// Receives, and has something made of the message where it lies.
    pub(super) fn recv_lent<T>(&self, wait: Wait, make: impl FnOnce(&[u8]) -> T) -> Result<Received<T>, Error> {
        with_room(self.max_message(), |room| {
            let received = self.recv_waiting(wait, |flags| self.recvmsg(&mut [IoSliceMut::new(&mut *room)], flags))?;
            Ok(received.map(|length| make(&room[..length])))
        })
    }

    fn recv_slice(&self, wait: Wait, buffer: &mut [u8]) -> Result<Received, RecvError> {
        let more = self.max_message().saturating_sub(buffer.len());
        if more == 0 {
            let receive = |flags| self.recvmsg(&mut [IoSliceMut::new(&mut *buffer)], flags);
            return Ok(self.recv_waiting(wait, receive)?);
        }
        with_room(more, |rest| {
            let received = self.recv_waiting(wait, |flags| {
                self.recvmsg(&mut [IoSliceMut::new(&mut *buffer), IoSliceMut::new(&mut *rest)], flags)
            })?;
            match received {
                Received::Data(length) if length > buffer.len() => {
                    Err(RecvError::TooLarge([&*buffer, &rest[..length - buffer.len()]].concat()))
                }
                Received::Data(_) | Received::End | Received::WouldBlock => Ok(received),
            }
        })
    }

    fn recv_delivery(&self, wait: Wait) -> Result<Received<Delivery>, Error> {
        with_room(self.max_message(), |room| {
            let mut descriptors = Vec::new();
            let mut is_incomplete = false;
            let received = self.recv_waiting(wait, |flags| {
                let received = self.recv_rights(room, &mut descriptors, flags)?;
                is_incomplete = received.as_ref().is_some_and(|message| message.flags.contains(ReturnFlags::CTRUNC));
                Ok(received.map(|message| message.bytes))
            })?;
            Ok(received.map(|length| Delivery { bytes: room[..length].to_vec(), descriptors, is_incomplete }))
        })
    }

    /// Asks again, as long as `wait` says, while nothing is there. `None` from `receive` is the end.
    fn recv_waiting(
        &self,
        wait: Wait,
        mut receive: impl FnMut(RecvFlags) -> Result<Option<usize>, Errno>,
    ) -> Result<Received, Error> {
        let flags = match wait {
            Wait::Forever => RecvFlags::TRUNC,
            Wait::Never | Wait::Until(_) => RecvFlags::TRUNC | RecvFlags::DONTWAIT,
        };
        loop {
            match retry_on_intr(|| receive(flags)) {
                Ok(Some(length)) => return Ok(Received::Data(length)),
                Ok(None) => return Ok(Received::End),
                Err(Errno::AGAIN) => {}
                // The peer is gone and has left messages of ours. That is for who sends; what it sent is still to come.
                Err(Errno::CONNRESET) => continue,
                Err(errno) => return Err(self.failed("receive on")(errno)),
            }
            if !wait.for_events(self, libc::POLLIN).map_err(self.failed("wait for"))? {
                return Ok(Received::WouldBlock);
            }
        }
    }

    /// The length of the next message; `None` at the end.
    fn recvmsg(&self, into: &mut [IoSliceMut<'_>], flags: RecvFlags) -> Result<Option<usize>, Errno> {
        let room = into.iter().map(|buffer| buffer.len()).sum();
        let message = rustix::net::recvmsg(self, into, &mut RecvAncillaryBuffer::default(), flags)?;
        // The time of a message (see `Protocol::prepare` of sockets) finds no room here, and that is told; the end has none.
        let is_end = message.bytes == 0 && !message.flags.contains(ReturnFlags::CTRUNC);
        if is_end { Ok(None) } else { fitting(&message, room).map(Some) }
    }

    /// The same, with descriptors.
    fn recv_rights(
        &self,
        into: &mut [u8],
        descriptors: &mut Vec<OwnedFd>,
        flags: RecvFlags,
    ) -> Result<Option<RecvMsg>, Errno> {
        let room = into.len();
        // Room for more than can come: the second is for the time of a message.
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS), ScmCredentials(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = flags | RecvFlags::CMSG_CLOEXEC;
        let message = rustix::net::recvmsg(self, &mut [IoSliceMut::new(into)], &mut control, flags)?;
        let came = control.drain();
        let came_alone = came.size_hint().1 == Some(0);
        for beside in came {
            if let RecvAncillaryMessage::ScmRights(rights) = beside {
                descriptors.extend(rights);
            }
        }
        let is_end = message.bytes == 0 && came_alone && !message.flags.contains(ReturnFlags::CTRUNC);
        if is_end { Ok(None) } else { fitting(&message, room).map(|_| Some(message)) }
    }
}

/// There is room for whatever the peer can send, unless somebody has changed the buffer of its socket behind our back.
fn fitting(message: &RecvMsg, room: usize) -> Result<usize, Errno> {
    if message.bytes <= room { Ok(message.bytes) } else { Err(Errno::MSGSIZE) }
}

/// What came of a call that waited for ever.
fn blocked<T>(received: Received<T>) -> Option<T> {
    match received {
        Received::Data(data) => Some(data),
        Received::End | Received::WouldBlock => None,
    }
}
